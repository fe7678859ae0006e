"""An ONNX file: its nodes, its small arrays and the sizes of the others; weights are stepped over.

Field numbers are those of onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.exchange.protobuf import Range, Wire, WireError, as_integer, as_range
from cnncalc.layers.base import Shape
from cnncalc.layers.frameworks import ONNX_PARAMETER
from cnncalc.records import NamedTuple

# data type → how `struct` names it, and its bytes; of others no values are read
ELEMENTS = {
    1: ("f", 4), 2: ("B", 1), 3: ("b", 1), 4: ("H", 2), 5: ("h", 2), 6: ("i", 4), 7: ("q", 8), 9: ("B", 1),
    10: ("e", 2), 11: ("d", 8), 12: ("I", 4), 13: ("Q", 8),
}  # fmt: skip
PACKED = {4: ("f", 4), 10: ("d", 8)}  # fields with packed floats
KEYS = ("pkg.torch.onnx.", ONNX_PARAMETER[0])  # of the texts that are read
SAMPLE = 64  # elements of a large array that are looked at to see whether all are equal
Sizes = tuple[int | str, ...]  # of an input: numbers, or names of open sizes; "" for one without a name


class OnnxTensor(NamedTuple):
    """An array: its sizes, and the first elements, as many as are wanted, which are read when they are asked for."""

    name: str
    shape: Shape
    first: Callable[[int], list[float] | None]
    is_external: bool = False  # its numbers are in another file

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    def load(self) -> list[float] | None:
        """All elements; None where the file does not hold as many as its sizes say."""
        return self.first(prod(self.shape))

    @property
    def values(self) -> list[float] | None:
        """All elements of a small array, else None."""
        return self.load() if prod(self.shape) <= limits.ONNX_ELEMENTS else None

    @property
    def uniform(self) -> bool:
        """Whether all elements are equal, as far as they are looked at."""
        found = self.first(min(prod(self.shape), SAMPLE))
        return found is not None and len({*found}) <= 1


class OnnxNode(NamedTuple):
    """A node: the op, its name, the names of its inputs and outputs ("" for one that is left out), its attributes.

    `scopes` and `classes` are the modules of PyTorch that call it, from the outermost, as its new exporter says.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    domain: str = ""
    scopes: str = ""
    classes: str = ""


class OnnxModel(NamedTuple):
    """What a file says. `inputs` and `outputs` are sizes by name, None where they are not given; `opset` is that of
    ONNX's own ops; `sizes` those of tensors between, where they are given."""

    producer: str
    opset: int
    name: str
    nodes: list[OnnxNode]
    tensors: dict[str, OnnxTensor]
    inputs: dict[str, Sizes | None]
    outputs: dict[str, Sizes | None]
    sizes: dict[str, Sizes | None]
    functions: set[str]


class Subgraph:
    """In place of an attribute that is a graph, which is not read."""


def read_model(wire: Wire) -> OnnxModel:
    """The model of a file. Raises WireError."""
    producer, version, graphs, opset, functions = "", "", [], 0, set()
    for number, value in wire.fields(wire.whole):
        if number == 2:
            producer = wire.text(value)
        elif number == 3:
            version = wire.text(value)
        elif number == 7:
            graphs.append(as_range(value))
        elif number == 8:
            domain, found = _opset(wire, as_range(value))
            opset = found if domain in ("", "ai.onnx") else opset
        elif number == 25:
            functions.add(_text_field(wire, as_range(value), 1))
    if len(graphs) != 1:
        raise WireError("it has no graph" if not graphs else "it has more than one graph")
    name, nodes, tensors, inputs, outputs, sizes = _graph(wire, graphs[0])
    return OnnxModel(f"{producer} {version}".strip(), opset, name, nodes, tensors, inputs, outputs, sizes, functions)


def _graph(wire: Wire, message: Range) -> Any:
    name, nodes = "", []
    tensors: dict[str, OnnxTensor] = {}
    infos: dict[int, dict[str, Sizes | None]] = {11: {}, 12: {}, 13: {}}
    for number, value in wire.fields(message):
        if number == 1:
            nodes.append(_node(wire, as_range(value)))
            if len(nodes) > limits.ONNX_NODES:
                raise WireError(f"it has more than {limits.ONNX_NODES:,} nodes")
        elif number == 2:
            name = wire.text(value)
        elif number == 5:
            tensor = read_tensor(wire, as_range(value))
            tensors[tensor.name] = tensor
        elif number in infos:
            known, sizes, is_parameter = _value_info(wire, as_range(value))
            if is_parameter:
                tensors[known] = OnnxTensor(known, tuple(int(size or 1) for size in sizes or ()), lambda wanted: None)
            else:
                infos[number][known] = sizes
        elif number == 15:
            raise WireError("it has sparse arrays, which are not read")
    return name, nodes, tensors, infos[11], infos[12], infos[13]


def _opset(wire: Wire, message: Range) -> tuple[str, int]:
    domain, version = "", 0
    for number, value in wire.fields(message):
        if number == 1:
            domain = wire.text(value)
        elif number == 2:
            version = as_integer(value)
    return domain, version


def _text_field(wire: Wire, message: Range, wanted: int) -> str:
    return next((wire.text(value) for number, value in wire.fields(message) if number == wanted), "")


