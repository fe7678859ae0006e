"""Orders of layers: equal to brute force, never above the file's, and what is known of networks."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from random import Random

import pytest

from cnncalc import limits
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.liveness import Mode, Plan, Step, make_plan, measure, network_tensors
from cnncalc.analysis.ordering import _Budget, find_best_order, list_moves
from cnncalc.network import Network
from cnncalc.reading import read
from cnncalc.spec.files import bundled

from ..networks import network
from .random_tensors import random_tensors


def load(name: str) -> Network:
    return read(name).require_network()


def least_peak(plan: Plan) -> int:
    """By definition, over all sets of steps in which everything that is read has been made."""
    steps = [step for step in plan.steps if step.makes is not None]
    makers = {step.makes: at for at, step in enumerate(steps)}

    def is_alive(buffer: int, done: frozenset[int]) -> bool:
        made = buffer in plan.starts or makers.get(buffer) in done
        waits = any(buffer in step.reads for at, step in enumerate(steps) if at not in done)
        return made and (waits or buffer in plan.kept)

    @cache
    def least(done: frozenset[int]) -> int:
        if len(done) == len(steps):
            return 0
        return min(
            max(taken(step, done), least(done | {at}))
            for at, step in enumerate(steps)
            if at not in done and all(buffer in plan.starts or makers[buffer] in done for buffer in step.reads)
        )

    def taken(step: Step, done: frozenset[int]) -> int:
        after = done | {steps.index(step)}
        alive = {buffer for buffer in plan.sizes if is_alive(buffer, done)} | {*step.reads, step.makes}
        over = [plan.sizes[buffer] for buffer in step.over if not is_alive(buffer, after)]
        return sum(plan.sizes[buffer] for buffer in alive if buffer is not None) + step.work - max(over, default=0)

    return max(least(frozenset()), 0) if steps else sum(plan.sizes[start] for start in plan.starts)


@pytest.mark.sample(3)
@pytest.mark.parametrize("block", range(10))
def test_the_best_order_is_that_of_brute_force(block: int) -> None:
    """1,000 random networks of up to 10 layers, in every mode."""
    better = 0
    for seed in range(100 * block, 100 * (block + 1)):
        rng = Random(seed)
        tensors = random_tensors(rng, rng.randint(2, 10))
        for mode in Mode:
            plan = make_plan(tensors, mode)
            found = find_best_order(plan)
            assert found.is_proven, (seed, mode)
            assert found.peak == least_peak(plan), (seed, mode)
            assert found.bound <= found.peak
            assert max(measure(plan, found.order)) == found.peak
            better += found.peak < max(measure(plan))
    assert better


def test_sets_and_orders_agree() -> None:
    """The brute force itself, held against all orders of small networks, one after another."""
    for seed in range(30):
        tensors = random_tensors(Random(seed), 5)
        plan = make_plan(tensors, Mode.in_place)
        steps = [step for step in plan.steps if step.makes is not None]
        peaks = [max(measure(plan, order)) for order in permutations(steps) if is_possible(plan, order)]
        assert min(peaks) == least_peak(plan)


def is_possible(plan: Plan, order: tuple[Step, ...]) -> bool:
    made = set(plan.starts)
    for step in order:
        if not made.issuperset(step.reads):
            return False
        made.add(step.makes if step.makes is not None else -1)
    return True


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("resnet50", 0), ("mobilenet_v2", 0), ("densenet121", 0), ("googlenet", 0),
        ("fcn_resnet50", 17.7), ("xception", 9.9), ("shufflenet_v2_x2_0", 8.9), ("resnext101_32x8d", 10.0),
        ("resnext101_64x4d", 10.0), ("regnet_x_16gf", 5.6), ("regnet_y_128gf", 8.4),
    ],
)  # fmt: skip
def test_what_another_order_saves(name: str, gain: float) -> None:
    """In percent; PyTorch falls so when the branches are swapped."""
    plan = make_plan(network_tensors(load(name)), Mode.separate)
    found = find_best_order(plan)
    file = max(measure(plan))
    assert round(100 * (file - found.peak) / file, 1) == gain
    assert found.is_proven


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", bundled())
def test_no_order_is_worse_than_that_of_the_file_or_below_the_bound(name: str) -> None:
    plan = make_plan(network_tensors(load(name)), Mode.separate)
    found = find_best_order(plan)
    assert found.bound <= found.peak <= max(measure(plan))
    assert max(measure(plan, found.order)) == found.peak


def test_the_gain_is_told_in_words() -> None:
    net = network(
        "layers: ['conv(2, 1)', {'add': {'shortcut': 'conv(9, 1)', 'body': 'conv(60, 1) -> conv(2, 1) -> conv(9, 1)'}}]"
    )
    plan = make_plan(network_tensors(net), Mode.separate)
    found = find_best_order(plan)
    assert list_moves(analyze(net), plan, found.order) == [("add1", "add1.shortcut", "add1.body.conv2")]
    # the wide map is made beside 2 channels, not 9: 60 + 2 + 2 in place of 60 + 2 + 9
    assert (found.peak, max(measure(plan))) == (64 * 64, 71 * 64)


def test_beyond_the_limit_some_sets_are_followed_and_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ORDER_STEPS", 1)
    found = find_best_order(make_plan(network_tensors(load("xception")), Mode.separate))
    assert found.peak <= max(measure(make_plan(network_tensors(load("xception")), Mode.separate)))
    monkeypatch.setattr(limits, "ORDER_PART", 2)
    plan = make_plan(network_tensors(load("xception")), Mode.separate)
    unsearched = find_best_order(plan)
    assert not unsearched.is_proven
    assert unsearched.peak == max(measure(plan))


def test_a_beam_is_as_wide_as_its_limit_and_the_work_that_is_left_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ORDER_BEAM", 3)
    monkeypatch.setattr(limits, "ORDER_STEPS", 100_000)
    budget = _Budget()
    assert budget.take_beam(10) == 3
    assert budget.beams == 100_000 - 3 * 20 * 10**2
    assert budget.take_beam(1_000) == 0
