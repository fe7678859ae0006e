"""Numbers of a network written out: the terms of each, and the window that it was computed of as a small picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from cnncalc.execution.explained import Explained, Explanation, Source, Unit, join_unit
from cnncalc.execution.written_out import Line, Step
from cnncalc.layers.base import format_shape
from cnncalc.network import Network, input_label
from cnncalc.render.document import BLANK, Block, Pairs, Paragraph, Piece, make_paragraph
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.maps import format_number, make_title

TERMS = 32  # of a line; of a longer one the middle is left out
LINES = 16  # of a number: the channels of its window
BESIDE = 2  # positions around a window that are shown
PICTURE = 14  # rows and columns of a picture of a window
INDENT = 4
WIDTH = 100  # characters of a line where no width is given


def format_term(value: float) -> str:
    """A number in a line of terms."""
    return format_number(value)


def describe_numbers(found: Explanation, network: Network, width: int | None) -> Iterator[Block]:
    """Each number below its layer and unit, the last layer first."""
    for number, each in enumerate(found.numbers):
        if number:
            yield BLANK
        about = f"unit {join_unit(each.unit)} of {format_shape(each.node.output)}, {each.node.layer.kind}"
        yield make_title(each.node.path, about)
        yield Pairs([*_list_steps(each), *_list_sources(each, network)], indent=2)
        yield from _draw_windows(each, width or WIDTH)
    for path, count in found.omitted.items():
        yield BLANK
        yield make_paragraph(
            f"{count:,} more units of {path} are not written out; choose one with --unit and --at", "faint"
        )


def _list_steps(each: Explained) -> Iterator[tuple[str, str]]:
    """A line of terms for each channel and step, by its label."""
    for step in each.steps:
        if len(step.lines) == 1:
            yield step.name, _write_line(step.lines[0])
            continue
        shown = step.lines if len(step.lines) <= LINES else (*step.lines[: LINES - 2], *step.lines[-2:])
        prefix = f"{step.name} " if step.name else ""
        for number, line in enumerate(shown):
            if number == LINES - 2 and len(step.lines) > LINES:
                yield "…", f"{len(step.lines) - LINES:,} more"
            yield prefix + line.label, _write_line(line)
        yield step.name or "sum", _write_line(_add_up(step))


def _add_up(step: Step) -> Line:
    """The sum of the lines of a step."""
    texts = [format_term(line.value) for line in step.lines]
    terms = [f"({text})" if text.startswith("-") and at else text for at, text in enumerate(texts)]
    return Line(terms, step.value)


def _write_line(line: Line) -> str:
    """The terms and what they are together; of very many the middle is left out."""
    if len(line.terms) > TERMS:
        half = TERMS // 2
        left = f"… ({len(line.terms) - TERMS:,} more)"
        line = line._replace(terms=[*line.terms[:half], left, *line.terms[-half:]])
    value = format_term(line.value)
    return line.text if line.text == value else f"{line.text} = {value}"


def _list_sources(each: Explained, network: Network) -> Iterator[tuple[str, str]]:
    """What was read of each input."""
    for source in each.sources:
        if source.units:
            name, shape = name_tensor(source.tensor, network), format_shape(source.made.shape)
            yield "reads", f"{name} {shape}: {_sum_up(source.units)}"


def _draw_windows(each: Explained, width: int) -> Iterator[Block]:
    """A picture of the first channel that was read of each map."""
    for number, source in enumerate(each.sources):
        if 2 <= len(source.made.shape) <= 3 and len(source.units) > 1:
            yield from _draw_plane(source, each.window if not number else (), width)


def name_tensor(tensor: int, network: Network) -> str:
    """The path of a layer, or the name of an input."""
    if tensor >= 0:
        return network.nodes[tensor].path
    return input_label(list(network.inputs)[-1 - tensor])


def _sum_up(units: Sequence[Unit]) -> str:
    """Which units were read: one, or how many of which channels and positions."""
    if len(units) == 1:
        return f"unit {join_unit(units[0])}"
    axes = [sorted({*axis}) for axis in zip(*units, strict=True)]
    names = ("elements",) if len(axes) == 1 else ("channels", *("depths", "rows", "columns")[4 - len(axes) :])
    if len(axes) > 4:
        return f"{len(units):,} units"
    spans = [
        f"{name if first < last else name[:-1]} {first}{f' to {last}' if first < last else ''}"
        for name, first, last in ((name, axis[0], axis[-1]) for name, axis in zip(names, axes, strict=True))
    ]
    return f"{len(units):,} units, {', '.join(spans)}"


def _draw_plane(source: Source, window: tuple[tuple[int, ...], ...], width: int) -> Iterator[Block]:
    """One channel around the units that were read, these in brackets; padding is a dot."""
    shape = source.made.shape
    height, length = shape[1:] if len(shape) == 3 else (1, *shape[1:])
    channel = source.units[0][0]
    covered = {(0, *unit[1:])[-2:] for unit in source.units if unit[0] == channel}
    if window:
        covered |= {*product(*((0,), *window)[-2:])}
    rows = _choose_range([y for y, _ in covered], height)
    columns = _choose_range([x for _, x in covered], length)
    values = source.made.channels()[channel]
    grid: list[list[Piece]] = []
    padded = False
    for y in rows:
        line: list[Piece] = []
        for x in columns:
            inside = 0 <= y < height and 0 <= x < length
            padded = padded or not inside
            text = format_number(values[y * length + x]) if inside else "·"
            if (y, x) in covered:
                line.append((f"[{text}]", "large" if inside else "mark"))
            else:
                line.append((f" {text} ", "faint"))
        grid.append(line)
    cells = max(len(text) for line in grid for text, _ in line)
    if cells * len(columns) + INDENT > width:
        return
    about = f"channel {channel} of {shape[0]}, " if shape[0] > 1 else ""
    yield make_paragraph(" " * INDENT + f"{about}[ ] is read{', · is padding' if padded else ''}", "faint")
    for line in grid:
        yield Paragraph([(" " * INDENT, ""), *((f"{text:>{cells}}", style) for text, style in line)], wrapped=False)


def _choose_range(places: Sequence[int], size: int) -> range:
    """The positions of an axis that are shown: all of a small one, else those around the window."""
    first, last = min(places), max(places)
    if max(last + 1, size) - min(first, 0) <= PICTURE:
        return range(min(first, 0), max(last + 1, size))
    begin, end = max(first - BESIDE, min(first, 0)), min(last + BESIDE + 1, max(last + 1, size))
    return range(begin, min(end, begin + PICTURE))


def dump_numbers(found: Explanation, network: Network) -> str:
    """The numbers as JSON, with all terms."""
    numbers = [
        {
            "path": each.node.path,
            "kind": each.node.layer.kind,
            "unit": each.unit,
            "value": each.value,
            "steps": [_make_step(step) for step in each.steps],
            "reads": [{"of": name_tensor(source.tensor, network), "units": source.units} for source in each.sources],
        }
        for each in found.numbers
    ]
    return dump({"format": FORMAT, "name": network.name, "numbers": numbers, "omitted": found.omitted})


def _make_step(step: Step) -> dict[str, Any]:
    lines = [{"label": line.label or None, "text": line.text, "value": line.value} for line in step.lines]
    return {"name": step.name or None, "value": step.value, "lines": lines}
