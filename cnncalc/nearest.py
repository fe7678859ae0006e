"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

MOST = 300  # names that are looked through


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like this one, "" where none is alike."""
    from difflib import get_close_matches  # only needed when something is wrong

    wanted = name.lower().replace("_", "")[:60]
    folded = {candidate.lower().replace("_", ""): candidate for candidate in islice(known, MOST)}
    found = get_close_matches(wanted, folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A help text with the nearest name, "" where none is alike."""
    found = nearest(name, known)
    return f"did you mean `{found}`?" if found else ""
