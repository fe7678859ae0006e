"""Layers along an axis: numbers by hand, uses in published networks, and what becomes of the receptive field."""

from __future__ import annotations

from math import prod

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.execution.verify import verify
from cnncalc.execution.weights import Weights
from cnncalc.layers import kind_class
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map
from cnncalc.network import Network
from cnncalc.spec.write import write_network

from ..networks import network, problems, report
from .one import calculate


def ramp(shape: Shape) -> Map:
    """0, 1, 2, …"""
    return Map(shape, list(range(prod(shape))))


@pytest.mark.parametrize(
    ("kind", "settings", "shape", "values"),
    [
        # [[0, 1, 2], [3, 4, 5]]
        ("transpose", {"axes": (1, 0)}, (2, 3), [0, 3, 1, 4, 2, 5]),
        ("flip", {"axis": -1}, (2, 3), [2, 1, 0, 5, 4, 3]),
        ("flip", {"axis": 0}, (2, 3), [3, 4, 5, 0, 1, 2]),
        ("roll", {"axis": 1, "by": 1}, (2, 3), [2, 0, 1, 5, 3, 4]),
        ("roll", {"axis": 1, "by": -4}, (2, 3), [1, 2, 0, 4, 5, 3]),
        ("slice", {"axis": 1, "start": 0, "stop": 3, "step": 2}, (2, 3), [0, 2, 3, 5]),
        ("slice", {"axis": -1, "start": -2, "stop": 3}, (2, 3), [1, 2, 4, 5]),
        ("slice", {"axis": 0, "start": 1, "stop": 2}, (2, 3), [3, 4, 5]),
        ("split", {"parts": (1, 2), "take": 1, "axis": 1}, (2, 3), [1, 2, 4, 5]),
        ("split", {"parts": 2, "take": 1}, (2, 3), [3, 4, 5]),
        # [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
        ("transpose", {"axes": (2, 0, 1)}, (2, 2, 2), [0, 2, 4, 6, 1, 3, 5, 7]),
        ("flip", {"axis": 1}, (2, 2, 2), [2, 3, 0, 1, 6, 7, 4, 5]),
    ],
)
def test_by_hand(kind: str, settings: dict[str, Value], shape: Shape, values: list[float]) -> None:
    layer = kind_class(kind)(**settings)
    made = calculate(layer, (ramp(shape),))
    assert (made.shape, made.values) == (layer.output_shape((shape,)), values)


@pytest.mark.parametrize(
    ("kind", "axis", "shapes", "values"),
    [
        # [[0, 1], [2, 3]] and [[0], [1]]
        ("concat", 1, ((2, 2), (2, 1)), [0, 1, 0, 2, 3, 1]),
        ("concat", -1, ((2, 2), (2, 1)), [0, 1, 0, 2, 3, 1]),
        ("concat", 0, ((2, 2), (1, 2)), [0, 1, 2, 3, 0, 1]),
        ("stack", 0, ((2, 2), (2, 2)), [0, 1, 2, 3, 0, 1, 2, 3]),
        ("stack", 1, ((2, 2), (2, 2)), [0, 1, 0, 1, 2, 3, 2, 3]),
        ("stack", -1, ((2, 2), (2, 2)), [0, 0, 1, 1, 2, 2, 3, 3]),
    ],
)
def test_merges_by_hand(kind: str, axis: int, shapes: tuple[Shape, ...], values: list[float]) -> None:
    layer = kind_class(kind)(axis=axis)
    made = calculate(layer, tuple(map(ramp, shapes)))
    assert (made.shape, made.values) == (layer.output_shape(shapes), values)


def result(net: Network) -> Map:
    """What a network gives for 0, 1, 2, …, with random weights."""
    return run(net, (ramp(net.input),), Weights(net, {}, 1), Numbers())[net.nodes[-1].index]


SHUFFLE = "reshape([3, channels // 3, 5, 4]) -> transpose([1, 0, 2, 3]) -> reshape([12, 5, 4])"
SHUFFLED = "layers:\n  - conv(12, 3, padding=1, groups=3)\n  - {}\n  - depthwise_conv(3, padding=1)\n"


def test_a_channel_shuffle_by_reshape_and_transpose_is_one() -> None:
    """ShuffleNet, arXiv:1707.01083: [C] → [G, C/G] → [C/G, G] → [C]."""
    long = network("input: [3, 5, 4]\n" + SHUFFLED.format(SHUFFLE.replace("channels", "12")))
    short = network("input: [3, 5, 4]\n" + SHUFFLED.format("channel_shuffle(3)"))
    assert result(long) == result(short)
    for text in (SHUFFLE.replace("channels", "12"), "channel_shuffle(3)"):
        field = report("input: [3, 5, 4]\n" + SHUFFLED.format(text)).layers[-1].receptive_field
        assert field
        assert (field.size, field.exact) == ((5, 5), True)
    assert verify(long).held


