"""`cnncalc kernel`, and `run --matrix`: the examples of the texts that the project grew from."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cnncalc.cli.app import run
from cnncalc.execution.kernels import NAMED

from .running import cnncalc


def describe(capsys: pytest.CaptureFixture[str], *args: str) -> list[str]:
    assert run(["kernel", *args]) == 0, capsys.readouterr().err
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def dump(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    assert run([*args, "--format", "json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_sobel_splits_and_takes_120_multiplications_on_6x6_and_not_144(capsys: pytest.CaptureFixture[str]) -> None:
    found = describe(capsys, "sobel_x")
    assert "split [1 2 1]ᵀ · [1 0 -1]" in found
    assert "multiplications 9 → 3 + 3 = 6 at each position; on 6×6 144 → 72 + 48 = 120" in found


def test_the_laplacian_has_rank_2(capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest kernel that splits leaves (√6 − 2)/√20 = 10.05 % of it."""
    found = describe(capsys, "laplace", "--width", "200")
    assert "rank 2: it does not split; it is the sum of 2 kernels that do" in found
    assert any(line.startswith("nearest [") and "which leaves 10.1% of it" in line for line in found)
    assert "multiplications 9 at each position; on 6×6 144" in found


def test_fractions_are_exact(capsys: pytest.CaptureFixture[str]) -> None:
    assert "split 1/16 · [1 2 1]ᵀ · [1 2 1]" in describe(capsys, "gauss")
    assert "split -1/6 · [1 3]ᵀ · [1 -2]" in describe(capsys, "--", "-1/6 1/3; -0.5 1")


