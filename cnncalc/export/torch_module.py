"""An architecture as a PyTorch module: a class for each block, `* n` a loop, branches and merges in `forward`.

The code is written from the author's own tree; every number of channels that it writes is checked against what the
network came to. The keys of the module's state are the paths of our layers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from cnncalc import limits
from cnncalc.errors import CnncalcError, Problem, Problems, Span, SpecError
from cnncalc.export.about import A_LAYER_A_LINE, LEFT_OUT
from cnncalc.export.expressions import Unwritable, identifier
from cnncalc.export.layout import Bracketed, Code, call
from cnncalc.export.recording import Instance, channels_name, record
from cnncalc.export.torch_arguments import Arguments
from cnncalc.export.torch_body import IN_CHANNELS, ClassText, Tensor, python_name
from cnncalc.export.torch_call import NOWHERE, State, is_unpooling
from cnncalc.export.torch_chain import SIZES_DECIDE, ChainWriter
from cnncalc.export.torch_file import FilePrinter
from cnncalc.export.torch_flat import FlatWriter
from cnncalc.export.torch_flow import FlowWriter
from cnncalc.export.torch_helpers import helper_names
from cnncalc.export.torch_names import ACTIVATION_MODULES
from cnncalc.export.torch_statements import NotSequential
from cnncalc.export.torch_text import WORDS, ClassPrinter
from cnncalc.layers.arguments import Value
from cnncalc.layers.settings import POOL
from cnncalc.network import Network
from cnncalc.records import NamedTuple
from cnncalc.spec.builder import raise_recursion_limit
from cnncalc.spec.expressions import Literal
from cnncalc.spec.family import Description
from cnncalc.spec.load import evaluate_params
from cnncalc.spec.name_expressions import Member, Name, names_in, parts_of
from cnncalc.spec.sizes import SIZE_NAMES
from cnncalc.spec.tree import Block, Body, Call, Chain, Item, Merge, SyntaxUnit, chains_of, expressions_of, units_of

INPUT = "input"  # of a block, by its name
LONGEST_RESULT = 40  # of what is returned beside other tensors
TAKEN = frozenset({"nn", "torch", "math", "F", "OrderedDict", "Any", "Sequence", "functools", *helper_names()})


def class_name(name: str, taken: Collection[str]) -> str:
    """The name of a class, in capitalized words, which is not taken."""
    words = [word for word in re.split(r"[_\W]+", name) if word]
    text = "".join(word[:1].upper() + word[1:] for word in words) or "Part"
    return identifier(text if not text[0].isdigit() else f"Block{text}", lambda each: each in taken)


class ModuleWriter:
    """Writes one architecture."""

    def __init__(self, description: Description, params: Mapping[str, Value], network: Network) -> None:
        self.description = description
        self.params = params
        self.network = network
        self.arguments = Arguments(self)
        self.text = ClassPrinter(self)
        self.recorder = record(description, dict(params), network)
        self.classes: dict[str, ClassText] = {}  # of blocks
        self.order: list[ClassText] = []
        self.names = set(TAKEN)
        self.blocks_of: dict[str, Block] = {}  # by the name of their class
        self.chains = ChainWriter(self)
        self.flow = FlowWriter(self, self.chains)
        self.read = self.names_that_are_read()
        self.rounds_read = self.names_of_rounds()
        self.pools = self.names_of_pools()
        self.parameters = {p.name for block in description.blocks.values() for p in block.parameters}
        self.refusals: dict[Span, Problem] = {}
        self.steps = 0
        self.left_out = False  # whether a part of the text never runs with these params
        self.top: ClassText | None = None
        self.parts: dict[str, ClassText] = {}  # classes of parts of bodies, by name

    def bodies(self) -> list[Body]:
        return [self.description.layers or (), *(block.body for block in self.description.blocks.values())]

    def names_that_are_read(self) -> set[str]:
        """The names of outputs that something reads, anywhere in the text."""
        found: set[str] = set()
        for body in self.bodies():
            chains = chains_of(body)
            sources = [source for unit in units_of(chains) if isinstance(unit, Call) for source in unit.sources]
            rounds = {id(unit.rounds) for unit in units_of(chains) if isinstance(unit, Merge)}
            for expression in (*sources, *expressions_of(chains)):
                parts = parts_of(expression)
                owners = {id(part.owner) for part in parts if isinstance(part, Member) and part.name not in SIZE_NAMES}
                found |= {part.name for part in parts if isinstance(part, Name) and id(part) not in owners | rounds}
        named = {chain.name for body in self.bodies() for chain in chains_of(body)}
        return (found | self.members()) & named

    def names_of_pools(self) -> set[str]:
        """The names of max pools, and of parameters, of which an unpooling reads the indices.

        In their place the tensor that goes into the pool is carried along.
        """
        calls = [unit for body in self.bodies() for unit in units_of(chains_of(body)) if isinstance(unit, Call)]
        found: set[str] = set()
        while True:
            read = {
                value.name
                for call in calls
                for name, value in call.bound.items()
                if isinstance(value, Name | Member)
                if (name in found if isinstance(call.target, Block) else name == POOL and is_unpooling(call))
            }
            if read <= found:
                return found
            found |= read

    def argument_name(self, name: str) -> str:
        """The parameter of `forward` for a named output."""
        return python_name(f"{name}_input" if name in self.pools else name)

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

    def step(self) -> None:
        """Count a part of the text that is written. Raises TooLong."""
        self.steps += 1
        if self.steps > limits.EXPORT_STEPS:
            raise TooLong("its blocks take too many steps to write")

    def refuse(self, unit: SyntaxUnit, reason: str) -> None:
        """Report a part of the text that has no counterpart, once."""
        self.refusals[unit.span] = Problem("no-counterpart", reason, unit.span)

    # classes

    def class_name(self, name: str) -> str:
        return self.take(class_name(name, self.names))

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
            owner.recursive = True
            owner.used = dict.fromkeys([IN_CHANNELS, *sorted(own), *sorted(named & {*self.params} - own)])
        state = State(owner, Name(NOWHERE, IN_CHANNELS))
        for name in tensors:
            state.tensors[name] = Tensor(self.argument_name(name), Name(NOWHERE, channels_name(name)))
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
        if not state.several and INPUT not in owner.tensors and reads_input(body):
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
        if (exported or owner.gives) and len(state.current) > LONGEST_RESULT:
            self.flow.settle(state)
        owner.result = state.current
        owner.out = None if state.channels is None else owner.expand(state.channels)
        owner.more = [self.carried(name, state.tensors[name]) for name in exported]
        owner.finish()

    def part(self, body: Body, state: State, label: str) -> Code:
        """A class for a part of a body: the constructor, with what it needs of the names around it."""
        outer = state.owner
        owner = self.new(f"{outer.name}_{label}")
        owner.outer = outer
        owner.own_names, owner.tensor_names = outer.own_names, outer.tensor_names | frozenset(state.tensors)
        owner.in_channels, owner.locals = outer.in_channels, dict(outer.locals)
        inner = state.copy()
        inner.owner, inner.current, inner.ahead, inner.modules = owner, "x", {}, {}
        inner.input = inner.variable = "x"
        if reads_input(body):  # the input of the block, not of the part
            owner.tensors[INPUT] = None
            inner.input = INPUT
        known = set(owner.locals)
        self.write(owner, body, inner)
        for name in known:
            owner.locals.pop(name, None)
        self.order.append(owner)
        self.parts[owner.name] = owner
        state.channels = inner.channels if owner.entries is None else owner.out
        owner.outer_locals = known & self.mentioned(owner)
        names = [name for name, _ in self.arguments.signature(owner)]
        return call(owner.name, *(outer.named(name) for name in names))

    def part_of_unit(self, unit: SyntaxUnit, state: State, label: str) -> Code:
        """The same of a single unit."""
        item = Item(unit, None, None, None, unit.span)
        return self.part((Chain("", None, (item,), unit.span),), state, label)

    def mentioned(self, owner: ClassText) -> set[str]:
        text = "\n".join(self.text.constructor(owner))
        return set(WORDS.findall(text))

    def carried(self, name: str, tensor: Tensor) -> str:
        """The variable that is carried along for a named output."""
        return tensor.before if name in self.pools else tensor.variable

    def part_made_by(self, code: Code) -> ClassText:
        """The class of a part of a body, by the call of its constructor."""
        assert isinstance(code, Bracketed)
        return self.parts[code.head]

    def tensors_of(self, owner: ClassText, state: State) -> list[str]:
        """The variables that a part of a body reads."""
        found = []
        for name in owner.tensors:
            if name == INPUT:
                found.append(state.input)
            elif name in state.owner.tensor_names:
                state.owner.tensors[name] = None
                found.append(self.argument_name(name))
            else:
                found.append(self.carried(name, state.tensors[name]))
        return found

    def block_of(self, owner: ClassText) -> Block | None:
        """The block that a class is, or is a part of; None for the network's."""
        while owner.outer is not None:
            owner = owner.outer
        return self.blocks_of.get(owner.name)

    def is_top(self, owner: ClassText) -> bool:
        return owner is self.top

    # arguments

    def python_name(self, name: str) -> str:
        return python_name(name)

    # the text

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
        if top.gives:
            self.flow.outputs.check()
        classes = [self.text.class_lines(owner) for owner in self.order]
        helpers = {name for owner in self.order for name in owner.helpers}
        helpers |= {"divisible" for owner in self.order if "divisible" in owner.functions}
        notes = [LEFT_OUT] if self.left_out else []
        return FilePrinter(self.network, top.name, classes, helpers, top.gives, notes).text()


