"""What a layer declares, against what is counted when it is executed: for every kind, in seeded random settings."""

from __future__ import annotations

import pytest

from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shapes

from ..layers.cases import random_cases
from .one import count

CASES = 25


def held(layer: Layer, inputs: Shapes) -> None:
    """Hold every declared figure of a layer against its execution."""
    output = layer.output_shape(inputs)
    found = count(layer, inputs)
    assert found.shape == output, (layer, inputs)
    assert found.work == layer.work(inputs, output), (layer, inputs)
    assert found.inside == layer.work_inside(inputs, output), (layer, inputs)
    assert found.arrays == {weight.name: weight.shape for weight in layer.weights(inputs)}, (layer, inputs)


@pytest.mark.parametrize("kind", KINDS)
def test_random_settings(kind: str) -> None:
    for layer, inputs in random_cases(kind, CASES):
        held(layer, inputs)


@pytest.mark.parametrize("kind", KINDS)
def test_examples(kind: str) -> None:
    for settings, inputs in kind_class(kind).examples():
        small = tuple((min(shape[0], 64), *(min(size, 24) for size in shape[1:])) for shape in inputs)
        layer = kind_class(kind)(**settings)
        held(layer, small if fits(layer, small) else inputs)


def fits(layer: Layer, inputs: Shapes) -> bool:
    """Whether a layer takes these inputs."""
    try:
        layer.output_shape(inputs)
    except LayerError:
        return False
    return True
