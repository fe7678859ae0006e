"""What stands below a summary: the totals with the convention by which each is counted, and what the marks mean."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.figures import FIGURES, Dtype, Figure, last_spatial_layer
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.render import numbers
from cnncalc.render.columns import format_field, join


def notes(report: Report, dtype: Dtype, *, units: bool = False) -> Iterator[tuple[str, str]]:
    """A name and a text a line."""
    totals = report.totals
    number = numbers.style_of(units)
    if not report.complete:
        yield "incomplete", "an error stands behind the last layer shown; totals are of the layers above"
    for name, shape in report.outputs.items():
        if name:
            yield f"output {name}", join(shape)
    yield (
        "parameters",
        f"{number(totals.parameters)} (weights {number(totals.weights)} + biases {number(totals.biases)}; buffers "
        f"{number(totals.buffers)}, not counted), {numbers.size(totals.parameters * dtype.bytes)} as {dtype}",
    )
    for name in ("macs", "multiplications", "activations"):
        figure = FIGURES[name]
        memory = f", {numbers.size(totals.activations * dtype.bytes)} as {dtype}" if name == "activations" else ""
        yield name, f"{number(figure.measure_network(report))} {_convention(figure)}{memory}"
    last = last_spatial_layer(report)
    if last:
        yield "receptive field", field_note(last)
    yield from marks(report)
    if report.notes:
        yield "notes", " ".join(report.notes.split())


def _convention(figure: Figure) -> str:
    """How a figure is counted, without saying its name again."""
    return figure.about if figure.unit == figure.title else f"{figure.unit} {figure.about}"


def field_note(layer: LayerReport) -> str:
    """The receptive field of a layer in words."""
    field = layer.receptive_field
    if field is None:
        return "none"
    most = "" if field.exact else "at most "
    return f"{most}{join(field.size)} in steps of {join(field.stride)} from {join(field.start, ', ')}, at {layer.path}"


def marks(report: Report) -> Iterator[tuple[str, str]]:
    """The meaning of the marks that are in use."""
    shown = "".join(format_field(layer) for layer in report.layers)
    if "all" in shown:
        yield "all", "every unit sees the whole input"
    if "†" in shown:
        yield "†", "branches that meet look at different places; the field is their union"
    if "*" in shown:
        yield "*", "through gates or norms by global statistics, units see more of the input as well"
    if "≤" in shown:
        yield "≤", "at most: not followed channel by channel, or element by element"
    if "~" in shown:
        yield "~", "the field varies from unit to unit; the largest is shown"
    if any(layer.shares for layer in report.layers):
        yield "‡", "weights of another layer, counted there"
