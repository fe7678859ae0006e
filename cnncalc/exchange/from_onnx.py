"""Reads an ONNX file: nodes in order, constants computed, ops as layers of ours; no framework, and no weights read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from math import prod
from pathlib import Path

from cnncalc import limits
from cnncalc.errors import Mistake, Source, Span
from cnncalc.exchange import (  # noqa: F401  # they fill OPS
    onnx_arithmetic,
    onnx_biases,
    onnx_layers,
    onnx_quantized,
    onnx_recurrent,
    onnx_resize,
    onnx_views,
)
from cnncalc.exchange.arrangement import Refusal, guarded
from cnncalc.exchange.graph import TOP, Graph, Tensor
from cnncalc.exchange.onnx_constants import Constant, of_list, of_tensor
from cnncalc.exchange.onnx_context import OPS, Context, Indices, Outputs, TensorList
from cnncalc.exchange.onnx_file import OnnxModel, OnnxNode, OnnxTensor, Sizes, Subgraph, read_model
from cnncalc.exchange.onnx_folding import COMPUTED, fold
from cnncalc.exchange.onnx_patterns import fuse
from cnncalc.exchange.protobuf import Wire, WireError
from cnncalc.exchange.views import permute
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

OLDEST = 7  # from this opset on, broadcasting is NumPy's
_QUOTED = re.compile(r"'([^']*)'")


class Unknown(NamedTuple):
    """In place of a tensor that is not known: why, "" where that is reported already."""

    reason: str


Known = Tensor | Constant | TensorList | Indices | Unknown | None


def read(path: str, inputs: Mapping[str, Shape]) -> Graph:
    """The graph of an ONNX file. `inputs` are sizes without the batch, by name, "" for an only one. Raises Mistake."""
    if path == "-":
        raise _mistake("unreadable", "<standard input>", "an ONNX file is read in parts: give its name")
    try:
        with Path(path).open("rb", buffering=0) as file:
            model = read_model(Wire(file))
            return _Lowering(model, path, inputs).run()
    except WireError as error:
        raise _mistake("unreadable", path, f"it is no complete ONNX file: {error}") from None
    except OSError as error:
        raise _mistake("unreadable", path, error.strerror or str(error)) from None


def _mistake(code: str, path: str, message: str, help: str = "") -> Mistake:
    return Mistake(code, f"{path}: {message}", Span(Source(path, ""), 0, 0), help)


class _Lowering:
    """One file: the tensors that are known so far, and the graph that is made."""

    def __init__(self, model: OnnxModel, path: str, inputs: Mapping[str, Shape]) -> None:
        if model.opset < OLDEST:
            raise _mistake("unreadable", path, f"its opset is {model.opset}: {OLDEST} and later are read")
        self.model = model
        self.nodes = fuse(model)
        self.readers: dict[str, list[OnnxNode]] = {}
        for node in self.nodes:
            for name in node.inputs:
                self.readers.setdefault(name, []).append(node)
        self.known: dict[str, Known] = {name: of_tensor(tensor) for name, tensor in model.tensors.items()}
        shapes, last, batch = self._input_shapes(path, inputs)
        self.as_declared = not inputs
        self.by_path = model.producer.startswith("cnncalc ")
        self.names = _names(list(shapes))
        producer = f", {model.producer}" if model.producer else ""
        self.graph = Graph(
            {self.names[name]: shape for name, shape in shapes.items()},
            batch=batch,
            name=Path(path).stem,
            source=f"{Path(path).name}{producer}, opset {model.opset}",
        )
        for name in shapes:
            x = self.graph.input(self.names[name])
            rank = len(x.shape)
            self.known[name] = permute(x, [0, *range(2, rank), 1]) if name in last else x
        self.context = Context(self.graph, model.opset, self._take_summand)
        self.added: dict[str, str] = {}  # outputs of additions that a product has taken over, by the product's output
        self.scopes: list[tuple[str, int]] = []  # the calls of modules around the last layer

    def _input_shapes(self, path: str, given: Mapping[str, Shape]) -> tuple[dict[str, Shape], set[str], int]:
        """The shapes of the inputs that are used, those with their channels last, and the batch. Raises Mistake."""
        wanted = {
            name: sizes
            for name, sizes in self.model.inputs.items()
            if name not in self.model.tensors and (name in self.readers or name in self.model.outputs)
        }
        if not 1 <= len(wanted) <= limits.INPUTS:
            raise _mistake("unreadable", path, f"it has {len(wanted)} inputs")
        names = _names(list(wanted))
        last = {name for name, sizes in wanted.items() if self._is_channels_last(name, len(sizes or ()) - 1)}
        shapes: dict[str, Shape] = {}
        batch = 1
        for name, sizes in wanted.items():
            override = given.get(names[name], given.get("") if len(wanted) == 1 else None)
            label = "" if len(wanted) == 1 else names[name]
            shapes[name] = _shape_of(path, _Declared(name, label, sizes, name in last), override)
            first = sizes[0] if sizes else 1
            batch = first if isinstance(first, int) and first > 0 else batch
        return shapes, last, batch if len({sizes[0] for sizes in wanted.values() if sizes}) == 1 else 1

    def _is_channels_last(self, name: str, axes: int) -> bool:
        """Whether an input has its channels last: all that reads it puts them first."""
        readers = self.readers.get(name, [])
        order = [0, axes, *range(1, axes)]
        return bool(readers) and all((node.op, node.attributes.get("perm")) == ("Transpose", order) for node in readers)

    def run(self) -> Graph:
        """Go through all nodes."""
        for node in self.nodes:
            self._add(node)
        self.graph.scope = TOP
        outputs = {name: self.known.get(name) for name in self.model.outputs}
        names = _names(list(outputs)) if len(outputs) > 1 else dict.fromkeys(outputs, "")
        for name, value in outputs.items():
            if isinstance(value, Unknown) and not value.reason:  # that is reported already
                continue
            made = self.graph.attempt(partial(self._end, value), op="output", place=name)
            if made is not None:
                self.graph.outputs[names[name]] = made
        if not self.graph.nodes and not self.graph.refusals:
            self.graph.refuse("there are no layers", op="graph")
        self._note()
        return self.graph

    def _end(self, value: Known) -> int:
        if isinstance(value, Tensor):
            return self.graph.materialize(value)
        raise Refusal("it is not known" if isinstance(value, Unknown) else "it does not depend on the input")

    def _add(self, node: OnnxNode) -> None:
        """What a node makes."""
        if not node.outputs:
            self.graph.scope = self._scope(node)
            self.graph.refuse("it has no outputs", op=_title(node), place=self._place(node))
            return
        if node.outputs[0] in self.added:
            self.known[node.outputs[0]] = self.known[self.added[node.outputs[0]]]
            return
        inputs = [self._input(name) for name in node.inputs]
        is_shape = node.op == "Shape" and isinstance(inputs[0] if inputs else None, Tensor)
        is_constant = all(isinstance(each, Constant) or each is None for each in inputs) and node.op != onnx_biases.OP
        if (is_shape or is_constant) and not node.domain:
            self._constant(node, inputs)
            return
        unknown = next((each for each in inputs if isinstance(each, Unknown)), None)
        tensors = [each for each in inputs if isinstance(each, Tensor)]
        made: Outputs | None = None
        if unknown is None or unknown.reason or node.domain or node.op not in {*OPS, *COMPUTED}:
            self.graph.scope = self._scope(node)
            make = partial(guarded, self._make, node, inputs)
            made = self.graph.attempt(make, op=_title(node), inputs=tensors, place=self._place(node))
        results = [made] if isinstance(made, Tensor | Constant | TensorList) else made
        for at, name in enumerate(node.outputs):
            if results is None:
                self.known[name] = self._stand_in(name)
            else:
                other = Unknown(f"output {at + 1} of {_title(node)} is not read")
                self.known[name] = results[at] if at < len(results) else other

    def _place(self, node: OnnxNode) -> str:
        """Where a node is, unless its module says so."""
        return "" if self.graph.scopes[self.graph.scope].path or not node.name else f"node {node.name[:60]!r}"

    def _input(self, name: str) -> Known:
        return self.known.get(name, Unknown(f"nothing makes its input `{name[:60]}`")) if name else None

    def _make(self, node: OnnxNode, inputs: list[Known]) -> Outputs:
        """The outputs of a node. Raises Refusal."""
        if any(isinstance(each, Subgraph) for each in node.attributes.values()):
            raise Refusal(f"{_title(node)} decides by values, with a graph of its own")
        handler = OPS.get(node.op) if not node.domain else None
        if handler is None:
            raise Refusal(f"{_title(node)} has no layer kind")
        known = []
        for each in inputs:
            if isinstance(each, Unknown):
                raise Refusal(each.reason)
            known.append(each)
        made = handler(self.context, node, known)
        if isinstance(made, Tensor) and self.as_declared:
            _check_sizes(made.shape, self.model.sizes.get(node.outputs[0]))
        return made

    def _constant(self, node: OnnxNode, inputs: list[Known]) -> None:
        """Compute a node of constants; what cannot be computed matters only where a layer needs it."""
        found: Known = None
        try:
            found = guarded(_computed, node, inputs, whose=f"the attributes of `{node.op[:60]}`")
        except Refusal as refusal:
            found = Unknown(str(refusal))
        for name in node.outputs:
            self.known[name] = found or Unknown(f"{node.op[:60]} of constants is not computed")

    def _stand_in(self, name: str) -> Known:
        """A tensor whose sizes the file gives, in place of one that is refused."""
        sizes = self.model.sizes.get(name)
        if not self.as_declared or not sizes or len(sizes) > limits.AXES or not all(map(_is_size, sizes[1:])):
            return Unknown("")
        if isinstance(sizes[0], int) and sizes[0] != self.graph.batch:
            return Unknown("")
        return self.graph.stand_in((self.graph.batch, *(size for size in sizes[1:] if isinstance(size, int))))

    def _take_summand(self, node: OnnxNode, channels: int) -> Constant | None:
        """The array that the only reader of a product adds to it, which so becomes its bias."""
        (output,) = node.outputs[:1] or ("",)
        readers = self.readers.get(output, [])
        if len(readers) != 1 or readers[0].op != "Add" or output in self.model.outputs or len(readers[0].inputs) != 2:
            return None
        if not readers[0].outputs:
            return None
        others = [name for name in readers[0].inputs if name != output]
        bias = self.known.get(others[0]) if others else None
        if not isinstance(bias, Constant) or bias.key is None or prod(bias.shape) != channels or channels == 1:
            return None
        if bias.shape[-1] != channels:
            return None
        self.added[readers[0].outputs[0]] = output
        return bias

    def _scope(self, node: OnnxNode) -> int:
        """The call of a module that makes a node: the same one as long as nodes of it follow one another."""
        path = _path(node) if self.by_path else _modules(node)
        same = 0
        while same < min(len(path), len(self.scopes)) and self.scopes[same][0] == path[same][0]:
            same += 1
        del self.scopes[same:]
        for name, kind in path[same:]:
            parent = self.scopes[-1][1] if self.scopes else TOP
            self.scopes.append((name, self.graph.open_scope(name, kind, parent)))
        return self.scopes[-1][1] if self.scopes else TOP

    def _note(self) -> None:
        """What matters little, and should be known."""
        kinds = {node.layer.kind for node in self.graph.nodes if node.layer}
        if any(tensor.is_external for tensor in self.model.tensors.values()):
            self.graph.note("The file's weights are in another file, which is not opened.")
        if self.model.producer.startswith("pytorch") and "conv" in kinds and "batch_norm" not in kinds:
            self.graph.notes.append(
                "The exporter folds batch norms into convolutions: parameters are those of the file."
            )


def _title(node: OnnxNode) -> str:
    """The op of a node, with its domain where it is not ONNX's own."""
    return (f"{node.domain}::{node.op}" if node.domain else node.op)[:80]


