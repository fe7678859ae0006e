"""The messages of an ONNX file: nodes, tensors, values and the model around them.

Field numbers are those of onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from cnncalc.export import protobuf
from cnncalc.export.protobuf import Message, Payload
from cnncalc.layers.frameworks import ONNX_PARAMETER
from cnncalc.records import NamedTuple

FLOAT, INT64 = 1, 7  # data types
BATCH = "batch"  # the name of the first size of all tensors, which a runtime may choose
Dims = tuple[int | str, ...]


class Value(NamedTuple):
    """A tensor: its name, its sizes, of which a name is one that is open, and the type of its elements."""

    name: str
    dims: Dims
    type: int = FLOAT


class OnnxNode(NamedTuple):
    """A node: the op, its name, the names of its inputs ("" for one that is left out) and outputs, its attributes."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    doc: str = ""


class Filling(NamedTuple):
    """An attribute that is an array of one number."""

    number: float


def node_message(node: OnnxNode) -> bytes:
    """A NodeProto."""
    parts = [protobuf.text(1, name) for name in node.inputs]
    parts += [protobuf.text(2, name) for name in node.outputs]
    parts += [protobuf.text(3, node.name), protobuf.text(4, node.op)]
    parts += [protobuf.data(5, _attribute(name, value)) for name, value in node.attributes.items()]
    parts += [protobuf.text(6, node.doc)] if node.doc else []
    return b"".join(parts)


@lru_cache(maxsize=1_000, typed=True)
def _attribute(name: str, value: Any) -> bytes:
    """An AttributeProto: a number, a string, an array, or integers or strings."""
    start = protobuf.text(1, name)
    if isinstance(value, Filling):
        array = protobuf.integer(1, 1) + protobuf.integer(2, FLOAT) + protobuf.single(4, value.number)
        return start + protobuf.data(5, array) + protobuf.integer(20, 4)
    if isinstance(value, float):
        return start + protobuf.single(2, value) + protobuf.integer(20, 1)
    if isinstance(value, int):
        return start + protobuf.integer(3, value) + protobuf.integer(20, 2)
    if isinstance(value, str):
        return start + protobuf.text(4, value) + protobuf.integer(20, 3)
    if any(isinstance(each, str) for each in value):
        return start + b"".join(protobuf.text(9, each) for each in value) + protobuf.integer(20, 8)
    return start + protobuf.integers(8, value) + protobuf.integer(20, 7)


def tensor_message(value: Value, numbers: bytes | Payload) -> Message:
    """A TensorProto, with its elements as they are in memory, the lowest byte first."""
    sizes = [size for size in value.dims if isinstance(size, int)]
    head = protobuf.integers(1, sizes) + protobuf.integer(2, value.type) + protobuf.text(8, value.name)
    return [head, *protobuf.message(9, [numbers])]


def value_message(value: Value, mark: tuple[str, str] | None = None) -> bytes:
    """A ValueInfoProto, with a mark that programs read."""
    marked = protobuf.data(4, protobuf.text(1, mark[0]) + protobuf.text(2, mark[1])) if mark else b""
    return protobuf.text(1, value.name) + _type(value.type, value.dims) + marked


@lru_cache(maxsize=1_000)
def _type(type: int, dims: Dims) -> bytes:
    """The field of a ValueInfoProto with its TypeProto."""
    sizes = (protobuf.integer(1, size) if isinstance(size, int) else protobuf.text(2, size) for size in dims)
    shape = b"".join(protobuf.data(1, size) for size in sizes)
    return protobuf.data(2, protobuf.data(1, protobuf.integer(1, type) + protobuf.data(2, shape)))


class GraphParts(NamedTuple):
    """What a graph consists of: `tensors` are arrays with their numbers, `parameters` inputs without."""

    name: str
    nodes: Sequence[OnnxNode]
    tensors: Sequence[tuple[Value, bytes | Payload]]
    inputs: Sequence[Value]
    parameters: Sequence[Value]
    outputs: Sequence[Value]
    between: Sequence[Value]


def model_message(graph: GraphParts, opset: int, doc: str, version: str) -> Message:
    """A ModelProto."""
    parts: Message = [protobuf.data(1, node_message(node)) for node in graph.nodes]
    parts.append(protobuf.text(2, graph.name))
    for value, numbers in graph.tensors:
        parts += protobuf.message(5, tensor_message(value, numbers))
    parts.append(protobuf.text(10, doc))
    parts += [protobuf.data(11, value_message(value)) for value in graph.inputs]
    parts += [protobuf.data(11, value_message(value, ONNX_PARAMETER)) for value in graph.parameters]
    parts += [protobuf.data(12, value_message(value)) for value in graph.outputs]
    parts += [protobuf.data(13, value_message(value)) for value in graph.between]
    head = protobuf.integer(1, _format_version(opset)) + protobuf.text(2, "cnncalc") + protobuf.text(3, version)
    ops = protobuf.data(8, protobuf.text(1, "") + protobuf.integer(2, opset))
    return [head, protobuf.text(6, doc), *protobuf.message(7, parts), ops]


def _format_version(opset: int) -> int:
    """The version of the file format with which an opset came.

    Source: https://github.com/onnx/onnx/blob/main/docs/Versioning.md, released versions
    """
    return next(version for first, version in ((23, 11), (21, 10), (19, 9), (0, 8)) if opset >= first)
