"""An architecture file for reading: as it is written, on a terminal in colour."""

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
    |   (?P<title>^\s*(?:-\ )?[^\s\#"'-][^\#"']*?:(?=\s|$))   # a key with all that is before it on the line
    |   (?P<mark>->)
    |   (?P<word>[A-Za-z_]\w*)
    |   (?P<rest>.)""",
    re.VERBOSE,
)


def highlight(text: str) -> Iterator[Block]:
    """The text of a file, line by line."""
    for line in text.splitlines():
        yield Paragraph(color_line(clean(line.replace("\t", "    "))), wrapped=False)


def color_line(line: str) -> list[Piece]:
    """A line in styles: keys, layer kinds, arrows, texts and comments.

    >>> color_line("- relu -> x  # why")
    [('- ', ''), ('relu', 'bar'), (' ', ''), ('->', 'mark'), (' x  ', ''), ('# why', 'faint')]
    """
    return list(_joined(_pieces(line)))


def _pieces(line: str) -> Iterator[Piece]:
    for token in TOKEN.finditer(line):
        style = token.lastgroup or ""
        if style == "word":
            style = "bar" if token[0] in KINDS or token[0] in STRUCTURE_WORDS else ""
        yield token[0], "" if style == "rest" else style


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbours of one style as one."""
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
