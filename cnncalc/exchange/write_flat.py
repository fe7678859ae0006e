"""A graph as the text of an architecture file, a layer a line: what always can be written, and is right first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import prod

from cnncalc.errors import Source, Span
from cnncalc.exchange.graph import Graph, GraphNode
from cnncalc.exchange.names import listed
from cnncalc.network import INPUT, Network, Node
from cnncalc.spec.segments import add_number
from cnncalc.spec.write import write_network

NOWHERE = Span(Source("", ""), 0, 0)


def write_flat(graph: Graph) -> str:
    """The text of the graph's file; where something was refused, of the layers before it."""
    return write_network(to_network(graph))


def to_network(graph: Graph) -> Network:
    """The network of a graph: the layers that lead to an output, and where something was refused, all before it."""
    kept = kept_nodes(graph)
    numbers = {index: number for number, index in enumerate(kept)}
    numbers.update((INPUT - at, INPUT - at) for at in range(len(graph.inputs)))
    paths = _paths(graph, kept)
    nodes = []
    for index in kept:
        node = graph.nodes[index]
        assert node.layer is not None
        shares, like = (None if other is None else numbers[other] for other in (node.shares, node.like))
        nodes.append(
            Node(
                numbers[index], paths[index], node.layer, tuple(numbers[source] for source in node.inputs),
                tuple(map(graph.shape_at, node.inputs)), node.output, NOWHERE, shares, like,
            )
        )  # fmt: skip
    complete = graph.first_refused is None
    outputs = {name: numbers[index] for name, index in graph.outputs.items()} if complete else {}
    outputs = outputs or {"": len(nodes) - 1}
    return Network(
        graph.name, graph.source, " ".join(graph.notes), dict(graph.inputs), tuple(nodes), (), outputs, complete
    )


def kept_nodes(graph: Graph) -> list[int]:
    """The nodes that are written, in order."""
    if graph.first_refused is not None:
        return list(range(graph.first_refused))
    needed: set[int] = set()
    waiting = [*graph.outputs.values()]
    while waiting:
        index = waiting.pop()
        if index >= 0 and index not in needed:
            needed.add(index)
            waiting += _sources(graph.nodes[index])
    return sorted(needed)


def note_left_out(graph: Graph) -> None:
    """Note the layers with parameters that no output needs, which are not written."""
    kept = {*kept_nodes(graph)}
    used = {array.key for index in kept for array in graph.nodes[index].arrays.values()}
    paths: list[str] = []
    count = 0
    for index, node in enumerate(graph.nodes):
        own = [name for name, array in node.arrays.items() if array.key not in used]
        if index not in kept and own and node.layer is not None:
            weights = node.layer.weights(tuple(map(graph.shape_at, node.inputs)))
            count += sum(prod(each.shape) for each in weights if each.name in own and each.role != "buffer")
            used.update(array.key for array in node.arrays.values())
            paths.append(graph.scopes[node.scope].path or node.layer.kind)
    if paths:
        graph.note(f"Left out with {count:,} parameters, as no output needs it: {listed(paths)}.")


def _sources(node: GraphNode) -> Iterator[int]:
    """The nodes that a node needs."""
    yield from node.inputs
    yield from (other for other in (node.shares, node.like) if other is not None)


def _paths(graph: Graph, kept: list[int]) -> dict[int, str]:
    """For each node the path of the module that made it; with its kind and a number where it made several."""
    made = Counter(graph.nodes[index].scope for index in kept)
    children = {scope.parent for scope in graph.scopes}
    counts: Counter[tuple[int, str]] = Counter()
    found = {}
    for index in kept:
        scope, layer = graph.nodes[index].scope, graph.nodes[index].layer
        assert layer is not None
        path = graph.scopes[scope].path
        if not path or made[scope] > 1 or scope in children:
            counts[scope, layer.kind] += 1
            segment = add_number(layer.kind, counts[scope, layer.kind])
            path = f"{path}.{segment}" if path else segment
        found[index] = path
    return found
