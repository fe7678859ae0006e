"""What a report says of a field: of one unit, and of what every unit sees."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from cnncalc.analysis.axis_field import AxisField
from cnncalc.analysis.receptive_field import Field
from cnncalc.analysis.report import ReceptiveField, Whole
from cnncalc.layers.base import Shape


def to_report(field: Field | None) -> ReceptiveField | None:
    """The field for the report; None without spatial axes or for an unknown field."""
    if field is None or field.flat is not None:
        return None
    sizes, strides, starts = zip(*map(_report_axis, field.axes), strict=True)
    varies, folded = any([len(axis.intervals) > 1 for axis in field.axes]), any([axis.folds for axis in field.axes])
    gated = any([axis.fixed is not None and not _holds(axis, axis.fixed) for axis in field.axes])
    return ReceptiveField(sizes, strides, starts, varies, field.exact, folded, gated)


def _holds(axis: AxisField, fixed: tuple[int, int]) -> bool:
    """Whether the intervals of the first units contain these positions."""
    intervals = (axis.loose.unit(0),) if axis.loose else axis.intervals
    return all(each and each[0] <= fixed[0] and fixed[1] <= each[1] for each in intervals)


def _report_axis(axis: AxisField) -> tuple[int, int | Fraction, int]:
    """The size of the largest interval, the step from unit to unit, and the start of the first interval."""
    step, intervals, _, loose, _ = axis
    if loose:
        size = max(floor(loose.last - loose.first) + 1, 0)
        return size, int(loose.rate) if loose.rate.denominator == 1 else loose.rate, (intervals[0] or (0, 0))[0]
    period = len(intervals)
    if period == 1 and (only := intervals[0]):
        return only[1] - only[0] + 1, step, only[0]
    seen = [interval for interval in intervals if interval] or [(0, -1)]
    size = max(last - first + 1 for first, last in seen)
    return size, step // period if step % period == 0 else Fraction(step, period), seen[0][0]


def whole(field: Field | None, image: Shape) -> Whole | None:
    """What every element sees, if all see the same, else None; `image` are the sizes of the network's input."""
    if field is None or field.flat is False or not field.axes:
        return None
    ends = [axis.fixed for axis in field.axes if axis.fixed]
    covers = [cover for cover in field.always if cover]
    if len(ends) < len(field.axes) or len(covers) < len(field.axes):
        return None
    gated = field.flat is None and any(axis.intervals != (axis.fixed,) for axis in field.axes)
    if field.certain and all(cover.fills(size) for cover, size in zip(covers, image, strict=True)):
        return Whole(tuple(last - first + 1 for first, last in ends), tuple(first for first, _ in ends), gated=gated)
    sizes = tuple(cover.last - cover.first + 1 for cover in covers)
    return Whole(sizes, tuple(cover.first for cover in covers), all=False, exact=field.certain, gated=gated)
