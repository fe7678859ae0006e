"""The marks in the files of the gallery: comments with the expected problems and repairs.

At the end of the line with the problems, each with its column:

    - conv(4, 3, strid=2) -> rellu  #! unknown-argument@16 #= stride #! unknown-kind@28 #= relu

or, if that line cannot have a comment, on a separate line anywhere, with the name of the file if it is another one:

    #! 4:16 unknown-argument #= stride
    #! base.yaml:8:17 kernel-too-large

After `#=` is the text to write instead, which the help must contain.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from cnncalc.errors import LINE_BREAK, Problem

GALLERY = Path(__file__).parent / "gallery"
_MARKS = re.compile(r"(#[!=]) +")
_POSITION = re.compile(r"(?:([\w.]+):)?([0-9]+):([0-9]+) +([\w-]+)")
_AT = re.compile(r"([\w-]+)@([0-9]+)")


class Mark(NamedTuple):
    """An expected problem."""

    file: str
    line: int
    column: int
    code: str
    repair: str = ""

    @property
    def problem(self) -> tuple[str, int, int, str]:
        """Its position and its code."""
        return self[:4]


def found(problem: Problem) -> tuple[str, int, int, str]:
    """Position and code of a problem that was found."""
    assert problem.span
    return Path(problem.span.source.name).name, problem.span.line, problem.span.column, problem.code


def marks(path: Path) -> list[Mark]:
    """The marks of a file, in the order of the positions that they mark."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    made: list[Mark] = []
    for number, line in enumerate(LINE_BREAK.split(text), start=1):
        _, *pieces = _MARKS.split(line)
        for prefix, content in zip(pieces[::2], pieces[1::2], strict=True):
            if prefix == "#=":
                made[-1] = made[-1]._replace(repair=content.strip())
            elif at := _AT.fullmatch(content.strip()):
                made.append(Mark(path.name, number, int(at[2]), at[1]))
            else:
                position = _POSITION.fullmatch(content.strip())
                assert position, f"{path}:{number}: no mark: {content!r}"
                made.append(Mark(position[1] or path.name, int(position[2]), int(position[3]), position[4]))
    return sorted(made)
