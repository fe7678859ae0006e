"""Chains that are modules one after another: each item as an entry of `nn.Sequential`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from cnncalc.errors import CnncalcError
from cnncalc.export.expressions import Unwritable, choose, combine, is_same, put_names
from cnncalc.export.layout import Bracketed, Code, Keyed, call
from cnncalc.export.recording import Instance
from cnncalc.export.torch_body import ClassText, Entry, Looped, agrees, sequential
from cnncalc.export.torch_call import BEFORE, NOWHERE, LayerCall, State, after
from cnncalc.export.torch_kinds import Refused, modules_of
from cnncalc.export.torch_names import module_key
from cnncalc.layers import kind_class
from cnncalc.spec.expressions import ComparisonExpression, Expression, Literal, Name, names_in
from cnncalc.spec.segments import add_number
from cnncalc.spec.tree import Block, Call, Chain, Item, SyntaxGroup, SyntaxUnit

if TYPE_CHECKING:
    from cnncalc.export.torch_module import ModuleWriter

T = TypeVar("T")
LONGEST = 28  # characters of channels that are written where they are used; longer ones get a name
MOST_ROUNDS = 16  # of a repeat that is written round by round
UNKNOWN = -1  # how far the numbering has advanced after a loop


SIZES_DECIDE = "what it depends on is known only when the sizes of tensors are"


class NotSequential(CnncalcError):
    """A part of a body is no chain of modules: it belongs into `forward`."""


def in_line(entries: Sequence[Entry]) -> Code:
    """`nn.Sequential` of modules. Raises NotSequential where a loop makes them."""
    try:
        return sequential(entries)
    except Looped:
        raise NotSequential from None


class ChainWriter:
    """Writes items as entries. `module` is the writer of the whole file."""

    def __init__(self, module: ModuleWriter) -> None:
        self.module = module
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
        return entry._replace(condition=f"({condition}) and ({entry.condition})")

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
        return self.flat_rounds(item, state) if item.unit.flat else [self.rounds(item, state)]

    def unit(self, unit: SyntaxUnit, state: State) -> list[Entry]:
        """The entries of a unit; the channels of `state` are then those of its output.

        What has no counterpart is reported, and left out.
        """
        try:
            return self.entries_of(unit, state)
        except (Refused, Unwritable) as refused:
            self.module.refuse(unit, str(refused) or SIZES_DECIDE)
            self.set_channels(state, None, self.module.runs(unit, state))
            return []

    def entries_of(self, unit: SyntaxUnit, state: State) -> list[Entry]:
        """The entries of a unit. Raises NotSequential, Refused."""
        if isinstance(unit, SyntaxGroup):
            return self.chain(unit.chain, state)
        if not isinstance(unit, Call) or unit.sources or unit.target in ("from", "reuse"):
            raise NotSequential
        if unit.target == "identity":
            return []
        key = self.key(unit, state)
        return [Entry(key + suffix, code) for suffix, code in self.made(unit, state)]

    def made(self, unit: Call, state: State) -> list[tuple[str, Code]]:
        """The constructors of a call: of a layer, an activation, or a block."""
        instances = self.module.runs(unit, state)
        if not instances and unit.target != "activation":
            self.module.left_out = True  # it never runs with these params
            return []
        if isinstance(unit.target, Block):
            block = self.module.block(unit.target)
            if block.tensors or self.module.exported(unit.target):
                raise NotSequential
            code = self.construct(unit, block, state)
            self.set_channels(state, self.module.out_of(unit, state), instances, self.guesses(unit, state))
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
        self.set_channels(state, out, instances)
        return [(module.suffix, module.code) for module in modules]

    def set_channels(
        self,
        state: State,
        found: Expression | None,
        instances: Sequence[Instance],
        others: Sequence[Expression | None] = (),
    ) -> None:
        """Go on with the channels of an output: an expression that holds each time, else their number."""
        wanted = [(instance, instance.after[0]) for instance in instances]
        numbers = {number for _, number in wanted}
        if not instances or (found is not None and self.holds(found, wanted, state.owner)):
            state.channels = found
        else:
            state.channels = Literal(NOWHERE, numbers.pop()) if len(numbers) == 1 else None
        self.name_channels(state)

    @staticmethod
    def guesses(unit: Call, state: State) -> list[Expression]:
        """What the channels of a block's output may be, if its text does not tell: those before, or an argument."""
        found = [] if state.channels is None else [state.channels]
        for value in unit.bound.values():
            try:
                found.append(state.resolve(value))
            except Unwritable:
                continue
        return found

    @staticmethod
    def parameters(state: State) -> list[Expression]:
        """The parameters of the block, of which the channels of a merge may be one."""
        return [Name(NOWHERE, name) for name in sorted(state.owner.own_names)]

    def holds(self, found: Expression, wanted: list[tuple[Instance, int]], owner: ClassText) -> bool:
        if any(name.name == BEFORE for name in names_in(owner.expand(found))):
            return True  # it is checked when the round is written
        return agrees(found, wanted, owner)

    def name_channels(self, state: State) -> None:
        """Give long channels a name in the constructor."""
        channels = state.channels
        if channels is None or any(name.name in (BEFORE, "index") for name in names_in(channels)):
            return
        owner = state.owner
        try:
            text = owner.text(channels)
        except Unwritable:
            state.channels = None
            return
        if len(text) <= LONGEST:
            return
        for name, known in owner.locals.items():
            if is_same(known, channels):
                state.channels = Name(NOWHERE, name)
                return
        taken = {*owner.locals, *owner.own_names, *self.module.params}
        name = next(each for each in _variables() if each not in taken)
        owner.statements[name] = text
        owner.locals[name] = channels
        state.channels = Name(NOWHERE, name)

    # blocks

    def construct(self, unit: Call, block: ClassText, state: State) -> Code:
        """The constructor of a block with the arguments of a call."""
        arguments: list[Code] = []
        by_name = False
        for name, default in self.module.signature(block):
            value = self.module.argument(unit, name, state)
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
            entries += self.unit(item.unit, state)
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
        entries = self.unit(unit, state)
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
        key = self.key(item.unit, state)
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
        self.set_channels(state, end, instances)
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
                entries = self.chain(unit.chain, inner)
            except NotSequential:
                return self.module.part((unit.chain,), state, "Round")
            state.channels = inner.channels
            return in_line(entries)
        if not isinstance(unit, Call):
            return self.module.part_of_unit(unit, state, "Round")
        made = self.made(unit, state)
        if len(made) != 1:
            raise Refused(f"a repeat of `{unit.span.text}`, which needs several modules")
        return made[0][1]


def mentioned(expression: Expression) -> set[str]:
    """The names in an expression."""
    return {name.name for name in names_in(expression)}


def _variables() -> Iterator[str]:
    """Names for channels."""
    yield "channels"
    yield from (f"channels{number}" for number in count(2))


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
