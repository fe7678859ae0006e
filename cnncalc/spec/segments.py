"""The parts of paths: names where they are given, kind and ordinal where not."""

from __future__ import annotations

import re
from collections.abc import Collection

from cnncalc.layers import KINDS
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.tree import Body, Call, Chain, Group, Merge

NUMBER = re.compile(r"[0-9]+(?:[eE][0-9]+)?")  # which is no name
_ORDINAL = re.compile(r"(\w*?[^\W\d])([0-9]+)")
_NO_SEGMENT = ("identity", "from")


def kind_and_ordinal(name: str, blocks: Collection[str] = ()) -> tuple[str, str] | None:
    """The parts of a name that looks like the path of an unnamed item, None where it does not.

    >>> kind_and_ordinal("conv12"), kind_and_ordinal("conv2_x"), kind_and_ordinal("stem1"), kind_and_ordinal("group1")
    (('conv', '12'), None, None, ('group', '1'))
    """
    found = _ORDINAL.fullmatch(name)
    if found and (found[1] == "group" or any(found[1] in words for words in (KINDS, STRUCTURE_WORDS, blocks))):
        return found[1], found[2]
    return None


def set_segments(body: Body, counts: dict[str, int] | None = None) -> None:
    """Give every item of a body its part of the path: its name, or its kind and ordinal, counting what is written."""
    counts = {} if counts is None else counts
    for chain in body:
        if chain.name and not _names_its_item(chain):
            chain.segment = chain.name
            _set_segments_of_items(chain, {}, "")
        else:
            _set_segments_of_items(chain, counts, chain.name)


def _names_its_item(chain: Chain) -> bool:
    """Whether a chain's name is that of its only item, and not of a group of several."""
    item = chain.items[0]
    return len(chain.items) == 1 and (not isinstance(item.unit, Group) or item.count is not None)


def _set_segments_of_items(chain: Chain, counts: dict[str, int], name: str) -> None:
    for item in chain.items:
        for unit in (item.unit, item.otherwise):
            if unit is None:
                continue
            if isinstance(unit, Group) and item.count is None:
                set_segments((unit.chain,), counts)
                continue
            kind = unit.kind if isinstance(unit, Call) else unit.word if isinstance(unit, Merge) else "group"
            if kind not in _NO_SEGMENT:
                counts[kind] = counts.get(kind, 0) + 1
                unit.segment = name or f"{kind}{counts[kind]}"
            if isinstance(unit, Group):
                set_segments((unit.chain,))
            elif isinstance(unit, Merge):
                for branch in unit.branches:
                    set_segments(branch.body)
