"""Derivatives of the functions of the algebra, by which a tape goes back."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, nan, pi, sqrt

from cnncalc.layers.ieee import divide, overflow_to_infinity
from cnncalc.layers.ops import Function


def choose(x: list[float], y: list[float], z: list[float]) -> tuple[list[float], list[float]]:
    """The derivatives of a maximum or minimum: 1 for the first that is the result; of a NaN, for that one."""
    firsts = [a == c or a != a for a, c in zip(x, z, strict=True)]
    return list(map(float, firsts)), [float(not first) for first in firsts]


SAFE_EXP: Callable[[float], float] = overflow_to_infinity(exp)


def _slope_of_softplus(x: float, z: float) -> float:
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x)) if x == x else nan


# function → its derivative at x, where the function is z
SLOPES: dict[Function, Callable[[float, float], float]] = {
    "exp": lambda x, z: z,
    "expm1": lambda x, z: SAFE_EXP(x),
    "log": lambda x, z: divide(1.0, x) if x >= 0 else nan,
    "erf": lambda x, z: 2 / sqrt(pi) * SAFE_EXP(-x * x),
    "tanh": lambda x, z: (1 - z) * (1 + z),
    "softplus": _slope_of_softplus,
    "root": lambda x, z: divide(0.5, z),
}
