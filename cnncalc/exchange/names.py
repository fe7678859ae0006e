"""Names of blocks, stages and values that the language allows, made of the names of modules."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.layers import KINDS
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.check import RESERVED
from cnncalc.spec.segments import NUMBER, free_name

_SIZES = re.compile(r"[0-9]+(?!e[0-9])[a-z][a-z0-9]*")  # `1x1`, `3a`: names that begin with a digit


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def is_taken(name: str) -> bool:
    """Whether a name is a word of the language."""
    return name in KINDS or name in STRUCTURE_WORDS or name in RESERVED


def unique(name: str, taken: set[str]) -> str:
    """The name, with a letter after it where it is taken."""
    found, number = name, 1
    while found in taken or is_taken(found):
        found = f"{name}_{chr(ord('a') + number % 26)}{'_' * (number // 26)}"
        number += 1
    return found


def allowed(name: str) -> str:
    """A name that the language allows."""
    word = re.sub(r"\W", "_", name) or "x"
    if NUMBER.match(word) and not _SIZES.fullmatch(word):
        return f"n{word}"
    return f"{word}_" if is_taken(word) else free_name(word)
