"""Architectures side by side: their totals, and the layers of two of them aligned like a diff."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from cnncalc import limits
from cnncalc.analysis.folding import Row, fold, make_row
from cnncalc.analysis.report import Report

Likeness = Callable[[Row], Hashable]


class ComparedNetwork(NamedTuple):
    """One network of a comparison."""

    label: str
    report: Report


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
    return list(_pair(old, new, [_by_path, _by_content, _by_kind]))


def _list_rows(report: Report, depth: int | None) -> list[Row]:
    """The layers, or the rows of a summary of that depth, with full paths."""
    if depth is None:
        return [make_row(layer) for layer in report.layers]
    return [row._replace(label=row.path, indent=0) for row in fold(report, depth) if not row.head]


def _by_path(row: Row) -> Hashable:
    return row.path, row.kind


def _by_content(row: Row) -> Hashable:
    return _list_calls(row), row.inputs, row.output


def _by_kind(row: Row) -> Hashable:
    return row.kind


def _list_calls(row: Row) -> tuple[str, ...]:
    return tuple(repr(layer.layer) for layer in row.inside)


def _pair(old: Sequence[Row], new: Sequence[Row], likenesses: Sequence[Likeness]) -> Iterator[Aligned]:
    """Align rows that are equal by the first key; the rows between them are aligned by the next key."""
    if not old or not new or not likenesses:
        yield from (Aligned("before", row, None) for row in old)
        yield from (Aligned("after", None, row) for row in new)
        return
    first, *others = likenesses
    if first is not _by_path and max(len(old), len(new)) > limits.ALIGNED_ROWS:
        yield from _pair(old, new, [])
        return
    a, b = list(map(first, old)), list(map(first, new))
    thorough = max(len(a), len(b)) <= limits.ALIGNED_REPEATED or first is _by_path
    for operation, i, last, j, end in SequenceMatcher(None, a, b, autojunk=not thorough).get_opcodes():
        if operation == "equal":
            yield from map(_compare, old[i:last], new[j:end])
        else:
            yield from _pair(old[i:last], new[j:end], others)


def _compare(one: Row, other: Row) -> Aligned:
    """Compare two rows of one kind: they are the same if calls, costs and output are, independent of the paths."""
    same = _list_calls(one) == _list_calls(other) and (one.costs, one.output) == (other.costs, other.output)
    return Aligned("same" if same else "changed", one, other)
