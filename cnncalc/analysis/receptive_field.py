"""Receptive fields, computed forward from the input, layer by layer.

A `Field` is what each unit of a map sees, before clipping to the image, and which positions of the image all units see.
`axis_field` has the arithmetic of one axis, `coverage` that of positions of the image; `analyze` calls this module.
"""

from __future__ import annotations

from functools import lru_cache

from cnncalc.analysis.axis_field import (
    AxisField,
    Interval,
    are_joined,
    constant,
    is_too_far,
    merge_axes,
    spacing,
    step_over,
    unite,
)
from cnncalc.analysis.coverage import Cover, Touched, find_touched, may_miss, unite_covers
from cnncalc.layers.base import Shape, Shapes
from cnncalc.layers.channels import Carried, Channels, Chosen, Concatenated
from cnncalc.layers.reach import AdaptiveWindow, EveryPosition, Everywhere, Reach, Rearranged, Rule, Window
from cnncalc.records import NamedTuple


class Field(NamedTuple):
    """What the elements of a map see, united over all channels.

    `flat` is None for a map with axes; otherwise its elements have no position on the image: `axes` are what all of
    them see together, and `flat` is whether each sees all of that.

    `seen` are the positions of the image that all units see together, on each axis of the input, `always` those that
    every unit sees, if `fixed` is set. The units' intervals are upper bounds unless `exact`, `seen` unless `sure`, and
    `always` unless `certain`. `alike` is whether each channel sees what all channels see together, `seen_alike`
    whether each does so over all units.
    """

    axes: tuple[AxisField, ...]
    flat: bool | None = None
    centred: bool = True
    seen: tuple[Cover | None, ...] = ()
    always: tuple[Cover | None, ...] = ()
    exact: bool = True
    sure: bool = True
    certain: bool = True
    alike: bool = True
    seen_alike: bool = True
    spread: bool = False  # through attention, a unit may see whatever all see: it has no field of its own any more
    dense: bool = True  # a unit sees all positions of its interval that are on the image and in `seen`
    before_flat: tuple[Shape, Field] | None = None  # the flattened map, while its elements are in order


def at_input(shape: Shape) -> Field:
    """An input: every position sees itself. The elements of a flat one are positions that have been flattened."""
    if len(shape) == 1:
        return _reshape(at_input((1, *shape)), (1, *shape), shape)
    axes = len(shape) - 1
    return Field((AxisField(),) * axes, seen=tuple(Cover(0, size - 1) for size in shape[1:]), always=(None,) * axes)


def after(
    reach: Reach, channels: Channels, fields: tuple[Field | None, ...], inputs: Shapes, output: Shape
) -> Field | None:
    """What the output of a layer sees of an input of the network. None where positions are beyond bounds.

    `fields` are what the layer's own inputs see; None, of a merge, for a branch that this input does not reach.
    """
    field = fields[0]
    if isinstance(reach, Rearranged):
        moved = [one and _rearrange(one, reach, shape, output) for one, shape in zip(fields, inputs, strict=True)]
        return moved[0] if len(moved) == 1 else _merge(tuple(moved), (output,) * len(moved), output, stacked=True)
    if len(fields) > 1:
        if reach == "anywhere":
            fields = tuple(
                [one and _see_at_most_everything(one, shape) for one, shape in zip(fields, inputs, strict=True)]
            )
        met = inputs[0] if isinstance(reach, tuple) else output  # before its windows, or as it leaves
        field = _merge(fields, inputs, met, stacked=isinstance(channels, Concatenated))
    assert field
    if (
        len(fields) == 1
        and isinstance(channels, Carried)
        and (channels.dropped or (channels.units and output[0] < inputs[0][0]))
    ):
        field = _take_part(field)
    if reach == "pointwise":
        found: Field | None = field if field.centred or len(fields) > 1 else field._replace(centred=True)
    elif isinstance(reach, tuple):
        found = _apply_window(field, reach, inputs[0], output)
    elif reach == "flatten":
        found = _reshape(field, inputs[0], output)
    elif reach == "normalized" and field.flat is None:
        seen = _unite_all(field, inputs[0])
        axes = tuple(axis._replace(fixed=all_) for axis, all_ in zip(field.axes, seen, strict=True))
        sizes = zip(field.axes, inputs[0][1:], seen, strict=True)
        exact = field.exact and all(axis.everything(size) == all_ for axis, size, all_ in sizes)
        found = field._replace(axes=axes, always=field.seen, exact=exact, certain=field.sure, centred=True)
    elif reach == "anywhere":
        found = _see_at_most_everything(field, output)
    elif isinstance(channels, Carried) and channels.units:  # each element sees those of its group
        found = field if field.flat else field._replace(alike=False, seen_alike=False, before_flat=None)
    else:
        found = _see_everything(field, tuple(map(constant, _unite_all(field, inputs[0]))), flat=True)
    if found and isinstance(channels, Chosen) and channels.groups == 1:
        apart = channels.parts > 1
        if found.alike == apart or not found.seen_alike:
            return found._replace(alike=not apart, seen_alike=True)
    return found


