"""IEEE 754 arithmetic where Python raises an exception: overflow gives infinity, 0/0 gives NaN.

Layers and `execution.interpretations` use them, so that no input or weight, however large, stops an execution.
"""

from __future__ import annotations

import math
from collections.abc import Callable


def overflow_to_infinity(function: Callable[[float], float]) -> Callable[[float], float]:
    """The function, with infinity in place of OverflowError."""

    def safe(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.inf

    return safe


def divide(x: float, y: float) -> float:
    """x/y, also for y = 0.

    >>> divide(1.0, -0.0), divide(0.0, 0.0), divide(math.nan, 0.0)
    (-inf, nan, nan)
    """
    if y:
        return x / y
    return math.nan if math.isnan(x) or not x else math.copysign(math.inf, x) * math.copysign(1, y)


def power(x: float, exponent: float) -> float:
    """x to a power, like C's `pow`.

    >>> power(-1e200, 3), power(0.0, -0.5), power(-8.0, 1.5)
    (-inf, inf, nan)
    """
    try:
        return math.pow(x, exponent)
    except OverflowError:
        found = math.inf
    except ValueError:  # a negative power of 0, or a fractional power of a negative number
        if x:
            return math.nan
        found = math.inf
    return math.copysign(found, x) if exponent % 2 == 1 else found


def sqrt(x: float) -> float:
    """The square root; NaN for negative x."""
    return math.sqrt(x) if x >= 0 else math.nan


def log(x: float) -> float:
    """The natural logarithm; −inf for 0, NaN for negative x.

    >>> log(0.0), log(-1.0)
    (-inf, nan)
    """
    if x > 0:
        return math.log(x)
    return math.nan if x else -math.inf
