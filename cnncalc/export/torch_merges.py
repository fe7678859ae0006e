"""Merges in `forward`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnncalc.export.expressions import combine
from cnncalc.export.layout import Bracketed, Code, Conditional, Keyed, as_call, call, indented, lay_out
from cnncalc.export.recording import Instance
from cnncalc.export.torch_body import CHANNELS
from cnncalc.export.torch_branches import Part
from cnncalc.export.torch_call import NOWHERE, LayerCall, State
from cnncalc.export.torch_chain import ChainWriter
from cnncalc.export.torch_construct import Refused
from cnncalc.export.torch_functions import write_join
from cnncalc.export.torch_names import branch_variable
from cnncalc.export.torch_statements import Entry, Setting, is_attribute, named_parts, reading, setting
from cnncalc.layers import kind_class
from cnncalc.spec.expressions import Expression
from cnncalc.spec.tree import Call, Merge, SyntaxUnit

if TYPE_CHECKING:
    from cnncalc.export.torch_flow import FlowWriter
    from cnncalc.export.torch_module import ModuleWriter

MOST_BRANCHES = 2  # that are read by their names
LONGEST_SUM = 76  # of the parts of a merge with an operator between them


class MergeWriter:
    """Writes merges."""

    def __init__(self, module: ModuleWriter, chains: ChainWriter, flow: FlowWriter) -> None:
        self.module = module
        self.chains = chains
        self.flow = flow

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
        self.flow.take(state, self.joined(call, self.turned(call, parts, instances), axes, state, instances))
        self.chains.channels.set_channels(
            state, self.channels_of_merge(call, channels), instances, self.chains.channels.parameters(state)
        )

    @staticmethod
    def joined(head: Call, parts: Sequence[str], axes: set[int], state: State, instances: Sequence[Instance]) -> Code:
        if head.kind == "attention":
            given = LayerCall(head, state, instances)
            return call(given.helper("attention"), *parts, given.inner("heads"))
        return write_join(head.kind, parts, axes.pop() if axes else 0)

    @staticmethod
    def turned(call: Call, parts: Sequence[str], instances: Sequence[Instance]) -> list[str]:
        """The parts of a product of matrices, one of them with its last two axes swapped."""
        found = list(parts)
        turns = {getattr(each.layer, "transpose", "none") for each in instances if each.layer is not None} or {"none"}
        if len(turns) > 1:
            raise Refused(f"`{call.kind}` swaps other axes each time")
        at = {"first": 0, "second": 1}.get(turns.pop())
        if at is not None:
            found[at] = f"{found[at]}.mT"
        return found

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
        self.flow.settle(state)
        if merge.word == "outputs":
            self.flow.outputs.write(merge, state)
            return
        if merge.rounds is not None:
            self.join_rounds(merge, merge.rounds, state)
            return
        start = state.copy()
        key = self.chains.key(merge, state)
        parts: list[Part] = []
        modules: list[Entry] = []
        for branch in merge.branches:
            part = self.flow.branches.branch(branch, key, start, modules)
            if part is not None:
                parts.append(part)
        self.add_modules(key, modules, state)
        if not parts:
            raise Refused("a merge without branches")
        self.join_parts(merge, parts, state, self.together(key, modules, parts))

    @staticmethod
    def together(key: str, modules: Sequence[Entry], parts: Sequence[Part]) -> str:
        """The parts of a merge in a loop over its modules, "" if they are not its modules that all read the same."""
        if len(modules) != len(parts) or len(parts) <= MOST_BRANCHES or any(flag for _, flag, _ in parts):
            return ""
        given = parts[0][0].removeprefix(f'{reading(key)}["{modules[0].name}"]')
        if [text for text, _, _ in parts] != [f'{reading(key)}["{entry.name}"]{given}' for entry in modules]:
            return ""
        return f"branch{given} for branch in {reading(key)}.values()"

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
            code = f"functools.reduce(torch.add, {listed.variable})"
        else:
            raise Refused(f"`{merge.word}: rounds({name})`")
        self.flow.assign(state, code)
        self.chains.channels.set_channels(
            state, out, self.module.runs(merge, state), self.chains.channels.parameters(state)
        )

    def shortened(self, merge: Merge, parts: list[Part], state: State) -> list[Part]:
        """The parts of a sum or a product; variables where they are too long for one line together."""
        if merge.word in ("concat", "stack") or sum(len(text) + 3 for text, _, _ in parts) < LONGEST_SUM:
            return parts
        found: list[Part] = []
        for text, flag, channels in parts:
            if not text.isidentifier() and not flag:
                variable = self.flow.branches.free_variable(f"part{len(found) + 1}", state)
                state.owner.forward += lay_out(f"{variable} = ", as_call(text), "", 8)
                text = variable
            found.append((text, flag, channels))
        return found

    def add_modules(self, key: str, modules: list[Entry], state: State) -> None:
        """The modules of the branches of a merge, by their names in a dictionary."""
        if not modules:
            return
        known = {*state.owner.own_names, *self.module.params, *state.owner.locals, CHANNELS}
        before: list[Setting] = []  # chains, each with a variable
        items: list[tuple[Entry, Code]] = []
        for entry in modules:
            code = entry.code
            if named_parts(code) is not None:
                code = branch_variable(entry.name, known)
                before.append(Setting(f"{code} = ", entry.code, f"if {entry.condition}:" if entry.condition else ""))
            items.append((entry, code))
        if is_attribute(key) and not any(entry.condition for entry in modules):
            braces = Bracketed("", tuple(Keyed(f'"{entry.name}": ', code) for entry, code in items), "{}")
            state.owner.init += [*before, *setting(Entry(key, call("nn.ModuleDict", braces)))]
            return
        state.owner.init += [*before, *setting(Entry(key, "nn.ModuleDict()"))]
        for entry, code in items:
            prefix = f'{reading(key)}["{entry.name}"] = '
            state.owner.init.append(Setting(prefix, code, f"if {entry.condition}:" if entry.condition else ""))

    def join_parts(self, merge: Merge, parts: list[Part], state: State, together: str) -> None:
        """Join the parts of a merge. `together` is what goes through them all in a loop, "" for none."""
        parts = self.shortened(merge, parts, state)
        texts = [text for text, _, _ in parts]
        if together and merge.word in ("concat", "stack"):
            texts = [together]
        channels = [each for _, _, each in parts]
        if merge.word == "attention":  # its branches are told by their names
            texts = [text for _, text in sorted(zip(self.places(merge), texts, strict=True))]
        if not any(flag for _, flag, _ in parts):
            if len(parts) == 1 and kind_class(merge.word).passes_single:
                self.flow.assign(state, texts[0])
                self.chains.channels.set_channels(state, channels[0], self.module.runs(merge, state))
                return
            self.join(merge.head, texts, channels, state, merge)
            return
        always = [part for part in parts if not part[1]]
        if len(always) != 1 or merge.word not in ("add", "multiply", "concat") or always[0][0] == state.variable:
            self.join_present(merge, parts, state)
            return
        self.join_optional(merge, parts, always[0], state)

    @staticmethod
    def places(merge: Merge) -> list[int]:
        """The positions of the branches by their names. Raises Refused."""
        names = kind_class(merge.word).branch_names
        if {branch.label for branch in merge.branches} != {*names}:
            raise Refused(f"`{merge.word}` with a branch for each of the rounds")
        return [names.index(branch.label) for branch in merge.branches]

    def join_optional(self, merge: Merge, parts: list[Part], always: Part, state: State) -> None:
        """A merge of which only one branch is always there."""
        state.owner.forward += lay_out("y = ", always[0], "", 8)
        state.current = "y"
        optional = [part for part in parts if part[1]]
        for part in optional:
            first = merge.word != "add" and parts.index(part) < parts.index(always)
            joined = write_join(merge.word, [part[0], "y"] if first else ["y", part[0]], 0)
            if len(optional) == 1:
                joined = Conditional(joined, f"self.{part[1]}", "y")
                self.flow.assign(state, joined)
            else:
                lines = lay_out("y = ", joined, "", 12)
                state.owner.forward += [f"if self.{part[1]}:", *indented(lines)]
        if len(optional) > 1:
            self.flow.assign(state, "y")
        out = None if kind_class(merge.word).concatenates else always[2]
        self.chains.channels.set_channels(
            state, out, self.module.runs(merge, state), self.chains.channels.parameters(state)
        )

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
        self.flow.assign(state, code)
        out = None if kind_class(merge.word).concatenates else parts[0][2]
        self.chains.channels.set_channels(
            state, out, self.module.runs(merge, state), self.chains.channels.parameters(state)
        )
