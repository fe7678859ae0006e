"""Folding: equal neighbours of a chain become one item with a count, in time linear in the layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.figure.tree import Chain, Frame, Item, Merge, Outputs, Step, build_tree, end_of, list_readers, result_of
from cnncalc.layers.base import Shape

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report

LONGEST_CYCLE = 16  # items that recur as a whole
SHRUNK = 0.7  # of a size: what shrinks further is a new stage


def make_tree(report: Report, marks: Sequence[object] = ()) -> Chain:
    """The tree of a network, folded; with `marks` of its layers, only what has equal ones."""
    return _Folder(report, marks).fold(build_tree(report))


class _Folder:
    def __init__(self, report: Report, marks: Sequence[object]) -> None:
        self.layers = report.layers
        self.marks = marks or [None] * len(report.layers)
        self.readers = list_readers(report)

    def fold(self, chain: Chain) -> Chain:
        """A chain and all chains in it, folded."""
        items: list[Item] = []
        for run in self._list_runs([self._fold_inside(item) for item in chain.items]):
            if len(run) == 1 and isinstance(run[0], Frame) and run[0].form == "round" and not run[0].after:
                items.extend(run[0].body.items)
            else:
                items.append(run[0]._replace(others=tuple(run[1:])) if len(run) > 1 else run[0])
        return chain._replace(items=tuple(self._fold_cycles(items)))

    def _fold_cycles(self, items: Sequence[Item]) -> Iterator[Item]:
        """The items, with several that recur as a whole, a block and another one in turn, as one repeated frame."""
        keys = [(self._describe(item), len(item.others)) for item in items]
        at = 0
        while at < len(items):
            cycle = self._find_cycle(items, keys, at)
            if cycle:
                first, *others = cycle
                yield first._replace(others=tuple(others))
                at += len(cycle) * len(first.body.items)
            else:
                yield items[at]
                at += 1

    def _find_cycle(self, items: Sequence[Item], keys: Sequence[object], at: int) -> list[Frame]:
        """The repetitions of the shortest cycle that begins with an item, [] if there is none."""
        for period in range(2, min(LONGEST_CYCLE, (len(items) - at) // 2) + 1):
            blocks = any(isinstance(item, Frame | Merge) for item in items[at : at + period])
            if blocks and keys[at : at + period] == keys[at + period : at + 2 * period]:
                run = next(self._list_runs(_list_cycles(items, keys, at, period)))
                if len(run) > 1:
                    return run
        return []

    def _fold_inside(self, item: Item) -> Item:
        if isinstance(item, Frame):
            return item._replace(body=self.fold(item.body))
        if isinstance(item, (Merge, Outputs)):
            return item._replace(branches=tuple(map(self.fold, item.branches)))
        return item

    def _list_runs(self, items: Iterable[Item]) -> Iterator[list[Any]]:
        """The items in runs that are drawn as one."""
        run: list[Item] = []
        key: object = None
        taps: tuple[int, ...] | None = None  # what reads the results of all in the run but the last
        for item in items:
            described = self._describe(item), self._list_inner_taps(item)
            beside = self._list_result_taps(run[-1], item) if run else ()
            if run and described == key and taps in (None, beside) and self._follows(item, run[-1], beside):
                run.append(item)
                taps = beside
                continue
            if run:
                yield run
            run, key, taps = [item], described, None
        if run:
            yield run

    def _follows(self, item: Item, before: Item, taps: tuple[int, ...]) -> bool:
        """Whether an item reads the one before it, has a map of its size, and is read by what reads that one too."""
        result = item.own_result
        return (
            item.entry == before.own_result
            and result >= 0
            and {*taps} <= {*self.readers[result]}
            and _are_near(self.layers[before.own_result].output, self.layers[result].output)
        )

    def _describe(self, item: Item) -> tuple[object, ...]:
        """The settings and the connections of an item: equal for items that can be drawn as one."""
        first, codes = item.first, list[object]()
        for index in range(first, item.last):
            layer = self.layers[index]
            codes.append((layer.layer, bool(layer.shares), self.marks[index]))
            codes.extend(
                ("within", index - source) if source >= first else ("entry",) if source == item.entry else (source,)
                for source in layer.sources
            )
        return type(item), tuple(codes), tuple(_describe_structure(item))

    def _list_inner_taps(self, item: Item) -> list[tuple[int, list[int]]]:
        """What reads the layers in an item, without the last: each by its place in the item, and its readers."""
        last = item.last
        outside = (
            (index - item.first, [reader for reader in self.readers[index] if reader >= last])
            for index in range(item.first, last)
            if index != item.own_result
        )
        return [tap for tap in outside if tap[1]]

    def _list_result_taps(self, item: Item, after: Item) -> tuple[int, ...]:
        """What reads the result of an item, beside the item after it."""
        result = item.own_result
        readers = self.readers[result] if result >= 0 else ()
        return tuple(reader for reader in readers if not after.first <= reader < after.last)


def _list_cycles(items: Sequence[Item], keys: Sequence[object], at: int, period: int) -> Iterator[Frame]:
    """Frames around so many items each, as long as they are alike."""
    for start in range(at, len(items) - period + 1, period):
        if keys[start : start + period] != keys[at : at + period]:
            return
        first, last = items[start], items[start + period - 1]
        names = [item.title if isinstance(item, Frame) else "" for item in (first, last)]
        title = " … ".join(filter(None, names)) or f"{period} blocks"
        size = end_of(last) - first.first
        body = Chain("", tuple(items[start : start + period]), first.entry, result_of(last), size)
        yield Frame("", title, "cycle", body, (), first.entry, first.first)


def _describe_structure(item: Item) -> list[object]:
    """How an item is built of others, without what its layers are."""
    found: list[object] = []

    def describe(item: Item) -> None:
        if isinstance(item, Step):
            found.append(len(item.layers))
            return
        for chain in (item.body,) if isinstance(item, Frame) else item.branches:
            found.append(chain.name)
            for inner in chain.items:
                found.append(1 + len(inner.others))
                describe(inner)

    describe(item)
    return found


def _are_near(one: Shape, other: Shape) -> bool:
    """Whether sizes are equal, or shrink only by what an unpadded kernel takes."""
    sizes = zip(one[1:], other[1:], strict=False)
    return len(one) == len(other) and all(a == b or min(a, b) > SHRUNK * max(a, b) for a, b in sizes)
