"""The effective receptive field: by hand for kernels of ones, and from the command line."""

from __future__ import annotations

import json
from math import comb
from pathlib import Path

import pytest

from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.execution.effective import EffectiveField

from ..cli.running import cnncalc

ONES = "input: [1, 7]\nlayers:\n  - conv(1, 3, bias=false) * 3\nweights:\n"
ONES += "".join(f"  conv{number}: {{weight: [[[1, 1, 1]]]}}\n" for number in (1, 2, 3))


def test_kernels_of_ones_give_the_trinomial_coefficients(tmp_path: Path) -> None:
    """(1 + x + x²)³ = 1 3 6 7 6 3 1: of 27, the middle three have 19 and the middle five 25."""
    (tmp_path / "ones.yaml").write_text(ONES)
    done = cnncalc("run", "ones.yaml", "--effective-field", "3", "--format", "json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert found["gradient"] == [1, 3, 6, 7, 6, 3, 1]
    assert found["receptive_field"] == {"start": [0], "size": [7]}
    assert (found["unit"], found["seeds"]) == ([0], 3)
    assert found["within"] == {"0.5": [3], "0.95": [7]}


def test_positions_beside_the_field_have_no_gradient() -> None:
    chain = "conv(3, 3, stride=2, padding=1) -> relu -> conv(2, 3, padding=1)"
    done = cnncalc("run", chain, "--input", "2x15x15", "--effective-field", "4", "--format", "json")
    found = json.loads(done.stdout)
    (top, left), (height, width) = found["receptive_field"]["start"], found["receptive_field"]["size"]
    assert (height, width) == (7, 7)
    for y, row in enumerate(found["gradient"]):
        for x, value in enumerate(row):
            inside = top <= y < top + height and left <= x < left + width
            assert inside or value == 0
    assert found["gradient"][top + 3][left + 3] > 0


def test_both_pictures_are_on_the_same_lines() -> None:
    done = cnncalc("run", "conv(1, 3)", "--input", "1x9x9", "--effective-field", "2", "--width", "60")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("conv1  unit 3, 3; gradient on the input, mean of 2 seeds")
    assert sum("██████" in line[20:] for line in lines) == 3
    assert "receptive field      3×3 of 9×9 positions (right)" in done.stdout


@pytest.mark.parametrize("count", [1, 3, 5, 9])
def test_a_box_holds_its_share(count: int) -> None:
    sizes = [float(comb(8, at)) for at in range(9)]
    share = sum(sizes[4 - count // 2 : 5 + count // 2]) / 256
    field = EffectiveField("it", (0,), 1, (9,), sizes, ((0, 8),))
    assert field.measure_box(share) == (count,)


@pytest.mark.parametrize(
    ("chain", "size", "about"),
    [("linear(2)", "4", "linear1 is [2], and the input [4]"), ("conv(1, 1)", "1x2x2x2", "the input 1×2×2×2")],
)
def test_layers_without_a_field(chain: str, size: str, about: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", chain, "--input", size, "--effective-field", "2"]) == 2
    assert about in capsys.readouterr().err


def test_seeds_are_limited(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "conv(1, 1)", "--input", "1x2x2", "--effective-field", str(limits.EFFECTIVE_SEEDS + 1)]) == 2
    steps = ["run", "conv(1, 1, bias=false)", "--input", "1x2x2", "--effective-field", "5", "--max-multiplications"]
    capsys.readouterr()
    assert run([*steps, "20"]) == 0
    assert run([*steps, "19"]) == 2
    assert "take 20 steps, more than the limit of 19" in capsys.readouterr().err


def test_what_has_no_gradient_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """The channels of a softmax have the sum 1, whatever the input; a ReLU is dead for 0 − 2 to 1 − 2."""
    assert run(["run", "softmax", "--input", "2x3x3", "--effective-field", "2"]) == 0
    done = capsys.readouterr()
    assert "the channels of softmax1 always add up to 1" in done.err
    assert run(["run", "affine(1, -2) -> relu", "--input", "1x3x3", "--effective-field", "2"]) == 0
    done = capsys.readouterr()
    assert done.err == ""
    assert "0 at every position" in done.out
    assert "of the gradient" not in done.out
