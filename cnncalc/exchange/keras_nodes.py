"""The calls of a Keras model as its JSON has them: what each layer is given, in the formats of Keras 3 and Keras 2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.records import NamedTuple


class Broken(CnncalcError):
    """The JSON is no model: why. It does not leave the reader."""


class Key(NamedTuple):
    """A tensor: the layer that makes it, in which of its calls, and which of its outputs."""

    layer: str
    call: int
    output: int


class Constant(NamedTuple):
    """Numbers that a call is given as an array: lists in lists."""

    values: Any


class Node(NamedTuple):
    """A call of a layer: its number, what it is given by position and by name, and all tensors in that."""

    call: int
    args: list[Any]
    options: dict[str, Any]
    inputs: list[Key]


def part(value: object, name: str, kind: type) -> Any:
    """A part of the JSON. Raises Broken where it is not there, or of another type."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        raise Broken(f"it has no `{name}` where one is expected")
    return found


def option(value: Mapping[str, Any], name: str, kind: type, layer: str) -> Any:
    """A part of a layer that may be left out, and is empty then. Raises Broken for one of another type."""
    found = value.get(name) or kind()
    if not isinstance(found, kind):
        raise Broken(f"the `{name}` of its layer `{layer[:60]}` is {str(found)[:40]!r}")
    return found


def called(layer: Mapping[str, Any]) -> str:
    """The name of a layer, for messages."""
    return str(layer.get("name") or layer.get("class_name"))


def keys_of(value: object) -> dict[str, Key]:
    """The tensors of `input_layers` and `output_layers`: one, which is named "", a list of them, or several by name."""
    if isinstance(value, dict):
        named = {str(name): _key(each) for name, each in value.items()}
        return {name: key for name, key in named.items() if key is not None}
    if not isinstance(value, list):
        return {}
    if len(value) == 3 and isinstance(value[0], str):
        value = [value]
    found = [key for key in map(_key, value) if key is not None]
    return {"" if len(found) == 1 else f"out{at}": key for at, key in enumerate(found)}


def _key(value: object) -> Key | None:
    """A tensor as JSON has it, `["conv1", 0, 0]`; None of other values."""
    if isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str):
        name, call, at = value[:3]
        if type(call) is int and type(at) is int:
            return Key(name, call, at)
    return None


def nodes_of(layer: Any) -> Iterator[Node]:
    """The calls of a layer, as Keras 3 and Keras 2 write them. Raises Broken."""
    name = called(layer)
    for number, node in enumerate(option(layer, "inbound_nodes", list, name)):
        if isinstance(node, dict):
            args = [_value(each, name) for each in option(node, "args", list, name)]
            options = {str(key): _value(each, name) for key, each in option(node, "kwargs", dict, name).items()}
            yield Node(number, args, options, [*tensors_in([*args, *options.values()])])
        elif isinstance(node, list):
            keys = [key for key in map(_key, node) if key is not None]
            yield Node(number, [keys], {}, keys)
        else:
            yield Node(number, [], {}, [])


def _value(value: Any, layer: str) -> Any:
    """What a call of a layer is given: a tensor, a slice, an array, or what JSON has. Raises Broken."""
    if isinstance(value, list):
        return [_value(each, layer) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("class_name")
    if kind is None:
        return value
    config = option(value, "config", dict, layer)
    if kind == "__keras_tensor__":
        return _key(config.get("keras_history"))
    if kind == "__slice__":
        return slice(*(config.get(each) for each in ("start", "stop", "step")))
    if kind == "__ellipsis__":
        return ...
    if kind in ("__numpy__", "__tensor__"):
        return Constant(config.get("value"))
    return value


def tensors_in(value: object) -> Iterator[Key]:
    """All tensors in what a call is given, in order."""
    if isinstance(value, Key):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from tensors_in(each)


def resolved(value: Any, known: Callable[[Key], Any]) -> Any:
    """The same with what is known of each tensor in place of its key."""
    if isinstance(value, Key):
        return known(value)
    return [resolved(each, known) for each in value] if isinstance(value, list) else value
