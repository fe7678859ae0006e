"""Reads a Keras model: the JSON of its layers, saved alone, in a `.keras` archive, or in an attribute of a `.h5` file.

No model is loaded and no code in it is run: `Lambda` and what else holds code is refused by its name.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cnncalc import limits
from cnncalc.errors import CnncalcError, Mistake, Source, Span
from cnncalc.exchange import keras_norms, keras_recurrent  # noqa: F401  # they fill LAYERS
from cnncalc.exchange.arrangement import Refusal, guarded
from cnncalc.exchange.graph import TOP, Graph, Tensor
from cnncalc.exchange.keras_layers import LAYERS, Call, arguments, operate
from cnncalc.exchange.views import permute
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

MODELS = ("Functional", "Sequential", "Model")
CODE = ("Lambda", "TFOpLambda", "SlicingOpLambda")
Key = tuple[str, int, int]  # a tensor: the layer that makes it, in which of its calls, and which of its outputs


class Broken(CnncalcError):
    """The JSON is no model: why. It does not leave this module."""


class Node(NamedTuple):
    """A call of a layer: its number, and the tensors and the numbers that it is given."""

    call: int
    inputs: list[Key]
    numbers: list[float]


def read(path: str, inputs: Mapping[str, Shape]) -> Graph:
    """The graph of a Keras model. `inputs` are sizes without the batch, channels first, by name. Raises Mistake."""
    try:
        model = json.loads(_json_of(path))
        return _Lowering(path, model, inputs).run()
    except Broken as error:
        raise _mistake("unreadable", path, str(error)) from None
    except (ValueError, RecursionError):
        raise _mistake("unreadable", path, "its JSON cannot be read") from None
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise _mistake("unreadable", path, getattr(error, "strerror", None) or "it is no complete archive") from None


def _mistake(code: str, path: str, message: str, help: str = "") -> Mistake:
    return Mistake(code, f"{path}: {message}", Span(Source(path, ""), 0, 0), help)


def _json_of(path: str) -> str:
    """The JSON of a model's layers. Raises Broken, OSError or BadZipFile."""
    if path == "-":
        raise Broken("a Keras model is read from a file: give its name")
    with Path(path).open("rb") as file:
        head = file.read(8)
    if head.startswith(b"\x89HDF"):
        return _json_of_hdf5(path)
    if head.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            if "config.json" not in archive.namelist():
                raise Broken("the archive has no config.json, in which Keras says the layers")
            with archive.open("config.json") as part:
                data = part.read(limits.KERAS_BYTES + 1)
    else:
        with Path(path).open("rb") as file:
            data = file.read(limits.KERAS_BYTES + 1)
    if len(data) > limits.KERAS_BYTES:
        raise Broken(f"its JSON is larger than {limits.KERAS_BYTES // 2**20} MiB")
    return data.decode("utf-8", "replace")


def _json_of_hdf5(path: str) -> str:
    try:
        import h5py  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise Broken("an HDF5 file needs the package h5py: pip install 'cnncalc[h5]'") from None
    with h5py.File(path, "r") as file:
        found = file.attrs.get("model_config")
    if found is None:
        raise Broken("the file holds weights and no network")
    return found if isinstance(found, str) else bytes(found).decode("utf-8", "replace")


