"""The checks of `verify`: declared figures and receptive fields against the counted and traced ones, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple

from cnncalc.analysis import receptive_field
from cnncalc.analysis.axis_field import hull
from cnncalc.analysis.receptive_field import Field
from cnncalc.execution.cones import (
    Cone,
    Interval,
    Visible,
    axis_offsets,
    compute_cones,
    compute_visible,
    hull_of_set,
    iterate_positions,
)
from cnncalc.execution.observe import Counts, Trace
from cnncalc.layers.base import Layer, Shape, Work
from cnncalc.network import INPUT, Network, Node

Intervals = tuple[Interval, ...]


class Check(NamedTuple):
    """One declared value, the value found by executing, and whether the check passed."""

    what: str
    declared: object
    found: object
    held: bool


class Unit(NamedTuple):
    """What one unit sees: by the declared receptive field, clipped to the image, and as traced.

    `exact` is False where the declared field is an upper bound.
    """

    declared: Intervals
    traced: Intervals
    exact: bool = True

    @property
    def cut(self) -> bool:
        """Whether it sees less than an exact field; the rest is on the padding of an intermediate map."""
        return self.exact and self.declared != self.traced


class LayerVerdict(NamedTuple):
    """The checks of one layer. `middle` and `corner` are None for a layer without positions or receptive field."""

    path: str
    layer: Layer
    output: Shape
    work: Work
    inside: Work
    parameters: int
    middle: Unit | None
    corner: Unit | None
    checks: tuple[Check, ...]

    @property
    def differences(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self.checks if not check.held]


class Checker:
    """Checks every traced layer against its declared figures and against its windows, followed back to the input."""

    def __init__(self, network: Network, counted: list[Counts]) -> None:
        self.network = network
        self.counted = counted
        self.visible = compute_visible(network)
        self.cones = [compute_cones(network, axis) for axis in range(len(network.input) - 1)]
        self.fields = _declared_fields(network)

    def check_layer(self, node: Node, trace: Trace) -> LayerVerdict:
        """Check one layer."""
        counts, sight, field = self.counted[node.index], self.visible[node.index], self.fields[node.index]
        checks = list(_check_figures(counts))
        middle = corner = None
        cone = [way[node.index] for way in self.cones]
        if counts.shapes[0] == counts.shapes[1]:
            middle, corner = _observe_units(node, self.network, field, trace)
            checks += _check_positions(self.network, node, sight, trace)
            if field is not None:
                checks += _check_input_claims(self.network, field, trace)
        if field is not None:
            checks += _check_unclipped(node, field, cone)
        proven = (
            sight.exact or sight.gaps
        ) and None not in cone  # then a unit can only see less because of the border of an intermediate map
        for name, unit in (("middle", middle), ("corner", corner)):
            if unit:
                held = all(map(_is_within, unit.traced, unit.declared)) and (proven or not unit.cut)
                checks.append(Check(f"receptive field in the {name}", unit.declared, unit.traced, held))
        declared = counts.arrays[0]
        parameters = declared["weight"] + declared["bias"]
        return LayerVerdict(
            node.path,
            node.layer,
            node.output,
            counts.work[0],
            counts.inside[0],
            parameters,
            middle,
            corner,
            tuple(checks),
        )


def _check_figures(counts: Counts) -> Iterator[Check]:
    yield Check("shape", *counts.shapes, counts.shapes[0] == counts.shapes[1])
    for note, (declared, found) in (("", counts.work), (" without padding", counts.inside)):
        for name, one, other in zip(Work._fields, declared, found, strict=True):
            yield Check(name + note, one, other, one == other)
    for role, name in (("weight", "weights"), ("bias", "biases"), ("buffer", "buffers")):
        one, other = counts.arrays[0][role], counts.arrays[1][role]
        yield Check(name, one, other, one == other)


def _declared_fields(network: Network) -> dict[int, Field | None]:
    """The declared receptive fields."""
    fields: dict[int, Field | None] = {INPUT: receptive_field.at_input(network.input)}
    for node in network.nodes:
        before = [found for index in node.inputs if (found := fields[index])]
        shapes, output = node.input_shapes, node.output
        fields[node.index] = None
        if len(before) == len(node.inputs):
            rules = node.layer.reach(shapes, output), node.layer.channels(shapes, output)
            fields[node.index] = receptive_field.after(*rules, tuple(before), shapes, output)
    return fields


def _check_input_claims(network: Network, field: Field, trace: Trace) -> Iterator[Check]:
    """Check which positions of the input all units see together, and which ones every unit sees."""
    firsts, image = axis_offsets(network.input), network.input[1:]
    for first, size, cover in zip(firsts, image, field.seen, strict=True):
        found = trace.everything >> first & (1 << size) - 1
        told = (cover.first, cover.last) if cover else None
        held = hull_of_set(found) == told if field.sure else _is_within(hull_of_set(found), told)
        if held and field.sure and cover and cover.solid:
            held = found.bit_count() == cover.last - cover.first + 1
        yield Check("positions seen by all units together", told, hull_of_set(found), held)
    claim = receptive_field.whole(field, image)
    if claim is None:
        return
    everything = (1 << sum(image)) - 1
    ends = [(start, start + size - 1) for start, size in zip(claim.start, claim.size, strict=True)]
    for found in trace.positions:
        shown = _hull_per_axis(found, network)
        if claim.all:
            held = found == everything
        elif field.flat is None:
            held = not claim.exact or all(map(_is_within, ends, shown))
        else:
            held = shown == tuple(ends) if claim.exact else all(map(_is_within, shown, ends))
        if not held:
            yield Check("positions seen by every unit alike", ends, shown, False)
            return


def _check_positions(network: Network, node: Node, sight: Visible, trace: Trace) -> Iterator[Check]:
    """Check every unit against the positions that are visible by the layers' rules."""
    firsts = axis_offsets(network.input)
    if sight.axes is None:
        told = sight.at((), firsts)
        found = trace.positions if sight.each and sight.exact else [trace.everything]
        wrong = [one for one in found if one != told] if sight.exact else [one for one in found if one & ~told]
        yield Check(
            "positions seen",
            _hull_per_axis(told, network),
            _hull_per_axis(wrong[0] if wrong else told, network),
            not wrong,
        )
        return
    for place, found_ in zip(iterate_positions(node.output), trace.positions, strict=True):
        told = sight.at(place, firsts)
        if found_ != told and (sight.exact or found_ & ~told):
            what = f"positions seen by the unit {list(place)}"
            yield Check(what, _hull_per_axis(told, network), _hull_per_axis(found_, network), False)
            return
    yield Check("positions seen by every unit", "", "", True)


