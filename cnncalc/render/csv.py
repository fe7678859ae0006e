"""Summaries as CSV: a row for each layer, every column, numbers with all digits."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from fractions import Fraction
from io import StringIO

from cnncalc.analysis.folding import make_row
from cnncalc.analysis.report import Report
from cnncalc.render.columns import COLUMNS, Context, Value, join
from cnncalc.render.text import clean
from cnncalc.render.view import View

FORMULA = tuple("=+-@＝＋－＠")  # what a spreadsheet begins a formula with, in any width
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def summary_csv(report: Report, view: View) -> str:
    """A header and a row a layer: the columns of the view, or all."""
    chosen = [COLUMNS[name] for name in view.columns or COLUMNS]
    rows = [make_row(layer) for layer in report.layers]
    context = Context(report, view.dtype)
    values = ([column.value(row, context) for column in chosen] for row in rows)
    return write([column.name for column in chosen], values)


def write(header: list[str], rows: Iterable[list[Value]]) -> str:
    """CSV of a header and rows."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([guard_cell(value) for value in row] for row in rows)
    return stream.getvalue()


def guard_cell(value: Value) -> int | float | str:
    """A cell that no spreadsheet takes for a formula; axes are joined by an `x`, as `--input` takes them.

    >>> guard_cell("=1+1"), guard_cell((3, 224, 224)), guard_cell("3×3, s2")
    ("'=1+1", '3x224x224', '3x3, s2')
    >>> guard_cell(-3), guard_cell((-3, -3)), guard_cell((-3,))
    (-3, "'-3x-3", '-3')
    """
    if isinstance(value, int):
        return value
    if isinstance(value, Fraction):  # a spreadsheet takes 1/9 for a date
        return float(value)
    text = clean(join(value, "x").replace("×", "x"))
    return f"'{text}" if text[:1] in FORMULA and not NUMBER.fullmatch(text) else text
