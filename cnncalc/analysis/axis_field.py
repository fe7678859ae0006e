"""One axis of a receptive field: what its units see, and how layers change it.

Unit u of a map sees the input positions [start + u·j, start + u·j + r − 1] (before clipping to the image), and a window
of K, S, P, D makes of it r + D·(K − 1)·j, start − P·j and j·S.
Source: A. Araujo, W. Norris & J. Sim, Computing receptive fields of convolutional neural networks, Distill 2019.

After an upsampling the interval of a unit is not linear in u but repeats in a period: then a period is kept. Where that
would be too long, bounds are kept that are linear in u: the axis is then `loose`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, gcd, lcm
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from cnncalc.analysis.borders import Folds

MOST_DRIFT = Fraction(1, 8)  # largest relative difference of steps that count as equal

Interval = tuple[int, int] | None  # first and last input position; None for a unit that sees nothing
Bounds = tuple[Fraction, Fraction]


class Loose(NamedTuple):
    """Bounds of what units see that are linear in their number: unit u sees at most from first + u·rate to last."""

    rate: Fraction
    first: Fraction
    last: Fraction

    def unit(self, u: int) -> Interval:
        """The positions between the bounds of a unit."""
        return self.between(u, u)

    def between(self, first: int, last: int) -> Interval:
        """The positions between the bounds of some units."""
        start, end = ceil(self.first + first * self.rate), floor(self.last + last * self.rate)
        return (start, end) if start <= end else None

    def over(self, slope: Fraction, first: Fraction, last: Fraction) -> Loose:
        """The bounds of outputs that read at most the units from first to last, moved by y·slope."""
        return Loose(slope * self.rate, self.first + first * self.rate, self.last + last * self.rate)


class AxisField(NamedTuple):
    """The intervals that the units of one axis see.

    Unit u sees `intervals[u mod p]` shifted by (u div p)·step, where p is the number of intervals; and, if `fixed` is
    given, also those positions, for every u, e.g. through a global pool. With `loose` bounds, unit u sees at most the
    positions between them, moved by u·rate. With `folds`, units near the borders see other positions as well.
    """

    step: int = 1
    intervals: tuple[Interval, ...] = ((0, 0),)
    fixed: Interval = None
    loose: Loose | None = None
    folds: Folds | None = None

    def unit(self, u: int) -> Interval:
        """The interval of unit u, without `fixed`."""
        if self.loose:
            return self.loose.unit(u)
        turns, phase = divmod(u, len(self.intervals))
        interval = self.intervals[phase]
        return interval and (interval[0] + turns * self.step, interval[1] + turns * self.step)

    def between(self, first: int, last: int, apart: int = 1) -> Interval:
        """What every `apart`-th unit from first to last sees, together.

        Only the units of one period at either end can see the outermost positions.
        """
        if self.loose:
            return self.loose.between(first, last) if first <= last else None
        if len(self.intervals) == 1:
            only = self.intervals[0]
            return only and (only[0] + first * self.step, only[1] + last * self.step) if first <= last else None
        heads = map(self.unit, range(first, last + 1, apart)[: len(self.intervals)])
        tails = map(self.unit, range(last, first - 1, -apart)[: len(self.intervals)])
        starts = [interval[0] for interval in heads if interval]
        ends = [interval[1] for interval in tails if interval]
        return (min(starts), max(ends)) if starts and ends else None

    def everything(self, size: int) -> Interval:
        """What all units of a map of this size see together, those near a folded border as if it were not folded."""
        return enclose(self.between(0, size - 1), self.fixed)

    def at_most(self, u: int, size: int) -> tuple[Interval, bool]:
        """What unit u of so many sees, with `fixed`, and whether that is exact and not a bound."""
        if self.folds and self.folds.touches(u, u, size):
            return enclose(widened(self, self.folds).unit(u), self.fixed), False
        return enclose(self.unit(u), self.fixed), True


def enclose(a: Interval, b: Interval) -> Interval:
    """The smallest interval that contains both."""
    if a is None or b is None:
        return a or b
    return min(a[0], b[0]), max(a[1], b[1])


def constant(interval: Interval) -> AxisField:
    """An axis whose units all see the same."""
    return AxisField(0, (interval,), interval)


def spacing(rule: Rule) -> int:
    """The distance between neighbouring units that an output reads; 0 if it reads one."""
    if isinstance(rule, Window):
        return rule.dilation if rule.kernel > 1 else 0
    if isinstance(rule, TransposedWindow):
        return rule.dilation // gcd(rule.stride, rule.dilation) if rule.kernel > 1 else 0
    if isinstance(rule, Folded):
        return 0
    return 1 if isinstance(rule, AdaptiveWindow | Everywhere | EveryPosition) or rule.growth else 0


def are_joined(axis: AxisField, apart: int) -> bool:
    """Whether the intervals of units at this distance leave no gap."""
    if axis.loose:
        return False
    period = len(axis.intervals)
    if period == 1:  # the usual case
        only = axis.intervals[0]
        return only is not None and apart * axis.step <= only[1] - only[0] + 1
    if apart > 1:
        return False
    pairs = ((axis.unit(u), axis.unit(u + apart)) for u in range(period))
    return all(one and other and other[0] <= one[1] + 1 for one, other in pairs)


def is_too_far(axis: AxisField) -> bool:
    step, intervals, fixed, loose, _ = axis
    first, last = (loose and loose.unit(0)) or intervals[0] or fixed or (0, 0)
    return first < -limits.POSITION or last > limits.POSITION or step > limits.POSITION


def step_over(axis: AxisField, rule: Rule, size: int, made: int) -> AxisField:
    """One axis after a rule that maps `size` units to `made`. Bounds if its period would be too long."""
    found = _step_over(axis, rule)
    if not axis.folds and not isinstance(rule, Folded):
        return found
    loose = loosen(axis)
    tails = [piece[1] - u * loose.rate for u, piece in enumerate(axis.intervals) if piece]
    heads = [piece[0] - u * loose.rate for u, piece in enumerate(axis.intervals) if piece]
    spread = ceil(max(max(ends) - min(ends) for ends in (heads, tails))) if tails else 0
    from cnncalc.analysis.borders import step_folds  # rarely needed

    folds = step_folds(axis.folds, rule, size, made, loose.rate, spread)
    return with_folds(found, folds, made)


def with_folds(axis: AxisField, folds: Folds | None, size: int) -> AxisField:
    """The axis with folds; bounds where every unit is near a border."""
    if folds is None or not (folds.left or folds.right):
        return axis
    if folds.before + folds.after < size:
        return axis._replace(folds=folds)
    bounds = widened(axis, folds)
    return AxisField(0, (bounds.unit(0),), axis.fixed, bounds)


def _step_over(axis: AxisField, rule: Rule) -> AxisField:
    if isinstance(rule, EveryPosition):
        return constant(axis.everything(rule.size))
    period = len(axis.intervals)
    if axis.loose and not (isinstance(rule, AdaptiveWindow) and rule.output == 1):
        return step_loosely(axis, rule)
    if isinstance(rule, Everywhere):
        return axis._replace(fixed=axis.everything(rule.size))
    if isinstance(rule, Folded):
        if None in axis.intervals:  # where a unit sees nothing, one that is folded there may see something
            return step_loosely(axis, rule)
        rule = Window(1, before=rule.before)
    if isinstance(rule, Window):
        kernel, stride, before, dilation = rule
        reach = (kernel - 1) * dilation
        if period == 1 and (only := axis.intervals[0]):
            j = axis.step
            return AxisField(stride * j, ((only[0] - before * j, only[1] + (reach - before) * j),), axis.fixed)
        turns = period // gcd(period, stride)  # outputs until the input's period is complete
        step = turns * stride // period * axis.step
        starts = (y * stride - before for y in range(turns))
        pieces = (axis.between(start, start + reach, dilation) for start in starts)
        return reduce_period(step, tuple(pieces), axis.fixed)
    if isinstance(rule, AdaptiveWindow):
        if rule.output == 1:
            seen = axis.everything(rule.input)
            return AxisField(axis.step * rule.input // period, (seen,), seen)
        common = gcd(rule.input, rule.output)
        shift, outputs = rule.input // common, rule.output // common
        turns = period // gcd(period, shift)
        if turns * outputs > limits.FIELD_PERIOD:
            return step_loosely(axis, rule)
        pieces = (
            axis.between(y * rule.input // rule.output, -((y + 1) * rule.input // -rule.output) - 1)
            for y in range(turns * outputs)
        )
        return reduce_period(turns * shift // period * axis.step, tuple(pieces), axis.fixed)
    up, down = (rule.stride, 1) if isinstance(rule, TransposedWindow) else (rule.up, rule.down)
    turns = period // gcd(period, down)  # so many times `up` outputs until the input's period comes round
    if turns * up > limits.FIELD_PERIOD:
        return step_loosely(axis, rule)
    read = _list_units_read(rule, turns * up)
    pieces = (units and axis.between(*units, apart) for units, apart in read)
    return reduce_period(turns * down // period * axis.step, tuple(pieces), axis.fixed)


def step_loosely(axis: AxisField, rule: Rule) -> AxisField:
    """Bounds of one axis after a rule. The first and last unit that an output reads are linear in its number."""
    if isinstance(rule, Everywhere | EveryPosition):
        return axis._replace(fixed=axis.everything(rule.size))
    if isinstance(rule, Folded):
        rule = Window(1, before=rule.before)
    if isinstance(rule, Window):
        slope, first = Fraction(rule.stride), Fraction(-rule.before)
        last = first + (rule.kernel - 1) * rule.dilation
    elif isinstance(rule, TransposedWindow):
        slope, last = Fraction(1, rule.stride), Fraction(rule.before, rule.stride)
        first = last - Fraction((rule.kernel - 1) * rule.dilation, rule.stride)
    elif isinstance(rule, AdaptiveWindow):
        slope, part = Fraction(rule.input, rule.output), Fraction(rule.output - 1, rule.output)
        first, last = -part, slope + part - 1
    else:
        slope = Fraction(rule.down, rule.up)
        point = Fraction(0) if rule.aligned or rule.taps == 1 else (slope - 1) / 2
        parts = rule.up if rule.aligned or rule.taps == 1 else 2 * rule.up
        first = point - Fraction(parts - 1, parts) - (max(rule.taps // 2, 1) - 1)
        last = point + (Fraction(parts - 1, parts) + rule.taps // 2 - 1 if rule.taps > 1 else 0)
    bounds = loosen(axis).over(slope, first, last)
    return AxisField(0, (bounds.unit(0),), axis.fixed, bounds)


def widened(axis: AxisField, folds: Folds) -> Loose:
    """Bounds of what the units of an axis near a folded border see."""
    loose = loosen(axis)
    return loose._replace(first=loose.first - folds.left, last=loose.last + folds.right)


def loosen(axis: AxisField) -> Loose:
    """Bounds of what the units of an axis see."""
    if axis.loose:
        return axis.loose
    period = len(axis.intervals)
    rate = Fraction(axis.step, period)
    ends = [(piece[0] - u * rate, piece[1] - u * rate) for u, piece in enumerate(axis.intervals) if piece]
    if not ends:  # none sees anything
        return Loose(rate, Fraction(1), Fraction(0))
    return Loose(rate, Fraction(min(first for first, _ in ends)), Fraction(max(last for _, last in ends)))


@lru_cache(maxsize=256)
def _list_units_read(rule: TransposedWindow | Resample, outputs: int) -> tuple[tuple[Interval, int], ...]:
    """For each of the first outputs, the first and last input that it reads, and their distance from each other."""
    if isinstance(rule, TransposedWindow):
        return tuple(_find_transposed_units(rule, y) for y in range(outputs))
    return tuple((rule.reads(y), 1) for y in range(outputs))


def _find_transposed_units(rule: TransposedWindow, y: int) -> tuple[Interval, int]:
    """The inputs u of a transposed window that add to y, and their distance: u·S − P + k·D = y, k from 0 to K − 1."""
    kernel, stride, before, dilation = rule
    common = gcd(stride, dilation)
    if (y + before) % common:
        return None, 1
    apart = dilation // common  # distance between one such input and the next
    first = -((y + before - (kernel - 1) * dilation) // -stride)
    last = (y + before) // stride
    residue = (y + before) // common * pow(stride // common, -1, apart) % apart
    first += (residue - first) % apart
    last -= (last - residue) % apart
    return ((first, last) if first <= last else None), apart


def reduce_period(step: int, intervals: tuple[Interval, ...], fixed: Interval) -> AxisField:
    """The axis with the shortest period: 1 if all intervals are equally spaced."""
    period = len(intervals)
    first = intervals[0]
    if period > 1 and first and step % period == 0:
        even = step // period
        if all(piece == (first[0] + u * even, first[1] + u * even) for u, piece in enumerate(intervals)):
            return AxisField(even, (first,), fixed)
    return AxisField(step, intervals, fixed)


def unite(intervals: Iterable[Interval]) -> Interval:
    found: Interval = None
    for interval in intervals:
        found = enclose(found, interval)
    return found


def merge_axes(axes: list[AxisField], sizes: list[int], output: int) -> tuple[AxisField, bool, bool]:
    """One axis of a merge, whether the branches are centred at the same positions, and whether that is exact."""
    merged, centred, exact = _merge_axes(axes, sizes, output)
    if any(axis.folds for axis in axes):
        from cnncalc.analysis.borders import unite_folds

        merged = with_folds(merged, unite_folds(axis.folds for axis in axes), output)
    return merged, centred, exact and not merged.loose


def _merge_axes(axes: list[AxisField], sizes: list[int], output: int) -> tuple[AxisField, bool, bool]:
    found = _merge_even(axes) if output == 1 or 1 not in sizes else None
    if found:
        return found
    fixed: Interval = None
    sliding: list[AxisField] = []
    for axis, size in zip(axes, sizes, strict=True):
        fixed = enclose(fixed, axis.fixed)
        same_for_all = axis.step == 0 and not axis.loose
        if same_for_all or (size == 1 and output > 1):  # broadcast: every unit sees what the only one sees
            fixed = enclose(fixed, axis.unit(0))
        else:
            sliding.append(axis)
    if not sliding:
        return constant(fixed), True, True
    period = lcm(*(len(axis.intervals) for axis in sliding))
    rates = {axis.loose.rate if axis.loose else Fraction(axis.step, len(axis.intervals)) for axis in sliding}
    differ = len(rates) > 1 and output > 1
    if are_nearly_equal(rates) and (differ or period > limits.FIELD_PERIOD or any(axis.loose for axis in sliding)):
        bounds = merge_loosely([loosen(axis) for axis in sliding], output)
        return AxisField(0, (bounds.unit(0),), fixed, bounds), all(axis == sliding[0] for axis in sliding), False
    if differ or period > limits.FIELD_PERIOD:
        everything = unite(axis.everything(output) for axis in sliding)
        return AxisField(0, (enclose(fixed, everything),)), False, False
    columns = [[axis.unit(u) for axis in sliding] for u in range(period)]
    centred = all(len({piece and piece[0] + piece[1] for piece in column}) == 1 for column in columns)
    step = sliding[0].step * period // len(sliding[0].intervals)
    return reduce_period(step, tuple(unite(column) for column in columns), fixed), centred, True


def are_nearly_equal(rates: Collection[Fraction | int]) -> bool:
    """Whether units step almost alike, as where a map was enlarged to the size that another was rounded to."""
    return max(rates) - min(rates) <= max(rates) * MOST_DRIFT


def merge_loosely(bounds: list[Loose], output: int) -> Loose:
    """Bounds of what units of several maps see, each with a rate of its own: they hold at the first and the last."""
    rate = bounds[0].rate
    drifts = [(each.rate - rate) * (output - 1) for each in bounds]
    first = min(each.first + min(drift, Fraction(0)) for each, drift in zip(bounds, drifts, strict=True))
    last = max(each.last + max(drift, Fraction(0)) for each, drift in zip(bounds, drifts, strict=True))
    return Loose(rate, first, last)


def _merge_even(axes: list[AxisField]) -> tuple[AxisField, bool, bool] | None:
    """The same for branches with equal steps and without periods, the usual case; None in other cases."""
    first = axes[0]
    step, low, high = first.step, limits.POSITION, -limits.POSITION
    centres = set()
    for rate, intervals, fixed, loose, _ in axes:
        only = intervals[0]
        if rate != step or not step or fixed or loose or len(intervals) > 1 or not only:
            return None
        start, end = only
        low, high = min(low, start), max(high, end)
        centres.add(start + end)
    return AxisField(step, ((low, high),)), len(centres) == 1, True