def _check_unclipped(node: Node, field: Field, ways: list[Cone | None]) -> Iterator[Check]:
    """Check the receptive field of every unit, before clipping, against its windows followed back."""
    for number, cone in enumerate(ways):
        if cone is None or field.flat is not None or not field.exact:
            continue
        axis = field.axes[number]
        for unit in range(node.output[1 + number]):
            told, found = hull(axis.unit(unit), axis.fixed), cone.at(unit)
            if told != found:
                yield Check(f"receptive field of unit {unit} on axis {number + 1}, not clipped", told, found, False)
                return
    yield Check("receptive field of every unit, not clipped", "", "", True)


def _observe_units(node: Node, network: Network, field: Field | None, trace: Trace) -> tuple[Unit | None, Unit | None]:
    if field is None or not field.axes:
        return None, None
    sizes = node.output[1:]
    if field.flat is not None:
        together = tuple((cover.first, cover.last) if cover else None for cover in field.seen)
        return Unit(together, _hull_per_axis(trace.everything, network), field.sure), None
    if len(sizes) != len(network.input) - 1:
        return None, None
    found = []
    for place in (tuple(size // 2 for size in sizes), (0,) * len(sizes)):
        told = (hull(axis.unit(at), axis.fixed) for axis, at in zip(field.axes, place, strict=True))
        declared = tuple(_clip(one, size) for one, size in zip(told, network.input[1:], strict=True))
        if not all(declared):
            declared = (None,) * len(declared)
        number = reduce(lambda index, pair: index * pair[1] + pair[0], zip(place, sizes, strict=True), 0)
        found.append(Unit(declared, _hull_per_axis(trace.positions[number], network), field.exact))
    return found[0], found[1]


def _clip(interval: Interval, size: int) -> Interval:
    """The part of an interval on the image."""
    if interval is None or interval[1] < 0 or interval[0] >= size:
        return None
    return max(interval[0], 0), min(interval[1], size - 1)


def _is_within(inner: Interval, outer: Interval) -> bool:
    return inner is None or (outer is not None and outer[0] <= inner[0] and inner[1] <= outer[1])


def _hull_per_axis(positions: int, network: Network) -> Intervals:
    """The hull of a set of positions on every axis."""
    parts = zip(axis_offsets(network.input), network.input[1:], strict=True)
    return tuple(hull_of_set(positions >> first & (1 << size) - 1) for first, size in parts)
