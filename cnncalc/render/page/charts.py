"""The charts of a page: costs of the layers as bars, and the memory of tensors over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.analysis.figures import FIGURES
from cnncalc.render.markup import Markup, element, join
from cnncalc.render.numbers import format_bytes, format_figure, format_units
from cnncalc.render.svg import number

if TYPE_CHECKING:
    from cnncalc.render.page.bars import Bar
    from cnncalc.render.page.subject import Subject

SHOWN = ("parameters", "macs", "activations")
FEWEST_SLOTS = 24  # a chart of fewer bars is not filled, so that none is too wide
HEIGHT = 100
LISTED = 3  # bars that the text of a chart names
MOST_STEPS = 2_000  # of the memory: a pixel has several


def write_charts(subject: Subject) -> Markup:
    """The charts of the costs of layers, and of the memory over time."""
    charts = [_write_bars(subject.bars, name, len(subject.report.layers)) for name in SHOWN]
    return join([*charts, _write_memory(subject)])


def _write_bars(bars: Sequence[Bar], name: str, layers: int) -> Markup:
    figure = FIGURES[name]
    values = [bar.measure(name) for bar in bars]
    most = max(values, default=0)
    slots = max(len(bars), FEWEST_SLOTS)
    drawn = [
        element(
            "rect", element("title", f"{bar.label}: {format_figure(value, figure.written)}"),
            x=number(at + 0.1), y=number(HEIGHT - _scale(value, most)), width=0.8, height=number(_scale(value, most)),
        )
        for at, (bar, value) in enumerate(zip(bars, values, strict=True))
        if value
    ]  # fmt: skip
    highest = sorted(range(len(bars)), key=lambda at: (-values[at], at))[:LISTED]
    named = [f"{bars[at].label} {format_figure(values[at], figure.written)}" for at in highest if values[at]]
    grouped = f", {layers:,} layers in {len(bars):,} bars" if len(bars) < layers else ""
    about = f"{figure.title} layer by layer{grouped}: {sum(map(bool, values)):,} of {len(bars):,} bars are not zero."
    text = f"{about} The highest: {'; '.join(named)}." if named else about
    note = f"at most {format_units(most)}{grouped}"
    return _write_figure(name, figure.title, note, text, slots, join(drawn))


def _scale(value: int, most: int) -> float:
    """The height of a bar, which is visible for all values above 0."""
    return max(HEIGHT * value / most, 1.0)


def _write_figure(name: str, title: str, note: str, text: str, slots: int, drawn: Markup) -> Markup:
    caption = element("figcaption", element("b", title), " ", element("span", note, class_="muted"))
    chart = element(
        "svg", drawn, viewBox=f"0 0 {slots} {HEIGHT}", preserveAspectRatio="none", role="img", aria_label=text
    )
    return element("figure", caption, chart, class_="chart", data_figure=name)


def _write_memory(subject: Subject) -> Markup:
    """The bytes of the tensors alive while each layer runs."""
    layers, tensors = subject.report.layers, subject.tensors
    values = tensors.layers
    most = max(values, default=0) or 1
    path = f"M0 {HEIGHT}" + "".join(
        f"V{number(HEIGHT - HEIGHT * value / most)}H{end}" for value, end in _merge_steps(values)
    )
    drawn = [element("path", class_="area", d=f"{path}V{HEIGHT}Z")]
    note = f"tensors alive while each layer runs, as float32; peak {format_bytes(subject.peak)}"
    text = f"Memory over time: {note}"
    if tensors.at is not None:
        drawn.append(element("path", class_="peak", d=f"M{tensors.at + 0.5} 0V{HEIGHT}"))
        text += f" ({subject.peak:,} bytes)"
        note += f" at {layers[tensors.at].path}"
        text += f" at {layers[tensors.at].path}"
    return _write_figure("memory", "memory over time", note, f"{text}.", max(len(values), 1), join(drawn))


def _merge_steps(values: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The heights of the steps with their ends; equal neighbours are one, and of very many only the highest is kept."""
    each = -(-len(values) // MOST_STEPS) or 1
    ends = [*range(each, len(values), each), len(values)]
    highest = [max(values[start:end]) for start, end in pairwise([0, *ends]) if end > start]
    for at, (value, end) in enumerate(zip(highest, ends, strict=False)):
        if at + 1 == len(highest) or highest[at + 1] != value:
            yield value, end
