"""Numbers of less precision: every result of an operation is rounded, as on a machine that has only these.

Sums are added one after the other, from the first to the last; a machine may add in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import copysign, frexp, inf, isfinite, ldexp
from struct import Struct
from typing import Any

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import GetNodeWeight, run
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Function, Map, Values
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

Round = Callable[[float], float]
BFLOAT16_BITS = 8  # of its significand, the leading 1 among them
BFLOAT16_LEAST, BFLOAT16_MOST = (
    -125,
    128,
)  # exponents by `frexp` of the least and the largest normal numbers
LIMIT = 2.0**BFLOAT16_MOST  # to which larger numbers are rounded, and which is infinite


def _round_by_packing(format: str) -> Round:
    """A function that rounds to nearest, ties to even, by packing a number in fewer bytes."""
    packing = Struct(format)
    pack, unpack = packing.pack, packing.unpack

    def round(value: float) -> float:
        try:
            rounded: float = unpack(pack(value))[0]
        except OverflowError:
            return copysign(inf, value)
        return rounded

    return round


def _scale(exponent: int) -> tuple[float, float]:
    """What makes integers of numbers with this exponent, as `frexp` gives it, and back."""
    step = max(exponent, BFLOAT16_LEAST) - BFLOAT16_BITS
    return ldexp(1.0, -step), ldexp(1.0, step)


# By exponents from that of half the least number, which is subnormal, to that of the largest.
_SCALES = {exponent: _scale(exponent) for exponent in range(BFLOAT16_LEAST - BFLOAT16_BITS - 1, BFLOAT16_MOST + 1)}


def round_to_bfloat16(value: float) -> float:
    """Round to nearest, ties to even, to the upper half of a float32: 8 bits of significand, 8 of exponent.

    >>> round_to_bfloat16(1 + 2**-8), round_to_bfloat16(1 + 3 * 2**-8), round_to_bfloat16(3.4e38)
    (1.0, 1.015625, inf)
    """
    _, exponent = frexp(value)
    scales = _SCALES.get(exponent)
    if scales is None:  # 0 where it is too small, infinite where it is too large
        return 0.0 if exponent < BFLOAT16_MOST else copysign(inf, value)
    try:
        rounded = round(value * scales[0]) * scales[1]
    except (ValueError, OverflowError):  # of NaN and of infinity, whose exponent is 0
        return value
    return copysign(inf, value) if abs(rounded) == LIMIT else rounded


PRECISIONS: dict[str, Round] = {
    "float32": _round_by_packing("<f"),
    "float16": _round_by_packing("<e"),
    "bfloat16": round_to_bfloat16,
}


def _rounded(name: str) -> Any:
    """A method of `Numbers` whose results are rounded."""

    def compute(self: Rounded, *args: Any) -> Values:
        return list(map(self.round, getattr(Numbers, name)(self, *args)))

    return compute


def _with_rounded_number(name: str) -> Any:
    """A method of `Numbers` whose constant is rounded, and its results too."""

    def compute(self: Rounded, a: Values, number: float) -> Values:
        return list(map(self.round, getattr(Numbers, name)(self, a, self.round(number))))

    return compute


class Rounded(Numbers):
    """Elements are floats of less precision."""

    def __init__(self, round: Round) -> None:
        self.round = round

    add = _rounded("add")
    subtract = _rounded("subtract")
    multiply = _rounded("multiply")
    divide = _rounded("divide")
    reciprocal = _rounded("reciprocal")
    shift = _with_rounded_number("shift")
    scale = _with_rounded_number("scale")
    power = _with_rounded_number("power")
    clamp_min = _with_rounded_number("clamp_min")
    clamp_max = _with_rounded_number("clamp_max")

    def apply(self, function: Function, a: Values) -> Values:
        return list(map(self.round, super().apply(function, a)))

    def constant(self, value: float, count: int) -> Values:
        return [self.round(float(value))] * count

    def padding_element(self, value: float) -> Any:
        return value

    def total(self, a: Values) -> Any:
        round, total = self.round, 0.0
        for value in a:
            total = round(total + value)
        return total

    def dots(self, a: Values, rows: Sequence[Sequence[float]], biases: Sequence[float] | None) -> Values:
        sums = [self._dot(a, row) for row in rows]
        return sums if biases is None else self.add(sums, list(biases))

    def products(self, rows: Sequence[Values], columns: Sequence[Values]) -> Values:
        return [self._dot(row, column) for row in rows for column in columns]

    def sample(self, channels: Sequence[Values], sizes: tuple[int, ...], points: Sequence[Values]) -> list[Values]:
        return [list(map(self.round, each)) for each in super().sample(channels, sizes, points)]

    def weighted_sum(self, a: Values, shares: Sequence[float]) -> Any:
        return self._dot(a, list(map(self.round, shares)))

    def _dot(self, a: Sequence[float], row: Sequence[float]) -> float:
        round, total = self.round, 0.0
        for value, weight in zip(a, row, strict=True):
            total = round(total + round(value * weight))
        return total


class Difference(NamedTuple):
    """The largest difference of a layer's output from that in float64, and the largest number there.

    Both are over numbers that are finite in both; `lost` counts the others that are not the same.
    """

    node: Node
    largest: float
    scale: float
    lost: int


def run_rounded(
    network: Network, starts: Sequence[Map], weigh: GetNodeWeight, precision: str, keep: Collection[int]
) -> tuple[dict[int, Map], list[Difference]]:
    """The outputs of the layers in `keep` in a precision, and the differences of all layers that they need.

    Inputs and weights are rounded first.
    """
    round = PRECISIONS[precision]

    def weigh_rounded(node: Node, name: str, shape: Shape) -> list[float]:
        return list(map(round, weigh(node, name, shape)))

    exact: dict[int, Map] = {}
    run(network, starts, weigh, Numbers(), keep=keep, visit=lambda node, made: exact.update({node.index: made}))
    found = []

    def compare(node: Node, made: Map) -> None:
        found.append(_compare(node, made.values, exact.pop(node.index).values))

    rounded = [Map(x.shape, list(map(round, x.values))) for x in starts]
    made = run(network, rounded, weigh_rounded, Rounded(round), keep=keep, visit=compare)
    return made, found


def _compare(node: Node, values: Values, exact: Values) -> Difference:
    pairs = list(zip(values, exact, strict=True))
    finite = [(one, other) for one, other in pairs if isfinite(one) and isfinite(other)]
    same = sum(one == other or (one != one and other != other) for one, other in pairs if not isfinite(one + other))
    largest = max((abs(one - other) for one, other in finite), default=0.0)
    scale = max((abs(other) for _, other in finite), default=0.0)
    return Difference(node, largest, scale, len(pairs) - len(finite) - same)
