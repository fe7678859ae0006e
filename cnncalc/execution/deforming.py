"""Windows whose elements are moved, and the points between positions at which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import floor, isfinite
from typing import TYPE_CHECKING

from cnncalc.execution.ops import kernel_rows, slide_axes
from cnncalc.layers.ops import Deformation, Kernel, Map, Values, WindowSettings
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.execution.ops import WindowOps


def deform(ops: WindowOps, x: Map, how: Deformation, kernel: Kernel, windows: WindowSettings) -> Map:
    """Convolve a map of two axes, each element of a window read where it is moved to."""
    axes = slide_axes(x.sizes, windows)
    places = list(product(*(axis.starts for axis in axes)))
    taps = list(product(*(axis.taps for axis in axes)))
    channels = x.channels()
    per = len(channels) // how.parts
    read: list[list[Values]] = [[] for _ in taps]  # of each tap, every channel
    for part, (number, tap) in product(range(how.parts), enumerate(taps)):
        point = part * len(taps) + number
        points = [
            [ops.shift([move], place[at] + tap[at] - axis.before)[0] for move, place in zip(moves, places, strict=True)]
            for at, (axis, moves) in enumerate(zip(axes, how.moves[2 * point : 2 * point + 2], strict=True))
        ]
        found = ops.sample(channels[part * per : (part + 1) * per], x.sizes, points)
        read[number] += [ops.multiply(each, how.factors[point]) for each in found] if how.factors else found
    ins, outs = len(channels) // kernel.groups, kernel.out // kernel.groups
    rows = kernel_rows(kernel.weight, kernel.out, ins)
    made: list[Values] = []
    for group in range(kernel.groups):
        own = slice(group * outs, (group + 1) * outs)
        columns = [each for tap in read for each in tap[group * ins : (group + 1) * ins]]
        biases = kernel.bias and kernel.bias[own]
        made += map(
            list,
            zip(*(ops.dots(list(window), rows[own], biases) for window in zip(*columns, strict=True)), strict=True),
        )
    return Map.of_channels(made, tuple(len(axis.starts) for axis in axes))


class Corner(NamedTuple):
    """A position beside a point: its share in what is read there, and how the share changes with the point."""

    at: int
    share: float
    by_row: float
    by_column: float


def corners_of(sizes: tuple[int, ...], point: tuple[float, ...]) -> Iterator[Corner]:
    """The positions of a map of two axes around a point; none beyond the edge."""
    if not all(map(isfinite, point)):
        return
    (top, left), (height, width) = map(floor, point), sizes
    down, right = point[0] - top, point[1] - left
    for y, tall, by_row in ((top, 1 - down, -1), (top + 1, down, 1)):
        for x, wide, by_column in ((left, 1 - right, -1), (left + 1, right, 1)):
            if 0 <= y < height and 0 <= x < width:
                yield Corner(y * width + x, tall * wide, by_row * wide, by_column * tall)


def shares_of(sizes: tuple[int, ...], point: tuple[float, ...]) -> Iterator[tuple[int, float]]:
    """The positions of a map of two axes around a point, and their shares."""
    return ((corner.at, corner.share) for corner in corners_of(sizes, point))
