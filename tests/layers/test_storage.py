"""Where the output of each kind is stored, compared with what it computes."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.ops import Map

from ..execution.one import Arrays, calculate, random_map
from .cases import random_cases


def test_kinds_of_every_storage_are_there() -> None:
    assert {kind_class(kind).storage for kind in KINDS} == {"new", "in place", "view", "weights"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind_class(kind).storage == "view"])
def test_a_view_has_the_elements_of_its_input_in_their_order(kind: str) -> None:
    for layer, shapes in random_cases(kind, 12):
        x = random_map(Random(kind), shapes[0])
        assert calculate(layer, (x,)).values == x.values


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind_class(kind).storage == "in place"])
def test_what_may_overwrite_an_input_reads_each_element_for_its_own_place_alone(kind: str) -> None:
    """Changing an element of an input with the output's shape changes no other element of the output."""
    rng = Random(kind)
    for layer, shapes in random_cases(kind, 12):
        inputs = tuple(random_map(rng, shape) for shape in shapes)
        arrays = Arrays(rng)
        before = calculate(layer, inputs, arrays)
        for at, x in enumerate(inputs):
            if x.shape != before.shape:
                continue
            place = rng.randrange(len(x.values))
            changed = Map(x.shape, [value + 0.5 if i == place else value for i, value in enumerate(x.values)])
            after = calculate(layer, (*inputs[:at], changed, *inputs[at + 1 :]), arrays)
            others = [i for i in range(len(x.values)) if i != place]
            assert [after.values[i] for i in others] == pytest.approx([before.values[i] for i in others], nan_ok=True)


def test_what_mixes_elements_has_memory_of_its_own() -> None:
    mixing = ("local_response_norm", "layer_norm", "group_norm", "softmax", "concat", "channel_split", "conv", "flip")
    assert {kind_class(kind).storage for kind in mixing} == {"new"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind_class(kind).folds])
def test_only_what_could_overwrite_its_input_is_folded_into_the_layer_before(kind: str) -> None:
    assert kind_class(kind).storage == "in place"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind_class(kind).in_steps])
def test_a_layer_in_two_steps_has_a_map_between_them(kind: str) -> None:
    for layer, shapes in random_cases(kind, 12):
        assert layer.inner_elements(shapes, layer.output_shape(shapes)) > 0
