"""The receptive field, followed forward from the input, one axis at a time.

On one axis, unit u of a map sees the input positions [start + u·j, start + u·j + r − 1] (before clipping to the image),
and a window of K, S, P, D makes of it r + D·(K − 1)·j, start − P·j and j·S.
Source: A. Araujo, W. Norris & J. Sim, Computing receptive fields of convolutional neural networks, Distill 2019.

Behind an upsampling the interval of a unit is not linear in u but repeats in a period: then a period is kept.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from cnncalc.analysis.report import ReceptiveField, Whole
from cnncalc.layers.base import Shape, Shapes
from cnncalc.layers.reach import Adaptive, Enlarge, Reach, Spread, Window

LONGEST_PERIOD = 128  # no upsampling that needs more is followed
LARGEST = 10**18  # no position further away is told

Interval = tuple[int, int] | None  # first and last input position; None for a unit that sees nothing


class AxisField(NamedTuple):
    """What the units of one axis see.

    Unit u sees `intervals[u mod p]` moved by (u div p)·step, with p the number of intervals; and, where `fixed` is
    given, those positions too, whatever u is: through a global pool, say.
    """

    step: int = 1
    intervals: tuple[Interval, ...] = ((0, 0),)
    fixed: Interval = None

    def unit(self, u: int) -> Interval:
        """What the unit u sees, but for what all of them see."""
        turns, phase = divmod(u, len(self.intervals))
        interval = self.intervals[phase]
        return interval and (interval[0] + turns * self.step, interval[1] + turns * self.step)

    def between(self, first: int, last: int, apart: int = 1) -> Interval:
        """What the units from first to last, `apart` from one another, see together.

        Only a period of them at either end can see the outermost positions: what comes round again has moved inwards.
        """
        heads = map(self.unit, range(first, last + 1, apart)[: len(self.intervals)])
        tails = map(self.unit, range(last, first - 1, -apart)[: len(self.intervals)])
        starts = [interval[0] for interval in heads if interval]
        ends = [interval[1] for interval in tails if interval]
        return (min(starts), max(ends)) if starts and ends else None

    def everything(self, size: int) -> Interval:
        """What all units of a map of this size see together."""
        return hull(self.between(0, size - 1), self.fixed)


class Field(NamedTuple):
    """What the elements of a map see. `flat` is None for a map with axes; for a flat one, its elements have no place.

    Then `axes` are what all of them see together, and `flat` says whether each sees all that.
    """

    axes: tuple[AxisField, ...]
    flat: bool | None = None
    centred: bool = True


def hull(a: Interval, b: Interval) -> Interval:
    """The least interval that holds both."""
    if a is None or b is None:
        return a or b
    return min(a[0], b[0]), max(a[1], b[1])


def constant(interval: Interval) -> AxisField:
    """An axis whose units all see the same."""
    return AxisField(0, (interval,), interval)


def at_input(shape: Shape) -> Field:
    """The network's input: every position sees itself."""
    return Field(tuple(AxisField() for _ in shape[1:]))


def after(reach: Reach, fields: tuple[Field, ...], inputs: Shapes, output: Shape) -> Field | None:
    """What the output of a layer sees. None where positions are beyond bounds."""
    field, shape = fields[0], inputs[0]
    if len(fields) > 1:
        field = _merged(fields, inputs, output)
    if reach == "pointwise":
        return field if field.centred or len(fields) > 1 else field._replace(centred=True)
    if isinstance(reach, tuple):
        axes: list[AxisField] = []
        last = None
        for step in zip(field.axes, reach, shape[1:], strict=True):
            if step == last:  # a square map takes the same step on every axis
                axes.append(axes[-1])
                continue
            axis = _step(*step)
            if axis is None or len(axis.intervals) > LONGEST_PERIOD or _too_far(axis):
                return None
            axes.append(axis)
            last = step
        return Field(tuple(axes))
    seen = _all_together(field, shape)
    if reach == "normalized" and field.flat is None:
        return Field(tuple(axis._replace(fixed=all_) for axis, all_ in zip(field.axes, seen, strict=True)))
    if reach == "normalized" or reach == "whole":
        return Field(tuple(map(constant, seen)), flat=True)
    if len(output) > 1:  # `reshape` gives a flat one axes again: what each of its positions sees is not kept apart
        return Field(tuple(map(constant, (seen * 3)[: len(output) - 1])))
    return Field(tuple(map(constant, seen)), flat=field.flat or False)


