"""What is written out of a number is true: evaluated as it is written, it gives the number, for every kind."""

from __future__ import annotations

import math
import re
from math import inf, nan, prod
from random import Random
from typing import Any

import pytest

from cnncalc.execution.recorded import Element, Recorded, record_inputs
from cnncalc.execution.written_out import Step, write_out
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shapes
from cnncalc.layers.ieee import divide, log, power, sqrt
from cnncalc.layers.ops import Map

from ..layers.cases import random_cases
from .one import Arrays, calculate, random_map, with_indices

CASES = 12
UNITS = 5  # of each output


def give_all_digits(value: float) -> str:
    return repr(float(value))


class Number(float):
    """A number that is divided and raised to powers by IEEE 754, where Python raises errors."""

    def __truediv__(self, other: float) -> Number:
        return Number(divide(float(self), float(other)))

    def __pow__(self, other: float, _: None = None) -> Number:
        return Number(power(float(self), float(other)))

    def __neg__(self) -> Number:
        return Number(-float(self))

    def __add__(self, other: float) -> Number:
        return Number(float(self) + float(other))

    def __sub__(self, other: float) -> Number:
        return Number(float(self) - float(other))

    def __mul__(self, other: float) -> Number:
        return Number(float(self) * float(other))


def find_largest(*numbers: float) -> float:
    return Number(nan if any(number != number for number in numbers) else max(numbers))


CALLS: dict[str, Any] = {
    "exp": math.exp, "log": log, "sqrt": sqrt, "erf": math.erf, "tanh": math.tanh, "abs": abs, "max": find_largest,
    "min": lambda *numbers: -find_largest(*(-number for number in numbers)),
}  # fmt: skip


def wrap(function: Any) -> Any:
    return lambda *numbers: Number(function(*numbers))


def evaluate(steps: tuple[Step, ...]) -> tuple[float, float]:
    """The last number by the texts alone, and the largest of all numbers that were added."""
    known: dict[str, Any] = {name: wrap(function) for name, function in CALLS.items()}
    known |= {"inf": Number(inf), "nan": Number(nan), "Number": Number}
    value, largest = nan, 1.0
    for step in steps:
        value = 0.0
        for line in step.lines:
            text = line.text.replace("·", "*").replace("−", "-").replace("^", "**")
            numbers = r"(?<![\w.])(\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
            part = eval(re.sub(numbers, r"Number(\1)", text), {"__builtins__": {}}, known)
            largest = max(largest, *(abs(float(number)) for number in re.findall(numbers, text) or ["0"]))
            assert part == pytest.approx(line.value, rel=1e-9, abs=1e-9 * largest, nan_ok=True)
            value += part
        assert value == pytest.approx(step.value, rel=1e-9, abs=1e-9 * largest, nan_ok=True)
        known[step.name] = Number(step.value)
    return value, largest


def record(layer: Layer, inputs: tuple[Map, ...], arrays: Arrays) -> Map:
    if layer.kind == "max_unpool":
        inputs = inputs[0], with_indices(layer, inputs[1])
    return layer.execute(record_inputs(inputs), arrays, Recorded())


def read_leaves(element: Element) -> set[tuple[int, int]]:
    known: set[int] = set()
    waiting, found = [element], set()
    while waiting:
        one = waiting.pop()
        if id(one) not in known:
            known.add(id(one))
            waiting += one.children
            if one.form == "input":
                found.add((one.parts[0], one.parts[1]))
    return found


def cases(kind: str) -> list[tuple[Layer, Shapes]]:
    return [(layer, shapes) for layer, shapes in random_cases(kind, CASES) if prod(layer.result_shape(shapes)) < 3_000]


@pytest.mark.sample(40)
@pytest.mark.parametrize("kind", KINDS)
def test_the_written_terms_give_the_value(kind: str) -> None:
    rng = Random(kind)
    tried = 0
    for layer, shapes in cases(kind):
        arrays = Arrays(rng)
        inputs = tuple(random_map(rng, shape) for shape in shapes)
        expected = calculate(layer, inputs, arrays)
        recorded = record(layer, inputs, arrays)
        assert recorded.shape == expected.shape
        values = [element.value for element in recorded.values]
        assert values == pytest.approx(expected.values, rel=0, abs=0, nan_ok=True)
        for at in rng.sample(range(len(expected.values)), min(UNITS, len(expected.values))):
            value, largest = evaluate(write_out(recorded.values[at], shapes, give_all_digits))
            assert value == pytest.approx(expected.values[at], rel=1e-9, abs=1e-9 * largest, nan_ok=True)
            tried += 1
    assert tried


@pytest.mark.sample(24)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("max_unpool", "deformable_conv")])
def test_what_is_not_read_does_not_matter(kind: str) -> None:
    """Where a window is put by numbers (`max_unpool`, `deformable_conv`), these are not among its terms."""
    rng = Random(f"read {kind}")
    for layer, shapes in cases(kind):
        arrays = Arrays(rng)
        inputs = tuple(random_map(rng, shape) for shape in shapes)
        recorded = record(layer, inputs, arrays)
        unit = rng.randrange(len(recorded.values))
        read = read_leaves(recorded.values[unit])
        changed = tuple(
            Map(x.shape, [each if (number, at) in read else rng.gauss(0, 5) for at, each in enumerate(x.values)])
            for number, x in enumerate(inputs)
        )
        value = calculate(layer, changed, arrays).values[unit]
        assert value == pytest.approx(recorded.values[unit].value, nan_ok=True)
