"""The lines of an explanation of `explain`: arithmetic with symbols, with numbers, and its result."""

from __future__ import annotations

from cnncalc.layers.trace import Formula
from cnncalc.records import NamedTuple


class Sum(NamedTuple):
    """`name = symbols = numbers = result`; "" is omitted."""

    name: str
    symbols: str
    numbers: str
    result: int


class Line(NamedTuple):
    """One quantity: how it is computed, or a remark if there is nothing to compute."""

    label: str
    sums: tuple[Sum, ...]
    remark: str = ""


def to_sum(formula: Formula, name: str = "") -> Sum:
    """Convert a formula; parts that repeat each other or the result are omitted."""
    numbers = "" if formula.numbers == str(formula.value) else formula.numbers
    symbols = "" if formula.symbols == formula.numbers else formula.symbols
    return Sum(name, symbols, numbers, formula.value)