def reads_input(body: Body) -> bool:
    """Whether a body names the input of its block."""
    return any(name.name == INPUT for each in expressions_of(chains_of(body)) for name in names_in(each))


class TooLong(CnncalcError):
    """Writing the blocks takes too long."""


class Written(NamedTuple):
    """A file, and why it has a layer a line instead of the author's blocks, "" where it has these."""

    text: str
    flat: str = ""


def write_module(description: Description, network: Network) -> Written:
    """A Python file with the network as a module: with the author's blocks, else a layer a line.

    Raises SpecError with all layers that have no counterpart.
    """
    reason = f"it has more than {limits.EXPORT_BLOCK_LAYERS:,} layers"
    if len(network.nodes) <= limits.EXPORT_BLOCK_LAYERS:
        text, reason = _write_blocks(description, network)
        if not reason:
            return Written(text)
    return Written(write_layers(network), reason)


def write_layers(network: Network) -> str:
    """A Python file with the network as a module, a layer a line. Raises SpecError."""
    flat = FlatWriter(network)
    flat.write()
    if flat.refusals:
        raise SpecError([flat.refusals[span] for span in sorted(flat.refusals, key=lambda span: span.start)])
    name = class_name(network.name, TAKEN)
    lines = flat.class_lines(name)
    outputs = [*network.outputs] != [""]
    return FilePrinter(network, name, [lines], flat.helpers, outputs, [A_LAYER_A_LINE]).text()


def _write_blocks(description: Description, network: Network) -> tuple[str, str]:
    """The file with the author's blocks, or why there is none."""
    with raise_recursion_limit():
        writer = ModuleWriter(description, evaluate_params(description, Problems()), network)
        try:
            text = writer.file()
        except Unwritable:
            return "", SIZES_DECIDE
        except CnncalcError as error:
            return "", str(error)
        except RecursionError:
            return "", "its blocks are nested too deep"
    return text, next((problem.message for problem in writer.refusals.values()), "")
