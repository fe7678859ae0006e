"""Branches that differ because a layer rounded a size: the layer is named, and every suggested repair works."""

from __future__ import annotations

from pathlib import Path
from random import Random
from textwrap import dedent

import pytest

from cnncalc import limits
from cnncalc.errors import Problem, Source
from cnncalc.reading import read_text

from ..cli.running import cnncalc

U_NET = """
    input: [3, {height}, {width}]
    layers:
      - e1 = conv(4, 3, padding=1) -> relu
      - e2 = max_pool(2) -> conv(4, 3, padding=1) -> relu
      - e3 = max_pool(2) -> conv(4, 3, padding=1) -> relu
      - max_pool(2) -> conv(4, 3, padding=1) -> relu -> transposed_conv(4, 2, stride=2)
      - concat:
          skip: from(e3)
          up: identity
      - conv(4, 3, padding=1) -> relu -> transposed_conv(4, 2, stride=2)
      - concat:
          skip: from(e2)
          up: identity
      - conv(4, 3, padding=1) -> relu -> transposed_conv(4, 2, stride=2)
      - concat:
          skip: from(e1)
          up: identity
      - conv(2, 1)
"""


def judged(text: str) -> list[Problem]:
    return read_text(Source("test.yaml", dedent(text))).problems


def notes(problem: Problem) -> list[str]:
    return [note.text for note in problem.notes]


