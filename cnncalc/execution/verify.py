"""Holding what is computed of a network against what comes of executing it: counted and traced, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import reduce
from itertools import count
from math import prod
from operator import or_
from typing import NamedTuple

from cnncalc import limits
from cnncalc.analysis import receptive_field
from cnncalc.analysis.axis_field import hull
from cnncalc.analysis.receptive_field import Field
from cnncalc.errors import CnncalcError
from cnncalc.execution.cones import Cone, Interval, Sight, cones, firsts_of, hull_of, places, sights
from cnncalc.execution.effort import too_much
from cnncalc.execution.memory import too_large
from cnncalc.execution.narrow import narrow, narrow_to
from cnncalc.execution.readings import Counting, Provenance, traced_input
from cnncalc.execution.run import execute, run
from cnncalc.execution.weights import ones
from cnncalc.layers.base import Layer, Shape, Shapes, Work
from cnncalc.layers.ops import Map
from cnncalc.network import INPUT, Network, Node

APART = "each layer at its own setting with few channels, beside the positions traced through all"
Tick = Callable[[int, int], None]  # layers done, of how many
Step = Callable[[], None]
Intervals = tuple[Interval, ...]


class Check(NamedTuple):
    """One thing that was held against another."""

    what: str
    declared: object
    found: object
    held: bool


class Unit(NamedTuple):
    """What one unit sees: by the declared receptive field, clipped to the image, and traced.

    `exact` is False where the declared field is an upper bound.
    """

    declared: Intervals
    traced: Intervals
    exact: bool = True

    @property
    def cut(self) -> bool:
        """Whether it sees less than an exact field: what lies beyond is the padding of an inner map."""
        return self.exact and self.declared != self.traced


class LayerVerdict(NamedTuple):
    """What was held of one layer. `middle` and `corner` are None where it has no place, or no field is told."""

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
        """What did not hold."""
        return [check for check in self.checks if not check.held]


class Verdict(NamedTuple):
    """What came of verifying a network; `how` says what was executed in its place."""

    name: str
    how: str
    input: Shape
    layers: tuple[LayerVerdict, ...]

    @property
    def held(self) -> bool:
        """Whether everything did."""
        return not any(layer.differences for layer in self.layers)


def verify(network: Network, *, most: int = limits.VERIFIED_STEPS, tick: Tick = lambda done, total: None) -> Verdict:
    """Execute a network, narrowed, in the counting and the tracing reading, and hold every layer's figures.

    Raises CnncalcError where it has too many layers, or cannot be narrowed and its layers alone are too much as well.
    """
    if len(network.nodes) > limits.VERIFIED_LAYERS:
        raise CnncalcError(
            f"{network.name} has {len(network.nodes):,} layers, and `verify` takes at most {limits.VERIFIED_LAYERS:,}"
        )
    found = narrow(network, most)
    if found is None:
        alone = list(map(_alone, network.nodes))
        limit = limits.VERIFIED_AT_MOST
        if why := too_much(network, alone, limit) or too_large(network, alone, limit):
            raise CnncalcError(why)
    net, how = found or (network, APART)
    steps = count(1)

    def step() -> None:
        tick(next(steps), 2 * len(net.nodes))

    counted = _counts(net, step) if found else _counts_apart(net, step)
    judge = _Judge(net, counted)
    layers = []

    def check(node: Node, trace: Trace) -> None:
        layers.append(judge.layer(node, trace))
        step()

    if found:
        _trace_whole(net, check)
    else:
        _trace_apart(net, check)
    return Verdict(network.name, how, net.input, tuple(layers))


# counting


class Counts(NamedTuple):
    """A layer that was executed, its declared figures beside those that were counted."""

    shapes: tuple[Shape, Shape]
    work: tuple[Work, Work]
    inside: tuple[Work, Work]
    arrays: tuple[dict[str, int], dict[str, int]]


class _Counter:
    """Executes layers in the counting reading, and notes what each draws."""

    def __init__(self) -> None:
        self.reading = Counting()
        self.drawn = dict.fromkeys(("weight", "bias", "buffer"), 0)

    def draw(self, node: Node, name: str, shape: Shape) -> list[float]:
        roles = {weight.name: weight.role for weight in node.layer.weights(node.input_shapes)}
        self.drawn[roles.get(name, "weight")] += prod(shape)
        return ones(node, name, shape)

    def counts(self, node: Node, made: Map) -> Counts:
        """What was counted since the layer before."""
        inputs, output = node.input_shapes, node.output
        declared = dict.fromkeys(self.drawn, 0)
        for weight in node.layer.weights(inputs):
            declared[weight.role] += prod(weight.shape)
        drawn = dict(self.drawn)
        self.drawn.update(dict.fromkeys(drawn, 0))
        shape = made.shape if len(made.values) == prod(made.shape) else (len(made.values),)
        work = node.layer.work(inputs, output), self.reading.all.taken()
        inside = node.layer.work_inside(inputs, output), self.reading.inside.taken()
        return Counts((output, shape), work, inside, (declared, drawn))


def _counts(network: Network, step: Step) -> list[Counts]:
    counter = _Counter()
    found: list[Counts] = []

    def visit(node: Node, made: Map) -> None:
        found.append(counter.counts(node, made))
        step()

    start = Map(network.input, [1] * prod(network.input))
    run(network, start, counter.draw, counter.reading, keep=(), whole=True, visit=visit)
    return found


def _counts_apart(network: Network, step: Step) -> list[Counts]:
    known: dict[tuple[Layer, Shapes], Counts] = {}
    counter = _Counter()
    found = []
    for node in network.nodes:
        key = (node.layer, node.input_shapes)
        if key not in known:
            alone = _alone(node)
            inputs = tuple(Map(shape, [1] * prod(shape)) for shape in alone.input_shapes)
            known[key] = counter.counts(alone, execute(alone, inputs, counter.draw, counter.reading))
        found.append(known[key])
        step()
    return found


def _alone(node: Node) -> Node:
    """The layer by itself with as few channels as it can have."""
    if len(node.inputs) > 1:
        inputs = tuple((1, *shape[1:]) for shape in node.input_shapes)
        return node._replace(input_shapes=inputs, output=node.layer.output_shape(inputs))
    single = node._replace(index=0, inputs=(INPUT,), shares=None, like=None)
    network = Network("", "", "", node.input_shapes[0], (single,), (), {"": 0})
    return narrow_to(network, node.input_shapes[0][1:], joined=True).nodes[0]


# tracing


class Trace(NamedTuple):
    """What each position of a map (each element of a flat one) was traced to, over all channels."""

    places: list[int]
    everything: int


Checked = Callable[[Node, Trace], None]


def _trace(made: Map) -> Trace:
    if len(made.shape) == 1:
        return Trace(made.values, reduce(or_, made.values))
    merged: list[int] = made.channels()[0]
    for channel in made.channels()[1:]:
        if channel != merged:
            merged = list(map(or_, merged, channel))
    return Trace(merged, reduce(or_, merged))


def _trace_whole(network: Network, check: Checked) -> None:
    """Through the whole network; no trace is kept."""

    def visit(node: Node, made: Map) -> None:
        check(node, _trace(made))

    run(network, traced_input(network.input), ones, Provenance(), keep=(), whole=True, visit=visit)


def _trace_apart(network: Network, check: Checked) -> None:
    """Through every layer by itself: each of its input channels is what all channels before it were traced to.

    A trace is kept until its last reader.
    """
    readers = Counter(index for node in network.nodes for index in node.inputs)
    known = {INPUT: _trace(traced_input(network.input))}
    for node in network.nodes:
        alone = _alone(node)
        inputs = []
        for index, shape in zip(node.inputs, alone.input_shapes, strict=True):
            trace = known[index]
            values = trace.places * shape[0] if len(shape) > 1 else [trace.everything] * shape[0]
            inputs.append(Map(shape, values))
        made = execute(alone, tuple(inputs), ones, Provenance())
        trace = _trace(made)
        known[node.index] = trace if len(made.shape) > 1 else trace._replace(places=[trace.everything])
        check(node, known[node.index])
        readers.subtract(node.inputs)
        for index in {*node.inputs, node.index}:
            if not readers[index]:
                known.pop(index, None)


# the two against each other


class _Judge:
    """Checks every layer, once it is traced, against what was declared and against where its windows lead."""

    def __init__(self, network: Network, counted: list[Counts]) -> None:
        self.network = network
        self.counted = counted
        self.seen = sights(network)
        self.ways = [cones(network, axis) for axis in range(len(network.input) - 1)]
        self.fields = _fields(network)

    def layer(self, node: Node, trace: Trace) -> LayerVerdict:
        """What was held of one layer."""
        counts, sight, field = self.counted[node.index], self.seen[node.index], self.fields[node.index]
        checks = list(_figures(counts))
        middle = corner = None
        cone = [way[node.index] for way in self.ways]
        if counts.shapes[0] == counts.shapes[1]:
            middle, corner = _units(node, self.network, field, trace)
            checks += _positions(self.network, node, sight, trace)
            if field is not None:
                checks += _claims(self.network, field, trace)
        if field is not None:
            checks += _beyond(node, field, cone)
        proven = (
            sight.exact or sight.gaps
        ) and None not in cone  # that a unit sees less can then only come of an inner map's end
        for name, unit in (("middle", middle), ("corner", corner)):
            if unit:
                held = all(map(_within, unit.traced, unit.declared)) and (proven or not unit.cut)
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


def _figures(counts: Counts) -> Iterator[Check]:
    yield Check("shape", *counts.shapes, counts.shapes[0] == counts.shapes[1])
    for note, (declared, found) in (("", counts.work), (" without padding", counts.inside)):
        for name, one, other in zip(Work._fields, declared, found, strict=True):
            yield Check(name + note, one, other, one == other)
    for role, name in (("weight", "weights"), ("bias", "biases"), ("buffer", "buffers")):
        one, other = counts.arrays[0][role], counts.arrays[1][role]
        yield Check(name, one, other, one == other)


def _fields(network: Network) -> dict[int, Field | None]:
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


def _claims(network: Network, field: Field, trace: Trace) -> Iterator[Check]:
    """What is said of the whole input: what all units see together, and what every one of them sees."""
    firsts, image = firsts_of(network.input), network.input[1:]
    for first, size, cover in zip(firsts, image, field.seen, strict=True):
        found = trace.everything >> first & (1 << size) - 1
        told = (cover.first, cover.last) if cover else None
        held = hull_of(found) == told if field.sure else _within(hull_of(found), told)
        if held and field.sure and cover and cover.solid:
            held = found.bit_count() == cover.last - cover.first + 1
        yield Check("positions seen by all units together", told, hull_of(found), held)
    claim = receptive_field.whole(field, image)
    if claim is None:
        return
    everything = (1 << sum(image)) - 1
    ends = [(start, start + size - 1) for start, size in zip(claim.start, claim.size, strict=True)]
    for found in trace.places:
        shown = _shown(found, network)
        if claim.all:
            held = found == everything
        elif field.flat is None:
            held = not claim.exact or all(map(_within, ends, shown))
        else:
            held = shown == tuple(ends) if claim.exact else all(map(_within, shown, ends))
        if not held:
            yield Check("positions seen by every unit alike", ends, shown, False)
            return


def _positions(network: Network, node: Node, sight: Sight, trace: Trace) -> Iterator[Check]:
    """Every unit against what is there to be seen."""
    firsts = firsts_of(network.input)
    if sight.axes is None:
        told = sight.at((), firsts)
        found = trace.places if sight.each and sight.exact else [trace.everything]
        wrong = [one for one in found if one != told] if sight.exact else [one for one in found if one & ~told]
        yield Check("positions seen", _shown(told, network), _shown(wrong[0] if wrong else told, network), not wrong)
        return
    for place, found_ in zip(places(node.output), trace.places, strict=True):
        told = sight.at(place, firsts)
        if found_ != told and (sight.exact or found_ & ~told):
            what = f"positions seen by the unit {list(place)}"
            yield Check(what, _shown(told, network), _shown(found_, network), False)
            return
    yield Check("positions seen by every unit", "", "", True)


def _beyond(node: Node, field: Field, ways: list[Cone | None]) -> Iterator[Check]:
    """The receptive field of every unit, before clipping, against where the windows lead."""
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


def _units(node: Node, network: Network, field: Field | None, trace: Trace) -> tuple[Unit | None, Unit | None]:
    if field is None or not field.axes:
        return None, None
    sizes = node.output[1:]
    if field.flat is not None:
        together = tuple((cover.first, cover.last) if cover else None for cover in field.seen)
        return Unit(together, _shown(trace.everything, network), field.sure), None
    if len(sizes) != len(network.input) - 1:
        return None, None
    found = []
    for place in (tuple(size // 2 for size in sizes), (0,) * len(sizes)):
        told = (hull(axis.unit(at), axis.fixed) for axis, at in zip(field.axes, place, strict=True))
        declared = tuple(_clipped(one, size) for one, size in zip(told, network.input[1:], strict=True))
        if not all(declared):
            declared = (None,) * len(declared)
        number = reduce(lambda index, pair: index * pair[1] + pair[0], zip(place, sizes, strict=True), 0)
        found.append(Unit(declared, _shown(trace.places[number], network), field.exact))
    return found[0], found[1]


def _clipped(interval: Interval, size: int) -> Interval:
    """The part of an interval that lies on the image."""
    if interval is None or interval[1] < 0 or interval[0] >= size:
        return None
    return max(interval[0], 0), min(interval[1], size - 1)


def _within(inner: Interval, outer: Interval) -> bool:
    return inner is None or (outer is not None and outer[0] <= inner[0] and inner[1] <= outer[1])


def _shown(positions: int, network: Network) -> Intervals:
    """The hull of a set on every axis."""
    parts = zip(firsts_of(network.input), network.input[1:], strict=True)
    return tuple(hull_of(positions >> first & (1 << size) - 1) for first, size in parts)
