"""The memory that executing a network takes, predicted, so that what would not fit is refused before it begins.

A map is a list with 8 bytes for each element and, unless elements share it, the element itself: a float, or in tracing
a set of input positions. `run` lets go of a map after its last reader, so that the peak is at one layer: the maps that
are still to be read, and what that layer holds while it works. The constants are measured on CPython 3.11 to 3.13, and
`tests/execution/test_memory.py` holds the prediction against what is taken, for every kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from math import prod
from sys import getsizeof
from typing import NamedTuple

from cnncalc import limits
from cnncalc.execution.effort import Effort, count_border, efforts
from cnncalc.layers.base import Shape
from cnncalc.layers.channels import Chosen
from cnncalc.network import INPUT, Network, Node

PLACE = 8  # of an element in a list
AT_WORK = 12 * PLACE  # of each element that a layer at work reads, makes or holds between: lists of lists of it
ARRAY = 24 + 4 * PLACE  # of each element of its arrays: a float, the list as it is drawn, rows, and slices of these
INTERVAL = 136  # of a unit that is followed back: a pair of whole numbers
SHOWN = 20 * PLACE  # of an element that is shown: digits, in a cell and in the text


class Elements(NamedTuple):
    """What elements are in a reading. `shared` where channels that read the same have the same elements, not copies."""

    bytes: int
    shared: bool


NUMBERS = Elements(24, shared=False)
ONES = Elements(0, shared=True)  # in counting: Python keeps one 1 for all


def sets_of(input: Shape) -> Elements:
    """Sets of positions of the input, a bit for each of them, as memory is allotted: in units of 16 bytes."""
    return Elements(-(-getsizeof(1 << sum(input[1:])) // 16) * 16, shared=True)


class Peak(NamedTuple):
    """The most that is held at one time, and the layer at which it is; None for the input."""

    bytes: int
    node: Node | None


def peak(
    network: Network,
    nodes: Sequence[Node],
    elements: Elements,
    *,
    wanted: Collection[int] | None = None,
    keep: Collection[int] = (),
) -> Peak:
    """The peak of executing `nodes`, which are in the place of the network's layers, as `run` does.

    Only those in `wanted` run (all if None); the outputs in `keep` stay, and are shown.
    """
    running = [node.index for node in network.nodes if wanted is None or node.index in wanted]
    readers = Counter(index for at in running for index in network.nodes[at].inputs)
    keep = {INPUT, *keep}  # who runs a network keeps its input
    sizes = {INPUT: PLACE * prod(network.input) + elements.bytes * prod(network.input[elements.shared :])}
    live = sizes[INPUT]
    found = Peak(live, None)
    for at in running:
        node = nodes[at]
        sizes[at] = held(node, elements)
        live += sizes[at]
        found = max(found, Peak(live + at_work(node, elements), node), key=lambda peak: peak.bytes)
        readers.subtract(network.nodes[at].inputs)
        for index in {*network.nodes[at].inputs, at}:
            if not readers[index] and index not in keep:
                live -= sizes.pop(index, 0)
    return found._replace(bytes=found.bytes + SHOWN * sum(prod(nodes[at].output) for at in keep if at != INPUT))


def held(node: Node, elements: Elements) -> int:
    """Bytes of a layer's output."""
    return PLACE * prod(node.output) + elements.bytes * distinct(node, elements)


def distinct(node: Node, elements: Elements) -> int:
    """Elements of the output that are not one and the same: all, or of channels that read all channels, one's."""
    rule = node.layer.channels(node.input_shapes, node.output)
    if elements.shared and isinstance(rule, Chosen):
        return prod(node.output[1:]) * rule.groups
    return prod(node.output)


def at_work(node: Node, elements: Elements) -> int:
    """Bytes that a layer takes beside its inputs and its output while it is executed."""
    inner = node.layer.inner_elements(node.input_shapes, node.output)
    passing = sum(map(prod, node.input_shapes)) + count_border(node) + inner + prod(node.output)
    arrays = sum(prod(weight.shape) for weight in node.layer.weights(node.input_shapes))
    return AT_WORK * passing + elements.bytes * (inner + distinct(node, elements)) + ARRAY * arrays


def verification(network: Network, nodes: Sequence[Node], found: Sequence[Effort]) -> Peak:
    """The peak of counting and tracing `nodes` in place of the network's layers, with all that they are held against.

    That is what each layer sees position by position, and where the windows of every unit lead: of these `efforts` has
    found how many there are.
    """
    sets = sets_of(network.input)
    seen = sum(network.input[1:]) + sum(
        sum(node.output[1:]) for node in nodes if node.layer.reach(node.input_shapes, node.output) != "pointwise"
    )
    units = sum(effort.units for effort in found)
    highest = max((peak(network, nodes, each) for each in (ONES, sets)), key=lambda peak: peak.bytes)
    return highest._replace(bytes=highest.bytes + seen * (PLACE + sets.bytes) + units * INTERVAL)


def too_large(network: Network, nodes: Sequence[Node], steps: int) -> str:
    """Where verifying `nodes`, which takes no more than `steps`, takes more memory than `limits.MEMORY`.

    How much, at which layer, and what would take less.
    """
    found = verification(network, nodes, efforts(network, nodes, steps))
    if found.bytes <= limits.MEMORY:
        return ""
    where = f"at {found.node.path}" if found.node else "for the input"
    return (
        f"even with few channels {network.name} takes {megabytes(found.bytes)} of memory, most of it {where}, and more"
        f" than {megabytes(limits.MEMORY)} are refused; a smaller --input takes less"
    )


def megabytes(number: int) -> str:
    """Bytes as a message gives them, rounded up.

    >>> megabytes(249_000_001), megabytes(10**40)
    ('250 MB', '10^12 MB or more')
    """
    return f"{-(-number // 10**6):,} MB" if number < 10**18 else "10^12 MB or more"
