"""The values of expressions, the operations on them, and their limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from operator import add, eq, floordiv, ge, gt, le, lt, mod, mul, ne, sub
from typing import Any

from cnncalc import limits
from cnncalc.errors import Fix, Mistake, Span
from cnncalc.layers.arguments import Value, format_value


class Word(str):
    """A bare name that is its own value: a word that an argument accepts, a kind, a block."""

    __slots__ = ()


class ListValue(tuple[Value, ...]):
    """A list; `size` includes the elements of nested lists."""

    size: int


def typed_key(values: Collection[Value]) -> tuple[object, ...]:
    """A key of values and their types, which distinguishes 1, 1.0 and true."""
    types = tuple(map(type, values))
    if ListValue in types:
        return (types, *(typed_key(value) if isinstance(value, ListValue) else value for value in values))
    return (types, *values)


def describe_value(value: Value) -> str:
    """Describe a value in a message."""
    if isinstance(value, bool | str):
        return f"`{format_value(value)}`"
    if isinstance(value, tuple):
        return f"the list {format_value(value)[:60]}"
    return format_value(value)[:40]


def is_number(value: Value) -> bool:
    """Whether a value is an integer or a float, and not a boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def require_integer(value: Value, span: Span, what: str, code: str = "bad-value") -> int:
    """The value as an integer; a float is accepted if it is integral. Raises Mistake."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Mistake(code, f"{what} must be an integer, found {describe_value(value)}", span)
    return value


def require_boolean(value: Value, span: Span) -> bool:
    """The value as a boolean; nothing else counts as true or false. Raises Mistake."""
    if not isinstance(value, bool):
        text = f"{span.text} != 0"
        fixes = [Fix(span, text, f"compare it: `{text}`")] if is_number(value) else []
        raise Mistake(
            "bad-value", f"a condition must be true or false, found {describe_value(value)}", span, "", *fixes
        )
    return value


def compute_within_limits(compute: Callable[..., Value], arguments: Iterable[Any], span: Span) -> Value:
    """The result of `compute`, if it is a real number within the limits. Raises Mistake."""
    try:
        value = compute(*arguments)
    except ZeroDivisionError:
        raise Mistake("bad-value", "division by zero", span) from None
    except (OverflowError, ValueError):
        value = None
    if isinstance(value, complex) or value is None or not abs(value) <= limits.NUMBER:
        raise Mistake("too-large", "the result is not a real number of at most 10^18", span)
    return value


def _divide(a: Value, b: Value) -> Value:
    return a // b if isinstance(a, int) and isinstance(b, int) and a % b == 0 else a / b


def _power(a: Value, b: Value) -> Value:
    if isinstance(a, int) and isinstance(b, int) and b > 0 and a.bit_length() * b > 4 * limits.NUMBER.bit_length():
        raise OverflowError
    return a**b


ARITHMETIC: dict[str, Callable[[Any, Any], Value]] = {
    "+": add, "-": sub, "*": mul, "/": _divide, "//": floordiv, "%": mod, "**": _power,
}  # fmt: skip
ORDER: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
EQUALITY: dict[str, Callable[[Any, Any], bool]] = {"==": eq, "!=": ne}


def _divisible(x: Value, divisor: Value) -> Value:
    """The multiple of `divisor` nearest to x, never below 90 % of it: `_make_divisible` of MobileNet's code."""
    rounded = max(divisor, int(x + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * x else rounded


# name → (least and most number of arguments, what it computes)
FUNCTIONS: dict[str, tuple[int, int, Callable[..., Value]]] = {
    "min": (1, limits.LIST_ELEMENTS, min),
    "max": (1, limits.LIST_ELEMENTS, max),
    "ceil": (1, 1, math.ceil),
    "floor": (1, 1, math.floor),
    "round": (1, 1, round),
    "divisible": (2, 2, _divisible),
}
