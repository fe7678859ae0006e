"""The points of a sweep, as a document, JSON, CSV and a chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.analysis.figures import FIGURES
from cnncalc.compare.sweep import INPUT, Point, Sweep, measure_point
from cnncalc.render.columns import Value
from cnncalc.render.csv import write_csv
from cnncalc.render.document import BLANK, Block, Cell, Column, Table, fit_table, make_paragraph
from cnncalc.render.json import FORMAT, dump, record_value
from cnncalc.render.numbers import format_figure
from cnncalc.render.plot import Chart, Series
from cnncalc.render.text import clean
from cnncalc.render.view import View

DEFAULT = ("parameters", "macs", "activations")
LONGEST_PROBLEM = 60  # characters of a problem in the table


def list_points(found: Sweep, view: View) -> Iterator[Block]:
    """A row for each point, and how many were left out."""
    yield make_paragraph(f"{found.name}  {_count(found.tried, 'point')}", "title")
    yield BLANK
    if found.points:
        units = view.human
        variants = [bool(units)] if units is not None else [False, True]
        yield fit_table((_make_table(found, view, units=each) for each in variants), view.width)
    for count, what in ((found.missed, "outside the limits"), (found.broken, "with errors")):
        if count:
            yield make_paragraph(f"{_count(count, 'point')} {what}", "faint")
    if not found.points and found.tried:
        yield make_paragraph("none is left", "error")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + "s" * (number != 1)


def _make_table(found: Sweep, view: View, *, units: bool) -> Table:
    points = found.points
    columns = [
        Column(name, [Cell(point.values[at], "title") for point in points], True) for at, name in enumerate(found.axes)
    ]
    names = view.columns or ()
    for name in names:
        figure = FIGURES[name]
        cells = [
            Cell(format_figure(point.figures[name], figure.written, units=units), "good" if point.best else "")
            if name in point.figures
            else Cell("–", "faint")
            for point in points
        ]
        columns.append(Column(figure.short if units else figure.title, cells, True))
    if any(point.best for point in points):
        columns.append(Column("", [Cell("best" if point.best else "", "good") for point in points]))
    if any(point.problem for point in points):
        columns.append(Column("", [Cell(_describe_problem(point), "error") for point in points]))
    return Table(columns)


def _describe_problem(point: Point) -> str:
    if point.problem is None:
        return ""
    text = clean(point.problem.message)
    span = point.problem.span
    where = "" if span is None else f"{span.source.name}: " if span.source.is_option else f"line {span.line}: "
    return where + (text if len(text) <= LONGEST_PROBLEM else text[: LONGEST_PROBLEM - 1] + "…")


def dump_sweep(found: Sweep, view: View) -> str:
    """The points as JSON: `totals` is null where there is a `problem`."""
    return dump({
        "format": FORMAT,
        "name": found.name,
        "tried": found.tried,
        "missed": found.missed,
        "broken": found.broken,
        "dtype": view.dtype.value,
        "points": [_record(point, found.axes) for point in found.points],
    })  # fmt: skip


def _record(point: Point, axes: Sequence[str]) -> dict[str, Any]:
    params = {name: text for name, text in zip(axes, point.values, strict=True) if name != INPUT}
    record: dict[str, Any] = {
        "params": {name: _parse(text) for name, text in params.items()},
        "input": point.input or None,
        "output": point.output or None,
        "totals": None if point.problem else {name: record_value(value) for name, value in point.figures.items()},
        "best": point.best,
    }
    if point.problem:
        span = point.problem.span
        span = None if span and span.source.is_option else span
        record["problem"] = {
            "code": point.problem.code,
            "message": point.problem.message,
            "line": span.line if span else None,
            "column": span.column if span else None,
        }
    return record


def _parse(text: str) -> int | float | str:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text


def write_sweep_csv(found: Sweep, view: View) -> str:
    """A row for each point, with all digits."""
    names = view.columns or ()
    header = [*found.axes, *names, "problem"]
    rows: list[list[Value]] = [
        [*point.values, *(point.figures.get(name) for name in names), point.problem.message if point.problem else ""]
        for point in found.points
    ]
    return write_csv(header, rows)


def make_chart(found: Sweep, goals: Sequence[str], view: View) -> Chart:
    """The points as a scatter of two goals, or as lines along the first axis, one for each value of the others.

    Raises UsageError if there are no numbers to draw.
    """
    names = view.columns or ()
    figures = [name for name in (*goals, *names) if name not in found.axes]
    if len(goals) > 1:
        x, y = goals[0], goals[1]
        others: tuple[int, ...] = ()
    else:
        asked = [name for name in goals if name not in found.axes]
        x, y = found.axes[0], next(iter(asked), "macs" if "macs" in figures else figures[0])
        others = tuple(range(1, len(found.axes)))
    series: dict[str, list[tuple[float, float]]] = {}
    for point in found.points:
        ends = [measure_point(point, name, found.axes) for name in (x, y)]
        if all(value is not None and not isinstance(value, tuple) for value in ends):
            label = ", ".join(f"{found.axes[at]} {point.values[at]}" for at in others)
            series.setdefault(label, []).append((float(ends[0]), float(ends[1])))
    written = {name: FIGURES[name].written if name in FIGURES else "number" for name in (x, y)}
    lines = [Series(label, tuple(sorted(points))) for label, points in series.items()]
    return Chart(found.name, (_title(x), written[x]), (_title(y), written[y]), tuple(lines), joined=len(goals) < 2)


def _title(name: str) -> str:
    return FIGURES[name].title if name in FIGURES else name
