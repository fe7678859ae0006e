"""Statements of exported Keras code, and their lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from cnncalc.export.layout import WIDTH, Bracketed, Code, as_call, indented, lay_out
from cnncalc.records import NamedTuple

KEPT = "keepdims=True, "


class Assign(NamedTuple):
    """`variable = code`."""

    variable: str
    code: Code


class Plain(NamedTuple):
    """A statement that is an expression, such as a call."""

    code: Code


class Under(NamedTuple):
    """Statements under a line such as `if stride != 1:`."""

    header: str
    body: tuple[Statement, ...]


Statement: TypeAlias = "Assign | Plain | Under"


def drop_kept_axes(statements: list[Statement], variable: str) -> bool:
    """Make the last statement a global pool that gives a vector, if it is one to the variable and keeps its axes.

    Then a flattening layer after it has nothing to do, as one would have written it.
    """
    last = statements[-1] if statements else None
    code = last.code if isinstance(last, Assign) and last.variable == variable else None
    if not isinstance(code, Bracketed) or not code.head.startswith("layers.Global") or KEPT not in code.head:
        return False
    statements[-1] = Assign(variable, code._replace(head=code.head.replace(KEPT, "", 1)))
    return True


def lines_of(statements: Iterable[Statement], margin: int = 4) -> list[str]:
    """The lines of statements, without the margin that they will have."""
    lines: list[str] = []
    for each in statements:
        if isinstance(each, Assign):
            lines += lay_out(f"{each.variable} = ", as_call(each.code), "", margin)
        elif isinstance(each, Plain):
            lines += lay_out("", as_call(each.code), "", margin)
        else:
            lines += _header(each.header, margin)
            lines += indented(lines_of(each.body, margin + 4) or ["pass"])
    return lines


def _header(header: str, margin: int) -> list[str]:
    """The header of statements; a condition that is too long has its operands on lines of their own."""
    if len(header) + margin <= WIDTH or not header.startswith("if "):
        return [header]
    return lay_out("if ", f"({header[3:-1]})", ":", margin)
