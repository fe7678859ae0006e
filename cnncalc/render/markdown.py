"""Tables in Markdown, as GitHub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.columns import COLUMNS, DEFAULT, Column, Context, join
from cnncalc.render.notes import notes
from cnncalc.render.rows import Row, fold
from cnncalc.render.table import View
from cnncalc.render.text import clean

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")


def summary_markdown(report: Report, view: View) -> str:
    """The title, the table with a row of totals, and the conventions."""
    columns = view.columns or tuple(COLUMNS[name] for name in DEFAULT)
    write = numbers.style_of(bool(view.human))
    context = Context(report, view.dtype)
    rows = [[_cell(column, row, context, write) for column in columns] for row in fold(report, view.depth)]
    rows.append([_total(column, context, write) for column in columns])
    title = f"**{escape(report.name)}** {join(report.input)} → {join(report.output)}"
    remarks = [f"- {escape(name)}: {escape(text)}" for name, text in notes(report, view.dtype, units=bool(view.human))]
    table = write_table([column.title for column in columns], [column.right for column in columns], rows)
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


def _cell(column: Column, row: Row, context: Context, write: numbers.Writer) -> str:
    if column.name == "layer":
        text = "&emsp;" * row.indent + escape(row.label) + ("‡" if row.shares else "")
        return f"**{text}**" if row.head else text
    if row.head and column.name != "settings":
        return ""
    value = column.value(row, context)
    if column.adds_up and isinstance(value, int):
        return write(value)
    if isinstance(value, Fraction):
        return escape(numbers.percent(value.numerator, value.denominator))
    return escape(column.text(row) if column.text else join(value))


def _total(column: Column, context: Context, write: numbers.Writer) -> str:
    if column.name == "layer":
        return "**total**" if context.report.complete else "**total so far**"
    return f"**{write(total)}**" if column.adds_up and isinstance(total := column.total(context), int) else ""
