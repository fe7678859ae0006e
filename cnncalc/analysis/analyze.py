"""Computing the report of a network: the costs and the receptive field of every layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from cnncalc import limits
from cnncalc.analysis import field_report, receptive_field
from cnncalc.analysis.receptive_field import Field
from cnncalc.analysis.report import Costs, LayerReport, Report, Seen
from cnncalc.errors import Span
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.channels import Channels
from cnncalc.layers.reach import Reach
from cnncalc.network import Network, Node, positions_of
from cnncalc.records import NamedTuple

Rules = tuple[Reach, Channels]


def count_costs(layer: Layer, inputs: Shapes, output: Shape) -> Costs:
    """The costs of a layer for these inputs, by its rules."""
    counts = {"weight": 0, "bias": 0, "buffer": 0}
    for weight in layer.weights(inputs):
        counts[weight.role] += prod(weight.shape)
    weights, biases, buffers = counts.values()
    return Costs(weights, biases, buffers, layer.work(inputs, output), layer.activations(inputs, output))


def iterate_costs(network: Network) -> Iterator[Costs]:
    """The costs of each layer. Shared weights are counted at their first application."""
    known: dict[tuple[int, Shapes], tuple[Costs, Costs]] = {}
    for node in network.nodes:
        key = (id(node.layer), node.input_shapes)
        found = known.get(key)
        if found is None:
            own = count_costs(node.layer, node.input_shapes, node.output)
            found = known[key] = own, own._replace(weights=0, biases=0, buffers=0)
        yield found[node.shares is not None]


class Followed(NamedTuple):
    """What a layer sees of one input: the field, and what the report says of it, by the input's name."""

    field: Field | None
    seen: Mapping[str, Seen]


class Follower:
    """Follows the receptive field on one input from layer to layer; each is kept until its last reader has it."""

    def __init__(self, network: Network, name: str, start: int, rules: dict[tuple[int, Shapes], Rules]) -> None:
        """`rules` keeps those of layers, for the other inputs."""
        self.name = name
        self.image = positions_of(network.inputs[name])
        # whether there are layers that this input does not reach
        self.several = len(network.inputs) > 1 or not all([node.inputs for node in network.nodes])
        self.rules = rules
        self.phases = 0
        self.at: dict[int, Followed] = {start: self._show(receptive_field.at_input(network.inputs[name]))}
        self.last_reader = {source: node.index for node in network.nodes for source in node.inputs}
        self.like: dict[tuple[int, int], int] = {}  # by the source and the layer, the first node of both

    def after(self, node: Node) -> Followed | None:
        """What the output of a layer sees, called once for each node in order; None where the input does not reach."""
        if self.several and not any(source in self.at for source in node.inputs):
            return None
        first = node.inputs[0]
        alone = len(node.inputs) == 1
        like = self.like.setdefault((first, id(node.layer)), node.index) if alone else node.index
        found = self.at.get(like)
        if found is None:
            before = self.at.get(first)
            field = self._compute(node)
            found = before if before and field is before.field else self._show(field)
        self.at[node.index] = found
        for source in node.inputs:
            if self.last_reader[source] == node.index:
                self.at.pop(source, None)
        return found

    def _compute(self, node: Node) -> Field | None:
        if self.phases >= limits.FIELD_UNITS:
            return None
        before: list[Field | None] = []
        for index in node.inputs:
            reached = self.at.get(index)
            if reached is not None and reached.field is None:
                return None
            before.append(reached and reached.field)
        key = (id(node.layer), node.input_shapes)
        rule = self.rules.get(key)
        if rule is None:
            layer, shapes, output = node.layer, node.input_shapes, node.output
            rule = self.rules[key] = layer.reach(shapes, output), layer.channels(shapes, output)
        return receptive_field.after(*rule, tuple(before), node.input_shapes, node.output)

    def _show(self, field: Field | None) -> Followed:
        self.phases += receptive_field.count_phases(field)
        shown, whole = field_report.to_report(field), field_report.whole(field, self.image)
        return Followed(field, {self.name: Seen(shown, whole, field is None or field.centred)})


def follow(network: Network) -> list[Follower]:
    """A follower for each input."""
    rules: dict[tuple[int, Shapes], Rules] = {}
    return [Follower(network, name, start, rules) for name, start in zip(network.inputs, network.starts, strict=True)]


def analyze(network: Network, *, fields: bool = True) -> Report:
    """The figures of every layer and their sums, in time linear in the layers and whatever the resolution.

    Without `fields`, nothing is said of receptive fields, which saves half of the time.
    """
    followers = follow(network) if fields else []
    only = followers[0] if len(followers) == 1 else None
    lines: dict[Span, int] = {}
    layers = []
    for node, cost in zip(network.nodes, iterate_costs(network), strict=True):
        if only and (found := only.after(node)):
            seen = found.seen
        else:
            reached = [each.after(node) for each in followers]
            seen = {name: own for each in reached if each for name, own in each.seen.items()}
        line = lines.get(node.span) or lines.setdefault(node.span, node.span.line)
        shares = network.nodes[node.shares].path if node.shares is not None else ""
        layers.append(
            LayerReport(node.path, node.layer, line, node.input_shapes, node.output, cost, seen, shares, node.inputs)
        )
    outputs = {name: network.shape_at(index) for name, index in network.outputs.items()}
    output = next(iter(outputs.values()), ()) if network.complete else ()
    outputs.pop("", None)
    return Report(
        network.name,
        network.source,
        network.notes,
        network.inputs,
        output,
        outputs,
        tuple(layers),
        network.groups,
        Costs.together(layer.costs for layer in layers),
        network.complete,
        tuple(network.outputs.values()),
    )
