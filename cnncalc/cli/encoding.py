"""Text for streams whose encoding lacks some characters, as cp1252 and cp437 of Windows do: stand-ins, columns kept.

`output.write` calls `fit` on a whole text before it goes to a stream. What other libraries write by themselves (usage,
help) is caught by the error handler that `install` gives the standard streams; it uses the same table.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections import Counter
from collections.abc import Iterator
from io import TextIOWrapper

BARS = frozenset("█▉▊▋▌▍▎▏")
STAND_INS = {
    "×": "x", "÷": "/", "·": "*", "−": "-", "–": "-", "±": "+-", "→": "->", "≤": "<=", "≥": ">=", "≠": "!=", "…": "...",
    "†": "+", "‡": "&", "✓": "v", "✗": "X", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "√": "sqrt",
    "Π": "prod",
    "Σ": "sum", "π": "pi", "∞": "infinity", "ε": "eps", "¹": "^1", "²": "^2", "³": "^3", "½": "1/2",
    "₁": "1", "₂": "2", "“": '"', "”": '"',
    "─": "-", "━": "-", "═": "-", "│": "|", "┃": "|", "║": "|", **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼╞╡╪", "+"),
    "‘": "'", "’": "'", "░": ".", "▒": ":", "▓": "+", "▀": "^", "•": "*", "\ufffd": "?", **dict.fromkeys(BARS, "#"),
}  # fmt: skip
_ERRORS = "cnncalc.stand_ins"
# Patterns are compiled where they are used: as a rule none is.
_ESCAPES = r"\x1b\[[0-9;]*m"
_CELL = rf"((?:{_ESCAPES})*)(.|$)"
_WORDS = r"\S+(?: \S+)*"  # two blanks separate columns


def install() -> None:
    """Let the standard streams write stand-ins where they would raise UnicodeEncodeError, and end lines as `\\n`."""
    codecs.register_error(_ERRORS, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_ERRORS, newline="\n")


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(stand_in, error.object[error.start : error.end])), error.end


def stand_in(char: str) -> str:
    """What is written for a character that an encoding lacks: its stand-in, else its escape."""
    return STAND_INS.get(char) or char.encode("ascii", "backslashreplace").decode("ascii")


def fit(text: str, encoding: str) -> str:
    """The text in characters that an encoding has. A stand-in of more characters takes room from the blanks beside it.

    >>> fit("3×3 − 1 ≤ 8\\n", "cp1252"), fit("3×3\\n", "ascii")
    ('3×3 - 1 <= 8\\n', '3x3\\n')
    >>> fit("a  3 → 7  12\\nb  5     123\\n", "cp1252")
    'a  3 -> 7 12\\nb  5     123\\n'
    """
    used = {char for char in set(text) if not char.isascii()}
    lacking = {char for char in used if not _has(encoding, char)}
    if lacking & BARS:
        lacking |= used & BARS  # a bar is of one kind
    instead = {char: stand_in(char) for char in lacking}
    parts = re.split(r"(\n\n+)", text) if any(len(each) > 1 for each in instead.values()) else [text]
    return "".join(line for part in parts for line in _lines(part, instead))


def _has(encoding: str, char: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _lines(paragraph: str, instead: dict[str, str]) -> Iterator[str]:
    """The lines of a paragraph with their words where they were, as far as the blanks leave room.

    A word is of a column if others have an edge in common with it: the left one, or as numbers do the right one. Other
    words keep their distance to the word before.
    """
    table = str.maketrans(instead)
    wide = {char for char, stand_in in instead.items() if len(stand_in) > 1}
    if wide.isdisjoint(paragraph):
        yield paragraph.translate(table)
        return
    lines = paragraph.split("\n")
    words = [word for line in lines for word in re.finditer(_WORDS, re.sub(_ESCAPES, "", line))]
    starts, ends = Counter(word.start() for word in words), Counter(word.end() for word in words)
    for number, line in enumerate(lines):
        yield "\n" * (number > 0)
        if wide.isdisjoint(line):
            yield line.translate(table)
            continue
        cells = [(cell[1], instead.get(cell[2], cell[2])) for cell in re.finditer(_CELL, line)]
        done = column = 0  # of the line as it is; of the line as it is written
        for word in re.finditer(_WORDS, re.sub(_ESCAPES, "", line)):
            start, end = word.span()
            growth = sum(len(text) - 1 for _, text in cells[start:end])
            blanks = start - done
            if max(starts[start], ends[end]) > 1:
                wanted = start - growth if ends[end] > starts[start] else start
                blanks = max(wanted - column, int(column > 0))
            yield "".join(escapes for escapes, _ in cells[done:start])
            yield " " * blanks
            yield "".join(escapes + text for escapes, text in cells[start:end])
            done, column = end, column + blanks + end - start + growth
        yield "".join(escapes + text for escapes, text in cells[done:])
