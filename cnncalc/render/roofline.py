"""The roofline of a network on a device as a document, JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from cnncalc.analysis.folding import Row, fold
from cnncalc.analysis.memory import Memory
from cnncalc.analysis.roofline import Device, LeastTime, compute_intensity, list_least_times
from cnncalc.conditions import format_seconds
from cnncalc.render.csv import write_csv
from cnncalc.render.document import (
    BLANK,
    EMPTY,
    Block,
    Cell,
    Column,
    Paragraph,
    Table,
    drop_columns,
    elide_paths,
    fit_table,
)
from cnncalc.render.memory import describe_batch
from cnncalc.render.numbers import draw_bar, format_figure, format_units
from cnncalc.render.view import View

BAR = 12  # cells of a full bar


def describe_roofline(memory: Memory, device: Device, view: View) -> Iterator[Block]:
    """The least time in all, and that of each layer with the bound that it meets."""
    found = list_least_times(memory.report, memory.dtypes, device, memory.batch)
    together = _sum_times(found)
    yield Paragraph((
        (memory.report.name, "title"), (f"  roofline in {memory.dtypes.label}{describe_batch(memory)}", ""),
    ))  # fmt: skip
    balance = format_figure(float(device.compute / device.bandwidth), "ratio")
    rates = f"{format_units(int(device.compute))} operations and {format_units(int(device.bandwidth))} bytes a second"
    yield Paragraph(
        (("least time  ", "head"), (f"{format_seconds(together.seconds)}, a lower bound, at {rates}", "")), 12
    )
    bound = sum(each.seconds for each in found if each.bound == "compute")
    share = f"{float(100 * bound / together.seconds):.1f}%" if together.seconds else "0%"
    text = f"{share} of it in layers bound by compute: those of more than {balance} operations a byte"
    yield Paragraph((("bound by  ", "head"), (text, "")), 12)
    yield BLANK
    rows = [row for row in fold(memory.report, view.depth) if not row.head]
    units = view.human is not False
    ways = ((True, bool(view.human)), (True, units), (False, units))
    wide, middle, narrow = (_draw(memory, rows, found, bars=bars, units=units) for bars, units in ways)
    tables = (wide, middle, *drop_columns(narrow, ["operations", "bytes moved", "intensity"]))
    yield elide_paths(fit_table(tables, view.width), 0, view.width)


def _sum_times(times: Sequence[LeastTime]) -> LeastTime:
    """Several layers one after another; the bound that most of their time meets."""
    seconds = sum((each.seconds for each in times), Fraction(0))
    computing = sum((each.seconds for each in times if each.bound == "compute"), Fraction(0))
    bound = "" if not seconds else "compute" if 2 * computing > seconds else "bandwidth"
    return LeastTime(sum(each.operations for each in times), sum(each.moved for each in times), seconds, bound)


def _draw(memory: Memory, rows: Sequence[Row], found: Sequence[LeastTime], *, bars: bool, units: bool) -> Table:
    places = {layer.path: index for index, layer in enumerate(memory.report.layers)}
    times = [_sum_times([found[places[layer.path]] for layer in row.inside]) for row in rows]
    together = _sum_times(found)
    most = max((each.seconds for each in times), default=Fraction(0))
    shares = [each.seconds / most if most else Fraction(0) for each in times]
    drawn = [Cell(draw_bar(share.numerator, share.denominator, BAR), "bar") for share in shares]
    intensities = list(map(_compute_intensity, times))
    columns = [
        Column("layer", [Cell(_format_path(row)) for row in rows], footer=Cell("total", "head")),
        _make_column("operations", "count", [each.operations for each in times], together.operations, units=units),
        _make_column("bytes moved", "bytes", [each.moved for each in times], together.moved, units=units),
        _make_column("intensity", "ratio", intensities, _compute_intensity(together), units=units),
        Column(
            "least time", [Cell(format_seconds(each.seconds)) for each in times], True,
            Cell(format_seconds(together.seconds), "head"),
        ),
        *[Column("", drawn, footer=EMPTY, bar=True)] * bars,
        Column("bound", [Cell(each.bound) for each in times], footer=EMPTY),
    ]  # fmt: skip
    return Table(columns)


def _format_path(row: Row) -> str:
    return f"{row.path} ×{row.rounds}" if row.rounds else row.path


def _compute_intensity(each: LeastTime) -> float | None:
    return compute_intensity(each.operations // 2, each.moved)


def _make_column(header: str, written: Any, values: Sequence[Any], total: Any, *, units: bool) -> Column:
    cells = [Cell(format_figure(value, written, units=units), "" if value else "faint") for value in values]
    return Column(header, cells, True, Cell(format_figure(total, written, units=units), "head"))


def record_roofline(memory: Memory, device: Device) -> dict[str, Any]:
    """The roofline for JSON; times are in seconds."""
    found = list_least_times(memory.report, memory.dtypes, device, memory.batch)
    together = _sum_times(found)
    return {
        "compute": float(device.compute), "bandwidth": float(device.bandwidth), "operations": together.operations,
        "bytes_moved": together.moved, "intensity": _compute_intensity(together), "least_time": float(together.seconds),
        "layers": [
            {
                "path": layer.path, "operations": each.operations, "bytes_moved": each.moved,
                "intensity": _compute_intensity(each), "least_time": float(each.seconds), "bound": each.bound or None,
            }
            for layer, each in zip(memory.report.layers, found, strict=True)
        ],
    }  # fmt: skip


def write_roofline_csv(memory: Memory, device: Device) -> str:
    """A row a layer."""
    found = list_least_times(memory.report, memory.dtypes, device, memory.batch)
    header = ["layer", "operations", "bytes_moved", "intensity", "least_time", "bound"]
    rows = (
        [layer.path, each.operations, each.moved, _compute_intensity(each), float(each.seconds), each.bound]
        for layer, each in zip(memory.report.layers, found, strict=True)
    )
    return write_csv(header, rows)
