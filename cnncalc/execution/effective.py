"""The effective receptive field: how much of a unit's gradient each position of the input has.

Source: W. Luo et al., Understanding the Effective Receptive Field in Deep Convolutional Neural Networks,
arXiv:1701.04128.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map, fill_map
from cnncalc.records import NamedTuple

Interval = tuple[int, int]  # the first and the last position on an axis


class EffectiveField(NamedTuple):
    """The mean size of the gradient at each position of an input, over all channels; `unit` is the unit's position.

    `theoretical` is the receptive field on each axis, clipped to the input.
    """

    path: str
    unit: Shape
    seeds: int
    shape: Shape  # of the positions
    sizes: list[float]
    theoretical: tuple[Interval, ...]

    def is_inside(self) -> list[float]:
        """1 for each position in the theoretical field, 0 for others."""
        axes = [
            [low <= at <= high for at in range(n)] for n, (low, high) in zip(self.shape, self.theoretical, strict=True)
        ]
        return [float(all(each)) for each in product(*axes)]

    def measure_box(self, share: float) -> Shape:
        """The sizes of the smallest box around the middle of the theoretical field with a share of all gradients.

        It grows by a position on both sides of every axis, and is clipped to the theoretical field.
        """
        total = sum(self.sizes)
        found: list[Interval] = []
        for more in range(max(high - low for low, high in self.theoretical) // 2 + 1):
            found = [
                (max((low + high) // 2 - more, low), min((low + high + 1) // 2 + more, high))
                for low, high in self.theoretical
            ]
            if sum(self.sizes[at] for at in list_positions(self.shape, found)) >= share * total:
                break
        return tuple(high - low + 1 for low, high in found)


def list_positions(shape: Shape, box: Sequence[Interval]) -> list[int]:
    """The positions of a box, as indexes of a flat list."""
    steps = [prod(shape[at + 1 :]) for at in range(len(shape))]
    ranges = [range(low * step, high * step + 1, step) for (low, high), step in zip(box, steps, strict=True)]
    return [sum(place) for place in product(*ranges)]


def select_unit(shape: Shape, unit: Shape) -> Map:
    """The gradient of the units of all channels at one position: 1 there, 0 elsewhere."""
    made = fill_map(shape, 0.0)
    size = prod(shape[1:])
    [at] = list_positions(shape[1:], [(each, each) for each in unit])
    for channel in range(shape[0]):
        made.values[channel * size + at] = 1.0
    return made


def add_sizes(sizes: list[float], gradient: Map, times: int) -> list[float]:
    """Add the sizes of a gradient, summed over its channels, divided by how often this is done."""
    for channel in gradient.channels():
        sizes = [total + abs(value) / times for total, value in zip(sizes, channel, strict=True)]
    return sizes
