"""Architectures side by side: their totals, and the layers of two of them aligned like a diff."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from cnncalc import limits
from cnncalc.analysis.folding import Row, fold, make_row
from cnncalc.analysis.report import Report
from cnncalc.network import Network
from cnncalc.records import NamedTuple


class ComparedNetwork(NamedTuple):
    """One network of a comparison, with its report; the network itself is not needed to compare."""

    label: str
    report: Report
    network: Network | None = None

    def former_paths(self) -> Mapping[str, Sequence[str]]:
        """The former paths of the network, see there."""
        return self.network.former_paths() if self.network else {}


class Aligned(NamedTuple):
    """Aligned layers: `same`, `changed`, only `before` or only `after`."""

    state: str
    before: Row | None
    after: Row | None

    @property
    def path(self) -> str:
        """The path, of the second network if it has the layer."""
        side = self.after or self.before
        return side.title if side else ""


class SideBySide(NamedTuple):
    """The compared networks; `rows` are the aligned layers of two of them."""

    networks: tuple[ComparedNetwork, ...]
    rows: tuple[Aligned, ...] = ()


def align(before: Report, after: Report, depth: int | None = None) -> list[Aligned]:
    """Align the layers of two networks; with a depth, groups below it are folded."""
    old, new = _list_rows(before, depth), _list_rows(after, depth)
    return list(_Alignment().pair(old, new))


def _list_rows(report: Report, depth: int | None) -> list[Row]:
    """The layers, or the rows of a summary of that depth, with full paths."""
    if depth is None:
        return [make_row(layer) for layer in report.layers]
    return [row._replace(label=row.path, indent=0) for row in fold(report, depth) if not row.head]


class _Alignment:
    """Aligns equal rows: first by path, then those in between by content, then by kind."""

    def __init__(self) -> None:
        self.calls: dict[int, str] = {}  # by the identity of the layer
        self.likenesses: list[Callable[[Row], Hashable]] = [self._key_by_path, self._key_by_content, self._key_by_kind]
        self.left = [limits.ALIGNED_REPEATED**3] * len(self.likenesses)  # steps of aligning what recurs

    def _key_by_path(self, row: Row) -> Hashable:
        return row.path, row.kind

    def _key_by_content(self, row: Row) -> Hashable:
        return self._list_calls(row), row.inputs, row.output

    def _key_by_kind(self, row: Row) -> Hashable:
        return row.kind

    def _list_calls(self, row: Row) -> tuple[str, ...]:
        layers = [each.layer for each in row.inside]
        return tuple([self.calls.get(id(each)) or self.calls.setdefault(id(each), repr(each)) for each in layers])

    def pair(self, old: Sequence[Row], new: Sequence[Row], level: int = 0) -> Iterator[Aligned]:
        """Align rows with equal keys of a level, and those in between by the keys of the next level."""
        if not old or not new or level == len(self.likenesses):
            yield from (Aligned("before", row, None) for row in old)
            yield from (Aligned("after", None, row) for row in new)
            return
        likeness = self.likenesses[level]
        i = j = 0
        for at, other in self._match(list(map(likeness, old)), list(map(likeness, new)), level):
            yield from self.pair(old[i:at], new[j:other], level + 1)
            yield self._compare(old[at], new[other])
            i, j = at + 1, other + 1
        yield from self.pair(old[i:], new[j:], level + 1)

    def _match(self, a: Sequence[Hashable], b: Sequence[Hashable], level: int) -> list[tuple[int, int]]:
        """The indexes of equal keys, in order: of all while there are steps left, then of those that do not recur."""
        cost = len(a) * len(b) * min(len(a), len(b))
        if level == 0 or cost > self.left[level]:  # paths do not recur
            return match_unique(a, b)
        self.left[level] -= cost
        found = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        return [(i + n, j + n) for i, j, size in found for n in range(size)]

    def _compare(self, one: Row, other: Row) -> Aligned:
        """Compare two rows of one kind by their calls and costs; paths and receptive fields may differ."""
        same = self._list_calls(one) == self._list_calls(other) and (one.costs, one.output) == (
            other.costs,
            other.output,
        )
        return Aligned("same" if same else "changed", one, other)


def match_unique(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The indexes of equal keys that occur once in each sequence, as many as are in one order in both.

    A longest increasing subsequence, in n log n steps.
    Source: M. Fredman, On computing the length of longest increasing subsequences, Discrete Mathematics 11, 1975.

    >>> match_unique("abxcd", "xabdc")
    [(0, 1), (1, 2), (4, 3)]
    """
    often, other = Counter(a), Counter(b)
    at = {key: j for j, key in enumerate(b)}
    pairs = [(i, at[key]) for i, key in enumerate(a) if often[key] == 1 and other[key] == 1]
    lasts: list[int] = []  # for each length, the least index in b with which a run of pairs ends
    ends: list[int] = []  # the pair with which it ends
    before: list[int] = []  # for each pair, the one before it
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(lasts, j)
        before.append(ends[length - 1] if length else -1)
        lasts[length : length + 1] = [j]
        ends[length : length + 1] = [number]
    found = []
    number = ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]
