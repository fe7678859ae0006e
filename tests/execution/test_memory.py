"""The memory of an execution against what was predicted: for every kind, for networks, and at the limit."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from functools import partial
from math import prod
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cnncalc import limits, load
from cnncalc.cli.app import run as run_command
from cnncalc.execution.effort import estimate_efforts
from cnncalc.execution.interpretations import Counting, Numbers, Provenance, trace_input
from cnncalc.execution.memory import (
    NUMBERS,
    ONES,
    Elements,
    compute_peak,
    output_bytes,
    position_sets,
    verification_peak,
    working_bytes,
)
from cnncalc.execution.narrow import narrow, narrow_to
from cnncalc.execution.run import run
from cnncalc.execution.verify import verify
from cnncalc.execution.weights import Weights, sample_input
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.ops import Map, Ops
from cnncalc.layers.structure import MERGES
from cnncalc.network import INPUT, Network, Node

from ..layers.cases import random_settings
from ..networks import network

SPAN = network("layers: [relu]").nodes[0].span
SHAPES = ((1, 60, 60), (16, 16, 16), (2, 1500), (128, 6, 6), (32, 100), (2, 12, 12, 12), (2000,), (300, 3, 3))
SEQUENCES = ((16, 60), (32, 40), (64, 12), (8, 100))
MOST_WORK, MOST_ELEMENTS = 400_000, 40_000  # of a case, so that it does not take long
SLACK = 30_000  # bytes of what does not grow


def taken(work: Callable[[], object]) -> int:
    """Most bytes that Python holds for it at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def cases(kind: str) -> list[tuple[Layer, Shapes]]:
    """Layers on maps large enough to tell bytes by: wide, narrow, long, flat."""
    rng = Random(f"memory {kind}")
    found: list[tuple[Layer, Shapes]] = []
    branches = {"subtract": 2, "divide": 2, "matmul": 2}.get(kind, 3 if kind in MERGES else 1)
    for shape in (SEQUENCES if "attention" in kind else SHAPES) * 6:
        inputs = (shape,) * branches * kind_class(kind).sources
        try:
            layer = kind_class(kind)(**random_settings(rng, kind, shape))
            output = layer.output_shape(inputs)
        except LayerError:
            continue
        if max(layer.work(inputs, output)) <= MOST_WORK and prod(output) <= MOST_ELEMENTS:
            found.append((layer, inputs))
    return found[:20]


def readings(shape: Shape) -> dict[str, tuple[Elements, Ops, list[Any]]]:
    """What flows in each reading, and the elements of an input of this shape."""
    traced = shape if len(shape) > 1 else (1, *shape)
    return {
        "numbers": (NUMBERS, Numbers(), [float(at) for at in range(prod(shape))]),
        "counts": (ONES, Counting(), [1] * prod(shape)),
        "sets": (position_sets(traced), Provenance(), trace_input(traced).values),
    }


def draw(name: str, shape: Shape) -> list[float]:
    """Numbers of which no two are one object."""
    return [float(at) for at in range(prod(shape))]


@pytest.mark.sample(16)
@pytest.mark.parametrize("reading", ["numbers", "counts", "sets"])
@pytest.mark.parametrize("kind", sorted({*KINDS} - {"max_unpool"}))  # which needs the pool itself: see UNPOOL below
def test_the_memory_of_every_kind(kind: str, reading: str) -> None:
    found = cases(kind)
    assert len(found) >= 3
    for layer, inputs in found:
        node = Node(0, kind, layer, (INPUT,) * len(inputs), inputs, layer.output_shape(inputs), SPAN)
        elements, ops, values = readings(inputs[0] if inputs else (1, 1))[reading]
        maps = tuple(Map(shape, values) for shape in inputs)
        bytes_ = taken(partial(layer.execute, maps, draw, ops))
        assert bytes_ <= output_bytes(node, elements) + working_bytes(node, elements) + SLACK, (layer, inputs)


NETS = {"lenet5": None, "squeezenet1_1": "3x48x48", "shufflenet_v2_x0_5": "3x48x48"}


UNPOOL = "input: [2, 80, 80]\nlayers: ['p = max_pool(2)', 'conv(2, 3, padding=1)', 'max_unpool(p)', 'relu']"


@pytest.mark.sample(1)
@pytest.mark.parametrize("net", [UNPOOL, *NETS])
def test_the_memory_of_a_run(net: str) -> None:
    if net == UNPOOL:
        compare_memory(network(net))
    else:
        found, predicted = compare_memory(load(net, input=NETS[net]))
        assert predicted < 6 * found  # which is not much too careful, either


def compare_memory(net: Network) -> tuple[int, int]:
    """What a run takes, and what was predicted, which is as much or more."""
    start = sample_input(0, net.input)
    last = len(net.nodes) - 1
    weights = Weights(net, {}, 0)
    found = taken(lambda: run(net, [Map(*start)], weights, Numbers(), keep={last}))
    predicted = compute_peak(net, net.nodes, NUMBERS, keep={last}).bytes
    assert found <= predicted + SLACK
    return found, predicted


