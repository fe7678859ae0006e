"""Modules that are alike become one block: what differs between them are its parameters.

Two modules are alike where their chains have the same skeleton: kinds, branches and where `from` goes back to. One
whose shortcut is empty is alike to one whose shortcut has layers, where a condition tells them apart. An argument that
differs is a parameter, or follows from one: `4 * width`, `in_channels // 4`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cnncalc.exchange.graph import Graph
from cnncalc.exchange.lines import WIDTH
from cnncalc.exchange.structure import CONTAINERS, CallItem, Chain, FromItem, Item, MergeItem, Part, walk
from cnncalc.layers.arguments import format_value
from cnncalc.layers.base import Layer
from cnncalc.records import NamedTuple

MISSING: Any = object()  # the value of an argument in a module that lacks the layer
COUNTS = ("out", "groups", "take", "parts")  # arguments that may follow from numbers of channels
DEFAULTED = ("stride", "padding", "bias", "groups", "dilation", "multiplier", "epsilon", "rate")
WORD = "activation"  # the argument that is the kind itself, of an activation without arguments


class Column(NamedTuple):
    """An argument of an item in the modules of a block: its values, one for each module, and its text (None where the
    value is the same everywhere)."""

    argument: str
    values: list[Any]
    text: str | None


class Parameter(NamedTuple):
    """A parameter of a block: its values, one for each module, and its default, MISSING where it has none."""

    name: str
    values: list[Any]
    default: Any


class Block:
    """Modules that are alike. `model` is one of them that has all layers; `columns` are its arguments by item.

    `optional` is the branch that is empty in some of the modules, and `condition` says where it is not.
    """

    def __init__(self, name: str, parts: list[Part], model: Part) -> None:
        self.name = name
        self.parts = parts
        self.model = model
        self.parameters: list[Parameter] = []
        self.columns: dict[tuple[int, str], Column] = {}  # by the value of the item of the model, and the argument
        self.optional: Chain | None = None
        self.condition = ""

    def arguments(self, part: Part) -> list[tuple[str, Any]]:
        """The arguments of a call: names and values, without those that are the default."""
        at = self.parts.index(part)
        return [(each.name, each.values[at]) for each in self.parameters if each.values[at] != each.default]

    @property
    def head(self) -> str:
        """The declaration, `bottleneck(width, stride=1)`."""
        given = (
            each.name if each.default is MISSING else f"{each.name}={format_value(each.default)}"
            for each in self.parameters
        )
        return f"{self.name}({', '.join(given)})" if self.parameters else self.name


class Blocks:
    """Finds the blocks of a structure, the innermost first."""

    def __init__(self, graph: Graph, taken: Callable[[str], bool]) -> None:
        """`taken` says whether a name is a word of the language."""
        self.graph = graph
        self.taken = taken
        self.blocks: list[Block] = []
        self.of_part: dict[int, Block] = {}  # by the identity of the part

    def group(self, parts: Sequence[Part]) -> None:
        """Make blocks of parts of one height that are alike."""
        alike: dict[tuple[str, object], list[Part]] = defaultdict(list)
        for part in parts:
            kind = self.graph.scopes[part.scope].type_name
            if kind not in CONTAINERS and not all(isinstance(item, CallItem) for item in part.chain):
                alike[kind, tuple(self.skeleton(part.chain, part))].append(part)
        groups = [group for group in alike.values() if sum(1 for _ in walk(group[0].chain)) > 1]
        joined = sorted(self._joined(groups), key=lambda found: parts.index(found[0][0]))
        for members, model, optional in joined:
            if self._add(members, model, optional) or optional is None:
                continue
            for empty in (False, True):  # no condition tells them apart: two blocks
                rest = [part for part in members if bool(_branch(part, optional)) is not empty]
                self._add(rest, rest[0], None)

    def _add(self, parts: list[Part], model: Part, optional: int | None) -> bool:
        """Make a block of parts, unless there is one part only; whether there is a block."""
        block = self._block(parts, model, optional) if len(parts) > 1 else None
        if block is None:
            return False
        while len(f"  {block.head}:") > WIDTH and "_" in block.name:  # a key is not continued on the next line
            block.name = self._free(block.name.partition("_")[2])
        self.blocks.append(block)
        self.of_part.update((id(part), block) for part in parts)
        return True

    def skeleton(self, chain: Chain, part: Part, hidden: int | None = None) -> Iterator[object]:
        """What must be equal in modules that are alike. The branch `hidden` of the first merge is left out."""
        places = {item.value: at for at, item in enumerate(walk(part.chain)) if not isinstance(item, FromItem)}
        for item in chain:
            if isinstance(item, FromItem):
                yield "from", -1 if item.value == part.source else places.get(item.value)
            elif isinstance(item, MergeItem):
                yield repr(self._layer(item)), len(item.branches)
                for at, branch in enumerate(item.branches):
                    yield "("
                    if at != hidden:
                        yield from self.skeleton(branch, part)
                    yield ")"
                hidden = None
            elif isinstance(item, CallItem):
                block = self.of_part[id(item.part)]
                yield "call", block.name, tuple(each.name for each in block.parameters)
            elif self.graph.nodes[item.value].shares is not None:
                yield "reuse", self.graph.nodes[item.value].shares
            else:
                layer = self._layer(item)
                yield WORD if _is_word(layer) else layer.kind
                yield tuple(value is None for value in (getattr(layer, name) for name in layer.settings))

    def _layer(self, item: Item) -> Layer:
        layer = self.graph.nodes[item.value].layer
        assert layer is not None
        return layer

    def _joined(self, groups: list[list[Part]]) -> Iterator[tuple[list[Part], Part, int | None]]:
        """The groups, those that differ in an empty branch as one: their parts, one that has all, and the branch."""
        keys: dict[object, list[Part]] = {}
        left = list(groups)
        for group in groups:
            at = _empty_branch(group[0])
            if at is not None:
                keys[self._key(group[0], at)] = group
        for group in groups:
            for at in range(2):
                other = keys.get(self._key(group[0], at)) if _first_merge(group[0]) is not None else None
                if other is not None and other is not group and _empty_branch(group[0]) is None and other in left:
                    left.remove(other)
                    left.remove(group)
                    yield [*group, *other], group[0], at
                    break
        for group in left:
            yield group, group[0], None

    def _key(self, part: Part, hidden: int) -> object:
        kind = self.graph.scopes[part.scope].type_name
        return kind, hidden, tuple(self.skeleton(part.chain, part, hidden))

    # Arguments

    def _block(self, parts: list[Part], model: Part, optional: int | None) -> Block | None:
        """The block of some parts; None where no condition tells those with an empty branch from the others."""
        block = Block(self._name(model), parts, model)
        merge = _first_merge(model)
        if optional is not None and merge is not None:
            block.optional = merge.branches[optional]
        branches = [_branch(part, optional) for part in parts]
        common = [self._arguments(part.chain, branch) for part, branch in zip(parts, branches, strict=True)]
        rest = [self._arguments(branch) for branch in branches]
        for rows, own in ((common, common[parts.index(model)]), (rest, rest[parts.index(model)])):
            for at, (value, name, _) in enumerate(own):
                values = [row[at][2] if row else MISSING for row in rows]
                block.columns[value, name] = Column(name, values, None)
        present = [bool(branch) for branch in branches]
        hidden = {item.value for item in walk(block.optional or [])}
        outs = [key for key in block.columns if key[1] == "out" and key[0] in hidden]
        if outs:  # an empty branch gives as many channels as the others of its module
            values = block.columns[outs[-1]].values
            ends = [self.graph.shape_at(part.value)[0] for part in parts]
            filled = [end if value is MISSING else value for value, end in zip(values, ends, strict=True)]
            block.columns[outs[-1]] = Column("out", filled, None)
        self._parametrize(block)
        if optional is not None:
            block.condition = self._condition(block, present, block.columns[outs[-1]] if outs else None)
            if not block.condition:
                return None
        return block

    def _arguments(self, chain: Chain, without: Chain | None = None) -> list[tuple[int, str, Any]]:
        """All arguments of the items of a chain, in order: the item's value, the name, and what it is."""
        found: list[tuple[int, str, Any]] = []
        left_out = {id(item) for item in walk(without or [])}
        for item in walk(chain):
            if id(item) in left_out or isinstance(item, FromItem | MergeItem):
                continue
            if isinstance(item, CallItem):
                block = self.of_part[id(item.part)]
                at = block.parts.index(item.part)
                found += [(item.value, each.name, each.values[at]) for each in block.parameters]
            elif self.graph.nodes[item.value].shares is None:
                layer = self._layer(item)
                if _is_word(layer):
                    found.append((item.value, WORD, layer.kind))
                found += [(item.value, name, getattr(layer, name)) for name in layer.settings]
        return found

    def _parametrize(self, block: Block) -> None:
        """Find the parameters of a block, and what its arguments are in terms of them."""
        inputs = [self.graph.shape_at(part.source)[0] for part in block.parts]
        found: dict[str, list[Any]] = {}
        for (value, name), column in block.columns.items():
            if len({*map(repr, column.values)} - {repr(MISSING)}) <= 1:
                continue
            text = self._half(block, value) if name == "padding" else ""
            text = text or _expression(name, column.values, found, inputs)
            if not text:
                text = self._new_name(block, name, value, found)
                found[text] = _filled(column.values)
            block.columns[value, name] = column._replace(text=text)
        given = []
        for name, values in found.items():
            ((common, count),) = Counter(map(repr, values)).most_common(1)
            is_default = name.rstrip("_0123456789") in DEFAULTED and 2 * count >= len(values)
            default = next(each for each in values if repr(each) == common) if is_default else MISSING
            given.append(Parameter(name, values, default))
        block.parameters = sorted(given, key=lambda each: each.default is not MISSING)

    def _half(self, block: Block, value: int) -> str:
        """`half`, where the padding of a convolution is half its kernel in every module."""
        rows = zip(
            *(
                block.columns[value, name].values
                for name in ("padding", "kernel", "dilation")
                if (value, name) in block.columns
            ),
            strict=True,
        )
        for row in rows:
            if len(row) != 3:
                return ""
            padding, kernel, dilation = row
            if padding is MISSING:
                continue
            if not all(type(each) is int for each in row) or kernel % 2 == 0 or 2 * padding != dilation * (kernel - 1):
                return ""
        return "half"

    def _new_name(self, block: Block, argument: str, value: int, found: Mapping[str, object]) -> str:
        """A name for a parameter: the argument's, but for channels in the middle, which are a width."""
        base = "to" if argument == "shape" else argument
        if argument == "out":
            later = [
                column.values for (other, name), column in block.columns.items() if name == "out" and other > value
            ]
            base = "width" if any(values != block.columns[value, "out"].values for values in later) else "out"
        base = f"{base}_" if self.taken(base) and base not in ("out", "kernel", "stride", "padding", "groups") else base
        name, number = base, 2
        while name in found:
            name, number = f"{base}_{number}", number + 1
        return name

    def _condition(self, block: Block, present: list[bool], out: Column | None) -> str:
        """The condition under which the optional branch, which gives `out` channels, has layers; "" where none does."""
        inputs = [self.graph.shape_at(part.source)[0] for part in block.parts]
        tests = {
            f"{each.name} != 1": [value != 1 for value in each.values]
            for each in block.parameters
            if each.name.startswith("stride")
        }
        if out is not None:
            text = out.text or format_value(out.values[0])
            tests[f"in_channels != {text}"] = [a != b for a, b in zip(inputs, out.values, strict=True)]
        for text, values in tests.items():
            if values == present:
                return text
        together = [any(values) for values in zip(*tests.values(), strict=True)]
        return " or ".join(tests) if len(tests) > 1 and together == present else ""

    def _name(self, model: Part) -> str:
        """A name for a block: the class of its module, or the module's own name."""
        scope = self.graph.scopes[model.scope]
        words = [word for word in scope.path.split(".") if not word.isdigit()]
        base = _snake(scope.type_name or (words[-1] if words else ""))
        base = re.sub(r"_?[0-9]+$", "", base)
        if not scope.type_name:  # a stage may have this name, and a number
            base = base if base.endswith("block") else f"{base}_block" if base else "block"
        return self._free(base)

    def _free(self, base: str) -> str:
        """A name that no other block has."""
        base = f"{base}_block" if self.taken(base) else base
        name, number = base, 2
        known = {block.name for block in self.blocks}
        while name in known:
            name, number = f"{base}_{'abcdefghijklmnopqrstuvwxyz'[min(number - 1, 25)]}", number + 1
        return name


