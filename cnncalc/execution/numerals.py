"""Rows of numbers as text: `1 2 3; 4 5 6` on the command line, or the lines of a CSV file."""

from __future__ import annotations

import re
from fractions import Fraction
from math import isinf

from cnncalc import limits
from cnncalc.errors import CnncalcError

_NUMBER = re.compile(r"([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)(?:/([0-9]+))?")
_NUMERALS = re.compile(r"(?:[0-9.eE/,;\s]|[-+](?=[0-9.]))++")
_DIGIT = re.compile("[0-9]")
_SEPARATORS = re.compile(r"\s*[,;]\s*|\s+")
_BETWEEN = re.compile(r"\s*,\s*|\s+")
_ROWS = re.compile(r"\s*;\s*|\s*\n\s*")


class NumeralError(CnncalcError):
    """A text is not a number, or not rows of numbers."""


def is_numerals(text: str) -> bool:
    """Whether a text is numbers, and neither the name of a file nor a list in YAML.

    >>> [is_numerals(text) for text in ("1 2; 3 -4", "0.5", "1/9, -2e3", "./1", "1.csv", "", "-", "- 1\\n- 2")]
    [True, True, True, False, False, False, False, False]
    """
    return _NUMERALS.fullmatch(text) is not None and not text.startswith("./") and _DIGIT.search(text) is not None


def find_no_number(text: str) -> str:
    """The first word that is no number of a text in which others are, so that it is no name of a file; "" if none is.

    >>> find_no_number("1 nan; 2 3"), find_no_number("1,x"), find_no_number("my file"), find_no_number("a1.csv")
    ('nan', 'x', '', '')
    """
    words = [word for word in _SEPARATORS.split(text.strip()) if word]
    others = [word for word in words if not _NUMBER.fullmatch(word)]
    return others[0] if others and len(others) < len(words) else ""


def read_inline(text: str) -> list[list[str]]:
    """The numerals of rows that end with `;` or a line.

    >>> read_inline("1 2; 3,4;"), read_inline("1 2\\n3 4\\n")
    ([['1', '2'], ['3', '4']], [['1', '2'], ['3', '4']])
    """
    return [_BETWEEN.split(row) for row in _ROWS.split(text.strip().rstrip(";").strip())]


def read_csv(text: str) -> list[list[str]]:
    """The numerals of lines, separated by commas, semicolons or blanks; empty lines are left out."""
    return [_SEPARATORS.split(line.strip()) for line in text.splitlines() if line.strip()]


def parse_number(text: str) -> Fraction:
    """The exact value of a numeral, `-0.25`, `2e-3` or `1/9`. Raises NumeralError.

    >>> parse_number("1/9"), parse_number("0.25")
    (Fraction(1, 9), Fraction(1, 4))
    """
    number, divisor = _split(text)
    return Fraction(number) / divisor


def parse_rows(rows: list[list[str]]) -> list[list[float]]:
    """The rows of floats, all of one length. Raises NumeralError."""
    check_rows(rows)
    return [[_parse_float(text) for text in row] for row in rows]


def check_rows(rows: list[list[str]]) -> None:
    """Raises NumeralError for no rows, and for rows of different lengths."""
    if not rows:
        raise NumeralError("numbers are expected, found nothing")
    for at, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise NumeralError(f"row 1 has {len(rows[0])} numbers, but row {at + 1} has {len(row)}")


def _parse_float(text: str) -> float:
    number, divisor = _split(text)
    return float(number) / divisor


def _split(text: str) -> tuple[str, int]:
    """A decimal number, and the integer that it is divided by. Raises NumeralError."""
    found = _NUMBER.fullmatch(text) if len(text) <= limits.NUMERAL_CHARACTERS else None
    if found is None:
        raise NumeralError(f"numbers are expected, found {text[:40]!r}" if text else "a number is missing")
    number, divisor = found[1], int(found[2] or 1)
    if not divisor:
        raise NumeralError(f"{text[:40]} divides by 0")
    if isinf(float(number)):
        raise NumeralError(f"{text[:40]} is larger than any float")
    return number, divisor