@pytest.mark.parametrize(("name", "input"), [("lenet5", None), ("resnet18", "3x48x48"), ("inception_v1", "3x40x40")])
def test_the_memory_of_a_verification(name: str, input: str | None) -> None:
    """Beside it each layer has its verdict, and the receptive field that it is checked against."""
    given = load(name, input=input)
    net = narrow_to(given, [given.input[1:]], joined=True)
    found = estimate_efforts(net, net.nodes, 10**10)
    predicted = verification_peak(net, net.nodes, found).bytes
    assert taken(lambda: verify(net)) <= predicted + SLACK + 12_000 * len(net.nodes)


@pytest.mark.sample(3)
@pytest.mark.parametrize("layer", ["conv(3, 3, padding=1)", "max_pool(3, 1, 1)", "layer_norm(over=all)", "softmax"])
@pytest.mark.parametrize("sizes", ["120, 120", "4000", "12, 12, 12"])
def test_the_memory_of_large_maps(layer: str, sizes: str) -> None:
    """Sets of many positions take far more than a number."""
    net = network(f"input: [1, {sizes}]\nlayers: ['{layer}', relu]")
    found = estimate_efforts(net, net.nodes, 10**10)
    predicted = verification_peak(net, net.nodes, found).bytes
    assert taken(lambda: verify(net, most=10**10)) <= predicted + SLACK + 12_000 * len(net.nodes)


def test_a_map_is_released_after_its_last_reader() -> None:
    """The peak of a chain does not grow with its length, and does where each layer is read at the end."""
    chain = [network(f"input: [1, 50, 50]\nlayers: [relu * {rounds}]") for rounds in (5, 50)]
    found = [compute_peak(net, net.nodes, NUMBERS, keep={len(net.nodes) - 1}).bytes for net in chain]
    assert found[0] == found[1]
    assert (
        verification_peak(chain[1], chain[1].nodes, ()).bytes == verification_peak(chain[0], chain[0].nodes, ()).bytes
    )
    kept = compute_peak(chain[1], chain[1].nodes, NUMBERS, keep=range(50)).bytes
    assert kept > found[1] + 44 * 2500 * 32


def test_the_limit_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly as much as is allowed is done, and then no more is held than that."""
    (tmp_path / "net.yaml").write_text("input: [1, 100, 100]\nlayers: ['conv(8, 3)', relu]\n")
    net = load(str(tmp_path / "net.yaml"))
    most = -(-compute_peak(net, net.nodes, NUMBERS, keep={1}).bytes // 10**6)
    codes: list[int] = []
    args = ["run", str(tmp_path / "net.yaml"), "--max-memory"]
    run_command([*args, str(most)])  # what is imported now is not counted
    assert taken(lambda: codes.append(run_command([*args, str(most)]))) < most * 10**6
    capsys.readouterr()
    assert taken(lambda: codes.append(run_command([*args, str(most - 1)]))) < 300_000
    out, err = capsys.readouterr()
    assert (codes, out) == ([0, 2], "")
    assert f"net needs up to {most} MB of memory, most of it at relu1, more than the limit of {most - 1} MB" in err
    assert f"or --max-memory {most}" in err


@pytest.mark.sample(1)
@pytest.mark.parametrize("more", [[], ["--all"], ["--all", "--format", "json"], ["--picture", "--all"]], ids=" ".join)
def test_the_maps_that_are_shown_are_counted(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.yaml").write_text("input: [1, 60, 60]\nlayers: [tanh * 20]\n")
    args = ["run", str(tmp_path / "net.yaml"), *more, "--output", str(tmp_path / "out")]
    net = load(args[1])
    run_command(args)  # what is imported now is not counted
    assert (
        taken(lambda: run_command(args))
        < compute_peak(net, net.nodes, NUMBERS, keep=range(0 if more else 19, 20)).bytes
    )
    assert (tmp_path / "out").stat().st_size > 3_600


def test_the_limit_of_a_verification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What does not fit is executed on a smaller input; where nothing fits, it is refused."""
    (tmp_path / "net.yaml").write_text("input: [1, 64, 64]\nlayers: [relu]\n")
    net = load(str(tmp_path / "net.yaml"))
    whole = verification_peak(net, net.nodes, estimate_efforts(net, net.nodes, 10**9)).bytes
    monkeypatch.setattr(limits, "MEMORY", whole)
    assert verify(net).input == (1, 64, 64)
    monkeypatch.setattr(limits, "MEMORY", whole - 1)
    assert verify(net).input == (1, 32, 32)
    monkeypatch.setattr(limits, "MEMORY", 100)
    assert run_command(["verify", str(tmp_path / "net.yaml")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(r"even with few channels net needs \d+ MB of memory, .* limit of \d+ MB; use a", err)


def test_resnet18_on_a_million_pixels_is_within_the_limit() -> None:
    """It took 458 MiB."""
    net = load("resnet18", input="3x1000x1000")
    found, how = narrow(net, 420_000_000) or (None, "")
    assert found is not None
    assert how
    assert verification_peak(found, found.nodes, estimate_efforts(found, found.nodes, 10**9)).bytes <= limits.MEMORY
