"""The channels of tensors as expressions, each held against the numbers that the network came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING

from cnncalc.export.expressions import Unwritable, is_same
from cnncalc.export.recording import Instance
from cnncalc.export.torch_body import ClassText, agrees
from cnncalc.export.torch_call import BEFORE, NOWHERE, State
from cnncalc.spec.expressions import Expression, Literal
from cnncalc.spec.name_expressions import Name, names_in
from cnncalc.spec.tree import Call

if TYPE_CHECKING:
    from cnncalc.export.torch_module import ModuleWriter

LONGEST = 28  # characters of channels that are written where they are used; longer ones get a name


class Channels:
    """Keeps track of the channels of the current tensor."""

    def __init__(self, module: ModuleWriter) -> None:
        self.module = module

    def set_channels(
        self,
        state: State,
        found: Expression | None,
        instances: Sequence[Instance],
        others: Sequence[Expression | None] = (),
    ) -> None:
        """Go on with the channels of an output: an expression that holds each time, else their number.

        If the number differs, it may be one of `others`.
        """
        wanted = [(instance, instance.after[0]) for instance in instances]
        numbers = {number for _, number in wanted}
        if not instances or (found is not None and self.holds(found, wanted, state.owner)):
            state.channels = found
        elif len(numbers) == 1:
            state.channels = Literal(NOWHERE, numbers.pop())
        else:
            holding = (each for each in others if each is not None and self.holds(each, wanted, state.owner))
            state.channels = next(holding, None)
        self.name_channels(state)

    @staticmethod
    def guesses(unit: Call, state: State) -> list[Expression]:
        """What the channels of a block's output may be, if its text does not tell: those before, or an argument."""
        found = [each for each in (state.channels, state.owner.in_channels) if each is not None]
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


def mentioned(expression: Expression) -> set[str]:
    """The names in an expression."""
    return {name.name for name in names_in(expression)}


def _variables() -> Iterator[str]:
    """Names for channels."""
    yield "channels"
    yield from (f"channels{number}" for number in count(2))
