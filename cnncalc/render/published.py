"""The list of published figures: each beside ours, with what accounts for the difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.conventions import named
from cnncalc.conventions.published import Explained
from cnncalc.given import Text
from cnncalc.layers.arguments import format_value
from cnncalc.records import NamedTuple
from cnncalc.render.document import Cell, Column, Table, drop_columns, measure_excess
from cnncalc.render.numbers import format_share, format_units
from cnncalc.render.summary import shorten
from cnncalc.render.text import clean
from cnncalc.render.view import View
from cnncalc.rounded import Fit

NAME, PUBLISHED, OURS, DIFFERENCE, SOURCE = "name", "published", "ours", "difference", "source"
DROPPED = (SOURCE, DIFFERENCE)  # at a narrow width, in this order
LEAST = 24  # cells of a difference that is shortened
NONE = Cell("–", "faint")
LINES = 3  # of a ledger


class Row(NamedTuple):
    """A figure of a network; without one, the network's own macs."""

    name: str
    macs: int
    explained: Explained | None = None


def list_published(rows: Sequence[Row], view: View) -> Table:
    """A row for each figure, and one with a dash for each network that has none."""
    for table in drop_columns(_draw(rows), DROPPED):
        excess = measure_excess(table, view.width)
        at = next((at for at, column in enumerate(table.columns) if column.header == DIFFERENCE), None)
        if excess > 0 and at is not None:
            table = _shorten(table, at, excess)
        if measure_excess(table, view.width) <= 0:
            break
    return table


def _shorten(table: Table, at: int, excess: int) -> Table:
    column = table.columns[at]
    room = max(max(len(clean(cell.text)) for cell in column.cells) - excess, LEAST)
    cells = [cell._replace(text=shorten(clean(cell.text), room)) for cell in column.cells]
    return table._replace(columns=[*table.columns[:at], column._replace(cells=cells), *table.columns[at + 1 :]])


def _draw(rows: Sequence[Row]) -> Table:
    found = [row.explained for row in rows]
    return Table((
        Column(NAME, [Cell(row.name, "title") for row in rows]),
        Column(PUBLISHED, [Cell(_format_figure(each)) if each else NONE for each in found], True),
        Column(OURS, [Cell(format_units(_find_ours(row))) for row in rows], True),
        Column(DIFFERENCE, [Cell(account(each)) if each else NONE for each in found]),
        Column(SOURCE, [Cell(_text(each.entry.source)) if each else NONE for each in found]),
    ))  # fmt: skip


def _find_ours(row: Row) -> int:
    return row.explained.ours if row.explained else row.macs


def _format_figure(explained: Explained) -> str:
    return f"{explained.figure.text} {explained.name}"


def _text(text: Text | None) -> str:
    return text.value if text else ""


def account(explained: Explained) -> str:
    """What accounts for the difference of a published figure from ours, in one line."""
    entry = explained.entry
    parts = [f"at {format_value(entry.input)}"] if entry.input else []
    if explained.fit is None:
        return ", ".join([*parts, _miss(explained), *_list_notes(explained)])
    if explained.fit == Fit.truncates:
        parts.append("cut off")
    if entry.convention and explained.ledger:
        convention = named(entry.convention.value)
        lines = explained.ledger.lines[convention.per_mac > 1 :]
        most = sorted(lines, key=lambda line: -abs(line.amount))
        parts.append(f"{convention.title}: " + ", ".join(
            f"{'−' if line.amount < 0 else '+'} {line.what} {format_units(abs(line.amount) // convention.per_mac)}"
            for line in most[:LINES]
        ))  # fmt: skip
        parts += ["…"] if len(most) > LINES else []
    return ", ".join([*(parts or ["none"]), *_list_notes(explained)])


def _miss(explained: Explained) -> str:
    """By how much the nearest that is known is off."""
    number, value = explained.figure.number, explained.value
    if not value:
        return "not known"
    share = format_share(abs(int(number - value)), int(value)) or "0%"
    return f"{share} {'more' if number > value else 'less'} than {'theirs' if explained.ledger else 'ours'}"


def _list_notes(explained: Explained) -> list[str]:
    return [explained.entry.notes.value] if explained.entry.notes else []


def record_published(explained: Explained) -> dict[str, Any]:
    """The values of a figure, for JSON."""
    entry, ledger, value = explained.entry, explained.ledger, explained.value
    return {
        "figure": explained.name,
        "text": explained.figure.text,
        "source": _text(entry.source),
        "convention": entry.convention.value if entry.convention else None,
        "input": entry.input,
        "notes": _text(entry.notes),
        "ours": explained.ours,
        "computed": None if value is None else int(value) if value.denominator == 1 else float(value),
        "agrees": explained.fit is not None,
        "ledger": [
            {"what": line.what, "how": line.how, "amount": line.amount, "mistake": line.mistake}
            for line in (ledger.lines if ledger else ())
        ],
    }


CSV_HEADER = ("name", "figure", "published", "ours", "computed", "difference", "source")


def list_cells(row: Row) -> list[Any]:
    """The values of a row of CSV."""
    explained = row.explained
    if explained is None:
        return [row.name, "macs", None, row.macs, None, None, None]
    record = record_published(explained)
    return [
        row.name, explained.name, record["text"], explained.ours, record["computed"], account(explained),
        record["source"],
    ]  # fmt: skip


def dump_published(rows: Sequence[Row]) -> str:
    """The list as JSON: the figures of each network, none for one without."""
    from cnncalc.render.json import FORMAT, dump

    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault(row.name, {"name": row.name, "macs": row.macs, "published": []})
        if row.explained:
            entry["published"].append(record_published(row.explained))
    return dump({"format": FORMAT, "architectures": list(found.values())})


def write_published_csv(rows: Sequence[Row]) -> str:
    """The list as CSV."""
    from cnncalc.render.csv import write_csv

    return write_csv(list(CSV_HEADER), map(list_cells, rows))
