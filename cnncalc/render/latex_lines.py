"""Breaking LaTeX formulas that are wider than the page: widths are estimated, lines are broken at operators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

PAGE = 258.0  # points: a beamer frame has 307, an article 345, less what `align` puts between its columns
LETTER = 5.3  # points of a letter of text
TOKENS = re.compile(r"\\(?:cdot|bmod)|\\[A-Za-z]+|.", re.DOTALL)
POINTS = {
    "\\cdot": 7.5,
    "\\quad": 11.0,
    "\\bmod": 24.0,
    "+": 12.5,
    "-": 12.5,
    "=": 13.5,
    " ": 0.0,
    "{": 0.0,
    "}": 0.0,
    "_": 0.0,
}
SILENT = ("\\mathrm", "\\text", "\\frac", "\\left", "\\right")


@lru_cache(maxsize=1_000)
def measure(tex: str) -> float:
    """Estimate the width of a formula in points, from above: both parts of a fraction are counted.

    Widths of parts add up: none ends within a token.
    """
    return sum(0.0 if token in SILENT else POINTS.get(token, 5.3) for token in TOKENS.findall(tex))


def break_formula(tex: str, room: float) -> Iterator[str]:
    """Break a formula into lines of at most so many points, each after the first beginning with its operator.

    LaTeX cannot break between `\\left` and `\\right`, so in a wide formula these become plain parentheses.
    """
    if measure(tex) > room:
        tex = tex.replace(r"\left(", "(").replace(r"\right)", ")")
    line, width = "", 0.0
    for piece in _split_formula(tex):
        width += measure(piece)
        if line and width > room:
            yield line
            line = r"\quad {}" + piece.lstrip()
            width = measure(line)
        else:
            line += piece
    yield line


def _split_formula(tex: str) -> Iterator[str]:
    """Split a formula before its operators, but not within braces or between `\\left` and `\\right`."""
    depth = start = 0
    for found in re.finditer(r"\\left|\\right|[{}]|(?<= )(?:[-+=]|\\cdot|\\bmod)(?= )", tex):
        token = found[0]
        if token in ("{", "\\left"):
            depth += 1
        elif token in ("}", "\\right"):
            depth -= 1
        elif depth == 0:
            yield tex[start : found.start()]
            start = found.start()
    yield tex[start:]


def fill_rows(label: str, parts: Sequence[str], room: float) -> Iterator[str]:
    """The rows of an alignment: the label, and beside it the parts, as many in a row as fit."""
    line, width = "", 0.0
    rows: list[str] = []
    for part in parts:
        width += measure(part)
        if line and width > room:
            rows += break_formula(line, room)
            line = r"\quad " + part.removeprefix("; ").removeprefix(r"\quad ")
            width = measure(line)
        else:
            line += part
    rows += break_formula(line, room)
    for number, row in enumerate(rows):
        yield rf"  &{label if number == 0 else ''} && {row}"
