"""What the files of the gallery say of themselves: the problems expected, and the repairs, as comments.

At the end of the line where problems stand, each with its column:

    - conv(4, 3, strid=2) -> rellu  #! unknown-argument@16 #= stride #! unknown-kind@28 #= relu

or, where a comment cannot stand on that line, anywhere on a line of its own, with the file where it is another:

    #! 4:16 unknown-argument #= stride
    #! base.yaml:8:17 kernel-too-large

Behind `#=` stands the text to write instead, as the help must name it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from cnncalc.errors import LINE_BREAK, Problem

GALLERY = Path(__file__).parent / "gallery"
_MARKS = re.compile(r"(#[!=]) +")
_PLACE = re.compile(r"(?:([\w.]+):)?([0-9]+):([0-9]+) +([\w-]+)")
_AT = re.compile(r"([\w-]+)@([0-9]+)")


class Mark(NamedTuple):
    """A problem as a file announces it."""

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
    """The same of a problem that was found."""
    assert problem.span
    return Path(problem.span.source.name).name, problem.span.line, problem.span.column, problem.code


def marks(path: Path) -> list[Mark]:
    """The marks of a file, in the order of what they mark."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    made: list[Mark] = []
    for number, line in enumerate(LINE_BREAK.split(text), start=1):
        _, *pieces = _MARKS.split(line)
        for sign, content in zip(pieces[::2], pieces[1::2], strict=True):
            if sign == "#=":
                made[-1] = made[-1]._replace(repair=content.strip())
            elif at := _AT.fullmatch(content.strip()):
                made.append(Mark(path.name, number, int(at[2]), at[1]))
            else:
                place = _PLACE.fullmatch(content.strip())
                assert place, f"{path}:{number}: no mark: {content!r}"
                made.append(Mark(place[1] or path.name, int(place[2]), int(place[3]), place[4]))
    return sorted(made)
