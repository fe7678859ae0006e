"""Weights and operations, computed by hand from the conventions and counted one by one."""

from __future__ import annotations

from itertools import product
from math import ceil, floor, prod
from typing import Any

import pytest

from cnncalc.layers import kind_class
from cnncalc.layers.base import Shape, Shapes, Weight, Work
from cnncalc.layers.pool import AdaptiveAvgPool
from cnncalc.layers.reach import AdaptiveWindow, Reach, Resample, TransposedWindow, Window


def work_of(kind: str, *inputs: Shape, **settings: Any) -> Work:
    layer = kind_class(kind)(**settings)
    return layer.work(inputs, layer.output_shape(inputs))


def weights_of(kind: str, *inputs: Shape, **settings: Any) -> tuple[Weight, ...]:
    return kind_class(kind)(**settings).weights(inputs)


def reach_of(kind: str, *inputs: Shape, **settings: Any) -> Reach:
    layer = kind_class(kind)(**settings)
    return layer.reach(inputs, layer.output_shape(inputs))


def test_conv_of_alexnet() -> None:
    assert work_of("conv", (3, 227, 227), out=96, kernel=11, stride=4).macs == 105_415_200
    weights = weights_of("conv", (3, 227, 227), out=96, kernel=11, stride=4)
    assert weights == (Weight("weight", (96, 3, 11, 11)), Weight("bias", (96,), "bias", neutral=0))


def test_standard_and_separable_convolution() -> None:
    assert work_of("conv", (3, 8, 8), out=72, kernel=3).macs == 69_984
    assert work_of("separable_conv", (3, 8, 8), out=72, kernel=3).macs == 8_748


