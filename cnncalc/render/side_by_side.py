"""Architectures side by side, as a table, JSON, CSV and Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from cnncalc.analysis.figures import FIGURES
from cnncalc.analysis.report import LayerReport
from cnncalc.compare.rows import Side, divide, measure
from cnncalc.compare.side_by_side import Aligned, Subject
from cnncalc.render.columns import Value, join
from cnncalc.render.compare import COMPARED, Table, fitted, ratio_cells, ratio_text, side_record
from cnncalc.render.grid import Cell, grid, width_of
from cnncalc.render.numbers import Writer, exact, human
from cnncalc.render.paint import Line, paint
from cnncalc.render.summary import shorten
from cnncalc.render.text import clean

ARGUMENT = re.compile(r"[^\s,\[][^,\[]*(?:\[(?:\[[^]]*\]|[^][])*\])?|\[(?:\[[^]]*\]|[^][])*\]")
NARROW = 12  # cells of the settings, from which on all is as short as can be
MARKS = {"same": "=", "changed": "~", "before": "−", "after": "+"}
STYLES = {"same": "faint", "changed": "mark", "before": "mark", "after": "good"}


class Comparing(NamedTuple):
    """What is compared; `rows` are there for two."""

    subjects: tuple[Subject, ...]
    rows: tuple[Aligned, ...] = ()


def _figure(name: str) -> Callable[[Subject], Value]:
    return lambda subject: measure(FIGURES[name], subject.report)


SHOWN: dict[str, Callable[[Subject], Value]] = {
    "input": lambda subject: subject.report.input,
    **{name.replace("_", " "): _figure(name) for name in ("output", "parameters", "macs", "multiplications")},
    **{name.replace("_", " "): _figure(name) for name in ("activations", "receptive_field")},
    "depth": lambda subject: subject.depth,
}


def comparing_table(found: Comparing, width: int | None, *, color: bool) -> str:
    """The totals, and below them the layers where there are two."""
    lines: list[Line] = []
    for write, bars in ((exact, True), (human, True), (human, False)):
        columns = _totals(found, write, bars=bars)
        if width is None or width_of(columns) <= width:
            break
    columns[0] = fitted(columns[0], 0 if width is None else width_of(columns) - width)
    lines += grid(columns)
    if found.rows:
        lines += [[("", "")], *_layers(found, width)]
    return paint(lines, color=color)


def _totals(found: Comparing, write: Writer, *, bars: bool) -> Table:
    """A line for each figure where there are two architectures, else a line for each architecture."""
    first = found.subjects[0]
    if len(found.subjects) == 2:
        columns = [[Cell("", "head"), *(Cell(name, "head") for name in SHOWN)]]
        for subject in found.subjects:
            texts = [_text(value(subject), write) for value in SHOWN.values()]
            columns.append([Cell(clean(subject.label), "head", True), *(Cell(text, "", True) for text in texts)])
        ratios = ratio_cells([divide(value(first), value(found.subjects[1])) for value in SHOWN.values()], bars=bars)
        return [*columns, [Cell("ratio", "head"), *ratios]]
    columns = [[Cell("", "head"), *(Cell(clean(subject.label), "title") for subject in found.subjects)]]
    for name, value in SHOWN.items():
        header = Cell(name if write is exact else SHORT.get(name, name), "head", True)
        columns.append([header, *(Cell(_text(value(subject), write), "", True) for subject in found.subjects)])
        if name in ("parameters", "multiplications"):
            ratios = ratio_cells([divide(value(first), value(subject)) for subject in found.subjects], bars=bars)
            columns.append([Cell("ratio", "head"), *ratios])
    hidden = () if write is exact else ("input", "output", "macs", "activations")
    return [column for column in columns if column[0].text not in hidden]


SHORT = {"parameters": "params", "multiplications": "mults", "receptive field": "field"}


def _text(value: Value, write: Writer) -> str:
    if isinstance(value, tuple) and len(set(value)) == 1:
        return str(value[0])
    return write(value) if isinstance(value, int) else join(value) or "–"


def _layers(found: Comparing, width: int | None) -> Sequence[Line]:
    """The layers aligned; runs of the same ones are told in a line."""
    for write, settings in ((exact, None), (human, None), (human, 26), (human, 16), (human, NARROW), (human, 8)):
        columns = _aligned(found, write, settings)
        if width is None or width_of(columns) <= width:
            break
    spare = 0 if width is None else width_of(columns) - width
    columns[1] = fitted(columns[1], spare)
    return list(grid(columns))


def _aligned(found: Comparing, write: Writer, settings: int | None = None) -> Table:
    header = ["", "layer", "settings", "parameters", "→", "multiplications", "→"]
    if write is human:
        header = ["", "layer", "settings", "params", "→", "mults", "→"]
    columns: Table = [[Cell(name, "head", at > 2)] for at, name in enumerate(header)]
    for cells in _lines(found, write, settings):
        for column, cell in zip(columns, cells, strict=True):
            column.append(cell)
    return columns


def _lines(found: Comparing, write: Writer, width: int | None) -> Iterator[list[Cell]]:
    for state, group in groupby(found.rows, key=lambda row: row.state):
        rows = list(group)
        if state == "same" and len(rows) > 1:
            parameters = sum(row.after.parameters for row in rows if row.after)
            work = sum(row.after.work.multiplications for row in rows if row.after)
            room = width is None or width > NARROW  # else paths are cut, and this would be
            text = f"{len(rows)} layers the same" if room else f"{len(rows)} the same"
            yield [
                Cell(MARKS[state], "faint"),
                Cell(text, "faint"),
                Cell(""),
                *_pair(write, parameters, parameters),
                *_pair(write, work, work),
            ]
            continue
        for row in rows:
            figures = [_figures(side) for side in (row.before, row.after)]
            (p, m), (q, n) = figures
            label = (Cell(MARKS[state], STYLES[state]), Cell(clean(row.path), STYLES[state]))
            yield [*label, Cell(shorten(_settings(row), width)), *_pair(write, p, q), *_pair(write, m, n)]


def _figures(side: LayerReport | None) -> tuple[int | None, int | None]:
    return (side.parameters, side.work.multiplications) if side else (None, None)


def _pair(write: Writer, before: int | None, after: int | None) -> list[Cell]:
    """Both figures, the second only where it is another."""
    first = "" if before is None else write(before)
    second = "" if after is None else write(after)
    return [Cell(first, "", True), Cell("=" if first and first == second else second, "", True)]


def _settings(row: Aligned) -> str:
    """The call; where the two differ, what goes and what comes."""
    one, other = (clean(repr(side.layer)) if side else "" for side in (row.before, row.after))
    return call_difference(one, other) if one and other and one != other else one or other


def call_difference(one: str, other: str) -> str:
    """What a call of the same kind has no more, and what it has now.

    >>> call_difference("conv(64, [3, 1], stride=2, bias=false)", "conv(32, [3, 1], bias=false)")
    'conv −64 −stride=2 +32'
    """
    kind = other.partition("(")[0]
    old, new = (ARGUMENT.findall(call.partition("(")[2].removesuffix(")")) for call in (one, other))
    gone = [f"−{text}" for text in old if text not in new]
    return " ".join([kind, *gone, *(f"+{text}" for text in new if text not in old)])


def comparing_json(found: Comparing) -> str:
    """`rows` are layers for two architectures, else each architecture beside the first."""
    from cnncalc.render.json import FORMAT, dump

    first, last = found.subjects[0], found.subjects[-1]
    if len(found.subjects) == 2:
        rows = [_record(row.path, row.before, row.after, state=row.state) for row in found.rows]
    else:
        rows = [_record(subject.label, first.report, subject.report) for subject in found.subjects[1:]]
    architectures = [
        {"label": each.label, "name": each.report.name, "input": each.report.input, "depth": each.depth,
         **(side_record(each.report) or {})}
        for each in found.subjects
    ]  # fmt: skip
    totals = {"before": side_record(first.report), "after": side_record(last.report)}
    return dump({"format": FORMAT, "architectures": architectures, "rows": rows, "totals": totals})


def _record(path: str, before: Side, after: Side, **more: str) -> dict[str, Any]:
    return {"path": path, **more, "before": side_record(before), "after": side_record(after)}


def comparing_csv(found: Comparing) -> str:
    """A line a layer for two architectures, else a line for each architecture."""
    from cnncalc.render.csv import write

    if len(found.subjects) != 2:
        header = ["name", *(name.replace(" ", "_") for name in SHOWN)]
        return write(header, ([each.label, *(value(each) for value in SHOWN.values())] for each in found.subjects))
    header = ["state", *(f"{name}_{side}" for name in ("path", "settings") for side in ("before", "after"))]
    header += [f"{figure.name}_{side}" for figure in COMPARED for side in ("before", "after")]
    lines: list[list[Value]] = []
    for row in found.rows:
        sides = (row.before, row.after)
        texts = [*(side.path if side else "" for side in sides), *(repr(side.layer) if side else "" for side in sides)]
        lines.append([row.state, *texts, *(measure(figure, side) for figure in COMPARED for side in sides)])
    return write(header, lines)


def comparing_markdown(found: Comparing) -> str:
    """The totals, and below them the layers where there are two."""
    from cnncalc.render.markdown import escape, write_table

    first = found.subjects[0]
    header = ["", *(escape(each.label) for each in found.subjects), *["ratio"] * (len(found.subjects) == 2)]
    rows = []
    for name, value in SHOWN.items():
        cells = [name, *(escape(_text(value(each), exact)) for each in found.subjects)]
        text = ratio_text(divide(value(first), value(found.subjects[-1])))
        rows.append([*cells, *[text] * (len(found.subjects) == 2)])
    text = write_table(header, [False, *[True] * (len(header) - 1)], rows)
    if found.rows:
        columns = _aligned(found, exact)
        lines = zip(*([escape(cell.text) for cell in column[1:]] for column in columns), strict=True)
        text += "\n" + write_table(
            [column[0].text for column in columns], [c[0].right for c in columns], map(list, lines)
        )
    return text
