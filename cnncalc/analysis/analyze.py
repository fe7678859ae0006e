"""From a network to its report."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from cnncalc import limits
from cnncalc.analysis import receptive_field
from cnncalc.analysis.receptive_field import Field
from cnncalc.analysis.report import Costs, LayerReport, ReceptiveField, Report, Whole
from cnncalc.errors import Span
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.channels import Channels
from cnncalc.layers.reach import Reach
from cnncalc.network import INPUT, Network, Node


def costs_of(layer: Layer, inputs: Shapes, output: Shape) -> Costs:
    """What a layer's rules say of it where these inputs flow in."""
    counts = {"weight": 0, "bias": 0, "buffer": 0}
    for weight in layer.weights(inputs):
        counts[weight.role] += prod(weight.shape)
    weights, biases, buffers = counts.values()
    return Costs(weights, biases, buffers, layer.work(inputs, output), layer.activations(inputs, output))


def costs(network: Network) -> Iterator[Costs]:
    """What each layer costs. Weights that are applied again are counted where they were applied first."""
    known: dict[tuple[int, Shapes], tuple[Costs, Costs]] = {}
    for node in network.nodes:
        key = (id(node.layer), node.input_shapes)
        found = known.get(key)
        if found is None:
            own = costs_of(node.layer, node.input_shapes, node.output)
            found = known[key] = own, own._replace(weights=0, biases=0, buffers=0)
        yield found[node.shares is not None]


class _Seen(NamedTuple):
    """A field, and what the report says of it."""

    field: Field | None
    receptive_field: ReceptiveField | None
    whole: Whole | None


class _Fields:
    """Follows the receptive field from layer to layer; each is kept until its last reader has it."""

    def __init__(self, network: Network) -> None:
        self.image = network.input[1:]
        self.rules: dict[tuple[int, Shapes], tuple[Reach, Channels]] = {}
        self.phases = 0
        self.at: dict[int, _Seen] = {INPUT: self._show(receptive_field.at_input(network.input))}
        self.last_reader = {source: node.index for node in network.nodes for source in node.inputs}
        self.like: dict[tuple[int, int], int] = {}  # by the source and the layer, the first node of both

    def after(self, node: Node) -> _Seen:
        """What the output of a layer sees, called once for each node in order."""
        first = node.inputs[0]
        alone = len(node.inputs) == 1
        like = self.like.setdefault((first, id(node.layer)), node.index) if alone else node.index
        found = self.at.get(like)
        if found is None:
            before = self.at[first]
            field = self._compute(node)
            found = before if field is before.field else self._show(field)
        self.at[node.index] = found
        for source in node.inputs:
            if self.last_reader[source] == node.index:
                self.at.pop(source, None)
        return found

    def _compute(self, node: Node) -> Field | None:
        if self.phases >= limits.FIELD_UNITS:
            return None
        before = tuple([field for index in node.inputs if (field := self.at[index].field) is not None])
        if len(before) < len(node.inputs):
            return None
        key = (id(node.layer), node.input_shapes)
        rule = self.rules.get(key)
        if rule is None:
            layer, shapes, output = node.layer, node.input_shapes, node.output
            rule = self.rules[key] = layer.reach(shapes, output), layer.channels(shapes, output)
        return receptive_field.after(*rule, before, node.input_shapes, node.output)

    def _show(self, field: Field | None) -> _Seen:
        self.phases += receptive_field.phases(field)
        return _Seen(field, receptive_field.shown(field), receptive_field.whole(field, self.image))


def analyze(network: Network) -> Report:
    """The numbers of every layer and their sums, in time linear in the layers and whatever the resolution."""
    fields = _Fields(network)
    lines: dict[Span, int] = {}
    layers = []
    for node, cost in zip(network.nodes, costs(network), strict=True):
        field, own, whole = fields.after(node)
        line = lines.get(node.span) or lines.setdefault(node.span, node.span.line)
        shares = network.nodes[node.shares].path if node.shares is not None else ""
        seen = own, whole, field is None or field.centred
        layers.append(
            LayerReport(node.path, node.layer, line, node.input_shapes, node.output, cost, *seen, shares, node.inputs)
        )
    outputs = {name: network.shape_at(index) for name, index in network.outputs.items()}
    output = next(iter(outputs.values()), ()) if network.complete else ()
    outputs.pop("", None)
    return Report(
        network.name,
        network.source,
        network.notes,
        network.input,
        output,
        outputs,
        tuple(layers),
        network.groups,
        Costs.together(layer.costs for layer in layers),
        network.complete,
    )
