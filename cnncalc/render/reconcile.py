"""What other tools count, side by side, and beneath each the ledger from our figure to its: document, JSON, CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.conventions.convention import Counted, Own
from cnncalc.conventions.ledger import Ledger, Line, subtract
from cnncalc.records import NamedTuple
from cnncalc.render.columns import join, list_inputs
from cnncalc.render.csv import write_csv
from cnncalc.render.document import (
    BLANK,
    Block,
    Cell,
    Column,
    Pairs,
    Paragraph,
    Table,
    drop_columns,
    fit_table,
    make_paragraph,
)
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.numbers import format_digits
from cnncalc.render.view import View

NONE = Cell("–", "faint")
UNKNOWN = Cell("not known", "faint")
DROPPED = ("unit", "parameters")  # columns that are dropped at a narrow width, in this order
SHOWN = 5  # kinds of layers whose operations are not known
FIGURES = ("parameters", "operations")


class Side(NamedTuple):
    """What one tool counts: of the module that `export` writes, and of a library's own where that differs."""

    counted: Counted
    own: Own | None = None
    of_own: Counted | None = None


def describe_sides(report: Report, sides: Sequence[Side], view: View) -> Iterator[Block]:
    """The table of all tools, and the ledgers of those that count otherwise than we do."""
    sizes = f"  {list_inputs(report.inputs, join)} → {join(report.output)}"
    yield Paragraph(((report.name, "title"), (sizes, ""), ("  as `export --to pytorch` writes it, a batch of 1", "")))
    yield BLANK
    yield fit_table(drop_columns(_draw(report, sides), DROPPED), view.width)
    known: list[Side] = []
    for at, side in enumerate(sides):
        alike = [each for each in sides[at:] if _count_alike(side, each)]
        if side not in known and not _is_ours(side):
            yield from _describe_side(report, side, alike)
        known += alike
    if same := [side.counted.convention.title for side in sides if _is_ours(side)]:
        yield BLANK
        yield make_paragraph(f"as cnncalc counts: {', '.join(same)}")


def _is_ours(side: Side) -> bool:
    """Whether a tool counts all as we do."""
    counted, own, _ = side
    return own is None and not counted.unknown and not any(ledger.lines for _, ledger in _list_ledgers(counted))


def _count_alike(side: Side, other: Side) -> bool:
    """Whether two tools count all alike, and call it alike."""
    if side.counted.convention.unit != other.counted.convention.unit or side.own != other.own:
        return False
    parts = [
        (each.counted.unknown, each.counted.parameters, each.counted.operations, each.of_own and each.of_own.totals)
        for each in (side, other)
    ]
    return parts[0] == parts[1]


def _list_ledgers(counted: Counted) -> Iterator[tuple[str, Ledger]]:
    for name in FIGURES:
        ledger: Ledger | None = getattr(counted, name)
        if ledger:
            yield name, ledger


def _draw(report: Report, sides: Sequence[Side]) -> Table:
    total = report.totals
    rows = [(Cell("cnncalc", "title"), *map(_draw_number, (total.parameters, total.work.macs)), Cell("macs"))]
    for counted, own, of_own in sides:
        rows.append((Cell(counted.convention.title), *_draw_figures(counted), Cell(counted.convention.unit)))
        if own and of_own:
            rows.append((Cell(f"  {own.library}'s own", "faint"), *_draw_figures(of_own), Cell("")))
    names, parameters, operations, units = zip(*rows, strict=True)
    return Table((
        Column("counted by", names),
        Column("parameters", parameters, True),
        Column("operations", operations, True),
        Column("unit", units),
    ))  # fmt: skip


def _draw_number(number: int) -> Cell:
    return Cell(format_digits(number), "title")


def _draw_figures(counted: Counted) -> tuple[Cell, Cell]:
    parameters, operations = (
        Cell(format_digits(ledger.theirs)) if ledger else NONE for ledger in (counted.parameters, counted.operations)
    )
    return parameters, UNKNOWN if counted.unknown else operations


def _describe_side(report: Report, side: Side, alike: Sequence[Side]) -> Iterator[Block]:
    """The ledgers of tools that count alike; what they count as we do is in the table."""
    conventions = [each.counted.convention for each in alike]
    titles = ", ".join(f"{each.title} {each.version}".rstrip() for each in conventions)
    yield BLANK
    yield make_paragraph(titles, "title")
    if side.counted.unknown:
        yield make_paragraph(f"operations are not known: {_list_unknown(report, side.counted)}", indent=4)
    for name, ledger in _list_ledgers(side.counted):
        other: Ledger | None = getattr(side.of_own, name) if side.of_own else None
        if ledger.lines or (other and other != ledger):
            unit = conventions[0].unit if name == "operations" else name
            label = f"{unit} of {' and '.join(each.title for each in conventions)}"
            yield Pairs(list(_list_lines(ledger, label, side.own, other)), "", 2)


