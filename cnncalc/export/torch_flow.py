"""Bodies with merges, named outputs or functions: modules in the constructor, and `forward` as a person writes it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from cnncalc.export.expressions import Unwritable
from cnncalc.export.layout import Bracketed, Code, as_call, flat, is_long_split, lay_out
from cnncalc.export.torch_body import Tensor, python_name
from cnncalc.export.torch_branches import BranchWriter
from cnncalc.export.torch_call import NOWHERE, LayerCall, State, is_unpooling, name_of, reads_here
from cnncalc.export.torch_chain import SIZES_DECIDE, ChainWriter
from cnncalc.export.torch_construct import Refused
from cnncalc.export.torch_functions import write_function
from cnncalc.export.torch_merges import MergeWriter
from cnncalc.export.torch_outputs import OutputWriter
from cnncalc.export.torch_pools import PoolWriter
from cnncalc.export.torch_repeats import RepeatWriter
from cnncalc.export.torch_statements import Entry, NotSequential, both, find_alike, in_dictionary, reading, setting
from cnncalc.spec.expressions import Expression
from cnncalc.spec.name_expressions import Name
from cnncalc.spec.tree import Block, Body, Call, Chain, Item, Merge, SyntaxGroup, SyntaxUnit

if TYPE_CHECKING:
    from cnncalc.export.torch_module import ModuleWriter

LONGEST_NEST = 56  # characters of calls in one another


class FlowWriter:
    """Writes a body into the class of a state: its modules and its `forward`."""

    def __init__(self, module: ModuleWriter, chains: ChainWriter) -> None:
        self.module = module
        self.chains = chains
        self.merges = MergeWriter(module, chains, self)
        self.repeats = RepeatWriter(module, chains, self)
        self.branches = BranchWriter(module, chains, self)
        self.outputs = OutputWriter(module, self)
        self.pools = PoolWriter(module, self)

    # the lines of `forward`

    def assign(self, state: State, code: Code, variable: str = "") -> None:
        """Assign a value to a variable, which is then the current tensor."""
        variable = variable or state.variable
        code = as_call(code)
        if isinstance(code, Bracketed) and is_long_split(variable, code):
            state.owner.forward += lay_out("pieces = ", code._replace(tail=""), "", 8)
            code = f"pieces{code.tail}"
        if code != variable:
            state.owner.forward += lay_out(f"{variable} = ", code, "", 8)
        state.current = variable

    def settle(self, state: State) -> None:
        """Assign the current tensor, if it is not a variable yet."""
        if not state.current.isidentifier():
            self.assign(state, state.current)

    def take(self, state: State, code: Code) -> None:
        """Go on with an expression of the current tensor."""
        text = flat(code)
        if len(text) > LONGEST_NEST:
            self.assign(state, code)
        else:
            state.current = text

    # bodies

    def body(self, body: Body, state: State) -> None:
        for chain in body:
            self.chain(chain, state)

    def chain(self, chain: Chain, state: State) -> None:
        if chain.name in self.module.pools:
            self.pools.pool(chain, state)
            return
        if chain.segment:
            self.group(chain, state)
        else:
            for item in chain.items:
                self.item(item, state, chain.name)
        if chain.name:
            self.name(chain, state)

    def name(self, chain: Chain, state: State) -> None:
        """Give the current tensor its name, if something reads it."""
        if chain.name not in self.module.read and not chain.name.isidentifier():
            return
        state.owner.tensor_names -= {chain.name}
        if chain.name in self.module.read:
            variable = python_name(chain.name)
            code = self.last_value(state)
            self.assign(state, code, variable)
            state.tensors[chain.name] = Tensor(variable, state.channels)
        else:
            state.tensors[chain.name] = Tensor(state.current, state.channels)

    def last_value(self, state: State) -> Code:
        """The current tensor; the last assignment of `x` is taken back, to be one of another variable."""
        lines = state.owner.forward
        start = f"{state.variable} = "
        if state.current == state.variable and lines and lines[-1].startswith(start):
            return lines.pop()[len(start) :]
        return state.current

    def group(self, chain: Chain, state: State) -> None:
        """A chain with a name, which is one module."""
        key = self.chains.key(chain, state)
        items = list(chain.items)
        while items and isinstance(items[0].unit, Call) and items[0].unit.target == "from":
            self.call_unit(items.pop(0).unit, state)  # type: ignore[arg-type]
        if not any(self.makes_modules(item) for item in items):
            for item in items:
                self.item(item, state)
            return
        inner = state.copy()
        inner.ahead = {}
        state.modules[chain.name] = reading(key)
        mark = self.branches.mark(state)
        try:
            self.branches.one_run(items, inner, lambda code: self.apply(Entry(key, code), inner))
        except NotSequential:
            self.branches.forget(state, mark)
            state.modules.pop(chain.name)  # `forward` takes more than one tensor, or makes more than one call
            if not self.lone_block(items, key, state):
                code = self.module.part((Chain("", None, tuple(items), chain.span),), state, chain.name)
                self.apply_part(Entry(key, code), state)
            return
        state.current, state.channels = inner.current, inner.channels

    @staticmethod
    def makes_modules(item: Item) -> bool:
        """Whether an item is more than a named output or a layer that is applied again."""
        return not (isinstance(item.unit, Call) and item.unit.target in ("from", "reuse", "identity"))

    def apply_part(self, entry: Entry, state: State) -> None:
        """Apply a module that is a class of its own, with the named outputs that it reads."""
        owner = self.module.part_made_by(entry.code)
        self.apply(entry, state, owner.arguments(state.current, self.module.tensors_of(owner, state)))

    def apply(self, entry: Entry, state: State, arguments: str = "") -> None:
        """Put a module into the constructor, unless it is a pool as one before, and apply it to the current tensor."""
        alike = find_alike(entry, state.owner.init)
        if not alike:
            self.put(entry, state)
        self.take(state, f"{reading(alike or entry.name)}({arguments or state.current})")

    def apply_all(self, entries: Sequence[Entry], state: State) -> None:
        """Apply modules one after another, those of a loop in a loop."""
        for loop, found in groupby(entries, key=lambda entry: entry.loop):
            if not loop:
                for entry in found:
                    self.apply(entry, state)
                continue
            self.settle(state)
            self.assign(state, state.current)
            count = loop.removeprefix("for index in range(").removesuffix("):")
            kept = state.owner.keep(count, count if count.isidentifier() else "rounds")
            state.owner.forward.append(f"for index in range(self.{kept}):")
            for entry in found:
                state.owner.init += setting(entry)
                x = state.variable
                state.owner.forward.append(f"    {x} = {reading(entry.name, entry.loop)}({x})")

    @staticmethod
    def put(entry: Entry, state: State) -> None:
        state.owner.init += setting(Entry(entry.name, entry.written()))

    # items

    def item(self, item: Item, state: State, name: str = "") -> None:
        """An item of a chain with this name."""
        if item.count is not None and name in self.module.rounds_read:
            self.repeats.repeat(item, state, name)
            return
        trial = state.copy()
        try:
            entries = self.chains.item(item, trial)
        except NotSequential:
            pass
        else:
            state.channels, state.ahead = trial.channels, trial.ahead
            self.apply_all(entries, state)
            if isinstance(item.unit, Call) and item.unit.segment and entries:
                state.modules[item.unit.segment] = reading(entries[-1].name)
            return
        if item.count is not None:
            self.repeats.repeat(item, state, name)
            return
        if item.condition is None:
            self.unit(item.unit, state)
            return
        condition = self.chains.condition(item.condition, state)
        if isinstance(condition, bool):
            if condition or item.otherwise is not None:
                self.unit(item.unit if condition else item.otherwise, state)  # type: ignore[arg-type]
            return
        self.conditional(item, condition, state)

    def conditional(self, item: Item, conditions: tuple[str, str], state: State) -> None:
        """An item that runs only if a condition holds, and in its place another if the opposite does, in `forward`."""
        self.settle(state)
        condition, opposite = conditions
        word = item.unit.segment or (item.otherwise.segment if item.otherwise else "") or "part"
        flag = state.owner.keep(condition, condition if condition.isidentifier() else f"has_{word}")
        start, variable = state.copy(), state.variable
        yes = self.arm(item.unit, start, condition, variable)
        ends = [start.channels]
        if item.otherwise is not None:
            other = state.copy()
            no = self.arm(item.otherwise, other, opposite, variable)
            ends.append(other.channels)
            state.owner.forward += [f"if self.{flag}:", *yes, "else:", *no]
        else:
            ends.append(state.channels)
            before = [] if state.current == variable else [f"{variable} = {state.current}"]
            state.owner.forward += [*before, f"if self.{flag}:", *yes]
        assert item.condition is not None
        state.current = variable
        try:
            condition_now = state.resolve(item.condition)
        except Unwritable:
            state.channels = None
        else:
            state.channels = self.chains.either(ends[0], condition_now, ends[1], state.owner)

    def arm(self, unit: SyntaxUnit, state: State, condition: str, variable: str) -> list[str]:
        """The lines of one case; its modules are made only then."""
        owner = state.owner
        lines, inits = len(owner.forward), len(owner.init)
        self.item(Item(unit, None, None, None, unit.span), state)
        if state.current != variable:
            self.assign(state, state.current, variable)
        body = owner.forward[lines:]
        del owner.forward[lines:]
        self.under(condition, state, inits)
        return [f"    {line}" for line in body] or ["    pass"]

    @staticmethod
    def under(condition: str, state: State, start: int) -> None:
        """Put the modules that were made since `start` under one more condition. Raises Refused."""
        made = state.owner.init[start:]
        if any(each.header.startswith("for ") for each in made):
            raise Refused("a repeat inside of a condition")
        state.owner.init[start:] = [each._replace(header=f"if {both(condition, each.header[3:-1])}:") for each in made]

    def unit(self, unit: SyntaxUnit, state: State) -> None:
        """A unit that is no chain of modules; what has no counterpart is reported, and left out."""
        try:
            self.write_unit(unit, state)
        except (Refused, Unwritable) as refused:
            self.module.refuse(unit, str(refused) or SIZES_DECIDE)
            self.chains.channels.set_channels(state, None, self.module.runs(unit, state))

    def write_unit(self, unit: SyntaxUnit, state: State) -> None:
        """A unit that is no chain of modules. Raises Refused."""
        self.module.step()
        if isinstance(unit, SyntaxGroup):
            self.chain(unit.chain, state)
        elif isinstance(unit, Merge):
            self.merges.merge(unit, state)
        elif isinstance(unit, Call):
            self.call_unit(unit, state)
        else:
            raise Refused("a part that cannot be read")

    def call_unit(self, call: Call, state: State) -> None:
        instances = self.module.runs(call, state)
        if call.sources:
            self.settle(state)
            parts = [self.tensor(source, state) for source in call.sources]
            self.merges.join(call, [part.variable for part in parts], [part.channels for part in parts], state)
            return
        if call.target == "from":
            (name,) = call.bound.values()
            tensor = self.tensor(name, state)
            state.current, state.channels = tensor.variable, tensor.channels
            return
        if call.target == "reuse":
            (name,) = call.bound.values()
            known = state.modules.get(name.name) if isinstance(name, Name) else None
            if known is None:
                raise Refused(f"`reuse({name.span.text})` of a layer that is named elsewhere")
            self.take(state, f"{known}({state.current})")
            self.chains.channels.set_channels(state, None, instances)
            return
        if isinstance(call.target, Block):
            self.block(call, call.target, state)
            return
        given = LayerCall(call, state, instances)
        if is_unpooling(call):
            self.take(state, self.pools.unpool(call, given, state))
            self.chains.channels.set_channels(state, state.channels, instances)
            return
        if given.kind in ("upsample", "reshape") or "like" in call.bound or reads_here(call):
            self.settle(state)  # its code names the tensor twice
        code = write_function(given, state.current)
        if code is None:
            raise Refused(f"there is no module for `{given.kind}`")
        try:
            from cnncalc.export.torch_call import after

            out = after(call, given)
        except Unwritable:
            out = None
        self.take(state, code)
        self.chains.channels.set_channels(state, out, instances)

    def block(self, call: Call, target: Block, state: State) -> None:
        """A block that takes named outputs, or gives some."""
        block = self.module.block(target)
        code = self.chains.construct(call, block, state)
        more = self.repeats.tensors_of_call(call, block.tensors, state)
        exported = self.module.exported(target)
        key = self.chains.key(call, state)
        entry = Entry(key, code)
        if not exported and not block.gives:
            self.apply(entry, state, block.arguments(state.current, more))
        else:
            self.put(entry, state)
            given = [f"{python_name(key)}_{self.module.argument_name(each)}" for each in exported]
            found = ["found"] * block.gives
            targets = ", ".join([state.variable, *given, *found])
            state.owner.forward.append(f"{targets} = {reading(key)}({block.arguments(state.current, more)})")
            if found:
                self.outputs.pass_on(key, state)
            state.current = state.variable
            for each, variable in zip(exported, given, strict=True):
                pooled = each in self.module.pools
                state.tensors[f"{key}.{each}"] = Tensor("", None, variable) if pooled else Tensor(variable, None)
        state.modules[key] = reading(key)
        self.chains.channels.set_channels(
            state,
            self.module.arguments.out_of(call, state),
            self.module.runs(call, state),
            self.chains.channels.guesses(call, state),
        )

    def lone_block(self, items: Sequence[Item], key: str, state: State) -> bool:
        """Write a group that is one block with named outputs as arguments, in a dictionary; whether it is one."""
        made = self.block_alone(items, state)
        if made is None:
            return False
        entry, arguments = made
        state.owner.init += setting(Entry(key, in_dictionary(entry)))
        self.take(state, f'{reading(key)}["{entry.name}"]({arguments})')
        return True

    def block_alone(self, items: Sequence[Item], state: State) -> tuple[Entry, str] | None:
        """The block that is the only item, with the arguments of its call; None for other items."""
        (item, *others) = items
        unit = item.unit
        if others or item.count or item.condition or not isinstance(unit, Call) or not isinstance(unit.target, Block):
            return None
        block = self.module.block(unit.target)
        if block.gives or self.module.exported(unit.target):
            return None
        inner = state.copy()
        inner.ahead = {}
        code = self.chains.construct(unit, block, inner)
        arguments = block.arguments(state.current, self.repeats.tensors_of_call(unit, block.tensors, state))
        out, runs = self.module.arguments.out_of(unit, state), self.module.runs(unit, state)
        self.chains.channels.set_channels(state, out, runs, self.chains.channels.guesses(unit, state))
        return Entry(self.chains.key(unit, inner), code), arguments

    def tensor(self, expression: Expression, state: State) -> Tensor:
        """A named output. Raises Refused."""
        name = name_of(expression)
        if name == "input":
            return Tensor(state.input, state.owner.in_channels)
        if name == "here":
            return Tensor(state.current, state.channels)
        if name in state.owner.tensor_names and name not in self.module.pools:
            state.owner.tensors[name] = None
            known = state.tensors.get(name)
            return Tensor(python_name(name), known.channels if known else Name(NOWHERE, f"{name}_channels"))
        found = state.tensors.get(name)
        if found is None or not found.variable or name in state.owner.tensor_names:
            raise Refused(f"`{expression.span.text}` is no output that `forward` has here")
        return found

    def variable(self, expression: Expression, state: State) -> str:
        """The variable of a named output. Raises Refused."""
        return self.tensor(expression, state).variable

    # repeats

    # merges

    # outputs
