"""Windows over padded maps. Their positions are found by sliding them; no formula for the output size is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from cnncalc.layers.ops import PaddingOf, Values
from cnncalc.records import NamedTuple


class Sliding(NamedTuple):
    """The windows on one axis: their `starts` on the padded input, and the offsets of their elements, `taps`."""

    size: int
    before: int
    padded: int  # length with the padding on both sides
    length: int  # length including the part of the last window beyond the padding
    starts: tuple[int, ...]
    taps: tuple[int, ...]

    def on_padded(self, start: int) -> int:
        """The number of elements of a window on the input or its padding."""
        return sum(start + tap < self.padded for tap in self.taps)

    def on_input(self, start: int) -> int:
        """The number of elements of a window on the input itself."""
        return sum(self.before <= start + tap < self.before + self.size for tap in self.taps)


def slide(
    size: int,
    kernel: int,
    stride: int,
    padding: str | tuple[int, int],
    dilation: int,
    *,
    ceil: bool = False,
    dialect: str = "",
) -> Sliding:
    """Slide a window from the beginning of the padded input, one stride at a time, while it fits.

    With `ceil` it continues until a window ends at or after the end; if that window starts at or after the end of the
    input, PyTorch drops it always, Caffe only with padding.
    """
    taps = tuple(number * dilation for number in range(kernel))
    before, after = resolve_sides(padding, size, stride, taps)
    padded = before + size + after
    starts = []
    at = 0
    while at + taps[-1] < padded:
        starts.append(at)
        at += stride
    if ceil:
        if at - stride + taps[-1] + 1 < padded:
            starts.append(at)
        if starts and starts[-1] >= before + size and (dialect == "pytorch" or before > 0 or after > 0):
            starts.pop()
    length = max(padded, starts[-1] + taps[-1] + 1) if starts else padded
    return Sliding(size, before, padded, length, tuple(starts), taps)


def resolve_sides(padding: str | tuple[int, int], size: int, stride: int, taps: Sequence[int]) -> tuple[int, int]:
    """The padding before and after, given by numbers or by a word.

    `same`: one window for every stride-th input position, and as much padding as the last of them needs, the smaller
    half before. `half` and `full`: half the distance, or the distance, from a window's first element to its last.
    """
    if not isinstance(padding, str):
        return padding
    distance = taps[-1]
    if padding == "same":
        total = max(range(0, size, stride)[-1] + distance + 1 - size, 0)
        return total // 2, total - total // 2
    side = {"valid": 0, "half": distance // 2, "full": distance}[padding]
    return side, side


def expand_padding(padding: PaddingOf, axes: int) -> list[str | tuple[int, int]]:
    """A padding as a word or a pair for each axis."""
    one_each = padding if isinstance(padding, tuple) else (padding,) * axes
    return [(side, side) if isinstance(side, int) else side for side in one_each]


def lay_out(channels: Sequence[Values], axes: Sequence[Sliding], fill: Any) -> Values:
    """The padded map as one flat list, with all channels of a position next to each other."""
    count = len(channels)
    sizes = [axis.size for axis in axes]
    if all(axis.length == axis.size for axis in axes):
        if count == 1:
            return channels[0]
        flat = [fill] * (count * prod(sizes))
        for number, channel in enumerate(channels):
            flat[number::count] = channel
        return flat
    flat = [fill] * (count * prod(axis.length for axis in axes))
    *outer, last = axes
    steps = compute_strides([axis.length for axis in axes], count)
    rows = product(*(range(axis.before, axis.before + axis.size) for axis in outer))
    for number, row in enumerate(rows):
        base = sum(at * step for at, step in zip(row, steps, strict=False)) + last.before * count
        end = base + last.size * count
        for offset, channel in enumerate(channels):
            flat[base + offset : end + offset : count] = channel[number * last.size : (number + 1) * last.size]
    return flat


def compute_strides(lengths: Sequence[int], innermost: int) -> list[int]:
    """The distance in a flat list between neighbours on each axis."""
    found = [innermost]
    for length in reversed(lengths[1:]):
        found.insert(0, found[0] * length)
    return found


def iterate_patches(channels: Sequence[Values], axes: Sequence[Sliding], fill: Any) -> Iterator[Values]:
    """The elements of every window, in the order of the outputs; within a window tap by tap, channel by channel."""
    flat = lay_out(channels, axes, fill)
    count = len(channels)
    steps = compute_strides([axis.length for axis in axes], count)
    *outer, last = axes
    lines = [
        sum(tap * step for tap, step in zip(taps, steps, strict=False)) for taps in product(*(a.taps for a in outer))
    ]
    dilation = last.taps[1] - last.taps[0] if len(last.taps) > 1 else 1
    if dilation == 1 or count == 1:
        runs = [(line, line + last.taps[-1] * count + count, dilation) for line in lines]
    else:
        runs = [(line + tap * count, line + tap * count + count, 1) for line in lines for tap in last.taps]
    origins = (
        sum(start * step for start, step in zip(starts, steps, strict=True))
        for starts in product(*(axis.starts for axis in axes))
    )
    if len(runs) == 1:
        begin, end, step = runs[0]
        for origin in origins:
            yield flat[origin + begin : origin + end : step]
        return
    for origin in origins:
        patch: Values = []
        for begin, end, step in runs:
            patch += flat[origin + begin : origin + end : step]
        yield patch


def iterate_patches_on_map(channel: Values, axes: Sequence[Sliding], fill: Any) -> Iterator[Values]:
    """The elements of every window of one channel without those beyond the padding; `fill` for an empty window.

    The last window of a pool with `ceil` may extend beyond the padding; there are no elements, not even zeros.
    """
    if all(axis.length == axis.padded for axis in axes):
        return iterate_patches([channel], axes, fill)
    padded = lay_out([channel], [axis._replace(length=axis.padded) for axis in axes], fill)
    around = [axis._replace(size=axis.padded, before=0) for axis in axes]
    windows = iterate_patches([padded], around, None)
    return ([element for element in window if element is not None] or [fill] for window in windows)