def _see_everything(field: Field, axes: tuple[AxisField, ...], *, flat: bool | None) -> Field:
    """The field of elements that each see all that the input elements see together."""
    return Field(axes, flat, seen=field.seen, always=field.seen, sure=field.sure, certain=field.sure)


def _see_at_most_everything(field: Field, shape: Shape) -> Field:
    """The field of elements that each see at most what the elements of a map of this shape see together."""
    axes = tuple(map(constant, _unite_all(field, shape)))
    return _see_everything(field, axes, flat=True)._replace(exact=False, certain=False, spread=True)


def _take_part(field: Field) -> Field:
    """The field if only some of the channels, or of the elements, are passed on."""
    return field._replace(
        exact=field.exact and field.alike,
        sure=field.sure and field.seen_alike,
        certain=field.certain and field.alike,
        before_flat=None,
    )


def _reshape(field: Field, shape: Shape, output: Shape) -> Field:
    """The same elements in another shape."""
    if field.spread:
        return field
    if len(output) == 1:
        if field.flat is not None:
            return field
        axes = tuple(map(constant, _unite_all(field, shape)))
        single = max(shape[1:]) == 1
        return field._replace(
            axes=axes, flat=False, alike=field.alike and single, seen_alike=field.seen_alike and single,
            centred=True, before_flat=(shape, field),
        )  # fmt: skip
    if field.before_flat and field.before_flat[0][1:] == output[1:]:
        return field.before_flat[1]
    axes = tuple(map(constant, _unite_all(field, shape)))
    placed = len(output) - 1 == len(axes)
    single = field.flat is None and max(shape[1:]) == 1 and field.alike and field.seen_alike and field.exact
    if single:  # one position, of which all elements see the same
        everywhere = _see_everything(field, axes, flat=None if placed else True)
        return everywhere._replace(sure=field.sure, certain=field.certain)
    kept = field.before_flat
    if field.flat is None:  # the positions may be kept, and only the channels divided: [C, H, W] → [G, C/G, H, W]
        kept = (shape, field) if output[-len(axes) :] == shape[1:] and not placed else None
    if field.flat and placed:
        return _see_everything(field, axes, flat=None)._replace(sure=field.sure, certain=field.certain)
    if placed:  # the new positions are not tracked: a unit sees at most what all see together
        axes = tuple(axis._replace(fixed=None) for axis in axes)
    return field._replace(
        axes=axes, flat=None if placed else field.flat or False, always=(None,) * len(axes) if placed else field.always,
        exact=False, certain=field.certain and bool(field.flat), alike=False, seen_alike=False,
        before_flat=kept,
    )  # fmt: skip


def _rearrange(field: Field, reach: Rearranged, shape: Shape, output: Shape) -> Field:
    """The same elements at other positions: a unit sees at most what all see together.

    Elements without a position stay so. Of a map that was flattened they keep their order within each channel where
    the axes that were its positions are among the last ones that are kept.
    """
    if field.flat is None or len(output) - 1 == len(field.axes):
        return _reshape(field._replace(before_flat=None), shape, output)
    positions = field.before_flat[0][1:] if field.before_flat else ()
    if positions and reach.kept >= len(positions) and shape[-len(positions) :] == positions:
        return field
    return field._replace(before_flat=None)


