"""Comparisons as a table, JSON, CSV and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from cnncalc.compare.rows import Comparison, Row, Side
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


def ratio(before: int, after: int) -> Fraction | None:
    return Fraction(after, before) if before else None


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
    whole = Row("total", found.before, found.after)
    rows = [*found.rows, whole]
    columns = [_named("layer", [Cell(clean(row.path), "head" if row is whole else "") for row in rows])]
    for header, name in (("parameters", "parameters"), ("multiplications", "multiplications")):
        columns.append(_figures(rows, name, "before", header if not units else _SHORT[header], write))
        columns.append(_figures(rows, name, "after", "→", write))
    columns.append(_named("ratio", ratio_cells([None if row.note else row.ratio for row in rows], bars=bars)))
    last = [Cell(row.closed.text if row.closed else clean(row.note), "faint" if row.note else "") for row in rows]
    columns.append(_named(CLOSED[form] if not units else "closed form", last))
    return columns


_SHORT = {"parameters": "params", "multiplications": "mults"}


def _named(header: str, cells: list[Cell]) -> list[Cell]:
    return [Cell(header, "head", cells[0].right), *cells]


def _figures(rows: Sequence[Row], name: str, side: str, header: str, write: Any) -> list[Cell]:
    cells = []
    for row in rows:
        figures: Side | None = getattr(row, side)
        text = "" if figures is None or (row.note and side == "after") else write(getattr(figures, name))
        cells.append(Cell(text, "faint" if row.note else "", True))
    return [Cell(header, "head", True), *cells]


def _verdict(found: Comparison, width: int | None) -> Iterator[Line]:
    """Which layers win, which lose, and what did not change."""
    split = [row for row in found.rows if not row.note and row.ratio is not None]
    wins = sum(row.ratio < 1 for row in split if row.ratio is not None)
    loses = [row.path for row in split if row.ratio is not None and row.ratio > 1]
    same = found.before.output == found.after.output and found.before.receptive_field == found.after.receptive_field
    texts = [
        f"{wins} of {len(found.rows)} convolutions win, {len(loses)} lose{': ' * bool(loses)}{', '.join(loses)}",
        "the ratios are of multiplications; the closed form is exact",
        "output shapes and receptive fields are unchanged" if same else "the receptive field is not the same",
    ]
    for text in texts:
        yield from ([(line, "")] for line in wrap(clean(text), width, 2))


def side_record(side: Side | None) -> dict[str, Any] | None:
    """A side as scripts get it."""
    if side is None:
        return None
    found = side._asdict()
    return {key: found[key] for key in found if key not in ("path", "settings") or found[key]}


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


FIGURES = ("parameters", "macs", "multiplications", "activations", "output", "receptive_field")


def comparison_csv(found: Comparison) -> str:
    """A line a row, exact."""
    from cnncalc.render.csv import write

    header = [
        "path",
        *(f"{name}_{side}" for name in FIGURES for side in ("before", "after")),
        "ratio",
        "closed",
        "note",
    ]
    lines: list[list[Value]] = []
    for row in found.rows:
        sides = [side for name in FIGURES for side in (_of(row.before, name), _of(row.after, name))]
        closed = _decimal(row.closed.value if row.closed else None)
        lines.append([row.path, *sides, _decimal(row.ratio), closed, row.note])
    return write(header, lines)


def _decimal(number: Fraction | None) -> str:
    """As a decimal: a spreadsheet takes 1/9 for a date."""
    return "" if number is None else str(float(number))


def _of(side: Side | None, name: str) -> Value:
    value: Value = getattr(side, name) if side else None
    return value


def comparison_markdown(found: Comparison) -> str:
    """A table with a row of totals."""
    from cnncalc.render.markdown import escape, write_table

    header = ("layer", "parameters", "→", "multiplications", "→", "ratio", "closed form")
    rows = []
    for row in (*found.rows, Row("total", found.before, found.after)):
        figures = [
            exact(_number(side, name))
            for name in ("parameters", "multiplications")
            for side in (row.before, row.after)
        ]  # fmt: skip
        last = row.closed.text if row.closed else row.note
        rows.append([escape(row.path), *figures, ratio_text(row.ratio), escape(last)])
    return f"**{escape(found.name)}**\n\n" + write_table(header, [False, *[True] * 5, False], rows)


def _number(side: Side | None, name: str) -> int:
    return int(getattr(side, name)) if side else 0


DENSE = ("layer", "settings", "input", "output", "dense", "sparse", "shared", "dense/sparse", "sparse/shared")


def dense_values(found: Sequence[Dense]) -> list[list[Value]]:
    """The columns of `DENSE`; the ratios as text."""
    return [
        [
            each.path, each.settings, each.input, each.output, each.dense, each.sparse, each.weights,
            ratio_text(ratio(each.sparse, each.dense)), ratio_text(ratio(each.weights, each.sparse)),
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
