"""Reads a Keras model: the JSON of its layers, saved alone, in a `.keras` archive, or in an attribute of a `.h5` file.

No model is loaded and no code in it is run: `Lambda` and what else holds code is refused by its name.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cnncalc import limits
from cnncalc.errors import Mistake, Source, Span
from cnncalc.exchange import (  # noqa: F401  # they fill LAYERS
    keras_attention,
    keras_norms,
    keras_ours,
    keras_pools,
    keras_recurrent,
)
from cnncalc.exchange.arrangement import Refusal, guarded
from cnncalc.exchange.graph import TOP, Graph, Tensor
from cnncalc.exchange.keras_layers import LAYERS, OURS, Call, Handler, Made, layout_of
from cnncalc.exchange.keras_nodes import Broken, Key, called, keys_of, nodes_of, option, part, resolved
from cnncalc.exchange.keras_operations import OPERATIONS
from cnncalc.exchange.views import Padded, permute
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple
from cnncalc.spec.write import make_names

MODELS = ("Functional", "Sequential", "Model")
CODE = ("Lambda", "TFOpLambda", "SlicingOpLambda")
Value = Tensor | Padded | None  # None for what is refused


class Given(NamedTuple):
    """What a layer is called with: all tensors, and what it has by position and by name."""

    inputs: list[Value]
    args: list[Any] = []  # noqa: RUF012  # never changed
    options: dict[str, Any] = {}  # noqa: RUF012


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
        config = part(self.model, "config", dict)
        layers = [each for each in part(config, "layers", list) if isinstance(each, dict)]
        self.first = _is_first(layers)
        shapes = self._inputs(config, layers)
        name = config.get("name")
        turned = {each: shape if self.first else (shape[-1], *shape[:-1]) for each, shape in shapes.items()}
        names = {each: "input" if len(shapes) == 1 else _name(each) for each in shapes}
        source = f"{Path(self.path).name}, Keras"
        title = name if isinstance(name, str) and name else Path(self.path).stem
        self.graph = Graph({names[each]: turned[each] for each in shapes}, batch=1, name=title[:200], source=source)
        starts: list[Value] = []
        for each, shape in shapes.items():
            x = self.graph.input(names[each])
            starts.append(x if self.first else permute(x, [0, *range(2, len(shape) + 1), 1]))
        ends = self._model(self.model, starts, TOP, "")
        outputs = {"": "", **make_names([each for each in ends if each])}
        for each, end in ends.items():
            if end is None:  # which is reported already
                continue
            made = self.graph.attempt(partial(self._end, end), op="output")
            if made is not None:
                self.graph.outputs[outputs[each]] = made
        if not self.graph.nodes and not self.graph.refusals:
            raise Broken("it has no layers")
        return self.graph

    def _end(self, end: Tensor | Padded) -> int:
        """An output; a map has its channels first, as ours have."""
        if isinstance(end, Padded):
            raise Refusal("a border of −∞ before what is no max pool")
        rank = len(end.shape)
        return self.graph.materialize(
            end if rank < 3 or self.first else permute(end, [0, rank - 1, *range(1, rank - 1)])
        )

    def _inputs(self, config: dict[str, Any], layers: list[Any]) -> dict[str, Shape]:
        """The sizes of the inputs, in the order of Keras. Raises Mistake where they are open."""
        found: dict[str, Shape] = {}
        starts = [each for each in layers if each.get("class_name") == "InputLayer"]
        order = [key.layer for key in keys_of(config.get("input_layers")).values()]
        starts.sort(key=lambda each: order.index(called(each)) if called(each) in order else len(order))
        if not starts:
            first = layers[:1]
            starts = [{"config": {**option(each, "config", dict, called(each)), "name": "input"}} for each in first]
            built = (config.get("build_input_shape"), starts[0]["config"].get("batch_input_shape")) if starts else ()
            if starts:
                starts[0]["config"]["batch_shape"] = next((each for each in built if each), None)
        for start in starts:
            own = part(start, "config", dict)
            shape = own.get("batch_shape") or own.get("batch_input_shape")
            name = str(own.get("name"))
            override = self.given.get(_name(name), self.given.get("") if len(starts) == 1 else None)
            if override is not None:
                found[name] = override if self.first else (*override[1:], override[0])
                continue
            sizes = shape[1:] if isinstance(shape, list) else None
            if not sizes or len(sizes) > 4 or not all(type(size) is int and 1 <= size <= limits.SIZE for size in sizes):
                text = "×".join("?" if size is None else str(size) for size in sizes or ["?"])[:60]
                example = "--input 3x224x224" if len(starts) == 1 else f"--input {_name(name)}=3x224x224"
                help = f"give the sizes that are open, channels first, e.g. {example}"
                raise _mistake("bad-input", self.path, f"its input `{name[:60]}` is {text}", help)
            found[name] = tuple(sizes)
        if not 1 <= len(found) <= limits.INPUTS:
            raise Broken(f"it has {len(found)} inputs")
        return found

    def _model(self, model: object, starts: list[Value], scope: int, path: str) -> dict[str, Value]:
        """The outputs of a model for its inputs, by their names. Raises Broken."""
        self.depth += 1
        if self.depth > limits.NESTING // 5:
            raise Broken("its models are nested too deep")
        config = part(model, "config", dict)
        layers = [each for each in part(config, "layers", list) if isinstance(each, dict)]
        if isinstance(model, dict) and model.get("class_name") == "Sequential":
            ends = self._sequence(layers, starts, scope, path)
        else:
            ends = self._functional(config, layers, starts, scope, path)
        self.depth -= 1
        return ends

    def _sequence(self, layers: list[Any], starts: list[Value], scope: int, path: str) -> dict[str, Value]:
        values = starts
        for each in layers:
            if each.get("class_name") != "InputLayer":
                values = self._call(each, Given(values), scope, path)
        return {"" if len(values) == 1 else f"out{at}": value for at, value in enumerate(values)}

    def _functional(
        self, config: dict[str, Any], layers: list[Any], starts: list[Value], scope: int, path: str
    ) -> dict[str, Value]:
        """Layers by their calls, each when all that it is given is there."""
        names = [key.layer for key in keys_of(config.get("input_layers")).values()]
        names = names or [str(each.get("name")) for each in layers if each.get("class_name") == "InputLayer"]
        made: dict[tuple[str, int], list[Value]] = {
            (name, 0): [start] for name, start in zip(names, starts, strict=False)
        }

        def known(key: Key) -> Value:
            """What a call made, or None where it was refused, whose outputs are not counted then."""
            values = made[key.layer, key.call]
            if values != [None] and not 0 <= key.output < len(values):
                raise Broken(f"its layer `{key.layer[:60]}` has no output {key.output}")
            return values[key.output] if values != [None] else None

        waiting = [(each, node) for each in layers if each.get("class_name") != "InputLayer" for node in nodes_of(each)]
        while waiting:
            later = []
            for each, node in waiting:
                if any(key[:2] not in made for key in node.inputs):
                    later.append((each, node))
                    continue
                options = {name: resolved(value, known) for name, value in node.options.items()}
                given = Given([known(key) for key in node.inputs], resolved(node.args, known), options)
                made[called(each), node.call] = self._call(each, given, scope, path)
            if len(later) == len(waiting):
                raise Broken("a layer is given what no layer makes")
            waiting = later
        ends = keys_of(config.get("output_layers"))
        if not ends or any(key[:2] not in made for key in ends.values()):
            raise Broken("its outputs are not made by a layer")
        return {name: known(key) for name, key in ends.items()}

    def _call(self, layer: Any, given: Given, scope: int, path: str) -> list[Value]:
        """What a call of a layer gives; None where that is not known, which is reported."""
        config = layer.get("config")
        config = config if isinstance(config, dict) else {}
        kind, name = str(layer.get("class_name"))[:80], str(layer.get("name") or config.get("name"))[:80]
        full = f"{path}.{name}" if path else name
        inputs = [each for each in given.inputs if each is not None]
        handler = MODELS if kind in MODELS else _handler(layer)
        if len(inputs) < len(given.inputs) and handler:
            return [None]
        inner = self.graph.open_scope(full, kind if kind in MODELS else "", scope)
        if kind in MODELS:
            return [*self._model(layer, [*inputs], inner, full).values()]
        self.graph.scope = inner
        call = Call(self.graph, config, inputs, full, given.args, given.options)
        shown = [each.inside if isinstance(each, Padded) else each for each in inputs]
        made = self.graph.attempt(partial(guarded, self._layer, layer, call), op=kind, inputs=shown)
        return [*made] if isinstance(made, list) else [made]

    @staticmethod
    def _layer(layer: Any, call: Call) -> Made:
        kind = str(layer.get("class_name"))[:80]
        if kind in CODE:
            raise Refusal(f"{kind} holds code, which is not run")
        handler = _handler(layer)
        if handler is None:
            raise Refusal(f"{kind} has no layer kind")
        if not call.inputs:
            raise Refusal(f"{kind} is given no tensor")
        return handler(call)


def _handler(layer: Mapping[str, Any]) -> Handler | None:
    """What reads the calls of a layer: an operation such as `x + y`, a layer of Keras, or one of a file of ours."""
    kind = str(layer.get("class_name"))
    if str(layer.get("module", "")).startswith("keras.src.ops"):
        return OPERATIONS.get(kind)
    layout = layout_of(layer)
    if layout is None or kind not in OURS:
        return LAYERS.get(kind)
    handler = OURS[kind]
    return lambda call: handler(call._replace(config={**call.config, "data_format": layout}))


def _is_first(layers: list[Any]) -> bool:
    """Whether a model has its channels before the positions: its convolutions and pools say so.

    Not `Flatten`, which has Keras's default wherever its author did not think of it.
    """
    layers = [each for each in layers if isinstance(each.get("config"), dict) and each.get("class_name") != "Flatten"]
    formats = [layout_of(each) or each["config"].get("data_format") for each in layers]
    return "channels_first" in formats and "channels_last" not in formats


def _name(name: str) -> str:
    return make_names([name])[name]