@pytest.mark.parametrize(
    "between",
    [
        "transpose([0, 1, 3, 2]) -> transpose([0, 1, 3, 2])",
        "flip(-1)",
        "transpose([2, 1, 0, 3]) -> transpose([2, 1, 0, 3])",
    ],
)
def test_where_positions_may_have_moved_the_field_is_an_upper_bound(between: str) -> None:
    chain = f"reshape([3, 4, 4, 4]) -> {between} -> reshape([12, 4, 4])"
    net = f"input: [3, 4, 4]\nlayers:\n  - conv(12, 3, padding=1)\n  - {chain}\n"
    found = report(net).layers[-1].receptive_field
    assert found
    assert not found.exact
    assert verify(network(net)).held


FOCUS = """
input: [3, 8, 8]
layers:
  - concat:
      a: slice(1, 0, 8, 2) -> slice(2, 0, 8, 2)
      b: slice(1, 1, 8, 2) -> slice(2, 0, 8, 2)
      c: slice(1, 0, 8, 2) -> slice(2, 1, 8, 2)
      d: slice(1, 1, 8, 2) -> slice(2, 1, 8, 2)
  - conv(4, 3, padding=1)
"""


def test_focus_is_four_slices() -> None:
    """YOLOv5's Focus: a unit sees 2×2 pixels, a 3×3 convolution after it (3 − 1)·2 + 2 = 6, in steps of 2."""
    found = report(FOCUS)
    first, second = (found.layers[at].receptive_field for at in (-2, -1))
    assert first
    assert second
    assert (first.size, first.stride, first.start, first.exact) == ((2, 2), (2, 2), (0, 0), True)
    assert (second.size, second.stride, second.start, second.exact) == ((6, 6), (2, 2), (-2, -2), True)
    net = network(FOCUS)
    made = run(net, (ramp((3, 8, 8)),), Weights(net, {}, 0), Numbers())[net.nodes[-2].index]
    assert made.channels()[0][:4] == [0, 2, 4, 6]
    assert made.channels()[3][:4] == [8, 10, 12, 14]  # the second branch begins in the second row
    assert verify(net).held


HEADS = """
input: [2, 4, 4]
blocks:
  rows(height, width):                    # [A·K, H, W] → [H·W·A, K], as torchvision's RetinaNet has them
    - conv(3 * 5, 1)
    - reshape([3, 5, height, width]) -> transpose([2, 3, 0, 1]) -> reshape([height * width * 3, 5])
layers:
  - large = conv(2, 3, padding=1)
  - small = max_pool(2)
  - one = from(large) -> rows(4, 4)
  - other = from(small) -> rows(2, 2)
  - concat(one, other)
"""


def test_heads_of_several_scales_end_in_one_output() -> None:
    net = network(HEADS)
    assert net.nodes[-1].output == (4 * 4 * 3 + 2 * 2 * 3, 5)
    assert problems(HEADS) == []
    made = run(net, (ramp(net.input),), Weights(net, {}, 2), Numbers())
    conv = next(node for node in net.nodes if node.layer.kind == "conv" and node.output[0] == 15)
    rows, map_ = made[net.nodes[-1].index], made[conv.index]
    for anchor in range(3):
        for number in range(5):
            at = (1 * 4 + 2) * 3 + anchor  # the row of the position (1, 2)
            assert rows.values[at * 5 + number] == map_.channels()[anchor * 5 + number][1 * 4 + 2]
    assert verify(net).held
    again = network(write_network(net))
    assert [(node.layer, node.inputs) for node in again.nodes] == [(node.layer, node.inputs) for node in net.nodes]


def test_a_stack_of_one_branch_has_its_axis_too() -> None:
    net = network("layers:\n  - stack(axis=1) if 1 < 2:\n      a: relu\n      b if 1 > 2: tanh\n  - reshape([3, 64])")
    assert [node.output for node in net.nodes] == [(3, 8, 8), (3, 1, 8, 8), (3, 64)]
    assert problems("layers: [{'concat(axis=3)': [relu, tanh]}]") == [("wrong-rank", 2, 24)]
    assert problems("layers: [{'concat(axis=1)': [relu, max_pool(2)]}]") == [("shape-mismatch", 2, 36)]
    assert problems("layers: [{'concat(1)': [relu, tanh]}]") == [("wrong-form", 2, 12)]


def test_six_axes_are_the_most() -> None:
    text = "layers:\n  - reshape([3, 2, 4, 2, 4, 1])\n  - stack: [relu, tanh]"
    assert [code for code, *_ in problems(text)] == ["wrong-rank"]
    assert [code for code, *_ in problems("layers: ['reshape([3, 2, 4, 2, 2, 2, 1])']")] == ["bad-argument"]
    assert [code for code, *_ in problems("layers: ['reshape([3, 2, 4, 2, 4]) -> max_pool(1)']")] == ["wrong-rank"]
