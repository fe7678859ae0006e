"""Numbers of less precision: against `struct`, PyTorch and exact fractions, and the examples of the books."""

from __future__ import annotations

import json
import struct
import warnings
from fractions import Fraction
from math import inf, isinf, isnan, nan
from random import Random
from typing import Any

import pytest

from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.rounding import PRECISIONS, Rounded, round_to_bfloat16, run_rounded
from cnncalc.execution.weights import Weights
from cnncalc.layers import KINDS
from cnncalc.layers.ops import Map

from ..layers.cases import random_cases
from ..networks import network
from .one import Arrays, calculate, random_map

# bits of the significand, exponents of the least normal number and of the first that is infinite
FORMATS = {"float32": (24, -126, 128), "float16": (11, -14, 16), "bfloat16": (8, -126, 128)}


def nearest(value: float, name: str) -> float:
    """The nearest number of a format in exact arithmetic; of two that are equally near the even one."""
    bits, least, most = FORMATS[name]
    if isinf(value):
        return value
    exact = abs(Fraction(value))
    exponent = least
    while exponent < most and exact >= Fraction(2) ** (exponent + 1):
        exponent += 1
    step = Fraction(2) ** (exponent - bits + 1)
    whole, rest = divmod(exact, step)
    up = rest * 2 > step or (rest * 2 == step and whole % 2 == 1)
    found = (whole + up) * step
    size = inf if found >= Fraction(2) ** most else float(found)
    return -size if value < 0 else size


def numbers(rng: Random, name: str) -> list[float]:
    """Numbers of all sizes, halfway between two of the format and beside that, and the least and the largest."""
    bits, least, most = FORMATS[name]
    found = [0.0, 2.0**least, 2.0 ** (least - bits), 1.5 * 2.0 ** (least - bits), 1.9999 * 2.0 ** (most - 1), 1e300]
    for _ in range(300):
        exponent = rng.randint(least - bits - 2, most)
        ties = (1 + rng.getrandbits(bits - 1) / 2.0 ** (bits - 1) + 2.0**-bits) * 2.0**exponent
        found += [ties, ties * (1 + 2.0**-50), ties * (1 - 2.0**-50), rng.uniform(1, 2) * 2.0**exponent]
    return [rng.choice((-1, 1)) * number for number in found]


@pytest.mark.parametrize("name", PRECISIONS)
def test_the_nearest_number_is_found_and_of_two_the_even_one(name: str) -> None:
    for value in numbers(Random(name), name):
        assert PRECISIONS[name](value) == nearest(value, name), value
    assert PRECISIONS[name](inf) == inf
    assert PRECISIONS[name](-inf) == -inf
    assert isnan(PRECISIONS[name](nan))


def test_bfloat16_is_the_upper_half_of_a_float32() -> None:
    """Every one of them is unchanged."""
    for upper in range(0, 1 << 16, 7):
        (value,) = struct.unpack("<f", struct.pack("<I", upper << 16))
        assert isnan(value) or round_to_bfloat16(value) == value


