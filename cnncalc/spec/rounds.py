"""The rounds of repeats as values: `cells[2]`, `rounds(cells)`, and `previous(2)` in a round that is running.

`expand` keeps the rounds of a repeat: of a running one in the frame, as its `Memory`, afterwards in its definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Mistake, Span
from cnncalc.layers.arguments import NONE, Value
from cnncalc.layers.structure import ROUNDS
from cnncalc.network import NOTHING
from cnncalc.records import NamedTuple
from cnncalc.spec.expressions import Expression, Unknown
from cnncalc.spec.name_expressions import BEFORE, PREVIOUS, Index, Member
from cnncalc.spec.values import describe_value

if TYPE_CHECKING:
    from cnncalc.spec.scope import Frame, Output

REPEAT = "write `NAME = block * 3` where it is repeated"


class Memory(NamedTuple):
    """What a running repeat remembers: what entered it, and the outputs of its rounds so far."""

    entered: Output
    rounds: list[Output]

    def at(self, position: int) -> Output:
        """What entered the round with this number."""
        return self.rounds[position - 1] if position else self.entered


class RoundOutput(NamedTuple):
    """The output of a round, with its path as a file names it: `cells.0`, or `cells.0.skip` for an output inside."""

    label: str
    output: Output


def find_previous(memory: Memory | None, distance: int, before: Value | None, spans: tuple[Span, Span]) -> Value:
    """What entered the round that is `distance` − 1 before the running one, of which `memory` is the repeat's.

    `spans` are of the whole expression and of its last argument. Raises Mistake, or Unknown after one.
    """
    whole, last = spans
    if memory is None:
        message = f"`{PREVIOUS}` is only defined inside a repeat"
        help_text = f"pass it where a block is repeated, `block({whole.text}) * 3`, or use the name of an output"
        raise Mistake("unknown-name", message, whole, help_text)
    if distance < 1:
        message = f"`{PREVIOUS}` counts from 1, which is what enters this round, found {distance}"
        raise Mistake("bad-value", message, whole)
    if before is not None and before != NONE and isinstance(before, bool | int | float | str | tuple):
        message = f"`{BEFORE}` must be an output or `{NONE}`, found {describe_value(before)}"
        raise Mistake("bad-value", message, last, f"name what comes before the repeat: `{BEFORE}=NAME`")
    index = len(memory.rounds)
    position = index - distance + 1
    if position >= 0:
        found = memory.at(position)
        if found.flow.node == NOTHING:
            raise Mistake("no-tensor", f"`{whole.text}` is undefined: no tensor enters the repeat", whole)
        return found
    if before is None:
        message = f"in round {index}, `{whole.text}` reaches beyond the start of the repeat"
        text = f"{PREVIOUS}({distance}, {BEFORE}=NAME)"
        help_text = f"name the output to use instead: `{text}`, or `{BEFORE}={NONE}` if the block tests for `{NONE}`"
        raise Mistake("bad-value", message, whole, help_text)
    if position < -1 and before != NONE:
        message = f"in round {index}, `{whole.text}` reaches {-position} tensors before the repeat; `{BEFORE}` is one"
        help_text = f"at most `{PREVIOUS}({index + 2}, …)` is defined here; or use `{BEFORE}={NONE}`"
        raise Mistake("bad-value", message, whole, help_text)
    return before


def find_round(owner: Output, index: int, spans: tuple[Span, Span]) -> Output:
    """The output of round `index` of a repeat, from 0, as for a list; `spans` are of the owner and of the index.

    Raises Mistake if there is no such repeat or round, Unknown if it depends on a mistake.
    """
    at, index_at = spans
    rounds = owner.rounds()
    if rounds is None:
        if owner.flow.shape is None:
            raise Unknown
        message = f"only repeats and lists can be indexed, and `{at.text}` is the output of neither"
        raise Mistake("bad-value", message, at, REPEAT)
    count = owner.count()
    if not -count <= index < count:
        last = f"the last is [{count - 1}]" if count else "it has none"
        message = f"there is no round {index} in a repeat of {count}: {last}"
        raise Mistake("bad-value", message, index_at)
    position = index + count if index < 0 else index
    if position >= len(rounds):  # not run after a mistake
        raise Unknown
    return rounds[position]


def each_round(expression: Expression, frame: Frame) -> list[RoundOutput]:
    """The outputs that `rounds(…)` names: those of the rounds of a repeat, or of an output named inside them.

    Raises Mistake if there is no such repeat, Unknown if it depends on a mistake.
    """
    outputs, repeated = _find_rounds(expression, frame)
    if not repeated:
        message = f"`{ROUNDS}` needs the name of a repeat, found `{expression.span.text}`"
        raise Mistake("bad-value", message, expression.span, REPEAT)
    return outputs


def _find_rounds(expression: Expression, frame: Frame) -> tuple[list[RoundOutput], bool]:
    """The outputs, by rounds for a repeat, and whether there is a repeat."""
    repeated = False
    if isinstance(expression, Member):
        owners, repeated = _find_rounds(expression.owner, frame)
        name, span = expression.name, expression.span
        found: list[tuple[str, Value]] = [
            (f"{owner.label}.{name}", frame.member(owner.output, name, span)) for owner in owners
        ]
    else:
        found = [(_label_of(expression), frame.value(expression))]
    outputs: list[RoundOutput] = []
    for label, value in found:
        if isinstance(value, bool | int | float | str | tuple):
            raise Mistake("bad-value", f"expected an output, found {describe_value(value)}", expression.span)
        rounds = value.rounds()
        if rounds is None and value.flow.shape is None:
            raise Unknown
        if rounds is None:
            outputs.append(RoundOutput(label, value))
            continue
        repeated = True
        frame.spend(len(rounds), expression.span)
        outputs += [RoundOutput(f"{label}.{index}", output) for index, output in enumerate(rounds)]
    return outputs, repeated


def _label_of(expression: Expression) -> str:
    """The path of an output as the file names it: `stages.1` for `stages[1]`."""
    if isinstance(expression, Index):
        return f"{_label_of(expression.owner)}.{expression.index.span.text}"
    if isinstance(expression, Member):
        return f"{_label_of(expression.owner)}.{expression.name}"
    return expression.span.text