def _is_size(size: int | str) -> bool:
    return isinstance(size, int) and 1 <= size <= limits.SIZE


class _Declared(NamedTuple):
    """An input as a file declares it: its name, that of `--input` ("" for an only one), its sizes, where its channels
    are."""

    name: str
    label: str
    sizes: Sizes | None
    channels_last: bool

    @property
    def example(self) -> str:
        """An `--input` that gives the sizes that are open."""
        sizes = self.sizes[1:] if self.sizes else (3, "", "")
        sizes = (*sizes[-1:], *sizes[:-1]) if self.channels_last else sizes
        text = "x".join(str(size if _is_size(size) else 3 if at == 0 else 224) for at, size in enumerate(sizes))
        return f"--input {self.label}{'=' * bool(self.label)}{text}"


def _shape_of(path: str, given: _Declared, override: Shape | None) -> Shape:
    """The sizes of an input without its batch, channels first. Raises Mistake where they are open or no sizes."""
    name, sizes = given.name, given.sizes
    if override is not None:
        if sizes is not None and len(sizes) != len(override) + 1:
            text = f"--input has {len(override)} sizes, but `{name}` is {_format(sizes)}, its batch first"
            raise _mistake("bad-input", path, text)
        if sizes and given.channels_last and _is_size(sizes[-1]) and override[0] != sizes[-1]:
            text = f"its input `{name}` is {_format(sizes)}, its channels last, but --input is channels first"
            raise _mistake("bad-input", path, text, f"write {given.example}")
        return override
    if sizes is None or len(sizes) < 2 or len(sizes) > 5 or not all(map(_is_size, sizes[1:])):
        shown = "of unknown sizes" if sizes is None else _format(sizes)
        if sizes is not None and not 2 <= len(sizes) <= 5:
            raise _mistake("bad-input", path, f"its input `{name}` is {shown}: a batch and one to four axes are read")
        text = f"its input `{name}` is {shown}"
        raise _mistake("bad-input", path, text, f"give the sizes that are open, e.g. {given.example}")
    shape = tuple(size for size in sizes[1:] if isinstance(size, int))
    return (*shape[-1:], *shape[:-1]) if given.channels_last else shape


