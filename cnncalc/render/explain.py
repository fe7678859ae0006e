"""The arithmetic of layers as on a board: text, Markdown, LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnncalc.analysis.explain import Explained
from cnncalc.analysis.field_sums import Step
from cnncalc.analysis.lines import Line, Sum
from cnncalc.layers.base import Layer
from cnncalc.layers.settings import short, uniform
from cnncalc.render.columns import join, shapes
from cnncalc.render.numbers import exact
from cnncalc.render.paint import Line as Painted
from cnncalc.render.paint import paint
from cnncalc.render.text import clean, count_cells, pad, wrap

GAP = 3  # blanks behind a label
LEAST_LABEL = len("receptive field")
FACTOR = re.compile(r"(?<![\w·])(\d+)·(?=[A-Z])")
SYMBOLIC = re.compile(r"[a-z]+\{\}")
TOGETHER = re.compile(r"\([^()]{1,24}\)|(?<=[=+−]) ")  # where no line is broken
BOUND = "\0"  # stands for a blank there


def explain_text(explained: Sequence[Explained], width: int | None, *, color: bool) -> str:
    """A paragraph a layer."""
    lines: list[Painted] = []
    for each in explained:
        lines += [[("", "")]] * bool(lines)
        lines += _paragraph(each, width)
    return paint(lines, color=color)


def _paragraph(each: Explained, width: int | None) -> Iterator[Painted]:
    title = f"{clean(each.path)}   {heading(each)}"
    first, *rest = wrap(title, width, 4)
    named = len(clean(each.path))
    yield [(first[:named], "title"), (first[named:], "")]
    yield from ([(line, "")] for line in rest)
    margin = max(LEAST_LABEL, *(count_cells(line.label) for line in each.lines)) + GAP
    for line in each.lines:
        yield from _labelled(line.label, line_text(line), margin, width)
    if len(each.chain) > 2:
        yield from _chain(each.chain, width)


def _labelled(label: str, text: str, margin: int, width: int | None, style: str = "head") -> Iterator[Painted]:
    bound = TOGETHER.sub(lambda found: found[0].replace(" ", BOUND), text)
    first, *rest = (line.replace(BOUND, " ") for line in wrap(pad(label, margin) + bound, width, margin))
    yield [(first[:margin], style), (first[margin:], "")]
    yield from ([(line, "")] for line in rest)


def _chain(steps: Sequence[Step], width: int | None) -> Iterator[Painted]:
    """The way of the receptive field from the input."""
    margin = 2 + max(count_cells(clean(step.path)) for step in steps) + GAP
    axis: str | None = None
    for step in steps:
        if step.axis != axis:
            axis = step.axis
            yield [(f"the field's way from the input{f', {axis}' * bool(axis)}", "head")]
        yield from _labelled(f"  {clean(step.path)}", step_text(step), margin, width, "bar")


def step_text(step: Step) -> str:
    """`11 + (3 − 1)·4 = 19;  step 8`."""
    text = f"{step.numbers} = {exact(step.result)}" if step.numbers else exact(step.result)
    return text + (f";  {step.remark}" if step.remark else "")


def heading(each: Explained) -> str:
    """`conv 11×11, stride 4: 3×227×227 → 96×55×55`."""
    return f"{phrase(each.layer, len(each.inputs[0]) - 1)}: {shapes(each.inputs)} → {join(each.output)}"


def phrase(layer: Layer, axes: int) -> str:
    """A layer in words, `conv 11×11, stride 4`."""
    parts = []
    for name, setting in layer.settings.items():
        value = getattr(layer, name)
        text = setting.short(value, axes)
        if text and SYMBOLIC.fullmatch(setting.brief):
            text = f"{name.replace('_', ' ')} {short(uniform(value))}"
        parts += [text] * bool(text)
    return f"{layer.kind} {', '.join(parts)}".rstrip()


def line_text(line: Line) -> str:
    """The arithmetic of a line, and what there is to say of it."""
    text = ";  ".join(map(sum_text, line.sums))
    return "; ".join(part for part in (text, line.remark) if part)


def sum_text(each: Sum) -> str:
    """`O = ⌊(I + 2P − K)/S⌋ + 1 = ⌊(227 + 2·0 − 11)/4⌋ + 1 = 55`, or `step j·S = 1·4 = 4`."""
    parts = [textbook(each.symbols), each.numbers.replace("-", "−"), exact(each.result).replace("-", "−")]
    text = " = ".join(part for part in parts if part)
    if not each.name or each.symbols == each.name:
        return text
    return f"{each.name} {text}" if each.name == "step" else f"{each.name} = {text}"


def textbook(symbols: str) -> str:
    """A formula with a number before a symbol as the textbooks write it.

    >>> textbook("⌊(I + 2·P − K)/S⌋ + 1"), textbook("A·2·B")
    ('⌊(I + 2P − K)/S⌋ + 1', 'A·2·B')
    """
    return FACTOR.sub(r"\1", symbols)


def explain_markdown(explained: Sequence[Explained]) -> str:
    """A heading and a table for each layer."""
    from cnncalc.render.markdown import escape, write_table

    parts = []
    for each in explained:
        rows = [(escape(line.label), escape(line_text(line))) for line in each.lines]
        parts.append(f"### {escape(each.path)}\n\n{escape(heading(each))}\n\n")
        parts.append(write_table(("number", "arithmetic"), (False, False), rows) + "\n")
        if len(each.chain) > 2:
            way = [(escape(" ".join((step.path, step.axis)).strip()), escape(step_text(step))) for step in each.chain]
            parts.append(write_table(("the field's way from the input", ""), (False, False), way) + "\n")
    return "".join(parts).rstrip("\n") + "\n"
