"""The outputs of a network as a document: numbers in rows and columns, or shades of grey."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import isfinite
from typing import Any

from cnncalc import limits
from cnncalc.execution.netpbm import to_greys
from cnncalc.execution.weights import nest
from cnncalc.layers.base import format_shape
from cnncalc.layers.ops import Map
from cnncalc.render.document import BLANK, Block, Paragraph, Piece
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.view import View

RAMP = " ░▒▓█"  # from the least to the largest
FIRST_GREY, GREYS = 232, 24  # of the 256 colours
WIDTH = 120  # of a line of pictures where none is given
GAP = 2  # cells between pictures side by side


def describe_maps(maps: Mapping[str, Map], width: int | None) -> Iterator[Block]:
    """Each map below its path, channel by channel; without a width, all numbers are shown."""
    for number, (path, made) in enumerate(maps.items()):
        if number:
            yield BLANK
        yield _make_title(path, format_shape(made.shape))
        yield from (_make_line("  " + line) for line in _format_map(made, width and width - 2))


def _make_title(path: str, about: str) -> Block:
    return Paragraph(((path, "title"), (f"  {about}", "faint")), wrapped=False)


def _make_line(text: str) -> Block:
    return Paragraph(((text, ""),), wrapped=False)


def _format_map(made: Map, width: int | None) -> Iterator[str]:
    if not made.sizes:
        yield from _format_vector(made.values, width)
        return
    for number, channel in enumerate(made.channels()):
        if made.shape[0] > 1:
            yield f"channel {number}"
        planes = nest((-1, *made.sizes[-2:]), channel) if len(made.sizes) > 1 else [[channel]]
        for depth, plane in enumerate(planes):
            if len(made.sizes) == 3:
                yield f"depth {depth}"
            yield from align_numbers(plane, width)


def _format_vector(values: Sequence[float], width: int | None) -> Iterator[str]:
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
    yield _make_title(path, f"{len(rows)} × {len(rows[0])}, output × input")
    yield from (_make_line("  " + line) for line in align_numbers(rows, width and width - 2, zero="·"))


def dump_matrix(name: str, path: str, rows: Any) -> str:
    """A matrix as JSON."""
    return dump({"format": FORMAT, "name": name, "path": path, "matrix": rows})


def draw_pictures(maps: Mapping[str, Map], view: View) -> Iterator[Block]:
    """Each channel of each map as a picture with its own range of shades, side by side."""
    color = view.color and sum(made.shape[0] * made.shape[-1] for made in maps.values()) <= limits.RICH_PARAGRAPHS
    for number, (path, made) in enumerate(maps.items()):
        if number:
            yield BLANK
        yield _make_title(path, format_shape(made.shape))
        yield from _draw_side_by_side(made, view.width or WIDTH, color)
        yield _make_legend(made, color)


def _make_legend(made: Map, color: bool) -> Block:
    """The legend: in each picture the shades range from its smallest number to its largest."""
    finite = list(filter(isfinite, made.values))
    if not finite:
        return Paragraph((("no finite numbers", "faint"),))
    shades = [shade * 255 // (len(RAMP) - 1) for shade in range(len(RAMP))]
    ramp = _color_pixels(shades, shades) if color else [(RAMP, "")]
    range_ = f"{format_number(min(finite))} to {format_number(max(finite))}"
    about = range_ if len(_list_planes(made)) == 1 else f"smallest to largest of each channel; overall {range_}"
    return Paragraph((("[", "faint"), *ramp, (f"] {about}", "faint")), indent=2)


def _draw_side_by_side(made: Map, width: int, color: bool) -> Iterator[Block]:
    tiles = [_draw_plane(plane, width, color) for plane in _list_planes(made)]
    cells = tiles[0][0]
    per = max((width + GAP) // (cells + GAP), 1)
    for at in range(0, len(tiles), per):
        if at:
            yield BLANK
        for rows in zip(*(tile for _, tile in tiles[at : at + per]), strict=True):
            pieces = list(rows[0])
            for row in rows[1:]:
                pieces += [(" " * GAP, ""), *row]
            yield Paragraph(pieces, wrapped=False)


def _list_planes(made: Map) -> list[list[list[float]]]:
    """The rows of each picture: one for each channel, or for each slice of it; a vector is one row."""
    if len(made.sizes) < 2:
        return [[channel for channel in made.channels()]] if made.sizes else [[list(made.values)]]
    planes: list[list[list[float]]] = nest((-1, *made.sizes[-2:]), made.values)
    return planes


def _draw_plane(rows: list[list[float]], width: int, color: bool) -> tuple[int, list[list[Piece]]]:
    """A picture as lines, and its width in cells: with colour a cell has two pixels, otherwise a pixel two cells."""
    across = 1 if color else 2
    shrink = -(-len(rows[0]) * across // width)
    rows = _shrink(rows, max(shrink, 1))
    wide = len(rows[0])
    shades = to_greys([value for row in rows for value in row])
    grid = [shades[at : at + wide] for at in range(0, len(shades), wide)]
    if not color:
        texts = ("".join(2 * RAMP[shade * (len(RAMP) - 1) // 255] for shade in row) for row in grid)
        return 2 * wide, [[(text, "")] for text in texts]
    grid += [[0] * wide] * (len(grid) % 2)
    return wide, [_color_pixels(upper, lower) for upper, lower in zip(grid[::2], grid[1::2], strict=True)]


def _color_pixels(upper: list[int], lower: list[int]) -> list[Piece]:
    """Two rows of pixels on one line: the upper half of each cell in the foreground colour, the lower as background."""
    pairs = zip(*([FIRST_GREY + shade * (GREYS - 1) // 255 for shade in row] for row in (upper, lower)), strict=True)
    return [("▀" * len(list(same)), f"color({a}) on color({b})") for (a, b), same in groupby(pairs)]


def _shrink(rows: list[list[float]], by: int) -> list[list[float]]:
    """Shrink a picture by averaging squares of pixels."""
    if by == 1:
        return rows
    made = []
    for top in range(0, len(rows), by):
        part = rows[top : top + by]
        columns = [[value for row in part for value in row[left : left + by]] for left in range(0, len(rows[0]), by)]
        made.append([sum(value / len(values) for value in values) for values in columns])
    return made
