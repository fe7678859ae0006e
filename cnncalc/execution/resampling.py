"""The positions of the outputs of a resampling between those of its input, and the weights of the input positions.

Positions are floats, as PyTorch computes them; one that is all but whole is taken for whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from cnncalc.layers.ops import Resampling

Shares = tuple[tuple[int, float], ...]  # positions and their weights in an output

CUBIC = -0.75  # the parameter a of the cubic convolution kernel, as PyTorch has it
ALMOST = 1e-9  # relative tolerance within which a position is an integer


def count_scaled(size: int, factor: float) -> int:
    """The number of outputs for a number of inputs and a factor, rounded down."""
    count = 0
    while count + 1 <= size * factor:
        count += 1
    return count


def is_plain(size: int, made: int, mode: str, axes: int) -> bool:
    """Whether an axis is copied, or its positions repeated twice, whatever the factor is, as in PyTorch."""
    if mode == "linear":
        return made == size
    return mode == "nearest" and axes == 2 and made in (size, size + size)


def points(size: int, made: int, factor: float | None, how: Resampling) -> Iterator[float]:
    """The position of each output, in positions of the input."""
    if how.align_corners:
        step, shift = ((size - 1) / (made - 1) if made > 1 else 0.0), 0.0
    else:
        step = size / made if factor is None else 1 / factor
        shift = 0.0 if how.mode == "nearest" else 0.5
    for y in range(made):
        point = (y + shift) * step - shift
        yield round(point) if abs(point - round(point)) < ALMOST * max(abs(point), 1.0) else point


def around(point: float, size: int, mode: str) -> Shares:
    """The positions around a point with their weights; one beyond the edge is replaced by the one at the edge.

    Source of the cubic kernel: R. Keys, Cubic convolution interpolation for digital image processing, IEEE TASSP 1981.
    """
    if mode == "linear":
        point = max(point, 0.0)
    below = min(floor(point), size - 1)
    if mode == "nearest":
        return ((below, 1.0),)
    rest = min(max(point - below, 0.0), 1.0)
    if mode == "linear":
        return (below, 1.0 - rest), (min(below + 1, size - 1), rest)
    return tuple((min(max(below + tap, 0), size - 1), cubic(abs(rest - tap))) for tap in (-1, 0, 1, 2))


def cubic(distance: float) -> float:
    """The weight of a position at a distance from 0 to 2."""
    d = distance
    if d <= 1:
        return ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1
    return ((d - 5) * d + 8) * d * CUBIC - 4 * CUBIC