@pytest.mark.parametrize("name", NAMED)
def test_the_matrix_of_3x3_on_4x4_is_4_by_16_and_that_of_the_transposed_convolution_its_transpose(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = dump(capsys, "kernel", name)
    matrix = found["matrix"]
    assert (len(matrix), len(matrix[0])) == (4, 16)
    assert found["transposed"] == [list(column) for column in zip(*matrix, strict=True)]
    rows = [[matrix[0][4 * y + x] for x in range(3)] for y in range(3)]
    assert rows == found["kernel"]


@pytest.mark.parametrize("seed", range(20))
def test_an_impulse_becomes_the_kernel_turned(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    rng = Random(seed)
    rows = [[rng.randint(-5, 5) for _ in range(rng.choice((1, 2, 3, 4)))]]
    rows += [[rng.randint(-5, 5) for _ in rows[0]] for _ in range(rng.randint(0, 3))]
    found = dump(capsys, "kernel", json.dumps(rows))
    assert found["changes"]["impulse"]["after"] == [row[::-1] for row in rows[::-1]]
    across = [sum(row[x] for row in rows) for x in range(len(rows[0]))]  # what a column of ones gives
    step = found["changes"]["step"]
    assert step["before"] == [[0] * len(across) + [1] * len(across)] * 2 * len(rows)
    assert step["after"][0] == [sum(across[len(across) - x :]) if x else 0 for x in range(len(across) + 1)]


def test_no_picture_is_wider_than_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    for width in ("60", "80", "120"):
        assert run(["kernel", "sobel_x", "--width", width]) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= int(width)


def test_kernels_of_one_row_of_zeros_and_of_many_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert "multiplications 3 at each position; on 2×6 24" in describe(capsys, "1 -2 1")
    assert "rank 0: all its numbers are 0" in describe(capsys, "0 0; 0 0")
    assert "too large to be shown; --format json has it" in describe(capsys, "; ".join(["1 2 3 4 5 6 7"] * 7))
    assert dump(capsys, "kernel", "1e308 1; 1 1e308")["rank"] == 2


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("1 2; 3", 1, "1 2; 3: row 1 has 2 numbers, but row 2 has 1"),
        ("[[1, NaN]]", 1, "finite numbers are expected"),
        ("[1, 2]", 1, "a kernel is a matrix, with rows and columns, but this is [2]"),
        ("[[[1]]]", 1, "a kernel is a matrix, with rows and columns, but this is 1×1×1"),
        ("1e999", 1, "1e999 is larger than any float"),
        ("1e9999", 1, "1e9999: numbers are expected"),
        ("sobelx", 2, "there is no kernel and no file 'sobelx'; did you mean `sobel_x`?"),
        ("picture.pgm", 1, "picture.pgm"),
        ("; ".join(["1 " * 33] * 32), 1, "a kernel of 32×33 numbers is larger than the limit of 1,024"),
    ],
)
def test_problems_are_reported(
    text: str,
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.pgm").write_bytes(b"P5 2 2 255\n\xff\xfe\xfd\xfc")
    assert run(["kernel", text]) == code
    done = capsys.readouterr()
    assert done.out == ""
    assert words in done.err


@pytest.mark.parametrize(
    ("number", "shown"),
    [("1e300", "1.000e+300"), ("1e-300", "1.000e-300"), ("123456789012345", "1.234e+14"),
     ("-1/9999999999999", "-1.000e-13"),
     ("123456789012", "123456789012"), ("1/3", "1/3")],
)  # fmt: skip
def test_long_fractions_have_four_digits(number: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Cut off, not rounded."""
    assert describe(capsys, "--", f"{number} 0")[1].split()[0] == shown


def test_the_largest_kernel_is_described_at_once() -> None:
    """Its rank is exact: 32 rows of fractions without a common divisor."""
    rng = Random(0)
    text = "; ".join(" ".join(f"{rng.random():.12f}" for _ in range(32)) for _ in range(32))
    done = cnncalc("kernel", text)
    assert (done.returncode, done.stderr) == (0, "")
    assert "32: it does not split" in done.stdout


def test_neuron_1_reads_9_of_36_pixels(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "conv(1, 3)", "--input", "1x6x6", "--kernel", "blur", "--matrix"]) == 0
    found = capsys.readouterr().out.splitlines()
    assert found[0] == "conv1  16 × 36, output × input"
    assert found[1].strip() == "row 1 reads 1 2 3 7 8 9 13 14 15 of 36"
    assert found[2].split() == [str(number) for number in range(1, 37)]
    assert [line.split()[0] for line in found[3:]] == [str(number) for number in range(1, 17)]


def test_two_linear_layers_are_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """[[1, 2], [3, 4], [5, 6]] · [[1, 0, 2], [0, 1, 3]] = [[1, 2, 8], [3, 4, 18], [5, 6, 28]]."""
    path = tmp_path / "two.yaml"
    path.write_text(
        "input: [3]\nallow: {linear-pair: it is the example}\nlayers: ['linear(2) -> linear(3)']\nweights:\n"
        "  linear1: {weight: [[1, 0, 2], [0, 1, 3]], bias: [7, 7]}\n"
        "  linear2: {weight: [[1, 2], [3, 4], [5, 6]], bias: [1, 1, 1]}\n"
    )
    assert dump(capsys, "run", str(path), "--matrix")["matrix"] == [[1, 2, 8], [3, 4, 18], [5, 6, 28]]
    assert run(["run", str(path), "--matrix"]) == 0
    title = "linear1 → linear2  3 × 3, output × input, the product of 2 matrices"
    assert capsys.readouterr().out.splitlines()[0] == title


def test_a_chain_with_something_else_has_no_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "flatten -> linear(2) -> relu", "--input", "1x2x2", "--matrix"]) == 2
    assert "relu1 is a relu, not a linear layer, so it has no matrix" in capsys.readouterr().err


def test_a_convolution_stores_64_times_less_than_a_dense_layer(capsys: pytest.CaptureFixture[str]) -> None:
    """576 connections of 36 with 16, and 9 weights."""
    assert run(["compare", "--dense", "conv(1, 3)", "--input", "1x6x6"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[-1] == "dense/shared"
    assert lines[3].split()[4:] == ["576", "144", "9", "4.00", "16.0", "64.0"]
