"""Maps as pictures in a terminal: shades of grey by blocks, or colours, with two pixels in a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import isfinite

from cnncalc import limits
from cnncalc.execution.netpbm import to_greys
from cnncalc.execution.weights import nest
from cnncalc.layers.base import format_shape
from cnncalc.layers.ops import Map
from cnncalc.render.document import BLANK, Block, Paragraph, Piece
from cnncalc.render.maps import format_number, make_title
from cnncalc.render.view import View

RAMP = " ░▒▓█"  # from the least to the largest
FIRST_GREY, GREYS = 232, 24  # of the 256 colours
FIRST_COLOR, SIDE = 16, 6  # the first of their cube of colours, and its size
LEGEND = 9  # cells of the scale in colour
WIDTH = 120  # of a line of pictures where none is given
GAP = 2  # cells between pictures side by side


def draw_pictures(maps: Mapping[str, Map], view: View) -> Iterator[Block]:
    """Each channel of each map as a picture with its own range of shades, side by side.

    In colour, a map with numbers of both signs is blue below 0, white at 0 and red above.
    """
    color = view.color and sum(made.shape[0] * made.shape[-1] for made in maps.values()) <= limits.RICH_PARAGRAPHS
    for number, (path, made) in enumerate(maps.items()):
        if number:
            yield BLANK
        yield make_title(path, format_shape(made.shape))
        planes = _list_planes(made)
        signed = color and _has_both_signs(made.values)
        yield from _draw_side_by_side(planes, view.width or WIDTH, color, signed)
        yield _make_scale(made.values, len(planes), color, signed)


def draw_beside(pictures: Sequence[Map], view: View) -> Iterator[Block]:
    """The first channels of maps of two axes side by side, each with its own shades, and their scales below."""
    width = ((view.width or WIDTH) - GAP * (len(pictures) - 1)) // len(pictures)
    drawn = []
    for made in pictures:
        signed = view.color and _has_both_signs(made.values)
        cells, lines = _draw_plane(_list_planes(made)[0], width, view.color, signed)
        scale = _make_scale(made.values, 1, view.color, signed).pieces
        drawn.append((max(cells, _count_cells(scale)), lines, scale))
    height = max(len(lines) for _, lines, _ in drawn)
    for number in range(height + 1):
        pieces: list[Piece] = []
        for cells, lines, scale in drawn:
            row = scale if number == height else lines[number] if number < len(lines) else ()
            pieces += [*row, (" " * (cells + GAP - _count_cells(row)), "")]
        yield Paragraph(pieces[:-1], wrapped=False)


def _count_cells(pieces: Sequence[Piece]) -> int:
    return sum(len(text) for text, _ in pieces)


def _has_both_signs(values: Sequence[float]) -> bool:
    finite = list(filter(isfinite, values))
    return min(finite, default=0.0) < 0 < max(finite, default=0.0)


def _make_scale(values: Sequence[float], planes: int, color: bool, signed: bool) -> Paragraph:
    """The scale: in each picture the shades range from its smallest number to its largest."""
    finite = list(filter(isfinite, values))
    if not finite:
        return Paragraph((("no finite numbers", "faint"),))
    low, high = min(finite), max(finite)
    if signed:
        low, high = -max(-low, high), max(-low, high)
    least, largest = format_number(low), format_number(high)
    if color:
        steps = [-1 + 2 * step / (LEGEND - 1) for step in range(LEGEND)]
        codes = _pick_colors(steps, signed)
        pieces = [(f"{least} ", "faint"), *_color_pixels(codes, codes), (f" {largest}", "faint")]
        return Paragraph([*pieces, *([(" overall, each channel by itself", "faint")] if planes > 1 else [])], indent=2)
    if low == high:
        text = f"{RAMP[-1] if high else 'blank'} {largest}"
    elif planes > 1:
        text = f"blank is the smallest and {RAMP[-1]} the largest of each channel; overall {least} to {largest}"
    else:
        text = f"blank {least} … {RAMP[-1]} {largest}"
    return Paragraph(((text, "faint"),), indent=2)


def _draw_side_by_side(planes: list[list[list[float]]], width: int, color: bool, signed: bool) -> Iterator[Block]:
    tiles = [_draw_plane(plane, width, color, signed) for plane in planes]
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


def _draw_plane(rows: list[list[float]], width: int, color: bool, signed: bool) -> tuple[int, list[list[Piece]]]:
    """A picture as lines, and its width in cells: with colour a cell has two pixels, otherwise a pixel two cells."""
    across = 1 if color else 2
    shrink = -(-len(rows[0]) * across // width)
    rows = _shrink(rows, max(shrink, 1))
    wide, values = len(rows[0]), [value for row in rows for value in row]
    if not color:
        texts = [
            "".join(2 * RAMP[shade * (len(RAMP) - 1) // 255] for shade in row) for row in _cut(to_greys(values), wide)
        ]
        return 2 * wide, [[(text, "")] for text in texts]
    grid = _cut(_pick_colors(values, signed), wide)
    uppers, lowers = grid[::2], grid[1::2]
    lines = [_color_pixels(upper, lower) for upper, lower in zip(uppers, lowers, strict=False)]
    return wide, [*lines, *(_color_pixels(upper, None) for upper in uppers[len(lowers) :])]


def _cut(values: list[int], wide: int) -> list[list[int]]:
    return [values[at : at + wide] for at in range(0, len(values), wide)]


def _pick_colors(values: list[float], signed: bool) -> list[int]:
    """The number of a terminal's colour for each value: a grey, or if `signed` blue, white or red."""
    if not signed:
        return [FIRST_GREY + shade * (GREYS - 1) // 255 for shade in to_greys(values)]
    most = max((abs(value) for value in values if isfinite(value)), default=0.0) or 1.0
    codes = []
    for value in values:
        share = 0.0 if value != value else min(max(value / most, -1.0), 1.0)
        faded = SIDE - 1 - round((SIDE - 1) * abs(share))
        red, blue = (faded, SIDE - 1) if share < 0 else (SIDE - 1, faded)
        codes.append(FIRST_COLOR + SIDE * SIDE * red + SIDE * faded + blue)
    return codes


def _color_pixels(upper: list[int], lower: list[int] | None) -> list[Piece]:
    """Two rows of pixels on one line: the upper half of each cell in the foreground colour, the lower as background."""
    styles = (
        [f"color({a}) on color({b})" for a, b in zip(upper, lower, strict=True)]
        if lower
        else [f"color({a})" for a in upper]
    )
    return [("▀" * len(list(same)), style) for style, same in groupby(styles)]


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
