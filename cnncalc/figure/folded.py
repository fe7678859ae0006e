"""The folded graph of a network: what a block diagram has as boxes, as nodes with edges, for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cnncalc.figure import labels
from cnncalc.figure.graph import count_boxes
from cnncalc.figure.kinds import find_role, format_sizes
from cnncalc.figure.layout import Layout
from cnncalc.figure.tree import Chain, Frame, Merge, Step, chains_in, count_of, is_level
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report


READABLE = 80  # nodes


class GraphNode(NamedTuple):
    """A box: `key` is an identifier, `role` its colour in the palette, `times` how often it is repeated."""

    key: str
    label: str
    role: str
    times: int = 1


class Cluster(NamedTuple):
    """A group around nodes and other clusters."""

    key: str
    label: str
    members: tuple[GraphNode | Cluster, ...]


class FoldedGraph(NamedTuple):
    """Nodes in clusters, and edges between keys, each with the shape of what flows along it."""

    name: str
    members: tuple[GraphNode | Cluster, ...]
    edges: tuple[tuple[str, str, str], ...]


def make_graph(report: Report, tree: Chain, depth: int | None) -> FoldedGraph:
    """The graph of a tree with so many levels of groups shown, from 1, or as many as are readable."""
    boxes = count_boxes(tree)
    readable = max((level for level, count in enumerate(boxes) if count <= READABLE), default=0)
    layout = Layout(report, tree, readable if depth is None else depth - 1)
    layout.make_row(tree.items, -1 if len(report.inputs) == 1 else None, 0)
    thing = {index: main for main, layers in layout.things.items() for index in layers}
    members = [
        GraphNode(_key(index), f"{label} {format_sizes(shape)}", "input")
        for (index, label), shape in zip(report.input_labels.items(), report.inputs.values(), strict=True)
    ]
    edges: dict[tuple[str, str], str] = {}
    for source, target in sorted(layout.links):
        start = source if source < 0 else thing.get(source, target)
        if start != target:
            shape = report.layers[source].output if source >= 0 else [*report.inputs.values()][-1 - source]
            edges[_key(start), _key(target)] = format_sizes(shape)
    drawn = _list_members(report, layout, tree, 0)
    return FoldedGraph(report.name, (*members, *drawn), tuple((*ends, text) for ends, text in edges.items()))


def _key(index: int) -> str:
    return f"n{index}" if index >= 0 else f"i{-1 - index}"


def _list_members(report: Report, layout: Layout, chain: Chain, level: int) -> Iterator[GraphNode | Cluster]:
    for item in chain.items:
        if isinstance(item, Step):
            label = labels.label_step(item, report)
            yield GraphNode(_key(item.main), label, find_role(report.layers[item.main].kind), count_of(item))
        elif isinstance(item, Frame):
            yield _make_cluster(report, layout, item, level)
        else:
            for inner in chains_in(item):
                yield from _list_members(report, layout, inner, level)
            if isinstance(item, Merge):
                label = labels.label_merge(item, report, counted=not item.branches)
                yield GraphNode(_key(item.layer), label, "merge", count_of(item))


def _make_cluster(report: Report, layout: Layout, frame: Frame, level: int) -> GraphNode | Cluster:
    label = " ".join(filter(None, labels.head_frame(frame)))
    times = count_of(frame)
    if level >= layout.depth and is_level(frame):
        return GraphNode(_key(frame.first), label, "inner", times)
    members = [*_list_members(report, layout, frame.body, level + is_level(frame))]
    members += [GraphNode(_key(index), report.layers[index].kind, "norm") for index in frame.after[:1]]
    return Cluster(f"g{frame.first}_{level}", label + (f" ×{times}" if times > 1 else ""), tuple(members))


def list_nodes(members: Sequence[GraphNode | Cluster]) -> Iterator[GraphNode]:
    """All nodes, those in clusters included."""
    for member in members:
        if isinstance(member, Cluster):
            yield from list_nodes(member.members)
        else:
            yield member
