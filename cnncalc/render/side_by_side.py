"""Architectures side by side, as a document, JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from cnncalc.analysis.figures import FIGURES, Dtype, Figure, find_figure
from cnncalc.analysis.folding import Row
from cnncalc.compare.rows import Side, divide_values, measure
from cnncalc.compare.side_by_side import Aligned, ComparedNetwork, SideBySide
from cnncalc.layers.arguments import format_value
from cnncalc.render.columns import Value
from cnncalc.render.compare import choose_figures, describe_settings, make_ratio_columns, record_side
from cnncalc.render.document import (
    BLANK,
    EMPTY,
    Block,
    Cell,
    Column,
    Table,
    elide_paths,
    fit_table,
    measure_columns,
    measure_excess,
)
from cnncalc.render.numbers import format_figure
from cnncalc.render.summary import shorten
from cnncalc.render.text import clean
from cnncalc.render.view import View

READABLE_PATH = 24  # cells of a path that is elided before the settings are
NARROW = 12  # cells of the settings, at which other texts are shortened as well
OF_NETWORKS = tuple(figure for figure in FIGURES.values() if not figure.is_of_layers)
MARKS = {"same": "=", "changed": "~", "before": "−", "after": "+"}
STYLES = {"same": "faint", "changed": "mark", "before": "mark", "after": "good"}
# The default figures.
TOTALS = (
    "input", "output", "parameters", "macs", "multiplications", "activations", "receptive_field", "depth",
)  # fmt: skip
LAYERS = ("parameters", "macs")  # of layers
JUDGED = ("parameters", "macs")  # with a ratio beside them in a table of three or more networks
DROPPED = ("multiplications", "activations", "input", "output")  # at a narrow width, in this order


def compare_side_by_side(found: SideBySide, view: View) -> Iterator[Block]:
    """The totals, and for two networks the layers below them."""
    lines = [find_figure(name) for name in view.columns or TOTALS]
    draw = _draw_two if len(found.networks) == 2 else _draw_many
    tables = (
        draw(found.networks, [line for line in lines if line.name not in dropped], view.dtype, units=units, bars=bars)
        for units, bars, dropped in _iterate_variants(view, len(found.networks))
    )
    yield elide_paths(fit_table(tables, view.width), 0, view.width)
    if found.rows:
        yield BLANK
        yield _fit_layers(found, view)


def _iterate_variants(view: View, networks: int) -> Iterator[tuple[bool, bool, Sequence[str]]]:
    """Variants from the widest to the narrowest: whether in units, whether with bars, and the dropped figures."""
    units = bool(view.human)
    yield units, True, ()
    units = view.human is not False
    yield units, True, ()
    yield units, False, ()
    if networks > 2 and view.columns is None:
        for number in range(1, len(DROPPED) + 1):
            yield units, False, DROPPED[:number]


def _draw_two(
    networks: Sequence[ComparedNetwork], lines: Sequence[Figure], dtype: Dtype, *, units: bool, bars: bool
) -> Table:
    """The table of two networks: a row for each figure."""
    columns = [Column("", [Cell(_name(line, units=units), "head") for line in lines])]
    values = [[line.measure_network(network.report, dtype) for line in lines] for network in networks]
    for network, known in zip(networks, values, strict=True):
        cells = [Cell(_format(line, value, units=units)) for line, value in zip(lines, known, strict=True)]
        columns.append(Column(network.label, cells, True))
    columns += make_ratio_columns(list(map(divide_values, *values)), [line.better for line in lines], bars=bars)
    return Table(columns)


def _draw_many(
    networks: Sequence[ComparedNetwork], lines: Sequence[Figure], dtype: Dtype, *, units: bool, bars: bool
) -> Table:
    """The table of three or more networks: a row for each."""
    columns = [Column("", [Cell(network.label, "title") for network in networks])]
    for line in lines:
        values = [line.measure_network(network.report, dtype) for network in networks]
        cells = [Cell(_format(line, value, units=units)) for value in values]
        columns.append(Column(line.short if units else _name(line, units=units), cells, True))
        if line.name in JUDGED:
            ratios = [divide_values(values[0], value) for value in values]
            columns += make_ratio_columns(ratios, [line.better] * len(ratios), bars=bars)
    return Table(columns)


def _name(line: Figure, *, units: bool) -> str:
    """What a figure is called, with the unit that its numbers do not have."""
    return f"{line.title}, bytes" if line.written == "bytes" and not units else line.title


def _format(line: Figure, value: Value, *, units: bool) -> str:
    if line.name == "receptive_field" and value and len(set(value)) == 1:
        return str(value[0])
    return format_figure(value, line.written, units=units)


def _fit_layers(found: SideBySide, view: View) -> Table:
    """The table of aligned layers, fitted to the width."""
    names = view.columns or LAYERS
    figures = [FIGURES[name] for name in names if name in FIGURES and FIGURES[name].together == "sum"]
    settings: tuple[int | None, ...] = (None, 26, 16, NARROW, 8)
    ways = [(bool(view.human), None), *((view.human is not False, room) for room in settings)]
    for units, room in ways:
        table = _draw_layers(found.rows, figures, view.dtype, units=units, room=room)
        excess = measure_excess(table, view.width)
        if excess <= 0 or (units and measure_columns(table)[1] - excess >= READABLE_PATH):
            break
    return elide_paths(table, 1, view.width)


def _draw_layers(
    rows: Sequence[Aligned], figures: Sequence[Figure], dtype: Dtype, *, units: bool, room: int | None
) -> Table:
    headers = ["", "layer", "settings"]
    for figure in figures:
        headers += [figure.short if units else figure.title, "→"]
    made: list[list[Cell]] = []
    for state, group in groupby(rows, key=lambda row: row.state):
        alike = list(group)
        if state == "same" and len(alike) > 1:
            text = f"{len(alike)} layers the same" if room is None or room > NARROW else f"{len(alike)} the same"
            sums = [sum(measure(figure, row.after, dtype) for row in alike) for figure in figures]
            pairs = [_pair(figure, value, value, units=units) for figure, value in zip(figures, sums, strict=True)]
            made.append([Cell(MARKS[state], "faint"), Cell(text, "faint"), EMPTY, *_flatten(pairs)])
            continue
        for row in alike:
            values = [[measure(figure, side, dtype) for side in (row.before, row.after)] for figure in figures]
            pairs = [_pair(figure, *both, units=units) for figure, both in zip(figures, values, strict=True)]
            label = [Cell(MARKS[state], STYLES[state]), Cell(row.path, STYLES[state])]
            made.append([*label, Cell(shorten(clean(describe_change(row)), room)), *_flatten(pairs)])
    cells = zip(*made, strict=True) if made else [()] * len(headers)
    return Table([Column(name, each, at > 2) for at, (name, each) in enumerate(zip(headers, cells, strict=True))])


def _flatten(pairs: Sequence[Sequence[Cell]]) -> Iterator[Cell]:
    return (cell for pair in pairs for cell in pair)


def _pair(figure: Figure, before: Value, after: Value, *, units: bool) -> list[Cell]:
    """Both figures; the second is "=" if it is equal."""
    texts = ["" if value is None else format_figure(value, figure.written, units=units) for value in (before, after)]
    return [Cell(texts[0]), Cell("=" if texts[0] and texts[0] == texts[1] else texts[1])]


def describe_change(row: Aligned) -> str:
    """The call; of two that differ, the changes, e.g. `conv kernel 3 → 7, stride 1 → 2`."""
    before, after = row.before, row.after
    if before is None or after is None:
        side = before or after
        return describe_settings(side) if side else ""
    if len(before.inside) > 1 or len(after.inside) > 1:
        one, other = describe_settings(before), describe_settings(after)
        return one if one == other else f"{one} → {other}"
    old, new = before.inside[0].layer, after.inside[0].layer
    changes = [
        f"{name} {format_value(getattr(old, name))} → {format_value(getattr(new, name))}"
        for name in new.settings
        if getattr(old, name) != getattr(new, name)
    ]
    return f"{new.kind} {', '.join(changes)}" if changes else repr(new)


def dump_side_by_side(found: SideBySide, convention: str = "") -> str:
    """The comparison as JSON: `rows` are layers for two architectures, else each architecture beside the first.

    `convention` is that of another tool, whose figures are added to each architecture.
    """
    from cnncalc.render.json import FORMAT, dump, record_convention, record_value

    first, last = found.networks[0], found.networks[-1]
    if len(found.networks) == 2:
        rows = [_record(row.path, row.before, row.after, state=row.state) for row in found.rows]
    else:
        rows = [_record(network.label, first.report, network.report) for network in found.networks[1:]]
    architectures = [
        {"label": each.label, "name": each.report.name,
         **{
             figure.name: record_value(figure.measure_network(each.report))
             for figure in OF_NETWORKS if first.report.device or not figure.of_device
         },
         "input": each.report.input, "inputs": each.report.inputs,
         **(record_side(each.report) or {}),
         **record_convention(each.report, convention)}
        for each in found.networks
    ]  # fmt: skip
    totals = {"before": record_side(first.report), "after": record_side(last.report)}
    return dump({"format": FORMAT, "architectures": architectures, "rows": rows, "totals": totals})


def _record(path: str, before: Side, after: Side, **more: str) -> dict[str, Any]:
    return {"path": path, **more, "before": record_side(before), "after": record_side(after)}


def write_side_by_side_csv(found: SideBySide, view: View) -> str:
    """The comparison as CSV: a line for each layer for two architectures, else for each architecture."""
    from cnncalc.render.csv import write_csv

    if len(found.networks) != 2 or view.totals:
        lines = [find_figure(name) for name in view.columns or TOTALS]
        rows = (
            [each.label, *(line.measure_network(each.report, view.dtype) for line in lines)] for each in found.networks
        )
        return write_csv(["name", *(line.name for line in lines)], rows)
    figures = choose_figures(view)
    header = ["state", *(f"{name}_{side}" for name in ("path", "settings") for side in ("before", "after"))]
    header += [f"{figure.name}_{side}" for figure in figures for side in ("before", "after")]
    return write_csv(header, (_list_values(row, figures, view.dtype) for row in found.rows))


def _list_values(row: Aligned, figures: Sequence[Figure], dtype: Dtype) -> list[Value]:
    sides: tuple[Row | None, ...] = (row.before, row.after)
    texts = [
        *(side.path if side else "" for side in sides),
        *(describe_settings(side) if side else "" for side in sides),
    ]
    return [row.state, *texts, *(measure(figure, side, dtype) for figure in figures for side in sides)]
