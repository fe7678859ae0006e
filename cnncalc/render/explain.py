"""Explanations of layers, as a document and in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from cnncalc.analysis.explain import Explained
from cnncalc.analysis.field_sums import Step
from cnncalc.analysis.lines import Line, Sum
from cnncalc.layers.arguments import collapse, format_short
from cnncalc.layers.base import Layer
from cnncalc.render.columns import format_shapes, join
from cnncalc.render.document import BLANK, Block, Pairs, Paragraph, make_paragraph
from cnncalc.render.numbers import format_digits
from cnncalc.render.text import clean, count_cells

GAP = 3  # blanks after a label
LEAST_LABEL = len("receptive field")
FACTOR = re.compile(r"(?<![\w·])(\d+)·(?=[A-Z])")
SYMBOLIC = re.compile(r"[a-z]+\{\}")
TOGETHER = re.compile(r"\([^()]{1,24}\)|(?<=[=+−]) ")  # not broken between lines


def describe_explained(explained: Sequence[Explained]) -> Iterator[Block]:
    """A heading and the lines of each layer."""
    for number, each in enumerate(explained):
        if number:
            yield BLANK
        yield Paragraph(((each.path, "title"), (f"   {format_heading(each)}", "")), 4)
        lines = [(line.label, format_line(line)) for line in each.lines]
        yield Pairs(lines, gap=GAP, least=LEAST_LABEL, together=TOGETHER)
        if len(each.chain) > 2:
            yield from _describe_chain(each.chain)


def _describe_chain(steps: Sequence[Step]) -> Iterator[Block]:
    """The receptive field, layer by layer from the input."""
    margin = max(count_cells(clean(step.path)) for step in steps) + 2
    for axis, group in groupby(steps, key=lambda step: step.axis):
        yield make_paragraph(f"receptive field, layer by layer{f', {axis}' * bool(axis)}", "head")
        yield Pairs([(step.path, format_step(step)) for step in group], "bar", 2, GAP, margin, TOGETHER)


def format_step(step: Step) -> str:
    """`11 + (3 − 1)·4 = 19;  step 8`."""
    text = f"{step.numbers} = {format_digits(step.result)}" if step.numbers else format_digits(step.result)
    return text + (f";  {step.remark}" if step.remark else "")


def format_heading(each: Explained) -> str:
    """`conv 11×11, stride 4: 3×227×227 → 96×55×55`."""
    axes = len(next(iter(each.inputs), each.output)) - 1
    inputs = f": {format_shapes(each.inputs)}" if each.inputs else ""
    return f"{describe_layer(each.layer, axes)}{inputs} → {join(each.output)}"


def describe_layer(layer: Layer, axes: int) -> str:
    """Describe a layer, e.g. `conv 11×11, stride 4`."""
    parts = []
    for name, setting in layer.settings.items():
        value = getattr(layer, name)
        text = setting.abbreviate(value, axes)
        if text and SYMBOLIC.fullmatch(setting.brief):
            text = f"{name.replace('_', ' ')} {format_short(collapse(value))}"
        parts += [text] * bool(text)
    return f"{layer.kind} {', '.join(parts)}".rstrip()


def format_line(line: Line) -> str:
    """The arithmetic of a line, and its remark."""
    text = ";  ".join(map(format_sum, line.sums))
    return "; ".join(part for part in (text, line.remark) if part)


def format_sum(each: Sum) -> str:
    """`O = (I − K + 2P)/S + 1 = (227 − 11 + 2·0)/4 + 1 = 55`, or `step j·S = 1·4 = 4`."""
    parts = [join_factors(each.symbols), each.numbers.replace("-", "−"), format_digits(each.result).replace("-", "−")]
    text = " = ".join(part for part in parts if part)
    if not each.name or each.symbols == each.name:
        return text
    return f"{each.name} {text}" if each.name == "step" and len(text.split(" = ")) > 1 else f"{each.name} = {text}"


def join_factors(symbols: str) -> str:
    """A formula without the dot between a number and a symbol, as in textbooks.

    >>> join_factors("⌊(I − K + 2·P)/S⌋ + 1"), join_factors("A·2·B")
    ('⌊(I − K + 2P)/S⌋ + 1', 'A·2·B')
    """
    return FACTOR.sub(r"\1", symbols)


def explain_markdown(explained: Sequence[Explained]) -> str:
    """A heading and a table for each layer."""
    from cnncalc.render.markdown import escape, write_table

    parts = []
    for each in explained:
        rows = [(escape(line.label), escape(format_line(line))) for line in each.lines]
        parts.append(f"### {escape(each.path)}\n\n{escape(format_heading(each))}\n\n")
        parts.append(write_table(("number", "arithmetic"), (False, False), rows) + "\n")
        if len(each.chain) > 2:
            way = [(escape(" ".join((step.path, step.axis)).strip()), escape(format_step(step))) for step in each.chain]
            parts.append(write_table(("receptive field, layer by layer", ""), (False, False), way) + "\n")
    return "".join(parts).rstrip("\n") + "\n"
