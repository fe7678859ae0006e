"""Output sizes, computed by hand from the conventions and from published networks."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from cnncalc.layers import kind_class
from cnncalc.layers.base import Shape
from cnncalc.layers.window import Axis, output_size, resolve_padding


def shape_of(kind: str, *inputs: Shape, **settings: Any) -> Shape:
    return kind_class(kind)(**settings).output_shape(inputs)


@pytest.mark.parametrize(
    ("settings", "before", "after"),
    [
        ({"out": 96, "kernel": 11, "stride": 4}, (3, 227, 227), (96, 55, 55)),  # AlexNet
        ({"out": 64, "kernel": 7, "stride": 2, "padding": 3}, (3, 224, 224), (64, 112, 112)),  # ResNet
        ({"out": 1, "kernel": 2}, (1, 5, 5), (1, 4, 4)),  # tells I − K + 1 from I − 2·⌊K/2⌋
        ({"out": 8, "kernel": (1, 7), "padding": (0, 3)}, (4, 17, 17), (8, 17, 17)),
        ({"out": 8, "kernel": 3, "padding": ((1, 0), (0, 2))}, (4, 5, 6), (8, 4, 6)),
        ({"out": 8, "kernel": 3, "dilation": 4}, (4, 20), (8, 12)),
        ({"out": 8, "kernel": 3, "padding": "half", "dilation": 2}, (4, 20), (8, 20)),
        ({"out": 8, "kernel": 4, "padding": "half"}, (4, 20), (8, 19)),
        ({"out": 8, "kernel": 3, "padding": "full"}, (4, 20), (8, 22)),
        ({"out": 8, "kernel": 3, "padding": "valid"}, (4, 20), (8, 18)),
        ({"out": 8, "kernel": 3, "stride": 2, "padding": "same"}, (4, 7, 8), (8, 4, 4)),
        ({"out": 8, "kernel": 1, "stride": 3, "padding": "same"}, (4, 7), (8, 3)),
        ({"out": 64, "kernel": 3, "padding": 1}, (3, 16, 112, 112), (64, 16, 112, 112)),  # C3D
    ],
)
def test_conv(settings: dict[str, Any], before: Shape, after: Shape) -> None:
    assert shape_of("conv", before, **settings) == after


def test_output_size_is_the_number_of_window_positions() -> None:
    for i, k, s, d, before, after in product(range(1, 8), range(1, 4), range(1, 4), range(1, 3), range(3), range(3)):
        fits = [at for at in range(-before, i + after, s) if at + d * (k - 1) < i + after]
        assert max(output_size(Axis(i, k, s, d, before, after)), 0) == len(fits)


def test_same_padding_rounds_up_and_pads_the_odd_pixel_after() -> None:
    for i, k, s, d in product(range(1, 12), range(1, 5), range(1, 5), range(1, 4)):
        before, after = resolve_padding("same", Axis(i, k, s, d, 0, 0))
        assert output_size(Axis(i, k, s, d, before, after)) == -(-i // s)
        assert after - before in (0, 1)


@pytest.mark.parametrize(
    ("i", "k", "s", "p", "pytorch", "caffe"), [(4, 1, 2, 0, 2, 3), (5, 2, 2, 1, 3, 3), (112, 3, 2, 0, 56, 56)]
)
def test_ceil_in_both_dialects(i: int, k: int, s: int, p: int, pytorch: int, caffe: int) -> None:
    settings = {"kernel": k, "stride": s, "padding": p, "ceil": True}
    for kind in ("max_pool", "avg_pool"):
        assert shape_of(kind, (1, i), **settings) == (1, pytorch)
        assert shape_of(kind, (1, i), **settings, dialect="caffe") == (1, caffe)


def test_the_last_window_of_a_pool_that_rounds_up_may_extend_beyond_the_edge() -> None:
    assert shape_of("max_pool", (8, 2, 2), kernel=3, stride=2, ceil=True) == (8, 1, 1)  # as PyTorch has it


@pytest.mark.parametrize(
    ("kind", "settings", "before", "after"),
    [
        ("depthwise_conv", {"kernel": 3, "stride": 2, "padding": 1}, (32, 112, 112), (32, 56, 56)),
        ("depthwise_conv", {"kernel": 3, "multiplier": 3}, (4, 9), (12, 7)),
        ("separable_conv", {"out": 72, "kernel": 3}, (3, 8, 8), (72, 6, 6)),
        ("spatial_separable_conv", {"out": 72, "kernel": 3}, (3, 8, 8), (72, 6, 6)),
        ("spatial_separable_conv", {"out": 5, "kernel": [3, 1], "stride": [2, 1]}, (3, 8, 8), (5, 3, 8)),
        ("transposed_conv", {"out": 1, "kernel": 3}, (1, 2, 2), (1, 4, 4)),
        ("transposed_conv", {"out": 64, "kernel": 2, "stride": 2}, (128, 28, 28), (64, 56, 56)),  # U-Net
        ("transposed_conv", {"out": 512, "kernel": 4, "stride": 2, "padding": 1}, (1024, 4, 4), (512, 8, 8)),  # DCGAN
        ("transposed_conv", {"out": 2, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1}, (4, 5), (2, 10)),
        ("transposed_conv", {"out": 2, "kernel": 5, "stride": 3, "padding": "same"}, (4, 5, 6), (2, 15, 18)),
        ("linear", {"out": 4096}, (9216,), (4096,)),
        ("max_pool", {"kernel": 3, "stride": 2}, (96, 55, 55), (96, 27, 27)),
        ("max_pool", {"kernel": 2}, (64, 224, 224), (64, 112, 112)),
        ("max_pool", {"kernel": 2, "dilation": 3}, (64, 9), (64, 3)),
        ("avg_pool", {"kernel": 2}, (16, 10, 10), (16, 5, 5)),
        ("global_avg_pool", {}, (2048, 7, 7), (2048, 1, 1)),
        ("global_max_pool", {}, (8, 5), (8, 1)),
        ("adaptive_avg_pool", {"size": 6}, (256, 13, 13), (256, 6, 6)),
        ("adaptive_avg_pool", {"size": [1, 9]}, (256, 13, 4), (256, 1, 9)),
        ("batch_norm", {}, (10,), (10,)),
        ("layer_norm", {}, (10, 3), (10, 3)),
        ("softmax", {}, (1000,), (1000,)),
        ("flatten", {}, (512, 7, 7), (25088,)),
        ("reshape", {"shape": [8, 2, 2]}, (32,), (8, 2, 2)),
        ("channel_split", {"parts": 2, "take": 1}, (116, 28, 28), (58, 28, 28)),
        ("channel_split", {"parts": [10, 22], "take": 1}, (32, 4), (22, 4)),
        ("channel_shuffle", {"groups": 3}, (240, 28, 28), (240, 28, 28)),
        ("pad", {"amount": [[0, 1], [2, 3]]}, (3, 5, 5), (3, 6, 10)),
        ("crop", {"amount": 4}, (64, 64, 64), (64, 56, 56)),
        ("upsample", {"factor": [2, 3]}, (3, 4, 5), (3, 8, 15)),
        ("pixel_shuffle", {"factor": 3}, (9, 4, 5), (1, 12, 15)),
        ("slice", {"axis": 1, "start": 1, "stop": 9, "step": 2}, (3, 9, 5), (3, 4, 5)),  # 1, 3, 5, 7
        ("slice", {"axis": -1, "start": -3, "stop": -1}, (3, 9, 5), (3, 9, 2)),
        ("slice", {"axis": 0, "start": 2, "stop": 5}, (5, 4), (3, 4)),
        ("split", {"parts": [2, 3], "take": 1, "axis": -1}, (4, 9, 5), (4, 9, 3)),
        ("split", {"parts": 3, "take": 2}, (6, 9), (2, 9)),
        ("flip", {"axis": 2}, (4, 9, 5), (4, 9, 5)),
        ("roll", {"axis": 1, "by": -4}, (4, 9, 5), (4, 9, 5)),
        ("transpose", {"axes": [1, 2, 0]}, (4, 9, 5), (9, 5, 4)),
        ("transpose", {"axes": [0, -1, 1, 2, 3, 4]}, (1, 2, 3, 4, 5, 6), (1, 6, 2, 3, 4, 5)),
        ("reshape", {"shape": [1, 2, 3, 4, 5, 6]}, (720,), (1, 2, 3, 4, 5, 6)),
    ],
)
def test_other_kinds(kind: str, settings: dict[str, Any], before: Shape, after: Shape) -> None:
    settings = {name: tuples(value) for name, value in settings.items()}
    assert shape_of(kind, before, **settings) == after


def tuples(value: Any) -> Any:
    return tuple(map(tuples, value)) if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("kind", "inputs", "after"),
    [
        ("add", ((256, 56, 56), (256, 56, 56)), (256, 56, 56)),
        ("add", ((1, 1, 9), (4, 1, 1), (4, 5, 1)), (4, 5, 9)),
        ("subtract", ((1, 28, 28), (64, 1, 1)), (64, 28, 28)),
        ("divide", ((64, 28, 28), (1, 28, 28)), (64, 28, 28)),
        ("maximum", ((4, 1), (4, 9), (1, 9)), (4, 9)),
        ("minimum", ((10,), (1,)), (10,)),
        ("mean", ((2, 3, 4, 5), (1, 3, 1, 5)), (2, 3, 4, 5)),
        ("multiply", ((64, 28, 28), (64, 1, 1)), (64, 28, 28)),
        ("multiply", ((1, 1, 9), (4, 1, 1), (4, 5, 1)), (4, 5, 9)),
        ("concat", ((64, 28, 28), (128, 28, 28), (32, 28, 28), (32, 28, 28)), (256, 28, 28)),
        ("concat", ((10,), (2,)), (12,)),
        ("stack", ((3, 8), (3, 8)), (2, 3, 8)),
    ],
)
def test_merges(kind: str, inputs: tuple[Shape, ...], after: Shape) -> None:
    assert shape_of(kind, *inputs) == after


@pytest.mark.parametrize(
    ("kind", "settings", "axes", "text"),
    [
        ("conv", {"out": 64, "kernel": 3}, 2, "3×3"),
        ("conv", {"out": 64, "kernel": 3}, 3, "3×3×3"),
        ("conv", {"out": 64, "kernel": 3}, 1, "3"),
        ("conv", {"out": 64, "kernel": 3}, 0, "3"),
        ("conv", {"out": 64, "kernel": (1, 7), "padding": (0, 3)}, 2, "1×7, p0×3"),
        ("conv", {"out": 64, "kernel": 7, "stride": 2, "padding": 3, "bias": False}, 2, "7×7, s2, p3, no bias"),
        ("conv", {"out": 64, "kernel": 3, "padding": "half", "groups": 4}, 2, "3×3, half, g4"),
        ("conv", {"out": 64, "kernel": 3, "stride": (2, 2), "padding": ((0, 1), (0, 1))}, 2, "3×3, s2, p0+1×0+1"),
        ("max_pool", {"kernel": 2}, 2, "2×2, s2"),
        ("max_pool", {"kernel": 3, "stride": 1, "ceil": True}, 2, "3×3, ceil"),
        ("avg_pool", {"kernel": 2, "count_padding": False}, 2, "2×2, s2, no padding counted"),
        ("linear", {"out": 10}, 0, ""),
        ("upsample", {"factor": 2, "mode": "bilinear"}, 2, "×2, bilinear"),
        ("channel_split", {"parts": (1, 3), "take": 0}, 2, "parts 1+3, take 0"),
    ],
)
def test_brief(kind: str, settings: dict[str, Any], axes: int, text: str) -> None:
    assert kind_class(kind)(**settings).summarize_settings(axes) == text


@pytest.mark.parametrize(
    ("kind", "settings", "text"),
    [
        ("conv", {"out": 64, "kernel": 3}, "conv(64, 3)"),
        (
            "conv",
            {"out": 64, "kernel": (3, 1), "padding": "half", "bias": False},
            "conv(64, [3, 1], padding=half, bias=false)",
        ),
        ("max_pool", {"kernel": 3, "stride": 3}, "max_pool(3)"),
        ("scale", {"initial": 1e-6}, "scale(initial=1e-6)"),
        ("relu", {}, "relu"),
    ],
)
def test_repr_is_the_call(kind: str, settings: dict[str, Any], text: str) -> None:
    assert repr(kind_class(kind)(**settings)) == text
