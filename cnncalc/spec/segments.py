"""Segments of paths: names if they are given, else a word and a number, counted within one body.

Each unit gets its number here, before the expansion, even if it is switched off. Only the rounds of a repeat without a
name, which advance the numbering of the enclosing body, are not known before the expansion, where `Prefix` keeps how
far the numbering has advanced.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container

from cnncalc.layers import KINDS
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.tree import Body, Call, Chain, Merge, SyntaxGroup, SyntaxUnit

Segments = dict[int, str]  # of units and chains, by their identity
NUMBER = re.compile(r"[0-9]+(?:[eE][0-9]+)?")  # not a name
_NO_SEGMENT = ("identity", "from")


def add_number(word: str, ordinal: int) -> str:
    """A word with its number, separated if the word ends in a digit.

    >>> add_number("conv", 2), add_number("relu6", 1)
    ('conv2', 'relu6_1')
    """
    return f"{word}_{ordinal}" if word[-1].isdigit() or word[-1] == "_" else f"{word}{ordinal}"


def word_and_number(name: str, blocks: Container[str] = ()) -> tuple[str, str] | None:
    """The parts of a name that looks like the path of an unnamed item, None for other names.

    >>> [word_and_number(name) for name in ("conv12", "conv2_x", "stem1", "relu6_1")]
    [('conv', '12'), None, None, ('relu6', '1')]
    """
    stem = name.rstrip("0123456789")
    number = name[len(stem) :]
    for word in (stem, stem.removesuffix("_")):
        is_known = word in KINDS or word in STRUCTURE_WORDS or word in blocks
        if is_known and number and add_number(word, 1)[:-1] == stem:
            return word, number
    return None


def free_name(name: str, blocks: Container[str] = ()) -> str:
    """A similar name that does not look like the path of an unnamed item.

    >>> free_name("conv1"), free_name("relu6_1"), free_name("stem")
    ('conv_1', 'relu6_1_', 'stem')
    """
    found = word_and_number(name, blocks)
    if found is None:
        return name
    other = "_".join(found)
    return f"{name}_" if word_and_number(other, blocks) else other


class Prefix:
    """The common prefix of the paths of a body, and how far its numbering has advanced by rounds, for each word."""

    __slots__ = ("ahead", "former", "path")

    def __init__(self, path: str, former: Segments | None) -> None:
        """`former` are segments of version 0.1 to use instead."""
        self.path = path
        self.former = former
        self.ahead: dict[str, int] = {}

    def path_of(self, part: SyntaxUnit | Chain) -> str:
        """The path of a part of the body."""
        if not self.ahead and self.former is None:  # nearly always
            return self.path + part.segment
        if self.former is not None:
            return self.path + self.former.get(id(part), "")
        ahead = self.ahead.get(part.path_word, 0)
        return self.path + (add_number(part.path_word, part.ordinal + ahead) if ahead else part.segment)

    def count_on(self, per_round: dict[str, int], rounds: int = 1) -> None:
        """Advance the numbering by rounds."""
        for word, number in per_round.items():
            self.ahead[word] = self.ahead.get(word, 0) + number * rounds


def names_its_item(chain: Chain) -> bool:
    """Whether the name of a chain is that of its only item, and not of a group."""
    item = chain.items[0]
    return len(chain.items) == 1 and (not isinstance(item.unit, SyntaxGroup) or item.count is not None)


def set_segments(body: Body, blocks: Collection[str]) -> set[str]:
    """Set the segments in a body; returns the names that are inside flat repeats, which are numbered."""
    numbering = _Numbering(blocks)
    numbering.body(body)
    return numbering.repeated


class _Numbering:
    """Numbers the units of a body. `counts` are the numbers used so far in the enclosing body, by word."""

    def __init__(self, blocks: Collection[str]) -> None:
        self.blocks = blocks
        self.repeated: set[str] = set()

    def body(self, body: Body) -> None:
        counts: dict[str, int] = {}
        for chain in body:
            self.chain(chain, counts, repeated=False)

    def chain(self, chain: Chain, counts: dict[str, int], *, repeated: bool) -> None:
        """`repeated` is whether the chain is inside a flat repeat."""
        name = chain.name
        if name and not names_its_item(chain):
            self.set_name(chain, name, counts, repeated=repeated)
            name, counts, repeated = "", {}, False
        for unit, count, _, otherwise, _ in chain.items:
            if count is not None:
                unit.flat = not name and not (isinstance(unit, Call) and unit.kind in self.blocks)
            before = dict(counts) if unit.flat else {}
            self.unit(unit, name, counts, repeated=repeated or unit.flat)
            if unit.flat:
                counted = ((word, number - before.get(word, 0)) for word, number in counts.items())
                unit.per_round = {word: number for word, number in counted if number}
            if otherwise is not None:
                self.unit(otherwise, "" if isinstance(otherwise, SyntaxGroup) else name, counts, repeated=repeated)

    def unit(self, unit: SyntaxUnit, name: str, counts: dict[str, int], *, repeated: bool) -> None:
        if isinstance(unit, SyntaxGroup) and not name:
            self.chain(unit.chain, counts, repeated=repeated)
            return
        word = unit.kind if isinstance(unit, Call) else unit.word if isinstance(unit, Merge) else ""
        if word in _NO_SEGMENT:
            return
        if word:
            counts[word] = counts.get(word, 0) + 1
            unit.segment, unit.path_word, unit.ordinal = add_number(word, counts[word]), word, counts[word]
        if name:
            self.set_name(unit, name, counts, repeated=repeated)
        if isinstance(unit, SyntaxGroup):
            self.body((unit.chain,))
        elif isinstance(unit, Merge):
            for branch in unit.branches:
                self.body(branch.body)

    def set_name(self, part: SyntaxUnit | Chain, name: str, counts: dict[str, int], *, repeated: bool) -> None:
        """Use a name as the segment; inside a flat repeat it is numbered by rounds."""
        part.segment, part.path_word, part.ordinal = name, "", 0
        if repeated:
            self.repeated.add(name)
            counts[name] = counts.get(name, 0) + 1
            part.segment, part.path_word, part.ordinal = add_number(name, counts[name]), name, counts[name]
