"""Bodies with merges, named outputs or functions: modules in the constructor, and `forward` as a person writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from cnncalc.export.expressions import Unwritable, combine, identifier
from cnncalc.export.layout import Bracketed, Code, Conditional, Keyed, call, flat, lay_out
from cnncalc.export.torch_body import Entry, Setting, Tensor, python_name, reading, setting
from cnncalc.export.torch_call import NOWHERE, LayerCall, State
from cnncalc.export.torch_chain import SIZES_DECIDE, ChainWriter, NotSequential, in_line
from cnncalc.export.torch_functions import write_function, write_join
from cnncalc.export.torch_kinds import Refused
from cnncalc.export.torch_names import module_key
from cnncalc.layers import kind_class
from cnncalc.spec.expressions import Expression, Member, Name, names_in
from cnncalc.spec.tree import Block, Body, Branch, Call, Chain, Item, Merge, SyntaxGroup, SyntaxUnit

if TYPE_CHECKING:
    from cnncalc.export.torch_module import ModuleWriter

NO_INDICES = "`max_unpool` reads the indices of a pool, which `forward` would have to carry along"
LONGEST_NEST = 56  # characters of calls in one another
LONGEST_SUM = 76  # of the parts of a merge with an operator between them
# A branch: its text in `forward`, the attribute that says whether it is there, and its channels.
Part = tuple[str, str, Expression | None]


def as_call(code: Code) -> Code:
    """A text that is one call, as a call that can be broken into lines."""
    if not isinstance(code, str) or not code.endswith(")"):
        return code
    parts, depth, start, opened = [], 0, 0, -1
    for at, character in enumerate(code):
        if character in "([":
            if not depth and character == "(" and opened < 0 and not code[:at].count(" "):
                opened, start = at, at + 1
            depth += 1
        elif character in ")]":
            depth -= 1
            if not depth and opened >= 0 and at < len(code) - 1:
                return code  # something follows the call
        elif character == "," and depth == 1 and opened >= 0:
            parts.append(code[start:at].strip())
            start = at + 1
    if opened < 0:
        return code
    return Bracketed(code[:opened], (*parts, code[start:-1].strip()) if code[start:-1].strip() else ())


class FlowWriter:
    """Writes a body into the class of a state: its modules and its `forward`."""

    def __init__(self, module: ModuleWriter, chains: ChainWriter) -> None:
        self.module = module
        self.chains = chains

    # the lines of `forward`

    def assign(self, state: State, code: Code, variable: str = "") -> None:
        """Assign a value to a variable, which is then the current tensor."""
        variable = variable or state.variable
        code = as_call(code)
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
        try:
            code = in_line([entry for item in items for entry in self.chains.item(item, inner)])
        except NotSequential:
            code = self.module.part((Chain("", None, tuple(items), chain.span),), state, chain.name)
            self.apply_part(Entry(key, code), state)
            return
        state.channels = inner.channels
        self.apply(Entry(key, code), state)

    @staticmethod
    def makes_modules(item: Item) -> bool:
        """Whether an item is more than a named output or a layer that is applied again."""
        return not (isinstance(item.unit, Call) and item.unit.target in ("from", "reuse", "identity"))

    def apply_part(self, entry: Entry, state: State) -> None:
        """Apply a module that is a class of its own, with the named outputs that it reads."""
        more = self.module.tensors_of(entry.code, state)
        self.apply(entry, state, more)

    def apply(self, entry: Entry, state: State, more: Sequence[str] = ()) -> None:
        """Put a module into the constructor, and apply it to the current tensor."""
        self.put(entry, state)
        self.take(state, f"{reading(entry.name)}({', '.join([state.current, *more])})")

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
            self.repeat(item, state, name)
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
            self.repeat(item, state, name)
            return
        if item.condition is None:
            self.unit(item.unit, state)
            return
        condition = self.chains.condition(item.condition, state)
        if isinstance(condition, bool):
            if condition or item.otherwise is not None:
                self.unit(item.unit if condition else item.otherwise, state)  # type: ignore[arg-type]
            return
        self.conditional(item, condition[0], state)

    def conditional(self, item: Item, condition: str, state: State) -> None:
        """An item that runs only if a condition holds, and in its place another, in `forward`."""
        self.settle(state)
        word = item.unit.segment or (item.otherwise.segment if item.otherwise else "") or "part"
        flag = state.owner.keep(condition, condition if condition.isidentifier() else f"has_{word}")
        start, variable = state.copy(), state.variable
        yes = self.arm(item.unit, start, condition, variable)
        ends = [start.channels]
        if item.otherwise is not None:
            other = state.copy()
            no = self.arm(item.otherwise, other, f"not ({condition})", variable)
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
        """Put the modules that were made since `start` under a condition."""
        made = state.owner.init[start:]
        if any(each.header for each in made):
            raise Refused("a condition inside of a condition")
        state.owner.init[start:] = [each._replace(header=f"if {condition}:") for each in made]

    def unit(self, unit: SyntaxUnit, state: State) -> None:
        """A unit that is no chain of modules; what has no counterpart is reported, and left out."""
        try:
            self.write_unit(unit, state)
        except (Refused, Unwritable) as refused:
            self.module.refuse(unit, str(refused) or SIZES_DECIDE)
            self.chains.set_channels(state, None, self.module.runs(unit, state))

    def write_unit(self, unit: SyntaxUnit, state: State) -> None:
        """A unit that is no chain of modules. Raises Refused."""
        if isinstance(unit, SyntaxGroup):
            self.chain(unit.chain, state)
        elif isinstance(unit, Merge):
            self.merge(unit, state)
        elif isinstance(unit, Call):
            self.call_unit(unit, state)
        else:
            raise Refused("a part that cannot be read")

    def call_unit(self, call: Call, state: State) -> None:
        instances = self.module.runs(call, state)
        if call.sources:
            self.settle(state)
            parts = [self.tensor(source, state) for source in call.sources]
            self.join(call, [part.variable for part in parts], [part.channels for part in parts], state)
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
            self.chains.set_channels(state, None, instances)
            return
        if isinstance(call.target, Block):
            self.block(call, call.target, state)
            return
        given = LayerCall(call, state, instances)
        if given.kind in ("upsample", "reshape") or "like" in call.bound:  # they name the tensor twice
            self.settle(state)
        code = write_function(given, state.current)
        if code is None:
            raise Refused(NO_INDICES if given.kind == "max_unpool" else f"there is no module for `{given.kind}`")
        try:
            from cnncalc.export.torch_call import after

            out = after(call, given)
        except Unwritable:
            out = None
        self.take(state, code)
        self.chains.set_channels(state, out, instances)

    def block(self, call: Call, target: Block, state: State) -> None:
        """A block that takes named outputs, or gives some."""
        block = self.module.block(target)
        code = self.chains.construct(call, block, state)
        more = self.tensors_of_call(call, block.tensors, state)
        exported = self.module.exported(target)
        key = self.chains.key(call, state)
        entry = Entry(key, code)
        if not exported:
            self.apply(entry, state, more)
        else:
            self.put(entry, state)
            given = [f"{python_name(key)}_{each}" for each in exported]
            state.owner.forward += [
                f"{state.variable}, {', '.join(given)} = {reading(key)}({', '.join([state.current, *more])})"
            ]
            state.current = state.variable
            for each, variable in zip(exported, given, strict=True):
                state.tensors[f"{key}.{each}"] = Tensor(variable, None)
        state.modules[key] = reading(key)
        self.chains.set_channels(state, self.module.out_of(call, state), self.module.runs(call, state))

    def tensor(self, expression: Expression, state: State) -> Tensor:
        """A named output. Raises Refused."""
        name = expression.span.text.replace(" ", "") if isinstance(expression, Member) else ""
        name = expression.name if isinstance(expression, Name) else name
        if name == "input":
            return Tensor(state.input, state.owner.in_channels)
        if name == "here":
            return Tensor(state.current, state.channels)
        if name in state.owner.tensor_names:
            state.owner.tensors[name] = None
            known = state.tensors.get(name)
            return Tensor(python_name(name), known.channels if known else Name(NOWHERE, f"{name}_channels"))
        if name not in state.tensors:
            raise Refused(f"`{expression.span.text}` is no output that `forward` has here")
        return state.tensors[name]

    # repeats

    def repeat(self, item: Item, state: State, name: str = "") -> None:
        """A repeat whose rounds read named outputs, give some, or are read one by one."""
        if item.condition is not None:
            raise Refused(f"the repeat `{item.span.text}` under a condition, whose rounds are no chain of modules")
        if item.unit.flat:
            self.flat_repeat(item, state)
            return
        unit = item.unit
        if not isinstance(unit, Call) or not isinstance(unit.target, Block):
            raise Refused(f"the repeat `{item.span.text}`, whose rounds read named outputs")
        target = unit.target
        assert item.count is not None
        count = state.owner.text(state.resolve(item.count))
        element = self.chains.round(item, state, self.of_block)
        block, exported = self.module.block(target), self.module.exported(target)
        more = self.tensors_of_call(unit, block.tensors, state)
        key = self.chains.key(unit, state)
        variable = "index" if self.chains.uses_index(element) else "_"
        listed = Bracketed("", (element,), "[]", f"for {variable} in range({count})")
        state.owner.init += setting(Entry(key, call("nn.ModuleList", listed)))
        self.settle(state)
        self.assign(state, state.current)
        base = python_name(name or key)
        x, lines = state.variable, state.owner.forward
        given = [*map(python_name, exported), *([x] if name in self.module.rounds_read else [])]
        lists = [f"{base}_{each}" for each in (*exported, "rounds")][: len(given)]
        lines += [f"{each}: list[torch.Tensor] = []" for each in lists]
        lines.append(f"for layer in {reading(key)}:")
        lines.append(f"    {', '.join([x, *map(python_name, exported)])} = layer({', '.join([x, *more])})")
        lines += [f"    {each}.append({variable})" for each, variable in zip(lists, given, strict=True)]
        for each, listed_name in zip(exported, lists, strict=False):
            state.lists[f"{name or key}.{each}"] = Tensor(listed_name, None)
        if name in self.module.rounds_read:
            state.lists[name] = Tensor(f"{base}_rounds", self.of_all_rounds(item.count, state))

    @staticmethod
    def of_all_rounds(count: Expression, state: State) -> Expression | None:
        """The channels of all rounds together, if each has those of the last."""
        if state.channels is None or "index" in {name.name for name in names_in(state.channels)}:
            return None
        try:
            return combine("*", state.resolve(count), state.channels, NOWHERE)
        except Unwritable:
            return None

    def of_block(self, unit: SyntaxUnit, state: State) -> Code:
        """The constructor of a block in a round; the channels are then those of its output."""
        assert isinstance(unit, Call)
        code = self.chains.construct(unit, self.module.block(unit.target), state)
        out = self.module.out_of(unit, state)
        self.chains.set_channels(state, out, self.module.runs(unit, state), self.chains.guesses(unit, state))
        return code

    def tensors_of_call(self, call: Call, names: Iterable[str], state: State) -> list[str]:
        """The named outputs that a call passes to a block."""
        found = []
        for name in names:
            value = call.bound.get(name)
            found.append(self.tensor(value, state).variable if value is not None else "None")
        return found

    def flat_repeat(self, item: Item, state: State) -> None:
        counts = self.module.counts(item, state)
        if len(counts) != 1 or max(counts) > 64:
            raise Refused(f"the repeat `{item.span.text}` has another number of rounds each time")
        from cnncalc.spec.expressions import Literal

        outer = state.index
        for index in range(counts.copy().pop()):
            state.index = Literal(NOWHERE, index)
            if index:
                self.chains.count_on(item, state)
            self.item(item._replace(count=None, condition=None, otherwise=None), state)
        state.index = outer

    # merges

    def join(
        self,
        call: Call,
        parts: Sequence[str],
        channels: Sequence[Expression | None],
        state: State,
        unit: SyntaxUnit | None = None,
    ) -> None:
        """The parts of a merge, joined."""
        instances = self.module.runs(unit or call, state)
        axes = {getattr(each.layer, "axis", 0) for each in instances if each.layer is not None}
        if len(axes) > 1:
            raise Refused(f"`{call.kind}` joins other axes each time")
        code = write_join(call.kind, parts, axes.pop() if axes else 0)
        self.assign(state, code)
        self.chains.set_channels(
            state, self.channels_of_merge(call, channels), instances, self.chains.parameters(state)
        )

    def channels_of_merge(self, call: Call, channels: Sequence[Expression | None]) -> Expression | None:
        known = [each for each in channels if each is not None]
        if not kind_class(call.kind).concatenates:
            return known[0] if known else None
        if len(known) < len(channels):
            return None
        total = known[0]
        for each in known[1:]:
            total = combine("+", total, each, NOWHERE)
        return total

    def merge(self, merge: Merge, state: State) -> None:
        self.settle(state)
        if merge.word == "outputs":
            self.outputs(merge, state)
            return
        if merge.rounds is not None:
            self.join_rounds(merge, merge.rounds, state)
            return
        start = state.copy()
        key = self.chains.key(merge, state)
        parts: list[Part] = []
        modules: list[Entry] = []
        for branch in merge.branches:
            part = self.branch(branch, key, start, modules, merge)
            if part is not None:
                parts.append(part)
        self.add_modules(key, modules, state)
        if not parts:
            raise Refused("a merge without branches")
        self.join_parts(merge, parts, state)

    def join_rounds(self, merge: Merge, expression: Expression, state: State) -> None:
        """A merge of the outputs of all rounds of a repeat."""
        name = expression.span.text.replace(" ", "")
        listed = state.lists.get(name)
        if listed is None:
            raise Refused(f"`{merge.word}: rounds({name})` of a repeat that is not in this body")
        out = listed.channels if merge.word == "concat" else None
        if merge.word in ("concat", "stack"):
            code: Code = call(f"torch.{'cat' if merge.word == 'concat' else 'stack'}", listed.variable, "dim=1")
        elif merge.word == "add":
            code = f"torch.stack({listed.variable}).sum(dim=0)"
        else:
            raise Refused(f"`{merge.word}: rounds({name})`")
        self.assign(state, code)
        self.chains.set_channels(state, out, self.module.runs(merge, state), self.chains.parameters(state))

    def shortened(self, merge: Merge, parts: list[Part], state: State) -> list[Part]:
        """The parts of a sum or a product; variables where they are too long for one line together."""
        if merge.word in ("concat", "stack") or sum(len(text) + 3 for text, _, _ in parts) < LONGEST_SUM:
            return parts
        found: list[Part] = []
        for text, flag, channels in parts:
            if not text.isidentifier() and not flag:
                variable = self.free_variable(f"part{len(found) + 1}", state)
                state.owner.forward += lay_out(f"{variable} = ", as_call(text), "", 8)
                text = variable
            found.append((text, flag, channels))
        return found

    def add_modules(self, key: str, modules: list[Entry], state: State) -> None:
        """The modules of the branches of a merge, by their names in a dictionary."""
        if not modules:
            return
        state.owner.init += setting(Entry(key, "nn.ModuleDict()"))
        for entry in modules:
            state.owner.init += self.of_branch(entry, f'{reading(key)}["{entry.name}"] = ')

    @staticmethod
    def of_branch(entry: Entry, prefix: str) -> list[Setting]:
        """The statements for a branch; one whose only module may not be there is empty then, and changes nothing."""
        code = entry.code
        inner = code.items[0] if isinstance(code, Bracketed) and code.head == "nn.Sequential" else None
        only = inner.items[0] if isinstance(inner, Bracketed) and len(inner.items) == 1 else None
        if isinstance(only, Keyed) and isinstance(only.value, Conditional) and not entry.condition:
            full = call("nn.Sequential", call("OrderedDict", Keyed(only.key, only.value.yes)))
            return [Setting(prefix, "nn.Sequential()"), Setting(prefix, full, f"if {only.value.condition}:")]
        return [Setting(prefix, code, f"if {entry.condition}:" if entry.condition else "")]

    def branch(self, branch: Branch, key: str, start: State, modules: list[Entry], merge: Merge) -> Part | None:
        """A branch: its text in `forward`, the attribute that says whether it is there, and its channels."""
        state = start.copy()
        state.ahead = {}
        state.variable = self.free_variable(branch.label, start)
        flag = condition = ""
        if branch.condition is not None:
            judged = self.chains.condition(branch.condition, state)
            if judged is False:
                return None
            if not isinstance(judged, bool):
                condition = judged[0]
                flag = state.owner.keep(condition, condition if condition.isidentifier() else f"has_{branch.label}")
        label = module_key(branch.label)
        name = reading(key)
        runs = 0
        items = [item for chain in branch.body for item in ([] if self.is_whole(chain) else chain.items)]
        simple = len(items) == sum(len(chain.items) for chain in branch.body)
        waiting: list[Entry] = []
        mark = (len(state.owner.init), len(state.owner.forward), dict(state.owner.kept))

        def flush() -> None:
            nonlocal runs
            if not waiting:
                return
            runs += 1
            if runs > 1:
                raise NotSequential
            modules.append(Entry(label, in_line(list(waiting)), condition))
            state.current = f'{name}["{label}"]({state.current})'
            waiting.clear()

        count = len(modules)
        try:
            if not simple:
                raise NotSequential
            for item in items:
                try:
                    trial = state.copy()
                    found = self.chains.item(item, trial)
                except NotSequential:
                    flush()
                    if not self.is_function(item):
                        raise
                    self.unit(item.unit, state)
                    continue
                state.channels, state.ahead = trial.channels, trial.ahead
                waiting += found
            flush()
        except NotSequential:
            del modules[count:]
            self.forget(state, mark)
            state = start.copy()
            code = self.module.part(branch.body, state, branch.label)
            more = self.module.tensors_of(code, state)
            modules.append(Entry(label, code, condition))
            state.current = f'{name}["{label}"]({", ".join([state.current, *more])})'
        return state.current, flag, state.channels

    @staticmethod
    def free_variable(label: str, state: State) -> str:
        """A variable for what a branch computes."""
        taken = {"x", "y", "inputs", "outputs", "self", *(tensor.variable for tensor in state.tensors.values())}
        name = label if not label[:1].isdigit() else f"branch_{label}"
        return identifier(name, lambda each: each in taken or each in state.owner.tensor_names)

    @staticmethod
    def forget(state: State, mark: tuple[int, int, dict[str, str]]) -> None:
        owner = state.owner
        del owner.init[mark[0] :], owner.forward[mark[1] :]
        owner.kept = mark[2]

    def is_whole(self, chain: Chain) -> bool:
        return bool(chain.segment) or bool(chain.name and chain.name in self.module.read)

    @staticmethod
    def is_function(item: Item) -> bool:
        """Whether an item is an expression without modules: a named output, or a layer without weights."""
        unit = item.unit
        if item.count is not None or item.condition is not None or not isinstance(unit, Call):
            return False
        return unit.target in ("from", "reuse") or (not isinstance(unit.target, str | Block) and not unit.sources)

    def join_parts(self, merge: Merge, parts: list[Part], state: State) -> None:
        parts = self.shortened(merge, parts, state)
        texts = [text for text, _, _ in parts]
        channels = [each for _, _, each in parts]
        if not any(flag for _, flag, _ in parts):
            if len(texts) == 1 and kind_class(merge.word).passes_single:
                self.assign(state, texts[0])
                self.chains.set_channels(state, channels[0], self.module.runs(merge, state))
                return
            self.join(merge.head, texts, channels, state, merge)
            return
        always = [part for part in parts if not part[1]]
        if len(always) != 1 or merge.word not in ("add", "multiply", "concat") or always[0][0] == state.variable:
            self.join_present(merge, parts, state)
            return
        whole = always[0][0]
        state.owner.forward += lay_out("y = ", whole, "", 8)
        for text, flag, _ in parts:
            if flag:
                order = [text, "y"] if parts.index((text, flag, _)) < parts.index(always[0]) else ["y", text]
                order = ["y", text] if merge.word == "add" else order
                joined = lay_out("y = ", write_join(merge.word, order, 0), "", 12)
                state.owner.forward += [f"if self.{flag}:", *(f"    {line}" for line in joined)]
        self.assign(state, "y")
        out = None if kind_class(merge.word).concatenates else always[0][2]
        self.chains.set_channels(state, out, self.module.runs(merge, state), self.chains.parameters(state))

    def join_present(self, merge: Merge, parts: list[Part], state: State) -> None:
        """A merge of which some branches may not be there: a list of those that are."""
        lines = state.owner.forward
        lines.append("parts: list[torch.Tensor] = []")
        for text, flag, _ in parts:
            lines += [f"if self.{flag}:"] if flag else []
            lines.append(f"{'    ' * bool(flag)}parts.append({text})")
        joins = {"add": "torch.add", "subtract": "torch.sub", "multiply": "torch.mul", "divide": "torch.div"}
        joins |= {"maximum": "torch.maximum", "minimum": "torch.minimum", "mean": "torch.add"}
        axes = {getattr(each.layer, "axis", 0) for each in self.module.runs(merge, state) if each.layer is not None}
        if merge.word in ("concat", "stack"):
            code: Code = write_join(merge.word, ["*parts"], axes.pop() if axes else 0)
        else:
            code = f"functools.reduce({joins[merge.word]}, parts){' / len(parts)' * (merge.word == 'mean')}"
        self.assign(state, code)
        out = None if kind_class(merge.word).concatenates else parts[0][2]
        self.chains.set_channels(state, out, self.module.runs(merge, state), self.chains.parameters(state))

    # outputs

    def outputs(self, merge: Merge, state: State) -> None:
        """Named outputs: entries of the dictionary that `forward` returns."""
        if not self.module.is_top(state.owner):
            raise Refused("`outputs` inside of a block")
        if merge.rounds is not None:
            raise Refused("`outputs: rounds(…)`")
        start = state.copy()
        key = self.chains.key(merge, state)
        modules: list[Entry] = []
        found: list[tuple[str, str]] = []
        for branch in merge.branches:
            part = self.branch(branch, key, start, modules, merge)
            if part is None:
                continue
            if part[1]:
                raise Refused("an output under a condition")
            found.append((branch.label, part[0]))
        self.add_modules(key, modules, state)
        for label, text in found:
            self.module.outputs.append(label)
            state.owner.forward += lay_out(f'outputs["{label}"] = ', as_call(text), "", 8)
        self.module.ended = True
