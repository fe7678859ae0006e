"""Which back end writes a document: Rich in colour, plain text elsewhere and where a document is very long."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc import limits
from cnncalc.render.document import Block, Table
from cnncalc.render.plain import write_plain
from cnncalc.render.view import View


def show(blocks: Iterable[Block], view: View) -> str:
    """The document as text for a terminal, a pipe or a file."""
    blocks = list(blocks)
    rows = sum(len(block.columns[0].cells) for block in blocks if isinstance(block, Table))
    if not view.color or rows > limits.RICH_ROWS or len(blocks) > limits.RICH_PARAGRAPHS:
        return write_plain(blocks, view.width)
    from cnncalc.render.terminal import write_terminal

    return write_terminal(blocks, view.width)
