"""Architectures side by side: their totals, and the layers of two of them aligned as a diff is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from cnncalc import limits
from cnncalc.analysis.folding import Row, fold, make_row
from cnncalc.analysis.report import Report

Likeness = Callable[[Row], Hashable]


class Subject(NamedTuple):
    """One architecture of a comparison."""

    label: str
    report: Report


class Aligned(NamedTuple):
    """Layers beside one another: `same`, `changed`, or only `before` or only `after`."""

    state: str
    before: Row | None
    after: Row | None

    @property
    def path(self) -> str:
        """The path, that of the second architecture where there is one."""
        side = self.after or self.before
        return side.title if side else ""


class SideBySide(NamedTuple):
    """What is compared; `rows` are there for two."""

    subjects: tuple[Subject, ...]
    rows: tuple[Aligned, ...] = ()


def align(before: Report, after: Report, depth: int | None = None) -> list[Aligned]:
    """Every layer of both, those that are alike beside one another; with a depth, groups below it as one."""
    old, new = _rows(before, depth), _rows(after, depth)
    return list(_pair(old, new, [_by_path, _by_content, _by_kind]))


def _rows(report: Report, depth: int | None) -> list[Row]:
    """The layers, or the rows of a summary of that depth, by their whole paths."""
    if depth is None:
        return [make_row(layer) for layer in report.layers]
    return [row._replace(label=row.path, indent=0) for row in fold(report, depth) if not row.head]


def _by_path(row: Row) -> Hashable:
    return row.path, row.kind


def _by_content(row: Row) -> Hashable:
    return _calls(row), row.inputs, row.output


def _by_kind(row: Row) -> Hashable:
    return row.kind


def _calls(row: Row) -> tuple[str, ...]:
    return tuple(repr(layer.layer) for layer in row.inside)


def _pair(old: Sequence[Row], new: Sequence[Row], likenesses: Sequence[Likeness]) -> Iterator[Aligned]:
    """What is alike by the first likeness beside one another; what lies between, by the next."""
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
    """Two rows of one kind; they are the same where all that is counted is, whatever their paths and fields."""
    same = _calls(one) == _calls(other) and (one.costs, one.output) == (other.costs, other.output)
    return Aligned("same" if same else "changed", one, other)
