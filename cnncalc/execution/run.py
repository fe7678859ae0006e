"""Executing a network, layer by layer, with any kind of elements (see `interpretations`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map, Ops
from cnncalc.network import INPUT, Network, Node

GetNodeWeight = Callable[[Node, str, Shape], list[float]]  # (node, name, shape) → the array, flat
Visit = Callable[[Node, Map], None]


def ignore(node: Node, made: Map) -> None:
    """Do nothing with the output of a layer."""


def execute(node: Node, inputs: tuple[Map, ...], weigh: GetNodeWeight, ops: Ops) -> Map:
    """The output of one layer."""
    return node.layer.execute(inputs, lambda name, shape: weigh(node, name, shape), ops)


def run(
    network: Network,
    start: Map,
    weigh: GetNodeWeight,
    ops: Ops,
    *,
    keep: Collection[int] | None = None,
    whole: bool = False,
    visit: Visit = ignore,
) -> dict[int, Map]:
    """The outputs of the layers in `keep` (of all, if None), by index; INPUT is the input.

    Only layers needed for these are executed, unless `whole`; outputs that no later layer reads are released.
    """
    wanted = find_needed(network, None if whole else keep)
    readers = Counter(index for node in network.nodes if node.index in wanted for index in node.inputs)
    made: dict[int, Map] = {INPUT: start}
    for node in network.nodes:
        if node.index not in wanted:
            continue
        result = made[node.index] = execute(node, tuple(made[index] for index in node.inputs), weigh, ops)
        visit(node, result)
        readers.subtract(node.inputs)
        for index in (*node.inputs, node.index):
            if not readers[index] and keep is not None and index not in keep:
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
            found.update(index for index in node.inputs if index != INPUT)
    return found
