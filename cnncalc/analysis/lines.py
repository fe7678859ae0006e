"""Arithmetic as it is shown: the lines of an explanation."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.layers.trace import Formula


class Sum(NamedTuple):
    """`name = symbols = numbers = result`; what is "" is left out."""

    name: str
    symbols: str
    numbers: str
    result: int


class Line(NamedTuple):
    """One quantity: how it is computed, or in words where there is nothing to compute."""

    label: str
    sums: tuple[Sum, ...]
    remark: str = ""


def sum_of(formula: Formula, name: str = "") -> Sum:
    """A traced formula; its numbers are left out where they are the result itself."""
    numbers = "" if formula.numbers == str(formula.value) else formula.numbers
    symbols = "" if formula.symbols == formula.numbers else formula.symbols
    return Sum(name, symbols, numbers, formula.value)
