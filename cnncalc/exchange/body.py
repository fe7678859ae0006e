"""The text of one chain of items: that of the network, or of a block. `write_blocks` makes a file of these."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnncalc.errors import CnncalcError
from cnncalc.exchange.blocks import MISSING, WORD, Block, Blocks
from cnncalc.exchange.graph import Graph
from cnncalc.exchange.lines import WIDTH, Token, folded, is_named, longest_run, packed
from cnncalc.exchange.names import allowed, is_taken, unique
from cnncalc.exchange.structure import CallItem, Chain, FromItem, Item, LayerItem, MergeItem, walk
from cnncalc.layers.arguments import format_value
from cnncalc.layers.settings import REQUIRED, SameAs
from cnncalc.network import INPUT
from cnncalc.spec.segments import free_name

STEPS = {"concat": "grow", "add": "residual", "multiply": "gated"}  # what a repeated merge is called


class Unsaid(CnncalcError):
    """Blocks cannot express the graph: why, as a clause."""


class File:
    """What the chains of one text have in common."""

    def __init__(self, graph: Graph, kept: list[int], blocks: Blocks) -> None:
        self.graph = graph
        self.kept = kept
        self.blocks = blocks
        self.helpers: dict[str, list[str]] = {}  # blocks of a branch that is too long for its line, by their heads
        self.words = {block.name for block in blocks.blocks}


def _is_open(token: Token) -> bool:
    """Whether an item names a value outside of it."""
    return (
        re.search(r"\b(?:reuse|from)\((?!input\))|\bmemory=", token if isinstance(token, str) else "\n".join(token))
        is not None
    )


def _calls(line: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", line) is not None


class Body:
    """The text of one chain: that of the network, or of a block."""

    def __init__(self, file: File, chain: Chain, source: int, block: Block | None) -> None:
        self.file = file
        self.graph = file.graph
        self.chain = chain
        self.source = source
        self.block = block
        self.names = self._names()
        self._tokens: dict[tuple[Item, int], Token] = {}  # nested merges are asked for again and again

    def _names(self) -> dict[int, str]:
        """Names of the values that `from`, `reuse` and outputs refer to."""
        items = {item.value: item for item in walk(self.chain) if not isinstance(item, FromItem)}
        wanted = [item.value for item in walk(self.chain) if isinstance(item, FromItem) and item.value != self.source]
        wanted += [each for item in walk(self.chain) if (each := self._memory(item)) is not None]
        if self.block is None:
            wanted += [other for index in self.file.kept if (other := self.graph.nodes[index].shares) is not None]
            wanted += self.graph.outputs.values() if "" not in self.graph.outputs else []
        found = dict(zip(range(INPUT, INPUT - len(self.graph.inputs), -1), self.graph.inputs, strict=True))
        taken = {*found.values(), *(each.name for each in self.block.parameters)} if self.block else {*found.values()}
        for value in dict.fromkeys(each for each in wanted if each >= 0):
            if value not in items:
                raise Unsaid("a block would need an output from inside another one")
            words = {*self.file.words, *STEPS.values()}
            name = unique(free_name(self._word(items[value]), words), {*taken, *words})
            taken.add(name)
            found[value] = name
        return found

    def _memory(self, item: Item) -> int | None:
        """The value that a layer reads beside the one before it."""
        inputs = self.graph.nodes[item.value].inputs if isinstance(item, LayerItem) else ()
        return inputs[1] if len(inputs) > 1 else None

    def _word(self, item: Item) -> str:
        """A name for what an item gives: that of its module, or its kind."""
        modules = [module for module in item.modules if not module.isdigit()]
        words = "_".join(modules[-2:] if modules else [self._kind(item)])
        return allowed(words if self.block is None else modules[-1] if modules else words)

    def _kind(self, item: Item) -> str:
        layer = self.graph.nodes[item.value].layer
        return layer.kind if layer is not None else "x"

    # Items

    def _from(self, value: int) -> str:
        return "from(input)" if value == self.source else f"from({self.names[value]})"

    def _token(self, item: Item, indent: int) -> Token:
        key = item, indent
        if key not in self._tokens:
            self._tokens[key] = self._make_token(item, indent)
        return self._tokens[key]

    def _make_token(self, item: Item, indent: int) -> Token:
        name = f"{self.names[item.value]} = " if item.value in self.names and not isinstance(item, FromItem) else ""
        if isinstance(item, FromItem):
            return self._from(item.value)
        if isinstance(item, MergeItem):
            return self._merge(item, name, indent)
        return name + (self._call(item) if isinstance(item, CallItem) else self._layer(item))

    def _layer(self, item: Item) -> str:
        node = self.graph.nodes[item.value]
        layer = node.layer
        assert layer is not None
        if node.shares is not None:
            if node.shares not in self.names:
                raise Unsaid("a layer of a block applies the weights of one outside of it")
            return f"reuse({self.names[node.shares]})"
        word = self._text(item, WORD)
        if word:
            return f"activation({word})"
        parts = []
        memory = self._memory(item)
        for name, setting in layer.settings.items():
            text, value = self._text(item, name), getattr(layer, name)
            if name == "memory" and memory is not None:
                text = self.names[memory]
            if setting.default is REQUIRED:
                parts.append(text or format_value(value))
            elif text or value != layer.default_of(name) or self._depends(item, setting.default):
                in_order = text == name and len(parts) == [*layer.settings].index(name) and "=" not in "".join(parts)
                parts.append(text if in_order else f"{name}={text or format_value(value)}")
        return f"{layer.kind}({', '.join(parts)})" if parts else layer.kind

    def _depends(self, item: Item, default: object) -> bool:
        """Whether a default is the value of an argument that differs."""
        return isinstance(default, SameAs) and bool(self._text(item, default.setting))

    def _text(self, item: Item, argument: str) -> str:
        """The text of an argument that differs in the modules of the block, else ""."""
        column = self.block.columns.get((item.value, argument)) if self.block else None
        return column.text or "" if column else ""

    def _call(self, item: CallItem) -> str:
        block = self.file.blocks.of_part[id(item.part)]
        at = block.parts.index(item.part)
        parts = []
        for name, values, default in block.parameters:
            text = self._text(item, name)
            if default is MISSING:
                parts.append(text or format_value(values[at]))
            elif text or values[at] != default:
                parts.append(f"{name}={text or format_value(values[at])}")
        return f"{block.name}({', '.join(parts)})" if parts else block.name

    def _merge(self, item: MergeItem, name: str, indent: int) -> Token:
        head = f"{name}{self.graph.nodes[item.value].layer!r}"
        if all(not branch or (len(branch) == 1 and isinstance(branch[0], FromItem)) for branch in item.branches):
            inside = ", ".join("identity" if not branch else self._from(branch[0].value) for branch in item.branches)
            if indent + len(f"- {head}: [{inside}]") <= WIDTH:
                return [f"{head}: [{inside}]"]
        lines = [f"{head}:"]
        keys: set[str] = set()
        for at, branch in enumerate(item.branches):
            key = self._key(item, branch, at, keys)
            keys.add(key)
            lines += self._branch(key, branch, indent + 4)
        return lines

    def _branch(self, key: str, branch: Chain, indent: int) -> list[str]:
        """The lines of a branch, from its key on; they are indented relative to the merge."""
        if not branch:
            return [f"  {key}: identity"]
        optional = self.block is not None and branch is self.block.optional
        line = self.one_line(branch)
        if optional:
            assert self.block is not None
            if line is None:
                raise Unsaid("an optional branch has branches")
            alone = f"({line})" if " -> " in line else line
            if indent + len(f"{key}: {alone} if {self.block.condition}") <= WIDTH:
                return [f"  {key}: {alone} if {self.block.condition}"]
            return [f"  {key}: {self._helper(key, branch, line)} if {self.block.condition}"]
        if line is not None and indent + len(f"{key}: {line}") <= WIDTH:
            return [f"  {key}: {line}"]
        return [f"  {key}:", *(f"    {text}" for text in self.lines_of(branch, indent + 2))]

    def _helper(self, key: str, branch: Chain, line: str) -> str:
        """The call of a block that is made of a branch, whose line is too long with its condition."""
        assert self.block is not None
        if "in_channels" in line:
            raise Unsaid("a long optional branch depends on its input")
        names = [each.name for each in self.block.parameters if _calls(line, each.name)]
        return self._declare(allowed(key), names, [f"    {text}" for text in self.lines_of(branch, 4)])

    def _key(self, item: MergeItem, branch: Chain, at: int, keys: set[str]) -> str:
        """A name for a branch: that of its module, or what it is for."""
        layer = self.graph.nodes[item.value].layer
        if layer is not None and layer.branch_names:
            return layer.branch_names[at]
        module = self._module(branch)
        bare = re.sub(r"_?[0-9]+$", "", module)
        alike = [re.sub(r"_?[0-9]+$", "", self._module(each)) for each in item.branches].count(bare)
        if not branch:
            name = "skip"
        elif module:
            name = allowed(bare if bare and alike == 1 and not re.search("[0-9]", bare) else module)
        elif len(branch) == 1 and isinstance(branch[0], FromItem):
            name = "earlier"
        else:
            layered = sum(1 for each in item.branches if each)
            name = "body" if layered == 1 or (at == 0 and len(item.branches) == 2) else f"branch{at + 1}"
        return unique(name, keys)

    def _module(self, branch: Chain) -> str:
        """The name of the module that all items of a branch are of, "" where there is none."""
        items = [item for item in branch if not isinstance(item, FromItem)]
        names = {next((name for name in item.modules if not name.isdigit()), "") for item in items}
        return names.pop() if len(names) == 1 else ""

    # Lines

    def one_line(self, chain: Chain) -> str | None:
        """A chain in one line; None where it has merges or names."""
        tokens = self._with_repeats([self._token(item, 4) for item in chain])
        if any(not isinstance(token, str) or " = " in token for token in tokens):
            return None
        return " -> ".join(folded([token for token in tokens if isinstance(token, str)]))

    def lines(self, indent: int) -> list[str]:
        """The items of the chain as a list."""
        return [" " * indent + line for line in self.lines_of(self.chain, indent)]

    def lines_of(self, chain: Chain, indent: int) -> list[str]:
        """The items of a chain as a list, each line as long as there is room; not indented."""
        found: list[str] = []
        run: list[str] = []
        for token in self._with_repeats([self._token(item, indent) for item in chain]):
            if isinstance(token, str) and " = " not in token:
                run.append(token)
                continue
            found += [f"- {line}" for line in packed(folded(run), WIDTH - indent - 2)]
            run = []
            lines = [token] if isinstance(token, str) else token
            found += [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
        return [*found, *(f"- {line}" for line in packed(folded(run), WIDTH - indent - 2))]

    def _with_repeats(self, tokens: list[Token]) -> list[Token]:
        """The items, runs of equal groups that have a merge as repeats of a block that is made of them."""
        if not any(isinstance(token, list) for token in tokens):
            return tokens
        found: list[Token] = []
        at = 0
        while at < len(tokens):
            period, count = longest_run(tokens, at)
            part = tokens[at : at + period]
            is_closed = not any(map(is_named, part)) and not any(map(_is_open, part))
            if count > 1 and any(isinstance(token, list) for token in part) and is_closed:
                found.append(f"{self._repeated(part)} * {count}")
            else:
                found += tokens[at : at + period * count]
            at += period * count
        return found

    def _repeated(self, tokens: list[Token]) -> str:
        """The call of a block of these items."""
        merge = next(token for token in tokens if isinstance(token, list))
        lines: list[str] = []
        for token in tokens:
            text = [token] if isinstance(token, str) else token
            lines += [f"- {text[0]}", *(f"  {line}" for line in text[1:])]
        names = (
            [each.name for each in self.block.parameters if any(_calls(line, each.name) for line in lines)]
            if self.block
            else []
        )
        word = STEPS.get(merge[0].partition(":")[0], "step")
        return self._declare(word, names, [f"    {line}" for line in lines])

    def _declare(self, word: str, names: list[str], lines: list[str]) -> str:
        """The call of a new block with these lines, or of one that has them already."""
        for call, known in self.file.helpers.items():
            if known == lines:
                return call
        name = unique(word, self.file.words)
        self.file.words.add(name)
        call = f"{name}({', '.join(names)})" if names else name
        self.file.helpers[call] = lines
        return call

    def _is_free(self, name: str, taken: set[str]) -> bool:
        """Whether a stage may have a name."""
        return bool(name) and name not in taken and not is_taken(name) and free_name(name, self.file.words) == name

    def top_lines(self) -> list[str]:
        """The items of the network: stages of several layers by the names of their modules, and the outputs."""
        found: list[str] = []
        rest: Chain = []
        taken = {*self.names.values(), *self.file.words}
        for name, items in _stages(self.chain):
            line = self.one_line(items) if self._is_free(name, taken) else None
            is_stage = line is not None and (len(items) > 2 or any(isinstance(item, CallItem) for item in items))
            if is_stage and len(f"  - {name} = {line}") <= WIDTH:
                found += [f"  {text}" for text in self.lines_of(rest, 2)]
                rest = []
                taken.add(name)
                found.append(f"  - {name} = {line}")
            else:
                rest += items
        found += [f"  {text}" for text in self.lines_of(rest, 2)]
        if "" not in self.graph.outputs:
            ends = {name: self._from(value) for name, value in self.graph.outputs.items()}
            found += ["  - outputs:", *(f"      {name}: {text}" for name, text in ends.items())]
        return found or ["  - identity"]


def _stages(chain: Chain) -> Iterator[tuple[str, Chain]]:
    """Items that follow one another and are of one module, with its name; "" for those of none."""
    name = ""
    items: Chain = []
    for item in chain:
        own = item.modules[0] if item.modules and not item.modules[0].isdigit() else ""
        own = own if own and allowed(own) == own else ""
        if own != name or not own:
            if items:
                yield name, items
            name, items = own, []
        items.append(item)
    if items:
        yield name, items