def _all_together(field: Field, shape: Shape) -> tuple[Interval, ...]:
    if field.flat is not None:
        return tuple(axis.fixed for axis in field.axes)
    return tuple(axis.everything(size) for axis, size in zip(field.axes, shape[1:], strict=True))


def _too_far(axis: AxisField) -> bool:
    step, intervals, fixed = axis
    first, last = intervals[0] or fixed or (0, 0)
    return first < -LARGEST or last > LARGEST or step > LARGEST


def _step(axis: AxisField, rule: Window | Spread | Enlarge | Adaptive, size: int) -> AxisField | None:
    """One axis behind a rule. None where its period would be too long."""
    period = len(axis.intervals)
    if isinstance(rule, Window):
        kernel, stride, before, dilation = rule
        reach = (kernel - 1) * dilation
        if period == 1 and (only := axis.intervals[0]):
            j = axis.step
            return AxisField(stride * j, ((only[0] - before * j, only[1] + (reach - before) * j),), axis.fixed)
        turns = period // gcd(period, stride)  # outputs until the input's period comes round
        step = turns * stride // period * axis.step
        starts = (y * stride - before for y in range(turns))
        pieces = (axis.between(start, start + reach, dilation) for start in starts)
        return reduced(step, tuple(pieces), axis.fixed)
    if isinstance(rule, Adaptive):
        if rule.output == 1:
            seen = axis.everything(rule.input)
            return AxisField(axis.step * rule.input // period, (seen,), seen)
        common = gcd(rule.input, rule.output)
        shift, outputs = rule.input // common, rule.output // common
        turns = period // gcd(period, shift)
        if turns * outputs > LONGEST_PERIOD:
            return None
        pieces = (
            axis.between(y * rule.input // rule.output, -((y + 1) * rule.input // -rule.output) - 1)
            for y in range(turns * outputs)
        )
        return reduced(turns * shift // period * axis.step, tuple(pieces), axis.fixed)
    factor = rule.stride if isinstance(rule, Spread) else rule.factor
    if factor * period > LONGEST_PERIOD:
        return None
    read = _spread_units if isinstance(rule, Spread) else _enlarged_units
    pieces = (_of_units(axis, *read(rule, y)) for y in range(factor * period))
    return reduced(axis.step, tuple(pieces), axis.fixed)


def _of_units(axis: AxisField, units: Interval, apart: int) -> Interval:
    return units and axis.between(*units, apart)


def _spread_units(rule: Spread | Enlarge, y: int) -> tuple[Interval, int]:
    """The inputs u of a transposed window that write to y, and how far apart: u·S − P + k·D = y, k from 0 to K − 1."""
    assert isinstance(rule, Spread)
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


def _enlarged_units(rule: Spread | Enlarge, y: int) -> tuple[Interval, int]:
    """The inputs that output y of an upsampling reads; one that has weight 0 is not read."""
    assert isinstance(rule, Enlarge)
    if not rule.linear:
        return (y // rule.factor, y // rule.factor), 1
    below, rest = divmod(2 * y + 1 - rule.factor, 2 * rule.factor)
    return (below, below + (rest > 0)), 1


def reduced(step: int, intervals: tuple[Interval, ...], fixed: Interval) -> AxisField:
    """The axis with the shortest period: 1 where all intervals follow one another evenly."""
    period = len(intervals)
    first = intervals[0]
    if period > 1 and first and step % period == 0:
        even = step // period
        if all(piece == (first[0] + u * even, first[1] + u * even) for u, piece in enumerate(intervals)):
            return AxisField(even, (first,), fixed)
    return AxisField(step, intervals, fixed)


def _merged(fields: tuple[Field, ...], inputs: Shapes, output: Shape) -> Field:
    """What the output of a merge sees: on every axis the union of what its branches see."""
    if fields[0].flat is not None:
        alone = tuple(
            constant(_union(field.axes[number].fixed for field in fields)) for number in range(len(fields[0].axes))
        )
        return Field(alone, flat=any(field.flat for field in fields))
    axes: list[AxisField] = []
    all_centred = True
    last = None
    for number, size in enumerate(output[1:], 1):
        column = ([field.axes[number - 1] for field in fields], [shape[number] for shape in inputs], size)
        if column == last:  # the axes of a square map are alike
            axes.append(axes[-1])
            continue
        axis, centred = _merged_axis(*column)
        axes.append(axis)
        all_centred = all_centred and centred
        last = column
    return Field(tuple(axes), centred=all_centred)


def _union(intervals: object) -> Interval:
    found: Interval = None
    for interval in intervals:  # type: ignore[attr-defined]
        found = hull(found, interval)
    return found


def _merged_axis(axes: list[AxisField], sizes: list[int], output: int) -> tuple[AxisField, bool]:
    """One axis of a merge, and whether the branches look at the same places."""
    found = _even(axes) if output == 1 or 1 not in sizes else None
    if found:
        return found
    fixed: Interval = None
    sliding: list[AxisField] = []
    for axis, size in zip(axes, sizes, strict=True):
        fixed = hull(fixed, axis.fixed)
        if axis.step == 0 or (size == 1 and output > 1):  # broadcast: every unit sees what the only one does
            fixed = hull(fixed, axis.unit(0))
        else:
            sliding.append(axis)
    if not sliding:
        return constant(fixed), True
    period = lcm(*(len(axis.intervals) for axis in sliding))
    rates = {Fraction(axis.step, len(axis.intervals)) for axis in sliding}
    if (len(rates) > 1 and output > 1) or period > LONGEST_PERIOD:
        everything = _union(axis.everything(output) for axis in sliding)
        return sliding[0]._replace(fixed=hull(fixed, everything)), False
    columns = [[axis.unit(u) for axis in sliding] for u in range(period)]
    centred = all(len({piece and piece[0] + piece[1] for piece in column}) == 1 for column in columns)
    step = sliding[0].step * period // len(sliding[0].intervals)
    return reduced(step, tuple(_union(column) for column in columns), fixed), centred


def _even(axes: list[AxisField]) -> tuple[AxisField, bool] | None:
    """The same where all branches step alike and none varies, as nearly always; None elsewhere."""
    first = axes[0]
    step, low, high = first.step, LARGEST, -LARGEST
    centres = set()
    for rate, intervals, fixed in axes:
        only = intervals[0]
        if rate != step or not step or fixed or len(intervals) > 1 or not only:
            return None
        start, end = only
        low, high = min(low, start), max(high, end)
        centres.add(start + end)
    return AxisField(step, ((low, high),)), len(centres) == 1


def phases(field: Field | None) -> int:
    """How many intervals stand for a field that varies; 0 for one that does not."""
    return sum(len(axis.intervals) for axis in field.axes if len(axis.intervals) > 1) if field else 0


def shown(field: Field | None) -> ReceptiveField | None:
    """A field as the report has it; None where there is no spatial meaning left, or it is beyond bounds."""
    if field is None or field.flat is not None:
        return None
    sizes, strides, starts = zip(*map(_shown_axis, field.axes), strict=True)
    return ReceptiveField(sizes, strides, starts, any([len(axis.intervals) > 1 for axis in field.axes]))


def _shown_axis(axis: AxisField) -> tuple[int, int | Fraction, int]:
    """The size of an axis's largest interval, its step from unit to unit, the start of its first interval."""
    step, intervals, _ = axis
    period = len(intervals)
    if period == 1 and (only := intervals[0]):
        return only[1] - only[0] + 1, step, only[0]
    seen = [interval for interval in intervals if interval] or [(0, -1)]
    size = max(last - first + 1 for first, last in seen)
    return size, step // period if step % period == 0 else Fraction(step, period), seen[0][0]


def whole(field: Field | None) -> Whole | None:
    """The interval that every element sees, where each sees all of the input."""
    if field is None or field.flat is False or not field.axes:
        return None
    ends = [axis.fixed for axis in field.axes if axis.fixed]
    if len(ends) < len(field.axes):
        return None
    return Whole(tuple(last - first + 1 for first, last in ends), tuple(first for first, _ in ends))
