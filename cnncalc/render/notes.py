"""The lines below a summary: the totals with the conventions by which they are counted, and the meaning of marks."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.by_kind import sum_by_kind
from cnncalc.analysis.figures import FIGURES, Dtype, find_figure, find_last_spatial_layer
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.render.columns import format_seen, format_shape, join
from cnncalc.render.numbers import format_bytes, format_figure, format_share, format_units
from cnncalc.render.view import View


def explain_totals(
    report: Report, dtype: Dtype, *, units: bool = False, channels_last: bool = False
) -> Iterator[tuple[str, str]]:
    """The lines below a summary, each a name and a text."""

    def write(name: str) -> str:
        return format_figure(FIGURES[name].measure_network(report, dtype), FIGURES[name].written, units=units)

    def write_memory(name: str) -> str:
        return f", {format_bytes(FIGURES[name].measure_network(report, dtype))} as {dtype}"

    if not report.complete:
        yield "incomplete", "an error follows the last layer shown; the totals are of the layers above"
    for name, shape in report.outputs.items():
        if name:
            yield f"output {name}", format_shape(shape, channels_last=channels_last)
    parts = f"weights {write('weights')} + biases {write('biases')}; buffers {write('buffers')}, not counted"
    yield "parameters", f"{write('parameters')} ({parts}){write_memory('parameter_bytes')}"
    yield "macs", f"{write('macs')} {_describe_convention('macs')}"
    if report.totals.work.macs:
        yield "flops", describe_flops(report.totals.work.macs)
    yield from _list_kinds(report, units=units)
    yield "multiplications", f"{write('multiplications')} {_describe_convention('multiplications')}"
    activations = f"{write('activations')} {_describe_convention('activations')}"
    yield "activations", activations + write_memory("activation_bytes")
    depth = FIGURES["depth"].measure_network(report)
    if depth:
        yield "depth", f"{depth:,} layer{'s' * (depth != 1)} with weights on the longest path"
    for name in report.inputs:
        last = find_last_spatial_layer(report, name)
        if last:
            own = f", {name}" if len(report.inputs) > 1 else ""
            yield f"receptive field{own}", describe_field(last, name)
    yield from explain_marks(report)
    if report.notes:
        yield "notes", " ".join(report.notes.split())


def explain_foreign(report: Report, view: View) -> Iterator[tuple[str, str]]:
    """The lines of the columns that are counted as other tools do."""
    for name in view.columns or ():
        if name not in FIGURES and name.endswith(")"):
            figure = find_figure(name)
            total = figure.measure_network(report)
            text = "not known" if total is None else format_figure(total, figure.written, units=bool(view.human))
            convention = name[name.index("(") + 1 : -1]
            why = f"; `cnncalc reconcile … --convention {convention}` says why"
            yield figure.title, f"{text} {figure.unit}, {figure.about}{why}"


def describe_flops(macs: int) -> str:
    """The two figures that go by the name of FLOPs, side by side.

    >>> describe_flops(4_089_184_256), describe_flops(48)
    ('4.09 G macs = 8.18 GFLOPs (2 per mac)', '48 macs = 96 FLOPs (2 per mac)')
    """
    number, _, unit = format_units(2 * macs).partition(" ")
    return f"{format_units(macs)} macs = {number} {unit}FLOPs (2 per mac)"


def _list_kinds(report: Report, *, units: bool) -> Iterator[tuple[str, str]]:
    """The weights and macs of each kind with their shares, where there are several."""
    kinds, totals = sum_by_kind(report), report.totals
    if len(kinds) < 2:
        return
    texts = []
    for kind, layers, costs in kinds:
        numbers = (
            (costs.weights, totals.weights, " weights", units),
            (costs.work.macs, totals.work.macs, " macs", True),
        )
        parts = [
            f"{format_figure(part, 'count', units=short)}{word} ({format_share(part, whole)})"
            for part, whole, word, short in numbers if part
        ]  # fmt: skip
        texts.append(f"{kind} {layers:,}: {', '.join(parts)}")
    yield "by kind", " · ".join(texts)


def _describe_convention(name: str) -> str:
    """How a figure is counted, without repeating its name."""
    figure = FIGURES[name]
    return figure.about if figure.unit == figure.title else f"{figure.unit} {figure.about}"


def describe_field(layer: LayerReport, name: str) -> str:
    """Describe the receptive field of a layer on an input."""
    field = layer.seen[name].receptive_field
    if field is None:
        return "none"
    most = "" if field.exact else "at most "
    steps = f" in steps of {join(field.stride)}" if all(field.stride) else ""  # 0: the units are in no even steps
    return f"{most}{join(field.size)}{steps}, the first starting at ({join(field.start, ', ')}), at {layer.path}"


def explain_marks(report: Report) -> Iterator[tuple[str, str]]:
    """The meaning of the marks that occur in the table."""
    shown = "".join({format_seen(seen) for layer in report.layers for seen in layer.seen.values()})
    if "all" in shown:
        yield "all", "every unit sees the whole input"
    if "†" in shown:
        yield "†", "branches that meet look at different positions; the receptive field is their union"
    if "*" in shown:
        yield "*", "through gates, or norms and softmaxes over positions, units see more of the input as well"
    if "°" in shown:
        yield "°", "units near the border see other positions instead of those beyond it, as `pad` repeats the map"
    if "≤" in shown:
        yield "≤", "at most: not followed channel by channel, element by element or unit by unit"
    if "~" in shown:
        yield "~", "the receptive field varies from unit to unit; the largest is shown"
    if any(layer.shares for layer in report.layers):
        yield "‡", "the weights of another layer, counted there"
