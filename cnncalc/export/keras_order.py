"""In which order a flattened map has its elements: with the channels last, those of a position are together."""

from __future__ import annotations

from collections import defaultdict

from cnncalc.layers import FAMILIES
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Node

_ELEMENTWISE = frozenset({"dropout", "stochastic_depth", "affine", "power", "clip", "sqrt", "abs", "exp", "log"})


def _is_elementwise(node: Node) -> bool:
    """Whether a layer does the same with each element, and learns nothing."""
    kind = node.layer.kind
    return kind in _ELEMENTWISE or (FAMILIES.get(kind) == "activation" and kind != "prelu")


def flattens_in_order(network: Network) -> set[int]:
    """The flattening layers whose elements must be in our order; after the others linear layers alone read them.

    The weights of such a linear layer belong to the elements in Keras's order.
    """
    readers: dict[int, list[Node]] = defaultdict(list)
    for node in network.nodes:
        for index in node.inputs:
            readers[index].append(node)
    ends = set(network.outputs.values())
    free: set[int] = set()  # what may be in any order
    for node in reversed(network.nodes):
        after = readers[node.index]
        if node.index not in ends and all(
            each.layer.kind == "linear" or (_is_elementwise(each) and each.index in free) for each in after
        ):
            free.add(node.index)
    return {node.index for node in network.nodes if node.layer.kind == "flatten" and node.index not in free}


def flattened(network: Network, node: Node) -> Shape | None:
    """The map, in our order, whose elements a linear layer reads in Keras's order; None if it reads them in ours."""
    index = node.inputs[0]
    while index >= 0:
        before = network.nodes[index]
        if before.layer.kind == "flatten":
            return None if index in flattens_in_order(network) else before.input_shapes[0]
        if not _is_elementwise(before):
            return None
        index = before.inputs[0]
    return None
