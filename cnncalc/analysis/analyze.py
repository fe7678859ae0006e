"""From a network to its report."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

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


def analyze(network: Network) -> Report:
    """The numbers of every layer and their sums, in time linear in the layers and whatever the resolution."""
    rules: dict[tuple[int, Shapes], tuple[Reach, Channels]] = {}
    fields: dict[int, Field | None] = {INPUT: receptive_field.at_input(network.input)}
    seen: dict[int, tuple[ReceptiveField | None, Whole | None]] = {}  # by the identity of a field: most pass it on
    image = network.input[1:]
    lines: dict[Span, int] = {}
    phases = 0
    layers = []
    for node, cost in zip(network.nodes, costs(network), strict=True):
        key = (id(node.layer), node.input_shapes)
        rule = rules.get(key)
        if rule is None:
            layer, shapes, output = node.layer, node.input_shapes, node.output
            rule = rules[key] = layer.reach(shapes, output), layer.channels(shapes, output)
        field = _field_after(node, rule, fields) if phases < limits.FIELD_UNITS else None
        fields[node.index] = field
        sees = seen.get(id(field))
        if sees is None:
            sees = seen[id(field)] = receptive_field.shown(field), receptive_field.whole(field, image)
            phases += receptive_field.phases(field)
        line = lines.get(node.span) or lines.setdefault(node.span, node.span.line)
        shares = network.nodes[node.shares].path if node.shares is not None else ""
        seen_as = (*sees, field is None or field.centred)
        made = node.path, node.layer, line, node.input_shapes, node.output, cost, *seen_as, shares, node.inputs
        layers.append(LayerReport(*made))
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


def _field_after(node: Node, rule: tuple[Reach, Channels], fields: dict[int, Field | None]) -> Field | None:
    before = tuple([field for index in node.inputs if (field := fields[index]) is not None])
    if len(before) < len(node.inputs):
        return None
    return receptive_field.after(*rule, before, node.input_shapes, node.output)
