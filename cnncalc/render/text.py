"""Text for terminals: control characters are escaped, and widths are counted in cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnncalc import limits

TAB = 4
BOUND = "\0"  # replaces a blank at which a line is not broken


def clean(text: str) -> str:
    """Escape everything that is not printable.

    >>> clean("a\\x1b[31m"), clean("3×3 ü")
    ('a\\\\x1b[31m', '3×3 ü')
    """
    return text if text.isprintable() else "".join(escape(char) for char in text)


def elide_message(text: str) -> str:
    """Clean a text, and leave out its middle if it is too long to be read.

    >>> elide_message("a\\nb"), len(elide_message("x" * 10**6))
    ('a\\\\nb', 1000)
    """
    most = limits.MESSAGE_CHARACTERS
    text = clean(text if len(text) <= most else text[:most] + text[-most:])
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}…{text[len(text) - half + 1 :]}"


def escape(char: str) -> str:
    """Escape one character if it is not printable."""
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def count_cells(text: str) -> int:
    """The number of columns of a terminal that a cleaned text takes.

    >>> count_cells("abc"), count_cells("網路"), count_cells("é")
    (3, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_count_cells_of, text))


def _count_cells_of(char: str) -> int:
    """Columns of one printable character: 2 if it is wide, 0 if it combines with the previous one."""
    if char < "\u0300":
        return 1
    from unicodedata import combining, east_asian_width

    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Pad a text with blanks to a width."""
    blanks = " " * (width - count_cells(text))
    return blanks + text if right else text + blanks


def elide(text: str, width: int) -> str:
    """Shorten a cleaned text to `width` cells by leaving out its middle; of a path, mostly the end is kept.

    >>> elide("conv4_x.bottleneck1.2.conv_bn3.conv1", 20), elide("conv1", 20)
    ('conv4_…onv_bn3.conv1', 'conv1')
    """
    if count_cells(text) <= width:
        return text
    head, tail = text[:width], text[-width:]
    while count_cells(head) > (width - 1) // 3:
        head = head[:-1]
    while count_cells(tail) > width - 1 - count_cells(head):
        tail = tail[1:]
    return f"{head}…{tail}"


def split_line(line: str) -> Iterator[tuple[str, int]]:
    """The characters of a source line as they are shown, each with its width; tabs as blanks, others escaped."""
    at = 0
    for char in line:
        shown = " " * (TAB - at % TAB) if char == "\t" else escape(char)
        width = count_cells(shown)
        at += width
        yield shown, width


def wrap(text: str, width: int | None, indent: int = 0, together: re.Pattern[str] | None = None) -> list[str]:
    """Wrap a text in lines of at most `width` cells, all but the first indented; without a width, in one line.

    Lines are broken at blanks, but not within matches of `together`.
    """
    if width is None or count_cells(text) <= width:
        return [text]
    if together:
        text = together.sub(lambda found: found[0].replace(" ", BOUND), text)
    lines: list[str] = []
    line, *words = re.findall(r" *[^ ]+", text) or [""]
    for word in words:
        if count_cells(line) + count_cells(word) <= max(width, indent + 20):
            line += word
        else:
            lines.append(line)
            line = " " * indent + word.lstrip(" ")
    return [each.replace(BOUND, " ") for each in (*lines, line)]
