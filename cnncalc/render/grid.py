"""Columns of cells as lines: aligned, with a rule below the header and above the total."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from cnncalc.render.paint import Line
from cnncalc.render.text import count_cells, pad

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
        return count_cells(self.text) + (len(self.bar) + 1 if self.bar else 0)


def width_of(columns: Sequence[Sequence[Cell]]) -> int:
    """How wide the lines of `grid` are."""
    return sum(_widths(columns)) + GAP * (len(columns) - 1)


def _widths(columns: Sequence[Sequence[Cell]]) -> list[int]:
    return [max(cell.width for cell in _different(column)) for column in columns]


def _different(column: Sequence[Cell]) -> Collection[Cell]:
    """The cells of a column, those that are one and the same once."""
    return {id(cell): cell for cell in column}.values()


def grid(columns: Sequence[Sequence[Cell]], *, total: bool = False) -> Iterator[Line]:
    """The lines of a table; each column is its header and its cells, and with `total` a last line of sums.

    They are made one at a time: for all of a large table at once there is no room.
    """
    widths = _widths(columns)
    rule: Line = [("─" * (sum(widths) + GAP * (len(columns) - 1)), "rule")]
    last = len(columns[0]) - 1
    drawn = [
        {id(cell): _split_line(cell, width, " " * GAP * (number > 0)) for cell in _different(column)}
        for number, (column, width) in enumerate(zip(columns, widths, strict=True))
    ]
    for number, row in enumerate(zip(*columns, strict=True)):
        if number == 1 or (total and number == last):
            yield rule
        yield [piece for cell, pieces in zip(row, drawn, strict=True) for piece in pieces[id(cell)]]


def _split_line(cell: Cell, width: int, gap: str) -> Line:
    if cell.bar:
        return [(gap + pad(cell.text, width - 1 - len(cell.bar), right=True), cell.style), (" " + cell.bar, "bar")]
    return [(gap + pad(cell.text, width, right=cell.right), cell.style)]
