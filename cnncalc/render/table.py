"""The table of a summary: as wide as there is room for, and never cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any, NamedTuple

from cnncalc.analysis.figures import Dtype
from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.columns import COLUMNS, DEFAULT, SHARED, Column, Context, join
from cnncalc.render.grid import Cell, grid, width_of
from cnncalc.render.notes import notes
from cnncalc.render.paint import Line, paint
from cnncalc.render.rows import Row, fold
from cnncalc.render.text import cells, clean, pad, wrap

BAR = 8  # cells of a full bar
EMPTY = Cell("")
OWN = ("layer", "line")  # columns in which no two rows are alike


class View(NamedTuple):
    """How a report is to be shown. `human` is None where exact numbers give way to units when there is no room."""

    columns: tuple[Column, ...] | None = None
    depth: int | None = None
    human: bool | None = None
    dtype: Dtype = Dtype.float32
    width: int | None = None
    color: bool = False


class Fit(NamedTuple):
    """How much of a table is shown."""

    columns: tuple[Column, ...]
    human: bool
    long: bool = True  # headers
    bars: bool = True
    shares: bool = True
    settings: int | None = None  # cells at most


# What a table gives up, one after another, where there is no room; before it the input, after it the settings.
STEPS: tuple[dict[str, Any], ...] = (
    {"settings": 26},
    {"long": False},
    {"bars": False},
    {"settings": 16},
    {"human": True},
    {"settings": 12},
    {"shares": False},
)


def table(report: Report, view: View) -> str:
    """The whole summary for people."""
    rows = fold(report, view.depth)
    lines = chain(_title(report, view.width), _body(report, rows, view), [[("", "")]], _notes(report, view))
    return paint(lines, color=view.color)


def _title(report: Report, width: int | None) -> Iterator[Line]:
    """The name and what flows in and out, on a line of its own where there is no room beside the name."""
    output, mark = (join(report.output), "") if report.complete else ("?", "  incomplete")
    name, sizes = clean(report.name), f"{join(report.input)} → {output}"
    if width is None or cells(f"{name}  {sizes}{mark}") <= width:
        yield [(name, "title"), (f"  {sizes}", ""), (mark, "mark")]
    else:
        yield from ([(line, "title")] for line in wrap(name, width))
        yield [(sizes, ""), (mark, "mark")]


def _notes(report: Report, view: View) -> Iterator[Line]:
    """The lines below the table, wrapped, names and texts each in a column."""
    below = [(clean(name), text) for name, text in notes(report, view.dtype, units=bool(view.human))]
    margin = max(cells(name) for name, _ in below)
    for name, text in below:
        first, *rest = wrap(pad(name, margin + 2) + clean(text), view.width, margin + 2)
        yield [(first[: len(name)], "head"), (first[len(name) :], "")]
        yield from ([(line, "")] for line in rest)


def _body(report: Report, rows: list[Row], view: View) -> Iterator[Line]:
    """The table in the first way that fits, or the last."""
    drawn: Sequence[Sequence[Cell]] = ()
    spare = 0
    for fit in _fits(view):
        drawn = list(_columns(report, rows, fit, view.dtype))
        spare = 0 if view.width is None else view.width - width_of(drawn)
        if spare >= 0:
            break
    if spare > 0 and fit.settings:  # what room is left goes to what was shortened
        taken = max((cells(shorten(clean(row.settings), fit.settings)) for row in rows), default=0)
        drawn = list(_columns(report, rows, fit._replace(settings=taken + spare), view.dtype))
    return grid(drawn, total=True)


def _fits(view: View) -> Iterator[Fit]:
    """Ways to show the table, from the widest to the narrowest: what goes first is what is missed least."""
    fit = Fit(view.columns or tuple(COLUMNS[name] for name in DEFAULT), bool(view.human))
    yield fit
    if not view.columns:
        fit = fit._replace(columns=_without(fit.columns, "input"))
        yield fit
    for step in STEPS:
        if view.human is None or "human" not in step:
            fit = fit._replace(**step)
            yield fit
    if not view.columns:
        yield fit._replace(columns=_without(fit.columns, "settings"))


def _without(columns: tuple[Column, ...], name: str) -> tuple[Column, ...]:
    return tuple(column for column in columns if column.name != name)


def _columns(report: Report, rows: list[Row], fit: Fit, dtype: Dtype) -> Iterator[list[Cell]]:
    """The cells of each column: header, rows, total."""
    alike = _alike(rows)
    context = Context(report, dtype)
    for column in fit.columns:
        header = Cell(column.title if fit.long else column.short, "head", column.right)
        if column.adds_up:
            whole = column.total(context)
            figures = [column.value(row, context) for row in rows]
            write = numbers.style_of(fit.human)
            written = {figure: Cell(write(figure), "" if figure else "faint", True) for figure in {*figures} - {None}}
            shown = (EMPTY if row.head else written[figure] for row, figure in zip(rows, figures, strict=True))
            yield [header, *shown, Cell(write(whole), "head", True)]
            if column.name in SHARED and fit.shares:
                largest = max((figure for figure in figures if figure), default=0)
                shares = {figure: _share(figure or 0, whole, largest, fit.bars) for figure in [None, *written]}
                yield [EMPTY, *(shares[figure] for figure in figures), EMPTY]
        else:
            shown_as = rows if column.name in OWN or column.share else alike
            cells = {id(row): _text(column, row, fit, context) for row in {id(row): row for row in shown_as}.values()}
            yield [header, *(cells[id(row)] for row in shown_as), _last(column, context)]


def _alike(rows: list[Row]) -> list[Row]:
    """For each row the first that shows the same, but for what is `OWN`: of a layer repeated, one is written out."""
    first: dict[object, Row] = {}

    def like(row: Row) -> Row:
        layer = row.result
        sees = (layer.receptive_field, layer.whole, layer.centred) if layer else None
        return first.setdefault((row.head, row.kind, row.settings, row.inputs, row.output, sees), row)

    return list(map(like, rows))


def _share(figure: int, whole: int, largest: int, bars: bool) -> Cell:
    """A percentage and, where there is room, a bar: full for the largest of the rows."""
    text = numbers.percent(figure, whole)
    style = "large" if 10 * figure >= whole and figure else "faint" if 100 * figure < whole else ""
    if not bars:
        return Cell(text, style, True)
    return Cell(f"{text:>5}", style, bar=f"{numbers.bar(figure, largest, BAR):{BAR}}")


def _text(column: Column, row: Row, fit: Fit, context: Context) -> Cell:
    """A cell that is no sum."""
    if column.name == "layer":
        mark = "‡" if row.shares else ""
        return Cell("  " * row.indent + clean(row.label) + mark, "head" if row.head else "")
    if column.name == "settings":
        return Cell(shorten(clean(row.settings), fit.settings), "faint" if row.head else "")
    if row.head:
        return EMPTY
    value = column.value(row, context)
    if column.text:
        text = column.text(row)
    else:
        text = numbers.percent(value.numerator, value.denominator) if isinstance(value, Fraction) else join(value)
    return Cell(clean(text), "faint" if text == "–" else "", column.right)


def _last(column: Column, context: Context) -> Cell:
    complete = context.report.complete
    if column.name == "layer":
        return Cell("total" if complete else "total so far", "head")
    return Cell(join(column.total(context)) if complete else "", "head", column.right)


def shorten(text: str, width: int | None) -> str:
    """A call or a list of settings with the last ones left out, never part of one; of a name, as much as fits.

    >>> shorten("inception(64, 96, 128, 16, 32, 32)", 20), shorten("3×3, s2, p1", 8), shorten("a_rather_long_name", 9)
    ('inception(64, 96, …)', '3×3, …', 'a_rather…')
    >>> shorten("max_pool 3×3, s2", 14), shorten("max_pool 3×3, s2", 13), shorten("stage(64, 3)", 8)
    ('max_pool 3×3 …', 'max_pool 3×3…', 'stage(…)')
    """
    if width is None or cells(text) <= width:
        return text
    end = ", …)" if text.endswith(")") else ", …"
    while ", " in text:
        text = text[: text.rindex(", ")]
        if cells(text + end) <= width:
            return text + end
    name, call, _ = text.partition("(")
    for end in ("(…)", "") if call else (" …", "…"):
        if cells(name + end) <= width:
            return name + end
    return name[: width - 1] + "…"
