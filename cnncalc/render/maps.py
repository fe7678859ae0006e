"""What a network gives, for people: numbers in rows and columns, or shades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.execution.netpbm import greys
from cnncalc.execution.weights import nested
from cnncalc.layers.base import shape_text
from cnncalc.layers.ops import Map
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.paint import Line, paint
from cnncalc.render.text import clean

RAMP = " ░▒▓█"  # from the least to the largest
FIRST_GREY, GREYS = 232, 24  # of the 256 colours
ASIDE = 2  # cells between pictures side by side


def maps_text(maps: Mapping[str, Map], width: int | None, *, color: bool) -> str:
    """Every map under its path, channel by channel; without a width all numbers are shown."""
    lines: list[Line] = []
    for path, made in maps.items():
        lines += [[("", "")]] if lines else []
        lines.append([(clean(path), "title"), (f"  {shape_text(made.shape)}", "faint")])
        lines += [[("  " + line, "")] for line in _numbers(made, width and width - 2)]
    return paint(lines, color=color)


def _numbers(made: Map, width: int | None) -> Iterator[str]:
    if not made.sizes:
        yield from _listed(made.values, width)
        return
    for number, channel in enumerate(made.channels()):
        if made.shape[0] > 1:
            yield f"channel {number}"
        planes = nested((-1, *made.sizes[-2:]), channel) if len(made.sizes) > 1 else [[channel]]
        for depth, plane in enumerate(planes):
            if len(made.sizes) == 3:
                yield f"depth {depth}"
            yield from table_of(plane, width)


def _listed(values: Sequence[float], width: int | None) -> Iterator[str]:
    """A flat output, ten to a line (or as many as there is room for), the index of the first at its head."""
    texts = [written(value) for value in values]
    cell = max(map(len, texts))
    head = len(str(len(texts)))
    per = 10 if width is None else max(min((width - head - 2) // (cell + 2), 10), 1)
    for at in range(0, len(texts), per):
        yield f"{at:>{head}}  " + "  ".join(f"{text:>{cell}}" for text in texts[at : at + per])


def table_of(rows: Sequence[Sequence[float]], width: int | None, zero: str = "0") -> Iterator[str]:
    """Rows and columns of numbers; where there is no room, the middle columns are left out, visibly."""
    texts = [[written(value) if value else zero for value in row] for row in rows]
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


def written(value: float) -> str:
    """A number in five digits.

    >>> written(0.0), written(1.0), written(-0.123456), written(1234567.0)
    ('0', '1', '-0.12346', '1.2346e+06')
    """
    return f"{value + 0.0:.5g}"


def maps_json(name: str, maps: Mapping[str, Map]) -> str:
    """Every map by its path, by the contract."""
    outputs = {
        path: {
            "shape": made.shape,
            "values": nested(made.shape, made.values),
        }
        for path, made in maps.items()
    }
    return dump({"format": FORMAT, "name": name, "outputs": outputs})


def matrix_text(path: str, rows: Sequence[Sequence[float]], width: int | None, *, color: bool) -> str:
    """A matrix under the path of its layer and its size, zeros as dots."""
    title: Line = [(clean(path), "title"), (f"  {len(rows)} × {len(rows[0])}, output × input", "faint")]
    body: list[Line] = [[("  " + line, "")] for line in table_of(rows, width and width - 2, zero="·")]
    return paint([title, *body], color=color)


def matrix_json(name: str, path: str, rows: Any) -> str:
    """A matrix by the path of its layer."""
    return dump({"format": FORMAT, "name": name, "path": path, "matrix": rows})


def pictures(maps: Mapping[str, Map], width: int | None, *, color: bool) -> str:
    """Every channel of every map in shades of its own, side by side as there is room."""
    lines: list[Line] = []
    for path, made in maps.items():
        lines += [[("", "")]] if lines else []
        lines.append([(clean(path), "title"), (f"  {shape_text(made.shape)}", "faint")])
        lines += [[(line, "")] for line in _side_by_side(made, width or 120, color)]
    return paint(lines, color=color)


def _side_by_side(made: Map, width: int, color: bool) -> Iterator[str]:
    tiles = [_tile(plane, width, color) for plane in _planes(made)]
    cells = tiles[0][0]
    per = max((width + ASIDE) // (cells + ASIDE), 1)
    for at in range(0, len(tiles), per):
        if at:
            yield ""
        yield from map((" " * ASIDE).join, zip(*(tile for _, tile in tiles[at : at + per]), strict=True))


def _planes(made: Map) -> list[list[list[float]]]:
    """The rows of every picture: a channel's, or its slices; what is flat is one row."""
    if len(made.sizes) < 2:
        return [[channel for channel in made.channels()]] if made.sizes else [[list(made.values)]]
    planes: list[list[list[float]]] = nested((-1, *made.sizes[-2:]), made.values)
    return planes


def _tile(rows: list[list[float]], width: int, color: bool) -> tuple[int, list[str]]:
    """A picture as lines, and its width in cells: two pixels to a cell in colours, else two cells to a pixel."""
    across = 1 if color else 2
    shrink = -(-len(rows[0]) * across // width)
    rows = _shrunk(rows, max(shrink, 1))
    wide = len(rows[0])
    shades = greys([value for row in rows for value in row])
    grid = [shades[at : at + wide] for at in range(0, len(shades), wide)]
    if not color:
        return 2 * wide, ["".join(2 * RAMP[shade * (len(RAMP) - 1) // 255] for shade in row) for row in grid]
    grid += [[0] * wide] * (len(grid) % 2)
    return wide, [_colored(upper, lower) for upper, lower in zip(grid[::2], grid[1::2], strict=True)]


def _colored(upper: list[int], lower: list[int]) -> str:
    """Two rows of pixels in one line: the upper half of each cell and what is behind it."""
    grey = [[FIRST_GREY + shade * (GREYS - 1) // 255 for shade in row] for row in (upper, lower)]
    return "".join(f"\x1b[38;5;{a}m\x1b[48;5;{b}m▀" for a, b in zip(*grey, strict=True)) + "\x1b[0m"


def _shrunk(rows: list[list[float]], by: int) -> list[list[float]]:
    """Means of squares of pixels."""
    if by == 1:
        return rows
    made = []
    for top in range(0, len(rows), by):
        part = rows[top : top + by]
        columns = [[value for row in part for value in row[left : left + by]] for left in range(0, len(rows[0]), by)]
        made.append([sum(value / len(values) for value in values) for values in columns])
    return made
