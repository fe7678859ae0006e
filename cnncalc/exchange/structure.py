"""A graph as its author may have written it: chains of items, merges with branches, and modules that are parts.

A chain is what a list of items is in a file: each item takes the output of the one before, a merge hands its input to
all its branches, and `from` goes back to an earlier output. Values are indexes of the graph's nodes, so that a chain
can be moved into another. Modules that take one tensor and give one are parts, with a chain of their own; the others
dissolve in what is around them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import floor

from cnncalc.exchange.graph import TOP, Graph
from cnncalc.layers.structure import MERGES
from cnncalc.network import INPUT, NOTHING

Chain = list["Item"]
IN_CONTAINER = 1 / 1024  # what a container adds to the height: it comes after its parts, and counts as none
NESTED = 4  # merges in branches of merges; of deeper ones the branches are written before the merge
CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")  # which say nothing of what is in them


class Item:
    """One item of a chain; `value` is the node whose output leaves it, `modules` the names of modules around it that
    dissolved, the outermost first. `name` is given to those that `from` and `reuse` refer to."""

    def __init__(self, value: int, modules: tuple[str, ...] = ()) -> None:
        self.value = value
        self.modules = modules
        self.name = ""


class LayerItem(Item):
    """A layer, or one that applies the weights of another again."""


class FromItem(Item):
    """Back to an earlier output, which is its value."""


class MergeItem(Item):
    """A merge of branches."""

    def __init__(self, value: int, modules: tuple[str, ...], branches: list[Chain]) -> None:
        super().__init__(value, modules)
        self.branches = branches


class CallItem(Item):
    """A module that takes one tensor and gives one."""

    def __init__(self, value: int, modules: tuple[str, ...], part: Part) -> None:
        super().__init__(value, modules)
        self.part = part


class Part:
    """A module: its call in the graph, what it takes and gives, its units, and the chain that is made of them.

    `height` counts the parts that are nested in it; a container, which dissolves, adds next to nothing.
    """

    def __init__(self, scope: int, source: int, value: int, units: list[Unit], height: float) -> None:
        self.scope = scope
        self.source = source
        self.value = value
        self.units = units
        self.height = height
        self.chain: Chain = []


class Unit:
    """A node or a part in the order of execution: what it gives, what it takes, and the modules that dissolved."""

    def __init__(
        self, value: int, inputs: tuple[int, ...], modules: tuple[str, ...] = (), part: Part | None = None
    ) -> None:
        self.value = value
        self.inputs = inputs
        self.modules = modules
        self.part = part


def walk(chain: Chain) -> Iterator[Item]:
    """All items of a chain, those of branches before their merge; not those of parts."""
    for item in chain:
        if isinstance(item, MergeItem):
            for branch in item.branches:
                yield from walk(branch)
        yield item


def unnest(chain: Chain, source: int) -> Chain:
    """The chain with the deep branches of a merge before it, to which the merge goes back by `from`."""
    found: Chain = []
    for item in chain:
        if isinstance(item, MergeItem) and _height(item) > NESTED:
            moved = False
            for at, branch in enumerate(item.branches):
                if max(map(_height, branch), default=0) >= NESTED:
                    if moved and not isinstance(branch[0], FromItem):
                        found.append(FromItem(source))
                    found += unnest(branch, source)
                    item.branches[at] = [FromItem(branch[-1].value)]
                    moved = True
            if moved and not all(branch and isinstance(branch[0], FromItem) for branch in item.branches):
                found.append(FromItem(source))
        found.append(item)
        source = item.value
    return found


def _height(item: Item) -> int:
    """How deep merges are nested in an item, itself included."""
    if not isinstance(item, MergeItem):
        return 0
    return 1 + max((_height(each) for branch in item.branches for each in branch), default=0)


def nest_concats(graph: Graph, kept: Sequence[int]) -> None:
    """Let a concatenation that begins or ends with the inputs of an earlier one take its output, as DenseNet does.

    concat(a, b, c) is concat(concat(a, b), c): the graph computes the same.
    """
    known: dict[tuple[object, ...], int] = {}
    for index in kept:
        node = graph.nodes[index]
        if node.layer is None or node.layer.kind != "concat":
            continue
        inputs = node.inputs
        for count in range(len(inputs) - 1, 1, -1):
            first, last = known.get((node.layer, inputs[:count])), known.get((node.layer, inputs[-count:]))
            if first is not None or last is not None:
                shorter = (first, *inputs[count:]) if first is not None else (*inputs[:-count], last)
                graph.nodes[index] = node._replace(inputs=tuple(each for each in shorter if each is not None))
                break
        known.setdefault((node.layer, inputs), index)


class Structure:
    """The parts of a graph, from the innermost to the outermost, and the units that are left around them."""

    def __init__(self, graph: Graph, kept: Sequence[int]) -> None:
        self.graph = graph
        self.parts: list[Part] = []
        self.readers: dict[int, set[int]] = defaultdict(set)
        self.bound: set[int] = {*graph.outputs.values()}  # what no part may hide: outputs, and weights that are shared
        for index in kept:
            node = graph.nodes[index]
            for source in node.inputs:
                self.readers[source].add(index)
            for other in (node.shares, node.like):
                if other is not None:
                    self.bound |= {index, other}
        self.around: dict[int, tuple[int, ...]] = {}  # by a call of a module
        self.paths = {index: self._scopes(graph.nodes[index].scope) for index in kept}
        self.units = self._units(list(kept), 0)

    def _scopes(self, scope: int | None) -> tuple[int, ...]:
        """The calls of modules around a layer of this scope, from the outermost."""
        way: list[int] = []
        while scope is not None and scope != TOP and scope not in self.around:
            way.append(scope)
            scope = self.graph.scopes[scope].parent
        found = self.around.get(scope, ()) if scope is not None else ()
        for each in reversed(way):
            found = self.around[each] = (*found, each)
        return found

    def _units(self, nodes: list[int], level: int) -> list[Unit]:
        found: list[Unit] = []
        at = 0
        paths = [self.paths[index] for index in nodes]
        while at < len(nodes):
            if len(paths[at]) <= level:
                found.append(Unit(nodes[at], self.graph.nodes[nodes[at]].inputs))
                at += 1
                continue
            scope, end = paths[at][level], at
            while end < len(nodes) and len(paths[end]) > level and paths[end][level] == scope:
                end += 1
            found += self._module(scope, nodes[at:end], level + 1)
            at = end
        return found

    def _module(self, scope: int, nodes: list[int], level: int) -> list[Unit]:
        """A module as a part; or its units, where it has several inputs or outputs, or one unit only."""
        units, inside = self._units(nodes, level), {*nodes}
        name = self.graph.scopes[scope].path.rpartition(".")[2]
        before: list[Unit] = []
        while len(units) > 1 and len(_taken(units)) > 1 and self._is_merge(units[0]):
            inside.discard(units[0].value)  # a merge at the beginning belongs to what is around
            before.append(units.pop(0))
        outputs = [index for index in inside if index in self.graph.outputs.values() or self.readers[index] - inside]
        sources = _taken(units)
        inner = units[0].part if len(units) == 1 else None
        if inner is not None and self.graph.scopes[inner.scope].type_name in CONTAINERS:
            inner.scope = scope  # a container that is all of a module says less than the module
        if len(units) == 1 or len(outputs) != 1 or len(sources) != 1 or inside & self.bound - {*outputs}:
            for unit in units:
                unit.modules = (name, *unit.modules)
            return before + units
        height = max((unit.part.height for unit in units if unit.part), default=0.0)
        is_container = self.graph.scopes[scope].type_name in CONTAINERS
        height = height + IN_CONTAINER if is_container else floor(height) + 1
        part = Part(scope, sources[0], outputs[0], units, height)
        self.parts.append(part)
        return [*before, Unit(part.value, (part.source,), (name,), part)]

    def _is_merge(self, unit: Unit) -> bool:
        layer = None if unit.part else self.graph.nodes[unit.value].layer
        return layer is not None and layer.kind in MERGES

    def chain(self, units: list[Unit], source: int, targets: Sequence[int]) -> Chain:
        """The items that lead from a source to the targets, one after the other."""
        builder = _Builder(self, units)
        found: Chain = []
        for target in targets:
            part = builder.chain_to(target, source)
            if found and source != NOTHING and not (part and isinstance(part[0], FromItem)):
                part = [FromItem(source), *part]
            found += part
        return found

    def start(self) -> int:
        """What the first item of the network takes: the only input, or none of several."""
        return INPUT if len(self.graph.inputs) == 1 else NOTHING


def _taken(units: list[Unit]) -> list[int]:
    """The values from outside that units take, each once."""
    made = {unit.value for unit in units}
    return list(dict.fromkeys(source for unit in units for source in unit.inputs if source not in made))


class _Builder:
    """Builds the chains of one module: every unit is written once, and later uses go back to it."""

    def __init__(self, structure: Structure, units: list[Unit]) -> None:
        self.structure = structure
        self.makers = {unit.value: unit for unit in units}
        self.done: set[int] = set()
        self.above: dict[int, int | None] = {}  # the value before a value through which all ways to it lead
        self.depth: dict[int, int] = {}
        self.free: set[int] = set()  # values that nothing leads to: learned tensors, and what is made of them alone
        for source in _taken(units):
            self.above[source], self.depth[source] = None, 0
        for unit in units:
            if self.free.issuperset(unit.inputs):
                self.free.add(unit.value)
            found = self.meeting(unit.inputs)
            self.above[unit.value] = found
            self.depth[unit.value] = 0 if found is None else self.depth[found] + 1

    def meeting(self, values: Sequence[int]) -> int | None:
        """The last value through which all ways to some values lead; None where there is none."""
        values = [value for value in values if value not in self.free]
        found: int | None = values[0] if values else None
        for value in values[1:]:
            other: int | None = value
            while found != other and found is not None and other is not None:
                if self.depth[found] >= self.depth[other]:
                    found = self.above[found]
                else:
                    other = self.above[other]
            if found != other:
                return None
        return found

    def chain_to(self, value: int, source: int) -> Chain:
        """The items from a source to a value."""
        way: list[tuple[Unit, int]] = []
        while value != source and value in self.makers and value not in self.done:
            unit = self.makers[value]
            if not unit.inputs:
                way.append((unit, value))
                value = source
                break
            meeting = self.meeting(unit.inputs) if self.structure._is_merge(unit) else unit.inputs[0]
            before = source if meeting is None else meeting
            way.append((unit, before))
            value = before
        found: Chain = [FromItem(value)] if value != source else []
        for unit, before in reversed(way):
            self.done.add(unit.value)
            if unit.part is not None:
                found.append(CallItem(unit.value, unit.modules, unit.part))
            elif self.structure._is_merge(unit):
                branches = [self.chain_to(each, before) for each in unit.inputs]
                found.append(MergeItem(unit.value, unit.modules, branches))
            else:
                for other in unit.inputs[1:]:  # a memory, which is written before
                    if other in self.makers and other not in self.done:
                        found += [*self.chain_to(other, before), FromItem(before)]
                found.append(LayerItem(unit.value, unit.modules))
        return found
