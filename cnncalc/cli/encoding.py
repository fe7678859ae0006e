"""Stand-ins for characters that the encoding of a stream lacks, e.g. cp1252 or cp437 on Windows; columns are kept.

`output.write` calls `fit` on a whole text before writing it. What other libraries write themselves (usage, help) is
handled by the error handler that `install` sets for the standard streams; it uses the same table.
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
    "†": "+", "‡": "&", "✓": "v", "✗": "X", "✕": "x", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "√": "sqrt",
    "Π": "prod", "∏": "prod", "‖": "||", "∝": "~", "←": "<-", "⊙": "*", "ᵀ": "^T",
    **{char: f"^{digit}" for char, digit in zip("⁰⁴⁵⁶⁷⁸⁹⁻", "0456789-", strict=True)},
    "≈": "~", "∗": "*", "′": "'", "σ": "sigmoid", "Φ": "Phi", "φ": "phi",
    "Σ": "sum", "π": "pi", "∞": "infinity", "ε": "eps", "¹": "^1", "²": "^2", "³": "^3", "½": "1/2",
    "₁": "1", "₂": "2", "°": "o", **dict.fromkeys(map(chr, range(0x2801, 0x2900)), "*"),  # braille dots
    "“": '"', "”": '"',
    "─": "-", "━": "-", "═": "-", "│": "|", "┃": "|", "║": "|", **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼╞╡╪", "+"),
    "‘": "'", "’": "'", "░": ".", "▒": ":", "▓": "+", "▀": "^", "▄": "_", "•": "*", "\ufffd": "?",
    **dict.fromkeys(BARS, "#"),
    "\u2800": " ", **dict.fromkeys(map(chr, range(0x2801, 0x2900)), "*"),  # braille, of plots
}  # fmt: skip
_ERRORS = "cnncalc.stand_ins"
# Compiled on use, which is rare.
_ESCAPES = r"\x1b\[[0-9;]*m"
_CELL = rf"((?:{_ESCAPES})*)(.|$)"
_WORDS = r"\S+(?: \S+)*"  # two blanks separate columns


def install() -> None:
    """Make the standard streams write stand-ins instead of raising UnicodeEncodeError, and end lines with `\\n`."""
    codecs.register_error(_ERRORS, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_ERRORS, newline="\n")


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(find_stand_in, error.object[error.start : error.end])), error.end


def find_stand_in(char: str) -> str:
    """The stand-in for a character, or its escape if it has none."""
    return STAND_INS.get(char) or char.encode("ascii", "backslashreplace").decode("ascii")


def fit(text: str, encoding: str) -> str:
    """The text with stand-ins for characters that an encoding lacks; longer ones replace blanks beside them.

    >>> fit("3×3 − 1 ≤ 8\\n", "cp1252"), fit("3×3\\n", "ascii")
    ('3×3 - 1 <= 8\\n', '3x3\\n')
    >>> fit("a  3 → 7  12\\nb  5     123\\n", "cp1252")
    'a  3 -> 7 12\\nb  5     123\\n'
    """
    used = {char for char in set(text) if not char.isascii()}
    lacking = {char for char in used if not _has(encoding, char)}
    if lacking & BARS:
        lacking |= used & BARS  # all parts of a bar are replaced, or none
    instead = {char: find_stand_in(char) for char in lacking}
    parts = re.split(r"(\n\n+)", text) if any(len(each) > 1 for each in instead.values()) else [text]
    return "".join(line for part in parts for line in _replace_in_lines(part, instead))


def _has(encoding: str, char: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _replace_in_lines(paragraph: str, instead: dict[str, str]) -> Iterator[str]:
    """The lines of a paragraph with stand-ins, words at their old positions as far as the blanks leave room.

    A word is in a column if other words have the same left edge, or (numbers) the same right edge. Other words keep
    their distance from the previous word.
    """
    table = str.maketrans(instead)
    wide = {char for char, text in instead.items() if len(text) > 1}
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
