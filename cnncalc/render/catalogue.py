"""The list of architectures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cnncalc.analysis.report import Report
from cnncalc.render.columns import Value, join
from cnncalc.render.grid import Cell, grid
from cnncalc.render.numbers import human
from cnncalc.render.paint import paint
from cnncalc.render.text import clean

YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!\.\d)")  # an arXiv number is no year
Reports = Mapping[str, Report]
HEADER = ("name", "title", "year", "input", "parameters", "macs")
FIGURES = ("year", "parameters", "macs")  # aligned to the right


def year(source: str) -> int | None:
    """The last year that a source names."""
    found = YEAR.findall(source)
    return int(found[-1]) if found else None


def records(reports: Reports) -> list[dict[str, Value]]:
    """What is said of each, by the names of `HEADER`."""
    return [
        dict(zip(HEADER, (name, report.name, year(report.source), report.input, report.totals.parameters,
                          report.totals.work.macs), strict=True))
        for name, report in reports.items()
    ]  # fmt: skip


def _texts(record: dict[str, Value]) -> list[str]:
    """A line of the table for people."""
    return [
        human(value) if key in ("parameters", "macs") and isinstance(value, int) else clean(join(value))
        for key, value in record.items()
    ]


def catalogue_table(reports: Reports, color: bool) -> str:
    """Columns for people."""
    lines = [_texts(record) for record in records(reports)]
    columns = []
    for at, name in enumerate(HEADER):
        right = name in FIGURES
        columns.append([Cell(name, "head", right), *(Cell(line[at], "" if at else "title", right) for line in lines)])
    return paint(grid(columns), color=color)


def catalogue_json(reports: Reports, color: bool) -> str:
    """For scripts."""
    from cnncalc.render.json import FORMAT, dump

    return dump({"format": FORMAT, "architectures": records(reports)})


def catalogue_csv(reports: Reports, color: bool) -> str:
    """For spreadsheets."""
    from cnncalc.render.csv import write

    return write(list(HEADER), (list(record.values()) for record in records(reports)))


def catalogue_markdown(reports: Reports, color: bool) -> str:
    """For documents."""
    from cnncalc.render.markdown import escape, write_table

    rows = (map(escape, _texts(record)) for record in records(reports))
    return write_table(HEADER, [name in FIGURES for name in HEADER], map(list, rows))


WRITERS: dict[str, Callable[[Reports, bool], str]] = {
    "table": catalogue_table,
    "json": catalogue_json,
    "csv": catalogue_csv,
    "markdown": catalogue_markdown,
}