def _format(sizes: Sizes) -> str:
    return "×".join(str(size or "?") for size in sizes)[:80]


def _names(names: list[str]) -> dict[str, str]:
    """A name of ours for each of theirs; an only one is called `input`."""
    from cnncalc.spec.write import make_names

    return {names[0]: "input"} if len(names) == 1 else make_names(names)


def _computed(node: OnnxNode, inputs: list[Known]) -> Constant | None:
    """What a node makes of constants, or of the shape of a tensor. Raises Refusal."""
    if node.op == "Constant":
        return _constant_value(node)
    if node.op == "Shape" and inputs and isinstance(inputs[0], Constant | Tensor):
        return _shape(node, inputs[0].shape)
    return fold(node, [each for each in inputs if isinstance(each, Constant) or each is None])


def _shape(node: OnnxNode, shape: Shape) -> Constant:
    start, end = node.attributes.get("start", 0), node.attributes.get("end")
    if not isinstance(start, int) or not (end is None or isinstance(end, int)):
        raise Refusal("a shape from an axis that is no number")
    return of_list(shape[start:end])


def _constant_value(node: OnnxNode) -> Constant:
    """What a Constant holds. Raises Refusal."""
    for name, value in node.attributes.items():
        if isinstance(value, OnnxTensor):
            return of_tensor(value._replace(name=value.name or node.outputs[0]))._replace(key=node.outputs[0])
        if name in ("value_float", "value_int") and isinstance(value, int | float):
            return of_list([value], ())
        if name in ("value_floats", "value_ints") and isinstance(value, list):
            return of_list(value)
    raise Refusal("a constant that is neither numbers nor an array")


