"""Merges and named outputs as statements of Keras code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.expressions import quote
from cnncalc.export.keras_call import Unsayable
from cnncalc.export.keras_lines import Assign, Plain, Statement, Under
from cnncalc.export.keras_state import State
from cnncalc.export.layout import Bracketed, flat
from cnncalc.layers import kind_class
from cnncalc.spec.name_expressions import names_in
from cnncalc.spec.tree import Branch, Merge

if TYPE_CHECKING:
    from cnncalc.export.keras_blocks import BlockWriter
    from cnncalc.export.keras_flow import FlowWriter

PARTS = "parts"


class MergeWriter:
    """Writes merges."""

    def __init__(self, blocks: BlockWriter, flow: FlowWriter) -> None:
        self.blocks = blocks
        self.flow = flow

    def merge(self, merge: Merge, state: State) -> None:
        if merge.word == "outputs":
            self.outputs(merge, state)
            return
        instances = self.blocks.runs(merge)
        if not instances:
            self.blocks.left_out = True
            return
        segment = state.segment(merge)
        if merge.rounds is not None:
            listed = state.lists.get(merge.rounds.span.text.replace(" ", ""))
            if listed is None:
                raise Unsayable(f"`{merge.word}: rounds({merge.rounds.span.text})` of a repeat elsewhere")
            self.flow.join(merge.head, listed, state, segment, instances)
            return
        branches = [each for each in merge.branches if self.may_run(each)]
        if any(self.is_open(each) for each in branches):
            if not self.join_other(merge, branches, state, segment):
                self.join_present(merge, branches, state, segment)
            return
        parts = self.parts(branches, state, segment)
        if len(parts) == 1 and "*" not in parts[0] and kind_class(merge.word).passes_single:
            state.assign(parts[0])
            return
        self.flow.join(merge.head, parts, state, segment, instances)

    def may_run(self, branch: Branch) -> bool:
        """Whether a branch ever runs with these params."""
        if branch.condition is None or True in self.blocks.recorder.judged.get(id(branch.condition), set()):
            return True
        self.blocks.left_out |= bool(names_in(branch.condition))
        return False

    @staticmethod
    def is_open(branch: Branch) -> bool:
        """Whether a branch has a condition that depends on names."""
        return branch.condition is not None and bool(names_in(branch.condition))

    def parts(self, branches: list[Branch], state: State, segment: str) -> list[str]:
        """The tensors of all branches, each after its statements."""
        parts: list[str] = []
        for branch in branches:
            inner = self.begin(branch, state, segment, parts)
            parts.append(self.part(branch, inner))
        return parts

    def begin(self, branch: Branch, state: State, segment: str, before: list[str]) -> State:
        """The start of a branch, with a variable of its own."""
        inner = state.inner(f"{segment}-{branch.label}")
        inner.busy = state.busy | {state.variable, state.current, *before}
        inner.variable = inner.free(branch.label)
        inner.busy |= {inner.variable}
        return inner

    def part(self, branch: Branch, inner: State) -> str:
        """The tensor of a branch; of one for all rounds of a repeat, the list of them."""
        if branch.rounds is not None:
            listed = inner.lists.get(branch.rounds.span.text.replace(" ", ""))
            if listed is None or branch.body:
                raise Unsayable(f"the branch `{branch.label}` for each round of a repeat")
            return f"*{listed}"
        self.flow.body(branch.body, inner)
        return inner.current

    def join_other(self, merge: Merge, branches: list[Branch], state: State, segment: str) -> bool:
        """A merge of a branch and, under a condition, another: whether it is one."""
        if [self.is_open(each) for each in branches] != [False, True] or not kind_class(merge.word).passes_single:
            return False
        always, other = branches
        if always.rounds is not None or other.rounds is not None or not (always.body or other.body):
            return False
        first = self.begin(always, state, segment, [])
        start = len(state.statements)
        part = self.part(always, first)
        if part not in (first.variable, state.variable) or part in state.tensors.values():
            del state.statements[start:]
            return False
        second = self.begin(other, state, segment, [part])
        second.statements = []
        assert other.condition is not None
        condition = state.text(other.condition)
        parts = [part, self.part(other, second)]
        joined = state.copy()
        joined.statements, joined.variable = second.statements, part
        self.flow.join(merge.head, parts, joined, segment, self.blocks.runs(merge))
        state.statements.append(Under(f"if {condition}:", tuple(joined.statements)))
        state.current = part
        return True

    def join_present(self, merge: Merge, branches: list[Branch], state: State, segment: str) -> None:
        """A merge of which some branches may not be there: a list of those that are."""
        variable = state.free(PARTS)
        statements = state.statements
        before: list[str] = [variable]
        started = False
        for branch in branches:
            inner = self.begin(branch, state, segment, before)
            if self.is_open(branch) and not started:
                statements.append(Assign(f"{variable}: list[Tensor]", "[]"))
                started = True
            inner.statements = [] if self.is_open(branch) else statements
            condition = state.text(branch.condition) if self.is_open(branch) and branch.condition else ""
            part = self.part(branch, inner)
            add: Statement = Plain(f"{variable}.append({part})")
            if not started:
                statements.append(Assign(f"{variable}: list[Tensor]", Bracketed("", (part,), "[]")))
                started = True
            elif condition:
                statements.append(Under(f"if {condition}:", (*inner.statements, add)))
            else:
                statements.append(add)
            before.append(inner.variable)
        instances = self.blocks.runs(merge)
        alone = any(each.layer is None or len(each.sources) < 2 for each in instances)
        self.flow.join(merge.head, variable, state, segment, instances)
        last = statements[-1]
        if alone and kind_class(merge.word).passes_single and isinstance(last, Assign):
            text = f"{flat(last.code)} if len({variable}) > 1 else {variable}[0]"
            statements[-1] = last._replace(code=text)

    def outputs(self, merge: Merge, state: State) -> None:
        """Named outputs: entries of the dictionary that the model gives."""
        if state.owner.block is not None:
            raise Unsayable("`outputs` inside of a block")
        if merge.rounds is not None:
            raise Unsayable("`outputs: rounds(…)`")
        segment = state.segment(merge)
        for branch in merge.branches:
            if not self.may_run(branch):
                continue
            if self.is_open(branch):
                raise Unsayable("an output under a condition")
            inner = self.begin(branch, state, segment, [])
            part = self.part(branch, inner)
            last = state.statements[-1] if state.statements else None
            code = part
            if isinstance(last, Assign) and last.variable == part == inner.variable:
                state.statements.pop()
                code = last.code  # type: ignore[assignment]
            state.statements.append(Assign(f"outputs[{quote(branch.label)}]", code))
            self.blocks.outputs.append(branch.label)
