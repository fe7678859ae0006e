"""Whether a shifted input gives a shifted output: what weights that all positions share are for.

A layer is executed by itself, on a map that is as small as a few neighbouring units need, and on the same map shifted
by its stride: each unit must then be what its neighbour was. Units whose windows reach the border are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from random import Random

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import execute
from cnncalc.execution.weights import sample_array
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Shape, Shapes
from cnncalc.layers.ops import Map
from cnncalc.layers.reach import Window
from cnncalc.network import Node
from cnncalc.records import NamedTuple

UNITS = 3  # neighbours on an axis that a map has room for
LARGEST = 100_000  # elements of such a map: those of very large windows are not tried
TRIES = 8  # of a layer that is found to shift although positions have weights of their own
CLOSE = 1e-9  # relative difference of two numbers that are summed in another order


class Shifts(NamedTuple):
    """Whether a layer shares its weights among positions, and whether its output was found to shift with its input."""

    declared: bool
    found: bool


def try_shift(node: Node) -> Shifts | None:
    """Try a layer with few channels; None for one that does not slide over positions, or has no room to be shifted."""
    windows = _find_windows(node)
    if windows is None:
        return None
    sizes = tuple(
        min(size, (axis.kernel - 1) * axis.dilation + 1 + UNITS * axis.stride)
        for size, axis in zip(node.input_shapes[0][1:], windows, strict=True)
    )
    small = _resize(node, sizes)
    windows = small and _find_windows(small)
    if small is None or windows is None or prod(small.input_shapes[0]) > LARGEST:
        return None
    pairs = list(_list_pairs(windows, sizes, small.output[1:]))
    if not pairs:
        return None
    steps = tuple(axis.stride if size > axis.stride else 0 for axis, size in zip(windows, sizes, strict=True))
    declared = _shares_weights(small)
    # weights of positions may have no effect on some numbers, as those of a `prelu` on positive ones, or on none at
    # all, as after a norm over a single element: then nothing is told
    found = all(_shifts(small, steps, pairs, seed) for seed in range(1 if declared else TRIES))
    return Shifts(declared, found) if declared or not found else None


def _shifts(node: Node, steps: Shape, pairs: Sequence[tuple[int, int]], seed: int) -> bool:
    """Whether all pairs of units agree."""
    channels = zip(_execute(node, None, seed).channels(), _execute(node, steps, seed).channels(), strict=True)
    return all(_agree(before[one], after[other]) for before, after in channels for one, other in pairs)


def _find_windows(node: Node) -> tuple[Window, ...] | None:
    """The window on each axis of a layer that slides over its inputs, which have equal sizes."""
    sizes = {shape[1:] for shape in node.input_shapes}
    if len(sizes) != 1 or not node.input_shapes[0][1:] or len(node.output) != len(node.input_shapes[0]):
        return None
    reach = node.layer.reach(node.input_shapes, node.output)
    if reach == "pointwise":
        return (Window(1),) * (len(node.output) - 1)
    if isinstance(reach, tuple) and all(isinstance(rule, Window) for rule in reach):
        return tuple(rule for rule in reach if isinstance(rule, Window))
    return None


def _resize(node: Node, sizes: Shape) -> Node | None:
    """The layer on inputs of other sizes; None if they do not fit it."""
    inputs: Shapes = tuple((shape[0], *sizes) for shape in node.input_shapes)
    try:
        return node._replace(input_shapes=inputs, output=node.layer.output_shape(inputs))
    except LayerError:
        return None


def _list_pairs(windows: Sequence[Window], sizes: Shape, outputs: Shape) -> Iterator[tuple[int, int]]:
    """Units of the first execution, with those that see the same in the second; as indexes in a channel."""
    axes = []
    for axis, size, output in zip(windows, sizes, outputs, strict=True):
        inside = [
            u for u in range(output)
            if u * axis.stride - axis.before >= 0
            and u * axis.stride - axis.before + (axis.kernel - 1) * axis.dilation < size
        ]  # fmt: skip
        # an axis that is no longer than its stride is not shifted
        back = 1 if size > axis.stride else 0
        axes.append([(u, u - back) for u in inside if not back or u - 1 in inside])
    if not any(one != other for pairs in axes for one, other in pairs):
        return
    for place in product(*axes):
        one = other = 0
        for (at, to), output in zip(place, outputs, strict=True):
            one, other = one * output + at, other * output + to
        yield one, other


def _execute(node: Node, steps: Shape | None, seed: int) -> Map:
    """Execute a layer on a random map, or on the same shifted, with other numbers where it is empty then."""
    inputs = []
    for number, shape in enumerate(node.input_shapes):
        chance = Random(f"shift {seed} {node.path} {number}").uniform
        values = {place: chance(-1, 1) for place in product(*map(range, shape))}
        if steps is not None:
            moves = (0, *steps)
            values = {
                place: values.get(tuple(at + step for at, step in zip(place, moves, strict=True)), 0.5)
                for place in values
            }
        inputs.append(Map(shape, list(values.values())))

    def weigh(node: Node, name: str, shape: Shape) -> list[float]:
        return sample_array(0, node, name, shape)

    return execute(node, tuple(inputs), weigh, Numbers())


def _agree(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= CLOSE * max(abs(one), abs(other), 1.0) or (one != one and other != other)


def _shares_weights(node: Node) -> bool:
    """Whether a layer has the same arrays on a larger map, so that none of them belongs to a position."""
    larger = tuple((shape[0], *(2 * size for size in shape[1:])) for shape in node.input_shapes)
    return node.layer.weights(node.input_shapes) == node.layer.weights(larger)
