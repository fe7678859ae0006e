"""Documents as plain aligned text, without importing Rich: for pipes, files and very long tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cnncalc.render.document import GAP, Block, Cell, Column, Pairs, Paragraph, Piece, Table, measure_columns
from cnncalc.render.text import clean, count_cells, pad, wrap

Line = list[Piece]
RULE = "─"


def write_plain(blocks: Iterable[Block], width: int | None) -> str:
    """Write a document as lines of text without trailing blanks."""
    return "".join(line + "\n" for block in blocks for line in _write_block(block, width))


def _write_block(block: Block, width: int | None) -> Iterator[str]:
    if isinstance(block, Table):
        return draw_table(block)
    return ("".join(text for text, _ in line).rstrip() for line in lay_out(block, width))


def draw_table(table: Table) -> Iterator[str]:
    """The lines of a table, with a rule below the header, above the footer and between sections.

    They are made one at a time, to save memory for large tables; a text that occurs in many rows is padded once.
    """
    widths = measure_columns(table)
    rule = RULE * (sum(widths) + GAP * (len(widths) - 1))
    gaps = ["", *[" " * GAP] * (len(widths) - 1)]
    columns = [_pad_cells(*each) for each in zip(table.columns, widths, gaps, strict=True)]
    footer = table.columns[0].footer is not None
    last = len(table.columns[0].cells) + 1
    for number, texts in enumerate(zip(*columns, strict=True)):
        if number == 1 or (footer and number == last) or (number > 1 and number - 1 in table.sections):
            yield rule
        yield "".join(texts).rstrip()


def _pad_cells(column: Column, width: int, gap: str) -> Iterator[str]:
    """The header, the cells and the footer of a column, padded to its width."""
    made: dict[str, str] = {}
    for cell in (Cell(column.header), *column.cells, *([column.footer] if column.footer else [])):
        if cell.text not in made:
            made[cell.text] = gap + pad(clean(cell.text), width, right=column.right)
        yield made[cell.text]


def lay_out(block: Paragraph | Pairs, width: int | None) -> Iterator[Line]:
    """The lines of a block other than a table, wrapped at a width, with unprintable characters escaped."""
    if isinstance(block, Paragraph):
        pieces = [(clean(text), style) for text, style in block.pieces]
        yield from _wrap_pieces(pieces, width if block.wrapped else None, block.indent)
        return
    names = [" " * block.indent + clean(name) for name, _ in block.pairs]
    margin = max([block.least, *map(count_cells, names)]) + block.gap
    for name, (_, text) in zip(names, block.pairs, strict=True):
        yield from _wrap_pieces([(pad(name, margin), block.style), (clean(text), "")], width, margin, block.together)


def _wrap_pieces(
    pieces: Sequence[Piece], width: int | None, indent: int, together: re.Pattern[str] | None = None
) -> Iterator[Line]:
    """Wrap pieces; each part keeps its style."""
    rest = list(pieces)
    for number, text in enumerate(wrap("".join(text for text, _ in pieces), width, indent, together)):
        line: Line = [(" " * indent, "")] if number and indent else []
        wanted = len(text) - (indent if number else 0)
        if number:  # the blanks at which the line was broken
            _take_blanks(rest)
        while wanted > 0:
            piece, style = rest.pop(0)
            line.append((piece[:wanted], style))
            if len(piece) > wanted:
                rest.insert(0, (piece[wanted:], style))
            wanted -= len(piece)
        yield line


def _take_blanks(rest: list[Piece]) -> None:
    while rest and not rest[0][0].strip(" "):
        rest.pop(0)
    if rest:
        text, style = rest[0]
        rest[0] = (text.lstrip(" "), style)
