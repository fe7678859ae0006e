"""The summary of a network as a document: its name, the table of its layers, the totals and the meaning of marks.

What the table drops at a narrow width is decided here, before a back end draws it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.folding import Row, fold
from cnncalc.analysis.report import Report
from cnncalc.records import NamedTuple
from cnncalc.render import numbers
from cnncalc.render.columns import (
    COLUMNS,
    DEFAULT,
    SHARED,
    Column,
    Context,
    find_column,
    format_shape,
    join,
    list_inputs,
)
from cnncalc.render.document import (
    BLANK,
    EMPTY,
    Block,
    Cell,
    Pairs,
    Paragraph,
    Table,
    elide_paths,
    make_paragraph,
    measure_excess,
)
from cnncalc.render.document import Column as TableColumn
from cnncalc.render.notes import explain_foreign, explain_totals
from cnncalc.render.text import clean, count_cells
from cnncalc.render.view import View

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from cnncalc.render.terminal import Fitted

BAR = 8  # cells of a full bar
OWN = ("layer", "line", "nth")  # columns in which no two rows are equal


class Fit(NamedTuple):
    """A variant of the table: what it shows."""

    columns: tuple[Column, ...]
    human: bool
    bars: bool = True
    shares: bool = True
    long: bool = True  # headers
    settings: int | None = None  # cells at most


LONGEST_CONTENTS = 48  # cells of what a group holds; of more the call says more
# What is dropped, one after another, until the table fits: the shares first, the settings last.
STEPS: tuple[dict[str, Any], ...] = (
    {"bars": False},
    {"shares": False},
    {"without": "input"},
    {"long": False},
    {"human": True},
    {"settings": 26},
    {"settings": 16},
    {"settings": 12},
    {"without": "settings"},
)


def summarize(report: Report, view: View) -> Iterator[Block]:
    """The summary, fitted to the width of the view."""
    return _document(report, view, make_layer_table(report, view))


def describe(report: Report, view: View) -> Iterator[Block]:
    """The summary for Markdown and LaTeX: without shares and bars, of any width."""
    rows = fold(report, view.depth)
    fit = Fit(_choose_columns(view), bool(view.human), bars=False, shares=False)
    return _document(
        report,
        view._replace(width=None),
        _draw(rows, fit, Context(report, view.dtype, channels_last=view.channels_last)),
    )


def rich_table(report: Report, view: View | None = None) -> RichTable:
    """The layers of a network as a Rich table, fitted to the width of the view."""
    from cnncalc.render.terminal import draw_table

    return draw_table(make_layer_table(report, view or View()))


def rich_summary(report: Report) -> Fitted:
    """The summary for Rich, fitted to the console that prints it."""
    from cnncalc.render.terminal import Fitted

    return Fitted(lambda width: summarize(report, View(width=width)))


def make_layer_table(report: Report, view: View) -> Table:
    """The table of layers in the first variant that fits the width of the view, or in the last."""
    rows = fold(report, view.depth)
    context = Context(report, view.dtype, channels_last=view.channels_last)
    for fit in _iterate_fits(view):
        table = _draw(rows, fit, context)
        excess = measure_excess(table, view.width)
        if excess <= 0:
            break
    if excess < 0 and fit.settings:  # the settings get the remaining width
        taken = max((count_cells(_format_settings(row, fit, context)) for row in rows), default=0)
        table = _draw(rows, fit._replace(settings=taken - excess), context)
    at = next((at for at, column in enumerate(table.columns) if column.header == COLUMNS["layer"].title), None)
    return table if at is None else elide_paths(table, at, view.width)


def _document(report: Report, view: View, table: Table) -> Iterator[Block]:
    yield from _describe_title(report, view)
    yield table
    yield BLANK
    totals = explain_totals(report, view.dtype, units=bool(view.human), channels_last=view.channels_last)
    yield Pairs([*explain_foreign(report, view), *totals])


def _describe_title(report: Report, view: View) -> Iterator[Block]:
    """The name, the input and the output, on two lines if they do not fit on one."""
    write = partial(format_shape, channels_last=view.channels_last)
    output, mark = (write(report.output), "") if report.complete else ("?", "  incomplete")
    sizes = f"{list_inputs(report.inputs, write)} → {output}"
    if view.width is None or count_cells(f"{clean(report.name)}  {sizes}{mark}") <= view.width:
        yield Paragraph(((report.name, "title"), (f"  {sizes}", ""), (mark, "mark")))
    else:
        yield make_paragraph(report.name, "title")
        yield Paragraph(((sizes, ""), (mark, "mark")))


def _choose_columns(view: View) -> tuple[Column, ...]:
    return tuple(find_column(name) for name in view.columns or DEFAULT)


def _iterate_fits(view: View) -> Iterator[Fit]:
    """Variants of the table, from the widest to the narrowest."""
    fit = Fit(_choose_columns(view), bool(view.human))
    yield fit
    for step in STEPS:
        if "without" in step:
            if view.columns is None:
                columns = tuple(column for column in fit.columns if column.name != step["without"])
                fit = fit._replace(columns=columns)
                yield fit
        elif view.human is None or "human" not in step:
            fit = fit._replace(**step)
            yield fit


def _draw(rows: Sequence[Row], fit: Fit, context: Context) -> Table:
    columns: list[TableColumn] = []
    alike = _find_equal_rows(rows)
    for column in fit.columns:
        if column.adds_up:
            columns += _draw_figure(column, rows, fit, context)
        else:
            is_own = (
                column.name in OWN
                or column.share
                or (column.figure and (column.figure.of_layers or column.figure.of_several))
            )
            shown_as = rows if is_own else alike
            texts = {
                id(row): _format_cell(column, row, fit, context) for row in {id(row): row for row in shown_as}.values()
            }
            cells = [texts[id(row)] for row in shown_as]
            columns.append(
                TableColumn(_choose_header(column, fit), cells, column.right, _format_footer(column, fit, context))
            )
    return Table(columns, _find_sections(rows))


def _choose_header(column: Column, fit: Fit) -> str:
    return column.title if fit.long else column.short


def _draw_figure(column: Column, rows: Sequence[Row], fit: Fit, context: Context) -> Iterator[TableColumn]:
    """The columns of an additive figure: its values, and their shares of the total as numbers and as bars."""
    assert column.figure
    total = column.total(context)
    values = [column.value(row, context) for row in rows]
    written = column.figure.written
    cells = {None: EMPTY}
    for value in {*values} - {None}:
        cells[value] = Cell(numbers.format_figure(value, written, units=fit.human), "" if value else "faint")
    footer = Cell(numbers.format_figure(total, written, units=fit.human), "head")
    yield TableColumn(_choose_header(column, fit), [cells[value] for value in values], True, footer)
    if column.name not in SHARED or not fit.shares:
        return
    shares = {value: _format_share(value or 0, total) for value in cells}
    yield TableColumn("", [shares[value] for value in values], True, EMPTY)
    if fit.bars:
        largest = max((value for value in values if value), default=0)
        bars = {value: Cell(numbers.draw_bar(value or 0, largest, BAR), "bar") for value in cells}
        yield TableColumn("", [bars[value] for value in values], False, EMPTY, bar=True)


def _format_share(part: int, whole: int) -> Cell:
    style = "large" if 10 * part >= whole and part else "faint" if 100 * part < whole else ""
    return Cell(numbers.format_share(part, whole), style)


def _find_equal_rows(rows: Sequence[Row]) -> list[Row]:
    """For each row the first that is equal except in columns of `OWN`, so that cells of equal rows are made once."""
    first: dict[object, Row] = {}

    def find_first(row: Row) -> Row:
        layer = row.result
        sees = (layer.receptive_field, layer.whole, layer.centred) if layer else None
        return first.setdefault((row.head, row.kind, row.settings, row.inputs, row.output, sees, len(row.inside)), row)

    return list(map(find_first, rows))


def _find_sections(rows: Sequence[Row]) -> set[int]:
    """The rows that begin a section: where an outermost group with its parts begins or ends."""
    pairs = pairwise(rows)
    return {
        number
        for number, (before, row) in enumerate(pairs, 1)
        if row.indent == 0 and (row.head or before.indent)
    }  # fmt: skip


def _format_cell(column: Column, row: Row, fit: Fit, context: Context) -> Cell:
    """The cell of a column that is not additive."""
    if column.name == "layer":
        mark = "‡" if row.shares else ""
        return Cell("  " * row.indent + row.title + mark, "head" if row.head else "")
    if column.name == "settings":
        return Cell(_format_settings(row, fit, context), "faint" if row.head else "")
    if row.head:
        return EMPTY
    value = column.value(row, context)
    if column.text:
        text = column.text(row)
    elif column.figure and column.figure.written in ("bytes", "ratio"):
        text = numbers.format_figure(value, column.figure.written, units=fit.human)
    else:
        text = numbers.format_share(value.numerator, value.denominator) if isinstance(value, Fraction) else join(value)
    return Cell(text, "faint" if text == "–" else "")


def _format_settings(row: Row, fit: Fit, context: Context) -> str:
    """The settings of a layer; of a folded group what it holds, where there is room, else its call."""
    if not row.head and len(row.inside) > 1:
        held = clean(context.describe_contents(row, bare=True))
        if held and count_cells(held) <= min(fit.settings or LONGEST_CONTENTS, LONGEST_CONTENTS):
            return held
    return shorten(clean(row.settings), fit.settings)


def _format_footer(column: Column, fit: Fit, context: Context) -> Cell:
    complete = context.report.complete
    if column.name == "layer":
        return Cell("total" if complete else "total so far", "head")
    if complete and column.figure and column.figure.written in ("bytes", "ratio"):
        return Cell(numbers.format_figure(column.total(context), column.figure.written, units=fit.human), "head")
    return Cell(join(column.total(context)) if complete else "", "head")


def shorten(text: str, width: int | None) -> str:
    """Shorten a call or a list of settings by dropping the last ones, never a part of one; a name is cut.

    >>> shorten("inception(64, 96, 128, 16, 32, 32)", 20), shorten("3×3, s2, p1", 8), shorten("a_rather_long_name", 9)
    ('inception(64, 96, …)', '3×3, …', 'a_rather…')
    >>> shorten("max_pool 3×3, s2", 14), shorten("max_pool 3×3, s2", 13), shorten("stage(64, 3)", 8)
    ('max_pool 3×3 …', 'max_pool 3×3…', 'stage(…)')
    """
    if width is None or count_cells(text) <= width:
        return text
    end = ", …)" if text.endswith(")") else ", …"
    while ", " in text:
        text = text[: text.rindex(", ")]
        if count_cells(text + end) <= width:
            return text + end
    name, call, _ = text.partition("(")
    for end in ("(…)", "") if call else (" …", "…"):
        if count_cells(name + end) <= width:
            return name + end
    return name[: width - 1] + "…"