SMALL = [
    # 2 in, 4 out, K 3, groups 2: each of the 4·5 outputs is a dot product of 3
    ("conv", {"out": 4, "kernel": 3, "groups": 2}, (2, 7), Work(60, 60, 60)),
    ("conv", {"out": 4, "kernel": 3, "groups": 2, "bias": False}, (2, 7), Work(60, 60, 40)),
    ("depthwise_conv", {"kernel": 3, "multiplier": 2, "bias": False}, (2, 7), Work(60, 60, 40)),
    # 3·5 outputs of 2, then 4·5 of 3
    ("separable_conv", {"out": 4, "kernel": 2}, (3, 6), Work(30 + 60, 90, 15 + 60)),
    # rows 2 of 3: 4 channels at 2×3 from 2·2, then 4 at 2×2 from 4·2
    ("spatial_separable_conv", {"out": 4, "kernel": 2}, (2, 3, 3), Work(96 + 128, 224, 72 + 128)),
    # every one of the 2·3 inputs meets K 2 and 5 outputs
    ("transposed_conv", {"out": 5, "kernel": 2, "stride": 2}, (2, 3), Work(60, 60, 60)),
    ("transposed_conv", {"out": 4, "kernel": 2, "groups": 2, "bias": False}, (2, 3), Work(24, 24, 24)),
    ("linear", {"out": 3}, (5,), Work(15, 15, 15)),
    ("linear", {"out": 3, "bias": False}, (5,), Work(15, 15, 12)),
    ("max_pool", {"kernel": 3}, (2, 6, 6), Work(comparisons=8 * 8)),
    ("avg_pool", {"kernel": 3}, (2, 6, 6), Work(multiplications=8, additions=64)),
    # windows of 3 and 2 of 5 positions: 2 + 1 operations; positions beyond the padding are no elements
    ("avg_pool", {"kernel": 3, "ceil": True}, (1, 5), Work(multiplications=2, additions=3)),
    ("max_pool", {"kernel": 3, "ceil": True}, (1, 5), Work(comparisons=3)),
    # windows of 2·2, 2·1, 1·2 and 1·1 of 3×3
    ("avg_pool", {"kernel": 2, "ceil": True}, (1, 3, 3), Work(multiplications=4, additions=3 + 1 + 1 + 0)),
    # a padded zero is an element: windows of 3 (a zero, two numbers) and 3 (two numbers, a zero)
    ("avg_pool", {"kernel": 3, "padding": 1, "ceil": True}, (1, 4), Work(multiplications=2, additions=4)),
    # Caffe keeps an empty last window: windows of 1, 1 and 0
    ("avg_pool", {"kernel": 1, "stride": 2, "ceil": True, "dialect": "caffe"}, (1, 4), Work(multiplications=3)),
    ("global_avg_pool", {}, (2, 3, 4), Work(multiplications=2, additions=22)),
    ("global_max_pool", {}, (2, 3, 4), Work(comparisons=22)),
    ("batch_norm", {}, (2, 3), Work(multiplications=6, additions=6)),
    ("batch_norm", {"affine": False}, (2, 3), Work(multiplications=6, additions=6)),
    # a set of 3: mean 2 + ·1, centring 3, squares ·3, variance 2 + ·1, ε 1, scaling ·3, affine ·3 + 3
    ("layer_norm", {"affine": False}, (3,), Work(multiplications=8, additions=8, divisions=1, exponentials=1)),
    ("layer_norm", {}, (3,), Work(multiplications=11, additions=11, divisions=1, exponentials=1)),
    ("layer_norm", {}, (3, 2), Work(multiplications=22, additions=22, divisions=2, exponentials=2)),
    ("layer_norm", {"over": "all"}, (3, 2), Work(multiplications=20, additions=23, divisions=1, exponentials=1)),
    ("group_norm", {"groups": 2}, (6, 1), Work(multiplications=22, additions=22, divisions=2, exponentials=2)),
    ("instance_norm", {}, (2, 3), Work(multiplications=16, additions=16, divisions=2, exponentials=2)),
    ("instance_norm", {"affine": True}, (2, 3), Work(multiplications=22, additions=22, divisions=2, exponentials=2)),
    # each element: x², 4 additions of squares, ·alpha/size, + k, power, division
    ("local_response_norm", {}, (2, 3), Work(multiplications=12, additions=30, divisions=6, exponentials=6)),
    ("relu", {}, (2, 3), Work(comparisons=6)),
    ("relu6", {}, (2, 3), Work(comparisons=12)),
    ("leaky_relu", {}, (2, 3), Work(comparisons=6, multiplications=6)),
    ("prelu", {}, (2, 3), Work(comparisons=6, multiplications=6)),
    ("elu", {}, (2, 3), Work(comparisons=6, exponentials=6, additions=6, multiplications=6)),
    ("selu", {}, (2, 3), Work(comparisons=6, exponentials=6, additions=6, multiplications=12)),
    ("gelu", {}, (2, 3), Work(multiplications=18, additions=6, exponentials=6)),
    ("silu", {}, (2, 3), Work(multiplications=6, additions=6, divisions=6, exponentials=6)),
    ("hard_swish", {}, (2, 3), Work(multiplications=12, additions=6, comparisons=12)),
    ("hard_sigmoid", {}, (2, 3), Work(multiplications=6, additions=6, comparisons=12)),
    ("sigmoid", {}, (2, 3), Work(additions=6, divisions=6, exponentials=6)),
    ("tanh", {}, (2, 3), Work(exponentials=6)),
    ("softplus", {}, (2, 3), Work(additions=6, exponentials=12)),
    ("mish", {}, (2, 3), Work(multiplications=6, additions=6, exponentials=18)),
    # parts of 4: 3 comparisons, 4 + 3 additions, 4 exponentials, 4 divisions
    ("softmax", {}, (4,), Work(comparisons=3, additions=7, exponentials=4, divisions=4)),
    ("softmax", {"groups": 2}, (8, 3), Work(comparisons=18, additions=42, exponentials=24, divisions=24)),
    # 3 positions of 4 gates of 2: dot products of 5 and of 2, 7·8 products and 5·8 additions, 8 to join them, 8 of the
    # biases; then for each of 2: 3 products, a sum, and of three sigmoids and two tanh 5 exponentials
    ("lstm", {"hidden": 2}, (5, 3), Work(3 * 56, 3 * (56 + 6), 3 * (40 + 8 + 8 + 2 + 6), 0, 3 * 6, 3 * 10)),
    ("lstm", {"hidden": 2, "biases": 1}, (5, 3), Work(168, 186, 192, 0, 18, 30)),  # two biases are one summand
    ("lstm", {"hidden": 2, "biases": 0}, (5, 3), Work(168, 186, 168, 0, 18, 30)),
    # both directions, then two layers more of 4 channels: 4·2·(4 + 2) = 48 products at each position
    ("lstm", {"hidden": 2, "bidirectional": True, "layers": 3, "biases": 0}, (5, 3),
     Work(336 + 2 * 288, 372 + 2 * 324, 336 + 2 * 288, 0, 3 * 36, 3 * 60)),
    # 3 gates of 2: 42 products, 30 additions, 6 to join them, 8 of the biases (of n two), 1 − z and a sum
    ("gru", {"hidden": 2}, (5, 3), Work(3 * 42, 3 * (42 + 6), 3 * (30 + 6 + 8 + 2 + 2 + 4), 0, 3 * 4, 3 * 6)),
    ("gru", {"hidden": 2, "biases": 1}, (5, 3), Work(126, 144, 3 * (30 + 6 + 6 + 8), 0, 12, 18)),
    ("gru", {"hidden": 2, "reset_after": False}, (5, 3), Work(126, 144, 3 * (30 + 6 + 6 + 8), 0, 12, 18)),
    # 14 products, 10 additions, 2 to join them, 2 of the biases
    ("rnn", {"hidden": 2}, (5, 3), Work(42, 42, 42, 0, 0, 6)),
    ("rnn", {"hidden": 2, "activation": "relu", "biases": 0}, (5, 3), Work(42, 42, 36, 6)),
    # 2 moves from 2 inputs, then 2 products; each of 2 points: 2 additions to move it, 4 distances, 4 shares, and 4
    # products and 3 additions to read the element
    ("deformable_conv", {"out": 1, "kernel": 1}, (1, 1, 2), Work(6, 6 + 2 * 8, 6 + 2 * 9)),
    # a third move, whose sigmoid is a factor
    ("deformable_conv", {"out": 1, "kernel": 1, "mask": True}, (1, 1, 2), Work(8, 8 + 2 * 9, 8 + 2 * 10, 0, 2, 2)),
    ("scale", {}, (2, 3), Work(multiplications=6)),
    ("upsample", {"factor": 2}, (2, 3), Work()),
    ("upsample", {"factor": 2, "mode": "linear"}, (2, 3), Work(multiplications=24, additions=12)),
    ("upsample", {"factor": 2, "mode": "bilinear"}, (1, 2, 3), Work(multiplications=96, additions=72)),
    # the factor −1 takes no multiplication, and 0 is not added
    ("affine", {"factor": 0.5, "offset": 1}, (2, 3), Work(multiplications=6, additions=6)),
    ("affine", {"factor": -1, "offset": 1}, (2, 3), Work(additions=6)),
    ("affine", {"factor": 0.5}, (2, 3), Work(multiplications=6)),
    ("affine", {}, (2, 3), Work()),
    ("power", {"n": 2}, (2, 3), Work(multiplications=6)),
    ("power", {"n": 0.5}, (2, 3), Work(exponentials=6)),
    ("sqrt", {}, (2, 3), Work(exponentials=6)),
    ("abs", {}, (2, 3), Work(comparisons=6)),
    ("exp", {}, (2, 3), Work(exponentials=6)),
    ("log", {}, (2, 3), Work(exponentials=6)),
    ("clip", {"low": 0, "high": 6}, (2, 3), Work(comparisons=12)),
    *((kind, settings, (4, 6, 6), Work()) for kind, settings in [
        ("dropout", {}), ("stochastic_depth", {"rate": 0.1}), ("flatten", {}), ("reshape", {"shape": (12, 12)}),
        ("channel_split", {"parts": 2, "take": 0}), ("channel_shuffle", {"groups": 2}), ("pad", {"amount": 1}),
        ("crop", {"amount": 1}), ("pixel_shuffle", {"factor": 2}),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings", "shape", "expected"), SMALL)
def test_work_by_hand(kind: str, settings: dict[str, Any], shape: Shape, expected: Work) -> None:
    assert work_of(kind, shape, **settings) == expected


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("add", ((2, 3),) * 3, Work(additions=12)),
        ("add", ((2, 3), (2, 1)), Work(additions=6)),
        ("multiply", ((2, 3), (2, 1)), Work(multiplications=6)),
        ("subtract", ((2, 1), (1, 3)), Work(additions=6)),
        ("divide", ((2, 3), (2, 3)), Work(divisions=6)),
        ("maximum", ((2, 3),) * 3, Work(comparisons=12)),
        ("minimum", ((2, 3), (1, 1)), Work(comparisons=6)),
        ("mean", ((2, 3),) * 3, Work(additions=12, multiplications=6)),
        ("concat", ((2, 3), (4, 3)), Work()),
        # 2×3 times 3×4: 8 dot products of 3
        ("matmul", ((2, 3), (3, 4)), Work(macs=24, multiplications=24, additions=16, attention_macs=24)),
        # the same for 5 pairs, of which the second ones are one
        ("matmul", ((5, 2, 3), (1, 3, 4)), Work(macs=120, multiplications=120, additions=80, attention_macs=120)),
    ],
)
def test_work_of_merges(kind: str, inputs: Shapes, expected: Work) -> None:
    assert work_of(kind, *inputs) == expected


def test_adaptive_pool_counts_the_elements_of_its_windows() -> None:
    for i, o in product(range(1, 20), range(1, 30)):
        lengths = [ceil((y + 1) * i / o) - floor(y * i / o) for y in range(o)]
        work = AdaptiveAvgPool(size=o).work(((3, i),), (3, o))
        assert work == Work(multiplications=3 * o, additions=3 * sum(length - 1 for length in lengths))


@pytest.mark.parametrize(
    ("kind", "settings", "shape", "weights"),
    [
        ("depthwise_conv", {"kernel": 3, "multiplier": 2}, (4, 9, 9), ("weight (8, 1, 3, 3)", "bias (8,)")),
        (
            "separable_conv",
            {"out": 5, "kernel": 3, "multiplier": 2},
            (4, 9, 9),
            ("depthwise.weight (8, 1, 3, 3)", "pointwise.weight (5, 8, 1, 1)", "pointwise.bias (5,)"),
        ),
        (
            "spatial_separable_conv",
            {"out": 5, "kernel": (3, 2)},
            (4, 9, 9),
            ("column.weight (5, 4, 3, 1)", "row.weight (5, 5, 1, 2)", "row.bias (5,)"),
        ),
        ("transposed_conv", {"out": 6, "kernel": (1, 3), "groups": 2}, (4, 9, 9), ("weight (4, 3, 1, 3)", "bias (6,)")),
        ("linear", {"out": 6}, (4,), ("weight (6, 4)", "bias (6,)")),
        ("linear", {"out": 6, "bias": False}, (4,), ("weight (6, 4)",)),
        ("batch_norm", {}, (4, 3), ("weight (4,)", "bias (4,)", "running_mean (4,) buffer", "running_var (4,) buffer")),
        ("batch_norm", {"affine": False}, (4,), ("running_mean (4,) buffer", "running_var (4,) buffer")),
        ("layer_norm", {}, (4, 3), ("weight (4,)", "bias (4,)")),
        ("layer_norm", {"over": "all"}, (4, 3), ("weight (4, 3)", "bias (4, 3)")),
        ("group_norm", {"groups": 2}, (4, 3), ("weight (4,)", "bias (4,)")),
        ("instance_norm", {}, (4, 3), ()),
        ("instance_norm", {"affine": True}, (4, 3), ("weight (4,)", "bias (4,)")),
        ("prelu", {}, (4, 3), ("weight (4,)",)),
        ("prelu", {"shared": True}, (4, 3), ("weight (1,)",)),
        ("scale", {}, (4, 3), ("weight (4,)",)),
        ("relu", {}, (4, 3), ()),
        (
            "lstm",
            {"hidden": 2},
            (5, 3),
            ("weight_ih_l0 (8, 5)", "weight_hh_l0 (8, 2)", "bias_ih_l0 (8,)", "bias_hh_l0 (8,)"),
        ),
        (
            "rnn",
            {"hidden": 2, "layers": 2, "bidirectional": True, "biases": 0},
            (5, 3),
            (
                *("weight_ih_l0 (2, 5)", "weight_hh_l0 (2, 2)", "weight_ih_l0_reverse (2, 5)"),
                *("weight_hh_l0_reverse (2, 2)", "weight_ih_l1 (2, 4)", "weight_hh_l1 (2, 2)"),
                *("weight_ih_l1_reverse (2, 4)", "weight_hh_l1_reverse (2, 2)"),
            ),
        ),
    ],
)
def test_weights(kind: str, settings: dict[str, Any], shape: Shape, weights: tuple[str, ...]) -> None:
    found = weights_of(kind, shape, **settings)
    assert tuple(f"{w.name} {w.shape}{' buffer' if w.role == 'buffer' else ''}" for w in found) == weights
    assert all((w.role == "bias") == ("bias" in w.name) for w in found)


def test_a_huge_map_is_counted_as_quickly() -> None:
    assert work_of("conv", (3, 10**9, 10**9), out=10**9, kernel=1).macs == 3 * 10**27
    assert work_of("adaptive_avg_pool", (1, 10**9), size=7).additions == 10**9 + 6 - 7


@pytest.mark.parametrize(
    ("kind", "settings", "shape", "expected"),
    [
        ("conv", {"out": 1, "kernel": 3, "stride": 2, "padding": 1}, (1, 9), (Window(3, 2, 1),)),
        ("conv", {"out": 1, "kernel": 2, "dilation": 3, "padding": ((1, 0),)}, (1, 9), (Window(2, 1, 1, 3),)),
        ("spatial_separable_conv", {"out": 1, "kernel": (3, 1)}, (1, 9, 9), (Window(3), Window(1))),
        ("transposed_conv", {"out": 1, "kernel": 4, "stride": 2, "padding": 1}, (1, 9), (TransposedWindow(4, 2, 1),)),
        ("max_pool", {"kernel": 3, "padding": 1}, (1, 9), (Window(3, 3, 1),)),
        ("global_avg_pool", {}, (1, 9, 8), (AdaptiveWindow(9, 1), AdaptiveWindow(8, 1))),
        ("adaptive_avg_pool", {"size": 2}, (1, 9), (AdaptiveWindow(9, 2),)),
        ("pad", {"amount": ((1, 2),)}, (1, 9), (Window(1, 1, 1),)),
        ("crop", {"amount": ((1, 2),)}, (1, 9), (Window(1, 1, -1),)),
        ("upsample", {"factor": 2}, (1, 9), (Resample(2),)),
        ("upsample", {"factor": 2, "mode": "linear"}, (1, 9), (Resample(2, 1, 2),)),
        ("upsample", {"factor": 1.5, "mode": "linear"}, (1, 9), (Resample(3, 2, 2),)),
        ("upsample", {"size": (12, 6), "mode": "bicubic"}, (1, 9, 3), (Resample(4, 3, 4), Resample(2, 1, 4))),
        ("upsample", {"size": 17, "mode": "linear", "align_corners": True}, (1, 9), (Resample(2, 1, 2, True),)),
        ("upsample", {"size": 6, "mode": "area"}, (1, 9), (AdaptiveWindow(9, 6),)),
        ("upsample", {"size": 6, "mode": "linear"}, (1, 1), (Resample(1, 0),)),
        ("pixel_shuffle", {"factor": 2}, (4, 9, 9), (Resample(2), Resample(2))),
        ("linear", {"out": 2}, (9,), "whole"),
        ("flatten", {}, (1, 9), "flatten"),
        ("flatten", {}, (9,), "pointwise"),
        ("reshape", {"shape": (9,)}, (1, 9), "flatten"),
        ("reshape", {"shape": (1, 9)}, (1, 9), "pointwise"),
        ("group_norm", {"groups": 1}, (1, 9), "normalized"),
        ("instance_norm", {}, (1, 9), "normalized"),
        ("layer_norm", {}, (1, 9), "pointwise"),
        ("layer_norm", {"over": "all"}, (1, 9), "normalized"),
        ("layer_norm", {}, (9,), "whole"),
        ("softmax", {}, (1, 9), "pointwise"),
        ("softmax", {}, (9,), "whole"),
        ("batch_norm", {}, (1, 9), "pointwise"),
    ],
)
def test_reach(kind: str, settings: dict[str, Any], shape: Shape, expected: Reach) -> None:
    assert reach_of(kind, shape, **settings) == expected


def test_sums_of_work() -> None:
    work = Work(1, 2, 3, 4, 5, 6, 7)
    assert work.plus(work) == work.times(2) == Work(2, 4, 6, 8, 10, 12, 14)
    assert prod(work) == 5040
