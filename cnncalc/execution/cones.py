"""What every unit sees by the layers' `reach`, position by position and without the formulas of receptive fields.

`Cone` follows the windows as if every map continued beyond its borders: this is the receptive field before clipping.
`Visible` follows only existing positions: an element of a window on the padding of an intermediate map reads nothing,
although the receptive field includes the input positions there. `checks` compares both with what was traced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import floor
from typing import Any

from cnncalc import limits
from cnncalc.layers.base import Shape
from cnncalc.layers.channels import Carried, Channels, Chosen, Concatenated
from cnncalc.layers.reach import (
    AdaptiveWindow,
    EveryPosition,
    Everywhere,
    Folded,
    Reach,
    Rearranged,
    Resample,
    Rule,
    TransposedWindow,
    Window,
)
from cnncalc.network import INPUT, Network, Node, positions_of
from cnncalc.records import NamedTuple

Interval = tuple[int, int] | None


def positions_read(rule: Rule, y: int) -> Sequence[int]:
    """The input positions that an output reads, directly by the definition of the rule, as if the map went on."""
    if isinstance(rule, Everywhere):
        return range(rule.size) if 0 <= y < rule.size else [*range(rule.size), y]
    if isinstance(rule, EveryPosition):
        return range(y + 1 if rule.causal and 0 <= y < rule.size else rule.size)
    if isinstance(rule, Folded):
        return [y - rule.before]
    if isinstance(rule, Window):
        first = y * rule.stride - rule.before
        return range(first, first + rule.kernel * rule.dilation, rule.dilation)
    if isinstance(rule, TransposedWindow):
        firsts = (y + rule.before - k * rule.dilation for k in range(rule.kernel))
        return [first // rule.stride for first in firsts if first % rule.stride == 0]
    if isinstance(rule, AdaptiveWindow):
        return range(y * rule.input // rule.output, -((y + 1) * rule.input // -rule.output))
    return list_resampled(rule, y)


def positions_on_map(rule: Rule, y: int) -> Sequence[int]:
    """The same for an output that exists, with what is read in place of positions beyond the map."""
    if not isinstance(rule, Folded):
        return positions_read(rule, y)
    at, last = y - rule.before, rule.size - 1
    if rule.mode == "reflect":
        return [abs(at) if at < 0 else last - abs(last - at)]
    if rule.mode == "replicate":
        return [min(max(at, 0), last)]
    return [at % rule.size]


def list_resampled(rule: Resample, y: int) -> Sequence[int]:
    """The inputs that an output of a resampling reads."""
    up, down, taps, aligned = rule
    if taps == 1:
        return [y * down // up]
    point = Fraction(y * down, up) if aligned else Fraction((2 * y + 1) * down, 2 * up) - Fraction(1, 2)
    below = floor(point)
    return [below] if below == point else range(below + 1 - taps // 2, below + 1 + taps // 2)


def unite(sets: Iterable[int]) -> int:
    """The union of sets of positions, each given as bits."""
    found = 0
    for one in sets:
        found |= one
    return found


def enclose(intervals: Iterable[Interval]) -> Interval:
    """The smallest interval that contains all."""
    ends = [interval for interval in intervals if interval]
    return (min(first for first, _ in ends), max(last for _, last in ends)) if ends else None


def enclose_set(positions: int) -> Interval:
    """The first and the last position of a set."""
    return ((positions & -positions).bit_length() - 1, positions.bit_length() - 1) if positions else None


class Visible(NamedTuple):
    """The visible input positions of every unit: a set for each unit of each axis.

    For a vector `axes` is None, `everything` is what its elements see together on every axis of the input, and `each`
    is whether each element sees all of it. `exact` is False, i.e. less may be seen, where elements were rearranged to
    new positions, where a branch sees nothing at some unit, so that the result is not one set per axis, or where only
    some channels are passed on and these may see less than all (`alike` is False).
    """

    axes: tuple[tuple[int, ...], ...] | None
    everything: tuple[int, ...]
    each: bool
    exact: bool
    alike: bool = True
    gaps: bool = False  # whether a branch saw nothing at some unit

    def at(self, place: Sequence[int], firsts: Sequence[int]) -> int:
        """The set of one unit; the positions of each axis follow those of the previous one."""
        if self.axes is None:
            return combine_axes(self.everything, firsts)
        sets = [axis[at] for axis, at in zip(self.axes, place, strict=True)]
        return combine_axes(sets, firsts) if all(sets) else 0


def combine_axes(sets: Sequence[int], firsts: Sequence[int]) -> int:
    """Combine the sets of all axes in one, in the layout of `trace_input`."""
    return unite(one << first for one, first in zip(sets, firsts, strict=True))


def find_reached(network: Network, start: int) -> set[int]:
    """The input at index `start`, and the layers that it reaches."""
    found = {start}
    for node in network.nodes:
        if any(index in found for index in node.inputs):
            found.add(node.index)
    return found


def find_restored(network: Network, start: int) -> dict[int, int]:
    """Nodes that give the elements of an earlier map their axes again, and the node whose map that is.

    Between the two, elements were flat, or had more axes, and those of a channel stayed in their order. A flat input is
    a map of one axis that was flattened.
    """
    origins: dict[int, int] = {start: start} if len(network.starts[start]) == 1 else {}
    found = {}
    axes = len(positions_of(network.starts[start]))
    for node in network.nodes:
        if not node.inputs:
            continue
        shapes, source = node.input_shapes, node.inputs[0]
        reach, rule = node.layer.reach(shapes, node.output), node.layer.channels(shapes, node.output)
        kept = positions_of(network.shape_at(origins[source])) if source in origins else ()
        if isinstance(reach, Rearranged):
            if kept and len(node.inputs) == 1 and reach.kept >= axes and shapes[0][-axes:] == kept:
                origins[node.index] = origins[source]
        elif reach == "flatten" and len(shapes[0]) == axes + 1 and not kept:
            if len(node.output) == 1 or (node.output[-axes:] == shapes[0][1:] and len(node.output) > axes + 1):
                origins[node.index] = source
        elif kept and len(node.inputs) == 1:
            if reach == "pointwise" and not (isinstance(rule, Carried) and rule.dropped):
                origins[node.index] = origins[source]
            elif reach == "flatten" and kept == node.output[1:]:
                found[node.index] = origins[source]
            elif reach == "flatten" and len(node.output) != axes + 1:
                origins[node.index] = origins[source]
    return found


def compute_visible(network: Network, start: int = INPUT) -> dict[int, Visible]:
    """What is there to be seen of the input at index `start`, at every layer that it reaches."""
    shape = network.starts[start]
    axes = tuple(tuple(1 << at for at in range(size)) for size in positions_of(shape))
    spread = Visible(axes, tuple(map(unite, axes)), False, True)
    found = {start: spread if len(shape) > 1 else spread._replace(axes=None, alike=shape == (1,))}
    again, reaching = find_restored(network, start), find_reached(network, start)
    for node in network.nodes:
        if node.index not in reaching:
            continue
        if node.index in again:
            origin = again[node.index]
            found[node.index] = spread if origin == start else found[origin]
            continue
        before = [found[index] for index in node.inputs if index in found]
        reach = node.layer.reach(node.input_shapes, node.output)
        rule = node.layer.channels(node.input_shapes, node.output)
        made = _compute_visible(reach, rule, before, node)
        alike = _are_alike(rule, reach, before, partly=len(before) < len(node.inputs))
        some = isinstance(rule, Carried) and (rule.dropped or (reach == "whole" and bool(rule.units)))
        found[node.index] = made._replace(alike=alike, exact=made.exact and (alike or not some))
    return found


def _are_alike(rule: Channels, reach: Reach, before: list[Visible], *, partly: bool) -> bool:
    """Whether all channels see the same: so they do where each reads all channels before it.

    Elements that were positions do where all positions did. `partly` where the input does not reach some branches.
    """
    if reach == "anywhere":
        return True
    if isinstance(rule, Chosen) and rule.groups == 1:
        return rule.parts == 1
    same = not isinstance(rule, Concatenated) or (not partly and all(sight.axes == before[0].axes for sight in before))
    if reach == "flatten" and any(len(set(axis)) > 1 for axis in before[0].axes or ()):
        return False
    return same and all(sight.alike for sight in before)


def _compute_visible(reach: Reach, rule: Channels, before: list[Visible], node: Node) -> Visible:
    merged = before[0]
    if reach == "anywhere":
        return Visible(None, tuple(map(unite, zip(*(sight.everything for sight in before), strict=True))), False, False)
    if len(node.inputs) > 1:
        stacked, moved = isinstance(rule, Concatenated), isinstance(reach, Rearranged)
        met = node.input_shapes[0] if isinstance(reach, tuple) else node.output
        merged = _merge(before, node, met, stacked=stacked, moved=moved)
    if reach == "pointwise":
        return merged
    if isinstance(reach, tuple) and merged.axes is not None:
        axes = tuple(
            tuple(unite(axis[at] for at in positions_on_map(rule, y) if 0 <= at < len(axis)) for y in range(size))
            for rule, axis, size in zip(reach, merged.axes, node.output[1:], strict=True)
        )
        return Visible(axes, tuple(map(unite, axes)), False, merged.exact, gaps=merged.gaps)
    if merged.axes is not None and reach == "normalized":
        axes = tuple((all_,) * len(axis) for axis, all_ in zip(merged.axes, merged.everything, strict=True))
        return merged._replace(axes=axes)
    if len(node.output) - 1 == len(merged.everything):  # by `reshape`, from elements that each see all, or may see less
        sizes = zip(merged.everything, node.output[1:], strict=True)
        axes = tuple((all_,) * size for all_, size in sizes)
        return Visible(axes, merged.everything, False, merged.exact and merged.axes is None and merged.each)
    if len(node.output) > 1:
        return Visible(None, merged.everything, False, False)
    return Visible(None, merged.everything, reach != "flatten", merged.exact)


def _merge(before: list[Visible], node: Node, met: Shape, *, stacked: bool, moved: bool) -> Visible:
    everything = tuple(map(unite, zip(*(sight.everything for sight in before), strict=True)))
    exact = all(sight.exact for sight in before)
    if moved:
        return Visible(None, everything, False, False)
    if any(sight.axes is None for sight in before):
        each = [sight.each and sight.everything == everything for sight in before]
        return Visible(None, everything, all(each) and len(before) == len(node.inputs) if stacked else any(each), exact)
    spread = [_broadcast(sight, met) for sight in before]
    gaps = any(not seen for axes in spread for axis in axes for seen in axis)
    axes = tuple(tuple(map(unite, zip(*units, strict=True))) for units in zip(*spread, strict=True))
    gaps = gaps and len(axes) > 1
    return Visible(axes, everything, False, exact and not gaps, gaps=gaps or any(sight.gaps for sight in before))


def _broadcast(sight: Visible, output: Shape) -> list[tuple[int, ...]]:
    assert sight.axes is not None
    return [axis * (size // len(axis)) for axis, size in zip(sight.axes, output[1:], strict=True)]


class Cone(NamedTuple):
    """The windows followed back on one axis: for each unit from `first` on, an interval of input positions."""

    first: int
    units: tuple[Interval, ...]
    joint: Interval  # what the existing units see together

    def at(self, unit: int) -> Interval:
        """The interval of a unit."""
        return self.units[unit - self.first]


def compute_cones(network: Network, axis: int, start: int = INPUT) -> dict[int, Cone | None]:
    """Where the windows lead on one axis of the input at index `start`, from every layer that it reaches.

    None after layers that remove or rearrange the axes.
    """
    wanted, shape = compute_ranges(network, axis, start), network.starts[start]
    sizes = positions_of(shape)
    first, last = wanted.get(start, (0, sizes[axis] - 1))
    own = Cone(first, tuple((at, at) for at in range(first, last + 1)), (0, sizes[axis] - 1))
    found: dict[int, Cone | None] = {start: own if len(shape) > 1 else None}
    again, reaching = find_restored(network, start), find_reached(network, start)
    for node in network.nodes:
        if node.index not in reaching:
            continue
        if node.index in again:
            origin = again[node.index]
            found[node.index] = own if origin == start else found[origin]
            continue
        pairs = zip(node.inputs, node.input_shapes, strict=True)
        before = [(found[index], each) for index, each in pairs if index in found]
        if any(cone is None for cone, _ in before) or len(node.output) != 1 + len(sizes):
            found[node.index] = None
            continue
        found[node.index] = _compute_cone(node, axis, before, wanted[node.index])
    return found


def _compute_cone(node: Node, axis: int, before: list[tuple[Any, Shape]], wanted: tuple[int, int]) -> Cone | None:
    reach = node.layer.reach(node.input_shapes, node.output)
    units = range(wanted[0], wanted[1] + 1)
    size = node.output[1 + axis]
    if isinstance(reach, tuple):
        rule = reach[axis]
        made = tuple(enclose(cone.at(at) for at in positions_read(rule, y) for cone, _ in before) for y in units)
    elif reach in ("pointwise", "normalized"):
        everything = [cone.joint for cone, _ in before] if reach == "normalized" else []
        sources = [(cone, shape[1 + axis]) for cone, shape in before]
        made = tuple(enclose([*everything, *(c.at(0 if have < size else y) for c, have in sources)]) for y in units)
    else:
        return None
    return Cone(wanted[0], made, enclose(made[-wanted[0] : size - wanted[0]]))


def compute_ranges(network: Network, axis: int, start: int = INPUT) -> dict[int, tuple[int, int]]:
    """The units of every map that are read, those beyond its borders included, but none beyond limits.POSITION.

    Of the maps that the input at index `start` reaches, on one axis of that input.
    """
    reaching, sizes = find_reached(network, start), positions_of(network.starts[start])
    found = {
        node.index: (0, node.output[1 + axis] - 1)
        for node in network.nodes
        if len(node.output) > 1 + axis and node.index in reaching
    }
    if len(sizes) > axis:
        found[start] = (0, sizes[axis] - 1)
    again = find_restored(network, start)
    for node in reversed(network.nodes):
        if node.index not in found:
            continue
        first, last = found[node.index]
        if node.index in again:
            before, after = found[again[node.index]]
            found[again[node.index]] = min(before, first), max(after, last)
            continue
        reach = node.layer.reach(node.input_shapes, node.output)
        if isinstance(reach, tuple):
            first, last = _read_range(reach[axis], first, last)
        elif reach not in ("pointwise", "normalized"):
            continue
        for index, shape in zip(node.inputs, node.input_shapes, strict=True):
            if index in found and not (
                len(node.inputs) > 1
                and not isinstance(reach, tuple)
                and len(shape) > 1 + axis
                and shape[1 + axis] < node.output[1 + axis]
            ):
                before, after = found[index]
                found[index] = max(min(before, first), -limits.POSITION), min(max(after, last), limits.POSITION)
    return found


def _read_range(rule: Rule, first: int, last: int) -> tuple[int, int]:
    """The first and the last input that a range of outputs may read; for a transposed window, some read nothing."""
    if isinstance(rule, Everywhere):
        return min(first, 0), max(last, rule.size - 1)
    if isinstance(rule, EveryPosition):
        return 0, rule.size - 1
    if isinstance(rule, TransposedWindow):
        furthest = first + rule.before - (rule.kernel - 1) * rule.dilation
        return furthest // rule.stride, (last + rule.before) // rule.stride
    if isinstance(rule, Resample):  # an output at an input's position reads only that, its neighbour reads more
        more = rule.taps // 2
        return positions_read(rule, first)[0] - more, positions_read(rule, last)[-1] + more
    return positions_read(rule, first)[0], positions_read(rule, last)[-1]


def axis_offsets(shape: Shape) -> tuple[int, ...]:
    """Where the positions of each axis of an input begin in a set of all of them."""
    sizes = positions_of(shape)
    return tuple(sum(sizes[:axis]) for axis in range(len(sizes)))


def iterate_positions(shape: Shape) -> Iterable[tuple[int, ...]]:
    """All positions of a map."""
    return product(*map(range, shape[1:]))
