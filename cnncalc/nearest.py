"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from cnncalc import limits


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like this one, "" where none is alike."""
    return _nearest(name[:60], tuple(islice((other for other in known if other != name), limits.SIMILAR_NAMES)))


@lru_cache(maxsize=1000)
def _nearest(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches  # only needed when something is wrong

    folded = {_folded(candidate): candidate for candidate in known}
    found = get_close_matches(_folded(name), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def _folded(name: str) -> str:
    return name.lower().replace("_", "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A help text with the nearest name, "" where none is alike."""
    found = nearest(name, known)
    return f"did you mean `{found}`?" if found else ""
