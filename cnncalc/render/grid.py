"""Columns of cells as lines: aligned, with a rule below the header and above the total."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.render.paint import Line
from cnncalc.render.text import cells, pad

GAP = 2  # blanks between columns


class Cell(NamedTuple):
    """A text with its style and side; a bar stands to the right of it, after a blank."""

    text: str
    style: str = ""
    right: bool = False
    bar: str = ""

    @property
    def width(self) -> int:
        """Cells of the text and the bar."""
        return cells(self.text) + (len(self.bar) + 1 if self.bar else 0)


def width_of(columns: Sequence[Sequence[Cell]]) -> int:
    """How wide the lines of `grid` are."""
    return sum(_widths(columns)) + GAP * (len(columns) - 1)


def _widths(columns: Sequence[Sequence[Cell]]) -> list[int]:
    return [max(cell.width for cell in column) for column in columns]


def grid(columns: Sequence[Sequence[Cell]], *, total: bool = False) -> list[Line]:
    """The lines of a table; each column is its header and its cells, and with `total` a last line of sums."""
    widths = _widths(columns)
    rule: Line = [("─" * (sum(widths) + GAP * (len(columns) - 1)), "rule")]
    header, *body = (_line(row, widths) for row in zip(*columns, strict=True))
    return [header, rule, *body[:-1], rule, body[-1]] if total else [header, rule, *body]


def _line(row: Sequence[Cell], widths: list[int]) -> Line:
    line: Line = []
    for cell, width in zip(row, widths, strict=True):
        gap = " " * GAP if line else ""
        if cell.bar:
            line += [(gap + pad(cell.text, width - 1 - len(cell.bar), right=True), cell.style), (" " + cell.bar, "bar")]
        else:
            line.append((gap + pad(cell.text, width, right=cell.right), cell.style))
    return line
