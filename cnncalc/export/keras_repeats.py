"""Repeats as loops of Keras code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.keras_call import Unsayable
from cnncalc.export.keras_lines import Assign, Plain, Under, lines_of
from cnncalc.export.keras_state import State
from cnncalc.spec.expressions import Literal
from cnncalc.spec.name_expressions import Previous, parts_of
from cnncalc.spec.tree import Block, Call, Chain, Item, SyntaxGroup, expressions_of

if TYPE_CHECKING:
    from cnncalc.export.keras_blocks import BlockWriter
    from cnncalc.export.keras_flow import FlowWriter


class RepeatWriter:
    """Writes repeats."""

    def __init__(self, blocks: BlockWriter, flow: FlowWriter) -> None:
        self.blocks = blocks
        self.flow = flow

    def repeat(self, item: Item, state: State, name: str) -> None:
        """A loop over the rounds of an item of a chain with this name."""
        counts = {rounds for _, rounds in self.blocks.recorder.counts.get(id(item), ())}
        if counts == {0} or (not self.blocks.runs(item.unit) and isinstance(item.unit, Call)):
            self.blocks.left_out = True
            return
        assert item.count is not None
        count = state.text(item.count)
        remembers = name in self.blocks.rounds_read or self.asks_previous(item)
        state.settle()
        inner = state.copy()
        inner.statements = []
        inner.index = f"index{'' if not state.index else int(state.index[5:] or 1) + 1}"
        inner.passed = ""
        if remembers:
            inner.passed = state.free(f"{name or item.unit.path_word or 'x'}_rounds")
            state.owner.taken.add(inner.passed)
            state.statements.append(Assign(inner.passed, f"[{state.current}]"))
        steps = dict(item.unit.per_round)
        start, taken = inner.copy(), set(state.owner.taken)
        lists = self.round(item, inner, name, state, steps)
        if item.unit.flat and self.count_inside(start, inner, steps):
            state.owner.taken, start.statements = taken, []
            inner = start
            lists = self.round(item, inner, name, state, steps)
        inner.assign(inner.current, state.variable)
        if remembers:
            inner.statements.append(Plain(f"{inner.passed}.append({state.variable})"))
        uses = any(inner.index in line for line in lines_of(inner.statements))
        header = f"for {inner.index if uses else '_'} in range({count}):"
        state.statements += [Assign(f"{each}: list[Tensor]", "[]") for each in lists]
        state.statements.append(Under(header, tuple(inner.statements)))
        state.current = state.variable
        if remembers and name:
            state.lists[name] = f"{inner.passed}[1:]"
        if item.unit.flat:
            self.count_on(item, state, f"max({count}, 1)" if 0 in counts else count, steps)

    def round(self, item: Item, inner: State, name: str, state: State, steps: dict[str, int]) -> list[str]:
        """One round; the variables of lists with outputs inside of rounds."""
        unit = item.unit
        if unit.flat:
            for word, number in steps.items():
                inner.advance(word, 0, inner.index if number == 1 else f"{number} * {inner.index}")
            self.flow.unit(unit, inner)
            return []
        segment = f"{state.segment(unit)}-{{{inner.index}}}"
        if isinstance(unit, SyntaxGroup):
            body = inner.inner(segment)
            self.flow.chain(_unnamed(unit.chain), body)
            inner.current = body.current
            return []
        if not isinstance(unit, Call):
            raise Unsayable(f"the repeat `{item.span.text[:60]}`")
        self.flow.call(unit, inner, segment)
        if not isinstance(unit.target, Block):
            return []
        lists = []
        for each in self.blocks.function(unit.target).exported:
            known = f"{unit.segment or unit.target.name}.{each}"
            listed = state.free(f"{name or unit.target.name}_{each}s")
            inner.statements.append(Plain(f"{listed}.append({inner.tensors[known]})"))
            state.lists[f"{name or unit.segment}.{each}"] = listed
            state.owner.taken.add(listed)
            lists.append(listed)
        return lists

    @staticmethod
    def asks_previous(item: Item) -> bool:
        chains = (Chain("", None, (item._replace(count=None, condition=None),), item.span),)
        return any(isinstance(part, Previous) for each in expressions_of(chains) for part in parts_of(each))

    @staticmethod
    def count_inside(start: State, end: State, steps: dict[str, int]) -> bool:
        """Add to the steps of a round what repeats inside of it advance the numbering; whether there is any."""
        found = False
        for word, (number, texts) in end.ahead.items():
            before, known = start.ahead.get(word, (0, ()))
            if len(texts) > len(known) + (word in steps):
                raise Unsayable(f"the numbers of `{word}` depend on a repeat in a repeat")
            if number != before:
                found = True
                steps[word] = steps.get(word, 0) + number - before
        return found

    @staticmethod
    def count_on(item: Item, state: State, count: str, steps: dict[str, int]) -> None:
        """Advance the numbering by all rounds, of which the text counts one, also if there are none."""
        whole = item.count.value if isinstance(item.count, Literal) else None
        for word, number in steps.items():
            once = item.unit.per_round.get(word, 0)
            if isinstance(whole, int):
                state.advance(word, number * whole - once)
            else:
                plain = count if count.isidentifier() or count.startswith("max(") else f"({count})"
                state.advance(word, -once, plain if number == 1 else f"{number} * {plain}")


def _unnamed(chain: Chain) -> Chain:
    """A chain whose segment is written already."""
    made = Chain(chain.name, chain.name_span, chain.items, chain.span)
    made.path_word, made.ordinal = chain.path_word, chain.ordinal
    return made
