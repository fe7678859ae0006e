"""Costs by kind: AlexNet's by its paper's layers, and that they add up."""

from __future__ import annotations

import json

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.by_kind import sum_by_kind
from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.reading import load
from cnncalc.render.json import dump_summary
from cnncalc.render.notes import explain_totals

from ..networks import report

# AlexNet without groups: K·K·C_in·C_out, and the sizes of the outputs; I·O
CONVS = [(11 * 11 * 3 * 96, 55), (5 * 5 * 96 * 256, 27), (9 * 256 * 384, 13), (9 * 384 * 384, 13), (9 * 384 * 256, 13)]
LINEAR = 9216 * 4096 + 4096 * 4096 + 4096 * 1000


def test_alexnet_by_hand() -> None:
    conv, linear = sum_by_kind(analyze(load("alexnet"), fields=False))
    assert (conv.kind, conv.layers, conv.costs.weights) == ("conv", 5, sum(weights for weights, _ in CONVS))
    assert conv.costs.work.macs == sum(weights * size * size for weights, size in CONVS)
    assert (linear.kind, linear.layers, linear.costs.weights) == ("linear", 3, LINEAR)
    assert linear.costs.work.macs == LINEAR


def test_the_lines_of_alexnet() -> None:
    found = dict(explain_totals(analyze(load("alexnet")), Dtype.float32))
    assert found["by kind"] == (
        "conv 5: 3,745,824 weights (6.0%), 1.08 G macs (94.8%)"
        " · linear 3: 58,621,952 weights (94.0%), 58.6 M macs (5.2%)"
    )
    assert found["depth"] == "8 layers with weights on the longest path"


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "siamese", "unet"])
def test_kinds_add_up(name: str) -> None:
    found = analyze(load(name), fields=False)
    kinds = sum_by_kind(found)
    assert sum(each.costs.weights for each in kinds) == found.totals.weights
    assert sum(each.costs.work.macs for each in kinds) == found.totals.work.macs
    document = json.loads(dump_summary(found, Dtype.float32))
    assert {kind: each["layers"] for kind, each in document["by_kind"].items()} == {
        each.kind: each.layers for each in kinds
    }
    assert sum(each["macs"] for each in document["by_kind"].values()) == document["totals"]["macs"]


def test_one_kind_has_no_line() -> None:
    assert "by kind" not in dict(explain_totals(report("layers: ['conv(4, 3) -> relu']"), Dtype.float32))


def test_a_product_of_two_tensors_is_no_layer_with_weights() -> None:
    """Two convolutions on a path, whose product has macs of its own."""
    text = "layers: ['conv(8, 1) -> reshape([8, 64])', matmul: [identity, 'conv(4, 1) -> transpose([1, 0])']]"
    assert FIGURES["depth"].measure_network(report(text)) == 2
    assert json.loads(dump_summary(report(text), Dtype.float32))["totals"]["depth"] == 2