def _node(wire: Wire, message: Range) -> OnnxNode:
    texts = {3: "", 4: "", 7: ""}
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, Any] = {}
    more: dict[str, str] = {}
    for number, value in wire.fields(message):
        if number == 1:
            inputs.append(wire.text(value))
        elif number == 2:
            outputs.append(wire.text(value))
        elif number in texts:
            texts[number] = wire.text(value)
        elif number == 5:
            name, found = _attribute(wire, as_range(value))
            attributes[name] = found
        elif number == 9:
            key, text = _entry(wire, as_range(value))
            more[key] = text
    scopes, classes = (more.get(f"pkg.torch.onnx.{key}", "") for key in ("name_scopes", "class_hierarchy"))
    domain = "" if texts[7] == "ai.onnx" else texts[7]
    return OnnxNode(texts[4], texts[3], tuple(inputs), tuple(outputs), attributes, domain, scopes, classes)


def _entry(wire: Wire, message: Range) -> tuple[str, str]:
    """A key and its text; texts that are not wanted are not read, however long they are."""
    key = text = ""
    for number, value in wire.fields(message):
        if number == 1:
            key = wire.text(value)
        elif number == 2 and key.startswith(KEYS) and as_range(value).size <= limits.STRING_CHARACTERS:
            text = wire.text(value)
    return key, text


def _attribute(wire: Wire, message: Range) -> tuple[str, Any]:
    """The name and the value of an attribute: a number, a text, a list of them, an OnnxTensor, or a Subgraph."""
    name, kind = "", 0
    single: Any = None
    many: list[Any] = []
    readers: dict[int, Callable[[int | Range], Any]] = {
        2: lambda value: next(iter(wire.numbers(value, "f")), 0.0),
        3: as_integer,
        4: wire.text,
        5: lambda value: read_tensor(wire, as_range(value)),
        6: lambda value: Subgraph(),
    }
    for number, value in wire.fields(message):
        if number == 1:
            name = wire.text(value)
        elif number in readers:
            single = readers[number](value)
        elif number == 7:
            many += wire.numbers(value, "f")
        elif number == 8:
            many += wire.integers(value)
        elif number == 9:
            many.append(wire.text(value))
        elif number in (10, 11):
            single = Subgraph()
        elif number == 20:
            kind = as_integer(value)
        if len(many) > limits.WIRE_NUMBERS:
            raise WireError(f"a list has more than {limits.WIRE_NUMBERS:,} numbers")
    return name, many if kind in (6, 7, 8) or (single is None and many) else single


def read_tensor(wire: Wire, message: Range) -> OnnxTensor:
    """An array. Raises WireError for a size below 0; elements that are elsewhere or missing are not read."""
    name, shape, kind, raw, external = "", [], 0, None, False
    typed: list[tuple[int, int | Range]] = []
    for number, value in wire.fields(message):
        if number == 1:
            shape += wire.integers(value)
        elif number == 2:
            kind = as_integer(value)
        elif number == 8:
            name = wire.text(value)
        elif number == 9:
            raw = as_range(value)
        elif number == 14:
            external = as_integer(value) == 1
        elif number in (4, 5, 7, 10, 11):
            typed.append((number, value))
    if any(size < 0 for size in shape) or len(shape) > limits.ONNX_AXES or prod(shape) > limits.SIZE**2:
        raise WireError(f"the sizes of an array are {shape[: limits.ONNX_AXES]}")
    if external or kind not in ELEMENTS:
        return OnnxTensor(name, tuple(shape), lambda wanted: None, external)
    return OnnxTensor(name, tuple(shape), partial(_elements, wire, prod(shape), kind, raw, typed))


def _elements(
    wire: Wire, count: int, kind: int, raw: Range | None, typed: list[tuple[int, int | Range]], wanted: int
) -> list[float] | None:
    """The first elements of an array, None where they are not as many as its sizes say."""
    code, width = ELEMENTS[kind]
    if raw is not None:
        return (
            wire.numbers(Range(raw.start, raw.start + wanted * width), code, wanted)
            if raw.size == count * width
            else None
        )
    found: list[float] = []
    for number, value in typed:
        if number in PACKED:
            code, width = PACKED[number]
            start, end = as_range(value)
            found += wire.numbers(Range(start, min(end, start + wanted * width)), code, wanted)
        elif isinstance(value, int) or value.size <= limits.WIRE_NUMBERS:
            found += wire.integers(value)
    return found[:wanted] if len(found) >= wanted else None


def _value_info(wire: Wire, message: Range) -> tuple[str, Sizes | None, bool]:
    """The name and the sizes of an input or an output, and whether it is a parameter without numbers."""
    name, sizes, is_parameter = "", None, False
    for number, value in wire.fields(message):
        if number == 1:
            name = wire.text(value)
        elif number == 2:
            sizes = next(
                (_tensor_type(wire, as_range(each)) for at, each in wire.fields(as_range(value)) if at == 1), None
            )
        elif number == 4:
            is_parameter = is_parameter or _entry(wire, as_range(value)) == ONNX_PARAMETER
    return name, sizes, is_parameter


def _tensor_type(wire: Wire, message: Range) -> Sizes | None:
    shape = next((as_range(value) for number, value in wire.fields(message) if number == 2), None)
    if shape is None:
        return None
    sizes = []
    for number, value in wire.fields(shape):
        if number == 1:
            size: int | str = ""
            for at, each in wire.fields(as_range(value)):
                size = as_integer(each) if at == 1 else wire.text(each) if at == 2 else size
            sizes.append(size)
    return tuple(sizes)
