"""Windows over padded maps. Their positions are found by sliding; no output size is computed anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

from cnncalc.layers.ops import PaddingOf, Values


class Sliding(NamedTuple):
    """Where the windows lie on one axis: `starts` on the padded input, `taps` from each start."""

    size: int
    before: int
    padded: int  # length with the padding on both sides
    length: int  # length with what a last window that hangs over covers beyond the padding
    starts: tuple[int, ...]
    taps: tuple[int, ...]

    def on_padded(self, start: int) -> int:
        """Elements of a window on the input or its padding."""
        return sum(start + tap < self.padded for tap in self.taps)

    def on_input(self, start: int) -> int:
        """Elements of a window on the input itself."""
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
    """Slide a window from the beginning of the padded input, a stride at a time, until it no longer fits.

    With `ceil` it goes on until a window ends at the end or beyond; if it begins at or beyond the end of the input, the
    dialects drop it: PyTorch always, Caffe where there is padding.
    """
    taps = tuple(number * dilation for number in range(kernel))
    before, after = sides(padding, size, stride, taps)
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


def sides(padding: str | tuple[int, int], size: int, stride: int, taps: Sequence[int]) -> tuple[int, int]:
    """Padding before and after, by its numbers or by its word.

    `same`: a window for every stride-th input position, and as much padding as the last of them needs, the smaller half
    before. `half` and `full`: half of the way, and all of the way, from a window's first element to its last.
    """
    if not isinstance(padding, str):
        return padding
    way = taps[-1]
    if padding == "same":
        total = max(range(0, size, stride)[-1] + way + 1 - size, 0)
        return total // 2, total - total // 2
    side = {"valid": 0, "half": way // 2, "full": way}[padding]
    return side, side


def each_side(padding: PaddingOf, axes: int) -> list[str | tuple[int, int]]:
    """A padding as a word or a pair for each axis."""
    one_each = padding if isinstance(padding, tuple) else (padding,) * axes
    return [(side, side) if isinstance(side, int) else side for side in one_each]


def lay_out(channels: Sequence[Values], axes: Sequence[Sliding], fill: Any) -> Values:
    """Channels side by side at every position of the padded map, in one flat list."""
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
    steps = strides([axis.length for axis in axes], count)
    rows = product(*(range(axis.before, axis.before + axis.size) for axis in outer))
    for number, row in enumerate(rows):
        base = sum(at * step for at, step in zip(row, steps, strict=False)) + last.before * count
        end = base + last.size * count
        for offset, channel in enumerate(channels):
            flat[base + offset : end + offset : count] = channel[number * last.size : (number + 1) * last.size]
    return flat


def strides(lengths: Sequence[int], innermost: int) -> list[int]:
    """Distance in a flat list between neighbours on each axis."""
    found = [innermost]
    for length in reversed(lengths[1:]):
        found.insert(0, found[0] * length)
    return found


def patches(channels: Sequence[Values], axes: Sequence[Sliding], fill: Any) -> Iterator[Values]:
    """The elements of every window in the order of the outputs: tap by tap, and of each tap channel by channel."""
    flat = lay_out(channels, axes, fill)
    count = len(channels)
    steps = strides([axis.length for axis in axes], count)
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


def patches_on_map(channel: Values, axes: Sequence[Sliding], fill: Any) -> Iterator[Values]:
    """The elements of every window of one channel, without those beyond the padding; of an empty window one of `fill`.

    A last window of a pool with `ceil` hangs over: what is beyond the padding is no element, not even a zero.
    """
    if all(axis.length == axis.padded for axis in axes):
        return patches([channel], axes, fill)
    padded = lay_out([channel], [axis._replace(length=axis.padded) for axis in axes], fill)
    around = [axis._replace(size=axis.padded, before=0) for axis in axes]
    windows = patches([padded], around, None)
    return ([element for element in window if element is not None] or [fill] for window in windows)
