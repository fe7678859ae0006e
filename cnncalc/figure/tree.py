"""The tree of what a figure draws: chains of steps, merges and frames, as the groups of the file arrange the layers.

Each layer is in exactly one item of the tree. A norm, an activation or a dropout joins the layer before it, or a
convolution after it; groups of one thing are unwrapped; repeats are spliced into what is around them. `fold`
then writes equal neighbours once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cnncalc.layers import FAMILIES
from cnncalc.network import NOTHING
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.network import Group

JOINING_FAMILIES = frozenset(("normalization", "activation", "magnitude"))
JOINING_KINDS = frozenset(("dropout", "stochastic_depth"))
STANDING_KINDS = frozenset(("local_response_norm",))  # drawn as a step of its own, as the papers of its time do
LEADING_FAMILIES = frozenset(
    ("conv", "linear", "transposed", "separable", "unshared", "attention", "recurrent")
)  # what a norm before it joins


class Step(NamedTuple):
    """One layer with those that joined it, drawn as one box.

    `layers` are indexes in the report in order of execution, `main` that of the layer which names the box, `entry` the
    index of the current tensor before it, which it need not read. `others` are the equal steps after it that are folded
    into it; so for the other items.
    """

    layers: tuple[int, ...]
    main: int
    entry: int
    others: tuple[Step, ...] = ()

    @property
    def first(self) -> int:
        return self.layers[0]

    @property
    def last(self) -> int:
        """The index after that of its last layer."""
        return self.layers[-1] + 1

    @property
    def own_result(self) -> int:
        return self.layers[-1]


class Merge(NamedTuple):
    """Branches that meet in a merge layer, `layer`, and what joined it, `after`.

    `collected` are sources of the layer that are not the ends of branches: what `rounds(…)` collects.
    """

    layer: int
    after: tuple[int, ...]
    branches: tuple[Chain, ...]
    collected: tuple[int, ...]
    entry: int
    first: int
    others: tuple[Merge, ...] = ()

    @property
    def last(self) -> int:
        return self.own_result + 1

    @property
    def own_result(self) -> int:
        return self.after[-1] if self.after else self.layer


class Frame(NamedTuple):
    """A group of the file that is drawn as a frame, or closed as one box. `after` are dropouts that joined it."""

    path: str
    title: str  # the call of a block
    form: str
    body: Chain
    after: tuple[int, ...]
    entry: int
    first: int
    others: tuple[Frame, ...] = ()

    @property
    def last(self) -> int:
        return self.after[-1] + 1 if self.after else self.first + self.body.size

    @property
    def own_result(self) -> int:
        return self.after[-1] if self.after else self.body.result


class Outputs(NamedTuple):
    """Branches with outputs of their own, beside which the main path goes on."""

    path: str
    branches: tuple[Chain, ...]
    entry: int
    first: int
    size: int
    others: tuple[Outputs, ...] = ()

    @property
    def last(self) -> int:
        return self.first + self.size

    @property
    def own_result(self) -> int:
        return self.entry


class Chain(NamedTuple):
    """Items in a row. `entry` is the tensor before the first, `result` the one after the last; it may have no items."""

    name: str
    items: tuple[Item, ...]
    entry: int
    result: int
    size: int  # number of its layers


Item = Step | Merge | Frame | Outputs


def is_level(item: Item) -> bool:
    """Whether an item is a level of groups, which may be closed: not the rounds of a repeat, nor a cycle of blocks."""
    return isinstance(item, Frame) and item.form not in ("round", "cycle")


def count_of(item: Item) -> int:
    """How many equal items are drawn as this one."""
    return 1 + len(item.others)


def result_of(item: Item) -> int:
    """The index of the layer whose output leaves an item, after all that is folded into it."""
    return item.others[-1].own_result if item.others else item.own_result


def end_of(item: Item) -> int:
    """The index after its last layer, with all that is folded into it."""
    return item.others[-1].last if item.others else item.last


def chains_in(item: Item) -> tuple[Chain, ...]:
    """The chains of which an item consists."""
    if isinstance(item, Frame):
        return (item.body,)
    return () if isinstance(item, Step) else item.branches


def own_layers(item: Item) -> tuple[int, ...]:
    """The layers of an item that are in none of its chains."""
    if isinstance(item, Step):
        return item.layers
    if isinstance(item, Merge):
        return (item.layer, *item.after)
    return item.after if isinstance(item, Frame) else ()


def walk(chain: Chain) -> Iterator[Item]:
    """All items of a chain and of the chains in them, those around before those within."""
    for item in chain.items:
        yield item
        for inner in chains_in(item):
            yield from walk(inner)


class _Nest(NamedTuple):
    """A group and those directly within it."""

    group: Group
    inner: list[_Nest]


def build_tree(report: Report) -> Chain:
    """The tree of a network, not yet folded."""
    return _Builder(report).build()


def list_readers(report: Report) -> list[list[int]]:
    """For each layer the indexes of those that read it; the index after the last reads the outputs of the network."""
    readers: list[list[int]] = [[] for _ in report.layers]
    for index, layer in enumerate(report.layers):
        for source in dict.fromkeys(layer.sources):
            if source >= 0:
                readers[source].append(index)
    for end in report.ends:
        if end >= 0:
            readers[end].append(len(report.layers))
    return readers


class _Builder:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.layers = report.layers
        self.readers = list_readers(report)

    def build(self) -> Chain:
        roots: list[_Nest] = []
        levels = [roots]
        for group in self.report.groups:
            nest = _Nest(group, [])
            del levels[group.depth + 1 :]
            levels[-1].append(nest)
            levels.append(nest.inner)
        entry = -1 if len(self.report.inputs) == 1 else NOTHING
        return self._make_chain("", 0, len(self.layers), roots, entry, None)

    def _make_chain(
        self, name: str, first: int, last: int, nests: Sequence[_Nest], entry: int, result: int | None
    ) -> Chain:
        items: list[Item] = []
        at, current = first, entry
        for nest in nests:
            current = self._add_layers(items, at, min(nest.group.first, last), current)
            current = self._add_group(items, nest, current)
            at = nest.group.last
        current = self._add_layers(items, at, last, current)
        return Chain(name, tuple(items), entry, current if result is None else result, max(last - first, 0))

    def _add_layers(self, items: list[Item], first: int, last: int, current: int) -> int:
        for index in range(first, last):
            self._add_layer(items, index, current)
            current = index
        return current

    def _add_layer(self, items: list[Item], index: int, current: int) -> None:
        before = items[-1] if items else None
        layer = self.layers[index]
        continues = (
            before is not None
            and layer.sources == (before.own_result,)
            and self.readers[before.own_result] == [index]
            and before.last == index
        )
        joined = None
        if continues and self._joins(index):
            joined = self._join(before, index)
        elif continues and isinstance(before, Step) and self._leads(before, index):
            joined = before._replace(layers=(*before.layers, index), main=index)
        if joined is None:
            items.append(Step((index,), index, current))
        else:
            items[-1] = joined

    def _joins(self, index: int) -> bool:
        """Whether a layer is drawn with another one."""
        layer = self.layers[index]
        kind = layer.kind
        joins = FAMILIES[kind] in JOINING_FAMILIES and kind not in STANDING_KINDS
        return (joins or kind in JOINING_KINDS) and len(layer.sources) == 1

    def _leads(self, before: Step, index: int) -> bool:
        """Whether a step of norms and activations joins the layer after it."""
        return FAMILIES[self.layers[index].kind] in LEADING_FAMILIES and all(map(self._joins, before.layers))

    def _join(self, before: Item | None, index: int) -> Item | None:
        """The item before a layer with the layer in it, None if it does not take it."""
        if isinstance(before, Step):
            return before._replace(layers=(*before.layers, index))
        if isinstance(before, Merge):
            return before._replace(after=(*before.after, index))
        if isinstance(before, Frame) and self.layers[index].kind in JOINING_KINDS:
            return before._replace(after=(*before.after, index))
        return None

    def _add_group(self, items: list[Item], nest: _Nest, current: int) -> int:
        group = nest.group
        if group.form == "merge":
            return self._add_merge(items, nest, current)
        if group.form == "outputs":
            branches = self._make_branches(nest, current)
            items.append(Outputs(group.path, branches, current, group.first, group.last - group.first))
            return current
        chain = self._make_chain("", group.first, group.last, nest.inner, current, group.result)
        if _is_spliced(group, chain):
            self._splice(items, chain)
        elif len(chain.items) == 1 and isinstance(chain.items[0], Frame):
            inner = chain.items[0]
            items.append(inner._replace(path=group.path or inner.path, title=inner.title or group.title))
        elif chain.items:
            items.append(Frame(group.path, group.title, group.form, chain, (), current, group.first))
        return chain.result

    def _splice(self, items: list[Item], chain: Chain) -> None:
        """Add the items of a chain; a first step of layers that join others may join what is before it now."""
        for place, item in enumerate(chain.items):
            if place == 0 and isinstance(item, Step) and all(map(self._joins, item.layers)):
                for index in item.layers:
                    self._add_layer(items, index, item.entry if index == item.first else index - 1)
            elif place == 0 and isinstance(item, Step) and items and item.main == item.first:
                self._add_layer(items, item.first, item.entry)
                joined = items.pop()
                assert isinstance(joined, Step)
                items.append(joined._replace(layers=(*joined.layers, *item.layers[1:])))
            else:
                items.append(item)

    def _make_branches(self, nest: _Nest, current: int) -> tuple[Chain, ...]:
        return tuple(
            self._make_chain(
                each.group.title, each.group.first, each.group.last, each.inner, current, each.group.result
            )
            for each in nest.inner
        )

    def _add_merge(self, items: list[Item], nest: _Nest, current: int) -> int:
        group = nest.group
        branches = self._make_branches(nest, current)
        own = range(max((each.group.last for each in nest.inner), default=group.first), group.last)
        if not own:  # a merge of one branch is that branch
            for branch in branches:
                self._splice(items, branch)
            return current if group.result is None else group.result
        layer = own[0]
        ends = [branch.result for branch in branches]
        collected = list(self.layers[layer].sources)
        for end in ends:
            if end in collected:
                collected.remove(end)
        items.append(Merge(layer, (), branches, tuple(collected), current, group.first))
        return self._add_layers(items, layer + 1, group.last, layer)


def _is_spliced(group: Group, chain: Chain) -> bool:
    """Whether the items of a group are drawn without a frame of its own.

    Rounds of several items keep theirs until they are folded.
    """
    if not chain.items:
        return False
    if group.form == "repeat":
        return True
    single = len(chain.items) == 1 and not isinstance(chain.items[0], (Frame, Merge, Outputs))
    if group.form == "round":
        return len(chain.items) == 1
    return single or (group.form == "chain" and "." in group.path)