def _part(value: object, name: str, kind: type) -> Any:
    """A part of the JSON. Raises Broken where it is not there, or of another type."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        raise Broken(f"it has no `{name}` where one is expected")
    return found


def _option(value: Mapping[str, Any], name: str, kind: type, layer: str) -> Any:
    """A part of a layer that may be left out, and is empty then. Raises Broken for one of another type."""
    found = value.get(name) or kind()
    if not isinstance(found, kind):
        raise Broken(f"the `{name}` of its layer `{layer[:60]}` is {str(found)[:40]!r}")
    return found


class _Lowering:
    """One model, and the models in it."""

    def __init__(self, path: str, model: object, inputs: Mapping[str, Shape]) -> None:
        if isinstance(model, dict) and model.get("class_name") not in MODELS:
            raise Broken(f"it is the JSON of `{str(model.get('class_name'))[:60]}`, not of a model of layers")
        self.path = path
        self.model = model
        self.given = inputs
        self.depth = 0
        self.first = False  # whether the channels come before the positions

    def run(self) -> Graph:
        config = _part(self.model, "config", dict)
        layers = [each for each in _part(config, "layers", list) if isinstance(each, dict)]
        self.first = _is_first(layers)
        shapes = self._inputs(config, layers)
        name = config.get("name")
        turned = {each: shape if self.first else (shape[-1], *shape[:-1]) for each, shape in shapes.items()}
        names = {each: "input" if len(shapes) == 1 else _name(each) for each in shapes}
        source = f"{Path(self.path).name}, Keras"
        title = name if isinstance(name, str) and name else Path(self.path).stem
        self.graph = Graph({names[each]: turned[each] for each in shapes}, batch=1, name=title[:200], source=source)
        starts = []
        for each, shape in shapes.items():
            x = self.graph.input(names[each])
            starts.append(x if self.first else permute(x, [0, *range(2, len(shape) + 1), 1]))
        ends = self._model(self.model, starts, TOP, "")
        for at, end in enumerate(ends):
            if end is None:  # which is reported already
                continue
            made = self.graph.attempt(partial(self._end, end), op="output")
            if made is not None:
                self.graph.outputs["" if len(ends) == 1 else f"out{at}"] = made
        if not self.graph.nodes and not self.graph.refusals:
            raise Broken("it has no layers")
        return self.graph

    def _end(self, end: Tensor) -> int:
        """An output; a map has its channels first, as ours have."""
        rank = len(end.shape)
        return self.graph.materialize(
            end if rank < 3 or self.first else permute(end, [0, rank - 1, *range(1, rank - 1)])
        )

    def _inputs(self, config: dict[str, Any], layers: list[Any]) -> dict[str, Shape]:
        """The sizes of the inputs, in the order of Keras. Raises Mistake where they are open."""
        found: dict[str, Shape] = {}
        starts = [each for each in layers if each.get("class_name") == "InputLayer"]
        if not starts:
            first = layers[:1]
            starts = [{"config": {**_option(each, "config", dict, _called(each)), "name": "input"}} for each in first]
            built = (config.get("build_input_shape"), starts[0]["config"].get("batch_input_shape")) if starts else ()
            if starts:
                starts[0]["config"]["batch_shape"] = next((each for each in built if each), None)
        for start in starts:
            own = _part(start, "config", dict)
            shape = own.get("batch_shape") or own.get("batch_input_shape")
            name = str(own.get("name"))
            override = self.given.get(_name(name), self.given.get("") if len(starts) == 1 else None)
            if override is not None:
                found[name] = override if self.first else (*override[1:], override[0])
                continue
            sizes = shape[1:] if isinstance(shape, list) else None
            if not sizes or len(sizes) > 4 or not all(type(size) is int and 1 <= size <= limits.SIZE for size in sizes):
                text = "×".join("?" if size is None else str(size) for size in sizes or ["?"])[:60]
                option = "--input 3x224x224" if len(starts) == 1 else f"--input {_name(name)}=3x224x224"
                help = f"give the sizes that are open, channels first, e.g. {option}"
                raise _mistake("bad-input", self.path, f"its input `{name[:60]}` is {text}", help)
            found[name] = tuple(sizes)
        if not 1 <= len(found) <= limits.INPUTS:
            raise Broken(f"it has {len(found)} inputs")
        return found

    def _model(self, model: object, starts: list[Tensor], scope: int, path: str) -> list[Tensor | None]:
        """The outputs of a model for its inputs. Raises Broken."""
        self.depth += 1
        if self.depth > limits.NESTING // 5:
            raise Broken("its models are nested too deep")
        config = _part(model, "config", dict)
        layers = [each for each in _part(config, "layers", list) if isinstance(each, dict)]
        if isinstance(model, dict) and model.get("class_name") == "Sequential":
            ends = self._sequence(layers, starts, scope, path)
        else:
            ends = self._functional(config, layers, starts, scope, path)
        self.depth -= 1
        return ends

    def _sequence(self, layers: list[Any], starts: list[Tensor], scope: int, path: str) -> list[Tensor | None]:
        values: list[Tensor | None] = [*starts]
        for each in layers:
            if each.get("class_name") != "InputLayer":
                values = self._call(each, values, scope, path)
        return values

    def _functional(
        self, config: dict[str, Any], layers: list[Any], starts: list[Tensor], scope: int, path: str
    ) -> list[Tensor | None]:
        """Layers by their calls, each when all that it is given is there."""
        known: dict[Key, Tensor | None] = {}
        names = [key[0] for key in _keys(config.get("input_layers"))]
        names = names or [str(each.get("name")) for each in layers if each.get("class_name") == "InputLayer"]
        known.update({(name, 0, 0): start for name, start in zip(names, starts, strict=False)})
        waiting = [(each, node) for each in layers if each.get("class_name") != "InputLayer" for node in _nodes(each)]
        while waiting:
            later = []
            for each, node in waiting:
                if not all(key in known for key in node.inputs):
                    later.append((each, node))
                    continue
                made = self._call(each, [known[key] for key in node.inputs], scope, path, node.numbers)
                known.update({(str(each.get("name")), node.call, at): one for at, one in enumerate(made)})
            if len(later) == len(waiting):
                raise Broken("a layer is given what no layer makes")
            waiting = later
        ends = _keys(config.get("output_layers"))
        if not ends or any(key not in known for key in ends):
            raise Broken("its outputs are not made by a layer")
        return [known[key] for key in ends]

    def _call(
        self, layer: Any, given: list[Tensor | None], scope: int, path: str, numbers: list[float] | None = None
    ) -> list[Tensor | None]:
        """What a call of a layer gives; None where that is not known, which is reported."""
        config = layer.get("config")
        config = config if isinstance(config, dict) else {}
        kind, name = str(layer.get("class_name"))[:80], str(layer.get("name") or config.get("name"))[:80]
        full = f"{path}.{name}" if path else name
        inputs = [each for each in given if each is not None]
        if len(inputs) < len(given) and kind in (*LAYERS, *MODELS):
            return [None]
        inner = self.graph.open_scope(full, kind if kind in MODELS else "", scope)
        if kind in MODELS:
            return self._model(layer, inputs, inner, full)
        self.graph.scope = inner
        call = Call(self.graph, config, inputs, full, numbers or [])
        return [self.graph.attempt(partial(guarded, self._layer, kind, call, layer), op=kind, inputs=inputs)]

    def _layer(self, kind: str, call: Call, layer: Any) -> Tensor:
        if kind in CODE:
            raise Refusal(f"{kind} holds code, which is not run")
        if str(layer.get("module", "")).startswith("keras.src.ops"):  # x + y, x * 2, …
            return operate(kind, call)
        if kind not in LAYERS:
            raise Refusal(f"{kind} has no layer kind")
        if not call.inputs:
            raise Refusal(f"{kind} is given no tensor")
        return LAYERS[kind](call)


def _is_first(layers: list[Any]) -> bool:
    """Whether a model has its channels before the positions: its convolutions and pools say so."""
    formats = [each["config"].get("data_format") for each in layers if isinstance(each.get("config"), dict)]
    return "channels_first" in formats and "channels_last" not in formats


def _called(layer: Mapping[str, Any]) -> str:
    """The name of a layer, for messages."""
    return str(layer.get("name") or layer.get("class_name"))


def _name(name: str) -> str:
    from cnncalc.spec.write import make_names

    return make_names([name])[name]


def _keys(value: object) -> list[Key]:
    """The tensors of `input_layers` and `output_layers`: one, or a list of them."""
    if not isinstance(value, list):
        return []
    if len(value) == 3 and isinstance(value[0], str):
        value = [value]
    found = (key_of(each) for each in value)
    return [key for key in found if key is not None]


def key_of(value: object) -> Key | None:
    """A tensor as JSON has it, `["conv1", 0, 0]`; None of other values."""
    if isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str):
        name, call, at = value[:3]
        if type(call) is int and type(at) is int:
            return name, call, at
    return None


def _nodes(layer: Any) -> Iterator[Node]:
    """The calls of a layer, as Keras 3 and Keras 2 write them. Raises Broken."""
    name = _called(layer)
    for number, node in enumerate(_option(layer, "inbound_nodes", list, name)):
        keys: list[Key] = []
        numbers: list[float] = []
        if isinstance(node, dict):
            values = [*_option(node, "args", list, name), *_option(node, "kwargs", dict, name).values()]
            for each in arguments(values):
                if isinstance(each, dict) and each.get("class_name") == "__keras_tensor__":
                    key = key_of(_option(each, "config", dict, name).get("keras_history"))
                    keys += [key] if key else []
                elif isinstance(each, int | float) and not isinstance(each, bool):
                    numbers.append(each)
        elif isinstance(node, list):
            found = (key_of(each) for each in node)
            keys = [key for key in found if key is not None]
        yield Node(number, keys, numbers)
