"""The arena: TensorFlow Lite Micro's own sizes, and that no two tensors that are alive together overlap."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from cnncalc.analysis.arena import plan_arena
from cnncalc.analysis.liveness import Mode, Plan, Step, make_plan, measure, network_tensors
from cnncalc.reading import read

from ..networks import network
from .random_tensors import random_tensors

REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "tflm-arenas.json").read_text(encoding="utf-8"))
# The converted networks of the reference that are bundled.
NAMES = {
    "mb1": "mobilenet_v1", "mbv2": "mobilenet_v2", "dense121": "densenet121", "r50": "resnet50", "vgg16": "vgg16",
}  # fmt: skip


def plan_of(name: str, *settings: str, input: str = "") -> Plan:
    net = read(name, inputs=(input,) if input else (), settings=settings).require_network()
    return make_plan(network_tensors(net), Mode.fused)


@pytest.mark.parametrize("name", NAMES)
def test_the_size_is_that_of_tensorflow_lite_micro(name: str) -> None:
    arena = plan_arena(plan_of(NAMES[name]), 4)
    assert arena.size == REFERENCE[name]["tflm_head"]
    assert arena.bound == REFERENCE[name]["bound"]


def test_mobilenet_for_a_microcontroller() -> None:
    """24·24·32 + 48·48·16 in int8, as TensorFlow Lite Micro without its persistent buffers."""
    arena = plan_arena(plan_of("mobilenet_v1", "width=0.25", input="1x96x96"), 1)
    assert arena.size == 24 * 24 * 32 + 48 * 48 * 16 == 55_296


def test_of_equal_sizes_the_last_added_comes_first() -> None:
    """Four tensors of 16 bytes: a lives with b, b with c, c with d; the last two are placed first."""
    steps = (Step(0, (-1,), 0), Step(1, (0,), 1), Step(2, (1,), 2))
    sizes = {-1: 16, 0: 16, 1: 16, 2: 16}
    arena = plan_arena(Plan(steps, sizes, {}, frozenset({-1}), frozenset({2})), 1)
    assert {place.buffer: place.offset for place in arena.places} == {2: 0, 1: 16, 0: 0, -1: 16}


@pytest.mark.sample(5)
@pytest.mark.parametrize("seed", range(50))
def test_tensors_that_live_together_do_not_overlap(seed: int) -> None:
    plan = make_plan(random_tensors(Random(seed), 20), Mode.fused)
    arena = plan_arena(plan, 4)
    assert arena.size >= arena.bound >= 4 * max(measure(plan)) or any(step.work for step in plan.steps)
    for one, other in combinations(arena.places, 2):
        if one.first <= other.last and other.first <= one.last:
            assert one.offset + one.size <= other.offset or other.offset + other.size <= one.offset
    assert all(place.offset % 16 == 0 for place in arena.places)


def test_norms_are_folded_into_weights_and_activations_onto_what_is_computed() -> None:
    """A batch norm after a concat has no weights to go into; a relu after it is computed with it."""
    net = network(
        "layers: ['conv(4, 1)', concat: ['conv(4, 1)', identity], 'batch_norm -> relu -> conv(2, 1) -> relu']"
    )
    plan = make_plan(network_tensors(net), Mode.fused)
    assert [step.layer for step in plan.steps if step.makes is not None] == [0, 1, 2, 3, 5]