def _check_sizes(made: Shape, given: Sizes | None) -> None:
    """Raises Refusal where a file says other sizes of a tensor than come out here."""
    if given is None:
        return
    agree = (not isinstance(size, int) or size in (0, own) for size, own in zip(given, made, strict=False))
    if len(given) != len(made) or not all(agree):
        raise Refusal(f"its output is {_format(given)} in the file, and {_format(made)} by the rules of its layer")


def _path(node: OnnxNode) -> list[tuple[str, str]]:
    """The groups around a node of a file of ours, from the outermost: it has the path of its layer as its name."""
    words = node.name.partition("/")[0].split(".")
    return [(".".join(words[: at + 1]), "") for at in range(len(words))] if len(words) < limits.NESTING else []


def _modules(node: OnnxNode) -> list[tuple[str, str]]:
    """The modules around a node, from the outermost: their paths and classes.

    PyTorch's new exporter lists them, its old one writes them into the name: `/layer1/layer1.0/conv1/Conv`.
    """
    if node.scopes:
        paths, kinds = _QUOTED.findall(node.scopes)[:-1], _QUOTED.findall(node.classes)[:-1]
        kinds += [""] * (len(paths) - len(kinds))
        found = [(path, kind.rpartition(".")[2]) for path, kind in zip(paths, kinds, strict=False) if path]
    else:
        parts, found, before = [part for part in node.name.split("/")[:-1] if part], [], ""
        for part in parts:
            before = part if not before or part.startswith(f"{before}.") else f"{before}.{part}"
            found.append((before, ""))
    return found if len(found) < limits.NESTING else []
