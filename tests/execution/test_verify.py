"""Verifying: everything holds, for real networks and for odd ones, and what is wrong is found."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from cnncalc import limits, load
from cnncalc.analysis import receptive_field
from cnncalc.execution.checks import LayerVerdict
from cnncalc.execution.narrow import narrow
from cnncalc.execution.verify import APART, Verdict, verify
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.base import Shape, Shapes, Weight, Work
from cnncalc.layers.conv import Conv
from cnncalc.layers.kernel import Convolution
from cnncalc.layers.reach import Window
from cnncalc.network import INPUT, Network, Node

from ..networks import network, read
from .branches import random_network
from .exotic import random_exotic
from .test_narrow import DENSE, GATED, SHUFFLED


def differences(verdict: Verdict) -> list[str]:
    return [f"{layer.path}: {check}" for layer in verdict.layers for check in layer.differences]


@pytest.mark.parametrize("name", ["two_conv", "lenet5", "alexnet", "resnet18", "inception_v1"])
def test_bundled_networks(name: str) -> None:
    """Inception pools with Caffe's rule; the others of the bundled are verified by `cnncalc verify`."""
    verdict = verify(load(name))
    assert differences(verdict) == []
    assert verdict.input[1:] == load(name).input[1:]
    assert all(len(layer.checks) > 15 for layer in verdict.layers)


@pytest.mark.sample(2)
@pytest.mark.parametrize("block", range(8))
def test_unusual_networks(block: int) -> None:
    """Windows of every form one after another, merges of branches that look elsewhere or leave gaps."""
    for seed in range(40 * block, 40 * (block + 1)):
        loaded = read(random_exotic(Random(seed)))
        if loaded.network is None or not loaded.network.complete:
            continue
        assert differences(verify(loaded.network)) == [], seed


def test_networks_with_branches() -> None:
    for seed in range(20):
        assert differences(verify(network(random_network(Random(seed))))) == [], seed


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_narrowed_and_verified(kind: str) -> None:
    for settings, inputs in kind_class(kind).examples():
        if len(inputs) != 1 or len(inputs[0]) < 2:
            continue
        assert differences(verify(alone(kind, inputs[0], settings))) == []


def alone(kind: str, shape: Shape, settings: Any) -> Network:
    layer = kind_class(kind)(**settings)
    span = network("layers: [relu]").nodes[0].span
    node = Node(0, kind, layer, (INPUT,), (shape,), layer.output_shape((shape,)), span)
    return Network(kind, "", "", {"input": shape}, (node,), (), {"": 0})


# narrowed


@pytest.mark.parametrize("text", [GATED, SHUFFLED, DENSE])
def test_groups_splits_gates_and_concatenations_stay_valid(text: str) -> None:
    whole = network(text)
    verdict = verify(whole)
    assert differences(verdict) == []
    thick = sum(node.output[0] for node in whole.nodes)
    assert sum(layer.output[0] for layer in verdict.layers) < thick / 2
    assert [layer.output[1:] for layer in verdict.layers] == [node.output[1:] for node in whole.nodes]


def test_a_network_too_large_is_run_on_less() -> None:
    """The input is halved while that is valid; where it must have one certain size, it keeps it."""
    net = network("input: [3, 64, 48]\nlayers: ['conv(7, 3) -> conv(5, 3, padding=1) -> flatten -> linear(2)']")
    verdict = verify(net, most=50_000)
    assert differences(verdict) == []
    assert verdict.input[1:] == (16, 12)
    assert "smaller input" in verdict.how
    fixed = network("input: [3, 8, 8]\nlayers: ['conv(4, 3, padding=1) -> flatten -> reshape([4, 64])']")
    assert verify(fixed, most=10).how == APART


@pytest.mark.parametrize("seed", range(25))
def test_a_network_that_cannot_be_run_on_less_is_taken_apart(seed: int) -> None:
    verdict = verify(network(random_network(Random(seed))), most=0)
    assert verdict.how == APART
    assert differences(verdict) == []


def test_apart_each_layer_keeps_its_resolution() -> None:
    verdict = verify(load("two_conv"), most=0)
    assert verdict.input == (1, 28, 28)
    assert differences(verdict) == []


# what is wrong is found

NET = """
input: [2, 12, 12]
layers: ['conv(4, 3, 2, 1) -> relu -> max_pool(2) -> conv(6, 3, padding=1) -> flatten -> linear(4)']
"""


def found(text: str = NET) -> dict[str, list[str]]:
    verdict = verify(network(text))
    return {layer.path: [check.what for check in layer.differences] for layer in verdict.layers if layer.differences}


def test_nothing_is_wrong() -> None:
    assert found() == {}


def test_a_wrong_count_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Convolution.work
    monkeypatch.setattr(Convolution, "work", lambda *a: right(*a)._replace(additions=right(*a).additions - 1))
    assert found() == {"conv1": ["additions"], "conv2": ["additions"]}


