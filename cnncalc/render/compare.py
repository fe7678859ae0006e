"""Comparisons as a table, JSON, CSV and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from cnncalc.analysis.figures import FIGURES
from cnncalc.analysis.report import LayerReport
from cnncalc.compare.rows import Comparison, Side, divide, measure
from cnncalc.compare.separable import Dense
from cnncalc.render.columns import Value, join
from cnncalc.render.grid import Cell, grid, width_of
from cnncalc.render.numbers import bar, exact, human, style_of
from cnncalc.render.paint import Line, paint
from cnncalc.render.text import clean, wrap

BAR = 8  # cells of a full bar
LEAST_PATH = 12  # cells of a path that is cut
CLOSED = {"depthwise": "1/C_out + 1/K²", "spatial": "I/(K·O) + C_out/(K·C_in)"}
Table = list[list[Cell]]


def ratio_text(ratio: Fraction | None) -> str:
    """Three digits: 0.127, 1.00, 12.3."""
    if ratio is None:
        return ""
    value = float(ratio)
    return f"{value:.3f}" if value < 0.9995 else f"{value:.2f}" if value < 9.995 else f"{value:,.1f}"


def ratio_cells(parts: Sequence[Fraction | None], *, bars: bool = True) -> list[Cell]:
    """Ratios with bars, all of one scale, on which 1 is full where none is more."""
    whole = max([Fraction(1), *(part for part in parts if part is not None)])
    return [Cell("") if part is None else _ratio_cell(part, whole, bars) for part in parts]


def _ratio_cell(part: Fraction, whole: Fraction, bars: bool) -> Cell:
    drawn = bar(part.numerator * whole.denominator, part.denominator * whole.numerator, BAR)
    return Cell(ratio_text(part), "large" if part > 1 else "", True, f"{drawn:{BAR}}" if bars else "")


def separable_table(found: Comparison, form: str, width: int | None, *, color: bool) -> str:
    """A line a convolution, and one for the whole network."""
    for write, bars in ((exact, True), (human, True), (human, False)):
        columns = _separable_columns(found, form, write is human, bars=bars)
        if width is None or width_of(columns) <= width:
            break
    columns[0] = fitted(columns[0], 0 if width is None else width_of(columns) - width)
    lines: list[Line] = [[(clean(found.name), "title"), (f"  standard → {form} separable", "")]]
    lines += grid(columns, total=True)
    lines += [[("", "")], *_verdict(found, width)]
    return paint(lines, color=color)


def fitted(column: list[Cell], excess: int) -> list[Cell]:
    """A column by so much narrower, its texts cut at their beginning: the end of a path tells most."""
    room = max(max(cell.width for cell in column) - max(excess, 0), LEAST_PATH)
    return [cell if cell.width <= room else cell._replace(text="…" + cell.text[1 - room :]) for cell in column]


def _separable_columns(found: Comparison, form: str, units: bool, *, bars: bool) -> Table:
    write = style_of(units)
    rows = [*found.rows, None]
    columns = [_named("layer", [Cell(clean(row.path)) if row else Cell("total", "head") for row in rows])]
    for header, name in (("parameters", "parameters"), ("multiplications", "multiplications")):
        columns.append(_figures(found, name, "before", header if not units else _SHORT[header], write))
        columns.append(_figures(found, name, "after", "→", write))
    ratios = [None if row.note else row.ratio for row in found.rows]
    columns.append(_named("ratio", ratio_cells([*ratios, _total_ratio(found)], bars=bars)))
    last = [Cell(row.closed.text if row.closed else clean(row.note), "faint" if row.note else "") for row in found.rows]
    last.append(Cell(""))
    columns.append(_named(CLOSED[form] if not units else "closed form", last))
    return columns


_SHORT = {"parameters": "params", "multiplications": "mults"}


def _named(header: str, cells: list[Cell]) -> list[Cell]:
    return [Cell(header, "head", cells[0].right), *cells]


def _figures(found: Comparison, name: str, side: str, header: str, write: Any) -> list[Cell]:
    cells = []
    for row in found.rows:
        text = "" if row.note and side == "after" else write(measure(FIGURES[name], getattr(row, side)))
        cells.append(Cell(text, "faint" if row.note else "", True))
    total = write(measure(FIGURES[name], getattr(found, side)))
    return [Cell(header, "head", True), *cells, Cell(total, "", True)]


def _total_ratio(found: Comparison) -> Fraction | None:
    figure = FIGURES["multiplications"]
    return divide(measure(figure, found.before), measure(figure, found.after))


def _verdict(found: Comparison, width: int | None) -> Iterator[Line]:
    """Which layers win, which lose, and what did not change."""
    split = [row for row in found.rows if not row.note and row.ratio is not None]
    wins = sum(row.ratio < 1 for row in split if row.ratio is not None)
    loses = [row.path for row in split if row.ratio is not None and row.ratio > 1]
    kept = [FIGURES["output"], FIGURES["receptive_field"]]
    same = all(measure(figure, found.before) == measure(figure, found.after) for figure in kept)
    texts = [
        f"{wins} of {len(found.rows)} convolutions win, {len(loses)} lose{': ' * bool(loses)}{', '.join(loses)}",
        "the ratios are of multiplications; the closed form is exact",
        "output shapes and receptive fields are unchanged" if same else "the receptive field is not the same",
    ]
    for text in texts:
        yield from ([(line, "")] for line in wrap(clean(text), width, 2))


# What a side has in JSON and CSV: all that does not depend on a data type.
COMPARED = tuple(figure for figure in FIGURES.values() if figure.written != "bytes" and figure.name != "layers")


def side_record(side: Side) -> dict[str, Any] | None:
    """A side as scripts get it."""
    if side is None:
        return None
    layer = {"path": side.path, "settings": repr(side.layer)} if isinstance(side, LayerReport) else {}
    return {**layer, **{figure.name: measure(figure, side) for figure in COMPARED}}


def comparison_json(found: Comparison, **more: Any) -> str:
    """Rows and totals."""
    from cnncalc.render.json import FORMAT, dump

    rows = [
        {
            "path": row.path,
            "before": side_record(row.before),
            "after": side_record(row.after),
            "ratio": None if row.ratio is None else float(row.ratio),
            "closed_form": row.closed and {"text": row.closed.text, "value": str(row.closed.value)},
            "note": row.note or None,
        }
        for row in found.rows
    ]
    totals = {"before": side_record(found.before), "after": side_record(found.after)}
    return dump({"format": FORMAT, "name": found.name, **more, "rows": rows, "totals": totals})


def comparison_csv(found: Comparison) -> str:
    """A line a row, exact."""
    from cnncalc.render.csv import write

    header = [
        "path",
        *(f"{figure.name}_{side}" for figure in COMPARED for side in ("before", "after")),
        "ratio",
        "closed",
        "note",
    ]
    lines: list[list[Value]] = []
    for row in found.rows:
        sides = [measure(figure, side) for figure in COMPARED for side in (row.before, row.after)]
        closed = _decimal(row.closed.value if row.closed else None)
        lines.append([row.path, *sides, _decimal(row.ratio), closed, row.note])
    return write(header, lines)


def _decimal(number: Fraction | None) -> str:
    """As a decimal: a spreadsheet takes 1/9 for a date."""
    return "" if number is None else str(float(number))


def comparison_markdown(found: Comparison) -> str:
    """A table with a row of totals."""
    from cnncalc.render.markdown import escape, write_table

    header = ("layer", "parameters", "→", "multiplications", "→", "ratio", "closed form")
    rows = []
    for row in (*found.rows, None):
        figures = [
            exact(measure(FIGURES[name], side))
            for name in ("parameters", "multiplications")
            for side in ((row or found).before, (row or found).after)
        ]  # fmt: skip
        last = "" if row is None else row.closed.text if row.closed else row.note
        path, ratio = (row.path, row.ratio) if row else ("total", _total_ratio(found))
        rows.append([escape(path), *figures, ratio_text(ratio), escape(last)])
    return f"**{escape(found.name)}**\n\n" + write_table(header, [False, *[True] * 5, False], rows)


DENSE = ("layer", "settings", "input", "output", "dense", "sparse", "shared", "dense/sparse", "sparse/shared")


def dense_values(found: Sequence[Dense]) -> list[list[Value]]:
    """The columns of `DENSE`; the ratios as text."""
    return [
        [
            each.path, each.settings, each.input, each.output, each.dense, each.sparse, each.weights,
            ratio_text(divide(each.sparse, each.dense)), ratio_text(divide(each.weights, each.sparse)),
        ]
        for each in found
    ]  # fmt: skip


def dense_table(found: Sequence[Dense], name: str, width: int | None, *, color: bool) -> str:
    """A line a convolution."""
    for write in (exact, human):
        texts = [
            [write(value) if isinstance(value, int) else join(value) for value in row] for row in dense_values(found)
        ]
        left = ("layer", "settings")
        columns = [
            [Cell(header, "head", header not in left), *(Cell(clean(row[at]), "", header not in left) for row in texts)]
            for at, header in enumerate(DENSE)
            if write is exact or header not in ("settings", "input")
        ]
        if width is None or width_of(columns) <= width:
            break
    columns[0] = fitted(columns[0], 0 if width is None else width_of(columns) - width)
    notes = (
        "dense: connections of a fully connected layer, every output with every input",
        "sparse: connections of the convolution, padded zeros left out; shared: its weights, biases left out",
    )
    lines: list[Line] = [[(clean(name), "title")], *grid(columns), [("", "")]]
    lines += [[(line, "")] for note in notes for line in wrap(note, width, 2)]
    return paint(lines, color=color)


def dense_json(found: Sequence[Dense], name: str) -> str:
    """Rows for scripts."""
    from cnncalc.render.json import FORMAT, dump

    return dump({"format": FORMAT, "name": name, "rows": [each._asdict() for each in found]})


def dense_csv(found: Sequence[Dense]) -> str:
    """A line a convolution, exact."""
    from cnncalc.render.csv import write

    return write([name.replace("/", "_by_") for name in DENSE], dense_values(found))


def dense_markdown(found: Sequence[Dense]) -> str:
    """A line a convolution."""
    from cnncalc.render.markdown import escape, write_table

    rows = (
        [escape(exact(value) if isinstance(value, int) else join(value)) for value in row]
        for row in dense_values(found)
    )
    return write_table(DENSE, [name not in ("layer", "settings") for name in DENSE], rows)