def _list_unknown(report: Report, counted: Counted) -> str:
    """The layers whose operations are not known, by their kinds."""
    kinds: dict[str, list[str]] = {}
    for at in counted.unknown:
        kinds.setdefault(report.layers[at].kind, []).append(report.layers[at].path)
    found = [
        f"{kind} at {paths[0]}" + (f" and {len(paths) - 1:,} more" if len(paths) > 1 else "")
        for kind, paths in kinds.items()
    ]
    more = [f"{len(found) - SHOWN:,} other kinds"] if len(found) > SHOWN else []
    return ", ".join([*found[:SHOWN], *more])


def _list_lines(ledger: Ledger, label: str, own: Own | None, other: Ledger | None) -> Iterator[tuple[str, str]]:
    """The numbers of a ledger, one below the other, with what each is."""
    ours = "parameters" if label.startswith("parameters") else "macs"
    entries = _list_entries(ledger, ours, label)
    if own and other and other != ledger:
        entries += [*_sign(subtract(other, ledger)), ("=", other.theirs, f"of {own.library}'s own: {own.text}")]
    yield from _write_entries(entries)


def list_ledger(ledger: Ledger, ours: str, label: str) -> Iterator[tuple[str, str]]:
    """The numbers of a ledger with what each is, the first `ours` of cnncalc, the last with a label."""
    if ledger.lines:
        yield from _write_entries(_list_entries(ledger, ours, label))
    else:
        yield format_digits(ledger.theirs), f"{ours} of cnncalc: {label}"


def _list_entries(ledger: Ledger, ours: str, label: str) -> list[tuple[str, int, str]]:
    return [("", ledger.ours, f"{ours} of cnncalc"), *_sign(ledger.lines), ("=", ledger.theirs, label)]


def _write_entries(entries: Sequence[tuple[str, int, str]]) -> Iterator[tuple[str, str]]:
    width = max(len(format_digits(number)) for _, number, _ in entries)
    for sign, number, text in entries:
        yield f"{sign or ' '} {format_digits(number):>{width}}", text


def _sign(lines: Sequence[Line]) -> Iterator[tuple[str, int, str]]:
    for line in lines:
        mistake = f"; a mistake: {line.mistake}" if line.mistake else ""
        yield "−" if line.amount < 0 else "+", abs(line.amount), line.text + mistake


# for programs


def dump_sides(report: Report, sides: Sequence[Side]) -> str:
    """Our figures, and those of each tool with its ledgers."""
    return dump({
        "format": FORMAT,
        "name": report.name,
        "input": report.input,
        "output": report.output,
        "totals": {"parameters": report.totals.parameters, "macs": report.totals.work.macs},
        "conventions": [_record_side(report, side) for side in sides],
    })  # fmt: skip


def _record_side(report: Report, side: Side) -> dict[str, Any]:
    counted, own, of_own = side
    convention = counted.convention
    return {
        "name": convention.name,
        "title": convention.title,
        "version": convention.version,
        "source": convention.url,
        "unit": convention.unit,
        "per_mac": convention.per_mac,
        **{name: record_ledger(getattr(counted, name)) for name in FIGURES},
        "unknown": [report.layers[at].path for at in counted.unknown],
        "own": {
            "library": own.library,
            "differs": own.text,
            **{name: record_ledger(getattr(of_own, name)) for name in FIGURES},
        } if own else None,
        "notes": convention.notes,
    }  # fmt: skip


def record_ledger(ledger: Ledger | None) -> dict[str, Any] | None:
    """A ledger; None for a figure that there is not."""
    return ledger and {
        "ours": ledger.ours,
        "lines": [{"text": line.text, "amount": line.amount, "mistake": line.mistake} for line in ledger.lines],
        "theirs": ledger.theirs,
    }


CSV_HEADER = ("convention", "version", "of", "figure", "line", "amount", "mistake")


def write_sides_csv(sides: Sequence[Side]) -> str:
    """A row for each line of each ledger; the first of a ledger is our figure, the last the tool's."""
    return write_csv(list(CSV_HEADER), list(_list_rows(sides)))


def _list_rows(sides: Sequence[Side]) -> Iterator[list[Any]]:
    for counted, own, of_own in sides:
        convention = counted.convention
        for library, each in (("export", counted), *([(own.library, of_own)] if own and of_own else [])):
            for name in FIGURES:
                ledger: Ledger | None = getattr(each, name)
                start = [convention.name, convention.version, library, name]
                if ledger:
                    yield [*start, "ours", ledger.ours, ""]
                    yield from ([*start, line.text, line.amount, line.mistake] for line in ledger.lines)
                    yield [*start, "theirs", ledger.theirs, ""]
