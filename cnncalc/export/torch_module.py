"""An architecture as a PyTorch module: a class for each block, `* n` a loop, branches and merges in `forward`.

The code is written from the author's own tree; every number of channels that it writes is checked against what the
network came to. The keys of the module's state are the paths of our layers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod
from textwrap import wrap

from cnncalc.errors import Problem, Problems, Span, SpecError
from cnncalc.export.expressions import Unwritable, identifier, literal, put_names, quote
from cnncalc.export.layout import WIDTH, Bracketed, Code, call, flat, indented, lay_out
from cnncalc.export.recording import Instance, channels_name, record
from cnncalc.export.torch_body import IN_CHANNELS, ClassText, Tensor, python_name, setting, written
from cnncalc.export.torch_call import NOWHERE, State
from cnncalc.export.torch_chain import ChainWriter, NotSequential
from cnncalc.export.torch_flow import FlowWriter, as_call
from cnncalc.export.torch_helpers import helper_text
from cnncalc.export.torch_kinds import Refused
from cnncalc.export.torch_names import ACTIVATION_MODULES
from cnncalc.layers.arguments import Value
from cnncalc.network import Network
from cnncalc.spec.expressions import Expression, Literal, Member, Name, names_in, parts_of
from cnncalc.spec.family import Description
from cnncalc.spec.load import evaluate_params
from cnncalc.spec.sizes import SIZE_NAMES
from cnncalc.spec.tree import Block, Body, Call, Chain, Item, Merge, SyntaxUnit, chains_of, expressions_of, units_of
from cnncalc.spec.values import Word

_WORDS = re.compile(r"[^\W\d]\w*")
LEFT_OUT = "Parts of the architecture that do not run with its params as they are here are left out."


class ModuleWriter:
    """Writes one architecture."""

    def __init__(self, description: Description, params: Mapping[str, Value], network: Network) -> None:
        self.description = description
        self.params = params
        self.network = network
        self.recorder = record(description, dict(params), network)
        self.classes: dict[str, ClassText] = {}  # of blocks
        self.order: list[ClassText] = []
        self.names: set[str] = {"nn", "torch", "math", "F", "OrderedDict", "Any", "Sequence"}
        self.blocks_of: dict[str, Block] = {}  # by the name of their class
        self.chains = ChainWriter(self)
        self.flow = FlowWriter(self, self.chains)
        self.read = self.names_that_are_read()
        self.rounds_read = self.names_of_rounds()
        self.parameters = {p.name for block in description.blocks.values() for p in block.parameters}
        self.outputs: list[str] = []
        self.refusals: dict[Span, Problem] = {}
        self.left_out = False  # whether a part of the text never runs with these params
        self.ended = False
        self.top: ClassText | None = None
        self.parts: dict[str, ClassText] = {}  # classes of parts of bodies, by name

    def bodies(self) -> list[Body]:
        return [self.description.layers or (), *(block.body for block in self.description.blocks.values())]

    def names_that_are_read(self) -> set[str]:
        """The names of outputs that something reads, anywhere in the text."""
        found: set[str] = set()
        for body in self.bodies():
            chains = chains_of(body)
            for unit in units_of(chains):
                if isinstance(unit, Call):
                    found |= {name.name for source in unit.sources for name in names_in(source)}
            for expression in expressions_of(chains):
                found |= {name.name for name in names_in(expression)}
        named = {chain.name for body in self.bodies() for chain in chains_of(body)}
        return (found | self.members()) & named

    def names_of_rounds(self) -> set[str]:
        """The repeats whose rounds are merged."""
        merges = [unit for body in self.bodies() for unit in units_of(chains_of(body)) if isinstance(unit, Merge)]
        return {merge.rounds.name for merge in merges if isinstance(merge.rounds, Name)}

    def members(self) -> set[str]:
        """The names that are read from outside of their block, `m1.y0`."""
        found = {
            part.name
            for body in self.bodies()
            for expression in expressions_of(chains_of(body))
            for part in parts_of(expression)
            if isinstance(part, Member)
        }
        return found - set(SIZE_NAMES)

    def exported(self, block: Block) -> list[str]:
        """The named outputs of a block that are read from outside."""
        return [chain.name for chain in chains_of(block.body) if chain.name in self.members()]

    def runs(self, part: SyntaxUnit | Item, state: State) -> Sequence[Instance]:
        """The runs of a part of the text; in a round that is written by itself, those of this round."""
        found = self.recorder.instances.get(id(part), [])
        if isinstance(state.index, Literal):
            return [each for each in found if each.values.get("index", state.index.value) == state.index.value]
        return found

    def counts(self, item: Item, state: State) -> set[int]:
        """How many rounds a repeat has; in a round that is written by itself, how many it has there."""
        found = self.recorder.counts.get(id(item), [])
        known = state.index.value if isinstance(state.index, Literal) else None
        return {count for index, count in found if known is None or index is None or index == known}

    def refuse(self, unit: SyntaxUnit, reason: str) -> None:
        """Report a part of the text that has no counterpart, once."""
        self.refusals[unit.span] = Problem("no-counterpart", f"PyTorch: {reason}", unit.span)

    # classes

    def class_name(self, name: str) -> str:
        words = [word for word in re.split(r"[_\W]+", name) if word]
        text = "".join(word[:1].upper() + word[1:] for word in words) or "Part"
        return self.take(identifier(text if not text[0].isdigit() else f"Block{text}", lambda each: each in self.names))

    def take(self, name: str) -> str:
        self.names.add(name)
        return name

    def words(self) -> dict[str, str]:
        """Classes that a word stands for, where an activation or a block is an argument."""
        return {word: name for word, name in ACTIVATION_MODULES.items() if word not in self.description.blocks}

    def new(self, name: str) -> ClassText:
        return ClassText(self.class_name(name), self.params, self.words())

    def block(self, block: Block) -> ClassText:
        """The class of a block, which is written when it is first needed."""
        if block.name in self.classes:
            return self.classes[block.name]
        owner = self.new(block.name)
        self.classes[block.name] = owner
        self.blocks_of[owner.name] = block
        arguments = self.recorder.arguments.get(block.name, [])
        tensors = [
            parameter.name
            for parameter in block.parameters
            if any(type(given.get(parameter.name)).__name__ == "Output" for given in arguments)
        ]
        owner.tensor_names = frozenset(tensors)
        own = {parameter.name for parameter in block.parameters} - set(tensors)
        owner.own_names = frozenset(own | {IN_CHANNELS} | {channels_name(name) for name in tensors})
        if self.calls_itself(block):  # its arguments are needed before its body is written
            named = {name.name for each in expressions_of(chains_of(block.body)) for name in names_in(each)}
            owner.used = dict.fromkeys([IN_CHANNELS, *sorted(own), *sorted(named & {*self.params} - own)])
        state = State(owner, Name(NOWHERE, IN_CHANNELS))
        for name in tensors:
            state.tensors[name] = Tensor(python_name(name), Name(NOWHERE, channels_name(name)))
            owner.tensors[name] = None
        self.write(owner, block.body, state, exported=self.exported(block))
        self.order.append(owner)
        return owner

    def calls_itself(self, block: Block) -> bool:
        """Whether a block calls itself, also by others."""
        seen: set[str] = set()
        waiting = [block]
        while waiting:
            for unit in units_of(chains_of(waiting.pop().body)):
                if isinstance(unit, Call) and isinstance(unit.target, Block) and unit.kind not in seen:
                    seen.add(unit.kind)
                    waiting.append(unit.target)
        return block.name in seen

    def write(self, owner: ClassText, body: Body, state: State, exported: Sequence[str] = ()) -> None:
        """Write a body: as a chain of modules, else with a `forward`."""
        if not state.several and any(
            name.name == "input" for each in expressions_of(chains_of(body)) for name in names_in(each)
        ):
            state.current = state.input = owner.input = "inputs"  # not `x`, which is assigned again and again
        trial = state.copy()
        if not exported and not owner.tensors:
            try:
                owner.entries = self.chains.body(body, trial)
                owner.out = None if trial.channels is None else owner.expand(trial.channels)
                return
            except NotSequential:
                owner.entries = None
        self.flow.body(body, state)
        owner.result = state.current
        owner.out = None if state.channels is None else owner.expand(state.channels)
        if exported:
            owner.result = ", ".join([state.current, *(state.tensors[name].variable for name in exported)])

    def part(self, body: Body, state: State, label: str) -> Code:
        """A class for a part of a body: the constructor, with what it needs of the names around it."""
        outer = state.owner
        owner = self.new(f"{outer.name}_{label}")
        owner.own_names, owner.tensor_names = outer.own_names, outer.tensor_names | frozenset(state.tensors)
        owner.in_channels, owner.locals = outer.in_channels, dict(outer.locals)
        inner = state.copy()
        inner.owner, inner.current, inner.ahead, inner.modules = owner, "x", {}, {}
        inner.input = "x"
        known = set(owner.locals)
        self.write(owner, body, inner)
        for name in known:
            owner.locals.pop(name, None)
        self.order.append(owner)
        self.parts[owner.name] = owner
        state.channels = inner.channels if owner.entries is None else owner.out
        owner.outer_locals = known & self.mentioned(owner)
        names = [name for name, _ in self.signature(owner)]
        return call(owner.name, *(outer.named(name) for name in names))

    def part_of_unit(self, unit: SyntaxUnit, state: State, label: str) -> Code:
        """The same of a single unit."""
        item = Item(unit, None, None, None, unit.span)
        return self.part((Chain("", None, (item,), unit.span),), state, label)

    def mentioned(self, owner: ClassText) -> set[str]:
        text = "\n".join(self.constructor(owner))
        return set(_WORDS.findall(text))

    def tensors_of(self, code: Code, state: State) -> list[str]:
        """The variables that a part of a body reads, by the call of its class."""
        owner = self.parts[code.head] if isinstance(code, Bracketed) else None
        if owner is None:
            return []
        found = []
        for name in owner.tensors:
            if name in state.owner.tensor_names:
                state.owner.tensors[name] = None
                found.append(python_name(name))
            else:
                found.append(state.tensors[name].variable)
        return found

    def is_top(self, owner: ClassText) -> bool:
        return owner is self.top

    # arguments

    def signature(self, owner: ClassText) -> list[tuple[str, bool]]:
        """The parameters of a class in order, each with whether it has a default."""
        block = self.blocks_of.get(owner.name)
        used = [*owner.used, *sorted(getattr(owner, "outer_locals", ()))]
        if "index" in self.mentioned(owner) and not block and owner is not self.top and self.needs_index(owner):
            used.append("index")
        if block is None:
            first = [name for name in used if name == IN_CHANNELS]
            return [(name, False) for name in [*first, *(name for name in used if name != IN_CHANNELS)]]
        defaults = {p.name: p.default for p in block.parameters if p.default is not None}
        plain = {name for name, value in defaults.items() if self.is_plain(value)}
        declared = [p.name for p in block.parameters if p.name in used]
        others = [name for name in used if name not in declared and name != IN_CHANNELS]
        order = [name for name in (IN_CHANNELS,) if name in used]
        order += [name for name in declared if name not in plain] + others
        return [(name, False) for name in order] + [(name, True) for name in declared if name in plain]

    @staticmethod
    def needs_index(owner: ClassText) -> bool:
        texts = [flat(each.code) for each in owner.init if not each.header.startswith("for index")] + [
            str(text) for text in owner.kept.values()
        ]
        texts += [flat(entry.code) for entry in owner.entries or () if not entry.loop]
        return any(re.search(r"\bindex\b(?! in range)", re.sub(r"\[.* for index in range", "", text)) for text in texts)

    def is_plain(self, expression: Expression) -> bool:
        """Whether a default stands for itself, so that it can be one in Python."""
        return not any(
            name.name in (*self.params, IN_CHANNELS, "channels") or name.name in self.parameters
            for name in names_in(expression)
        )

    def argument(self, unit: Call, name: str, state: State) -> str | None:
        """The argument of a block's call as Python text, None for its default. Raises Refused."""
        block = unit.target
        if name == IN_CHANNELS:
            return self.channels(unit, state)
        for parameter in block.parameters:
            if channels_name(parameter.name) == name and parameter.name in self.classes[block.name].tensor_names:
                value = unit.bound.get(parameter.name)
                assert isinstance(value, Expression)
                tensor = self.flow.tensor(value, state)
                return state.owner.text(State.known(tensor.channels))
        if name in unit.bound:
            return state.owner.text(state.resolve(unit.bound[name]))
        default = next((p.default for p in block.parameters if p.name == name), None)
        if default is None:
            return state.owner.named(name)  # a param of the file
        if self.is_plain(default):
            return None
        given = self.given(unit, state)
        return state.owner.text(put_names(default, given))

    def channels(self, unit: Call, state: State) -> str:
        """The channels that go into a block."""
        instances = self.runs(unit, state)
        wanted = [(instance, instance.before[0]) for instance in instances]
        if state.channels is not None and self.chains.holds(state.channels, wanted, state.owner):
            return state.owner.text(state.channels)
        numbers = {number for _, number in wanted}
        if len(numbers) != 1:
            raise Refused(f"the channels that go into `{unit.span.text}` differ each time")
        return str(numbers.pop())

    def given(self, unit: Call, state: State) -> dict[str, Expression]:
        """What the names inside of a block stand for in a call, as expressions outside."""
        values: dict[str, Expression] = {}
        if state.channels is not None:
            values[IN_CHANNELS] = state.channels
        for parameter in unit.target.parameters:
            if parameter.name in unit.bound:
                bound = unit.bound[parameter.name]
                try:
                    values[parameter.name] = state.resolve(bound)
                    tensor = (
                        self.flow.tensor(bound, state)
                        if parameter.name in self.classes[unit.target.name].tensor_names
                        else None
                    )
                    if tensor is not None and tensor.channels is not None:
                        values[channels_name(parameter.name)] = tensor.channels
                except (Unwritable, Refused):
                    continue
            elif parameter.default is not None:
                values[parameter.name] = put_names(parameter.default, values)
        return values

    def out_of(self, unit: Call, state: State) -> Expression | None:
        """The channels of a block's output in a call; None if they are not known."""
        out = self.classes[unit.target.name].out
        if out is None:
            return None
        values = self.given(unit, state)
        own = {parameter.name for parameter in unit.target.parameters} | {IN_CHANNELS}
        if any(name.name in own and name.name not in values for name in names_in(out)):
            return None
        return put_names(out, values)

    def python_name(self, name: str) -> str:
        return python_name(name)

    # the text

    def constructor(self, owner: ClassText) -> list[str]:
        """The lines inside of `__init__`, after the call of the parent's."""
        lines = [line for name, text in owner.kept.items() for line in lay_out(f"self.{name} = ", text, "", 8)]
        settings = [each for entry in owner.entries for each in setting(entry)] if owner.entries else owner.init
        lines += written(settings, 8)
        for name, text in reversed(owner.statements.items()):
            if any(name in _WORDS.findall(line) for line in lines):
                lines = [*lay_out(f"{name} = ", text, "", 8), *lines]
        return lines

    def annotation(self, owner: ClassText, name: str) -> str:
        """The type of a parameter, by the values that it had."""
        block = self.blocks_of.get(owner.name)
        if name == IN_CHANNELS or name == "index" or name in getattr(owner, "outer_locals", ()):
            return "int"
        if block is not None and any(channels_name(p.name) == name for p in block.parameters):
            return "int"
        values = (
            [given[name] for given in self.recorder.arguments.get(block.name, []) if name in given] if block else []
        )
        if not values:
            values = [given[name] for each in self.recorder.arguments.values() for given in each if name in given]
        if not values and name in self.params:
            values = [self.params[name]]
        return " | ".join(sorted({self.type_of(value) for value in values})) or "int"

    def type_of(self, value: Value) -> str:
        if isinstance(value, bool):
            return "bool"
        if isinstance(value, Word):
            return "type[nn.Module]" if value in self.words() else "str"
        if isinstance(value, str):
            return "str"
        if isinstance(value, tuple):
            inner = [self.type_of(item) for item in value]
            if len(set(inner)) == 1 and len(inner) > 3:
                return f"tuple[{inner[0]}, ...]"
            return f"tuple[{', '.join(inner)}]"
        return "int" if isinstance(value, int) else "float"

    def class_lines(self, owner: ClassText) -> list[str]:
        parent = "nn.Module" if owner.entries is None else "nn.Sequential"
        inner = self.constructor(owner)
        parameters: list[Code] = ["self"]
        for name, default in self.signature(owner):
            text = f"{python_name(name)}: {self.annotation(owner, name)}"
            if default:
                block = self.blocks_of[owner.name]
                value = next(p.default for p in block.parameters if p.name == name)
                assert value is not None
                text += f" = {owner.text(value)}"
            elif owner is self.top:
                text += f" = {self.default(name)}"
            parameters.append(text)
        lines = [f"class {owner.name}({parent}):"]
        init = lay_out("", call("def __init__", *parameters), " -> None:", 4)
        lines += indented(init + indented(["super().__init__()", *inner]))
        if owner.entries is None:
            lines += ["", *indented(self.forward(owner))]
        return lines

    def default(self, name: str) -> str:
        value = self.params[name]
        if isinstance(value, Word):
            return self.words().get(value, quote(value))
        return literal(value)

    def forward(self, owner: ClassText) -> list[str]:
        inputs = [owner.input]
        if owner is self.top and len(self.network.inputs) > 1:
            inputs = [python_name(name) for name in self.network.inputs]
        inputs += [python_name(name) for name in owner.tensors]
        kind = "torch.Tensor"
        given = owner.result.count(", ") if owner is not self.top and re.fullmatch(r"[\w, ]+", owner.result) else 0
        returned = f"tuple[{', '.join([kind] * (given + 1))}]" if given else kind
        result = owner.result
        lines = list(owner.forward)
        if owner is self.top and self.outputs:
            returned = f"dict[str, {kind}]"
            lines = [f"outputs: dict[str, {kind}] = {{}}", *lines]
            if not self.ended_by_outputs():
                lines.append(f'outputs["output"] = {result}')
            result = "outputs"
        elif lines and lines[-1].startswith(f"{result} = ") and result.isidentifier():
            result = lines.pop()[len(result) + 3 :]
        elif lines and result.isidentifier() and self.ends_with_assignment(lines, result):
            start = max(at for at, line in enumerate(lines) if line.startswith(f"{result} = "))
            lines[start:] = [f"return {lines[start][len(result) + 3 :]}", *lines[start + 1 :]]
            result = ""
        head = lay_out("", call("def forward", "self", *(f"{name}: {kind}" for name in inputs)), f" -> {returned}:", 4)
        body = [*lines, *(lay_out("return ", as_call(result), "", 8) if result else [])]
        return head + indented(body)

    @staticmethod
    def ends_with_assignment(lines: list[str], name: str) -> bool:
        """Whether the last statement, on several lines, assigns to a name."""
        if lines[-1] not in (")", "]"):
            return False
        starts = [at for at, line in enumerate(lines) if not line.startswith((" ", ")", "]"))]
        return lines[starts[-1]].startswith(f"{name} = ")

    def ended_by_outputs(self) -> bool:
        return "" not in self.network.outputs

    def file(self) -> str:
        """The whole file. Raises Refused."""
        layers = self.description.layers
        assert layers is not None
        top = self.new(self.network.name)
        self.top = top
        first = next(iter(self.network.inputs.values()))
        several = len(self.network.inputs) > 1
        state = State(top, None if several else Literal(NOWHERE, first[0]))
        state.several = several
        for name, shape in self.network.inputs.items():
            variable = python_name(name) if several else "x"
            state.tensors[name] = Tensor(variable, Literal(NOWHERE, shape[0]))
        top.in_channels = Literal(NOWHERE, first[0])
        self.write(top, layers, state)
        self.order.append(top)
        return "\n".join(self.lines()) + "\n"

    def lines(self) -> list[str]:
        classes = [line for owner in self.order for line in ["", "", *self.class_lines(owner)]]
        helpers = self.helpers()
        checks = self.checks()
        text = "\n".join([*helpers, *classes, *checks])
        return [*self.head(text), *helpers, *classes, "", "", *checks]

    def helpers(self) -> list[str]:
        names = {name for owner in self.order for name in owner.helpers}
        names |= {"divisible" for owner in self.order if "divisible" in owner.functions}
        return [line for name in sorted(names, key=str.lower) for line in ["", "", *helper_text(name).split("\n")]]

    def head(self, text: str) -> list[str]:
        standard = ["import functools"] if "functools." in text else []
        standard += ["import math"] if re.search(r"\bmath\.", text) else []
        standard += ["from collections import OrderedDict"] if "OrderedDict" in text else []
        standard += ["from collections.abc import Sequence"] if re.search(r"\bSequence\[", text) else []
        standard += ["from typing import Any"] if re.search(r"\bAny\b", text) else []
        other = ["import torch"] if re.search(r"\btorch\.", text) else []
        other += ["import torch.nn.functional as F"] if re.search(r"\bF\.", text) else []
        imports = [*standard, *([""] if standard else []), *other, "from torch import nn"]
        return [*self.docstring(), "", *imports]

    def docstring(self) -> list[str]:
        shapes = ", ".join("×".join(map(str, shape)) for shape in self.network.inputs.values())
        lines = [f"{self.network.name} at {shapes}: {self.counted():,} parameters.", ""]
        lines += wrap(self.network.source, 85) if self.network.source else []
        lines += ["", *wrap(LEFT_OUT, 85)] if self.left_out else []
        text = (
            "\n".join(lines).strip().replace("\\", "\\\\").replace('"', '\\"' if '"""' in self.network.source else '"')
        )
        return f'"""{text}\n"""'.split("\n") if "\n" in text else [f'"""{text}"""']

    def counted(self) -> int:
        """The parameters, without buffers."""
        return sum(
            prod(weight.shape)
            for node in self.network.nodes
            if node.shares is None
            for weight in node.layer.weights(node.input_shapes)
            if not weight.name.rpartition(".")[2].startswith("running_")
        )

    def checks(self) -> list[str]:
        """A block that asserts the parameters and the output's shape, computed without numbers."""
        assert self.top is not None
        lines = ['if __name__ == "__main__":', f'    network = {self.top.name}().to("meta").eval()']
        sizes = [", ".join(map(str, (1, *shape))) for shape in self.network.inputs.values()]
        applied = call("network", *(f'torch.empty({size}, device="meta")' for size in sizes))
        lines += [f"    assert sum(p.numel() for p in network.parameters()) == {self.counted():_}"]
        if not self.outputs:
            shape = literal((1, *self.network.shape_at(self.network.outputs[""])))
            line = f"    assert {flat(applied)}.shape == {shape}"
            if len(line) <= WIDTH:
                return [*lines, line]
            return [*lines, *indented(lay_out("output = ", applied, "", 4)), f"    assert output.shape == {shape}"]
        lines += indented(lay_out("outputs = ", applied, "", 4))
        for name, index in self.network.outputs.items():
            key = name.rpartition(".")[2] if name else "output"
            shape = literal((1, *self.network.shape_at(index)))
            lines += [f"    assert outputs[{quote(key)}].shape == {shape}"]
        return lines


def write_module(description: Description, network: Network) -> str:
    """The text of a Python file with the network as a module. Raises SpecError with all that has no counterpart."""
    writer = ModuleWriter(description, evaluate_params(description, Problems()), network)
    try:
        text = writer.file()
    except Refused as refused:
        assert description.layers is not None
        writer.refusals.setdefault(description.layers[0].span, Problem("no-counterpart", f"PyTorch: {refused}"))
    if writer.refusals:
        raise SpecError([writer.refusals[span] for span in sorted(writer.refusals, key=lambda span: span.start)])
    return text
