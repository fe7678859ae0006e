"""Syntax highlighting of architecture files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnncalc.layers import KINDS
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.render.document import Block, Paragraph, Piece
from cnncalc.render.text import clean

TOKEN = re.compile(
    r"""(?P<faint>(?:(?<=\s)|^)\#.*)          # a comment
    |   (?P<good>"(?:[^"\\]|\\.)*"|(?<=[\s:])'[^']*')
    |   (?P<title>^\s*(?:-\ )?[^\s\#"'-][^\#"']*?:(?=\s|$))   # a key, with everything before it on the line
    |   (?P<mark>->)
    |   (?P<word>[A-Za-z_]\w*)
    |   (?P<rest>.)""",
    re.VERBOSE,
)


def highlight(text: str) -> Iterator[Block]:
    """The lines of a file in styles."""
    for line in text.splitlines():
        yield Paragraph(color_line(clean(line.replace("\t", "    "))), wrapped=False)


def color_line(line: str) -> list[Piece]:
    """A line in styles: keys, layer kinds, arrows, strings and comments.

    >>> color_line("- relu -> x  # why")
    [('- ', ''), ('relu', 'bar'), (' ', ''), ('->', 'mark'), (' x  ', ''), ('# why', 'faint')]
    """
    return list(_join_pieces(_split_tokens(line)))


def _split_tokens(line: str) -> Iterator[Piece]:
    for token in TOKEN.finditer(line):
        style = token.lastgroup or ""
        if style == "word":
            style = "bar" if token[0] in KINDS or token[0] in STRUCTURE_WORDS else ""
        yield token[0], "" if style == "rest" else style


def _join_pieces(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Join neighbouring pieces of the same style."""
    held: Piece | None = None
    for text, style in pieces:
        if held is not None and held[1] == style:
            held = (held[0] + text, style)
        else:
            if held is not None:
                yield held
            held = (text, style)
    if held is not None:
        yield held