def _is_word(layer: Layer) -> bool:
    """Whether a layer is an activation without arguments, which `activation(act)` may name."""
    from cnncalc.layers import FAMILIES

    return FAMILIES[layer.kind] == "activation" and not layer.settings


def _first_merge(part: Part) -> MergeItem | None:
    """The only sum of two branches in the chain of a part."""
    merges = [item for item in part.chain if isinstance(item, MergeItem)]
    return merges[0] if len(merges) == 1 and len(merges[0].branches) == 2 else None


def _empty_branch(part: Part) -> int | None:
    merge = _first_merge(part)
    empty = [at for at, branch in enumerate(merge.branches) if not branch] if merge else []
    return empty[0] if len(empty) == 1 else None


def _branch(part: Part, at: int | None) -> Chain:
    merge = _first_merge(part)
    return merge.branches[at] if merge is not None and at is not None else []


def _filled(values: list[Any]) -> list[Any]:
    """The values, in place of missing ones the first that is there, which has no effect."""
    first = next(value for value in values if value is not MISSING)
    return [first if value is MISSING else value for value in values]


def _expression(argument: str, values: list[Any], known: Mapping[str, list[Any]], inputs: list[int]) -> str:
    """The text of an argument that follows from parameters or from the number of input channels, "" where none does."""

    def is_same(others: list[Any]) -> bool:
        pairs = zip(values, others, strict=True)
        return all(value is MISSING or (type(value) is type(other) and value == other) for value, other in pairs)

    for name, others in known.items():
        if is_same(others):
            return name
    if argument not in COUNTS or not all(value is MISSING or type(value) is int for value in values):
        return ""
    at = next(at for at, value in enumerate(values) if value is not MISSING)
    for name, base in {**known, "in_channels": inputs}.items():
        if not all(type(each) is int and each > 0 for each in base):
            continue
        if is_same(base):
            return name
        times, parts = values[at] // base[at], base[at] // max(values[at], 1)
        if times > 1 and is_same([times * each for each in base]):
            return f"{times} * {name}"
        if parts > 1 and is_same([each // parts if each % parts == 0 else None for each in base]):
            return f"{name} // {parts}"
    return ""


def _snake(name: str) -> str:
    """A name of a class as one of the language.

    >>> _snake("InvertedResidual"), _snake("Conv2dNormActivation"), _snake("BasicBlock")
    ('inverted_residual', 'conv2d_norm_activation', 'basic_block')
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return re.sub(r"\W+", "_", words).strip("_") or "block"
