"""The named outputs of a network: `outputs` registers them, and each gets the shortest name that is unique."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import Fix, Span
from cnncalc.records import NamedTuple
from cnncalc.spec.tree import Merge


class End(NamedTuple):
    """An output of the network: its path, its path without the segments of `outputs`, and the node that computes it."""

    path: str
    visible: tuple[str, ...]
    node: int


class Ends:
    """The outputs that are registered, in the order of the file; `last` are those of the last `outputs`."""

    def __init__(self) -> None:
        self.found: list[End] = []
        self.hidden: set[str] = set()  # paths of `outputs`, whose last segment is not part of names
        self.last = slice(0)
        self.merge: Merge | None = None  # the last `outputs`

    def open(self, path: str) -> int:
        """Begin an `outputs` with this path, or another merge with ""; returns the number of its first output."""
        if path:
            self.hidden.add(path)
        return len(self.found)

    def add(self, path: str, node: int) -> None:
        """Register an output."""
        visible: list[str] = []
        prefix = ""
        for segment in path.split("."):
            prefix = f"{prefix}.{segment}" if prefix else segment
            if prefix not in self.hidden:
                visible.append(segment)
        self.found.append(End(path, tuple(visible), node))

    def close(self, merge: Merge, first: int) -> bool:
        """End an `outputs` whose outputs begin with number `first`; returns whether there are any."""
        self.last, self.merge = slice(first, len(self.found)), merge
        return len(self.found) > first

    def named(self, *, last_first: bool) -> dict[str, int]:
        """The node of each output by its name, those of the last `outputs` first if it ends the network."""
        names = name_outputs(self.found)
        pairs = list(zip(names, (end.node for end in self.found), strict=True))
        return dict([*pairs[self.last], *pairs]) if last_first else dict(pairs)


def name_outputs(ends: Sequence[End]) -> list[str]:
    """For each output the last segment of its visible path, after those segments that distinguish it from the others.

    A name that would begin with the number of a round includes the segment before it. Outputs with the same visible
    path have their whole path as name.

    >>> paths = ("p3.outputs1.boxes", "p4.outputs1.boxes", "p4.outputs1.classes")
    >>> name_outputs([End(path, tuple(path.replace("outputs1.", "").split(".")), 0) for path in paths])
    ['p3.boxes', 'p4.boxes', 'classes']
    """
    names = [""] * len(ends)
    # outputs that are still alike, the levels chosen for them, and the next level to compare
    waiting: list[tuple[list[int], list[int], int]] = [([*range(len(ends))], [], 1)]
    while waiting:
        alike, chosen, level = waiting.pop()
        parts: dict[str, list[int]] = {}
        for number in alike:
            visible = ends[number].visible
            parts.setdefault(visible[-level] if level <= len(visible) else "", []).append(number)
        if level == 1 or len(parts) > 1:
            chosen = [level, *chosen]
        for part, group in parts.items():
            if len(group) == 1:
                names[group[0]] = _join(ends[group[0]].visible, chosen if part else chosen[1:])
            elif part:
                waiting.append((group, chosen, level + 1))
            else:
                for number in group:
                    names[number] = ends[number].path
    return names


def _join(visible: tuple[str, ...], chosen: list[int]) -> str:
    """The chosen segments of a path, counted from its end."""
    first = chosen[0]
    while visible[-first].isdigit() and first < len(visible):
        first += 1
        chosen = [first, *chosen]
    return ".".join(visible[-level] for level in chosen)


def suggest_output(merge: Merge | None, flat: bool) -> tuple[Fix, ...]:
    """The repair that makes the current tensor an output as well: a first branch `cls: identity`."""
    if merge is None or not merge.branches or merge.rounds or merge.branches[0].label.isdigit():
        return ()
    span, labels = merge.branches[0].span, {branch.label for branch in merge.branches}
    name = next((word for word in (("cls", "main") if flat else ("main", "cls")) if word not in labels), None)
    if name is None:
        return ()
    text = span.source.text
    line = text.rfind("\n", 0, span.start) + 1
    before = text[line : span.start]
    gap = ", " if before.strip() else f"\n{before}"
    at = Span(span.source, span.start, span.start)
    return (Fix(at, f"{name}: identity{gap}", f"make it an output as well: `{name}: identity`"),)
