"""The panel of a page: one layer with its arithmetic, arguments and weights, and what its units see of the input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnncalc.analysis.explain import explain_layer
from cnncalc.records import NamedTuple
from cnncalc.render.columns import format_shape
from cnncalc.render.explain import format_heading, format_line
from cnncalc.render.markup import Markup, element
from cnncalc.render.numbers import format_share
from cnncalc.render.page.data import format_argument
from cnncalc.render.page.picture import Canvas, Photo, draw_picture, find_canvas
from cnncalc.render.svg import number

if TYPE_CHECKING:
    from cnncalc.analysis.report import LayerReport, Report
    from cnncalc.render.page.subject import Subject

MARGIN = 0.03  # of the size of what is shown, around it


class Interval(NamedTuple):
    """What a unit sees along an axis of the input, which has positions from 0 to `size` − 1."""

    unit: int
    units: int
    start: float
    length: float
    size: float

    @property
    def inside(self) -> float:
        """The part of it that is not outside of the input."""
        return max(min(self.start + self.length, self.size) - max(self.start, 0), 0)


def write_panel(subject: Subject) -> Markup:
    """The panel of the layer that is shown at first."""
    report = subject.report
    if not report.layers:
        return Markup()
    index = choose_layer(report)
    layer = report.layers[index]
    explained = explain_layer(subject.network, report, index, chain=False)
    lines = [(line.label, format_line(line)) for line in explained.lines]
    arguments = [(name, format_argument(value)) for name, value in layer.arguments.items()]
    weights = [(weight.name, format_shape(weight.shape)) for weight in layer.layer.weights(layer.inputs)]
    title = subject.name("panel")
    return element(
        "section",
        element("h2", "Layer ", element("span", layer.path, class_="path"), id=title),
        element("p", format_heading(explained), class_="call"),
        _write_field(layer, find_canvas(report), subject.photo),
        _write_pairs("lines", "Arithmetic", lines),
        _write_pairs("arguments", "Arguments", arguments),
        _write_pairs("weights", "Arrays", weights),
        class_="panel",
        aria_labelledby=f"{subject.name('name')} {title}",
    )


def choose_layer(report: Report) -> int:
    """The last layer with macs of which a unit sees less than the height and the width of the input.

    If there is none, the first layer.
    """
    canvas = find_canvas(report)
    found = 0
    for index, layer in enumerate(report.layers if canvas else ()):
        intervals = find_intervals(layer, canvas) if canvas and layer.work.macs else None
        if intervals and all(each.length < each.size for each in intervals):
            found = index
    return found


def find_intervals(layer: LayerReport, canvas: Canvas) -> list[Interval] | None:
    """What the unit in the middle of a layer sees along the axes of the picture; None without a receptive field."""
    seen = layer.seen.get(canvas.input)
    field = seen.receptive_field if seen else None
    if not seen or not seen.is_local or field is None or not canvas.axes <= len(field.size) == len(layer.output) - 1:
        return None
    sizes = (canvas.height, canvas.width)[-canvas.axes :]
    found = []
    for axis, size in zip(range(-canvas.axes, 0), sizes, strict=True):
        units = layer.output[axis]
        start = field.start[axis] + units // 2 * float(field.stride[axis])
        found.append(Interval(units // 2, units, start, field.size[axis], size))
    return found


def _write_field(layer: LayerReport, canvas: Canvas | None, photo: Photo | None) -> Markup:
    """The picture with the receptive field, and the sliders that choose the unit."""
    if canvas is None:
        return Markup()
    intervals = find_intervals(layer, canvas)
    text = _describe(intervals) if intervals else _describe_elsewhere(layer, canvas)
    across = intervals[-1] if intervals else Interval(0, 1, 0, canvas.width, canvas.width)
    down = intervals[0] if intervals and canvas.axes > 1 else Interval(0, 1, 0, canvas.height, canvas.height)
    left, top = min(across.start, 0), min(down.start, 0)
    right, bottom = max(across.start + across.length, canvas.width), max(down.start + down.length, canvas.height)
    margin = MARGIN * max(right - left, bottom - top)
    box = _place(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin)
    seen = _place(across.start, down.start, across.length, down.length) if intervals else {"hidden": True}
    drawn = element(
        "svg",
        element("rect", class_="outside", **box),
        element("g", photo.draw(canvas) if photo else draw_picture(canvas), class_="photo"),
        element("rect", class_="seen", **seen),
        viewBox=" ".join(box.values()), class_="picture", role="img", aria_label=f"The input. {text}",
    )  # fmt: skip
    sliders = [_write_slider("column", "unit-x", across)]
    if canvas.axes > 1:
        sliders.append(_write_slider("row", "unit-y", down))
    return element(
        "figure", drawn, element("figcaption", text, aria_live="polite"),
        element("p", *sliders, class_="tools sliders", hidden=True), class_="field",
    )  # fmt: skip


def _place(x: float, y: float, width: float, height: float) -> dict[str, str]:
    return {"x": number(x), "y": number(y), "width": number(width), "height": number(height)}


def _write_slider(label: str, name: str, interval: Interval) -> Markup:
    slider = element("input", type="range", class_=name, min=0, max=interval.units - 1, value=interval.unit)
    return element("label", label, " ", slider)


def _describe(intervals: list[Interval]) -> str:
    """`Unit (27, 27) of 55×55 sees 11×11 positions from (108, 108), 0.2% of the input.`"""
    units = ", ".join(str(each.unit) for each in intervals)
    of = "×".join(str(each.units) for each in intervals)
    lengths = "×".join(number(each.length) for each in intervals)
    starts = ", ".join(number(each.start) for each in intervals)
    inside = whole = 1.0
    for each in intervals:
        inside, whole = inside * each.inside, whole * each.size
    share = format_share(round(1000 * inside), round(1000 * whole))
    return f"Unit ({units}) of {of} sees {lengths} positions from ({starts}), {share} of the input."


def _describe_elsewhere(layer: LayerReport, canvas: Canvas) -> str:
    seen = layer.seen.get(canvas.input)
    if seen and seen.whole and seen.whole.all:
        return "Every unit sees the whole input."
    return "The units of this layer have no position on the input."


def _write_pairs(name: str, title: str, pairs: Iterable[tuple[str, str]]) -> Markup:
    rows = [element("tr", element("th", label, scope="row"), element("td", text)) for label, text in pairs]
    if not rows:
        return element("table", class_=name, hidden=True)
    return element("table", element("caption", title), element("tbody", *rows), class_=name)
