"""Executing a network, layer by layer, with any kind of elements (see `interpretations`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map, Ops
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node

GetNodeWeight = Callable[[Node, str, Shape], list[float]]  # (node, name, shape) → the array, flat
Visit = Callable[[Node, Map], None]
Watch = Callable[[Node, Mapping[int, Map], Collection[int]], None]


def ignore(node: Node, made: Map) -> None:
    """Do nothing with the output of a layer."""


def overlook(node: Node, alive: Mapping[int, Map], released: Collection[int]) -> None:
    """Do nothing with the maps that are alive while a layer runs, and the indexes of those released afterwards."""


def execute(node: Node, inputs: tuple[Map, ...], weigh: GetNodeWeight, ops: Ops) -> Map:
    """The output of one layer."""
    return node.layer.execute(inputs, lambda name, shape: weigh(node, name, shape), ops)


def run(
    network: Network,
    starts: Sequence[Map],
    weigh: GetNodeWeight,
    ops: Ops,
    *,
    keep: Collection[int] | None = None,
    whole: bool = False,
    visit: Visit = ignore,
    watch: Watch = overlook,
) -> dict[int, Map]:
    """The outputs of the layers in `keep` (of all, if None), by index; those of the inputs are negative.

    `starts` are the inputs, in order. Only the layers that are needed are executed, unless `whole`, and a map is
    released after its last reader.
    """
    wanted = find_needed(network, None if whole else keep)
    readers = Counter(index for node in network.nodes if node.index in wanted for index in node.inputs)
    pools = {node.inputs[1] for node in network.nodes if node.layer.restores and node.index in wanted}
    each = zip(network.starts, starts, strict=True)
    made: dict[int, Map] = {at: start for at, start in each if readers[at] or keep is None or at in keep}
    for node in network.nodes:
        if node.index not in wanted:
            continue
        inputs = tuple(made[index] for index in node.inputs)
        result = execute(node, inputs, weigh, ops)
        if node.index in pools and isinstance(node.layer, Windowed):
            result = ops.with_indices(result, inputs[0], node.layer.window_settings)
        made[node.index] = result
        visit(node, result)
        readers.subtract(node.inputs)
        used = (*node.inputs, node.index)
        released = {index for index in used if not readers[index] and keep is not None and index not in keep}
        watch(node, made, released)
        for index in released:
            made.pop(index, None)
    return made


def find_needed(network: Network, keep: Collection[int] | None) -> set[int]:
    """The indexes of the layers that must be executed for the outputs in `keep`."""
    if keep is None:
        return {node.index for node in network.nodes}
    found: set[int] = set()
    for node in reversed(network.nodes):
        if node.index in keep or node.index in found:
            found.add(node.index)
            found.update(index for index in node.inputs if index >= 0)
    return found