@pytest.mark.parametrize("seed", range(4))
def test_the_next_multiples_of_eight_are_suggested_for_a_u_net(seed: int) -> None:
    """Three pools halve the sizes, which must be multiples of 2·2·2, whatever the level at which they are odd."""
    rng = Random(seed)
    for _ in range(6):
        height, width = rng.randint(20, 300), rng.randint(20, 300)
        found = judged(U_NET.format(height=height, width=width))
        if height % 8 == width % 8 == 0:
            assert found == []
            continue
        (problem,) = found
        assert problem.code == "shape-mismatch"
        for fix in problem.fixes:
            assert [each for each in judged(fix.apply()) if each.severity == "error"] == []
        up = [-(-size // 8) * 8 for size in (height, width)]
        assert f"[3, {up[0]}, {up[1]}]" in [fix.text for fix in problem.fixes]


def test_the_layer_that_rounded_is_named_with_its_position() -> None:
    (problem,) = judged(U_NET.format(height=64, width=100))  # 100 → 50 → 25 → 12, and 24 meets 25
    assert "`skip` is 4×16×25, `up` is 4×16×24" in problem.message
    assert notes(problem)[0] == "`max_pool1` rounds 25/2 down to 12"
    assert problem.notes[0].span is not None
    assert problem.notes[0].span.text == "max_pool(2)"
    assert "the width a multiple of 8: `input: [3, 64, 104]`" in problem.help


def test_both_branches_are_traced_back_to_their_last_common_layer() -> None:
    (problem,) = judged("""
        input: [8, 33]
        layers:
          - max_pool(2, ceil=true)
          - add:
              body: conv(8, 3, 2, padding=1)
              shortcut: avg_pool(2)
    """)  # 33 → 17 before they part; then ⌊(17 + 2 − 3)/2⌋ + 1 = 9 and ⌊(17 − 2)/2⌋ + 1 = 8
    assert notes(problem) == [
        "`add1.shortcut.avg_pool1` rounds 17/2 down to 8",
        "`add1.body.conv1` rounds 17/2 up to 9",
    ]
    assert [fix.text for fix in problem.fixes] == [
        "avg_pool(2, ceil=true)",
        "conv(8, 3, 2, padding=1) -> crop([[0, 1]])",
        "[8, 36]",  # the next multiple of 2·2
    ]


def test_a_few_layers_that_round_are_named_and_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
        input: [8, 33]
        layers:
          - add:
              body: conv(8, 3, 2, padding=1)
              shortcut: avg_pool(2)
    """  # 33 → 17 and 33 → 16
    (problem,) = judged(text)
    assert len(notes(problem)) == 2
    assert [fix.text for fix in problem.fixes] == [
        "avg_pool(2, ceil=true)", "conv(8, 3, 2, padding=1) -> crop([[0, 1]])", "[8, 34]",
    ]  # fmt: skip
    monkeypatch.setattr(limits, "ROUNDED_NOTES", 1)
    monkeypatch.setattr(limits, "ROUNDED_REPAIRS", 0)
    (problem,) = judged(text)
    assert len(notes(problem)) == 1
    assert "avg_pool(2, ceil=true)" not in [fix.text for fix in problem.fixes]


def test_a_param_that_is_the_size_is_changed() -> None:
    text = U_NET.replace("[3, {height}, {width}]", "[3, size, size]\n    params: {{size: 100}}")
    (problem,) = judged(text.format())
    assert problem.help == "make all sizes multiples of 8: `size: 104`"


def test_a_note_suggests_sizes_for_an_overridden_input(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(dedent(U_NET.format(height=64, width=64)), encoding="utf-8")
    done = cnncalc("summary", str(file), "--input", "3x100x100")
    assert done.returncode == 1
    assert "note: they agree for all sizes multiples of 8, e.g. an input of 3×104×104\n" in done.stderr
    assert cnncalc("summary", str(file), "--input", "3x104x104").returncode == 0


def test_rounding_is_not_mentioned_if_the_strides_differ() -> None:
    (problem,) = judged("""
        input: [8, 33, 33]
        layers:
          - add:
              body: conv(8, 3, stride=2, padding=1)
              shortcut: identity
    """)
    assert not any("rounds" in note for note in notes(problem))
    assert "1×1 convolution" in problem.help


def test_layers_without_padding_are_named() -> None:
    (problem,) = judged("""
        input: [8, 32, 32]
        layers:
          - add:
              body: conv(8, 3) -> relu -> conv(8, 3)
              shortcut: identity
    """)
    assert notes(problem)[:2] == [
        "`add1.body.conv2` without padding changes the size 30 to 28: it loses positions at the edges",
        "`add1.body.conv1` without padding changes the size 32 to 30: it loses positions at the edges",
    ]


# several inputs

SIAMESE = """
    input:
      left: [3, {height}, {width}]
      right: [3, {height}, {width}]
    layers:
      - from(left) -> conv(4, 3, padding=1)
      - a = max_pool(2) -> conv(4, 3, padding=1)
      - max_pool(2) -> transposed_conv(4, 2, stride=2)
      - add: [from(a), identity]
      - concat:
          left: identity
          right: from(right) -> max_pool(2)
"""


@pytest.mark.parametrize(("height", "width"), [(30, 30), (30, 32), (33, 47), (32, 32)])
def test_inputs_of_the_same_sizes_are_changed_together(height: int, width: int) -> None:
    """Two pools halve one input, one pool the other: all sizes must be multiples of four."""
    problems = judged(SIAMESE.format(height=height, width=width))
    errors = [problem for problem in problems if problem.severity == "error"]
    if height % 4 == width % 4 == 0:
        assert errors == []
        return
    problem = errors[0]
    assert problem.notes
    up = [-(-size // 4) * 4 for size in (height, width)]
    wanted = SIAMESE.format(height=up[0], width=up[1])
    assert dedent(wanted) in [fix.apply() for fix in problem.fixes]


def test_the_layer_that_rounded_is_named_for_branches_of_two_inputs() -> None:
    text = """
        input: {left: [3, 30, 30], right: [3, 30, 30]}
        layers:
          - l = from(left) -> conv(8, 3, padding=1) -> max_pool(4) -> upsample(4)
          - from(right) -> conv(8, 3, padding=1)
          - add: [from(l), identity]
    """
    (problem,) = (problem for problem in judged(text) if problem.severity == "error")
    assert notes(problem) == ["`l.max_pool1` rounds 30/4 down to 7"]
    assert any("left: [3, 32, 32], right: [3, 32, 32]" in fix.apply() for fix in problem.fixes)
