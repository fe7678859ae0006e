"""What it takes to execute a network, told beforehand, so that what would not end is refused and not begun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import NamedTuple

from cnncalc import limits
from cnncalc.execution.cones import ranges
from cnncalc.layers.base import Shape
from cnncalc.layers.reach import AdaptiveWindow, Rule
from cnncalc.layers.window import Windowed
from cnncalc.network import INPUT, Network, Node

# steps, some twenty nanoseconds each
ELEMENT, BORDER = 50, 8  # of making an element, and of one that is padding
UNIT, FOLLOWED = 20, 4  # of a unit whose windows are followed back, and of each element looked at
LARGE = 50  # settings that an ordinary layer does not have
WORD = 128  # positions of a traced set that take a step more


class Effort(NamedTuple):
    """What a layer takes; `steps` weighs it: an operation is one."""

    operations: int = 0
    elements: int = 0  # of the output, and of what is laid out around it
    units: int = 0  # on each axis, those beyond the borders that windows lead to included
    steps: int = 0


def operations(node: Node) -> int:
    """Operations of all kinds; macs are multiplications already counted."""
    work = node.layer.work(node.input_shapes, node.output)
    return sum(work) - work.macs


def count_border(node: Node) -> int:
    """Elements around a map that are held while a window slides over it: padding, and what a last one hangs over.

    A transposed window writes on a map before its padding is cut off.
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
    """Positions that are tried for each part of an adaptive pool: on every axis all of the input."""
    reach = node.layer.reach(node.input_shapes, node.output)
    rules = reach if isinstance(reach, tuple) else ()
    return sum(rule.input * rule.output for rule in rules if isinstance(rule, AdaptiveWindow))


def execution(node: Node, input: Shape) -> Effort:
    """Of counting and tracing the layer; each element is traced as a set of the positions of all axes."""
    done, made, around = operations(node), prod(node.output), count_border(node)
    steps = done + around * BORDER + count_tried(node) * FOLLOWED
    if isinstance(node.layer, Windowed) and not node.layer.slides:
        made += prod(node.input_shapes[0][1:]) * prod(node.layer.kernels(node.input_shapes))  # each added onto the map
    return Effort(done, made + around, 0, steps + made * (ELEMENT + sum(input[1:]) // WORD))


def following(network: Network) -> Iterator[Effort]:
    """Of following each layer's windows back, also where they leave the input and the maps between."""
    axes = [ranges(network, axis) for axis in range(len(network.input) - 1)]
    words = sum(network.input[1:]) // WORD
    for node in network.nodes:
        reach = node.layer.reach(node.input_shapes, node.output)
        units = looked = 0
        for axis, found in enumerate(axes):
            if node.index in found:
                own = length(found[node.index])
                units += own + (length(found[INPUT]) if INPUT in node.inputs else 0)
                looked += own * (looks(reach[axis]) if isinstance(reach, tuple) else 1)
        yield Effort(0, 0, units, units * UNIT + looked * (FOLLOWED + words))


def length(interval: tuple[int, int]) -> int:
    """Positions from the first to the last."""
    return interval[1] - interval[0] + 1


def looks(rule: Rule) -> int:
    """Elements that are looked at to find which of them an output reads."""
    return rule.input // rule.output + 2 if isinstance(rule, AdaptiveWindow) else getattr(rule, "kernel", 4)


def efforts(network: Network, nodes: Sequence[Node], most: int) -> list[Effort]:
    """What the input takes, and then each layer, `nodes` what is executed in place of the network's layers.

    Where that is more than `most` already, following the windows is left out.
    """
    start = prod(network.input)
    found = [Effort(0, start, 0, start * (ELEMENT + sum(network.input[1:]) // WORD))]
    found += [execution(node, network.input) for node in nodes]
    if total(found) > most:
        return found
    added = [Effort(), *following(network)]
    return [Effort(*map(sum, zip(*both, strict=True))) for both in zip(found, added, strict=True)]


def total(found: Iterable[Effort]) -> int:
    """Steps of all."""
    return sum(effort.steps for effort in found)


def too_much(network: Network, nodes: Sequence[Node], most: int) -> str:
    """Where executing these takes more steps than `most`: which of them takes how much, and what would take less."""
    found = efforts(network, nodes, most)
    if total(found) <= most:
        return ""
    node, (done, made, units, steps) = max(zip((None, *nodes), found, strict=True), key=lambda pair: pair[1].steps)
    where = node.path if node else "the input"
    parts = {"operations": done, "elements": made, "units to follow back": units}
    listed = ", ".join(f"{format_count(number)} {part}" for part, number in parts.items() if number)
    setting = largest_setting(node) if node else ""
    if units * UNIT > max(done, made * ELEMENT):
        help = f"a smaller {setting or 'stride'} there reaches less far beyond the input"
    else:
        help = f"a smaller {setting} there takes less" if setting else "a smaller --input or fewer layers take less"
    return (
        f"even with few channels {network.name} takes {format_count(total(found))} steps,"
        f" {format_count(steps)} of them for {where} ({listed}), and more than {most:,} are refused; {help}"
    )


def format_count(number: int) -> str:
    """All digits, as long as anybody would read them, and as ranges are followed.

    >>> format_count(10**9), format_count(2 * 10**40)
    ('1,000,000,000', '10^18 or more')
    """
    return f"{number:,}" if number < limits.POSITION else "10^18 or more"


def largest_setting(node: Node) -> str:
    """The name of the setting that is by far the largest of a layer, if there is one that is large."""
    found = {name: largest(getattr(node.layer, name)) for name in node.layer.settings}
    name = max(found, key=lambda name: found[name], default="")
    return name if name and found[name] > LARGE else ""


def largest(value: object) -> float:
    """The largest number in a setting; 0 where there is none."""
    if isinstance(value, tuple):
        return max(map(largest, value), default=0)
    return value if isinstance(value, int | float) else 0
