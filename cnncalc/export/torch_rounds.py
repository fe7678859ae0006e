"""Repeats of modules: round by round, as a list, or as a loop; and what they do to the channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cnncalc.export.expressions import Unwritable, choose, combine, is_same, put_names
from cnncalc.export.layout import Bracketed, Code, Keyed, call
from cnncalc.export.torch_call import BEFORE, NOWHERE, State
from cnncalc.export.torch_construct import Refused
from cnncalc.export.torch_statements import Entry, NotSequential, in_line
from cnncalc.spec.expressions import ComparisonExpression, Expression, Literal
from cnncalc.spec.name_expressions import Name, names_in
from cnncalc.spec.segments import add_number
from cnncalc.spec.tree import Call, Chain, Item, SyntaxGroup, SyntaxUnit

if TYPE_CHECKING:
    from cnncalc.export.torch_chain import ChainWriter
    from cnncalc.export.torch_module import ModuleWriter

T = TypeVar("T")
MOST_ROUNDS = 16  # of a repeat that is written round by round
UNKNOWN = -1  # how far the numbering has advanced after a loop


class RoundWriter:
    """Writes repeats as entries."""

    def __init__(self, module: ModuleWriter, chains: ChainWriter) -> None:
        self.module = module
        self.chains = chains

    def flat_rounds(self, item: Item, state: State) -> list[Entry]:
        """An unnamed repeat, whose layers are numbered on: written round by round, or as a loop."""
        counts = self.module.counts(item, state)
        if len(counts) != 1 or max(counts) > MOST_ROUNDS:
            return self.loop(item, state)
        outer = state.index
        entries: list[Entry] = []
        for index in range(max(counts)):
            state.index = Literal(NOWHERE, index)
            if index:
                self.count_on(item, state)
            entries += self.chains.unit(item.unit, state)
        state.index = outer
        return entries

    def loop(self, item: Item, state: State) -> list[Entry]:
        """An unnamed repeat of any number of rounds: modules whose names have the number of the round."""
        assert item.count is not None
        header = f"for index in range({state.owner.text(state.resolve(item.count))}):"
        found = self.round(item, state, self.loop_entries)
        for word in item.unit.per_round:
            state.ahead[word] = UNKNOWN
        return [entry._replace(loop=header) for entry in found]

    def loop_entries(self, unit: SyntaxUnit, state: State) -> list[Entry]:
        """The modules of a round; each has a name that is computed."""
        state.per_round = unit.per_round
        entries = self.chains.unit(unit, state)
        if any(entry.loop or entry.condition for entry in entries):
            raise Refused(f"the repeat of `{unit.span.text}` holds conditions or repeats")
        state.per_round = None
        return entries

    @staticmethod
    def count_on(item: Item, state: State) -> None:
        """Advance the numbering by a round."""
        for word, number in item.unit.per_round.items():
            state.ahead[word] = state.ahead.get(word, 0) + number

    def rounds(self, item: Item, state: State) -> Entry:
        """A repeat with a name: `nn.Sequential` of its rounds, in a list or by a loop."""
        key = self.chains.key(item.unit, state)
        assert item.count is not None
        count = state.owner.text(state.resolve(item.count))
        element = self.round(item, state, self.element)
        variable = "index" if self.uses_index(element) else "_"
        items = Bracketed("", (element,), "[]", f"for {variable} in range({count})")
        return Entry(key, call("nn.Sequential", Keyed("*", items)))

    def uses_index(self, code: Code) -> bool:
        import re

        from cnncalc.export.layout import flat

        return re.search(r"\bindex\b", flat(code)) is not None

    def round(self, item: Item, state: State, write: Callable[[SyntaxUnit, State], T]) -> T:
        """One round of a repeat, as an expression of `index`; the channels are then those after the last."""
        before = state.channels
        probe = state.copy()
        probe.channels = Name(NOWHERE, BEFORE)
        write(item.unit, probe)
        inside, end = self.through_rounds(item, before, probe.channels, state)
        state.channels = inside
        made = write(item.unit, state)
        instances = self.module.runs(item, state)
        self.chains.channels.set_channels(state, end, instances)
        return made

    def through_rounds(
        self, item: Item, before: Expression | None, out: Expression | None, state: State
    ) -> tuple[Expression | None, Expression | None]:
        """The channels at the start of a round, and after the last one, where a round gives `out` of `BEFORE`."""
        if before is None or out is None or item.count is None:
            return None, None
        index = Name(NOWHERE, "index")
        rounds = self.module.runs(item.unit, state) if isinstance(item.unit, Call) else ()
        kept = bool(rounds) and all(each.before[0] == each.after[0] for each in rounds)
        if kept or is_same(out, Name(NOWHERE, BEFORE)) or is_same(out, before):
            return before, before
        if BEFORE not in {name.name for name in names_in(out)}:
            first = ComparisonExpression(NOWHERE, ("==",), (index, Literal(NOWHERE, 0)))
            back = combine("-", index, Literal(NOWHERE, 1), NOWHERE)
            inside = choose(before, first, put_names(out, {"index": back}), NOWHERE)
            try:
                last = combine("-", state.resolve(item.count), Literal(NOWHERE, 1), NOWHERE)
                return inside, put_names(out, {"index": last})
            except Unwritable:
                return inside, None
        grown = added(out)
        if grown is None or {"index", BEFORE} & {name.name for name in names_in(grown)}:
            return None, None
        inside = combine("+", before, combine("*", index, grown, NOWHERE), NOWHERE)
        try:
            return inside, combine("+", before, combine("*", state.resolve(item.count), grown, NOWHERE), NOWHERE)
        except Unwritable:
            return inside, None

    def element(self, unit: SyntaxUnit, state: State) -> Code:
        """A round as one module."""
        inner = state.copy()
        inner.ahead = {}
        if isinstance(unit, SyntaxGroup):
            try:
                entries = self.chains.chain(unit.chain, inner)
            except NotSequential:
                return self.module.part((unit.chain,), state, "Round")
            state.channels = inner.channels
            return in_line(entries)
        if not isinstance(unit, Call):
            return self.module.part_of_unit(unit, state, "Round")
        made = self.chains.made(unit, state)
        if len(made) != 1:
            raise Refused(f"a repeat of `{unit.span.text}`, which needs several modules")
        return made[0][1]


def numbered(part: SyntaxUnit | Chain, ahead: int, per_round: int) -> str:
    """The name of a module in a loop, with a number that is computed from that of the round."""
    before = add_number(part.path_word, 1)[:-1]
    step = "index" if per_round == 1 else f"{per_round} * index"
    return f"{before}{{{step} + {part.ordinal + ahead}}}"


def added(out: Expression) -> Expression | None:
    """What a sum adds to `BEFORE`, None if it is no such sum."""
    start = Name(NOWHERE, BEFORE)
    zero = put_names(out, {BEFORE: Literal(NOWHERE, 0)})
    rebuilt = combine("+", start, zero, NOWHERE)
    if is_same(rebuilt, out) or is_same(combine("+", zero, start, NOWHERE), out):
        return zero
    return None
