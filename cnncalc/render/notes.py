"""What stands below a summary: the totals with the convention by which each is counted, and what the marks mean."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.render import numbers
from cnncalc.render.columns import field_text, join

MACS = "multiply-accumulates of convolutions and linear layers, without bias, padded zeros included"
MULTIPLICATIONS = "of all layers at inference, the macs among them"


def notes(report: Report, dtype: numbers.Dtype, *, units: bool = False) -> Iterator[tuple[str, str]]:
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
    yield "macs", f"{number(totals.work.macs)} {MACS}"
    yield "multiplications", f"{number(totals.work.multiplications)} {MULTIPLICATIONS}"
    yield (
        "activations",
        f"{number(totals.activations)} elements of all outputs together, "
        f"{numbers.size(totals.activations * dtype.bytes)} as {dtype}",
    )
    last = last_map(report)
    if last:
        yield "receptive field", field_note(last)
    yield from marks(report)


def last_map(report: Report) -> LayerReport | None:
    """The last layer whose units have a place and do not all see everything."""
    return next((layer for layer in reversed(report.layers) if layer.receptive_field and not layer.whole), None)


def field_note(layer: LayerReport) -> str:
    """The receptive field of a layer in words."""
    field = layer.receptive_field
    if field is None:
        return "none"
    return f"{join(field.size)} in steps of {join(field.stride)} from {join(field.start, ', ')}, at {layer.path}"


def marks(report: Report) -> Iterator[tuple[str, str]]:
    """The meaning of the marks that are in use."""
    shown = "".join(field_text(layer) for layer in report.layers)
    if "all" in shown:
        yield "all", "every unit sees the whole input"
    if "†" in shown:
        yield "†", "branches that meet look at different places; the field is their union"
    if "~" in shown:
        yield "~", "the field varies from unit to unit; the largest is shown"
    if any(layer.shares for layer in report.layers):
        yield "‡", "weights of another layer, counted there"
