"""From a network to its report."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from cnncalc.analysis import receptive_field
from cnncalc.analysis.receptive_field import Field
from cnncalc.analysis.report import LayerReport, ReceptiveField, Report, Totals, Whole
from cnncalc.layers.base import Layer, Shape, Shapes, Work
from cnncalc.layers.reach import Reach
from cnncalc.network import INPUT, Network, Node

MOST_PHASES = 50_000  # of receptive fields that vary, all layers together: a bound on time, far above real networks


class Facts(NamedTuple):
    """What a layer's rules say of it where these inputs flow in."""

    weights: int
    biases: int
    buffers: int
    work: Work
    reach: Reach
    activations: int


def facts_of(layer: Layer, inputs: Shapes, output: Shape) -> Facts:
    """Ask the layer's rules."""
    counts = {"weight": 0, "bias": 0, "buffer": 0}
    for weight in layer.weights(inputs):
        counts[weight.role] += prod(weight.shape)
    weights, biases, buffers = counts.values()
    work, reach = layer.work(inputs, output), layer.reach(inputs, output)
    return Facts(weights, biases, buffers, work, reach, prod(output))


def analyze(network: Network) -> Report:
    """The numbers of every layer and their sums, in time linear in the layers and whatever the resolution."""
    known: dict[tuple[int, Shapes], Facts] = {}
    fields: dict[int, Field | None] = {INPUT: receptive_field.at_input(network.input)}
    told: dict[
        int, tuple[ReceptiveField | None, Whole | None]
    ] = {}  # by the identity of a field: most layers pass it on
    phases = 0
    layers = []
    for node in network.nodes:
        key = (id(node.layer), node.input_shapes)
        facts = known.get(key)
        if facts is None:
            facts = known[key] = facts_of(node.layer, node.input_shapes, node.output)
        field = _field_after(node, facts.reach, fields) if phases < MOST_PHASES else None
        phases += receptive_field.phases(field)
        fields[node.index] = field
        if id(field) not in told:
            told[id(field)] = receptive_field.shown(field), receptive_field.whole(field)
        layers.append(_layer_report(network, node, facts, field, *told[id(field)]))
    ends = dict(network.outputs)
    end = ends.pop("", None)
    if end is None:
        end = next(iter(ends.values()), len(network.nodes) - 1)
    return Report(
        network.name,
        network.source,
        network.notes,
        network.input,
        network.shape_at(end),
        {name: network.shape_at(index) for name, index in ends.items()},
        tuple(layers),
        network.groups,
        Totals.of(layers),
        network.complete,
    )


def _field_after(node: Node, reach: Reach, fields: dict[int, Field | None]) -> Field | None:
    before = tuple(field for index in node.inputs if (field := fields[index]) is not None)
    if len(before) < len(node.inputs):
        return None
    return receptive_field.after(reach, before, node.input_shapes, node.output)


def _layer_report(
    network: Network, node: Node, facts: Facts, field: Field | None, seen: ReceptiveField | None, whole: Whole | None
) -> LayerReport:
    shared = node.shares is not None
    return LayerReport(
        path=node.path,
        layer=node.layer,
        line=node.span.line,
        inputs=node.input_shapes,
        output=node.output,
        weights=0 if shared else facts.weights,
        biases=0 if shared else facts.biases,
        buffers=0 if shared else facts.buffers,
        work=facts.work,
        activations=facts.activations,
        receptive_field=seen,
        whole=whole,
        centred=field is None or field.centred,
        shares=network.nodes[node.shares].path if node.shares is not None else "",
    )
