"""CSV: summaries with a row for each layer, and the tables of other commands; numbers with all digits."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from io import StringIO

from cnncalc.analysis.folding import make_row
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.render.columns import Context, Value, find_column, join, list_columns
from cnncalc.render.text import clean
from cnncalc.render.view import View

FORMULA = tuple("=+-@＝＋－＠")  # characters with which a formula begins in a spreadsheet, also full-width ones
Cell = int | float | str
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def list_foreign(view: View) -> list[str]:
    """The figures of the tool of a view."""
    if not view.convention:
        return []
    from cnncalc.conventions import named
    from cnncalc.conventions.figures import list_figures

    return [*list_figures(named(view.convention))]


def write_summary_csv(report: Report, view: View) -> str:
    """A header and a row for each layer: the columns of the view, or all."""
    chosen = [find_column(name) for name in view.columns or [*list_columns(report), *list_foreign(view)]]
    context = Context(report, view.dtype)
    counted = [
        bool(column.figure and (column.figure.of_costs or column.figure.of_elements or column.figure.of_several))
        for column in chosen
    ]
    known: dict[tuple[int, int], list[Cell]] = {}  # by the identity of costs, which equal layers share, and the tensors

    def make_cells(layer: LayerReport) -> list[Cell]:
        row = make_row(layer)
        key = id(row.costs), len({*layer.sources})
        figures = known.get(key)
        if figures is None:
            figures = known[key] = [
                str(guard_cell(column.value(row, context))) if count else ""
                for column, count in zip(chosen, counted, strict=True)
            ]
        return [
            figure if count else guard_cell(column.value(row, context))
            for column, count, figure in zip(chosen, counted, figures, strict=True)
        ]

    return _write_rows([column.name for column in chosen], map(make_cells, report.layers))


def write_csv(header: list[str], rows: Iterable[list[Value]]) -> str:
    """CSV of a header and rows."""
    return _write_rows(header, ([guard_cell(value) for value in row] for row in rows))


def _write_rows(header: list[str], rows: Iterable[list[Cell]]) -> str:
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


def guard_cell(value: Value) -> Cell:
    """A cell that no spreadsheet reads as a formula; axes are joined by `x`, as in `--input`.

    >>> guard_cell("=1+1"), guard_cell((3, 224, 224)), guard_cell("3×3, s2")
    ("'=1+1", '3x224x224', '3x3, s2')
    >>> guard_cell(-3), guard_cell((-3, -3)), guard_cell((-3,))
    (-3, "'-3x-3", '-3')
    """
    if isinstance(value, int):
        return value
    if isinstance(value, Fraction):  # a spreadsheet reads 1/9 as a date
        return float(value)
    return _format_text(value)


@lru_cache(maxsize=1024)
def _format_text(value: str | tuple[int | Fraction, ...] | None) -> str:
    text = clean(join(value, "x").replace("×", "x"))
    return f"'{text}" if text[:1] in FORMULA and not NUMBER.fullmatch(text) else text
