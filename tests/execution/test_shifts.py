"""Shifted inputs give shifted outputs, where a layer has the same weights at all positions, and only there."""

from __future__ import annotations

import pytest

from cnncalc.execution.shifts import Shifts, try_shift
from cnncalc.execution.verify import verify
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shapes
from cnncalc.network import Node

from ..layers.cases import random_cases
from ..networks import network


def alone(layer: Layer, shapes: Shapes) -> Node:
    starts = tuple(range(-1, -1 - len(shapes), -1))
    return Node(0, "it", layer, starts, shapes, layer.output_shape(shapes), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_as_declared(kind: str) -> None:
    for layer, shapes in random_cases(kind, 30):
        found = try_shift(alone(layer, shapes))
        assert found is None or found.declared == found.found, (layer, shapes)


def tried(layers: str, size: str = "2x9x9") -> Shifts | None:
    (node,) = network(f"layers: ['{layers}']", input=size).nodes
    return try_shift(node)


@pytest.mark.parametrize(
    "layers",
    ["conv(3, 3)", "conv(2, 3, stride=2, padding=1)", "depthwise_conv(3)", "max_pool(2)", "relu", "batch_norm"],
)
def test_what_shifts(layers: str) -> None:
    assert tried(layers) == Shifts(True, True)


@pytest.mark.parametrize("layers", ["locally_connected(2, 3)", "scale(per=position)", "shift(per=element)"])
def test_weights_of_positions_do_not(layers: str) -> None:
    assert tried(layers) == Shifts(False, False)


@pytest.mark.parametrize("layers", ["global_avg_pool", "upsample(2)", "flip(-1)", "conv(2, 9)", "flatten"])
def test_what_is_not_tried(layers: str) -> None:
    assert tried(layers) is None


def test_a_layer_that_differs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A locally connected layer that passed for a convolution."""
    monkeypatch.setattr("cnncalc.execution.shifts._shares_weights", lambda node: True)
    (layer,) = verify(network("layers: ['locally_connected(2, 3)']")).layers
    assert [check.what for check in layer.differences] == ["shifts with its input"]
