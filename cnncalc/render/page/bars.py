"""The bars of charts: layers, or in large networks groups of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

from cnncalc.analysis.figures import FIGURES
from cnncalc.analysis.folding import Row, fold, make_row
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report

MOST_BARS = 300  # more are thinner than a pixel on a narrow screen


class Bar(NamedTuple):
    """What one bar shows: consecutive layers, of which the first has the index `first`."""

    label: str
    first: int
    rows: Sequence[Row]

    def measure(self, name: str) -> int:
        """A figure of its layers together."""
        return sum(row.measure(FIGURES[name]) for row in self.rows)


def make_bars(report: Report) -> list[Bar]:
    """A bar for each layer; of more than `MOST_BARS`, for the groups of the deepest level that has as few.

    Where even the outermost groups are more, neighbours are put together.
    """
    is_large = len(report.layers) > MOST_BARS
    rows = _fold_rows(report) if is_large else [make_row(layer) for layer in report.layers]
    each = -(-len(rows) // MOST_BARS) or 1
    bars, first = [], 0
    for at in range(0, len(rows), each):
        part = rows[at : at + each]
        label = f"{part[0].path} … {part[-1].path}" if len(part) > 1 else part[0].path
        bars.append(Bar(label, first, part))
        first += sum(len(row.inside) for row in part)
    return bars


def _fold_rows(report: Report) -> list[Row]:
    """The rows of the deepest level with at most `MOST_BARS` of them, or of the outermost."""
    found: list[Row] = []
    for depth in count(1):
        rows = [row for row in fold(report, depth) if not row.head]
        if len(rows) > MOST_BARS:  # at the latest, when all layers are shown
            break
        found = rows
    return found or rows
