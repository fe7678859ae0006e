"""Suggesting the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from cnncalc import limits


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most similar to this one, "" if none is similar."""
    return next(iter(similar_names(name, known)), "")


def similar_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names that this one may be a misspelling of, the most similar first.

    >>> similar_names("conc", ["concat", "conv", "relu"])
    ('conv', 'concat')
    """
    return _search(name[:60], tuple(islice((other for other in known if other != name), limits.SIMILAR_NAMES)))


def spell_out(name: str, known: Iterable[str]) -> str:
    """The nearest name, or else the shortest that this one abbreviates or is a part of; "" if there is none.

    >>> known = ["receptive_field", "parameter_bytes", "parameters", "peak_memory", "macs"]
    >>> [spell_out(name, known) for name in ("mcas", "params", "peak", "memory", "rf", "width")]
    ['macs', 'parameters', 'peak_memory', 'peak_memory', 'receptive_field', '']
    """
    names = tuple(known)
    if found := nearest(name, names):
        return found
    letters = _fold(name)[:60]
    alike = [other for other in names if letters[:1] == other[:1] and _abbreviates(letters, _fold(other))]
    if len(letters) >= _PART:
        alike = alike or [other for other in names if letters in _fold(other)]
    return min(alike, key=len, default="") if len(letters) > 1 else ""


def _abbreviates(name: str, other: str) -> bool:
    """Whether the characters of a name occur in another in the same order."""
    rest = iter(other)
    return all(character in rest for character in name)


_PART = 4  # characters that a part of a name has at least


@lru_cache(maxsize=1000)
def _search(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    from difflib import get_close_matches  # only needed when something is wrong

    folded = {_fold(candidate): candidate for candidate in known}
    wanted = _fold(name)
    found = get_close_matches(wanted, folded, n=3, cutoff=0.6)
    likely = [other for other in found if _is_alike(wanted, other)]
    return tuple(folded[other] for other in sorted(likely, key=lambda other: min(_measure_distance(wanted, other), 2)))


def _is_alike(name: str, other: str) -> bool:
    """Whether one is a misspelling or the beginning of the other; a number at its end may be missing.

    >>> [_is_alike(*pair) for pair in (("rellu", "relu"), ("separable", "separableconv"), ("resize", "reuse"))]
    [True, True, False]
    >>> _is_alike("resnt", "resnet50")
    True
    """
    if other.startswith(name) or name.startswith(other):
        return True
    most = max(1, len(name) // 3)
    return any(_measure_distance(name, each) <= most for each in (other, other.rstrip("0123456789")))


def _measure_distance(name: str, other: str) -> int:
    """The least number of characters to insert, remove or replace, or of neighbors to exchange (Damerau-Levenshtein).

    >>> _measure_distance("rellu", "relu"), _measure_distance("resize", "reuse"), _measure_distance("covn", "conv")
    (1, 3, 1)
    """
    earlier: list[int] = []
    row = list(range(len(other) + 1))
    for number, character in enumerate(name):
        following = [number + 1]
        for at, wanted in enumerate(other):
            cost = min(row[at + 1] + 1, following[at] + 1, row[at] + (character != wanted))
            if at and number and (name[number - 1], character) == (wanted, other[at - 1]):
                cost = min(cost, earlier[at - 1] + 1)
            following.append(cost)
        earlier, row = row, following
    return row[-1]


def _fold(name: str) -> str:
    return name.lower().replace("_", "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A help text with the nearest name, "" if none is similar."""
    found = nearest(name, known)
    return f"did you mean `{found}`?" if found else ""
