"""Estimates of the work of executing a network, so that an execution that would take too long is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from cnncalc import limits
from cnncalc.execution.cones import compute_ranges
from cnncalc.layers.reach import AdaptiveWindow, EveryPosition, Rule
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node, positions_of
from cnncalc.records import NamedTuple

# steps, some twenty nanoseconds each
ELEMENT, BORDER, VIEW = 50, 8, 10  # for computing an element, for an element of padding, and for one of a view
UNIT, FOLLOWED = 20, 4  # for a unit whose windows are followed back, and for each element examined
LARGE = 50  # larger arguments are unusual
WORD = 128  # positions of a traced set per additional step


class Effort(NamedTuple):
    """The effort of a layer; `steps` is their weighted sum, where an operation is one step."""

    count_operations: int = 0
    elements: int = 0  # of the output and of the padded input
    units: int = 0  # on each axis, including units beyond the borders that windows lead to
    steps: int = 0


def count_operations(node: Node) -> int:
    """The number of operations of all kinds; all macs are already counted as multiplications."""
    work = node.layer.work(node.input_shapes, node.output)
    return sum(work) - work.macs - work.attention_macs


def count_border(node: Node) -> int:
    """The number of elements around a map while a window slides over it: padding, and elements beyond it.

    For a transposed window, the elements of the output before its padding is cut off.
    """
    layer = node.layer
    if not isinstance(layer, Windowed):
        return 0
    shape = node.input_shapes[0] if layer.slides else node.output
    lengths = [
        max(size + axis.before + axis.after, (made - 1) * axis.stride + axis.extent if layer.slides else 0)
        for axis, size, made in zip(layer.axes(node.input_shapes), shape[1:], node.output[1:], strict=True)
    ]
    return shape[0] * (prod(lengths) - prod(shape[1:]))


def count_tried(node: Node) -> int:
    """The number of positions tested for the parts of an adaptive pool: on every axis all of the input for each."""
    reach = node.layer.reach(node.input_shapes, node.output)
    rules = reach if isinstance(reach, tuple) else ()
    return sum(rule.input * rule.output for rule in rules if isinstance(rule, AdaptiveWindow))


def count_positions(network: Network) -> int:
    """Positions of all axes of all inputs, of which elements are traced as sets."""
    return sum(sum(positions_of(shape)) for shape in network.inputs.values())


def estimate_execution(node: Node, positions: int) -> Effort:
    """The effort of counting and tracing a layer; each element is traced as a set of this many positions."""
    done, made, around = count_operations(node), prod(node.output), count_border(node)
    steps = done + around * BORDER + count_tried(node) * FOLLOWED
    if isinstance(node.layer, Windowed) and not node.layer.slides:
        made += prod(node.input_shapes[0][1:]) * prod(node.layer.kernels(node.input_shapes))  # each added onto the map
    made += node.layer.scratch_elements(node.input_shapes) if node.layer.samples else 0
    if node.layer.gated:  # what is combined element by element after the dot products
        made += max(done - 2 * node.layer.work(node.input_shapes, node.output).macs, 0)
    reach = node.layer.reach(node.input_shapes, node.output) if node.layer.restores else ()
    if isinstance(reach, tuple) and reach:  # each window of an unpooling is gone through for every channel
        made += prod(node.input_shapes[0]) * prod(getattr(rule, "kernel", 1) for rule in reach)
    each = VIEW if node.layer.storage == "view" else ELEMENT
    return Effort(done, made + around, 0, steps + made * (each + positions // WORD))


def estimate_following(network: Network) -> Iterator[Effort]:
    """Of following each layer's windows back, also where they leave the input and the maps between."""
    axes = [
        (start, axis, compute_ranges(network, axis, start))
        for start, shape in network.starts.items()
        for axis in range(len(positions_of(shape)))
    ]
    words = count_positions(network) // WORD
    for node in network.nodes:
        reach = node.layer.reach(node.input_shapes, node.output)
        units = looked = 0
        for start, axis, found in axes:
            if node.index in found:
                own = interval_length(found[node.index])
                units += own + (interval_length(found[start]) if start in node.inputs and start in found else 0)
                looked += own * (count_examined(reach[axis]) if isinstance(reach, tuple) else 1)
        yield Effort(0, 0, units, units * UNIT + looked * (FOLLOWED + words))


def interval_length(interval: tuple[int, int]) -> int:
    """The number of positions of an interval."""
    return interval[1] - interval[0] + 1


def count_examined(rule: Rule) -> int:
    """The number of elements examined to find which ones an output reads."""
    if isinstance(rule, EveryPosition):
        return rule.size
    return rule.input // rule.output + 2 if isinstance(rule, AdaptiveWindow) else getattr(rule, "kernel", 4)


def estimate_efforts(network: Network, nodes: Sequence[Node], most: int) -> list[Effort]:
    """The effort for the input and for each layer; `nodes` are executed in place of the network's layers.

    If the execution already exceeds `most`, the effort of following the windows is omitted.
    """
    start, positions = sum(map(prod, network.inputs.values())), count_positions(network)
    found = [Effort(0, start, 0, start * (ELEMENT + positions // WORD))]
    found += [estimate_execution(node, positions) for node in nodes]
    if total_steps(found) > most:
        return found
    added = [Effort(), *estimate_following(network)]
    return [Effort(*map(sum, zip(*both, strict=True))) for both in zip(found, added, strict=True)]


def total_steps(found: Iterable[Effort]) -> int:
    """The sum of the steps."""
    return sum(effort.steps for effort in found)


def explain_excess_steps(network: Network, nodes: Sequence[Node], most: int) -> str:
    """The message if executing `nodes` takes more steps than `most`: the costliest layer, and what helps; else ""."""
    found = estimate_efforts(network, nodes, most)
    if total_steps(found) <= most:
        return ""
    node, (done, made, units, steps) = max(zip((None, *nodes), found, strict=True), key=lambda pair: pair[1].steps)
    where = node.path if node else "the input"
    parts = {"operations": done, "elements": made, "units to follow back": units}
    listed = ", ".join(f"{format_count(number)} {part}" for part, number in parts.items() if number)
    setting = largest_setting(node) if node else ""
    if units * UNIT > max(done, made * ELEMENT):
        help = f"use a smaller {setting or 'stride'} there: its windows extend far beyond the input"
    else:
        help = f"use a smaller {setting} there" if setting else "use a smaller --input or fewer layers"
    return (
        f"even with few channels {network.name} needs {format_count(total_steps(found))} steps,"
        f" {format_count(steps)} of them for {where} ({listed}), more than the limit of {most:,}; {help}"
    )


def format_count(number: int) -> str:
    """Format a number with all its digits, up to limits.POSITION.

    >>> format_count(10**9), format_count(2 * 10**40)
    ('1,000,000,000', '10^18 or more')
    """
    return f"{number:,}" if number < limits.POSITION else "10^18 or more"


def largest_setting(node: Node) -> str:
    """The name of the largest argument of a layer, "" if none is unusually large."""
    found = {name: largest_number(getattr(node.layer, name)) for name in node.layer.settings}
    name = max(found, key=lambda name: found[name], default="")
    return name if name and found[name] > LARGE else ""


def largest_number(value: object) -> float:
    """The largest number in the value of a setting; 0 if it has no number."""
    if isinstance(value, tuple):
        return max(map(largest_number, value), default=0)
    return value if isinstance(value, int | float) else 0
