"""Repairs of calls that are applied to their input, as in functional programs: `y = Conv2D(8, 3)(x)`."""

from __future__ import annotations

import re

from cnncalc import limits
from cnncalc.errors import Fix
from cnncalc.layers import KINDS
from cnncalc.spec.foreign import find_calls, translate_call
from cnncalc.spec.nodes import YamlString
from cnncalc.spec.repairs import write

APPLIED = re.compile(r"(\w+\s*=\s*)?(.+\))\s*\(\s*(\w+)\s*\)\s*,?", re.DOTALL)
NAMED_ITEM = re.compile(r"(?m)^[ \t]*-[ \t]+(?:(\w+)[ \t]*=(?!=))?")


def repair_applied_call(text: YamlString) -> list[Fix]:
    """The repairs of a call with its input after it, which is omitted if it is the previous output, else named."""
    found = APPLIED.fullmatch(text.body)
    calls = list(find_calls(found[2])) if found else []
    if not found or len(calls) != 1 or calls[0][:2] != (0, len(found[2])):
        return []
    name, call = found[1] or "", found[2]
    source = _source(text, found[3])
    if source is None:
        return []
    ours = () if calls[0][2] in KINDS else translate_call(call, calls[0][2])
    return [write(text.span, f"{name}{source}{each}") for each in (*ours, call)]


def _source(text: YamlString, name: str) -> str | None:
    """`from(name) -> ` for an output above, "" for that of the item directly above; None if it is unknown."""
    start = max(text.span.start - limits.INPUT_SEARCHED, 0)
    names = [item[1] or "" for item in NAMED_ITEM.finditer(text.span.source.text, start, text.span.start)]
    if len(names) > 1 and names[-2] == name:  # the last is that of the item itself
        return ""
    if name in names[:-1]:
        return f"from({name}) -> "
    return None if start else ""
