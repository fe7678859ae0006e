"""Bodies as statements of Keras code: items, calls and named outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cnncalc.export.expressions import Unwritable
from cnncalc.export.keras_call import Applied, KerasCall, Step, Unsayable
from cnncalc.export.keras_joins import ELEMENTWISE, Joined, apply
from cnncalc.export.keras_kinds import steps_of
from cnncalc.export.keras_lines import Assign, Statement, Under, drop_kept_axes
from cnncalc.export.keras_merges import MergeWriter
from cnncalc.export.keras_repeats import RepeatWriter
from cnncalc.export.keras_state import State
from cnncalc.export.layout import Code, Keyed, call, flat
from cnncalc.export.recording import Instance
from cnncalc.spec.expressions import Choice, Expression, Listed, Literal, evaluate_constant
from cnncalc.spec.name_expressions import Index, Member, Name, Previous, names_in
from cnncalc.spec.tree import Block, Body, Call, Chain, Item, Merge, SyntaxGroup, SyntaxUnit

if TYPE_CHECKING:
    from cnncalc.export.keras_blocks import BlockWriter

# Activations that Keras knows by our word.
WORDS = frozenset(
    [
        "relu",
        "relu6",
        "elu",
        "selu",
        "gelu",
        "silu",
        "hard_swish",
        "hard_sigmoid",
        "sigmoid",
        "tanh",
        "softplus",
        "mish",
    ]
)


class FlowWriter:
    """Writes bodies. `blocks` writes the functions that they call."""

    def __init__(self, blocks: BlockWriter) -> None:
        self.blocks = blocks
        self.merges = MergeWriter(blocks, self)
        self.repeats = RepeatWriter(blocks, self)

    # bodies

    def body(self, body: Body, state: State) -> None:
        for chain in body:
            self.chain(chain, state)

    def chain(self, chain: Chain, state: State) -> None:
        inner = state.inner(state.segment(chain)) if chain.segment else state
        for item in chain.items:
            self.item(item, inner, chain.name)
        state.current = inner.current
        if chain.name and chain.name in self.blocks.read:
            self.name(chain, state)

    def name(self, chain: Chain, state: State) -> None:
        """Give the current tensor its name: the last assignment is one to its variable."""
        variable = state.free(chain.name)
        last = state.statements[-1] if state.statements else None
        if isinstance(last, Assign) and last.variable == state.variable == state.current:
            state.statements[-1] = last._replace(variable=variable)
            state.current = variable
        else:
            state.assign(state.current, variable)
        state.tensors[chain.name] = variable
        state.owner.taken.add(variable)

    # items

    def item(self, item: Item, state: State, name: str = "") -> None:
        """An item of a chain with this name, with its condition and its repeat."""
        if item.condition is None:
            self.counted(item, state, name)
            return
        judged = self.blocks.recorder.judged.get(id(item.condition), set())
        if True not in judged or not names_in(item.condition):
            self.blocks.left_out |= bool(names_in(item.condition))
            if True in judged:
                self.counted(item, state, name)
            elif item.otherwise:
                self.unit(item.otherwise, state)
            return
        self.conditional(item, state, name)

    def conditional(self, item: Item, state: State, name: str) -> None:
        assert item.condition is not None
        condition = state.text(item.condition)
        both = item.otherwise is not None and bool(self.blocks.runs(item.otherwise))
        if not both:
            state.settle()
        start = state.copy()
        yes = self.arm(state, lambda inner: self.counted(item, inner, name))
        state.statements.append(Under(f"if {condition}:", yes))
        if both:
            other = start
            no = self.arm(other, lambda inner: self.unit(item.otherwise, inner))  # type: ignore[arg-type]
            state.statements.append(Under("else:", no))
        state.current = state.variable

    @staticmethod
    def arm(state: State, write: Callable[[State], None]) -> tuple[Statement, ...]:
        """The statements of one case, after which the variable has the tensor."""
        inner = state.copy()
        inner.statements = []
        write(inner)
        inner.assign(inner.current, state.variable)
        state.tensors, state.ahead = inner.tensors, inner.ahead
        return tuple(inner.statements)

    def counted(self, item: Item, state: State, name: str = "") -> None:
        if item.count is None:
            self.unit(item.unit, state)
        else:
            self.repeats.repeat(item, state, name)

    def unit(self, unit: SyntaxUnit, state: State) -> None:
        self.blocks.step()
        if isinstance(unit, SyntaxGroup):
            self.chain(unit.chain, state)
        elif isinstance(unit, Merge):
            self.merges.merge(unit, state)
        elif isinstance(unit, Call):
            self.call(unit, state, state.segment(unit))
        else:
            raise Unsayable("a part that cannot be read")

    # calls

    def call(self, unit: Call, state: State, segment: str) -> None:
        """A call; `segment` is its part of the path, as it may be written in a name."""
        instances = self.blocks.runs(unit)
        if unit.target == "identity":
            return
        if not instances:
            self.blocks.left_out = True  # it never runs with these params
            return
        if unit.sources:
            self.join(unit, [self.tensor(each, state) for each in unit.sources], state, segment, instances)
        elif unit.target == "from":
            (name,) = unit.bound.values()
            state.current = self.tensor(name, state)
        elif unit.target == "reuse":
            self.reuse(unit, state, segment, instances)
        elif isinstance(unit.target, Block):
            self.block(unit, unit.target, state, state.path(segment))
        elif unit.target == "activation":
            self.activation(unit, state, segment, instances)
        elif unit.kind == "max_unpool":
            raise Unsayable("`max_unpool` reads the input of a pool, which the function would have to carry along")
        else:
            given = self.given(unit, state, segment, instances)
            self.steps(steps_of(given), given, state, unit.segment)

    def given(self, unit: Call, state: State, segment: str, instances: Sequence[Instance]) -> KerasCall:
        """A call of a kind, as `keras_kinds` asks about it."""
        texts: dict[str, Callable[[], str]] = {}
        items: dict[str, Callable[[], list[str]]] = {}
        for name, bound in unit.bound.items():
            if evaluate_constant(bound) is not None or unit.target in ("activation", "reuse"):
                continue
            text = self.argument(name, bound, state)
            if text is not None:
                texts[name] = lambda text=text: text  # type: ignore[misc]
            if isinstance(bound, Listed):
                items[name] = lambda bound=bound: [self.list_item(each, state) for each in bound.items]  # type: ignore[misc]
        layers = [each.layer for each in instances if each.layer is not None]
        inputs = [each.sources or (each.before,) for each in instances if each.layer is not None]
        if layers and not layers[0].sources:
            inputs = [()] * len(layers)
        if not layers:
            raise Unsayable(f"`{unit.kind}` makes no layer")
        given = KerasCall(
            layers, inputs, lambda suffix: state.label(segment, suffix), state.layout, self.blocks.helpers, texts, items
        )
        given.is_ordered = any(each.node in self.blocks.ordered for each in instances)
        given.x = state.current
        return given

    def argument(self, name: str, bound: Expression, state: State) -> str | None:
        """An argument of a layer as Python text, None if it cannot be written."""
        try:
            if name in ("like", "memory", "pool"):
                variable = self.tensor(bound, state)
                ends = "1:-1" if state.layout.is_last else "2:"
                return f"{variable}.shape[{ends}]" if name == "like" else variable
            return state.text(bound)
        except (Unwritable, Unsayable):
            return None

    @staticmethod
    def list_item(expression: Expression, state: State) -> str:
        word = getattr(expression, "name", getattr(expression, "value", ""))
        return "rest" if word == "rest" else state.text(expression)

    def steps(self, steps: Sequence[Step], given: KerasCall, state: State, name: str) -> None:
        """Apply what a layer is, one after another; `name` is its name, if it is applied again."""
        origin, target = state.current, state.variable
        own = origin == target and target not in state.tensors.values()
        if given.kind == "flatten" and own and drop_kept_axes(state.statements, target):
            return
        asks = f"{origin}.shape["
        texts = [flat(each.code) if isinstance(each, Applied) else flat(each.write(origin)) for each in steps[1:]]
        between = state.free("turned") if any(asks in text for text in texts) else target
        for step in steps:
            state.variable = target if step is steps[-1] else between
            x = state.current
            if not isinstance(step, Applied):
                state.assign(step.write(x))
                continue
            more = [each.format(x=x) for each in step.more]
            made = step.code._replace(items=(*step.code.items, Keyed("name=", given.label(step.suffix))))
            if name in self.blocks.reused and not step.suffix:
                variable = state.free(f"{name}_layer")
                state.statements.append(Assign(variable, made))
                state.layers[name] = variable
                state.owner.taken.add(variable)
                state.assign(call(variable, x, *more))
            else:
                state.assign(apply(made, x, *more))

    def reuse(self, unit: Call, state: State, segment: str, instances: Sequence[Instance]) -> None:
        """A layer that is applied again, after a border of its own."""
        (expression,) = unit.bound.values()
        known = state.layers.get(expression.name) if isinstance(expression, Name) else None
        if known is None:
            raise Unsayable(f"`reuse({expression.span.text})` of what is no layer of the same function")
        given = self.given(unit, state, segment, instances)
        for step in steps_of(given):
            if isinstance(step, Applied) and not step.suffix:
                state.assign(f"{known}({state.current})")
            else:
                self.steps([step], given, state, "")

    def activation(self, unit: Call, state: State, segment: str, instances: Sequence[Instance]) -> None:
        """An activation by its word: the kind or the block of that name, or a word that is an argument."""
        (expression,) = unit.bound.values()
        word = expression.name if isinstance(expression, Name) else getattr(expression, "value", "")
        if word == "identity":
            return
        if word not in {*state.owner.own, *state.owner.params}:
            if word in self.blocks.description.blocks:
                self.block(unit, self.blocks.description.blocks[word], state, state.path(segment))
                return
            given = self.given(unit, state, segment, instances)
            self.steps(steps_of(given), given, state, "")
            return
        kinds = {each.layer.kind for each in instances if each.layer is not None}
        if not kinds <= WORDS:
            raise Unsayable(f"Keras has no activation for a word of `{unit.span.text}`")
        text = state.text(expression)
        made = call("layers.Activation", text, Keyed("name=", state.label(segment)))
        if all(each.layer is not None for each in instances):
            state.assign(apply(made, state.current))
            return
        state.settle()
        state.statements.append(
            Under(f'if {text} != "identity":', (Assign(state.variable, apply(made, state.current)),))
        )

    def join(self, unit: Call, parts: Sequence[str] | str, state: State, segment: str,
             instances: Sequence[Instance]) -> None:  # fmt: skip
        """The parts of a merge, joined."""
        found = [each for each in instances if each.layer is not None]
        if not found:
            raise Unsayable(f"`{unit.kind}` joins nothing")
        ranks = {len(shape) for each in found for shape in each.sources}
        mixed = any(len({*map(len, each.sources)}) > 1 for each in found)
        if mixed or (len(ranks) > 1 and unit.kind not in ELEMENTWISE):
            raise Unsayable(f"`{unit.kind}` of tensors with other numbers of axes")
        join = Joined(
            unit.kind, max(ranks), lambda suffix: state.label(segment, suffix), state.layout, self.blocks.helpers
        )
        for name in ("axis", "transpose", "heads"):
            values = {getattr(each.layer, name) for each in found if hasattr(each.layer, name)}
            if len(values) > 1:
                raise Unsayable(f"`{name}` of `{unit.kind}` has several values")
            if values:
                setattr(join, name, values.pop())

        state.assign(join.write(parts))

    def block(self, unit: Call, target: Block, state: State, label: str) -> None:
        """A call of the function of a block."""
        function = self.blocks.function(target)
        arguments: list[Code] = [state.current]
        by_name = False
        for parameter in target.parameters:
            bound = unit.bound.get(parameter.name) if unit.target is not None and unit.kind == target.name else None
            if bound is None:
                by_name = True
                continue
            text = self.value(bound, parameter.name in function.tensors, state)
            arguments.append(Keyed(f"{self.blocks.python_name(parameter.name)}=", text) if by_name else text)
        arguments += [Keyed(f"{function.param(each)}=", state.owner.param(each)) for each in function.used]
        code = call(function.name, *arguments, Keyed("name=", label))
        if not function.exported:
            state.assign(code)
            return
        base = unit.segment or target.name
        given = [state.free(f"{base}_{each}") for each in function.exported]
        state.assign(code, ", ".join([state.variable, *given]))
        state.current = state.variable
        for each, variable in zip(function.exported, given, strict=True):
            state.tensors[f"{base}.{each}"] = variable
            state.owner.taken.add(variable)

    def value(self, bound: Expression, is_tensor: bool, state: State) -> str:
        """An argument of a block."""
        if not is_tensor:
            return state.text(bound)
        if isinstance(bound, Choice):
            yes, no = (self.value(each, True, state) for each in (bound.yes, bound.no))
            return f"{yes} if {state.text(bound.condition)} else {no}"
        word = getattr(bound, "name", getattr(bound, "value", ""))
        return "None" if word == "none" else self.tensor(bound, state)

    def tensor(self, expression: Expression, state: State) -> str:
        """The text of a named output. Raises Unsayable."""
        if isinstance(expression, Previous):
            return self.previous(expression, state)
        if isinstance(expression, Choice):
            return f"({self.value(expression, True, state)})"
        if isinstance(expression, Index):
            listed = state.lists.get(expression.owner.span.text.replace(" ", ""))
            if listed is None:
                raise Unsayable(f"`{expression.span.text}` is no output that the function has here")
            return f"{listed}[{state.text(expression.index)}]"
        if isinstance(expression, Member):
            return state.find(expression.span.text.replace(" ", ""), expression.span)
        if not isinstance(expression, Name):
            raise Unsayable(f"`{expression.span.text}` is no name of an output")
        return state.find(expression.name, expression.span)

    def previous(self, expression: Previous, state: State) -> str:
        """What entered an earlier round of the repeat around."""
        distance = expression.distance
        if not state.passed or not isinstance(distance, Literal) or not isinstance(distance.value, int):
            raise Unsayable(f"`{expression.span.text}` outside of the repeat's own call")
        back = distance.value
        found = f"{state.passed}[-{back}]"
        if expression.before is None or back == 1:
            return found
        before = self.value(expression.before, True, state)
        return f"{found} if {state.index} >= {back - 1} else {before}"