def test_a_count_that_forgets_the_channels_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Convolution.work_inside

    def wrong(self: Convolution, inputs: Shapes, output: Shape) -> Work:
        return right(self, ((1, *inputs[0][1:]),), output)

    monkeypatch.setattr(Convolution, "work_inside", wrong)
    assert set(found()["conv2"]) == {f"{name} without padding" for name in ("macs", "multiplications", "additions")}


def test_wrong_parameters_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Convolution.weights

    def wrong(self: Convolution, inputs: Shapes) -> tuple[Weight, ...]:
        return (*right(self, inputs)[:1], Weight("bias", (99,), "bias"))

    monkeypatch.setattr(Convolution, "weights", wrong)
    assert found() == {"conv1": ["biases"], "conv2": ["biases"]}


def test_a_wrong_window_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Convolution.reach

    def wrong(self: Convolution, inputs: Shapes, output: Shape) -> Any:
        rules = right(self, inputs, output)
        assert isinstance(rules, tuple)
        return tuple(Window(*rule)._replace(before=0) for rule in rules)

    monkeypatch.setattr(Convolution, "reach", wrong)
    assert any("positions seen" in what for what in found()["conv1"])
    assert "receptive field in the middle" in found()["conv1"]


def test_a_wrong_receptive_field_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = receptive_field.after

    def wrong(reach: Any, *rest: Any) -> Any:
        field = right(reach, *rest)
        if field is None or not isinstance(reach, tuple) or reach[0].stride == 1:
            return field
        wider = [
            axis._replace(intervals=tuple(one and (one[0], one[1] + 1) for one in axis.intervals))
            for axis in field.axes
        ]
        return field._replace(axes=tuple(wider))

    monkeypatch.setattr(receptive_field, "after", wrong)
    assert any("not clipped" in what for what in found()["conv1"])


def test_a_wrong_execution_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Conv.execute
    monkeypatch.setattr(Conv, "execute", lambda self, *a: right(Conv(out=self.out, kernel=2, stride=self.stride), *a))
    assert "weights" in found()["conv1"]
    assert "multiplications" in found()["conv1"]


# by hand


def layer(text: str, path: str) -> LayerVerdict:
    return next(layer for layer in verify(network(text)).layers if layer.path == path)


def test_the_middle_and_the_corner() -> None:
    """Two 3×3 windows, the first by 2: 7 positions, from −3 on, 2 apart; the unit 4 of 8 sees −3 + 8 up to 11."""
    last = layer("input: [1, 16, 16]\nlayers: ['conv(4, 3, 2, 1) -> conv(4, 3, 1, 1)']", "conv2")
    assert last.middle is not None
    assert last.corner is not None
    assert last.middle.traced == ((5, 11), (5, 11))
    assert last.corner.traced == ((0, 3), (0, 3))
    assert not last.corner.cut


def test_where_an_inner_map_ends_the_corner_sees_less_than_the_formula_says() -> None:
    """After the crop there is nothing before position 2; the formula takes the padding for positions 1 and 0."""
    last = layer("input: [1, 12, 12]\nlayers: ['crop(2) -> conv(4, 5, padding=2)']", "conv1")
    assert last.corner is not None
    assert last.corner.declared == ((0, 4), (0, 4))
    assert last.corner.traced == ((2, 4), (2, 4))
    assert last.corner.cut
    assert not last.differences


def test_a_transposed_window_that_reads_only_what_sees_nothing() -> None:
    """The first leaves every second unit empty; the second reads inputs 3 apart, of which some are these."""
    steps = "transposed_conv(4, 3, stride=2, dilation=2) -> transposed_conv(4, 3, stride=2, dilation=3)"
    assert differences(verify(network(f"input: [1, 16]\nlayers: ['{steps}']"))) == []


def test_padded_zeros_are_left_out() -> None:
    """3×3 on 4×4 padded by 1: 16 windows of 9, of which the border takes 4·5 + 8·3 = 44."""
    last = layer("input: [1, 4, 4]\nlayers: ['conv(1, 3, padding=1)']", "conv1")
    assert last.work.multiplications == 144
    assert last.inside.multiplications == 100


@pytest.mark.parametrize(("name", "size"), [("efficientnet_b0", 224), ("resnet50", 224), ("efficientnet_b7", 0)])
def test_one_of_many_may_run_on_a_smaller_input(name: str, size: int) -> None:
    found = narrow(load(name), limits.VERIFIED_STEPS_OF_MANY)
    assert found is not None
    sizes = found[0].input[1:]
    assert sizes == (size, size) if size else 1 < sizes[0] < 600


@pytest.mark.parametrize(
    "steps",
    [
        *("channel_split(2, 0)", "channel_split([4, 12], 1) -> linear(3)", "softmax(2)", "group_norm(4)"),
        *("softmax(2) -> channel_split(2, 1) -> reshape([2, 4])", "channel_split(2, 0) -> reshape([2, 2, 2]) -> relu"),
    ],
)
def test_elements_of_a_flat_map_that_are_split_or_in_groups_see_less_than_all(steps: str) -> None:
    assert differences(verify(network(f"input: [1, 4, 4]\nlayers: ['flatten -> {steps}']"))) == []
