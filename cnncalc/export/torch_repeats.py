"""Repeats whose rounds are no chain of modules: a loop in `forward` over a list of modules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnncalc.export.expressions import Unwritable, combine
from cnncalc.export.layout import Bracketed, Code, call
from cnncalc.export.torch_body import Tensor, python_name
from cnncalc.export.torch_call import NOWHERE, State
from cnncalc.export.torch_chain import ChainWriter
from cnncalc.export.torch_construct import Refused
from cnncalc.export.torch_statements import Entry, reading, setting
from cnncalc.spec.expressions import Expression
from cnncalc.spec.name_expressions import names_in
from cnncalc.spec.tree import Block, Call, Item, SyntaxUnit

if TYPE_CHECKING:
    from cnncalc.export.torch_flow import FlowWriter
    from cnncalc.export.torch_module import ModuleWriter


class RepeatWriter:
    """Writes repeats into a `forward`."""

    def __init__(self, module: ModuleWriter, chains: ChainWriter, flow: FlowWriter) -> None:
        self.module = module
        self.chains = chains
        self.flow = flow

    def repeat(self, item: Item, state: State, name: str = "") -> None:
        """A repeat whose rounds read named outputs, give some, or are read one by one."""
        if item.condition is not None:
            raise Refused(f"the repeat `{item.span.text}` under a condition, whose rounds are no chain of modules")
        if item.unit.flat:
            self.flat_repeat(item, state)
            return
        unit = item.unit
        if not isinstance(unit, Call) or not isinstance(unit.target, Block):
            raise Refused(f"the repeat `{item.span.text}`, whose rounds read named outputs")
        target = unit.target
        assert item.count is not None
        count = state.owner.text(state.resolve(item.count))
        element = self.chains.repeats.round(item, state, self.of_block)
        block, exported = self.module.block(target), self.module.exported(target)
        if self.module.pools & {*exported}:
            raise Refused("a pool in a repeat, which `max_unpool` reads")
        more = self.tensors_of_call(unit, block.tensors, state)
        key = self.chains.key(unit, state)
        variable = "index" if self.chains.repeats.uses_index(element) else "_"
        listed = Bracketed("", (element,), "[]", f"for {variable} in range({count})")
        state.owner.init += setting(Entry(key, call("nn.ModuleList", listed)))
        self.flow.settle(state)
        self.flow.assign(state, state.current)
        base = python_name(name or key)
        x, lines = state.variable, state.owner.forward
        found = ["found"] * block.gives
        given = [*map(python_name, exported), *([x] if name in self.module.rounds_read else [])]
        lists = [f"{base}_{each}" for each in (*exported, "rounds")][: len(given)]
        lines += [f"{each}: list[torch.Tensor] = []" for each in lists]
        each = f"index, layer in enumerate({reading(key)})" if found else f"layer in {reading(key)}"
        lines.append(f"for {each}:")
        lines.append(f"    {', '.join([x, *map(python_name, exported), *found])} = layer({block.arguments(x, more)})")
        lines += [f"    {each}.append({variable})" for each, variable in zip(lists, given, strict=True)]
        if found:
            self.flow.outputs.pass_rounds_on(key, state)
        for each, listed_name in zip(exported, lists, strict=False):
            state.lists[f"{name or key}.{each}"] = Tensor(listed_name, None)
        if name in self.module.rounds_read:
            state.lists[name] = Tensor(f"{base}_rounds", self.of_all_rounds(item.count, state))

    @staticmethod
    def of_all_rounds(count: Expression, state: State) -> Expression | None:
        """The channels of all rounds together, if each has those of the last."""
        if state.channels is None or "index" in {name.name for name in names_in(state.channels)}:
            return None
        try:
            return combine("*", state.resolve(count), state.channels, NOWHERE)
        except Unwritable:
            return None

    def of_block(self, unit: SyntaxUnit, state: State) -> Code:
        """The constructor of a block in a round; the channels are then those of its output."""
        assert isinstance(unit, Call)
        code = self.chains.construct(unit, self.module.block(unit.target), state)
        out = self.module.arguments.out_of(unit, state)
        self.chains.channels.set_channels(
            state, out, self.module.runs(unit, state), self.chains.channels.guesses(unit, state)
        )
        return code

    def tensors_of_call(self, call: Call, names: Iterable[str], state: State) -> list[str]:
        """The named outputs that a call passes to a block."""
        found = []
        for name in names:
            value = call.bound.get(name)
            read = self.flow.pools.input_of if name in self.module.pools else self.flow.variable
            found.append(read(value, state) if value is not None else "None")
        return found

    def flat_repeat(self, item: Item, state: State) -> None:
        counts = self.module.counts(item, state)
        if len(counts) != 1 or max(counts) > 64:
            raise Refused(f"the repeat `{item.span.text}` has another number of rounds each time")
        from cnncalc.spec.expressions import Literal

        outer = state.index
        for index in range(counts.copy().pop()):
            state.index = Literal(NOWHERE, index)
            if index:
                self.chains.repeats.count_on(item, state)
            self.flow.item(item._replace(count=None, condition=None, otherwise=None), state)
        state.index = outer
