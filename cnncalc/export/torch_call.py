"""One call of a layer in the text: its arguments as Python text, checked against what they came to each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.export.expressions import Unwritable, combine, literal, put_in
from cnncalc.export.layout import Code
from cnncalc.export.recording import Instance
from cnncalc.export.torch_body import IN_CHANNELS, RAW, ClassText, Tensor, agrees
from cnncalc.export.torch_construct import Refused
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.window import to_pairs
from cnncalc.spec.expressions import Expression, Listed, Literal, evaluate_constant
from cnncalc.spec.name_expressions import Member, Name, names_in, parts_of
from cnncalc.spec.tree import Call

# Which axis of a tensor with a batch a size is.
SIZES = {"channels": 1, "length": -1, "width": -1, "height": -2, "depth": -3}


BEFORE = "\1"  # the channels at the start of a round, while it is found out what a round does to them


class State:
    """Where in a body the writer is: the channels of the current tensor, the numbering, and what is named."""

    def __init__(self, owner: ClassText, channels: Expression | None) -> None:
        self.owner = owner
        self.channels = channels
        self.ahead: dict[str, int] = {}  # of the numbering, by unnamed repeats
        self.index: Expression | None = None  # of a repeat that is written round by round
        self.tensors: dict[str, Tensor] = {}
        self.modules: dict[str, str] = {}  # modules that have a name, for `reuse`
        self.lists: dict[str, Tensor] = {}  # variables with the outputs of all rounds, and their channels together
        self.per_round: dict[str, int] | None = None  # in a loop: how far its rounds advance the numbering
        self.current = "x"  # the current tensor in `forward`
        self.input = "x"
        self.variable = "x"  # what is assigned to
        self.several = False  # whether the network has several inputs

    def copy(self) -> State:
        """The same place, to go on from in another way."""
        made = State(self.owner, self.channels)
        made.__dict__.update(self.__dict__)
        made.ahead = dict(self.ahead)
        return made

    def resolve(self, expression: Expression) -> Expression:
        """An expression with the channels of tensors put in, for the constructor."""

        def replace(part: Expression) -> Expression | None:
            if isinstance(part, Name):
                if part.name == "channels":
                    return self.known(self.channels)
                if part.name == IN_CHANNELS:
                    return self.owner.in_channels
                return self.index if part.name == "index" else None
            if isinstance(part, Member) and isinstance(part.owner, Name) and part.name == "channels":
                return self.known(self.channels_of(part.owner.name))
            return None

        return put_in(expression, replace)

    def channels_of(self, name: str) -> Expression | None:
        """The channels of a tensor by its name."""
        if name == "here":
            return self.channels
        if name == "input":
            return self.owner.in_channels
        tensor = self.tensors.get(name)
        return tensor.channels if tensor else None

    @staticmethod
    def known(expression: Expression | None) -> Expression:
        """An expression that is there. Raises Unwritable."""
        if expression is None:
            raise Unwritable
        return expression

    def variable_of(self, name: str) -> str | None:
        """The variable of a tensor by its name."""
        if name == "here":
            return self.current
        if name == "input":
            return self.input
        tensor = self.tensors.get(name)
        return tensor.variable if tensor else None

    def resolve_inside(self, expression: Expression) -> Expression:
        """An expression with the sizes of tensors put in, for `forward`."""

        def replace(part: Expression) -> Expression | None:
            if isinstance(part, Member) and isinstance(part.owner, Name) and part.name in SIZES:
                variable = self.variable_of(part.owner.name)
                return None if variable is None else Name(part.span, f"{RAW}{variable}.shape[{SIZES[part.name]}]")
            if isinstance(part, Name) and part.name == "channels":
                return Name(part.span, f"{RAW}{self.current}.shape[1]")
            return self.index if isinstance(part, Name) and part.name == "index" else None

        return put_in(expression, replace)


def is_unpooling(call: Call) -> bool:
    """Whether a call reads the indices of a max pool."""
    return bool(getattr(call.target, "restores", False))


def reads_here(call: Call) -> bool:
    """Whether an argument reads a size of the current tensor."""
    return any(name.name in ("channels", "here") for value in call.bound.values() for name in names_in(value))


def name_of(expression: Expression) -> str:
    """The name of an output as `State.tensors` has it, "" if it has none."""
    if isinstance(expression, Member):
        return expression.span.text.replace(" ", "")
    return expression.name if isinstance(expression, Name) else ""


NOWHERE: Any = None  # the position of an expression that is in no file


class LayerCall:
    """A call of a kind with its runs; what `torch_kinds` and `torch_functions` ask."""

    def __init__(self, call: Call, state: State, instances: Sequence[Instance]) -> None:
        self.call = call
        self.kind: str = call.target.kind
        self.state = state
        self.owner = state.owner
        self.instances = instances
        self.layers: list[Layer] = [instance.layer for instance in instances if instance.layer is not None]

    @property
    def axes(self) -> int:
        ranks = {len(instance.before) - 1 for instance in self.instances}
        if len(ranks) != 1:
            raise Refused(f"`{self.kind}` is called with tensors of other numbers of axes")
        return ranks.pop()

    def channels(self) -> str:
        if self.state.channels is not None and BEFORE in {name.name for name in names_in(self.state.channels)}:
            return ""  # it is written again, with what is found out
        wanted = [(instance, instance.before[0]) for instance in self.instances]
        if agrees(self.state.channels, wanted, self.owner):
            return self.owner.text(State.known(self.state.channels))
        return str(self.shape()[0]) if len({n for _, n in wanted}) > 1 else str(wanted[0][1])

    def shape(self) -> Shape:
        shapes = {instance.before for instance in self.instances}
        if len(shapes) != 1:
            raise Refused(f"the input of `{self.kind}` has other sizes each time, which its arguments do not tell")
        return next(iter(shapes))

    def values(self, name: str) -> list[Any]:
        found: list[Any] = []
        for layer in self.layers:
            value = getattr(layer, name)
            if value not in found:
                found.append(value)
        return found

    def constant(self, name: str) -> Any:
        values = self.values(name)
        if len(values) != 1:
            raise Refused(f"`{name}` of `{self.kind}` has several values")
        return values[0]

    def expression(self, name: str) -> Expression | None:
        """An argument that depends on names, None for others."""
        bound = self.call.bound.get(name)
        return None if bound is None or evaluate_constant(bound) is not None else bound

    def text(self, name: str) -> str:
        expression = self.expression(name)
        if expression is None:
            return literal(self.constant(name))
        try:
            return self.owner.text(self.state.resolve(expression))
        except Unwritable:
            return literal(self.constant(name))

    def is_given(self, name: str) -> bool:
        if name not in self.call.bound:
            return False
        if self.expression(name) is not None:
            return True
        return any(layer.default_of(name) != getattr(layer, name) for layer in self.layers)

    def parts(self, name: str) -> Code | None:
        expression = self.expression(name)
        if expression is None:
            pairs = to_pairs(name, self.constant(name), self.axes)
            return literal(tuple(side for pair in reversed(pairs) for side in pair))
        if not isinstance(expression, Listed):
            return None
        sides: list[Expression] = []
        for item in reversed(expression.items):
            sides += item.items if isinstance(item, Listed) else [item, item]
        if len(expression.items) != self.axes or len(sides) != 2 * self.axes:
            return None
        return self.owner.text(self.state.resolve(Listed(expression.span, tuple(sides))))

    def reads_another(self) -> bool:
        return "memory" in self.call.bound

    def is_dynamic(self, name: str) -> bool:
        expression = self.expression(name)
        return expression is not None and any(isinstance(part, Member) for part in parts_of(expression))

    def helper(self, name: str) -> str:
        self.owner.helpers.add(name)
        return name

    # in `forward`

    def inner(self, name: str) -> str:
        expression = self.expression(name)
        if expression is None:
            return literal(self.constant(name))
        return self.owner.inner(self.state.resolve_inside(expression))

    def items(self, name: str) -> list[str]:
        expression = self.expression(name)
        if expression is None:
            value = self.constant(name)
            values = value if isinstance(value, tuple) else (value,) * self.axes
            return [str(item) for item in values]
        if not isinstance(expression, Listed):
            return [self.owner.inner(self.state.resolve_inside(expression))] * self.axes
        return [self.item(item) for item in expression.items]

    def item(self, expression: Expression) -> str:
        if isinstance(expression, Name) and expression.name == "rest":
            return "rest"
        if isinstance(expression, Literal) and isinstance(expression.value, str):
            return str(expression.value)
        return self.owner.inner(self.state.resolve_inside(expression))

    def sizes(self, name: str) -> str | None:
        bound = self.call.bound.get(name)
        if bound is not None and evaluate_constant(bound) is not None:
            return literal(self.constant(name))
        if not isinstance(bound, Name):
            return None
        variable = self.state.variable_of(bound.name)
        return None if variable is None else f"{variable}.shape[2:]"


def after(call: Call, given: LayerCall) -> Expression | None:
    """The channels of a layer's output as an expression, where the settings tell it; else None."""
    before = given.state.channels
    kind = given.kind
    bound = {name: given.state.resolve(value) for name, value in call.bound.items() if name in ("out", "multiplier")}
    if "out" in bound:
        return bound["out"]
    if kind == "depthwise_conv" and "multiplier" in bound and before is not None:
        return combine("*", before, bound["multiplier"], before.span)
    if kind in ("pixel_shuffle", "pixel_unshuffle") and before is not None:
        factor = given.state.resolve(call.bound["factor"])
        squared = combine("*", factor, factor, before.span)
        return combine("//" if kind == "pixel_shuffle" else "*", before, squared, before.span)
    listed = call.bound.get("shape")
    if kind == "reshape" and isinstance(listed, Listed):
        return given.state.resolve(listed.items[0])
    listed = call.bound.get("parts")
    if kind == "channel_split" and isinstance(listed, Listed) and len(given.values("take")) == 1:
        return given.state.resolve(listed.items[given.constant("take")])
    if (
        kind in ("channel_split", "split")
        and before is not None
        and all(isinstance(value, int) for value in given.values("parts"))
    ):
        if kind == "split" and given.values("axis") != [0]:
            return before
        parts = given.state.resolve(call.bound["parts"])
        return combine("//", before, parts, before.span)
    return before
