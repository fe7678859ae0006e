"""The stages of networks side by side: as one table, or where that is too wide one below the other; JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.analysis.figures import Dtype, Figure, find_figure
from cnncalc.compare.side_by_side import ComparedNetwork
from cnncalc.compare.stages import Stage, StageRow
from cnncalc.layers.base import Shape
from cnncalc.render.columns import join
from cnncalc.render.compare import record_side
from cnncalc.render.document import BLANK, EMPTY, Block, Cell, Column, Pairs, Table, make_paragraph, measure_excess
from cnncalc.render.numbers import format_figure
from cnncalc.render.text import clean, count_cells, pad
from cnncalc.render.view import View

TOTALS = ("parameters", "macs")  # below the stages, by default
FLAT = "flat"


def compare_stages(networks: Sequence[ComparedNetwork], rows: Sequence[StageRow], view: View) -> Iterator[Block]:
    """The stages, and below them the figures of the networks."""
    figures = [find_figure(name) for name in view.columns or TOTALS]
    table = _draw(networks, rows, figures, view)
    if measure_excess(table, view.width) <= 0:
        yield table
        return
    for number, network in enumerate(networks):
        if number:
            yield BLANK
        yield make_paragraph(network.label, "title")
        own = [(row, stage) for row in rows if (stage := row.stages[number]) is not None]
        wide = max((count_cells(clean(stage.name)) for _, stage in own), default=0)
        pairs = [(pad(clean(stage.name), wide + 2) + format_sizes(row.sizes), str(stage)) for row, stage in own]
        values = [(figure.title, _format(figure, network, view.dtype, units=bool(view.human))) for figure in figures]
        yield Pairs([*pairs, *values], "head", 2)


def _draw(
    networks: Sequence[ComparedNetwork], rows: Sequence[StageRow], figures: Sequence[Figure], view: View
) -> Table:
    names = [Cell(row.name, "title") for row in rows] + [Cell(figure.title, "head") for figure in figures]
    sizes = [Cell(format_sizes(row.sizes)) for row in rows] + [EMPTY] * len(figures)
    columns = [Column("stage", names), Column("output", sizes, True)]
    for number, network in enumerate(networks):
        held = [Cell("" if (stage := row.stages[number]) is None else str(stage)) for row in rows]
        totals = [Cell(_format(figure, network, view.dtype, units=bool(view.human))) for figure in figures]
        columns.append(Column(network.label, [*held, *totals]))
    return Table(columns, sections=[len(rows)])


def _format(figure: Figure, network: ComparedNetwork, dtype: Dtype, *, units: bool) -> str:
    value = figure.measure_network(network.report, dtype)
    return "" if value is None else format_figure(value, figure.written, units=units)


def format_sizes(sizes: Shape) -> str:
    """`56×56`, or `flat`."""
    return join(sizes) or FLAT


def dump_stages(networks: Sequence[ComparedNetwork], rows: Sequence[StageRow], convention: str = "") -> str:
    """The stages as JSON; a network without a stage has null there.

    `convention` is that of another tool, whose figures are added to each architecture.
    """
    from cnncalc.render.json import FORMAT, dump, record_convention

    return dump(
        {
            "format": FORMAT,
            "architectures": [
                {
                    "label": each.label,
                    "name": each.report.name,
                    **(record_side(each.report) or {}),
                    **record_convention(each.report, convention),
                }
                for each in networks
            ],
            "stages": [
                {"name": row.name, "sizes": row.sizes, "networks": list(map(_record, row.stages))} for row in rows
            ],
        }
    )


def _record(stage: Stage | None) -> dict[str, Any] | None:
    if stage is None:
        return None
    parts = [{"text": part.text, "count": part.times} for part in stage.parts]
    return {"name": stage.name, "output": stage.output, "parts": parts}


def write_stages_csv(networks: Sequence[ComparedNetwork], rows: Sequence[StageRow], view: View) -> str:
    """The stages as CSV: a line for each stage, and for each figure."""
    from cnncalc.render.csv import write_csv

    lines: list[list[Any]] = [
        [row.name, row.sizes, *("" if stage is None else str(stage) for stage in row.stages)] for row in rows
    ]
    for figure in (find_figure(name) for name in view.columns or TOTALS):
        lines.append([figure.name, None, *(figure.measure_network(each.report, view.dtype) for each in networks)])
    return write_csv(["stage", "output", *(each.label for each in networks)], lines)
