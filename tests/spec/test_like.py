"""Layers that take the sizes of a named output: `upsample(like=skip)`."""

from __future__ import annotations

import pytest

from cnncalc.execution.verify import verify
from cnncalc.layers.reach import Window
from cnncalc.network import INPUT
from cnncalc.spec.write import write_network

from ..networks import layers, network, problems, read, report

PYRAMID = """
    input: [3, 33, 47]
    blocks:
      up(skip):
        - upsample(like=skip, mode=linear) -> conv(4, 3, padding=1) -> relu
    layers:
      - low = conv(4, 3, stride=2, padding=1)
      - conv(4, 3, stride=2, padding=1)
      - up(low) -> up(input)
"""


def test_the_sizes_are_those_of_the_output() -> None:
    """33×47 → 17×24 → 9×12, and back."""
    made = network(PYRAMID)
    sizes = {node.path: node.output[1:] for node in made.nodes if node.layer.kind == "upsample"}
    assert sizes == {"up1.upsample1": (17, 24), "up2.upsample1": (33, 47)}
    assert [node.like for node in made.nodes if node.layer.kind == "upsample"] == [0, INPUT]


@pytest.mark.parametrize("size", ["3x33x47", "3x32x32", "3x5x9"])
def test_it_works_for_every_input(size: str) -> None:
    assert report(PYRAMID, input=size).output == (4, *map(int, size.split("x")[1:]))


def test_expanded_it_is_read_back() -> None:
    before = network(PYRAMID)
    text = write_network(before)
    assert "like=input" in text
    after = network(text)
    assert [(node.layer, node.output) for node in after.nodes] == [(node.layer, node.output) for node in before.nodes]
    larger = network(text, input="3x65x65")
    assert larger.nodes[-1].output == (4, 65, 65)  # by the names, not by the numbers


def test_a_smaller_input_is_verified_with_its_own_sizes() -> None:
    verdict = verify(network(PYRAMID, input="3x999x1500"), most=300_000)
    assert "smaller" in verdict.how
    assert verdict.held


def test_runs_of_a_block_take_the_sizes_of_their_own_input() -> None:
    text = """
        input: [3, 20, 31]
        blocks:
          around(out):
            - max_pool(2) -> conv(out, 1) -> relu -> upsample(like=input)
        layers:
          - around(4)
          - around(4)
          - max_pool(2) -> around(4) * 2
    """
    ups = [node for node in network(text).nodes if node.layer.kind == "upsample"]
    assert [node.output for node in ups] == [(4, 20, 31), (4, 20, 31), (4, 10, 15), (4, 10, 15)]
    assert [node.like for node in ups] == [INPUT, ups[0].index, ups[2].index - 4, ups[2].index]


BORDERS = """
    input: [1, 29, 20]
    layers:
      - skip = conv(4, 3) -> relu
      - conv(8, 3, stride=2) -> upsample(2) -> (low = conv(4, 1))
      - concat:
          skip: from(skip) -> crop(like=low)
          low: identity
      - conv(2, 1) -> pad(like=input, value=1)
"""


def test_crop_and_pad_take_the_sizes_of_an_output() -> None:
    """29×20 → 27×18 → 13×8 → 26×16: the crop of 1 row removes the last one, and 3 rows are padded as 1 and 2."""
    made = network(BORDERS)
    crop, pad = (node for node in made.nodes if node.layer.kind in ("crop", "pad"))
    assert crop.output == (4, 26, 16)
    assert crop.layer.reach(crop.input_shapes, crop.output) == (Window(1, before=0), Window(1, before=-1))
    assert pad.output == (2, 29, 20)
    assert pad.layer.reach(pad.input_shapes, pad.output) == (Window(1, before=1), Window(1, before=2))
    assert verify(made).held


@pytest.mark.parametrize("size", ["1x29x20", "1x64x65", "1x5x6"])
def test_crop_and_pad_work_for_every_input(size: str) -> None:
    assert report(BORDERS, input=size).output == (2, *map(int, size.split("x")[1:]))


def test_crop_and_pad_expanded_are_read_back() -> None:
    text = write_network(network(BORDERS))
    assert "crop(like=low_conv1" in text or "crop(like=low)" in text
    assert "like=input" in text
    again = network(text, input="1x65x66")
    assert again.nodes[-1].output == (2, 65, 66)


@pytest.mark.parametrize(
    ("call", "code", "text"),
    [
        ("crop(like=[9, 9])", "shape-mismatch", "`crop` to 9×9 cannot enlarge the input, which is 8×9"),
        ("pad(like=[9, 8])", "shape-mismatch", "`pad` to 9×8 cannot shrink the input, which is 8×9"),
        ("crop(1, like=[8, 8])", "bad-argument", "takes only one of `amount` or `like`"),
        ("crop", "missing-argument", "`crop` needs `amount` or `like`"),
        ("pad(value=1)", "missing-argument", "`pad` needs `amount` or `like`"),
        ("pad(like=[9])", "wrong-rank", "for 1 spatial axis, but the input has 2 spatial axes"),
    ],
)
def test_sizes_that_crop_and_pad_cannot_have(call: str, code: str, text: str) -> None:
    [found] = read(f"""
        input: [3, 8, 9]
        layers:
          - {call}
    """).problems
    assert found.code == code
    assert text in found.message


def test_sizes_may_be_given_as_numbers_too() -> None:
    assert layers("layers: [{upsample: {like: [5, 7]}}]") == ["upsample1: upsample(like=[5, 7])"]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("upsample", "missing-argument"),
        ("upsample(2, size=9)", "bad-argument"),
        ("upsample(size=9, like=low)", "bad-argument"),
        ("upsample(like=lwo)", "unknown-name"),
        ("upsample(like=late)", "unknown-name"),
        ("upsample(like=flat)", "wrong-rank"),
        ("upsample(like=3)", "bad-argument"),
        ("upsample(0)", "bad-argument"),
        ("upsample(-1.5)", "bad-argument"),
        ("upsample(none)", "missing-argument"),
        ("upsample(2, align_corners=true)", "bad-argument"),
        ("upsample(0.01)", "size-runs-out"),
        ("upsample(2, mode=cubic)", "unknown-name"),
    ],
)
def test_invalid_arguments(call: str, code: str) -> None:
    text = f"""
        layers:
          - low = relu
          - flat = flatten
          - from(low)
          - {call}
          - late = relu
          - from(flat) -> linear(2)
          - outputs:
              a: from(late)
    """
    assert code in [found for found, line, _ in problems(text) if line == 6]


def test_consequences_of_a_mistake_are_not_reported() -> None:
    text = """
        layers:
          - low = conv(4, 99)
          - conv(4, 1)
          - upsample(like=low)
          - conv(here.height, 1)
    """
    assert [code for code, _, _ in problems(text)] == ["kernel-too-large"]
    assert read(text).network


def test_branches_that_differ_after_a_single_position_was_enlarged() -> None:
    """A layer that repeats one position has no stride over the input, but the disagreement is reported."""
    text = """
        input: [1, 3, 3]
        layers:
          - a = conv(2, 3) -> upsample(3)
          - from(a) -> (b = conv(2, 2, padding=1))
          - add(a, b)
    """
    assert [code for code, *_ in problems(text)] == ["shape-mismatch"]
