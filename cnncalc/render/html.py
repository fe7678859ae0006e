"""Documents as a fragment of HTML: static, without scripts and classes, for notebooks and pages of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.render.document import Block, Cell, Column, Pairs, Table
from cnncalc.render.markup import escape

BOLD = ("head", "title")  # styles
SIDES = {False: ' style="text-align: left"', True: ' style="text-align: right"'}
INDENT = 1.2  # em for each level of a hierarchy, which is two blanks


def write_html(blocks: Iterable[Block]) -> str:
    """Write a document as one `div`."""
    parts = (part for block in blocks for part in _write(block))
    return "\n".join(["<div>", *parts, "</div>"]) + "\n"


def _write(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _write_table(block)
    elif isinstance(block, Pairs):
        yield f"<p>{'<br/>'.join(f'<strong>{escape(name)}</strong> {escape(text)}' for name, text in block.pairs)}</p>"
    else:
        text = "".join(_emphasize(escape(text), style) for text, style in block.pieces)
        if text.strip():
            yield f"<p>{text.strip()}</p>"


def _write_table(table: Table) -> Iterator[str]:
    columns = [column for column in table.columns if not column.bar]
    heads = (f'<th scope="col"{SIDES[column.right]}>{escape(column.header)}</th>' for column in columns)
    yield f"<table>\n<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>"
    for row in zip(*(column.cells for column in columns), strict=True):
        yield _write_row(columns, row)
    yield "</tbody>"
    if columns[0].footer:
        yield f"<tfoot>{_write_row(columns, [column.footer or Cell('') for column in columns])}</tfoot>"
    yield "</table>"


def _write_row(columns: Iterable[Column], cells: Iterable[Cell]) -> str:
    return f"<tr>{''.join(_write_cell(*pair) for pair in zip(columns, cells, strict=True))}</tr>"


def _write_cell(column: Column, cell: Cell) -> str:
    text = cell.text.lstrip(" ")
    side = SIDES[column.right]
    level = (len(cell.text) - len(text)) // 2
    if text and level:
        side = f'{side[:-1]}; padding-left: {INDENT * (level + 1):g}em"'
    return f"<td{side}>{_emphasize(escape(text), cell.style)}</td>"


def _emphasize(text: str, style: str) -> str:
    return f"<strong>{text}</strong>" if style in BOLD and text.strip() else text
