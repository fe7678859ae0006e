"""The graph of an ONNX file while it is made: the nodes of one layer after another, their tensors, and all arrays.

A layer's last node and its output have the layer's path, those before it the path and their op, `conv1/Transpose`; a
learned array has the path and its own name, `conv1.weight`. No two of them can be equal, as a path has no `/`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import prod
from typing import Any, TypeVar

from cnncalc import limits
from cnncalc.errors import CnncalcError
from cnncalc.export.onnx_file import BATCH, FLOAT, INT64, Dims, Filling, OnnxNode, Value
from cnncalc.layers.base import Shape, Shapes
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

T = TypeVar("T")
OPSET = 18  # of a file whose ops all have it: from it on reductions take their axes as an input
NEWER = {"DeformConv": 19, "Gelu": 20, "RMSNormalization": 23}  # ops that came later
WRAPPING = 19  # the opset from which on Pad repeats the map
LONGEST_DOC = 1_000  # characters of a node's documentation
END = 2**31 - 1  # of a slice that goes to the last position


class Refused(CnncalcError):
    """ONNX has no way to say something; the message says what."""


class Piece(NamedTuple):
    """Consecutive elements of an array of a layer."""

    array: str
    start: int
    stop: int


class Parameter(NamedTuple):
    """A learned array of the file: that of a node of the network, or pieces of its arrays, one after another."""

    value: Value
    node: Node
    pieces: tuple[Piece, ...]


class OnnxGraph:
    """The graph of a network: `tensors` has what each of its nodes gives."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.names = {node.path for node in network.nodes}
        self.nodes: list[OnnxNode] = []
        self.constants: list[tuple[Value, bytes]] = []
        self.parameters: dict[tuple[int, str], Parameter] = {}  # by the node that owns it and its name
        self.between: list[Value] = []
        self.inputs = {
            index: Value(self.unique(name), (BATCH, *shape))
            for (name, shape), index in zip(network.inputs.items(), network.starts, strict=True)
        }
        self.tensors = dict(self.inputs)
        self.indices: dict[int, Value] = {}  # the second outputs of max pools, which unpoolings read
        self.pools = {node.inputs[1] for node in network.nodes if node.layer.restores}
        self.tables: dict[Hashable, Value] = {}  # computed arrays, which layers of equal arguments share
        self.left = limits.ONNX_TABLES
        self.opset = OPSET
        self._batch: Value | None = None
        self._once: dict[tuple[str, int, Shapes], Any] = {}

    def once(self, what: str, node: Node, compute: Callable[[], T]) -> T:
        """What is computed of a layer and its input shapes, once for all layers of which they are the same."""
        key = what, id(node.layer), node.input_shapes
        if key not in self._once:
            self._once[key] = compute()
        found: T = self._once[key]
        return found

    def arrays_of(self, node: Node) -> dict[str, Shape]:
        """The shapes of a layer's arrays by name."""
        shapes = node.input_shapes
        return self.once("arrays", node, lambda: {each.name: each.shape for each in node.layer.weights(shapes)})

    def unique(self, name: str) -> str:
        """A name that nothing has yet."""
        number, found = 2, name
        while found in self.names:
            found, number = f"{name}_{number}", number + 1
        self.names.add(found)
        return found

    def need(self, opset: int) -> None:
        """Require an opset, at least."""
        self.opset = max(self.opset, opset)

    def batch(self) -> Value:
        """The size of the batch, as an array of one element."""
        if self._batch is None:
            first = next(iter(self.inputs.values()))
            self._batch = Value(f"{first.name}/batch", (1,), INT64)
            attributes = {"start": 0, "end": 1}
            self.nodes.append(OnnxNode("Shape", self._batch.name, (first.name,), (self._batch.name,), attributes))
            self.between.append(self._batch)
        return self._batch


