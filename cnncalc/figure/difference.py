"""Block diagrams of what has changed: new and changed boxes in colour, and beside them those that are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from cnncalc.figure import labels
from cnncalc.figure.fold import make_tree
from cnncalc.figure.kinds import name_kind
from cnncalc.figure.legend import Entry
from cnncalc.figure.look import Look
from cnncalc.figure.tree import Merge, Step, build_tree, walk

if TYPE_CHECKING:
    from cnncalc.analysis.report import LayerReport, Report
    from cnncalc.figure.tree import Chain

UNCHANGED = "reshape"  # the role of their boxes
MANY = 12  # gone things at one place that are listed
MEANINGS = {"added": "new", "changed": "changed", "removed": "gone", UNCHANGED: "as before"}
SIGNS = {"added": "+", "changed": "~", "removed": "−"}


class Difference(Look):
    """What has changed against another network.

    - `added`: the indexes of the layers that the other one does not have.
    - `before`: for each layer that has other settings there, that layer.
    - `gone`: the indexes of layers of the other one, each by the index of the layer after which it would be, −1 at the
      beginning.
    """

    def __init__(
        self, report: Report, other: Report, added: frozenset[int], before: Mapping[int, LayerReport],
        gone: Mapping[int, Sequence[int]],
    ) -> None:  # fmt: skip
        self.report, self.added, self.before = report, added, before
        self.lost = {anchor: [*_name_gone(other, layers)] for anchor, layers in gone.items()}

    def __bool__(self) -> bool:
        """Whether anything has changed."""
        return bool(self.added or self.before or self.lost)

    def make_tree(self, report: Report) -> Chain:
        """The tree of the network, in which nothing is folded with what has changed otherwise."""
        marks = [(index in self.added, index in self.before, index in self.lost) for index in range(len(report.layers))]
        return make_tree(report, marks)

    def paint(self, role: str, layers: Sequence[int]) -> str:
        if not role:
            return role
        added = [index in self.added for index in layers]
        if all(added):
            return "added"
        if any(added) or any(index in self.before for index in layers):
            return "changed"
        hidden = role == "inner" and any(index in self.lost for index in layers)
        return "changed" if hidden else "merge" if role == "merge" else UNCHANGED

    def note(self, layers: Sequence[int]) -> str:
        """`+` of a new box, or with what is new in it; `~` with what a changed one was."""
        added = [index for index in layers if index in self.added]
        if len(added) == len(layers):
            return SIGNS["added"]
        changed = [labels.label_layer(self.before[index]) for index in layers if index in self.before]
        new = [name_kind(self.report.layers[index].kind) for index in added]
        texts = [f"{SIGNS['changed']} was {', '.join(dict.fromkeys(changed))}"] if changed else []
        texts += [f"{SIGNS['added']} {', '.join(dict.fromkeys(new))}"] if new else []
        return labels.shorten("; ".join(texts))

    def summarize(self, layers: Sequence[int]) -> str:
        """How many layers of a closed group are new, changed and gone."""
        added = sum(index in self.added for index in layers)
        changed = sum(index in self.before for index in layers)
        lost = sum(len(self.lost.get(index, ())) for index in layers)
        return " ".join(
            f"{sign}{count}" for sign, count in zip(SIGNS.values(), (added, changed, lost), strict=True) if count
        )

    def list_entries(self, roles: Collection[str]) -> Sequence[Entry]:
        return [Entry(role, text) for role, text in MEANINGS.items() if role in roles]

    def list_gone(self, index: int) -> Sequence[str]:
        return self.lost.get(index, ())


def _name_gone(other: Report, layers: Sequence[int]) -> Iterator[str]:
    """The boxes of layers that are gone, equal neighbours once; of many, only how many there are."""
    gone = {*layers}
    names = [
        name
        for index, main, name in sorted(_list_names(other))
        if index in gone and (index == main or main not in gone)
    ]
    runs = [(name, len([*run])) for name, run in groupby(names)]
    if len(runs) > MANY:
        yield f"{SIGNS['removed']} {len(layers)} layers"
        return
    for name, count in runs:
        yield f"{SIGNS['removed']} {name}" + (f" ×{count}" if count > 1 else "")


def _list_names(other: Report) -> Iterator[tuple[int, int, str]]:
    """Each layer, the one that names its box, and what it is called: as its box, if it names it."""
    for item in walk(build_tree(other)):
        if isinstance(item, Step):
            for index in item.layers:
                name = labels.label_step(item, other) if index == item.main else name_kind(other.layers[index].kind)
                yield index, item.main, name
        elif isinstance(item, Merge):
            yield item.layer, item.layer, labels.label_merge(item, other, counted=not item.branches)
