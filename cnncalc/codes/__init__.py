"""Every code at length: what it means, a file that gets it, and the same file put right.

Loaded by `cnncalc codes` alone. A test holds every example against the program.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from cnncalc.errors import CODES

GROUPS = ("reading", "document", "grammar", "names", "arguments", "structure", "shapes", "advice")


class Entry(NamedTuple):
    """A code explained. `bad` is a file with this problem and no other, `good` the same without; "" for none."""

    explanation: str
    bad: str = ""
    good: str = ""


class Code(NamedTuple):
    """A code with all there is to say of it."""

    code: str
    severity: str
    sentence: str
    explanation: str
    bad: str
    good: str


def every_code() -> list[Code]:
    """All codes, in the order of `CODES`."""
    entries = all_entries()
    return [Code(code, *said, *entries[code]) for code, said in CODES.items()]


def all_entries() -> dict[str, Entry]:
    """The entries of all groups, by their codes."""
    found: dict[str, Entry] = {}
    for group in GROUPS:
        entries: dict[str, Entry] = import_module(f"cnncalc.codes.{group}").ENTRIES
        found |= entries
    return found
