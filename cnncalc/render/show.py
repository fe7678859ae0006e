"""Choosing the back end of a document: Rich for colour, plain text otherwise and for very long documents."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc import limits
from cnncalc.render.document import Block, Table
from cnncalc.render.plain import write_plain
from cnncalc.render.view import View


def show(blocks: Iterable[Block], view: View) -> str:
    """Write a document as text for a terminal, a pipe or a file."""
    blocks = list(blocks)
    rows = sum(len(block.columns[0].cells) for block in blocks if isinstance(block, Table))
    if not view.color or rows > limits.RICH_ROWS or len(blocks) > limits.RICH_PARAGRAPHS:
        return write_plain(blocks, view.width)
    from cnncalc.render.terminal import write_terminal

    return write_terminal(blocks, view.width)
