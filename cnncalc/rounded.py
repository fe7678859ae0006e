"""Figures as papers, READMEs and tools print them, with the digits that they have: `4.13G`, `25.6 M`, `3.8 x 10^9`.

Whether a computed number gives such a figure depends on its last digit: 3.8 G is everything that rounds to it, or is
cut off there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from fractions import Fraction
from typing import Literal

from cnncalc.errors import CnncalcError
from cnncalc.records import NamedTuple

What = Literal["parameters", "macs", "flops", ""]

COUNTED = ("parameters", "macs", "flops")  # what figures count
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
EXAMPLES = "`4.13 G`, `25.6M`, `8.2 GFLOPs` or `3.8 x 10^9`"
_ALSO = {"K": "k", "m": "M", "g": "G", "t": "T", "b": "G", "bn": "G", "billion": "G", "million": "M"}
_WORDS: dict[str, What] = {
    "flop": "flops", "flops": "flops", "mac": "macs", "macs": "macs", "madd": "macs", "madds": "macs",
    "mult-add": "macs", "mult-adds": "macs", "multi-adds": "macs", "param": "parameters", "params": "parameters",
    "parameter": "parameters", "parameters": "parameters",
}  # fmt: skip
_UNIT = "|".join(sorted({*UNITS, *_ALSO} - {""}, key=len, reverse=True))
_FIGURE = re.compile(
    r"\s*(?P<number>[0-9]{1,3}(?:[,_'][0-9]{3}){1,6}|[0-9]{1,21})(?:\.(?P<decimals>[0-9]{1,20}))?"
    r"(?:\s*(?:e|[x×*]\s*10\^?)\s*\+?(?P<power>[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))?"
    rf"\s*(?P<unit>{_UNIT}|B|Billion|Million)?"
    rf"[ -]?(?P<what>(?i:{'|'.join(sorted(_WORDS, key=len, reverse=True))}))?\s*"
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


class RoundedError(CnncalcError):
    """A text is no figure."""


class Fit(IntEnum):
    """How a number gives a figure, the best first."""

    exact = 0
    rounds = 1
    truncates = 2
    coarse = 3  # rounds to it where zeros at its end are no digits: 1700 M

    @property
    def phrase(self) -> str:
        """The same in words, between the number and the figure."""
        return ("is exactly", "rounds to", "is cut off to", "rounds, if its zeros are no digits, to")[self]


class Rounded(NamedTuple):
    """A figure as it is written: its number, and `step`, one unit of its last digit.

    - `what`: what it counts, if that is written too; `scaled`: whether a unit or a power of ten is.
    - `zeros`: at its end, which may be no digits: the two of 1700 M.
    """

    text: str
    number: Fraction
    step: Fraction
    what: What = ""
    scaled: bool = True
    zeros: int = 0

    def fit(self, value: int | Fraction) -> Fit | None:
        """How a number gives the figure, None if it does not.

        >>> [str(parse_figure("3.8 G").fit(n)) for n in (3_800_000_000, 3_849_999_999, 3_860_000_000, 3_900_000_000)]
        ['0', '1', '2', 'None']
        """
        if value == self.number:
            return Fit.exact
        if 2 * abs(value - self.number) <= self.step:
            return Fit.rounds
        if 0 < value - self.number < self.step:
            return Fit.truncates
        return Fit.coarse if 2 * abs(value - self.number) <= self.step * 10**self.zeros else None

    def scalings(self) -> Iterator[Rounded]:
        """The figure, or without a unit the figure in each: 3.86 may be k, M, G or T."""
        for scale in (1,) if self.scaled else UNITS.values():
            yield self._replace(number=self.number * scale, step=self.step * scale)


def parse_figure(text: str) -> Rounded:
    """Read a figure. Raises RoundedError.

    >>> [int(parse_figure(text).number) for text in ("4.13G", "25.6 M params", "8.2 GFLOPs", "3.8 × 10⁹", "25,557,032")]
    [4130000000, 25600000, 8200000000, 3800000000, 25557032]
    >>> parse_figure("3.80 G").step, parse_figure("3.86").scaled
    (Fraction(10000000, 1), False)
    """
    found = _FIGURE.fullmatch(text)
    if found is None:
        raise RoundedError(f"`{text.strip()[:60]}` is no figure: write a number with a unit, e.g. {EXAMPLES}")
    decimals = found["decimals"] or ""
    unit = found["unit"] or ""
    unit = unit if unit in UNITS else _ALSO[unit if unit in _ALSO else unit.lower()]
    power = int((found["power"] or "0").translate(_SUPERSCRIPTS))
    scale = Fraction(UNITS[unit] * 10**power)
    step = scale / 10 ** len(decimals)
    digits = re.sub(r"\D", "", found["number"]) + decimals
    what = _WORDS[found["what"].lower()] if found["what"] else ""
    zeros = 0 if decimals else len(digits) - max(len(digits.rstrip("0")), 2)  # two digits remain
    return Rounded(text.strip(), int(digits) * step, step, what, bool(unit or power), max(zeros, 0))
