"""Chains that are modules one after another: each item as an entry of `nn.Sequential`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnncalc.export.expressions import Unwritable, choose, is_same
from cnncalc.export.layout import Code, Keyed, call
from cnncalc.export.torch_body import ClassText
from cnncalc.export.torch_call import NOWHERE, LayerCall, State, after
from cnncalc.export.torch_channels import Channels
from cnncalc.export.torch_construct import Refused
from cnncalc.export.torch_kinds import modules_of
from cnncalc.export.torch_names import module_key
from cnncalc.export.torch_rounds import UNKNOWN, RoundWriter, numbered
from cnncalc.export.torch_statements import Entry, NotSequential, both, in_line
from cnncalc.layers import kind_class
from cnncalc.spec.expressions import Expression
from cnncalc.spec.name_expressions import Name, names_in
from cnncalc.spec.segments import add_number
from cnncalc.spec.tree import Block, Call, Chain, Item, SyntaxGroup, SyntaxUnit

if TYPE_CHECKING:
    from cnncalc.export.torch_module import ModuleWriter


SIZES_DECIDE = "what it depends on is known only when the sizes of tensors are"


class ChainWriter:
    """Writes items as entries. `module` is the writer of the whole file."""

    def __init__(self, module: ModuleWriter) -> None:
        self.module = module
        self.channels = Channels(module)
        self.repeats = RoundWriter(module, self)
        self.meant: list[Call] = []  # calls of activations by their words, which are kept for their identity

    def body(self, body: Sequence[Chain], state: State) -> list[Entry]:
        """The entries of a body. Raises NotSequential, Refused."""
        return [entry for chain in body for entry in self.chain(chain, state)]

    def chain(self, chain: Chain, state: State) -> list[Entry]:
        if chain.name and chain.name in self.module.read:
            raise NotSequential
        if not chain.segment:
            return [entry for item in chain.items for entry in self.item(item, state)]
        inner = state.copy()
        inner.ahead = {}
        entries = [entry for item in chain.items for entry in self.item(item, inner)]
        state.channels = inner.channels
        return [Entry(self.key(chain, state), in_line(entries))]

    def key(self, part: SyntaxUnit | Chain, state: State) -> str:
        """The name of a module: the segment of our path."""
        ahead = state.ahead.get(part.path_word, 0)
        if ahead == UNKNOWN:
            raise Refused(f"the number of `{part.path_word}` depends on a repeat before it")
        if state.per_round is not None and part.ordinal:
            return numbered(part, ahead, state.per_round.get(part.path_word, 1))
        return module_key(add_number(part.path_word, part.ordinal + ahead) if ahead and part.ordinal else part.segment)

    def item(self, item: Item, state: State) -> list[Entry]:
        """The entries of an item, with its condition and its repeat."""
        if item.condition is None:
            return self.counted(item, state)
        condition = self.condition(item.condition, state)
        if isinstance(condition, bool):
            if condition:
                return self.counted(item, state)
            return self.unit(item.otherwise, state) if item.otherwise else []
        before = state.channels
        entries = [self.when(entry, condition[0]) for entry in self.counted(item, state)]
        yes, state.channels = state.channels, before
        if item.otherwise is not None:
            entries += [self.when(entry, condition[1]) for entry in self.unit(item.otherwise, state)]
        state.channels = self.either(yes, state.resolve(item.condition), state.channels, state.owner)
        return entries

    @staticmethod
    def either(
        yes: Expression | None, condition: Expression, no: Expression | None, owner: ClassText
    ) -> Expression | None:
        """The channels of an item under a condition."""
        if yes is None or no is None:
            return None
        found = choose(owner.expand(yes), condition, owner.expand(no), NOWHERE)
        return no if is_same(found, owner.expand(no)) else yes if is_same(found, owner.expand(yes)) else found

    def when(self, entry: Entry, condition: str) -> Entry:
        """An entry under one more condition."""
        if not entry.condition:
            return entry._replace(condition=condition)
        return entry._replace(condition=both(condition, entry.condition))

    def condition(self, condition: Expression, state: State) -> bool | tuple[str, str]:
        """Whether a condition holds, or Python text that says so, and its opposite. Raises Refused."""
        judged = self.module.recorder.judged.get(id(condition), set())
        if not names_in(condition):
            return judged == {True}
        try:
            text = state.owner.text(state.resolve(condition))
        except Unwritable:
            if len(judged) == 1:
                return judged == {True}
            raise Refused(f"the condition `{condition.span.text}` depends on sizes") from None
        if judged <= {False}:  # with these params it never runs
            return False
        plain = text.isidentifier() or text.startswith("self.")
        return text, f"not {text}" if plain else f"not ({text})"

    def counted(self, item: Item, state: State) -> list[Entry]:
        if item.count is None:
            return self.unit(item.unit, state)
        return self.repeats.flat_rounds(item, state) if item.unit.flat else [self.repeats.rounds(item, state)]

    def unit(self, unit: SyntaxUnit, state: State) -> list[Entry]:
        """The entries of a unit; the channels of `state` are then those of its output.

        What has no counterpart is reported, and left out.
        """
        try:
            return self.entries_of(unit, state)
        except (Refused, Unwritable) as refused:
            self.module.refuse(unit, str(refused) or SIZES_DECIDE)
            self.channels.set_channels(state, None, self.module.runs(unit, state))
            return []

    def entries_of(self, unit: SyntaxUnit, state: State) -> list[Entry]:
        """The entries of a unit. Raises NotSequential, Refused."""
        self.module.step()
        if isinstance(unit, SyntaxGroup):
            return self.chain(unit.chain, state)
        if not isinstance(unit, Call) or unit.sources or unit.target in ("from", "reuse"):
            raise NotSequential
        if unit.target == "identity":
            return []
        key = self.key(unit, state)
        made = self.made(unit, state)
        unnamed = len(made) == 1 and unit.ordinal > 0 and not isinstance(unit.target, Block)
        return [Entry(key + suffix, code, unnamed=unnamed) for suffix, code in made]

    def made(self, unit: Call, state: State) -> list[tuple[str, Code]]:
        """The constructors of a call: of a layer, an activation, or a block."""
        instances = self.module.runs(unit, state)
        if not instances and unit.target != "activation":
            self.module.left_out = True  # it never runs with these params
            return []
        if isinstance(unit.target, Block):
            block = self.module.block(unit.target)
            if block.tensors or block.gives or self.module.exported(unit.target):
                raise NotSequential
            code = self.construct(unit, block, state)
            self.channels.set_channels(
                state, self.module.arguments.out_of(unit, state), instances, self.channels.guesses(unit, state)
            )
            return [("", code)]
        if unit.target == "activation":
            return self.activation(unit, state)
        given = LayerCall(unit, state, instances)
        modules = modules_of(given)
        if modules is None:
            raise NotSequential
        try:
            out = after(unit, given)
        except Unwritable:
            out = None
        self.channels.set_channels(state, out, instances)
        return [(module.suffix, module.code) for module in modules]

    # blocks

    def construct(self, unit: Call, block: ClassText, state: State) -> Code:
        """The constructor of a block with the arguments of a call."""
        arguments: list[Code] = []
        by_name = False
        for name, default in self.module.arguments.signature(block):
            value = self.module.arguments.argument(unit, name, state)
            if value is None:
                by_name = True
                continue
            named = by_name or (default and name not in unit.bound)
            arguments.append(Keyed(f"{self.module.python_name(name)}=", value) if named else value)
            by_name = named
        return call(block.name, *arguments)

    def activation(self, unit: Call, state: State) -> list[tuple[str, Code]]:
        """An activation by its word: the kind or the block of that name, or a class that is an argument."""
        (expression,) = unit.bound.values()
        word = expression.name if isinstance(expression, Name) else getattr(expression, "value", "")
        known = {*state.owner.own_names, *self.module.params}
        if word not in known and word != "identity":
            meant = Call(unit.kind, unit.kind_span, (), unit.span)
            meant.target = self.module.description.blocks.get(word) or kind_class(word)
            self.module.recorder.instances[id(meant)] = list(self.module.runs(unit, state))
            self.meant.append(meant)
            return self.made(meant, state)
        text = state.owner.text(state.resolve(expression))
        if text.startswith('"'):
            raise Refused(f"there is no module for the activation {text}")
        return [("", f"{text}()")]

    # repeats