class LayerNodes:
    """The nodes of one layer, which its rule adds.

    Shapes are ours, without the batch; `dims` are sizes as the file has them, with it.
    """

    def __init__(self, graph: OnnxGraph, node: Node) -> None:
        self.graph = graph
        self.node = node
        self.layer: Any = node.layer
        self.inputs = [graph.tensors[index] for index in node.inputs]
        self.made: list[tuple[OnnxNode, list[Value]]] = []
        owner = node if node.shares is None else graph.network.nodes[node.shares]
        self.owner = owner
        self.arrays = graph.arrays_of(node)

    @property
    def x(self) -> Value:
        """The first input."""
        return self.inputs[0]

    @property
    def shape(self) -> Shape:
        """The shape of the first input."""
        return self.node.input_shapes[0]

    @property
    def output(self) -> Dims:
        """The sizes of the output."""
        return (BATCH, *self.node.output)

    def once(self, what: str, compute: Callable[[], T]) -> T:
        """What is computed once for all layers like this one."""
        return self.graph.once(what, self.node, compute)

    def has(self, name: str) -> bool:
        """Whether the layer has an array of this name."""
        return name in self.arrays

    def label(self, name: str) -> str:
        """The name of something inside of the layer."""
        return self.graph.unique(f"{self.node.path}/{name}")

    # nodes

    def op(self, op: str, inputs: Sequence[Value | None], dims: Dims, **attributes: Any) -> Value:
        """Add a node with one output."""
        return self.ops(op, inputs, [Value(self.label(op), dims)], **attributes)[0]

    def ops(self, op: str, inputs: Sequence[Value | None], outputs: list[Value], **attributes: Any) -> list[Value]:
        """Add a node; an output without a name is left out."""
        self.graph.need(NEWER.get(op, OPSET))
        names = tuple(each.name if each else "" for each in inputs)
        name = next(each.name for each in outputs if each.name)
        fixed = {key: tuple(value) if isinstance(value, list) else value for key, value in attributes.items()}
        self.made.append((OnnxNode(op, name, names, tuple(each.name for each in outputs), fixed), outputs))
        return outputs

    def finish(self, result: Value) -> None:
        """Give the last node, and what it makes, the path of the layer; what is passed on goes through an Identity."""
        if not any(result in outputs for _, outputs in self.made):
            result = self.op("Identity", [result], result.dims)
        path = self.node.path
        for node, outputs in self.made:
            if result in outputs:
                names = tuple(path if name == result.name else name for name in node.outputs)
                node = node._replace(name=path, outputs=names, doc=self.once("document", self.document))
            self.graph.nodes.append(node)
            self.graph.between += [each for each in outputs if each.name and each != result]
        self.graph.tensors[self.node.index] = value = result._replace(name=path)
        self.graph.between.append(value)

    def document(self) -> str:
        """The layer as it is called in a file."""
        text = repr(self.node.layer)
        return text if len(text) <= LONGEST_DOC else f"{text[:LONGEST_DOC]}…"

    # arrays

    def weight(self, name: str, dims: Dims | None = None) -> Value:
        """A learned array, with axes of size 1 added where its sizes are given."""
        shape = self.arrays[name]
        return self.joined(name, shape if dims is None else dims, [Piece(name, 0, prod(shape))])

    def joined(self, name: str, dims: Dims, pieces: Sequence[Piece]) -> Value:
        """A learned array of pieces of the layer's arrays; a layer that applies weights again has the same array."""
        key = self.owner.index, name
        if key not in self.graph.parameters:
            value = Value(self.graph.unique(f"{self.owner.path}.{name}"), dims)
            self.graph.parameters[key] = Parameter(value, self.owner, tuple(pieces))
        found = self.graph.parameters[key].value
        return found if found.dims == dims else self.reshaped(found, dims)

    def optional(self, name: str, dims: Dims | None = None) -> list[Value]:
        """A learned array, if the layer has it."""
        return [self.weight(name, dims)] if self.has(name) else []

    def filled(self, number: float, dims: Dims) -> Value:
        """An array of equal numbers, which are computed: no parameter."""
        return self.op("ConstantOfShape", [self.integers("sizes", dims)], dims, value=Filling(number))

    def numbers(self, label: str, values: Sequence[float], dims: Dims | None = None) -> Value:
        """A constant array in single precision; of one number without axes, unless its sizes are given."""
        return self._constant(label, FLOAT, "f", values, () if dims is None else dims)

    def integers(self, label: str, values: Sequence[Any], dims: Dims | None = None) -> Value:
        """A constant array of integers, a vector unless its sizes are given."""
        return self._constant(label, INT64, "q", values, (len(values),) if dims is None else dims)

    def _constant(self, label: str, type: int, code: str, values: Sequence[Any], dims: Dims) -> Value:
        value = Value(self.label(label), dims, type)
        self.graph.constants.append((value, struct.pack(f"<{len(values)}{code}", *values)))
        return value

    def table(self, key: Hashable, dims: tuple[int, ...], compute: Callable[[], Sequence[Any]], type: int) -> Value:
        """A constant array that is computed for the first layer with this key. Raises Refused for too many numbers."""
        tables = self.graph.tables
        if key not in tables:
            self.graph.left -= prod(dims)
            if self.graph.left < 0:
                raise Refused(f"arrays of positions and shares with more than {limits.ONNX_TABLES:,} numbers")
            write = self.integers if type == INT64 else self.numbers
            tables[key] = write("table", compute(), dims)
        return tables[key]

    # what many rules need

    def elementwise(self, op: str, *inputs: Value, **attributes: Any) -> Value:
        """An op on elements, with sizes of 1 broadcast."""
        return self.op(op, inputs, broadcast([each.dims for each in inputs]), **attributes)

    def reshaped(self, x: Value, dims: Dims) -> Value:
        """The same elements with other sizes; an open one, the first, stays."""
        sizes = [0 if size == BATCH else size for size in dims]
        return self.op("Reshape", [x, self.integers("shape", sizes)], dims)

    def transposed(self, x: Value, order: Sequence[int]) -> Value:
        """The axes in another order, all of them listed, the batch too."""
        return self.op("Transpose", [x], tuple(x.dims[axis] for axis in order), perm=list(order))

    def sliced(self, x: Value, axis: int, start: int, stop: int, step: int = 1) -> Value:
        """Every `step`-th position of an axis, in reverse order if it is negative."""
        size = len(range(start, stop, step))
        ends = stop if stop >= 0 else -END
        bounds = zip(("starts", "ends", "axes", "steps"), (start, ends, axis, step), strict=True)
        given = [self.integers(name, [number]) for name, number in bounds]
        return self.op("Slice", [x, *given], (*x.dims[:axis], size, *x.dims[axis + 1 :]))

    def reduced(self, op: str, x: Value, axes: Sequence[int]) -> Value:
        """A reduction of axes, which keep the size 1."""
        dims = tuple(1 if at in axes else size for at, size in enumerate(x.dims))
        return self.op(op, [x, self.integers("axes", axes)], dims, keepdims=1)

    def gathered(self, x: Value, axis: int, positions: Value) -> Value:
        """Positions of an axis, whose array takes the place of it."""
        return self.op("Gather", [x, positions], (*x.dims[:axis], *positions.dims, *x.dims[axis + 1 :]), axis=axis)

    def scaled(self, x: Value, factor: float) -> Value:
        """The elements times a constant."""
        return self.elementwise("Mul", x, self.numbers("factor", [factor]))

    def for_batch(self, x: Value) -> Value:
        """A tensor of the first size 1, repeated for every example."""
        return self.op("Expand", [x, self.sizes(x.dims[1:])], (BATCH, *x.dims[1:]))

    def sizes(self, dims: Dims) -> Value:
        """The sizes of a tensor, that of the batch before those given, as an array."""
        output = Value(self.label("Concat"), (1 + len(dims),), INT64)
        return self.ops("Concat", [self.graph.batch(), self.integers("sizes", dims)], [output], axis=0)[0]


def broadcast(shapes: Sequence[Dims]) -> Dims:
    """The sizes that tensors have together, the last axis of one with the last of another.

    >>> broadcast([("batch", 3, 1), (3, 5), ()])
    ('batch', 3, 5)
    """
    rank = max(map(len, shapes))
    padded = [(*[1] * (rank - len(each)), *each) for each in shapes]
    return tuple(next((size for size in sizes if size != 1), 1) for sizes in zip(*padded, strict=True))


def per_channel(shape: Shape) -> Dims:
    """The sizes of an array with a number for each channel, beside a tensor of a shape."""
    return (shape[0], *[1] * (len(shape) - 1))


Attributes = Mapping[str, Any]
