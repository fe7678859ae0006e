"""The list of architectures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Costs
from cnncalc.network import Network
from cnncalc.render.columns import Value, join
from cnncalc.render.grid import Cell, grid
from cnncalc.render.numbers import human
from cnncalc.render.paint import paint
from cnncalc.render.text import clean

YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!\.\d)")  # an arXiv number is no year
HEADER = ("family", "name", "title", "year", "input", "parameters", "macs")
FIGURES = ("year", "parameters", "macs")  # aligned to the right


class Entry(NamedTuple):
    """A network by the name that finds it, and what all its layers cost together."""

    name: str
    network: Network
    totals: Costs


Entries = Sequence[Entry]


def year(source: str) -> int | None:
    """The last year that a source names."""
    found = YEAR.findall(source)
    return int(found[-1]) if found else None


def natural(name: str) -> list[tuple[int, str]]:
    """What names are sorted by: numbers in them count as numbers.

    >>> sorted(["resnet101", "resnet18", "resnet"], key=natural)
    ['resnet', 'resnet18', 'resnet101']
    """
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.findall(r"[0-9]+|[^0-9]+", name)]


def arranged(entries: Iterable[Entry], key: str | None) -> list[Entry]:
    """Sorted by a column, what has no value there last; else family by family."""
    if key is None:
        return sorted(entries, key=lambda entry: (natural(entry.network.family), natural(entry.name)))

    def rank(entry: Entry) -> tuple[bool, int, list[tuple[int, str]]]:
        value = record(entry)[key]
        number = value if isinstance(value, int) else 0
        return value is None, number, natural(value if isinstance(value, str) else entry.name)

    return sorted(entries, key=rank)


def record(entry: Entry) -> dict[str, Value]:
    """What is said of one, by the names of `HEADER`."""
    name, network, totals = entry
    values: tuple[Value, ...] = (
        network.family, name, network.name, year(network.source), network.input, totals.parameters, totals.work.macs,
    )  # fmt: skip
    return dict(zip(HEADER, values, strict=True))


def _texts(record: dict[str, Value]) -> list[str]:
    """A line of the table for people."""
    return [
        human(value) if key in ("parameters", "macs") and isinstance(value, int) else clean(join(value))
        for key, value in record.items()
    ]


def catalogue_table(entries: Entries, grouped: bool, color: bool) -> str:
    """Columns for people; where they stand together, a family is named once."""
    lines = [_texts(record(entry)) for entry in entries]
    if grouped:
        for before, line in reversed(list(zip(entries, lines[1:], strict=False))):
            line[0] = "" if line[0] == clean(before.network.family) else line[0]
    columns = []
    for at, name in enumerate(HEADER):
        right = name in FIGURES
        style = "title" if name == "name" else ""
        columns.append([Cell(name, "head", right), *(Cell(line[at], style, right) for line in lines)])
    return paint(grid(columns), color=color)


def catalogue_json(entries: Entries, grouped: bool, color: bool) -> str:
    """For scripts."""
    from cnncalc.render.json import FORMAT, dump

    return dump({"format": FORMAT, "architectures": list(map(record, entries))})


def catalogue_csv(entries: Entries, grouped: bool, color: bool) -> str:
    """For spreadsheets."""
    from cnncalc.render.csv import write

    return write(list(HEADER), (list(record(entry).values()) for entry in entries))


def catalogue_markdown(entries: Entries, grouped: bool, color: bool) -> str:
    """For documents."""
    from cnncalc.render.markdown import escape, write_table

    rows = (map(escape, _texts(record(entry))) for entry in entries)
    return write_table(HEADER, [name in FIGURES for name in HEADER], map(list, rows))


WRITERS: dict[str, Callable[[Entries, bool, bool], str]] = {
    "table": catalogue_table,
    "json": catalogue_json,
    "csv": catalogue_csv,
    "markdown": catalogue_markdown,
}
