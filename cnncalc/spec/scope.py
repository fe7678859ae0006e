"""The names that an expression can use while a block runs: parameters, named outputs, params of the file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc import limits
from cnncalc.errors import Amount, Fix, Mistake, Span
from cnncalc.layers.arguments import Value, format_value
from cnncalc.layers.base import Layer, Shape, format_shape
from cnncalc.layers.settings import LIKE, MEMORY, POOL
from cnncalc.network import INPUT, NOTHING, Node
from cnncalc.records import NamedTuple
from cnncalc.spec.check import BOOLEANS, HERE, SPECIAL
from cnncalc.spec.expressions import Expression, Unknown, make_list
from cnncalc.spec.rounds import Memory, find_previous, find_round
from cnncalc.spec.sizes import SIZE_NAMES, find_size, unknown_member
from cnncalc.spec.tree import Block, Call, Chain
from cnncalc.spec.values import ListValue, Word, describe_value

BEGIN = "begin with `from(NAME)`, or with a merge whose branches begin with it"


class Flow(NamedTuple):
    """The current tensor: its node and its shape, None if unknown; `doubtful` if only its channels are certain.

    It is `ended` directly after `outputs`: if nothing follows, only the named outputs are outputs of the network. If
    there is no tensor, before the first `from` of a network with several inputs, `node` is NOTHING.
    """

    node: int
    shape: Shape | None
    doubtful: bool = False
    ended: bool = False

    def for_next_item(self) -> Flow:
        """The current tensor for an item that follows."""
        return self._replace(ended=False) if self.ended else self


class Definition(NamedTuple):
    """The block, the layer or the chain that computed a named output, and its nodes, so that it can be reused.

    A `chain` has neither a block nor a layer, but what runs it again. For a repeat they are those of the last round.
    """

    block: Block | None
    layer: Layer | None
    values: dict[str, Value]
    first: int
    last: int
    outputs: dict[str, Output] | None = None  # named inside the block
    rounds: list[Output] | None = None  # of a repeat, as far as they were run
    planned: int = 0  # rounds; after a mistake not all of them are run
    chain: DefinedChain | None = None

    def over(self, last: int) -> Definition:
        """The definition of what ends before the node `last`."""
        return self._replace(last=last)


class DefinedChain(NamedTuple):
    """A chain that computed an output: with the frame in which it ran, and the round of a repeat in that frame."""

    chain: Chain
    frame: Frame
    round: int | None
    memory: Memory | None


class Output:
    """An earlier output as a value, for `from` and for arguments of blocks."""

    __slots__ = ("definition", "flow")

    def __init__(self, flow: Flow, definition: Definition | None) -> None:
        self.flow = flow
        self.definition = definition

    def rounds(self) -> list[Output] | None:
        """The outputs of the rounds, None if this is not the output of a repeat."""
        return self.definition and self.definition.rounds

    def count(self) -> int:
        """The number of rounds, those included that are not run after a mistake."""
        return self.definition.planned if self.definition else 0

    def __str__(self) -> str:
        return "an output"


def take_sizes(settings: dict[str, Value], call: Call) -> int | None:
    """Replace an output as the argument `like` by its spatial sizes; returns its node, None if there is none.

    Raises Mistake if the output is flat, Unknown if its sizes are unknown.
    """
    like = settings.get(LIKE)
    if not isinstance(like, Output):
        return None
    flow, span = like.flow, call.bound[LIKE].span
    if flow.shape is None or flow.doubtful:
        raise Unknown
    if len(flow.shape) < 2:
        raise Mistake("wrong-rank", f"`{span.text}` is flat and has no spatial sizes: {format_shape(flow.shape)}", span)
    settings[LIKE] = make_list(list(flow.shape[1:]), span)
    return flow.node


def take_memory(settings: dict[str, Value], call: Call) -> Flow | None:
    """Replace an output as the argument `memory` by its shape; returns the output, None if there is none.

    Raises Unknown if its shape is unknown.
    """
    memory = settings.get(MEMORY)
    if not isinstance(memory, Output):
        return None
    if memory.flow.shape is None or memory.flow.doubtful:
        raise Unknown
    settings[MEMORY] = make_list(list(memory.flow.shape), call.bound[MEMORY].span)
    return memory.flow


def take_pool(settings: dict[str, Value], call: Call, nodes: Sequence[Node], *, failed: bool) -> Node | None:
    """Replace a named output as the argument `pool` by its max pool, and set `like` to the sizes of the pool's input.

    Returns the node of the pool, None if there is no such argument. Raises Mistake if it is not a max pool, Unknown if
    it is unknown, since no nodes are kept after a failure.
    """
    pool = settings.get(POOL)
    if not isinstance(pool, Output):
        return None
    flow, span = pool.flow, call.bound[POOL].span
    if flow.shape is None or flow.doubtful or failed:
        raise Unknown
    node = nodes[flow.node] if flow.node >= 0 else None
    if node is None or node.layer.kind != "max_pool":
        what = f"`{node.layer.kind}`" if node else "no layer"
        help_text = "name the max pool, `x = max_pool(2)`, and use that name"
        raise Mistake("bad-argument", f"`{span.text}` is the output of {what}, not of a `max_pool`", span, help_text)
    settings[POOL] = node.layer
    if settings.get(LIKE) is None:
        settings[LIKE] = make_list(list(node.input_shapes[0][1:]), span)
    return node


def _not_yet(name: str, span: Span) -> Mistake:
    """The mistake for an output that is used before it is there: further down, or in the chain that it names."""
    start = span.source.starts[span.line - 1]
    own = re.search(rf"(?<!\w){re.escape(name)}\s*=(?!=)\s*((?:(?!->).)*\S)\s*->", span.source.text[start : span.start])
    if own:
        part = span._replace(start=start + own.start(), end=start + own.end(1))
        fix = Fix(part, f"({part.text})", f"name the part alone: `({part.text})`")
        message = f"`{name}` names the whole chain, of which this is a part"
        return Mistake("unknown-name", message, span, fix.help, fix)
    message, help_text = f"the output `{name}` is named further down", "an output can only be used after it is named"
    return Mistake("unknown-name", message, span, help_text)


class Frame:
    """One run of a block (or of `layers`, with `name` ""). `flow` is the current tensor."""

    __slots__ = (
        "amount", "arguments", "caller", "flow", "index", "input", "memory", "name", "names", "outputs", "params",
        "span",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        arguments: dict[str, Value],
        params: dict[str, Value],
        input: Flow,
        names: frozenset[str],
        caller: Frame | None,
        span: Span | None,
        amount: Amount,
    ) -> None:
        self.amount = amount
        self.name = name
        self.arguments = arguments
        self.params = params
        self.input = input
        self.flow = input
        self.names = names
        self.caller = caller
        self.span = span
        self.index: int | None = None
        self.memory: Memory | None = None  # of the innermost repeat
        self.outputs: dict[str, Output] = {}

    def title(self) -> str:
        """The call of the block with the values of its arguments, `bottleneck(64, 1)`."""
        texts = ["…" if isinstance(value, Output) else format_value(value) for value in self.arguments.values()]
        return f"{self.name}({', '.join(texts)})" if texts else self.name

    def chain(self) -> str:
        """The blocks that call one another from the last call of this block to this one."""
        names = [self.name]
        frame = self.caller
        while frame and frame.name and self.name not in names[1:]:
            names.append(frame.name)
            frame = frame.caller
        return " → ".join(reversed(names))

    def recurs(self) -> bool:
        """Whether a caller runs the same block."""
        frame = self.caller
        while frame and frame.name != self.name:
            frame = frame.caller
        return frame is not None

    def value(self, expression: Expression) -> Value:
        """Evaluate an expression in this frame. Raises Mistake."""
        if expression.size > 1:
            self.spend(expression.size, expression.span)
        value = expression.evaluate(self)
        if isinstance(value, ListValue):  # its users iterate over it
            self.spend(value.size, expression.span)
        return value

    def spend(self, work: int, span: Span) -> None:
        """Count parts of expressions and elements of lists that are evaluated.

        Raises Mistake when they exceed the limit, Unknown from then on.
        """
        before = self.amount.evaluated
        if before > limits.EVALUATION_STEPS:
            raise Unknown
        self.amount.evaluated = before + work
        if before + work > limits.EVALUATION_STEPS:
            message = f"the expressions take more than {limits.EVALUATION_STEPS:,} steps, elements of lists included"
            raise Mistake("too-large", message, span)

    def lookup(self, name: str, span: Span) -> Value:
        """The value of a bare name. Raises Mistake if it has none yet, Unknown if it depends on a mistake."""
        if name in self.arguments:
            if self.arguments[name] is None:
                raise Unknown
            return self.arguments[name]
        if name in self.outputs:
            return self.outputs[name]
        if name in self.names:
            raise _not_yet(name, span)
        if name in self.params:
            if self.params[name] is None:  # it could not be evaluated, which is reported
                raise Unknown
            return self.params[name]
        if name in SPECIAL:
            return self.special(name, span)
        return BOOLEANS.get(name, Word(name))

    def spoil(self, name: str) -> None:
        """Make a name unknown after its value was reported."""
        for values in (self.arguments, self.params):
            if name in values:
                values[name] = None
                return

    def special(self, name: str, span: Span) -> Value:
        if name == "index":
            if self.index is None:
                raise Mistake("unknown-name", "`index` is only defined inside a repeat", span)
            return self.index
        flow = self.flow if name in ("channels", HERE) else self.input
        if flow.node == NOTHING:
            raise Mistake("no-tensor", f"`{name}` is undefined: there is no current tensor yet", span, BEGIN)
        if name in ("input", HERE):
            return Output(flow, None)
        shape = flow.shape
        if shape is None:
            raise Unknown
        return shape[0]

    def round(self, owner: Value, index: int, spans: tuple[Span, Span]) -> Value:
        """`cells[0]`, the output of one round of a repeat."""
        return find_round(owner, index, spans)

    def previous(self, distance: int, before: Value | None, spans: tuple[Span, Span]) -> Value:
        """`previous(2, before=stem)`, what entered this round of a repeat or an earlier one."""
        return find_previous(self.memory, distance, before, spans)

    def member(self, owner: Value, name: str, span: Span) -> Value:
        """`m1.y0`, the output `y0` inside the block call named `m1`; or `skip.height`, a size of an output."""
        if not isinstance(owner, Output):
            message = f"only outputs have sizes and inner outputs, found {describe_value(owner)}"
            raise Mistake("bad-value", message, span)
        inner = owner.definition.outputs if owner.definition else None
        if inner and name in inner:
            return inner[name]
        flow = owner.flow
        if flow.shape is None or (flow.doubtful and name in SIZE_NAMES and name != "channels"):
            raise Unknown
        if name in SIZE_NAMES:
            self.amount.sizes_read |= name != "channels"
            return find_size(name, flow.shape, span)
        raise unknown_member(name, span, inner)


class ParamScope(Frame):
    """The scope of the values of params: only earlier params and words are defined."""

    __slots__ = ()

    def __init__(self, params: dict[str, Value], amount: Amount) -> None:
        super().__init__("", {}, params, Flow(INPUT, None), frozenset(), None, None, amount)

    def special(self, name: str, span: Span) -> Value:
        raise Mistake("unknown-name", f"`{name}` is only defined inside `layers` and blocks", span)
