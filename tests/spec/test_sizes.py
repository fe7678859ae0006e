"""Sizes of tensors in expressions, and names that are also words of the language."""

from __future__ import annotations

import pytest

from ..networks import layers, problems, read, report


def test_here_input_and_a_named_output_have_sizes() -> None:
    text = """
        input: [3, 12, 20]
        layers:
          - skip = conv(5, 3)
          - conv(here.height, 1)
          - conv(input.width, 1)
          - conv(skip.channels, 1)
          - conv(here.channels * skip.width, 1)
    """
    assert layers(text)[1:] == ["conv2: conv(10, 1)", "conv3: conv(20, 1)", "conv4: conv(5, 1)", "conv5: conv(90, 1)"]


@pytest.mark.parametrize(
    ("input", "wanted"),
    [
        ("[2, 5]", {"length": 5}),
        ("[2, 5, 6]", {"height": 5, "width": 6}),
        ("[2, 5, 6, 7]", {"depth": 5, "height": 6, "width": 7}),
    ],
)
def test_each_rank_has_its_own_names(input: str, wanted: dict[str, int]) -> None:
    for name in ("length", "height", "width", "depth"):
        text = f"input: {input}\nlayers: [conv(here.{name} + 1, 1)]".replace("[conv", "['conv").replace("1)]", "1)']")
        if name in wanted:
            assert layers(text) == [f"conv1: conv({wanted[name] + 1}, 1)"]
        else:
            assert [code for code, _, _ in problems(text)] == ["wrong-rank"]


def test_in_a_block_input_is_its_own_and_a_default_sees_it() -> None:
    text = """
        input: [3, 12, 12]
        blocks:
          half(out=here.height):
            - max_pool(2)
            - conv(out + here.height + input.height, 1)
        layers:
          - max_pool(2)
          - half
    """
    assert layers(text)[-1] == "half1.conv1: conv(15, 1)"  # 6 + 3 + 6


def test_here_is_defined_in_conditions_and_differs_in_each_round() -> None:
    text = """
        input: [3, 12, 12]
        layers:
          - (conv(here.height, 1) -> max_pool(2)) * 2
          - (conv(1, 1) if here.height > 3)
          - (conv(2, 1) if here.height == 3)
    """
    assert [line for line in layers(text) if "conv" in line] == [
        "conv1: conv(12, 1)", "conv2: conv(6, 1)", "conv4: conv(2, 1)"
    ]  # fmt: skip


def test_sizes_follow_the_input() -> None:
    text = "input: [3, 12, 12]\nlayers:\n  - conv(input.height, 1)\n"
    for size in (9, 12, 15):
        assert report(text.replace("12", str(size))).output == (size, size, size)


def test_an_output_inside_a_block_takes_precedence_over_a_size() -> None:
    text = """
        blocks:
          two:
            - height = conv(7, 1)
            - relu
        layers:
          - m = two
          - conv(m.height.channels + m.width, 1)
    """
    assert layers(text)[-1] == "conv1: conv(15, 1)"  # 7 channels, 8 wide
    assert [code for code, _, _ in problems(text)] == ["shadow"]


def test_a_name_takes_precedence_over_a_later_word() -> None:
    """All of these were valid before there was `upsample(mode=area)`, `reshape([64, rest])` or `here`."""
    text = """
        input: [3, 20, 20]
        params: {area: bilinear, rest: 4, here_: 3, first: 2, nearest: 2, none: 8, here: 5}
        layers:
          - conv(rest, here_, padding=1) -> relu -> upsample(first, mode=area)
          - max_pool(nearest) -> conv(none, 1) -> relu -> conv(here, 1) -> reshape([rest * here, 100])
    """
    assert layers(text) == [
        "conv1: conv(4, 3, padding=1)", "relu1: relu", "upsample1: upsample(2, mode=bilinear)",
        "max_pool1: max_pool(2)", "conv2: conv(8, 1)", "relu2: relu", "conv3: conv(5, 1)",
        "reshape1: reshape([20, 100])",
    ]  # fmt: skip
    assert {code for code, _, _ in problems(text)} <= {"shadow"}
    assert read(text).network


def test_a_word_has_its_meaning_if_it_is_not_a_name() -> None:
    assert layers("layers: ['upsample(2, mode=nearest)']") == ["upsample1: upsample(2)"]
