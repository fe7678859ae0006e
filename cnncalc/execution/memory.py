"""Predictions of the memory for executing a network, so that an execution that would not fit is refused.

A map is a list with 8 bytes for each element, plus the element itself unless it is shared: a float, or a traced set of
input positions. `run` releases a map after its last reader, so the peak is at one layer: the maps that are still to be
read, and the working memory of that layer. The constants were measured on CPython 3.11 to 3.13;
`tests/execution/test_memory.py` checks the prediction for every kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from math import prod
from sys import getsizeof

from cnncalc import limits
from cnncalc.execution.effort import Effort, count_border, count_positions, estimate_efforts
from cnncalc.layers.base import Shape
from cnncalc.layers.channels import Chosen
from cnncalc.network import Network, Node, positions_of
from cnncalc.records import NamedTuple

POINTER = 8  # of an element in a list
WORKING = 12 * POINTER  # for each element that a layer reads, computes or stores meanwhile: lists of lists
ARRAY = 24 + 4 * POINTER  # for each element of its arrays: a float in a list, in rows, and in slices of these
INTERVAL = 136  # for a unit that is followed back: a pair of integers
SHOWN = 20 * POINTER  # for an element that is shown: digits in a cell and in the output


class Elements(NamedTuple):
    """The size of elements in an interpretation. `shared`: channels that read the same share their elements."""

    bytes: int
    shared: bool


NUMBERS = Elements(24, shared=False)
ONES = Elements(0, shared=True)  # for counting: all are the same object


def position_sets(*inputs: Shape) -> Elements:
    """Sets of positions of the inputs, a bit for each of them, as memory is allotted: in units of 16 bytes."""
    positions = sum(sum(positions_of(shape)) for shape in inputs)
    return Elements(-(-getsizeof(1 << positions) // 16) * 16, shared=True)


class Peak(NamedTuple):
    """The maximum memory at one time, and its layer; None for the input."""

    bytes: int
    node: Node | None


def compute_peak(
    network: Network,
    nodes: Sequence[Node],
    elements: Elements,
    *,
    wanted: Collection[int] | None = None,
    keep: Collection[int] = (),
    shown: bool = True,
) -> Peak:
    """The peak of executing `nodes` in place of the network's layers, like `run`.

    Only those in `wanted` are executed (all if None); the outputs in `keep` are kept, and shown if `shown`.
    """
    running = [node.index for node in network.nodes if wanted is None or node.index in wanted]
    readers = Counter(index for at in running for index in network.nodes[at].inputs)
    keep = {*network.starts, *keep}  # who runs a network keeps its inputs
    sizes = {
        start: POINTER * prod(shape) + elements.bytes * prod(positions_of(shape) if elements.shared else shape)
        for start, shape in network.starts.items()
    }
    live = sum(sizes.values())
    found = Peak(live, None)
    for at in running:
        node = nodes[at]
        sizes[at] = output_bytes(node, elements)
        live += sizes[at]
        found = max(
            found, Peak(live + working_bytes(node, elements), node), key=lambda compute_peak: compute_peak.bytes
        )
        readers.subtract(network.nodes[at].inputs)
        for index in {*network.nodes[at].inputs, at}:
            if not readers[index] and index not in keep:
                live -= sizes.pop(index, 0)
    if not shown:
        return found
    return found._replace(bytes=found.bytes + SHOWN * sum(prod(nodes[at].output) for at in keep if at >= 0))


def output_bytes(node: Node, elements: Elements) -> int:
    """The size of a layer's output in bytes."""
    return POINTER * prod(node.output) + elements.bytes * count_distinct(node, elements)


def count_distinct(node: Node, elements: Elements) -> int:
    """The number of different objects among the output's elements: channels that read the same may share them."""
    rule = node.layer.channels(node.input_shapes, node.output)
    if elements.shared and isinstance(rule, Chosen) and not node.layer.gated:
        return prod(node.output[1:]) * rule.groups
    return prod(node.output)


def working_bytes(node: Node, elements: Elements) -> int:
    """The bytes that executing a layer takes besides its inputs and its output."""
    inner = node.layer.inner_elements(node.input_shapes, node.output) + node.layer.scratch_elements(node.input_shapes)
    passing = sum(map(prod, node.input_shapes)) + count_border(node) + inner + prod(node.output)
    arrays = sum(prod(weight.shape) for weight in node.layer.weights(node.input_shapes))
    return WORKING * passing + elements.bytes * (inner + count_distinct(node, elements)) + ARRAY * arrays


def verification_peak(network: Network, nodes: Sequence[Node], found: Sequence[Effort]) -> Peak:
    """The peak of counting and tracing `nodes` in place of the network's layers, including the data of the checks.

    These are the visible positions of each layer, and the intervals of units followed back, as many as in `found`.
    """
    sets = position_sets(*network.inputs.values())
    seen = count_positions(network) + len(network.inputs) * sum(
        sum(node.output[1:]) for node in nodes if node.layer.reach(node.input_shapes, node.output) != "pointwise"
    )
    units = sum(effort.units for effort in found)
    counting = compute_peak(network, nodes, ONES, keep=network.outputs.values(), shown=False)
    highest = max(counting, compute_peak(network, nodes, sets), key=lambda peak: peak.bytes)
    return highest._replace(bytes=highest.bytes + seen * (POINTER + sets.bytes) + units * INTERVAL)


def explain_excess_memory(network: Network, nodes: Sequence[Node], steps: int) -> str:
    """The message if verifying `nodes`, in at most `steps`, takes more memory than `limits.MEMORY`; else "".

    It states how much, at which layer, and what helps.
    """
    found = verification_peak(network, nodes, estimate_efforts(network, nodes, steps))
    if found.bytes <= limits.MEMORY:
        return ""
    where = f"at {found.node.path}" if found.node else "for the input"
    return (
        f"even with few channels {network.name} needs {format_megabytes(found.bytes)} of memory, most of it {where},"
        f" more than the limit of {format_megabytes(limits.MEMORY)}; use a smaller --input"
    )


def format_megabytes(number: int) -> str:
    """Format bytes for a message, rounded up.

    >>> format_megabytes(249_000_001), format_megabytes(10**40)
    ('250 MB', '10^12 MB or more')
    """
    return f"{-(-number // 10**6):,} MB" if number < 10**18 else "10^12 MB or more"
