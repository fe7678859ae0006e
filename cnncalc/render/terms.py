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
PICTURE = 14  # rows and columns of a picture of a window
SLICES = 5  # depths of a window on three axes
DIGITS = ((5, 2), (3, 2), (0, 0))  # of the numbers of a picture, 0 for two decimals, and positions around the window
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
            name, shape = name_tensor(source.tensor, network), format_shape(source.part.shape)
            yield "reads", f"{name} {shape}: {_sum_up(source.units)}"


def _draw_windows(each: Explained, width: int) -> Iterator[Block]:
    """A picture of one channel that was read of each map."""
    for number, source in enumerate(each.sources):
        if 2 <= len(source.part.shape) <= 4 and len(source.units) > 1:
            yield from _draw_window(source, each.window if not number else (), _choose_channel(each, source), width)


def _choose_channel(each: Explained, source: Source) -> int:
    """The unit's own channel where it is read, or the first: channels of a kernel are not those that it reads."""
    read = {unit[0] for unit in source.units}
    return source.units[0][0] if each.unit[0] not in read or each.window else each.unit[0]


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


def _draw_window(source: Source, window: tuple[tuple[int, ...], ...], channel: int, width: int) -> Iterator[Block]:
    """One channel around the units that were read, these in brackets; padding is a dot. Three axes slice by slice."""
    shape = source.part.shape
    covered = {unit[1:] for unit in source.units if unit[0] == channel} | {*product(*window)} - {()}
    slices = sorted({place[:-2] for place in covered})
    about = [f"channel {channel} of {shape[0]}"] if shape[0] > 1 else []
    for number, at in enumerate(slices[:SLICES]):
        depth = [f"depth {at[0]}{f' of {shape[1]}' if not number else ''}"] if at else []
        if at and not 0 <= at[0] < shape[1]:
            yield _make_line([*about, *depth, "all is padding"])
            continue
        grid = _draw_slice(source, channel, at, {(0, *place)[-2:] for place in covered if place[:-2] == at}, width)
        if grid is None:
            yield _make_line([*about, *depth, "the window is wider than the line"])
            return
        is_padded = any("·" in text for line in grid for text, _ in line)
        yield _make_line([*about, *depth, "[ ] is read", *(["· is padding"] if is_padded else [])])
        for line in grid:
            yield Paragraph([(" " * INDENT, ""), *line], wrapped=False)
    if len(slices) > SLICES:
        yield _make_line([f"{len(slices) - SLICES} more depths"])


def _make_line(parts: Sequence[str]) -> Block:
    return make_paragraph(" " * INDENT + ", ".join(parts), "faint")


def _draw_slice(
    source: Source, channel: int, at: tuple[int, ...], covered: set[tuple[int, ...]], width: int
) -> list[list[Piece]] | None:
    """Rows and columns around the covered positions; None if they are wider than a line, with few digits as well."""
    shape, box = (1, *source.part.shape[1:])[-2:], (range(1), *source.part.box)[-2:]
    step = len(box[0]) * len(box[1])
    first = source.part.box[0].index(at[0]) * step if at else 0
    values = source.part.made.channels()[channel][first : first + step]
    for digits, beside in DIGITS:
        rows, columns = (
            _choose_range([place[axis] for place in covered], shape[axis], box[axis], beside)
            for axis in range(len(shape))
        )
        grid: list[list[Piece]] = []
        for y in rows:
            line: list[Piece] = []
            for x in columns:
                is_inside = 0 <= y < shape[0] and 0 <= x < shape[1]
                value = values[box[0].index(y) * len(box[1]) + box[1].index(x)] if is_inside else 0.0
                text = "·" if not is_inside else format_number(value, digits) if digits else f"{value:.2f}"
                if (y, x) in covered:
                    line.append((f"[{text}]", "large" if is_inside else "mark"))
                else:
                    line.append((f" {text} ", "faint"))
            grid.append(line)
        cells = max(len(text) for line in grid for text, _ in line)
        if cells * len(columns) + INDENT <= width:
            return [[(f"{text:>{cells}}", style) for text, style in line] for line in grid]
    return None


def _choose_range(places: Sequence[int], size: int, known: range, beside: int) -> range:
    """The positions of an axis that are shown: all of a small one, else those around the window, as far as known."""
    first, last = min(places), max(places)
    begin, end = min(first, 0), max(last + 1, size)
    if end - begin > PICTURE or not beside:
        begin, end = max(first - beside, begin), min(last + beside + 1, end)
    begin = begin if first < 0 else max(begin, known.start)
    end = end if last >= size else min(end, known.stop)
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
