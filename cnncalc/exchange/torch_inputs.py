"""The inputs of a PyTorch module: the parameters of its `forward`, and what is known of their sizes.

Nothing here imports torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.layers.base import Shape, format_shape
from cnncalc.spec.write import make_names

USUAL = (3, 224, 224)


class TorchError(CnncalcError):
    """A module cannot be read: the reason."""


def usual_input(module: Any) -> tuple[Shape, str]:
    """The input of a module that takes one and does not say its size, and a note of what was assumed.

    That is a picture of the usual size where a first convolution takes three channels, and the features that a first
    linear layer takes. Raises TorchError of other modules.
    """
    check_inputs(module, {"": ()})
    for each in module.modules():
        kind = type(each).__name__
        if kind == "Linear":
            return (each.in_features,), ""
        if kind == "Conv2d" and each.in_channels == USUAL[0]:
            return USUAL, f"The module does not say the size of its input: {format_shape(USUAL)} is assumed (--input)."
        if kind.startswith(("Conv", "LSTM", "GRU", "RNN", "Embedding")):
            break
    raise TorchError("the size of its input is not known: give it, e.g. --input 3x224x224")


def check_inputs(module: Any, inputs: Mapping[str, object]) -> None:
    """Raises TorchError where `forward` has no parameter of such a name, or takes several inputs and one has a size."""
    parameters = _parameters(module)
    if parameters is None or any(each.kind is Parameter.VAR_KEYWORD for each in parameters):
        return
    several = [each.name for each in parameters if each.kind is Parameter.VAR_POSITIONAL]
    names = [each.name for each in parameters if each.name not in several]
    needed = [each.name for each in parameters if each.name in names and each.default is Parameter.empty]
    given = {parameter for parameter, _ in map(_split, inputs)}
    unknown = [name for name in inputs if name and name not in names and _split(name)[0] not in (*names, *several)]
    if unknown:
        raise TorchError(f"its forward has no parameter `{unknown[0]}`; it has {', '.join([*names, *several])}")
    missing = [name for name in needed if name not in inputs and name not in given]
    if missing and ("" not in inputs or len(needed) > 1):
        options = " ".join(f"--input {name}=3x224x224" for name in needed)
        raise TorchError(f"its forward takes {', '.join(needed)}: give the size of each, e.g. {options}")


def arguments(module: Any, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of `forward`: by its parameters, of which one may be a list, `xs0`, `xs1`, …; "" is the first."""
    if "" in given:
        return [given[""]], {}
    parameters = _parameters(module)
    kinds = {each.name: each.kind for each in parameters or ()}
    found: dict[str, Any] = {}
    for name, value in given.items():
        base, number = _split(name)
        if name in kinds or number is None or base not in kinds:
            found[name] = value
        else:
            found.setdefault(base, []).append((number, value))
    named = {
        name: [each for _, each in sorted(value, key=lambda pair: pair[0])] if isinstance(value, list) else value
        for name, value in found.items()
    }
    star = next((name for name, kind in kinds.items() if kind is Parameter.VAR_POSITIONAL and name in named), None)
    if star is None:
        return [], named
    before = [named.pop(name) for name, kind in kinds.items() if kind is Parameter.POSITIONAL_OR_KEYWORD]
    return [*before, *named.pop(star)], named


def _split(name: str) -> tuple[str, int | None]:
    """`xs1` as the second of `xs`."""
    found = re.fullmatch(r"(.*\D)(\d+)", name)
    return (found[1], int(found[2])) if found else (name, None)


def _parameters(module: Any) -> list[Parameter] | None:
    try:
        return list(signature(module.forward).parameters.values())
    except (TypeError, ValueError):  # of what is not written in Python
        return None


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """What is in lists, tuples, dictionaries and data classes, each with a name: its keys, or `out` and its number.

    >>> list(leaves({"a": 1, "rest": [2, 3]}))
    [('a', 1), ('rest0', 2), ('rest1', 3)]
    >>> list(leaves((1, 2)))
    [('out0', 1), ('out1', 2)]
    """
    fields: Mapping[Any, Any] | None = None
    if isinstance(value, Mapping):
        fields = value
    elif hasattr(value, "_asdict"):
        fields = value._asdict()
    elif hasattr(type(value), "__dataclass_fields__"):
        fields = {field: getattr(value, field) for field in type(value).__dataclass_fields__}
    if fields is not None:
        for key, each in fields.items():
            yield from leaves(each, f"{name}_{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from leaves(each, f"{name or 'out'}{number}")
    elif value is not None:
        yield name, value


def unique_names(names: list[str]) -> list[str]:
    """The names of outputs as the language allows them; numbers where some are equal."""
    if len({*names}) < len(names):
        return [f"out{at}" for at in range(len(names))]
    return list(make_names(dict.fromkeys(names)).values())
