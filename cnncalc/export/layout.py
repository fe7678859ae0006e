"""Python code laid out as `ruff format` lays it out by its defaults, so that formatting changes nothing.

An expression is a string, which is never broken, or one of the classes here. `lay_out` breaks it into lines: what fits
stays on one line; else the arguments are on one line of their own; else one argument is on each line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from cnncalc.records import NamedTuple

WIDTH = 88  # characters of a line
INDENT = "    "


class Bracketed(NamedTuple):
    """`head(a, b)`, or `[a, b]` with other brackets; with a `clause`, `[a for … in …]`. A `tail` follows."""

    head: str
    items: tuple[Code, ...]
    brackets: str = "()"
    clause: str = ""
    tail: str = ""


class Keyed(NamedTuple):
    """`name=value`, `"key": value`, or `*value`, with its separator in `key`."""

    key: str
    value: Code


class Conditional(NamedTuple):
    """`yes if condition else no`."""

    yes: Code
    condition: str
    no: Code


Code: TypeAlias = "str | Bracketed | Keyed | Conditional"


def call(head: str, *items: Code) -> Bracketed:
    """A call, `head(items)`."""
    return Bracketed(head, items)


def flat(code: Code) -> str:
    """An expression on one line."""
    if isinstance(code, str):
        return code
    if isinstance(code, Keyed):
        return code.key + flat(code.value)
    if isinstance(code, Conditional):
        return f"{flat(code.yes)} if {code.condition} else {flat(code.no)}"
    inner = ", ".join(map(flat, code.items))
    clause = f" {code.clause}" if code.clause else ""
    return f"{code.head}{code.brackets[0]}{inner}{clause}{code.brackets[1]}{code.tail}"


def with_names(code: Code, names: Mapping[str, str]) -> Code:
    """The same code with names in place of the texts that they stand for."""
    if isinstance(code, str):
        return names.get(code, code)
    if isinstance(code, Keyed):
        return code._replace(value=with_names(code.value, names))
    if isinstance(code, Conditional):
        return code._replace(yes=with_names(code.yes, names), no=with_names(code.no, names))
    return code._replace(items=tuple(with_names(item, names) for item in code.items))


def lay_out(prefix: str, code: Code, suffix: str = "", margin: int = 0) -> list[str]:
    """The lines of `prefix`, an expression, and `suffix`, which will be indented by `margin` characters."""
    return _Layout(WIDTH - margin).lines(prefix, code, suffix, "")


class _Layout:
    """Breaks expressions at a width."""

    def __init__(self, width: int) -> None:
        self.width = width

    def lines(self, prefix: str, code: Code, suffix: str, indent: str) -> list[str]:
        while isinstance(code, Keyed):
            prefix, code = prefix + code.key, code.value
        line = f"{indent}{prefix}{flat(code)}{suffix}"
        inside = indent + INDENT
        if isinstance(code, str) and not self.fits(line) and prefix.endswith(("= ", "return ")) and _is_loose(code):
            return [f"{indent}{prefix}(", *self.operands(code, inside), f"{indent}){suffix}"]
        if isinstance(code, str) and not self.fits(line) and len(choices := _choices(prefix + code)) > 1:
            return [*(indent + part for part in choices[:-1]), f"{indent}{choices[-1]}{suffix}"]
        if isinstance(code, str) and not self.fits(line):
            code = as_sequence(code)
        if isinstance(code, str) or self.fits(line) or (isinstance(code, Bracketed) and not code.items):
            return [line]
        if isinstance(code, Conditional):
            return [f"{indent}{prefix}(", *self.conditional(code, inside), f"{indent}){suffix}"]
        begin = f"{indent}{prefix}{code.head}{code.brackets[0]}"
        if not self.fits(begin) and isinstance(head := as_call(code.head), Bracketed):
            found = self.lines(prefix, head, flat(code)[len(code.head) :] + suffix, indent)
            if self.fits(found[-1]):
                return found
            return [*found[:-1], *self.lines(head.brackets[1], code._replace(head=""), suffix, indent)]
        parts = self.clause(code, inside) if code.clause else self.items(code.items, inside)
        return [begin, *parts, f"{indent}{code.brackets[1]}{code.tail}{suffix}"]

    def operands(self, text: str, indent: str) -> list[str]:
        """A text with an operator in it, on one line or with an operand on each; of a conditional, its parts."""
        if self.fits(indent + text):
            return [indent + text]
        choices = _choices(text)
        if len(choices) > 1:
            return [line for part in choices for line in self.operands(part, indent)]
        parts = re.split(r"(?<=[\w)\]]) (?=[-+*/@] )", text)
        return [indent + part for part in parts]

    def fits(self, line: str) -> bool:
        return len(line) <= self.width

    def conditional(self, code: Conditional, indent: str) -> list[str]:
        if self.fits(indent + flat(code)):
            return [indent + flat(code)]
        yes = self.lines("", code.yes, "", indent)
        return [*yes, f"{indent}if {code.condition}", *self.lines("else ", code.no, "", indent)]

    def clause(self, code: Bracketed, indent: str) -> list[str]:
        line = f"{indent}{flat(code.items[0])} {code.clause}"
        return [line] if self.fits(line) else [*self.lines("", code.items[0], "", indent), indent + code.clause]

    def items(self, items: Sequence[Code], indent: str) -> list[str]:
        """All on one line; else an item on each line, with a comma after the last of several."""
        line = indent + ", ".join(map(flat, items))
        if self.fits(line):
            return [line]
        if len(items) == 1 and not (isinstance(items[0], Keyed) and items[0].key.endswith("=")):
            return self.lines("", items[0], "", indent)
        return [part for item in items for part in self.lines("", item, ",", indent)]


def is_long_split(variable: str, code: Bracketed) -> bool:
    """Whether an assignment of one part of a tensor in `forward` is too long for a line."""
    parts = bool(code.tail) and code.head.endswith((".split", ".chunk"))
    return parts and len(f"{variable} = {flat(code)}") > WIDTH - 8


def indented(lines: Sequence[str], indent: str = INDENT) -> list[str]:
    """Lines inside of a block; empty ones stay empty."""
    return [indent + line if line else line for line in lines]


def as_call(code: Code) -> Code:
    """A text that ends with a call, and perhaps an index behind it, as a call that can be broken into lines."""
    if not isinstance(code, str):
        return code
    text, tail = code, ""
    if text.endswith("]") and (start := _opening(text)) > 0:
        text, tail = text[:start], text[start:]
    if not text.endswith(")") or (start := _opening(text)) < 1 or _is_loose(text[:start]):
        return code
    return Bracketed(text[:start], _arguments(text[start + 1 : -1]), tail=tail)


def as_sequence(text: str) -> str | Bracketed:
    """A text that is a tuple or a list as one that can be broken into lines; other texts as they are."""
    if text[:1] in ("(", "[") and _opening(text) == 0:
        return Bracketed("", _arguments(text[1:-1]), text[0] + text[-1])
    return text


def _opening(text: str) -> int:
    """Where the bracket opens that the end of a text closes; -1 if it does not."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] in ")]}") - (text[at] in "([{")
        if not depth:
            return at
    return -1


def _choices(text: str) -> list[str]:
    """The parts of a conditional expression, each but the first from its `if` or `else` on."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if not depth and text.startswith((" if ", " else "), at):
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _is_loose(text: str) -> bool:
    """Whether a blank stands in a text outside of its brackets, as around an operator."""
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == " " and not depth:
            return True
    return False


def _arguments(text: str) -> tuple[str, ...]:
    """The arguments in a text, divided at the commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append(text[start:at].strip())
            start = at + 1
    parts.append(text[start:].strip())
    return tuple(part for part in parts if part)