def _apply_window(field: Field, rules: tuple[Rule, ...], shape: Shape, output: Shape) -> Field | None:
    """The field of the output of windows over a map."""
    reads, empty, beyond = _find_edges(rules, shape[1:], output[1:])
    if field.flat is not None:
        whole = all(map(_is_whole, reads, shape[1:]))
        return field._replace(  # its units have no position on the image: they see at most what all see together
            exact=False, sure=field.sure and (whole or bool(field.flat and field.certain)),
            certain=field.certain and not empty, seen_alike=False, alike=False, before_flat=None,
        )  # fmt: skip
    steps = list(zip(field.axes, rules, shape[1:], output[1:], field.seen, field.always, reads, beyond, strict=True))
    times = len(steps)
    if steps.count(steps[0]) == times:  # the axes of a square map are equal, so one is computed for all
        steps = steps[:1]
    axes: list[AxisField] = []
    covers: list[Cover | None] = []
    always: list[Cover | None] = []
    sure, dense = field.sure, field.dense and not empty
    pooled = shared = alone = bounded = fewer = False
    for axis, rule, have, wide, seen, before, read, over in steps:
        pools = _reads_all(rule)
        if isinstance(rule, EveryPosition) and (
            rule.causal or rule.by_data
        ):  # bounds, unless the first unit sees everything already
            fewer = fewer or axis.at_most(0, have)[0] != axis.everything(have) or before != seen
        stepped = step_over(axis, rule, have, wide)
        if pools and axis.folds:
            stepped = stepped._replace(fixed=_together(axis, have, seen))
            bounded = bounded or stepped.fixed != axis.everything(have)
        if is_too_far(stepped):
            return None
        cover, known = _compute_cover(
            axis, seen, before, read, have, dense=field.dense and field.exact, certain=field.certain
        )
        axes.append(stepped)
        covers.append(cover)
        always.append(cover if pools else before)
        sure, pooled, shared = sure and known, pooled or pools, shared or stepped.fixed is not None
        alone = alone or (have == 1 and over)
        apart = spacing(rule)
        dense = dense and are_joined(axis, apart) and (apart <= 1 or not over)
    every_axis_pooled = all(map(_reads_all, rules)) if pooled else False
    certain = (field.sure or not pooled) and (field.certain or every_axis_pooled)
    exact = field.exact and not (shared and (empty or alone)) and not bounded and not any(axis.loose for axis in axes)
    again = times // len(steps)
    # A unit that reads nothing does not see what all units see; and there are no other units beside a pooled one.
    return Field(
        tuple(axes) * again, seen=tuple(covers) * again, always=tuple(always) * again,
        exact=exact and not fewer, sure=sure, certain=certain and not empty and not fewer,
        alike=field.alike, seen_alike=field.seen_alike, dense=dense,
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _find_edges(
    rules: tuple[Rule, ...], sizes: tuple[int, ...], made: tuple[int, ...]
) -> tuple[tuple[Touched | None, ...], bool, tuple[bool, ...]]:
    """For each axis, what is read; whether an output may read nothing; for each axis, whether windows exceed the edges.

    Cached, since it is the same for equal layers, independent of their fields.
    """
    steps = list(zip(rules, sizes, made, strict=True))
    reads = tuple(find_touched(*step) for step in steps)
    return reads, any(may_miss(*step) for step in steps), tuple(_reaches_beyond(*step) for step in steps)


def _reaches_beyond(rule: Rule, size: int, output: int) -> bool:
    """Whether dilated windows exceed an edge, where they may skip the units next to it."""
    if isinstance(rule, Everywhere | EveryPosition):
        return False
    return not isinstance(rule, Window) or rule.before > 0 or rule.last(output) >= size


def _is_whole(read: Touched | None, size: int) -> bool:
    """Whether every unit of an axis of this size is read."""
    return read is not None and (read.first, read.last, read.apart) == (0, size - 1, 1)


def _compute_cover(
    axis: AxisField,
    seen: Cover | None,
    always: Cover | None,
    read: Touched | None,
    size: int,
    *,
    dense: bool,
    certain: bool,
) -> tuple[Cover | None, bool]:
    """The positions that the read units see together, and whether that is exact."""
    if read is None or seen is None:
        return None, True
    if _is_whole(read, size) or (always == seen and certain):
        return seen, read.known
    between = axis.between(read.first, read.last)
    if between and axis.folds and axis.folds.touches(read.first, read.last, size):
        inner = axis.between(max(read.first, axis.folds.before), min(read.last, size - axis.folds.after - 1))
        if (
            not inner or read.apart > 1 or inner[0] > seen.first or inner[1] < seen.last
        ):  # what is folded back may be seen by these alone
            first, last = axis.folds.widen(between)
            most = Cover(max(first, seen.first), min(last, seen.last), solid=False)
            return unite_covers((most, always)), False
    if between is None:
        return always, read.known
    first, last = max(between[0], seen.first), min(between[1], seen.last)
    joined = are_joined(axis, read.apart)
    own = Cover(first, last, seen.solid and read.known and joined) if first <= last else None
    ends = joined or (len(axis.intervals) == 1 and (first, last) == between)  # are seen, and not skipped
    return unite_covers((own, always)), read.known and dense and ends


def _unite_all(field: Field, shape: Shape) -> tuple[Interval, ...]:
    if field.flat is not None:
        return tuple(axis.fixed for axis in field.axes)
    together = zip(field.axes, shape[1:], field.seen, strict=True)
    return tuple(_together(axis, size, seen) for axis, size, seen in together)


def _together(axis: AxisField, size: int, seen: Cover | None) -> Interval:
    """What all units of an axis see together; `seen` are the positions among these that are on the image."""
    interval = axis.everything(size)
    if interval is None or seen is None or not axis.folds or (interval[0] <= seen.first and interval[1] >= seen.last):
        return interval
    return axis.folds.widen(interval)


def _reads_all(rule: Rule) -> bool:
    """Whether every output reads all units of the axis."""
    return isinstance(rule, Everywhere | EveryPosition) or (isinstance(rule, AdaptiveWindow) and rule.output == 1)


def _merge(branches: tuple[Field | None, ...], inputs: Shapes, output: Shape, *, stacked: bool) -> Field:
    """What the output of a merge sees: on every axis the union of what its branches see.

    `stacked` where the branches' channels follow one another: a channel sees what its own branch does, and those of a
    branch that is None see nothing.
    """
    fields = tuple([field for field in branches if field])
    unequal = stacked and len(fields) < len(branches)
    inputs = tuple([shape for field, shape in zip(branches, inputs, strict=True) if field])
    seen = tuple(map(unite_covers, zip(*(field.seen for field in fields), strict=True)))
    equal = all(field.axes == fields[0].axes for field in fields)
    equally_seen = all(field.seen == seen for field in fields)
    merged = Field(
        (),
        seen=seen,
        exact=all(field.exact for field in fields),
        sure=all(field.sure for field in fields) or any(field.sure and field.seen == seen for field in fields),
        certain=all(field.certain for field in fields if any(field.always)),
        alike=all(field.alike for field in fields) and (not stacked or (equal and equally_seen)) and not unequal,
        seen_alike=all(field.seen_alike for field in fields) and (not stacked or equally_seen) and not unequal,
        dense=all(field.dense for field in fields) and (equal or _are_overlapping(fields)),
    )
    spread = any(field.spread for field in fields)
    if spread or any(field.flat is not None for field in fields):
        each = zip(fields, inputs, strict=True)
        fields = tuple([_see_at_most_everything(*pair) for pair in each]) if spread else fields
        alone = tuple(constant(unite(field.axes[at].fixed for field in fields)) for at in range(len(fields[0].axes)))
        full = [field for field in fields if field.flat and field.always == seen]
        flat = len(full) == len(branches) if stacked else bool(full)
        merged = merged._replace(axes=alone, flat=flat, always=seen if flat else (None,) * len(seen))
        return _see_at_most_everything(merged, output) if spread else merged
    axes: list[AxisField] = []
    all_centred, all_exact = True, merged.exact
    last = None
    for number, size in enumerate(output[1:], 1):
        column = ([field.axes[number - 1] for field in fields], [shape[number] for shape in inputs], size)
        if column == last:  # the axes of a square map are alike
            axes.append(axes[-1])
            continue
        axis, centred, exact = merge_axes(*column)
        axes.append(axis)
        all_centred, all_exact = all_centred and centred, all_exact and exact
        last = column
    always = tuple(map(unite_covers, zip(*(field.always for field in fields), strict=True)))
    return merged._replace(axes=tuple(axes), centred=all_centred, always=always, exact=all_exact)


def _are_overlapping(fields: tuple[Field, ...]) -> bool:
    """Whether the fields of the branches at a unit form one interval without a gap; False for different strides."""
    for column in zip(*(field.axes for field in fields), strict=True):
        axes = [axis for axis in column if axis.step]  # the others are the same for every unit
        ends = sorted(interval for axis in axes for interval in axis.intervals if interval)
        if any(len(axis.intervals) > 1 or axis.step != axes[0].step for axis in axes):
            return False
        last = ends[0][1] if ends else 0
        for first, end in ends[1:]:
            if first > last + 1:
                return False
            last = max(last, end)
    return True


def count_phases(field: Field | None) -> int:
    """The number of intervals of a field that varies in a period; 0 for one that does not."""
    return sum(len(axis.intervals) for axis in field.axes if len(axis.intervals) > 1) if field else 0
