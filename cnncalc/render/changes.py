"""The look of a drawing that marks what has changed against another network, whose layers are aligned with its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnncalc.figure.difference import Difference

if TYPE_CHECKING:
    from cnncalc.analysis.report import LayerReport, Report
    from cnncalc.compare.side_by_side import Aligned


def mark_changes(before: Report, after: Report, rows: Iterable[Aligned]) -> Difference:
    """The look of the network `after`, given the aligned layers of both: what is new, gone, or has other settings."""
    old_at, new_at = ({layer.path: index for index, layer in enumerate(each.layers)} for each in (before, after))
    added: set[int] = set()
    changed: dict[int, LayerReport] = {}
    gone: dict[int, list[int]] = {}
    last = -1
    for row in rows:
        old, new = row.before and row.before.result, row.after and row.after.result
        if new is None and old is not None:
            gone.setdefault(last, []).append(old_at[old.path])
        elif new is not None:
            last = new_at[new.path]
            if old is None:
                added.add(last)
            elif repr(old.layer) != repr(new.layer):
                changed[last] = old
    return Difference(after, before, frozenset(added), changed, gone)
