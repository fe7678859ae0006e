"""The outputs of a network as a document: numbers in rows and columns; `pictures` draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.execution.weights import nest
from cnncalc.layers.base import format_shape
from cnncalc.layers.ops import Map
from cnncalc.render.document import BLANK, Block, Paragraph, make_paragraph
from cnncalc.render.json import FORMAT, dump

READ = 25  # columns that a row of a matrix reads, and that are listed


def describe_maps(maps: Mapping[str, Map], width: int | None) -> Iterator[Block]:
    """Each map below its path, channel by channel; without a width, all numbers are shown."""
    is_cut = False
    for number, (path, made) in enumerate(maps.items()):
        if number:
            yield BLANK
        yield make_title(path, format_shape(made.shape))
        lines = list(format_map(made, width and width - 2))
        yield from (make_line("  " + line) for line in lines)
        is_cut = is_cut or any("…" in line for line in lines)
    if is_cut:
        yield make_paragraph(
            "columns are left out: --picture shows all of them, --format json has all numbers", "faint"
        )


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


def align_numbers(rows: Sequence[Sequence[float]], width: int | None) -> Iterator[str]:
    """Rows and columns of numbers; at a narrow width, the middle columns are replaced by an ellipsis."""
    return align_texts(_format_rows(rows), width)


def _format_rows(rows: Sequence[Sequence[float]], zero: str = "0") -> list[list[str]]:
    return [[format_number(value) if value else zero for value in row] for row in rows]


def align_texts(texts: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    """Rows and columns of texts, each column right-aligned; at a narrow width without the middle columns."""
    cells = [max(map(len, column)) for column in zip(*texts, strict=True)]
    shown = list(range(len(cells)))
    if width is not None and sum(cells) + 2 * len(cells) > width:
        shown = _choose_columns(cells, width)
    for row in texts:
        parts = []
        for before, at in zip([-1, *shown], shown, strict=False):
            parts.append(("… " if at > before + 1 else "") + f"{row[at]:>{cells[at]}}")
        yield "  ".join(parts)


def format_number(value: float, digits: int = 5) -> str:
    """Format a number with five digits, or fewer; a larger one with all its integer digits, up to 2^53.

    >>> format_number(0.0), format_number(1.0), format_number(-0.123456), format_number(20000001.0), format_number(1e30)
    ('0', '1', '-0.12346', '20000001', '1e+30')
    """
    return f"{value:.0f}" if 99_999.5 <= abs(value) <= 2**53 else f"{value + 0.0:.{digits}g}"


def _choose_columns(cells: Sequence[int], width: int) -> list[int]:
    """As many columns of these widths as fit, from both ends in turn, with an ellipsis between; two at least.

    >>> _choose_columns([1, 1, 9, 9, 9, 1], 20)
    [0, 1, 4, 5]
    """
    ends = [at if number % 2 == 0 else len(cells) - 1 - at for at in range(len(cells)) for number in range(2)]
    room = width - 2
    shown: set[int] = set()
    for at in ends[: len(cells)]:
        room -= cells[at] + 2
        if room < -2 and len(shown) > 1:  # nothing follows the last column
            break
        shown.add(at)
    return sorted(shown)


def dump_maps(name: str, maps: Mapping[str, Map]) -> str:
    """The maps as JSON, by path."""
    return dump(record_maps(name, maps))


def record_maps(name: str, maps: Mapping[str, Map]) -> dict[str, Any]:
    """The maps as a document of JSON."""
    outputs = {path: {"shape": made.shape, "values": nest(made.shape, made.values)} for path, made in maps.items()}
    return {"format": FORMAT, "name": name, "outputs": outputs}


def describe_matrix(path: str, rows: Sequence[Sequence[float]], width: int | None, product: int = 1) -> Iterator[Block]:
    """A matrix below the path of its layer and its size, with zeros as dots; rows and columns are numbered.

    `product` is the number of layers whose matrices were multiplied.
    """
    first = [str(at) for at, value in enumerate(rows[0], 1) if value]
    about = f"{len(rows)} × {len(rows[0])}, output × input"
    about += f", the product of {product} matrices" if product > 1 else ""
    yield make_title(path, about)
    if 0 < len(first) < len(rows[0]) and len(first) <= READ:
        yield make_paragraph(f"  row 1 reads {' '.join(first)} of {len(rows[0])}", "faint", indent=2)
    yield from list_numbered_rows(rows, width)


def list_numbered_rows(rows: Sequence[Sequence[float]], width: int | None) -> Iterator[Block]:
    """The rows of a matrix with zeros as dots, below the numbers of its columns and beside their own, from 1."""
    numbers = [str(number) for number in range(1, len(rows) + 1)]
    room = width and width - len(numbers[-1]) - 4
    head, *lines = align_texts([list(map(str, range(1, len(rows[0]) + 1))), *_format_rows(rows, zero="·")], room)
    margin = " " * (len(numbers[-1]) + 4)
    yield Paragraph(((margin + head, "faint"),), wrapped=False)
    for number, line in zip(numbers, lines, strict=True):
        yield Paragraph(((f"  {number:>{len(numbers[-1])}}  ", "faint"), (line, "")), wrapped=False)


def dump_matrix(name: str, path: str, rows: Any) -> str:
    """A matrix as JSON."""
    return dump({"format": FORMAT, "name": name, "path": path, "matrix": rows})
