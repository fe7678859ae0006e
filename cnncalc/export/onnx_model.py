"""A network as an ONNX file: its layers in order, each by the rule of its kind, and the numbers of its arrays.

The file is made part by part while it is written; its size is known before, since lengths come first.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite, prod

from cnncalc import limits
from cnncalc.errors import CnncalcError, Problem, Problems, SpecError
from cnncalc.export.about import summarize
from cnncalc.export.onnx_file import GraphParts, OnnxNode, Value, model_message
from cnncalc.export.onnx_graph import LayerNodes, OnnxGraph, Parameter, Piece, Refused
from cnncalc.export.onnx_kinds import RULES
from cnncalc.export.protobuf import Payload, chunks_of, size_of
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

KEPT = 2**24  # numbers of an array that are kept while its pieces are written; those of larger ones are made again
# (node, name, shape) → the numbers of an array in order, in blocks, or None where it has none
Numbers = Callable[[Node, str, Shape], Iterable[Sequence[float]] | None]


class OnnxModel(NamedTuple):
    """A file: its bytes, part by part, their number, the opset, and the learned arrays that have no numbers."""

    size: int
    chunks: Iterator[bytes]
    opset: int
    without_numbers: int


def write_model(network: Network, numbers: Numbers, version: str) -> OnnxModel:
    """An ONNX file with a network. An array without numbers is an input of the graph.

    Raises SpecError with all layers that ONNX cannot say, and CnncalcError for a file that is too large.
    """
    graph = _add_layers(network)
    outputs = _add_outputs(graph)
    names = {value.name for value in outputs}
    tensors: list[tuple[Value, bytes | Payload]] = [*graph.constants]
    inputs = []
    for parameter in graph.parameters.values():
        payload = _payload(parameter, graph.arrays_of(parameter.node), numbers)
        if payload is None:
            inputs.append(parameter.value)
        else:
            tensors.append((parameter.value, payload))
    parts = GraphParts(
        network.name,
        graph.nodes,
        tensors,
        [*graph.inputs.values()],
        inputs,
        outputs,
        [value for value in graph.between if value.name not in names],
    )
    doc = "\n\n".join(filter(None, [summarize(network), network.source]))
    message = model_message(parts, graph.opset, doc, version)
    size = size_of(message)
    if size > limits.PROTOBUF_BYTES:
        raise CnncalcError(
            f"the ONNX file of {network.name} would have {size:,} bytes, but protobuf allows {limits.PROTOBUF_BYTES:,};"
            " without numbers of its parameters it is small"
        )
    return OnnxModel(size, chunks_of(message), graph.opset, len(inputs))


def _add_layers(network: Network) -> OnnxGraph:
    """The nodes of all layers. Raises SpecError."""
    graph, problems = OnnxGraph(network), Problems()
    for node in network.nodes:
        made = LayerNodes(graph, node)
        try:
            made.finish(RULES[node.layer.kind](made))
        except Refused as refused:
            problems.add(Problem("no-counterpart", f"ONNX: {refused}", node.span, path=node.path))
            graph.tensors[node.index] = Value(node.path, made.output)
            graph.indices[node.index] = Value(f"{node.path}/Indices", made.output)
    if problems.found:
        raise SpecError(problems.sorted())
    return graph


def _add_outputs(graph: OnnxGraph) -> list[Value]:
    """The outputs: the end of the chain has the path of its layer, a named output its name."""
    found: list[Value] = []
    for name, index in graph.network.outputs.items():
        value = graph.tensors[index]
        if value.name != name and (name or index < 0 or value in found):
            own = value._replace(name=graph.unique(name or "output"))
            graph.nodes.append(OnnxNode("Identity", own.name, (value.name,), (own.name,), {}))
            value = own
        found.append(value)
    return found


def _payload(parameter: Parameter, shapes: Mapping[str, Shape], numbers: Numbers) -> Payload | None:
    """The numbers of a learned array, in single precision; None where it has none."""
    node, pieces = parameter.node, parameter.pieces
    if numbers(node, pieces[0].array, shapes[pieces[0].array]) is None:
        return None

    def chunks() -> Iterator[bytes]:
        known, blocks = "", list[bytes]()  # of an array that several pieces are of
        for piece in pieces:
            name, whole = f"{node.path}.{piece.array}", shapes[piece.array]
            if prod(whole) > KEPT:
                yield from _cut((pack(block, name) for block in numbers(node, piece.array, whole) or ()), piece)
                continue
            if piece.array != known:
                known = piece.array
                blocks = [pack(block, name) for block in numbers(node, piece.array, whole) or ()]
            yield from _cut(blocks, piece)

    return Payload(4 * sum(piece.stop - piece.start for piece in pieces), chunks)


def _cut(blocks: Iterable[bytes], piece: Piece) -> Iterator[bytes]:
    """The part of an array that a piece is."""
    start, stop = 4 * piece.start, 4 * piece.stop
    at = 0  # of the first byte of a block
    for block in blocks:
        if at >= stop:
            return
        if at + len(block) > start:
            yield block[max(start - at, 0) : stop - at]
        at += len(block)


def pack(numbers: Sequence[float], name: str) -> bytes:
    """Numbers in single precision. Raises CnncalcError for one that it cannot hold."""
    found = array("f", numbers)
    if not isfinite(sum(found)) and not all(map(isfinite, found)):
        raise CnncalcError(f"{name} has a number that single precision cannot hold")
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()
