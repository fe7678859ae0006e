"""Which positions of the image are seen at all, so that claims about the whole input are exact to the position.

A receptive field is computed before clipping, as if every map continued beyond its borders. The existing units may see
less together: if an edge is cropped, if no window reaches it, or if windows skip positions between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from cnncalc import limits
from cnncalc.layers.reach import (
    AdaptiveWindow,
    EveryPosition,
    Everywhere,
    Folded,
    Resample,
    Rule,
    TransposedWindow,
    Window,
)
from cnncalc.records import NamedTuple


class Cover(NamedTuple):
    """Positions of one axis of the image from `first` to `last`; `solid` if none between them is missing."""

    first: int
    last: int
    solid: bool = True

    def fills(self, size: int) -> bool:
        """Whether these are all positions of an axis of this size."""
        return self.solid and self.first == 0 and self.last == size - 1


class Touched(NamedTuple):
    """The units of a map that a layer reads: from `first` to `last`, at distances of at most `apart`.

    `known` is False if fewer may be read.
    """

    first: int
    last: int
    apart: int = 1
    known: bool = True


def unite_covers(covers: Iterable[Cover | None]) -> Cover | None:
    """The union of several covers; solid if one of them contains all, or if they join without a gap."""
    found = [cover for cover in covers if cover]
    if not found or found.count(found[0]) == len(found):
        return found[0] if found else None
    found.sort()
    last, solid = found[0].last, found[0].solid
    for cover in found[1:]:
        if cover.solid and cover.first == found[0].first and cover.last >= last:
            solid = True
        elif cover.last > last or not solid:
            solid = solid and cover.solid and cover.first <= last + 1
        last = max(last, cover.last)
    return Cover(found[0].first, last, solid)


def find_touched(rule: Rule, size: int, output: int) -> Touched | None:
    """The units of an axis of this size that outputs read, None if they read none."""
    if isinstance(rule, AdaptiveWindow | Everywhere | EveryPosition | Folded):
        return Touched(0, size - 1)
    if isinstance(rule, Resample):
        return _find_resampled(rule, size, output)
    kernel, stride, before, dilation = rule
    reach = (kernel - 1) * dilation
    if isinstance(rule, TransposedWindow):
        first = max(0, -((reach - before) // stride))
        last = min(size - 1, (output - 1 + before) // stride)
        return Touched(first, last, known=output >= dilation) if first <= last else None
    after = rule.last(output) - (size - 1)  # beyond the last unit; negative if it is not read
    low, high = _find_first_tap(rule, before, output), _find_first_tap(rule, after, output)
    if low + high >= size:
        return None
    if stride == 1 and output >= dilation:
        apart = 1
    else:
        apart = max(1, stride - kernel + 1) if dilation == 1 else max(stride, dilation)
    return Touched(
        low, size - 1 - high, apart, known=kernel <= limits.KERNEL_TAPS or min(before, after) <= 0 or stride == 1
    )


def _find_resampled(rule: Resample, size: int, output: int) -> Touched:
    """What a resampling reads: all, but where an enlargement ends early or a reduction steps over some."""
    at_end = [rule.reads(y)[1] for y in range(max(output - 2, 0), output)]  # one that is whole reads less than another
    first, last = max(rule.reads(0)[0], 0), min(max(at_end), size - 1)
    if rule.down <= rule.up:
        return Touched(first, last)
    if output > limits.REDUCED_OUTPUTS:
        return Touched(first, last, -(rule.down // -rule.up), known=False)
    ends = [rule.reads(y) for y in range(min(output, rule.up + 1))]
    return Touched(first, last, max((after[0] - before[1] for before, after in pairwise(ends)), default=1))


def _find_first_tap(window: Window, before: int, output: int) -> int:
    """The first unit that is read if the first window begins `before` positions before the first unit."""
    kernel, stride, _, dilation = window
    if before <= 0:
        return -before
    least = None
    for k in range(min(kernel, limits.KERNEL_TAPS)):
        beyond = before - k * dilation
        y = max(0, -(-beyond // stride))
        if y < output:
            tap = y * stride - beyond
            least = tap if least is None else min(least, tap)
            if not least:
                break
    return least or 0


def may_miss(rule: Rule, size: int, output: int) -> bool:
    """Whether an output may read nothing but padding."""
    if isinstance(rule, AdaptiveWindow | Resample | Everywhere | EveryPosition | Folded):
        return False
    kernel, stride, before, dilation = rule
    reach = (kernel - 1) * dilation
    if isinstance(rule, TransposedWindow):
        gaps = kernel < stride if dilation == 1 else stride > 1
        return gaps or output - 1 + before > (size - 1) * stride + reach
    beyond = (output - 1) * stride - before > size - 1 or before > reach
    return beyond or size < dilation
