"""Convolutions and their replacements, as a document, JSON and CSV; and the helpers of all comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from cnncalc.analysis.figures import FIGURES, Better, Figure
from cnncalc.analysis.folding import Row
from cnncalc.compare.rows import Comparison, Replacement, Side, divide_values, measure
from cnncalc.compare.separable import DenseComparison
from cnncalc.render.columns import Value, join
from cnncalc.render.document import (
    BLANK,
    EMPTY,
    Block,
    Cell,
    Column,
    Paragraph,
    Table,
    elide_paths,
    fit_table,
    make_paragraph,
)
from cnncalc.render.numbers import draw_bar, format_digits, format_figure, format_units
from cnncalc.render.view import View

BAR = 8  # cells of a full bar
CLOSED = {"depthwise": "1/C_out + 1/K²", "spatial": "I/(K·O) + C_out/(K·C_in)"}
RATIO = "ratio"
# The figures of a side in JSON and CSV: all that do not depend on a data type.
COMPARED = tuple(
    figure for figure in FIGURES.values()
    if figure.is_of_layers and figure.written != "bytes" and figure.name != "layers"
)  # fmt: skip
REPLACED = ("parameters", "multiplications")  # figures of convolutions and their replacements; the ratio is of the last


def format_ratio(ratio: Fraction | None) -> str:
    """Format a ratio with three digits: 0.127, 1.00, 12.3."""
    if ratio is None:
        return ""
    value = float(ratio)
    return f"{value:.3f}" if value < 0.9995 else f"{value:.2f}" if value < 9.995 else f"{value:,.1f}"


def make_ratio_columns(
    ratios: Sequence[Fraction | None], better: Sequence[Better], *, bars: bool = True, total: Fraction | None = None
) -> Iterator[Column]:
    """Ratios as numbers and as bars; the full bar is the largest ratio, or 1 if none is larger."""
    largest = max([Fraction(1), *(ratio for ratio in (*ratios, total) if ratio is not None)])
    cells = [Cell(format_ratio(ratio), _judge(ratio, way)) for ratio, way in zip(ratios, better, strict=True)]
    footer = Cell(format_ratio(total), "head") if total is not None else None
    yield Column(RATIO, cells, True, footer)
    if bars:
        yield Column(
            "", [_draw_bar(ratio, largest) for ratio in ratios], footer=footer and _draw_bar(total, largest), bar=True
        )


def _judge(ratio: Fraction | None, better: Better) -> str:
    """The style of a ratio, by whether it is an improvement."""
    if ratio is None or ratio == 1 or better == "neither":
        return ""
    return "good" if (ratio < 1) == (better == "less") else "large"


def _draw_bar(ratio: Fraction | None, largest: Fraction) -> Cell:
    if ratio is None:
        return EMPTY
    return Cell(draw_bar(ratio.numerator * largest.denominator, ratio.denominator * largest.numerator, BAR), "bar")


def compare_separable(found: Comparison, form: str, view: View) -> Iterator[Block]:
    """A row for each convolution, and the network below them."""
    figures = [FIGURES[name] for name in view.columns or REPLACED]
    units = view.human is not False
    ways = [(bool(view.human), True, True), (units, True, True), (units, False, True), (units, False, False)]
    tables = (
        _make_separable_table(found, form, figures, view, units=units, bars=bars, closed=closed)
        for units, bars, closed in ways
    )
    yield Paragraph(((found.name, "title"), (f"  standard → {form} separable", "")))
    yield elide_paths(fit_table(tables, view.width), 0, view.width)
    yield BLANK
    yield from (make_paragraph(text, indent=2) for text in _summarize(found))


def _make_separable_table(
    found: Comparison, form: str, figures: Sequence[Figure], view: View, *, units: bool, bars: bool, closed: bool
) -> Table:
    rows = () if view.totals else found.rows
    columns = [Column("layer", [Cell(row.path) for row in rows], footer=Cell("total", "head"))]
    for figure in figures:
        for side, header in (("before", figure.short if units else figure.title), ("after", "→")):
            cells = [_format_cell(row, side, figure, view, units=units) for row in rows]
            total = format_figure(measure(figure, getattr(found, side), view.dtype), figure.written, units=units)
            columns.append(Column(header, cells, True, Cell(total, "head")))
    ratios = [None if row.note else row.ratio for row in rows]
    judged = make_ratio_columns(ratios, ["less"] * len(ratios), bars=bars, total=found.ratio)
    columns += [column._replace(footer=column.footer or EMPTY) for column in judged]
    last = [Cell(row.closed.text) if row.closed else Cell(row.note, "faint") for row in rows]
    if closed and not view.totals:
        columns.append(Column(CLOSED[form] if not units else "closed form", last, footer=EMPTY))
    return Table(columns)


def _format_cell(row: Replacement, side: str, figure: Figure, view: View, *, units: bool) -> Cell:
    if row.note and side == "after":
        return EMPTY
    value = measure(figure, getattr(row, side), view.dtype)
    return Cell(format_figure(value, figure.written, units=units), "faint" if row.note else "")


def _summarize(found: Comparison) -> Iterator[str]:
    """Which layers become cheaper, which more expensive, and what is unchanged."""
    split = [(row.path, row.ratio) for row in found.rows if not row.note and row.ratio is not None]
    cheaper = sum(ratio < 1 for _, ratio in split)
    dearer = [path for path, ratio in split if ratio > 1]
    if found.rows:
        yield (
            f"{cheaper} of {len(found.rows)} convolutions become cheaper, {len(dearer)} more expensive"
            f"{': ' * bool(dearer)}{', '.join(dearer)}"
        )
    exact = [row.path for row in found.rows if row.fit is not None and row.fit.arrays is not None]
    if exact:
        yield f"the kernels in the file of {', '.join(exact)} split exactly"
    if others := [row.path for row in found.rows if row.fit is not None and row.fit.arrays is None]:
        yield f"the kernels of {', '.join(others)} do not split, and are left as they are"
    yield "the ratios are of multiplications; the closed form is exact"
    kept = [FIGURES["output"], FIGURES["receptive_field"]]
    same = all(measure(figure, found.before) == measure(figure, found.after) for figure in kept)
    yield "output shapes and receptive fields are unchanged" if same else "the receptive field is not the same"


def record_side(side: Side) -> dict[str, Any] | None:
    """A side of a comparison for JSON."""
    if side is None:
        return None
    layer = {"path": side.path, "settings": describe_settings(side)} if isinstance(side, Row) else {}
    return {**layer, **{figure.name: measure(figure, side) for figure in COMPARED}}


def describe_settings(row: Row) -> str:
    """The call of a layer, or the title of a group."""
    return repr(row.inside[0].layer) if len(row.inside) == 1 else row.settings


def dump_comparison(found: Comparison, **more: Any) -> str:
    """The comparison as JSON: rows and totals."""
    from cnncalc.render.json import FORMAT, dump

    rows = [
        {
            "path": row.path,
            "before": record_side(row.before),
            "after": record_side(row.after),
            "ratio": None if row.ratio is None else float(row.ratio),
            "closed_form": row.closed and {"text": row.closed.text, "value": str(row.closed.value)},
            "note": row.note or None,
            "kernels": row.fit and {"rank": row.fit.rank, "most": row.fit.most, "error": row.fit.error},
        }
        for row in found.rows
    ]
    totals = {"before": record_side(found.before), "after": record_side(found.after)}
    return dump({"format": FORMAT, "name": found.name, **more, "rows": rows, "totals": totals})


def write_comparison_csv(found: Comparison, view: View) -> str:
    """The comparison as CSV: a line for each row."""
    from cnncalc.render.csv import write_csv

    figures = choose_figures(view)
    header = ["path", *(f"{figure.name}_{side}" for figure in figures for side in ("before", "after"))]
    lines: list[list[Value]] = []
    for row in found.rows:
        sides = [measure(figure, side, view.dtype) for figure in figures for side in (row.before, row.after)]
        lines.append([row.path, *sides, row.ratio, row.closed and row.closed.value, row.note])
    if view.totals:
        sides = [measure(figure, side, view.dtype) for figure in figures for side in (found.before, found.after)]
        lines = [["total", *sides, found.ratio, None, None]]
    return write_csv([*header, "ratio", "closed", "note"], lines)


def choose_figures(view: View) -> Sequence[Figure]:
    """The chosen figures, or all that are compared."""
    return [FIGURES[name] for name in view.columns if FIGURES[name].is_of_layers] if view.columns else COMPARED


DENSE_RATIOS = ("dense/sparse", "sparse/shared", "dense/shared")
DENSE = ("layer", "settings", "input", "output", "dense", "sparse", "shared", *DENSE_RATIOS)
DENSE_NOTES = (
    "dense: connections of a fully connected layer, every output with every input",
    "sparse: connections of the convolution, padded zeros left out; shared: its weights, biases left out",
)


def _list_dense_values(each: DenseComparison) -> list[Value]:
    """The values of the columns of `DENSE`; ratios as text."""
    return [
        each.path, each.settings, each.input, each.output, each.dense, each.sparse, each.weights,
        format_ratio(divide_values(each.sparse, each.dense)), format_ratio(divide_values(each.weights, each.sparse)),
        format_ratio(divide_values(each.weights, each.dense)),
    ]  # fmt: skip


def compare_dense(found: Sequence[DenseComparison], name: str, view: View) -> Iterator[Block]:
    """A row for each convolution, with its connections and those of the fully connected layer that it replaces."""
    yield make_paragraph(name, "title")
    dropped = ("settings", "input")
    ways = [(False, ()), (True, dropped), (True, (*dropped, "output")), (True, (*dropped, "output", *DENSE_RATIOS))]
    tables = (_make_dense_table(found, units=units, dropped=names) for units, names in ways)
    yield elide_paths(fit_table(tables, view.width), 0, view.width)
    yield BLANK
    yield from (make_paragraph(note, indent=2) for note in DENSE_NOTES)


def _make_dense_table(found: Sequence[DenseComparison], *, units: bool, dropped: Sequence[str]) -> Table:
    write = format_units if units else format_digits
    rows = [
        [write(value) if isinstance(value, int) else join(value) for value in _list_dense_values(each)]
        for each in found
    ]
    return Table([
        Column(header, [Cell(row[at]) for row in rows], header not in ("layer", "settings"))
        for at, header in enumerate(DENSE)
        if header not in dropped
    ])  # fmt: skip


def dump_dense(found: Sequence[DenseComparison], name: str) -> str:
    """The rows as JSON."""
    from cnncalc.render.json import FORMAT, dump

    return dump({"format": FORMAT, "name": name, "rows": [each._asdict() for each in found]})


def write_dense_csv(found: Sequence[DenseComparison]) -> str:
    """The rows as CSV: a line for each convolution."""
    from cnncalc.render.csv import write_csv

    return write_csv([name.replace("/", "_by_") for name in DENSE], map(_list_dense_values, found))
