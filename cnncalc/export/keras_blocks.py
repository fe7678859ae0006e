"""The functions of blocks in Keras code: which there are, what they take, and their lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cnncalc import limits
from cnncalc.export.about import LEFT_OUT
from cnncalc.export.axes import Layout
from cnncalc.export.expressions import identifier, literal
from cnncalc.export.keras_call import Unsayable
from cnncalc.export.keras_file import KerasFile, model_lines
from cnncalc.export.keras_flow import FlowWriter
from cnncalc.export.keras_lines import Assign, Statement, Under, lines_of
from cnncalc.export.keras_names import RESERVED, function_name
from cnncalc.export.keras_order import flattens_in_order
from cnncalc.export.keras_state import FunctionText, State, python_name
from cnncalc.export.layout import Code, call, indented, lay_out
from cnncalc.export.recording import Instance, record
from cnncalc.layers.arguments import Value
from cnncalc.network import Network
from cnncalc.spec.expressions import Expression
from cnncalc.spec.family import Description
from cnncalc.spec.name_expressions import Index, Member, Name, names_in, parts_of
from cnncalc.spec.sizes import SIZE_NAMES
from cnncalc.spec.tree import Block, Body, Call, Item, Merge, SyntaxUnit, chains_of, expressions_of, units_of
from cnncalc.spec.values import Word

TENSOR = "Tensor"
WORDS = re.compile(r"[^\W\d]\w*")


class BlockWriter:
    """Writes one architecture with the author's blocks."""

    def __init__(
        self, description: Description, params: Mapping[str, Value], network: Network, layout: Layout,
        inputs: dict[str, str],
    ) -> None:  # fmt: skip
        self.description = description
        self.params = params
        self.network = network
        self.layout = layout
        self.inputs = inputs
        self.recorder = record(description, dict(params), network)
        self.ordered = flattens_in_order(network)
        self.helpers: set[str] = set()
        self.functions: dict[str, FunctionText] = {}  # by the name of their block
        self.done: list[FunctionText] = []
        self.name = function_name(network.name, ())
        self.names = {self.name}
        self.outputs: list[str] = []
        self.left_out = False  # whether a part of the text never runs with these params
        self.steps = 0
        self.chains = chains_of(description.layers or ())
        for block in description.blocks.values():
            self.chains += chains_of(block.body)
        self.read = self.names_that_are_read()
        self.rounds_read = self.names_of_rounds()
        self.reused = self.names_of_reuse()
        self.flow = FlowWriter(self)
        parameters = {python_name(each.name) for block in description.blocks.values() for each in block.parameters}
        self.passed = {each: identifier(each, lambda name: name in parameters or name in RESERVED) for each in params}

    # what the text reads

    def expressions(self) -> list[Expression]:
        found = [part for each in expressions_of(self.chains) for part in parts_of(each)]
        for unit in units_of(self.chains):
            if isinstance(unit, Call):
                found += [part for source in unit.sources for part in parts_of(source)]
        return found

    def members(self) -> set[str]:
        """The names that are read from outside of their block, `m1.y0`."""
        return {part.name for part in self.expressions() if isinstance(part, Member)} - set(SIZE_NAMES)

    def names_that_are_read(self) -> set[str]:
        """The named outputs that something reads: not those of which rounds or outputs inside alone are read."""
        named = {chain.name for chain in self.chains if chain.name}
        parts = self.expressions()
        owners = {id(each.owner) for each in parts if isinstance(each, Index)}
        owners |= {id(each.owner) for each in parts if isinstance(each, Member) and each.name not in SIZE_NAMES}
        owners |= {id(each) for each in self.rounds()}
        read = {part.name for part in parts if isinstance(part, Name) and id(part) not in owners}
        return (read | self.members()) & named

    def rounds(self) -> list[Expression]:
        """The repeats whose rounds are merged, or are branches."""
        merges = [unit for unit in units_of(self.chains) if isinstance(unit, Merge)]
        found = [merge.rounds for merge in merges] + [each.rounds for merge in merges for each in merge.branches]
        return [each for each in found if each is not None]

    def names_of_rounds(self) -> set[str]:
        """The repeats of which rounds are read one by one, or all."""
        found = self.rounds() + [part.owner for part in self.expressions() if isinstance(part, Index)]
        return {each.name for each in found if isinstance(each, Name)}

    def names_of_reuse(self) -> set[str]:
        units = [unit for unit in units_of(self.chains) if isinstance(unit, Call) and unit.target == "reuse"]
        return {name.name for unit in units for bound in unit.bound.values() for name in names_in(bound)}

    def runs(self, part: SyntaxUnit | Item) -> Sequence[Instance]:
        return self.recorder.instances.get(id(part), ())

    def step(self) -> None:
        """Count a part of the text that is written. Raises Unsayable."""
        self.steps += 1
        if self.steps > limits.EXPORT_STEPS:
            raise Unsayable("its blocks take too many steps to write")

    @staticmethod
    def python_name(name: str) -> str:
        return python_name(name)

    # functions

    def params_of(self, block: Block) -> list[str]:
        """The params of the file that a block, or what it calls, reads."""
        found: dict[str, None] = {}
        waiting, seen = [block], {block.name}
        while waiting:
            one = waiting.pop()
            own = {parameter.name for parameter in one.parameters}
            texts = [*expressions_of(chains_of(one.body)), *(p.default for p in one.parameters if p.default)]
            read = {name.name for each in texts for name in names_in(each)} - own
            found.update(dict.fromkeys(sorted(read & set(self.params))))
            for unit in units_of(chains_of(one.body)):
                if isinstance(unit, Call) and isinstance(unit.target, Block) and unit.target.name not in seen:
                    seen.add(unit.target.name)
                    waiting.append(unit.target)
        return [name for name in self.params if name in found]

    def function(self, block: Block) -> FunctionText:
        """The function of a block, which is written when it is first needed."""
        if block.name in self.functions:
            return self.functions[block.name]
        name = function_name(block.name, self.names | {python_name(each) for each in self.params})
        self.names.add(name)
        owner = FunctionText(name, block, self.params, self.params_of(block))
        owner.passed = self.passed
        self.functions[block.name] = owner
        given = self.recorder.arguments.get(block.name, [])
        owner.tensors = {
            parameter.name for parameter in block.parameters
            if any(type(each.get(parameter.name)).__name__ == "Output" for each in given)
        }  # fmt: skip
        owner.exported = [chain.name for chain in chains_of(block.body) if chain.name in self.members()]
        owner.taken |= {python_name(each) for each in owner.own} | self.names
        names = {each.name for text in expressions_of(chains_of(block.body)) for each in names_in(text)}
        owner.start = "inputs" if "input" in names else "x"
        state = State(owner, self.layout, "{name}-", owner.start)
        self.write(owner, block.body, state)
        words = set(WORDS.findall("\n".join(lines_of(owner.statements))))
        owner.used = [each for each in owner.used if owner.param(each) in words]
        self.done.append(owner)
        return owner

    def write(self, owner: FunctionText, body: Body, state: State) -> None:
        owner.taken |= self.names
        first = state.current
        self.flow.body(body, state)
        owner.result = state.current
        if owner.exported:
            missing = [name for name in owner.exported if name not in state.tensors]
            if missing:
                raise Unsayable(f"`{missing[0]}` is not always there at the end of its block")
            owner.result = ", ".join([state.current, *(state.tensors[name] for name in owner.exported)])
        for parameter in reversed(owner.block.parameters if owner.block else ()):
            if parameter.default is not None and not self.is_plain(parameter.default):
                variable = python_name(parameter.name)
                start = State(owner, self.layout, "", first)
                default = Assign(variable, start.text(parameter.default))
                owner.statements.insert(0, Under(f"if {variable} is None:", (default,)))
        if owner.reads_channels:
            channels = f"{first}.shape[{self.layout.channels()}]"
            owner.statements.insert(0, Assign("in_channels", channels))
        if "divisible" in owner.taken:
            self.helpers.add("divisible")

    def is_plain(self, expression: Expression) -> bool:
        """Whether a default stands for itself, so that it can be one in Python."""
        parameters = {each.name for block in self.description.blocks.values() for each in block.parameters}
        return not any(
            name.name in (*self.params, "in_channels", "channels") or name.name in parameters
            for name in names_in(expression)
        )

    # lines

    def function_lines(self, owner: FunctionText) -> list[str]:
        block = owner.block
        assert block is not None
        arguments: list[Code] = [f"{owner.start}: {TENSOR}"]
        arguments += [self.parameter(owner, parameter.name, parameter.default) for parameter in block.parameters]
        arguments.append("*")
        arguments += [f"{owner.param(name)}: {type_of(self.params[name])}" for name in owner.used]
        arguments.append("name: str")
        count = owner.result.count(", ")
        returned = f"tuple[{', '.join([TENSOR] * (count + 1))}]" if count else TENSOR
        lines = lay_out("", call(f"def {owner.name}", *arguments), f" -> {returned}:", 0)
        return [*lines, *indented(self.body_lines(owner))]

    def body_lines(self, owner: FunctionText) -> list[str]:
        """The statements, of which the last assignment is what is returned."""
        statements = list(owner.statements)
        last = statements[-1] if statements else None
        if isinstance(last, Assign) and last.variable == owner.result:
            return [*lines_of(statements[:-1]), *lay_out("return ", last.code, "", 4)]
        return [*lines_of(statements), f"return {owner.result}"]

    def parameter(self, owner: FunctionText, name: str, default: Expression | None) -> str:
        """A parameter with its type and its default."""
        block = owner.block
        assert block is not None
        values = [each[name] for each in self.recorder.arguments.get(block.name, []) if name in each]
        if name in owner.tensors:
            optional = default is not None or any(each == "none" for each in values)
            return f"{python_name(name)}: {TENSOR}{' | None' if optional else ''}{' = None' if default else ''}"
        kind = self.annotation(values)
        if default is None:
            return f"{python_name(name)}: {kind}"
        if not self.is_plain(default):
            return f"{python_name(name)}: {kind} | None = None"
        start = State(owner, self.layout, "", "x")
        return f"{python_name(name)}: {kind} = {start.text(default)}"

    def annotation(self, values: Sequence[Value]) -> str:
        """The type of a parameter, by the values that it had."""
        return " | ".join(sorted({type_of(value) for value in values})) or "int"

    def file(self) -> str:
        """The whole file. Raises Unsayable, Unwritable."""
        owner = FunctionText(self.name, None, self.params, [])
        layers = self.description.layers
        assert layers is not None
        first = next(iter(self.inputs.values()))
        state = State(owner, self.layout, "", first)
        owner.taken |= set(self.inputs.values())
        if len(self.inputs) > 1:
            state.tensors = dict(self.inputs)
        self.write(owner, layers, state)
        words = set(WORDS.findall("\n".join(lines_of(owner.statements))))
        parameters = [
            f"{python_name(name)}: {type_of(value)} = {literal(value)}"
            for name, value in self.params.items()
            if python_name(name) in words
        ]
        statements: list[Statement] = list(owner.statements)
        outputs = {"": owner.result}
        if self.outputs:
            statements.insert(0, Assign("outputs: dict[str, Tensor]", "{}"))
            if "" in self.network.outputs:
                statements.append(Assign('outputs["output"]', owner.result))
            outputs = {"": "outputs"}
        if self.outputs != [name for name in self.network.outputs if name]:
            raise Unsayable("its outputs are in blocks")
        lines = model_lines(self.network, self.layout, self.name, parameters, self.inputs, statements, outputs)
        functions = [*map(self.function_lines, self.done), lines]
        notes = [LEFT_OUT] if self.left_out else []
        return KerasFile(self.network, self.layout, self.name, functions, self.helpers, notes).text()


def type_of(value: Value) -> str:
    """The type of a value of a parameter."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str | Word):
        return "str"
    if isinstance(value, tuple):
        inner = [type_of(item) for item in value]
        if len(set(inner)) == 1 and len(inner) > 3:
            return f"tuple[{inner[0]}, ...]"
        return f"tuple[{', '.join(inner)}]"
    return "int" if isinstance(value, int) else "float"
