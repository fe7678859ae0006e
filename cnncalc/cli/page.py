"""The page of a figure: its width, and how much of a network is on it."""

from __future__ import annotations

from cnncalc.errors import UsageError
from cnncalc.records import NamedTuple

UNITS = {"mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72.0, "pt": 1.0}
WIDTHS = (100.0, 3000.0)  # pt


class Shown(NamedTuple):
    """How much of a network is shown on how large a page; `room` is its width in pt."""

    depth: int | None
    room: float
    tall: bool
    legend: bool
    sizes: bool


def parse_length(text: str) -> float:
    """A length in pt: `178mm`, `7in`. Raises UsageError.

    >>> parse_length("50.8 mm"), parse_length("504pt")
    (144.0, 504.0)
    """
    number, unit = text.strip()[:-2].strip(), text.strip()[-2:]
    try:
        length = float(number) * UNITS[unit] if len(number) < 20 else 0.0
    except (ValueError, KeyError):
        length = 0.0
    if not WIDTHS[0] <= length <= WIDTHS[1]:
        raise UsageError(
            f"--page-width takes a length from 100 to 3000 pt in mm, cm, in or pt, e.g. 178mm, not {text!r}"
        )
    return round(length, 6)
