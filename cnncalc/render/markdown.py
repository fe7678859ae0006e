"""Tables in Markdown, as GitHub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.columns import COLUMNS, DEFAULT, Column, join, of_dtype
from cnncalc.render.notes import notes
from cnncalc.render.rows import Row, fold
from cnncalc.render.table import View
from cnncalc.render.text import clean

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")


def summary_markdown(report: Report, view: View) -> str:
    """The title, the table with a row of totals, and the conventions."""
    columns = view.columns or tuple(COLUMNS[name] for name in DEFAULT)
    write = numbers.style_of(bool(view.human))
    rows = [[_cell(column, row, view, write) for column in columns] for row in fold(report, view.depth)]
    rows.append([_total(column, report, view, write) for column in columns])
    title = f"**{escape(report.name)}** {join(report.input)} → {join(report.output)}"
    remarks = [f"- {escape(name)}: {escape(text)}" for name, text in notes(report, view.dtype, units=bool(view.human))]
    table = write_table([column.header for column in columns], [column.right for column in columns], rows)
    return "\n".join([title, "", table, *remarks, ""])


def write_table(header: Sequence[str], right: Sequence[bool], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are escaped already."""
    lines = [header, ["---:" if side else ":---" for side in right], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def escape(text: str) -> str:
    """Text that Markdown shows as it is.

    >>> escape("a|b_c\\n")
    'a\\\\|b\\\\_c\\\\\\\\n'
    """
    return SPECIAL.sub(r"\\\1", clean(text))


def _cell(column: Column, row: Row, view: View, write: numbers.Writer) -> str:
    if column.name == "layer":
        text = "&emsp;" * row.indent + escape(row.label) + ("‡" if row.shares else "")
        return f"**{text}**" if row.head else text
    if row.head and column.name != "settings":
        return ""
    if column.total:
        return write(column.total(row.costs, view.dtype))
    return escape(column.text(row) if column.text else join(of_dtype(column, row, view.dtype)))


def _total(column: Column, report: Report, view: View, write: numbers.Writer) -> str:
    if column.name == "layer":
        return "**total**" if report.complete else "**total so far**"
    return f"**{write(column.total(report.totals, view.dtype))}**" if column.total else ""
