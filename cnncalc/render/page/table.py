"""The table of a page: all layers in order, below the groups that they are in, and the sums of the groups."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from cnncalc.analysis.figures import FIGURES
from cnncalc.analysis.folding import Row, fold
from cnncalc.records import NamedTuple
from cnncalc.render.columns import COLUMNS, format_field, format_shape
from cnncalc.render.markup import LINE, Markup, element, join
from cnncalc.render.numbers import format_digits

if TYPE_CHECKING:
    from cnncalc.analysis.report import LayerReport, Report
    from cnncalc.layers.base import Shape
    from cnncalc.render.page.subject import Subject

SUMMED = ("parameters", "macs", "activations")
SHOWN = ("layer", "settings", "output", *SUMMED, "receptive_field")
STEPS = 50  # of the bars below numbers


class Line(NamedTuple):
    """A row of the table: a group, or with the index of a layer; `sums` are the figures of `SUMMED`."""

    row: Row
    sums: tuple[int, ...]
    output: Shape | None
    result: LayerReport | None  # the layer whose output is that of the row
    layer: int | None = None


def list_lines(report: Report) -> list[Line]:
    """The lines of all layers and of all groups, each of which is before its layers."""
    rows = fold(report, max((group.depth for group in report.groups), default=0) + 2)
    firsts = [0, *accumulate(int(not row.head) for row in rows)]  # the index of the first layer in or after each row
    sums = [_accumulate(report, name) for name in SUMMED]
    results = {group.path: group.result for group in reversed(report.groups)}
    starts = dict(zip(report.input_labels, report.inputs.values(), strict=True))
    lines = []
    for row, first, end in zip(rows, firsts, _find_ends(rows), strict=False):
        added = tuple(of[firsts[end]] - of[first] for of in sums)
        if row.head:
            at = results.get(row.path)
            result = report.layers[at] if at is not None and 0 <= at < len(report.layers) else None
            output = result.output if result else starts.get(len(report.layers) if at is None else at)
            lines.append(Line(row, added, output, result))
        else:
            lines.append(Line(row, added, row.output, row.result, first))
    return lines


def _accumulate(report: Report, name: str) -> list[int]:
    """The sums of a figure over the layers before each index."""
    measure = FIGURES[name].measure_layer
    return [0, *accumulate(measure(layer) for layer in report.layers)]


def _find_ends(rows: Sequence[Row]) -> list[int]:
    """For each row the index after the last one that is in it."""
    ends = [0] * len(rows)
    around: list[int] = []
    for at, row in enumerate(rows):
        while around and rows[around[-1]].indent >= row.indent:
            ends[around.pop()] = at
        around.append(at)
    for at in around:
        ends[at] = len(rows)
    return ends


def write_table(subject: Subject) -> Markup:
    """The table with its header and the totals."""
    report = subject.report
    totals = [FIGURES[name].measure_network(report) for name in SUMMED]
    heads = [
        element("th", COLUMNS[name].short if name == "receptive_field" else COLUMNS[name].title, scope="col",
                class_=None if name in ("layer", "settings") else "right", data_column=name)
        for name in SHOWN
    ]  # fmt: skip
    body = [_write_line(line, totals) for line in list_lines(report)]
    footer = [
        element("th", "total", scope="row"), element("td"), element("td", format_shape(report.output)),
        *(element("td", format_digits(total)) for total in totals), element("td"),
    ]  # fmt: skip
    return element(
        "table",
        element("caption", f"The layers of {report.name} in order, within their groups"),
        element("thead", element("tr", *heads)), LINE,
        element("tbody", join(body, LINE)), LINE,
        element("tfoot", element("tr", *footer)),
        class_="layers",
    )  # fmt: skip


def _write_line(line: Line, totals: Sequence[int]) -> Markup:
    row = line.row
    cells = [
        element("th", row.title, scope="row"),
        _write_cell(row.settings),
        _write_cell(format_shape(line.output) if line.output else ""),
        *map(_write_number, line.sums, totals),
        _write_cell(format_field(line.result)),
    ]
    if line.layer is None:
        return element("tr", *cells, class_="group", data_level=row.indent, data_path=row.path)
    return element("tr", *cells, data_level=row.indent, data_layer=line.layer)


@lru_cache(maxsize=1000)  # most cells of a large table occur many times
def _write_cell(text: str) -> Markup:
    return element("td", text)


@lru_cache(maxsize=1000)
def _write_number(value: int, total: int) -> Markup:
    """A number, with a class for the bar below it that shows its share of the total."""
    return element("td", format_digits(value), class_=f"s{-(-STEPS * value // total)}" if value else None)
