"""The columns of a summary, each defined once for the table, CSV and Markdown."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from cnncalc.analysis.report import Costs, LayerReport
from cnncalc.layers.base import Shape
from cnncalc.render import numbers
from cnncalc.render.rows import Row

Value = int | str | tuple[int | Fraction, ...] | None


class Column(NamedTuple):
    """One column. `total` gives its figure from sums, for a row and for the last line; `shared` shows its share too."""

    name: str
    header: str
    short: str
    value: Callable[[Row, numbers.Dtype], Value]
    right: bool = True
    total: Callable[[Costs, numbers.Dtype], int] | None = None
    shared: bool = False
    text: Callable[[Row], str] | None = None  # what the table shows where it is not the value


def _figure(name: str, total: Callable[[Costs, numbers.Dtype], int], short: str = "", shared: bool = False) -> Column:
    """A column of numbers that add up."""
    return Column(
        name, name.replace("_", " "), short or name, lambda row, dtype: total(row.costs, dtype), True, total, shared
    )


def field_size(layer: LayerReport | None) -> Value:
    """What a unit sees: the size per axis, or `all`."""
    if layer is None:
        return None
    if layer.whole:
        return "all"
    return layer.receptive_field.size if layer.receptive_field else None


def field_text(layer: LayerReport | None) -> str:
    """The same for people: one number where it is square, `~` where it varies, `†` where centres disagree."""
    size = field_size(layer)
    if layer is None or size is None:
        return "–"
    field = layer.receptive_field
    text = f"{size[0]}" if isinstance(size, tuple) and len(set(size)) == 1 else join(size)
    return f"{'~' if field and field.varies and size != 'all' else ''}{text}{'' if layer.centred else '†'}"


def join(value: Value, by: str = "×") -> str:
    """A value as text, axes joined."""
    if isinstance(value, tuple):
        return by.join(map(str, value))
    return "" if value is None else str(value)


def _field(row: Row, name: str) -> Value:
    field = row.result.receptive_field if row.result else None
    value: Value = getattr(field, name) if field else None
    return value


def shapes(inputs: tuple[Shape, ...]) -> str:
    """The inputs of a layer; those of a merge on one line.

    >>> shapes(((3, 8, 8),)), shapes(((3, 8, 8), (5, 8, 8))), shapes(((3, 8, 8),) * 2), shapes(((3, 8, 8), (3, 1, 1)))
    ('3×8×8', '(3 + 5)×8×8', '2 · 3×8×8', '3×8×8 + 3×1×1')
    """
    texts = [join(shape) for shape in inputs]
    if len(texts) > 1 and len(set(texts)) == 1:
        return f"{len(texts)} · {texts[0]}"
    if len(texts) > 1 and len({shape[1:] for shape in inputs}) == 1:
        return f"({' + '.join(str(shape[0]) for shape in inputs)}){''.join(f'×{size}' for size in inputs[0][1:])}"
    return " + ".join(texts)


COLUMNS = {
    column.name: column
    for column in (
        Column("layer", "layer", "layer", lambda row, _: row.path, right=False),
        Column("kind", "kind", "kind", lambda row, _: row.kind, right=False),
        Column("line", "line", "line", lambda row, _: row.line),
        Column("settings", "settings", "settings", lambda row, _: row.settings, right=False),
        Column("input", "input", "input", lambda row, _: shapes(row.inputs)),
        Column("output", "output", "output", lambda row, _: row.output),
        _figure("parameters", lambda sums, _: sums.parameters, "params", shared=True),
        _figure("weights", lambda sums, _: sums.weights),
        _figure("biases", lambda sums, _: sums.biases),
        _figure("buffers", lambda sums, _: sums.buffers),
        _figure("macs", lambda sums, _: sums.work.macs, shared=True),
        _figure("multiplications", lambda sums, _: sums.work.multiplications, "mults", shared=True),
        _figure("additions", lambda sums, _: sums.work.additions, "adds"),
        _figure("comparisons", lambda sums, _: sums.work.comparisons, "cmps"),
        _figure("divisions", lambda sums, _: sums.work.divisions, "divs"),
        _figure("exponentials", lambda sums, _: sums.work.exponentials, "exps"),
        _figure("activations", lambda sums, _: sums.activations, "acts"),
        _figure("activation_bytes", lambda sums, dtype: sums.activations * dtype.bytes, "act. bytes"),
        _figure("parameter_bytes", lambda sums, dtype: sums.parameters * dtype.bytes, "par. bytes"),
        Column(
            "receptive_field", "receptive field", "field", lambda row, _: field_size(row.result),
            text=lambda row: field_text(row.result),
        ),
        Column("stride", "stride", "stride", lambda row, _: _field(row, "stride")),
        Column("start", "start", "start", lambda row, _: _field(row, "start")),
    )
}  # fmt: skip
DEFAULT = ("layer", "settings", "input", "output", "parameters", "multiplications", "receptive_field")


def of_dtype(column: Column, row: Row, dtype: numbers.Dtype) -> Value:
    """A row's value, None for what a head has no figure for."""
    return None if row.head and column.total else column.value(row, dtype)
