"""Errors of the kinds: the message contains the numbers, and the suggested arguments are valid."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import limits
from cnncalc.errors.codes import all_codes
from cnncalc.layers import kind_class
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape


def refusal(kind: str, *inputs: Shape, **settings: Any) -> LayerError:
    with pytest.raises(LayerError) as caught:
        kind_class(kind)(**settings).output_shape(inputs)
    assert all_codes()[caught.value.code].severity == "error"
    return caught.value


REFUSED: list[tuple[str, dict[str, Any], Shape, str, str]] = [
    ("conv", {"out": 6, "kernel": 3, "groups": 4}, (6, 5, 5), "groups-mismatch", "6 mod 4 = 2"),
    ("conv", {"out": 9, "kernel": 3, "groups": 4}, (8, 5, 5), "groups-mismatch", "9 output channels"),
    ("conv", {"out": 9, "kernel": 5}, (8, 3, 5), "kernel-too-large", "kernel 5, input 3"),
    ("conv", {"out": 9, "kernel": 3, "dilation": 3, "padding": 1}, (8, 4), "kernel-too-large", "4 + 1 + 1 = 6"),
    ("conv", {"out": 9, "kernel": 7, "padding": ((0, 1), (3, 3))}, (8, 4, 4), "kernel-too-large", "kernel 7, input 4"),
    ("conv", {"out": 9, "kernel": 3}, (8,), "wrong-rank", "[8]"),
    ("conv", {"out": 9, "kernel": (3, 3)}, (8, 5), "wrong-rank", "1 spatial axis"),
    ("conv", {"out": 9, "kernel": 1, "padding": limits.SIZE}, (8, 5), "too-large", "1,000,000,000"),
    ("depthwise_conv", {"kernel": 9}, (8, 5), "kernel-too-large", "`depthwise_conv`"),
    ("separable_conv", {"out": 3, "kernel": 9}, (8, 5), "kernel-too-large", "`separable_conv`"),
    ("spatial_separable_conv", {"out": 3, "kernel": (1, 9)}, (8, 5, 5), "kernel-too-large", "`spatial_separable_conv`"),
    ("spatial_separable_conv", {"out": 3, "kernel": 3}, (8, 5), "wrong-rank", "2 spatial axes, but the input has 1"),
    ("transposed_conv", {"out": 3, "kernel": 3, "padding": 2}, (8, 2), "size-runs-out", "would be 0"),
    ("transposed_conv", {"out": 3, "kernel": 9, "padding": "full"}, (8, 2), "size-runs-out", "would be -6"),
    (
        "transposed_conv",
        {"out": 3, "kernel": 1, "output_padding": 1},
        (8, 2),
        "bad-argument",
        "smaller than the stride",
    ),
    ("transposed_conv", {"out": 3, "kernel": 1, "stride": 3, "padding": "same"}, (8, 2), "bad-argument", "(3)"),
    ("transposed_conv", {"out": 3, "kernel": 1, "groups": 2}, (8, 2), "groups-mismatch", "3 output channels"),
    ("transposed_conv", {"out": 3, "kernel": 1, "stride": limits.SIZE}, (8, 9), "too-large", "8000000001"),
    ("linear", {"out": 10}, (512, 7, 7), "wrong-rank", "512×7×7 (25,088 elements)"),
    ("max_pool", {"kernel": 3, "padding": 2}, (8, 9), "padding-too-large", "2·2 > 3"),
    ("max_pool", {"kernel": 3, "padding": 2, "ceil": True, "dialect": "caffe"}, (8, 9), "padding-too-large", "2·2 > 3"),
    ("avg_pool", {"kernel": 3, "padding": ((0, 2), (1, 1))}, (8, 9, 9), "padding-too-large", "2·2 > 3"),
    ("max_pool", {"kernel": 3}, (8, 2, 2), "kernel-too-large", "kernel 3, input 2"),
    ("max_pool", {"kernel": 9, "stride": 2, "ceil": True}, (8, 3), "kernel-too-large", "kernel 9, input 3"),
    (
        "max_pool",
        {"kernel": 4, "padding": 2, "dilation": 3},
        (8, 1),
        "kernel-too-large",
        "10 with dilation 3",
    ),
    ("max_pool", {"kernel": 4, "padding": 3, "dilation": 2}, (8, 1), "padding-too-large", "2·3 > 4"),
    ("max_pool", {"kernel": 4, "padding": "full", "dilation": 2}, (8, 9), "padding-too-large", "2·6 > 7"),
    ("global_avg_pool", {}, (8,), "wrong-rank", "`global_avg_pool` needs a map"),
    ("adaptive_avg_pool", {"size": (1, 1)}, (8, 3), "wrong-rank", "1 spatial axis"),
    ("group_norm", {"groups": 4}, (6, 2), "groups-mismatch", "6 mod 4 = 2"),
    ("instance_norm", {}, (6,), "wrong-rank", "[6]"),
    ("local_response_norm", {}, (6,), "wrong-rank", "[6]"),
    ("softmax", {"groups": 4}, (6, 2), "groups-mismatch", "6 mod 4 = 2"),
    ("flatten", {}, (limits.SIZE, 2), "too-large", "2000000000"),
    ("slice", {"axis": 1, "start": 0, "stop": 9}, (3, 8, 5), "bad-argument", "`stop` is 9, but axis 1 has 8 positions"),
    ("slice", {"axis": 1, "start": 4, "stop": 3}, (3, 8, 5), "bad-argument", "the slice starts at 4"),
    ("slice", {"axis": 0, "start": -4, "stop": 3}, (3, 8), "bad-argument", "`start` is -4"),
    ("slice", {"axis": 2, "start": 0, "stop": 1}, (3, 8), "wrong-rank", "the axes are 0 to 1"),
    (
        "split",
        {"parts": 3, "take": 0, "axis": 1},
        (3, 8),
        "groups-mismatch",
        "8 positions of axis 1 into 3 parts (8 mod 3 = 2)",
    ),
    ("split", {"parts": (3, 4), "take": 0, "axis": -1}, (3, 8), "groups-mismatch", "add up to 7 positions of axis 1"),
    ("flip", {"axis": 1}, (8,), "wrong-rank", "the only axis is 0"),
    ("roll", {"axis": -3, "by": 1}, (8, 8), "wrong-rank", "`axis` of `roll` is -3"),
    ("transpose", {"axes": (1, 0)}, (3, 8, 8), "wrong-rank", "each of the input's 3 axes once"),
    ("transpose", {"axes": (1, 1)}, (3, 8), "wrong-rank", "once, found"),
    ("clip", {"low": 1, "high": 0}, (3, 8), "bad-argument", "every element would be 0"),
    ("max_pool", {"kernel": 1}, (1, 2, 3, 4, 5), "wrong-rank", "1 to 3 spatial axes"),
    ("reshape", {"shape": (4, 4)}, (3, 4, 5), "shape-mismatch", "needs 16 elements, but 3×4×5 has 60"),
    ("channel_split", {"parts": 4, "take": 0}, (6, 2), "groups-mismatch", "6 mod 4 = 2"),
    ("channel_split", {"parts": (2, 3), "take": 0}, (6, 2), "groups-mismatch", "but the input has 6"),
    ("channel_split", {"parts": 2, "take": 2}, (6, 2), "bad-argument", "from 0 to 1"),
    ("channel_shuffle", {"groups": 4}, (6, 2), "groups-mismatch", "6 mod 4 = 2"),
    ("pad", {"amount": 1}, (6,), "wrong-rank", "[6]"),
    ("crop", {"amount": ((1, 2), (0, 0))}, (6, 3, 3), "size-runs-out", "1 + 2 = 3 of 3"),
    ("upsample", {"factor": 2, "mode": "bilinear"}, (6, 3), "wrong-rank", "2 spatial axes"),
    ("upsample", {"factor": 2, "mode": "trilinear"}, (6, 3, 3), "wrong-rank", "3 spatial ax"),
    ("upsample", {"factor": 2, "mode": "bicubic"}, (6, 3), "wrong-rank", "2 spatial ax"),
    ("upsample", {"factor": (2, 1.5)}, (6, 3), "wrong-rank", "2 spatial axes"),
    ("upsample", {"size": (2, 3)}, (6, 3), "wrong-rank", "2 spatial axes"),
    ("upsample", {"like": (2, 3)}, (6, 3), "wrong-rank", "2 spatial axes"),
    ("upsample", {"factor": 0.2}, (6, 3), "size-runs-out", "6×0"),
    ("upsample", {"size": 3}, (6,), "wrong-rank", "flat"),
    ("upsample", {"factor": limits.SIZE}, (6, 3), "too-large", "3000000000"),
    ("pixel_shuffle", {"factor": 2}, (6, 3, 3), "groups-mismatch", "2² = 4"),
    ("pixel_shuffle", {"factor": 2}, (8, 3), "wrong-rank", "2 spatial axes"),
]


@pytest.mark.parametrize(("kind", "settings", "shape", "code", "text"), REFUSED)
def test_refused(kind: str, settings: dict[str, Any], shape: Shape, code: str, text: str) -> None:
    error = refusal(kind, shape, **settings)
    assert error.code == code
    assert text in str(error)


@pytest.mark.parametrize(("kind", "settings", "shape", "code", "text"), REFUSED)
def test_suggestions_are_valid(kind: str, settings: dict[str, Any], shape: Shape, code: str, text: str) -> None:
    for name, value in refusal(kind, shape, **settings).suggest.items():
        assert kind_class(kind)(**{**settings, name: value}).output_shape((shape,))


def test_the_smallest_change_is_suggested() -> None:
    error = refusal("conv", (3, 4, 4), out=1, kernel=7)
    assert error.suggest == {"kernel": 4, "padding": 2}
    assert error.help == "`kernel=4` or `padding=2` would fit"
    with pytest.raises(LayerError):
        kind_class("conv")(out=1, kernel=7, padding=1).output_shape(((3, 4, 4),))
    assert refusal("conv", (3, 2, 9), out=1, kernel=3).suggest == {"kernel": (2, 3), "padding": (1, 0)}
    assert refusal("transposed_conv", (8, 2), out=3, kernel=3, padding=2).suggest == {"padding": 1}
    assert refusal("crop", (8, 6), amount=3).suggest == {"amount": 2}
    assert refusal("reshape", (3, 4, 5), shape=(8, 5)).suggest == {"shape": (12, 5)}
    assert refusal("linear", (3, 4), out=5).insert_before == "flatten"


def test_a_similar_value_is_suggested() -> None:
    assert refusal("dropout", rate=50).suggest == {"rate": 0.5}
    assert refusal("dropout", rate=1.5).suggest == {}
    assert refusal("conv", out=1, kernel=3, bias=1).suggest == {"bias": True}
    assert refusal("conv", out=1, kernel=3, bias=2).suggest == {}


def test_nothing_is_suggested_if_nothing_fits() -> None:
    assert refusal("max_pool", (8, 1), kernel=4, padding=2, dilation=3).suggest == {}
    assert refusal("max_pool", (8, 1), kernel=4, padding=3, dilation=2).suggest == {}
    assert refusal("max_pool", (8, 1), kernel=4, padding=3, dilation=2).help == ""
    assert refusal("max_pool", (8, 1), kernel=4, dilation=3).suggest == {"kernel": 1}


def test_padding_words_pad_half_of_a_dilated_window() -> None:
    assert kind_class("max_pool")(kernel=3, stride=1, padding="half", dilation=3).output_shape(((8, 9),)) == (8, 9)


def test_errors_about_sizes_only_are_marked() -> None:
    assert refusal("conv", (3, 2), out=1, kernel=3).about == "size"
    assert refusal("crop", (3, 2), amount=1).about == "size"
    assert refusal("conv", (3, 2), out=1, kernel=1, groups=2).about == "channels"
    assert refusal("add", (3, 2), (3, 4)).about == "size"
    assert refusal("add", (3, 2), (4, 2)).about == "channels"
    assert refusal("concat", (3, 2), (4, 3)).about == "size"
    assert refusal("multiply", (3, 2), (1, 3)).about == "size"
    assert refusal("multiply", (3, 2), (4, 1)).about == "channels"


def test_merges_report_the_first_branch_that_differs() -> None:
    error = refusal("add", (256, 56, 56), (256, 56, 56), (64, 56, 56))
    assert (error.code, error.branch) == ("shape-mismatch", 2)
    assert error.message == "the branches of `add` disagree: branch 1 is 256×56×56, branch 3 is 64×56×56"
    assert "conv(256, 1)" in error.help
    assert refusal("add", (3, 2), (3, 3)).help == ""
    assert refusal("concat", (3, 2), (4, 2), (5, 3)).branch == 2
    assert refusal("multiply", (1, 1), (4, 5), (3, 5)).message.endswith(
        "branches 1 to 2 broadcast to 4×5, branch 3 is 3×5"
    )


@pytest.mark.parametrize("kind", ["add", "multiply", "concat"])
def test_a_flat_branch_only_fits_flat_branches(kind: str) -> None:
    error = refusal(kind, (64, 8, 8), (64,))
    assert (error.code, error.branch) == ("shape-mismatch", 1)
    assert error.append == ((1, "reshape([64, 1, 1])") if kind == "multiply" else None)


def test_a_gate_that_cannot_be_reshaped_has_no_help() -> None:
    assert refusal("multiply", (64, 8, 8), (32,)).append is None
    assert refusal("multiply", (64,), (64, 8, 8)).append == (0, "reshape([64, 1, 1])")
    assert refusal("multiply", (64,), (64,), (64, 8, 8)).append is None  # which of the two, is not known


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("conv", {"out": 0, "kernel": 3}),
        ("conv", {"out": 2.5, "kernel": 3}),
        ("conv", {"out": True, "kernel": 3}),
        ("conv", {"out": 3, "kernel": limits.SIZE + 1}),
        ("conv", {"out": 3, "kernel": 10**5000}),
        ("conv", {"out": 3, "kernel": (10**5000, 1)}),
        ("conv", {"out": 3, "kernel": ()}),
        ("conv", {"out": 3, "kernel": (1, 2, 3, 4)}),
        ("conv", {"out": 3, "kernel": 3, "padding": "wide"}),
        ("conv", {"out": 3, "kernel": 3, "padding": ((1, 2, 3),)}),
        ("conv", {"out": 3, "kernel": 3, "padding": -1}),
        ("conv", {"out": 3, "kernel": 3, "bias": 1}),
        ("max_pool", {"kernel": 3, "dialect": "keras"}),
        ("layer_norm", {"over": 6}),
        ("dropout", {"rate": 1.5}),
        ("dropout", {"rate": float("nan")}),
        ("scale", {"initial": 10**400}),
        ("scale", {"initial": float("inf")}),
        ("scale", {"initial": True}),
        ("reshape", {"shape": 3}),
        ("reshape", {"shape": (1, 2, 3, 4, 5, 6, 7)}),
        ("flip", {"axis": 6}),
        ("flip", {"axis": -7}),
        ("transpose", {"axes": 1}),
        ("transpose", {"axes": (0, 6)}),
        ("channel_split", {"parts": 2, "take": -1}),
    ],
)
def test_values_that_are_not_allowed(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(LayerError) as caught:
        kind_class(kind)(**settings)
    assert caught.value.code == "bad-argument"
    assert caught.value.argument in settings


def test_an_integer_may_be_given_as_a_float() -> None:
    layer: Layer = kind_class("conv")(out=4.0, kernel=3)
    assert repr(layer) == "conv(4, 3)"
