"""Plans are proven by executing in them: in place and in an arena a network gives the same numbers."""

from __future__ import annotations

import pytest

from cnncalc.analysis.arena import plan_arena
from cnncalc.analysis.liveness import Mode, make_plan, network_tensors
from cnncalc.execution.narrow import narrow
from cnncalc.layers.normalization import LocalResponseNorm
from cnncalc.network import Network
from cnncalc.reading import read
from cnncalc.spec.files import bundled

from ..networks import network
from .buffers import allot, outputs_apart, outputs_in

MOST = 3_000_000  # steps of a narrowed network


def narrowed(name: str) -> Network:
    found = narrow(read(name).require_network(), MOST)
    if found is None:
        pytest.skip("too large even with few channels")
    return found[0]


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", bundled())
def test_an_arena_holds_what_is_read_from_it(name: str) -> None:
    net = narrowed(name)
    plan = make_plan(network_tensors(net), Mode.fused)
    arena = plan_arena(plan, 1, 1)
    offsets = {place.buffer: place.offset for place in arena.places}
    assert outputs_in(net, plan, offsets, arena.size) == outputs_apart(net)


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", bundled())
def test_what_is_overwritten_is_not_read_again(name: str) -> None:
    net = narrowed(name)
    plan = make_plan(network_tensors(net), Mode.in_place)
    offsets, size = allot(plan, plan.steps)
    assert outputs_in(net, plan, offsets, size) == outputs_apart(net)
    if any(node.layer.storage == "in place" for node in net.nodes):
        assert size < sum(plan.sizes[buffer] for buffer in plan.sizes if buffer < len(net.nodes))


def test_an_output_that_is_overwritten_would_be_found() -> None:
    net = network("layers: ['conv(2, 1)', outputs: {a: 'conv(2, 1)', b: 'relu'}]")
    plan = make_plan(network_tensors(net), Mode.in_place)
    offsets, size = allot(plan, plan.steps)
    assert outputs_in(net, plan, offsets, size) == outputs_apart(net)
    wrong = {**offsets, 2: offsets[1]}
    assert outputs_in(net, plan, wrong, size) != outputs_apart(net)


def test_what_reads_neighbours_in_the_memory_of_another_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A local response norm over its input would read what it has written; the plan keeps them apart."""
    net = network("layers: ['conv(4, 1) -> local_response_norm(3)']")
    assert make_plan(network_tensors(net), Mode.in_place).steps[1].over == ()
    monkeypatch.setattr(LocalResponseNorm, "storage", "in place")
    assert make_plan(network_tensors(net), Mode.in_place).steps[1].over == (0,)
