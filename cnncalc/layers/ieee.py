"""Arithmetic as IEEE 754 has it, where Python raises: what is beyond the largest double is infinite, 0/0 no number.

The layers and the readings calculate with these, so that no input or weight, however large, ends an execution.
"""

from __future__ import annotations

import math
from collections.abc import Callable


def unbounded(function: Callable[[float], float]) -> Callable[[float], float]:
    """The function, infinite where it is beyond the largest double."""

    def safe(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.inf

    return safe


def quotient(x: float, y: float) -> float:
    """x/y, also where y is 0.

    >>> quotient(1.0, -0.0), quotient(0.0, 0.0), quotient(math.nan, 0.0)
    (-inf, nan, nan)
    """
    if y:
        return x / y
    return math.nan if math.isnan(x) or not x else math.copysign(math.inf, x) * math.copysign(1, y)


def power(x: float, exponent: float) -> float:
    """x to a power, as C's `pow`.

    >>> power(-1e200, 3), power(0.0, -0.5), power(-8.0, 1.5)
    (-inf, inf, nan)
    """
    try:
        return math.pow(x, exponent)
    except OverflowError:
        found = math.inf
    except ValueError:  # a negative power of 0, or a broken one of a negative number
        if x:
            return math.nan
        found = math.inf
    return math.copysign(found, x) if exponent % 2 == 1 else found


def root(x: float) -> float:
    """The square root; no number where x is negative."""
    return math.sqrt(x) if x >= 0 else math.nan
