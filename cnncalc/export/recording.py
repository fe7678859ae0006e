"""Runs an architecture again and keeps, for every part of its text, what it came to each time.

The text says `conv(4 * width, 1)`; a module's code needs besides that how many channels go in, and whether that is the
same number each time or follows from the arguments of the block.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import Problems, Span
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Network
from cnncalc.records import NamedTuple
from cnncalc.spec.expand import Expander
from cnncalc.spec.expressions import Expression
from cnncalc.spec.family import Description
from cnncalc.spec.scope import Definition, Flow, Frame, Output
from cnncalc.spec.tree import Block, Call, Item, Merge, SyntaxUnit


class Instance(NamedTuple):
    """One run of a part of the text.

    `values` are those of its names: the block's parameters, `in_channels` and `index`. `before` and `after` are the
    shapes of the current tensor, `layer` what a call of a kind came to, `sources` the shapes that a merge joined, and
    `node` the index of the layer in the network.
    """

    values: dict[str, Value]
    before: Shape
    after: Shape
    layer: Layer | None = None
    sources: tuple[Shape, ...] = ()
    node: int = -1


def channels_name(name: str) -> str:
    """The name of the channels of an output that is an argument of a block."""
    return f"{name}_channels"


class Recorder(Expander):
    """Expands a description that is known to be right, and records."""

    def __init__(self, description: Description, params: dict[str, Value]) -> None:
        super().__init__(description, params, Problems())
        self.instances: dict[int, list[Instance]] = {}  # by the identity of a unit, or of an item that repeats
        self.arguments: dict[str, list[dict[str, Value]]] = {}  # of each block, by its name
        self.judged: dict[int, set[bool]] = {}  # by the identity of a condition
        self.counts: dict[int, list[tuple[int | None, int]]] = {}  # by the identity of an item: index around it, rounds

    def of(self, unit: SyntaxUnit) -> Sequence[Instance]:
        """The runs of a part of the text, none if it never runs."""
        return self.instances.get(id(unit), ())

    def judge(self, condition: Expression, frame: Frame) -> bool:
        found = super().judge(condition, frame)
        self.judged.setdefault(id(condition), set()).add(found)
        return found

    def repeat(self, item: Item, expression: Expression, frame: Frame, flow: Flow, prefix: object) -> object:  # type: ignore[override]
        before = len(self.built.nodes)
        end = super().repeat(item, expression, frame, flow, prefix)  # type: ignore[arg-type]
        self.keep(item, frame, flow, end[0], before)
        rounds = end[1].rounds if end[1] else None
        self.counts.setdefault(id(item), []).append((frame.index, len(rounds or ())))
        return end

    def call(self, call: Call, frame: Frame, flow: Flow, path: str) -> tuple[Flow, Definition | None]:
        before = len(self.built.nodes)
        end, definition = super().call(call, frame, flow, path)
        self.keep(call, frame, flow, end, before)
        return end, definition

    def merge(self, merge: Merge, frame: Frame, flow: Flow, path: str) -> Flow:
        before = len(self.built.nodes)
        end = super().merge(merge, frame, flow, path)
        self.keep(merge, frame, flow, end, before)
        return end

    def run(self, block: Block, span: Span, frame: Frame, path: str) -> Flow:
        self.arguments.setdefault(block.name, []).append(frame.arguments)
        return super().run(block, span, frame, path)

    def keep(self, unit: SyntaxUnit | Item, frame: Frame, flow: Flow, end: Flow, first: int) -> None:
        if end.shape is None:
            return
        nodes = self.built.nodes
        made = nodes[-1] if len(nodes) > first and isinstance(unit, Call | Merge) else None
        arrived = frame.input.shape
        values = {
            channels_name(name) if isinstance(value, Output) else name: value.flow.shape[0]
            if isinstance(value, Output) and value.flow.shape
            else value
            for name, value in frame.arguments.items()
        }
        values |= {"in_channels": arrived[0]} if arrived else {}
        values |= {} if frame.index is None else {"index": frame.index}
        found = Instance(values, flow.shape or (), end.shape)
        if made:
            found = found._replace(layer=made.layer, sources=made.input_shapes, node=made.index)
        self.instances.setdefault(id(unit), []).append(found)


def record(description: Description, params: dict[str, Value], network: Network) -> Recorder:
    """What every part of a description came to in a network that it makes."""
    recorder = Recorder(description, params)
    assert description.layers is not None
    recorder.network(network.inputs, description.layers)
    return recorder
