"""The outputs of a network as a document: numbers in rows and columns; `pictures` draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.execution.weights import nest
from cnncalc.layers.base import format_shape
from cnncalc.layers.ops import Map
from cnncalc.render.document import BLANK, Block, Paragraph
from cnncalc.render.json import FORMAT, dump


def describe_maps(maps: Mapping[str, Map], width: int | None) -> Iterator[Block]:
    """Each map below its path, channel by channel; without a width, all numbers are shown."""
    for number, (path, made) in enumerate(maps.items()):
        if number:
            yield BLANK
        yield make_title(path, format_shape(made.shape))
        yield from (make_line("  " + line) for line in format_map(made, width and width - 2))


def make_title(path: str, about: str) -> Block:
    """The line above what is shown of a layer."""
    return Paragraph(((path, "title"), (f"  {about}", "faint")), wrapped=False)


def make_line(text: str) -> Block:
    """A line that is not wrapped."""
    return Paragraph(((text, ""),), wrapped=False)


def format_map(made: Map, width: int | None) -> Iterator[str]:
    """The lines of a map, channel by channel."""
    if not made.sizes:
        yield from format_vector(made.values, width)
        return
    for number, channel in enumerate(made.channels()):
        if made.shape[0] > 1:
            yield f"channel {number}"
        planes = nest((-1, *made.sizes[-2:]), channel) if len(made.sizes) > 1 else [[channel]]
        for depth, plane in enumerate(planes):
            if len(made.sizes) == 3:
                yield f"depth {depth}"
            yield from align_numbers(plane, width)


def format_vector(values: Sequence[float], width: int | None) -> Iterator[str]:
    """A flat output, at most ten values on a line.

    If there are several lines, each begins with the index of its first element, in brackets.
    """
    texts = [format_number(value) for value in values]
    cell = max(map(len, texts))
    head = len(f"[{len(texts) - 1}]  ")
    per = 10 if width is None else max(min((width - head) // (cell + 2), 10), 1)
    for at in range(0, len(texts), per):
        index = f"{f'[{at}]':>{head - 2}}  " if len(texts) > per else ""
        yield index + "  ".join(f"{text:>{cell}}" for text in texts[at : at + per])


def align_numbers(rows: Sequence[Sequence[float]], width: int | None, zero: str = "0") -> Iterator[str]:
    """Rows and columns of numbers; at a narrow width, the middle columns are replaced by an ellipsis."""
    texts = [[format_number(value) if value else zero for value in row] for row in rows]
    cells = [max(map(len, column)) for column in zip(*texts, strict=True)]
    shown = list(range(len(cells)))
    if width is not None and sum(cells) + 2 * len(cells) > width:
        room = max((width - 3) // (max(cells) + 2), 2)
        shown = [*range((room + 1) // 2), *range(len(cells) - room // 2, len(cells))]
    for row in texts:
        parts = []
        for before, at in zip([-1, *shown], shown, strict=False):
            parts.append(("… " if at > before + 1 else "") + f"{row[at]:>{cells[at]}}")
        yield "  ".join(parts)


def format_number(value: float) -> str:
    """Format a number with five digits; a larger one with all its integer digits, up to 2^53.

    >>> format_number(0.0), format_number(1.0), format_number(-0.123456), format_number(20000001.0), format_number(1e30)
    ('0', '1', '-0.12346', '20000001', '1e+30')
    """
    return f"{value:.0f}" if 99_999.5 <= abs(value) <= 2**53 else f"{value + 0.0:.5g}"


def dump_maps(name: str, maps: Mapping[str, Map]) -> str:
    """The maps as JSON, by path."""
    outputs = {
        path: {
            "shape": made.shape,
            "values": nest(made.shape, made.values),
        }
        for path, made in maps.items()
    }
    return dump({"format": FORMAT, "name": name, "outputs": outputs})


def describe_matrix(path: str, rows: Sequence[Sequence[float]], width: int | None) -> Iterator[Block]:
    """A matrix below the path of its layer and its size, with zeros as dots."""
    yield make_title(path, f"{len(rows)} × {len(rows[0])}, output × input")
    yield from (make_line("  " + line) for line in align_numbers(rows, width and width - 2, zero="·"))


def dump_matrix(name: str, path: str, rows: Any) -> str:
    """A matrix as JSON."""
    return dump({"format": FORMAT, "name": name, "path": path, "matrix": rows})
