"""Tensors alive and peaks: by hand, by the definition gone through naively, and the published numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import prod
from types import FrameType
from typing import Any

import pytest

from cnncalc.analysis.liveness import (
    Mode,
    Passed,
    Plan,
    Tensors,
    find_peak,
    list_alive,
    make_plan,
    measure,
    network_tensors,
    peak_per_layer,
)
from cnncalc.layers.merge import Add
from cnncalc.network import Network
from cnncalc.reading import read
from cnncalc.spec.files import bundled

from ..networks import network

TraceFunction = Callable[[FrameType, str, Any], Any]


def plan_of(net: Network, mode: Mode = Mode.separate) -> Plan:
    return make_plan(network_tensors(net), mode)


def peak_of(net: Network, mode: Mode = Mode.separate) -> tuple[int, str]:
    """The peak and the path at which it is."""
    plan = plan_of(net, mode)
    peak = find_peak(measure(plan), plan)
    return peak.elements, net.nodes[plan.steps[peak.step].layer].path if peak.step >= 0 else ""


def load(name: str) -> Network:
    return read(name).require_network()


@pytest.mark.parametrize(
    ("text", "separate", "in_place", "fused"),
    [
        # 4·64 = 256 of the conv and as much of the relu; in place 192 + 256; fused the same
        ("layers: ['conv(4, 3, padding=1) -> relu']", 512, 448, 448),
        # the relu's input is read again by the sum: nothing is overwritten but one of its operands
        ("layers: ['conv(4, 1)', add: ['relu', 'identity']]", 768, 512, 768),
        ("layers: ['conv(4, 1)', add: ['conv(4, 1)', 'identity']]", 768, 512, 768),
        # a view costs nothing: 256 of the map, 256 of the tanh of it, which reads the same buffer
        ("layers: ['conv(4, 1) -> flatten -> tanh']", 512, 448, 512),
        ("layers: ['conv(4, 1) -> dropout -> tanh']", 512, 448, 512),
        # a concat copies: 256 + 256 + 512
        ("layers: ['conv(4, 1)', concat: ['conv(4, 1)', 'identity']]", 1024, 1024, 1024),
        # 192 and the output a of 64 are alive when b is made, over the 192 where that is allowed
        ("layers: ['relu', outputs: {a: 'conv(1, 1)', b: 'relu'}]", 448, 256, 448),
        # an output is never overwritten: 64 of a, which the relu reads, and 64 of the relu
        ("layers: ['conv(1, 1)', outputs: {a: identity, b: 'relu -> conv(8, 1)'}]", 640, 640, 640),
        # the softmax reads neighbours
        ("layers: ['conv(4, 1) -> softmax']", 512, 512, 512),
        # multiply: the gate is 4, the operand of full size is overwritten where nobody else reads it
        ("layers: ['conv(4, 1)', multiply: ['identity', 'global_avg_pool -> sigmoid']]", 516, 448, 516),
        # the depthwise map of 192 is between: 192 + 192, then 192 + 256
        ("layers: ['separable_conv(4, 3, padding=1)']", 448, 448, 448),
        ("layers: ['identity']", 192, 192, 192),
    ],
)
def test_peaks_by_hand(text: str, separate: int, in_place: int, fused: int) -> None:
    """On an input of 3·8·8 = 192."""
    found = [peak_of(network(text), mode)[0] for mode in Mode]
    assert found == [separate, in_place, fused]


# Elements, separate and in place; the first is also that of PyTorch's live storages.
PEAKS = {
    "resnet50": (2_408_448, 1_806_336),
    "mobilenet_v2": (2_408_448, 1_505_280),
    "densenet121": (2_107_392, 1_806_336),
    "unet": (41_840_640, None),
    "squeezenet1_0": (2_281_152, 1_492_992),
    "lenet5": (9_408, 5_880),
}


@pytest.mark.parametrize("name", PEAKS)
def test_peaks_of_known_networks(name: str) -> None:
    separate, in_place = PEAKS[name]
    net = load(name)
    assert peak_of(net)[0] == separate
    if in_place is not None:
        assert peak_of(net, Mode.in_place)[0] == in_place


def test_the_first_of_equals_is_the_place() -> None:
    assert peak_of(load("resnet50"))[1] == "conv2_x.bottleneck1.0.add1.shortcut.conv_bn1.batch_norm1"


def live_by_definition(net: Network) -> list[int]:
    """Each tensor by itself: alive from its making to its last reader, views as part of what they show."""
    kept = set(net.outputs.values())
    root = {start: start for start in net.starts}
    for node in net.nodes:
        root[node.index] = root[node.inputs[0]] if node.layer.storage == "view" else node.index
    last = dict.fromkeys(root.values(), -10)
    for node in net.nodes:
        last[root[node.index]] = max(last[root[node.index]], node.index)
        for source in node.inputs:
            last[root[source]] = max(last[root[source]], node.index)
    for end in kept:
        last[root[end]] = len(net.nodes)
    sizes = {at: prod(net.shape_at(at)) for at in last if at < 0 or net.nodes[at].layer.storage != "weights"}
    between = [node.layer.inner_elements(node.input_shapes, node.output) for node in net.nodes]
    return [
        sum(size for at, size in sizes.items() if at <= node.index <= last[at] and last[at] >= 0) + between[node.index]
        for node in net.nodes
    ]


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_separate_is_what_the_definition_says(name: str) -> None:
    net = load(name)
    if any(node.layer.in_steps for node in net.nodes):
        pytest.skip("layers in two steps are compared with the two layers written out")
    if len(net.nodes) > 600:
        pytest.skip("the definition is gone through in quadratic time")
    assert measure(plan_of(net)) == live_by_definition(net)


def is_activation(net: Network, index: int) -> bool:
    """Whether a tensor takes memory beside the weights: learned tokens and views of them do not."""
    while index >= 0 and net.nodes[index].layer.storage == "view":
        index = net.nodes[index].inputs[0]
    return index < 0 or net.nodes[index].layer.storage != "weights"


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_modes_are_bounds_of_one_another(name: str) -> None:
    net = load(name)
    separate, in_place, fused = (peak_of(net, mode)[0] for mode in Mode)
    needed = max(
        sum(map(prod, {net.shape_at(source) for source in node.inputs if is_activation(net, source)}))
        for node in net.nodes
    )
    assert needed <= in_place <= separate
    assert fused <= separate


@pytest.mark.parametrize("mode", Mode)
def test_what_is_alive_adds_up_to_the_peak(mode: Mode) -> None:
    for name in ("resnet50", "googlenet", "densenet121", "mobilenet_v3_small", "unet", "siamese"):
        plan = plan_of(load(name), mode)
        alive = measure(plan)
        for at in range(0, len(alive), 7):
            assert sum(each.elements for each in list_alive(plan, at)) + plan.steps[at].work == alive[at], (name, at)


def test_a_separable_convolution_has_the_memory_of_its_two_steps() -> None:
    whole = network("layers: ['relu -> separable_conv(5, 3, multiplier=2) -> relu']")
    steps = network("layers: ['relu -> depthwise_conv(3, multiplier=2) -> conv(5, 1) -> relu']")
    for mode in Mode:
        assert measure(plan_of(whole, mode)) == measure(plan_of(steps, mode))


def residual_tensors(layers: int) -> Tensors:
    """Sums of each output and the one two before it, on an input that the last layer reads too."""
    shape, add = (8, 4, 4), Add()
    middle = [Passed(add, (shape, shape), shape, (at - 1, max(at - 2, -1))) for at in range(layers - 1)]
    end = Passed(add, (shape, shape), shape, (layers - 2, -1))
    return Tensors({-1: shape}, [*middle, end], frozenset({layers - 1}))


def count_lines(layers: int) -> int:
    """How many lines are run to find the peak of all modes, those of loops within a line each time."""
    lines = 0

    def count(frame: FrameType, event: str, argument: object) -> TraceFunction:
        nonlocal lines
        lines += event == "line"
        return count

    tensors, before = residual_tensors(layers), sys.gettrace()
    sys.settrace(count)
    try:
        for mode in Mode:
            peak_per_layer(plan := make_plan(tensors, mode), alive := measure(plan), layers)
            find_peak(alive, plan)
    finally:
        sys.settrace(before)
    return lines


def test_liveness_is_linear() -> None:
    """Counted, not timed: ten times the layers take ten times the lines."""
    small, large = count_lines(300), count_lines(3000)
    assert small > 300
    assert large <= 10 * small


def test_liveness_of_ten_to_the_fifth_layers() -> None:
    """More than a file may have. Alive are the input, two outputs and the one that is made, of 128 elements."""
    plan = make_plan(residual_tensors(10**5), Mode.separate)
    assert find_peak(measure(plan), plan) == (4 * 128, 2)


def test_what_is_alive_at_a_sum_of_many_rounds() -> None:
    """In linear time: each round is freed there, and each is looked for once."""
    plan = make_plan(network_tensors(network("layers:\n- s = relu * 20000\n- add: rounds(s)")), Mode.separate)
    assert max(measure(plan)) == 20_001 * 3 * 8 * 8
    assert len(list_alive(plan, 20_000)) == 20_001


@pytest.mark.parametrize(
    ("text", "apart", "joined"),
    [
        # two branches of 256 and the concat of 512: alone they write into it
        ("layers: [concat: ['conv(4, 1)', 'conv(4, 1)']]", 1024, 704),
        # what others read too is copied: 256 of it, 256 of the other branch, 512; the other one writes into the concat
        ("layers: ['conv(4, 1)', concat: ['identity', 'conv(4, 1)']]", 1024, 768),
        # an axis that is not the first is in pieces
        ("layers: [concat(axis=1): ['conv(4, 1)', 'conv(4, 1)']]", 1024, 1024),
        # a concat within another: all write into the outer one of 768, where the first of them runs
        ("layers: [concat: [concat: ['conv(4, 1)', 'conv(4, 1)'], 'conv(4, 1)']]", 1536, 960),
        # a branch of several layers: its last one writes; 192 + 256 + 512 while it does
        ("layers: [concat: ['conv(4, 1)', 'conv(4, 1) -> conv(4, 1)']]", 1024, 960),
    ],
)
def test_branches_may_write_into_the_output_of_their_concat(text: str, apart: int, joined: int) -> None:
    tensors = network_tensors(network(text))
    assert max(measure(make_plan(tensors, Mode.separate))) == apart
    assert max(measure(make_plan(tensors, Mode.separate, joins=True))) == joined


def test_a_folded_activation_writes_into_the_concat_too() -> None:
    tensors = network_tensors(network("layers: [concat: ['conv(4, 1) -> relu', 'conv(4, 1) -> relu']]"))
    assert max(measure(make_plan(tensors, Mode.fused))) == 1024
    assert max(measure(make_plan(tensors, Mode.fused, joins=True))) == 192 + 512


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", bundled())
def test_joins_change_nothing_but_where_there_are_concats(name: str) -> None:
    tensors = network_tensors(load(name))
    has_concats = any(each.layer.concatenates for each in tensors.layers)
    for mode in Mode:
        plans = make_plan(tensors, mode), make_plan(tensors, mode, joins=True)
        assert (measure(plans[0]) == measure(plans[1])) or has_concats
        alive = measure(plans[1])
        assert sum(each.elements for each in list_alive(plans[1], 0)) == alive[0]
