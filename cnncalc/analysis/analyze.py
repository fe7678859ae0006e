"""Computing the report of a network: the costs and the receptive field of every layer."""

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


class _Seen(NamedTuple):
    """A field, and its form in the report."""

    field: Field | None
    receptive_field: ReceptiveField | None
    whole: Whole | None


class _Fields:
    """Computes the receptive field layer by layer; each is kept until its last reader."""

    def __init__(self, network: Network) -> None:
        self.image = network.input[1:]
        self.rules: dict[tuple[int, Shapes], tuple[Reach, Channels]] = {}
        self.phases = 0
        self.at: dict[int, _Seen] = {INPUT: self._show(receptive_field.at_input(network.input))}
        self.last_reader = {source: node.index for node in network.nodes for source in node.inputs}
        self.like: dict[tuple[int, int], int] = {}  # by the source and the layer, the first node of both

    def after(self, node: Node) -> _Seen:
        """The field of a layer's output; called once for each node, in order."""
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
        self.phases += receptive_field.count_phases(field)
        return _Seen(field, receptive_field.to_report(field), receptive_field.whole(field, self.image))


def analyze(network: Network) -> Report:
    """Compute the figures of every layer and their sums, in time linear in the layers at any resolution."""
    fields = _Fields(network)
    lines: dict[Span, int] = {}
    layers = []
    for node, cost in zip(network.nodes, iterate_costs(network), strict=True):
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