@pytest.mark.torch
@pytest.mark.parametrize("name", PRECISIONS)
def test_pytorch_rounds_alike(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    values = numbers(Random(f"torch {name}"), name)
    if name != "float32":  # through which PyTorch rounds a float64, and what is next to a tie becomes one
        values = [nearest(value, "float32") for value in values]
    expected = torch.tensor(values, dtype=torch.float64).to(getattr(torch, name)).double().tolist()
    assert [PRECISIONS[name](value) for value in values] == expected


def dump(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    assert run(["run", *args, "--format", "json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_20_million_and_1_are_20_million_in_float32(capsys: pytest.CaptureFixture[str]) -> None:
    """2²⁴ = 16,777,216: from there on a float32 is even."""
    args = ("sum_over(0)", "--input-data", "20000000 1")
    assert dump(capsys, *args)["outputs"]["sum_over1"]["values"] == [20_000_001]
    found = dump(capsys, *args, "--precision", "float32")
    assert found["outputs"]["sum_over1"]["values"] == [20_000_000]
    assert found["differences"] == [{"path": "sum_over1", "largest": 1, "relative": 1 / 20_000_001, "lost": 0}]
    assert run(["run", *args, "--precision", "float32"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[:2] == ["sum_over1  [1]", "  20000000"]


def test_2048_and_1_in_float16_and_256_and_1_in_bfloat16(capsys: pytest.CaptureFixture[str]) -> None:
    for precision, number in (("float16", 2_048), ("bfloat16", 256)):
        for value, expected in ((number, number), (number - 2, number - 1)):
            args = ("sum_over(0)", "--input-data", f"{value} 1", "--precision", precision)
            assert dump(capsys, *args)["outputs"]["sum_over1"]["values"] == [expected]


def test_a_sum_is_rounded_after_every_number(capsys: pytest.CaptureFixture[str]) -> None:
    """1 + 1 is exact, and 2,048 + 2 too; but 2,048 + 1 + 1 stays at 2,048."""
    for data, expected in (("1 1 2048", 2_050), ("2048 1 1", 2_048)):
        found = dump(capsys, "sum_over(0)", "--input-data", data, "--precision", "float16")
        assert found["outputs"]["sum_over1"]["values"] == [expected]


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_every_kind_is_of_the_format_and_near_the_exact_one(kind: str) -> None:
    """To within 2⁻¹¹ of what is added, of numbers below 1; where it is divided by small ones, not at all."""
    rng = Random(kind)
    round = PRECISIONS["float32"]
    for layer, shapes in random_cases(kind, 3):
        arrays = Arrays(rng)
        inputs = tuple(Map(x.shape, list(map(round, x.values))) for x in (random_map(rng, shape) for shape in shapes))
        exact = calculate(layer, inputs, arrays)
        if layer.kind == "max_unpool":
            continue

        def weigh(name: str, shape: tuple[int, ...], arrays: Arrays = arrays) -> list[float]:
            return list(map(round, arrays(name, shape)))

        made = layer.execute(inputs, weigh, Rounded(round))
        assert made.shape == exact.shape
        assert all(value == round(value) or isnan(value) for value in made.values)
        if kind not in ("divide", "power", "log", "sqrt", "exp", "deformable_conv"):
            scale = max([1.0, *(abs(value) for value in exact.values)])
            assert made.values == pytest.approx(exact.values, rel=1e-3, abs=1e-3 * scale, nan_ok=True)


def test_the_first_layers_differ_less_than_all() -> None:
    net = network("input: [1, 6, 6]\nlayers: ['conv(3, 3) -> relu -> conv(3, 3) -> flatten -> linear(5)']")
    starts = [Map((1, 6, 6), [Random(1).random() for _ in range(36)])]
    made, found = run_rounded(net, starts, Weights(net, {}, 0), "bfloat16", [4])
    assert [each.node.index for each in found] == [0, 1, 2, 3, 4]
    assert all(0 < each.largest < 0.05 * each.scale for each in found)
    assert made[4].values == [round_to_bfloat16(value) for value in made[4].values]
    assert Numbers().total([1.0]) == Rounded(round_to_bfloat16).total([1.0])


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--precision", "float8"], "'float8'"),
        (["--precision", "float16", "--matrix"], "`--precision` has no effect with `--matrix`"),
        (["--precision", "float16", "--unit", "0"], "`--precision` has no effect with `--unit`"),
    ],
)
def test_problems_are_reported(args: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "linear(2)", "--input", "3", *args]) == 2
    assert words in capsys.readouterr().err


def test_what_overflows_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    found = dump(capsys, "relu", "--input-data", "1e308 1", "--precision", "float16")
    assert found["outputs"]["relu1"]["values"] == [None, 1]
    assert found["differences"] == [{"path": "relu1", "largest": 0, "relative": 0, "lost": 1}]


def test_too_many_operations_are_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """36 products, as many sums less 4."""
    args = ["run", "conv(1, 3, bias=false)", "--input", "1x4x4", "--precision", "float16"]
    monkeypatch.setattr(limits, "ROUNDED_OPERATIONS", 67)
    assert run(args) == 2
    assert "takes 68 operations, and with --precision at most 67 are executed" in capsys.readouterr().err
    monkeypatch.setattr(limits, "ROUNDED_OPERATIONS", 68)
    assert run(args) == 0
