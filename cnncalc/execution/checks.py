"""The checks of `verify`: declared figures and receptive fields against the counted and traced ones, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from cnncalc.analysis import field_report
from cnncalc.analysis.analyze import Follower, follow
from cnncalc.analysis.axis_field import enclose
from cnncalc.analysis.liveness import Mode, make_plan, measure, network_tensors, peak_per_layer
from cnncalc.analysis.receptive_field import Field
from cnncalc.execution.cones import (
    Cone,
    Interval,
    Visible,
    axis_offsets,
    compute_cones,
    compute_visible,
    enclose_set,
    iterate_positions,
)
from cnncalc.execution.observe import Counts, Trace
from cnncalc.layers.base import Layer, Shape, Work
from cnncalc.network import Network, Node, positions_of
from cnncalc.records import NamedTuple

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


class Units(NamedTuple):
    """What the units in the middle and in the corner see of an input; None without positions or receptive field."""

    middle: Unit | None = None
    corner: Unit | None = None


class LayerVerdict(NamedTuple):
    """The checks of one layer. `units` has the name of each input that reaches the layer."""

    path: str
    layer: Layer
    output: Shape
    work: Work
    inside: Work
    parameters: int
    units: dict[str, Units]
    checks: tuple[Check, ...]

    @property
    def middle(self) -> Unit | None:
        """What the unit in the middle sees of the first of these inputs."""
        return next(iter(self.units.values()), Units()).middle

    @property
    def corner(self) -> Unit | None:
        """What the unit in the corner sees of the first of these inputs."""
        return next(iter(self.units.values()), Units()).corner

    @property
    def differences(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self.checks if not check.held]


class Checker:
    """Checks every traced layer against its declared figures and against its windows, followed back to each input."""

    def __init__(self, network: Network, counted: list[Counts]) -> None:
        self.counted = counted
        plan = make_plan(network_tensors(network), Mode.separate)
        self.alive = peak_per_layer(plan, measure(plan), len(network.nodes))
        self.inputs: dict[str, _InputChecker] = {}
        first = 0
        for follower, (start, shape) in zip(follow(network), network.starts.items(), strict=True):
            self.inputs[follower.name] = _InputChecker(network, start, first, follower)
            first += sum(positions_of(shape))

    def check_layer(self, node: Node, trace: Trace) -> LayerVerdict:
        """Check one layer."""
        counts = self.counted[node.index]
        checks = list(_check_figures(counts))
        if counts.alive is not None:
            alive = self.alive[node.index]
            checks.append(Check("elements alive", alive, counts.alive, alive == counts.alive))
        if counts.shifts is not None:
            held = counts.shifts.declared == counts.shifts.found
            checks.append(Check("shifts with its input", *counts.shifts, held))
        units: dict[str, Units] = {}
        for name, checker in self.inputs.items():
            of = f" of the input {name}" if len(self.inputs) > 1 else ""
            own = checker.select(trace) if of else trace
            if not checker.reaches(node):
                unseen = own.everything == 0
                checks.append(Check(f"positions{of}", "nothing", "nothing" if unseen else "some", unseen))
                continue
            units[name], found = checker.check(node, own, executed=counts.shapes[0] == counts.shapes[1])
            checks += (check._replace(what=check.what + of) for check in found)
        declared = counts.arrays[0]
        parameters = declared["weight"] + declared["bias"]
        work, inside = counts.work[0], counts.inside[0]
        return LayerVerdict(node.path, node.layer, node.output, work, inside, parameters, units, tuple(checks))


class _InputChecker:
    """Checks what layers see of one input. The bits of its positions in a trace begin at `first`."""

    def __init__(self, network: Network, start: int, first: int, follower: Follower) -> None:
        self.shape = network.starts[start]
        self.first = first
        self.mask = (1 << sum(positions_of(self.shape))) - 1
        self.visible = compute_visible(network, start)
        self.cones = [compute_cones(network, axis, start) for axis in range(len(positions_of(self.shape)))]
        followed = ((node.index, follower.after(node)) for node in network.nodes)
        self.fields = {index: found.field for index, found in followed if found}

    def reaches(self, node: Node) -> bool:
        """Whether the input reaches a layer."""
        return node.index in self.visible

    def select(self, trace: Trace) -> Trace:
        """The positions of this input among the traced ones."""
        first, mask = self.first, self.mask
        return Trace([found >> first & mask for found in trace.positions], trace.everything >> first & mask)

    def check(self, node: Node, trace: Trace, *, executed: bool) -> tuple[Units, list[Check]]:
        """Check the positions that a layer sees; `executed` is whether its output has the declared shape."""
        sight, field = self.visible[node.index], self.fields[node.index]
        cone = [way[node.index] for way in self.cones]
        checks: list[Check] = []
        units = Units()
        if executed:
            units = _observe_units(node, self.shape, field, trace)
            checks += _check_positions(self.shape, node, sight, trace)
            if field is not None:
                checks += _check_input_claims(self.shape, field, trace)
        if field is not None:
            checks += _check_unclipped(node, field, cone)
        # where proven, a unit can only see less because of the border of an intermediate map
        proven = (sight.exact or sight.gaps) and None not in cone
        for name, unit in units._asdict().items():
            if unit:
                held = all(map(_is_within, unit.traced, unit.declared)) and (proven or not unit.cut)
                checks.append(Check(f"receptive field in the {name}", unit.declared, unit.traced, held))
        return units, checks


def _check_figures(counts: Counts) -> Iterator[Check]:
    yield Check("shape", *counts.shapes, counts.shapes[0] == counts.shapes[1])
    for note, (declared, found) in (("", counts.work), (" without padding", counts.inside)):
        for name, one, other in zip(Work._fields, declared, found, strict=True):
            yield Check(name + note, one, other, one == other)
    for role, name in (("weight", "weights"), ("bias", "biases"), ("buffer", "buffers")):
        one, other = counts.arrays[0][role], counts.arrays[1][role]
        yield Check(name, one, other, one == other)


def _check_input_claims(shape: Shape, field: Field, trace: Trace) -> Iterator[Check]:
    """Check which positions of the input all units see together, and which ones every unit sees."""
    firsts, image = axis_offsets(shape), positions_of(shape)
    for first, size, cover in zip(firsts, image, field.seen, strict=True):
        found = trace.everything >> first & (1 << size) - 1
        declared = (cover.first, cover.last) if cover else None
        held = enclose_set(found) == declared if field.sure else _is_within(enclose_set(found), declared)
        if held and field.sure and cover and cover.solid:
            held = found.bit_count() == cover.last - cover.first + 1
        yield Check("positions seen by all units together", declared, enclose_set(found), held)
    claim = field_report.whole(field, image)
    if claim is None:
        return
    everything = (1 << sum(image)) - 1
    ends = [(start, start + size - 1) for start, size in zip(claim.start, claim.size, strict=True)]
    for found in trace.positions:
        shown = _enclose_per_axis(found, shape)
        if claim.all:
            held = found == everything
        elif field.flat is None:
            held = not claim.exact or all(map(_is_within, ends, shown))
        else:
            held = shown == tuple(ends) if claim.exact else all(map(_is_within, shown, ends))
        if not held:
            yield Check("positions seen by every unit alike", ends, shown, False)
            return


def _check_positions(shape: Shape, node: Node, sight: Visible, trace: Trace) -> Iterator[Check]:
    """Check every unit against the positions that are visible by the layers' rules."""
    firsts = axis_offsets(shape)
    if sight.axes is None:
        declared = sight.at((), firsts)
        found = trace.positions if sight.each and sight.exact else [trace.everything]
        wrong = [one for one in found if one != declared] if sight.exact else [one for one in found if one & ~declared]
        yield Check(
            "positions seen",
            _enclose_per_axis(declared, shape),
            _enclose_per_axis(wrong[0] if wrong else declared, shape),
            not wrong,
        )
        return
    for place, found_ in zip(iterate_positions(node.output), trace.positions, strict=True):
        declared = sight.at(place, firsts)
        if found_ != declared and (sight.exact or found_ & ~declared):
            what = f"positions seen by the unit {list(place)}"
            yield Check(what, _enclose_per_axis(declared, shape), _enclose_per_axis(found_, shape), False)
            return
    yield Check("positions seen by every unit", "", "", True)


