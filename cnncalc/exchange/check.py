"""Whether a network that was read from a text is the graph of which the text was made: nothing is taken on trust."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.exchange.graph import Graph
from cnncalc.layers.base import Layer, Shapes
from cnncalc.layers.window import Windowed
from cnncalc.network import INPUT, Network


def agrees(graph: Graph, order: Sequence[int], network: Network) -> bool:
    """Whether the nodes of the graph, in the order of the text, are those of the network: layers, inputs, sizes, shared
    weights, outputs. So parameters and macs are equal, too."""
    if len(order) != len(network.nodes) or network.inputs != graph.inputs or not network.complete:
        return False
    number = {index: at for at, index in enumerate(order)}
    number.update((INPUT - at, INPUT - at) for at in range(len(graph.inputs)))
    for index, node in zip(order, network.nodes, strict=True):
        own = graph.nodes[index]
        if own.layer is None or own.output != node.output:
            return False
        if tuple(number.get(each) for each in own.inputs) != node.inputs:
            return False
        if not _is_same(own.layer, node.layer, node.input_shapes):
            return False
        if (None if own.shares is None else number.get(own.shares)) != node.shares:
            return False
    return {name: number.get(index) for name, index in graph.outputs.items()} == network.outputs


def _is_same(ours: Layer, theirs: Layer, shapes: Shapes) -> bool:
    """Whether layers are equal, whichever way their padding is written: `half` is 1 for a kernel of 3."""
    if ours == theirs:
        return True
    if type(ours) is not type(theirs) or not isinstance(ours, Windowed) or not isinstance(theirs, Windowed):
        return False
    rest = (name for name in ours.settings if name != "padding")
    if ours.axes(shapes) != theirs.axes(shapes):
        return False
    return all(getattr(ours, name) == getattr(theirs, name) for name in rest)
