"""Documents in GitHub Flavored Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cnncalc.render.document import Block, Cell, Pairs, Table
from cnncalc.render.text import clean

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
BOLD = ("head", "title")  # styles


def write_markdown(blocks: Iterable[Block]) -> str:
    """Write a document with a blank line between its blocks."""
    parts = ["".join(_write(block)) for block in blocks]
    return "\n".join(filter(None, parts))


def _write(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _write_table(block)
    elif isinstance(block, Pairs):
        yield from (f"- {escape(name)}: {escape(text)}\n" for name, text in block.pairs)
    else:
        text = "".join(_emphasize(escape(text), style) for text, style in block.pieces)
        yield f"{' '.join(text.split())}\n" if text else ""


def _write_table(table: Table) -> Iterator[str]:
    columns = [column for column in table.columns if not column.bar]
    yield _write_line(escape(column.header) for column in columns)
    yield _write_line("---:" if column.right else ":---" for column in columns)
    for row in zip(*(column.cells for column in columns), strict=True):
        yield _write_line(map(_mark_up, row))
    if columns[0].footer:
        yield _write_line(_mark_up(column.footer) if column.footer else "" for column in columns)


def _write_line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _mark_up(cell: Cell) -> str:
    """A cell in Markdown, in bold by its style, indented by its leading blanks."""
    text = cell.text.lstrip(" ")
    if not text:
        return ""
    deep = "&emsp;" * ((len(cell.text) - len(text)) // 2)
    return _emphasize(deep + escape(text), cell.style)


def _emphasize(text: str, style: str) -> str:
    """Text in bold by its style; blanks at its ends, which Markdown does not allow there, follow the asterisks."""
    inner = text.strip(" ")
    if style not in BOLD or not inner:
        return text
    before, _, after = text.partition(inner)
    return f"{before}**{inner}**{after}"


def write_table(header: Sequence[str], right: Sequence[bool], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of cells that are already escaped."""
    lines = [header, ["---:" if side else ":---" for side in right], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def escape(text: str) -> str:
    """Escape text for Markdown.

    >>> escape("a|b_c\\n")
    'a\\\\|b\\\\_c\\\\\\\\n'
    """
    return SPECIAL.sub(r"\\\1", clean(text))