def _check_unclipped(node: Node, field: Field, ways: list[Cone | None]) -> Iterator[Check]:
    """Check the receptive field of every unit, before clipping, against its windows followed back."""
    for number, cone in enumerate(ways):
        if cone is None or field.flat is not None or not field.exact:
            continue
        axis = field.axes[number]
        for unit in range(node.output[1 + number]):
            declared, found = enclose(axis.unit(unit), axis.fixed), cone.at(unit)
            if declared != found:
                yield Check(f"receptive field of unit {unit} on axis {number + 1}, not clipped", declared, found, False)
                return
    yield Check("receptive field of every unit, not clipped", "", "", True)


def _observe_units(node: Node, shape: Shape, field: Field | None, trace: Trace) -> Units:
    if field is None or not field.axes:
        return Units()
    sizes, image = node.output[1:], positions_of(shape)
    if field.flat is not None:
        together = tuple((cover.first, cover.last) if cover else None for cover in field.seen)
        return Units(Unit(together, _enclose_per_axis(trace.everything, shape), field.sure))
    if len(sizes) != len(image):
        return Units()
    found = []
    for place in (tuple(size // 2 for size in sizes), (0,) * len(sizes)):
        intervals = [axis.at_most(at, size) for axis, at, size in zip(field.axes, place, sizes, strict=True)]
        declared = tuple(_clip(one, size) for (one, _), size in zip(intervals, image, strict=True))
        if not all(declared):
            declared = (None,) * len(declared)
        number = reduce(lambda index, pair: index * pair[1] + pair[0], zip(place, sizes, strict=True), 0)
        exact = field.exact and all(known for _, known in intervals)
        found.append(Unit(declared, _enclose_per_axis(trace.positions[number], shape), exact))
    return Units(*found)


def _clip(interval: Interval, size: int) -> Interval:
    """The part of an interval on the image."""
    if interval is None or interval[1] < 0 or interval[0] >= size:
        return None
    return max(interval[0], 0), min(interval[1], size - 1)


def _is_within(inner: Interval, outer: Interval) -> bool:
    return inner is None or (outer is not None and outer[0] <= inner[0] and inner[1] <= outer[1])


def _enclose_per_axis(positions: int, shape: Shape) -> Intervals:
    """The smallest intervals around a set of positions on every axis of an input."""
    parts = zip(axis_offsets(shape), positions_of(shape), strict=True)
    return tuple(enclose_set(positions >> first & (1 << size) - 1) for first, size in parts)
