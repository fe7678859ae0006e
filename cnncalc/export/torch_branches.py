"""The branches of a merge: each a module, an expression in `forward`, or both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnncalc.export.layout import flat
from cnncalc.export.torch_call import State
from cnncalc.export.torch_chain import ChainWriter
from cnncalc.export.torch_functional import as_function
from cnncalc.export.torch_names import branch_variable, module_key
from cnncalc.export.torch_statements import Entry, NotSequential, in_line, reading
from cnncalc.spec.expressions import Expression
from cnncalc.spec.tree import Block, Branch, Call, Chain, Item

if TYPE_CHECKING:
    from cnncalc.export.torch_flow import FlowWriter
    from cnncalc.export.torch_module import ModuleWriter

# A branch: its text in `forward`, the attribute that says whether it is there, and its channels.
Part = tuple[str, str, Expression | None]


class BranchWriter:
    """Writes branches."""

    def __init__(self, module: ModuleWriter, chains: ChainWriter, flow: FlowWriter) -> None:
        self.module = module
        self.chains = chains
        self.flow = flow

    def branch(self, branch: Branch, key: str, start: State, modules: list[Entry]) -> Part | None:
        """Write a branch of the merge `key`; its modules are added to `modules`. None for one that never runs."""
        condition, flag = self.condition(branch, start)
        if condition is None:
            return None
        state = self.begin(branch, start)
        mark = (len(state.owner.init), len(state.owner.forward), dict(state.owner.kept))
        entry: Entry | None = None
        try:
            entry = self.in_place(branch, key, state)
        except NotSequential:
            self.forget(state, mark)
            state = self.begin(branch, start)
            code = self.module.part(branch.body, state, branch.label)
            entry = Entry(module_key(branch.label), code)
            self.apply(entry, key, state, self.module.tensors_of(code, state))
        if entry is not None:
            modules.append(entry._replace(condition=condition))
        return state.current, flag, state.channels

    def condition(self, branch: Branch, state: State) -> tuple[str | None, str]:
        """The condition of a branch as text, "" without one and None if it never holds; and its attribute."""
        if branch.condition is None:
            return "", ""
        judged = self.chains.condition(branch.condition, state)
        if isinstance(judged, bool):
            return "" if judged else None, ""
        text = judged[0]
        return text, state.owner.keep(text, text if text.isidentifier() else f"has_{branch.label}")

    def begin(self, branch: Branch, start: State) -> State:
        """The state at the start of a branch."""
        state = start.copy()
        state.ahead = {}
        state.variable = self.free_variable(branch.label, start)
        return state

    @staticmethod
    def apply(entry: Entry, key: str, state: State, more: Sequence[str] = ()) -> None:
        """Apply the module of a branch to the current tensor."""
        state.current = f'{reading(key)}["{entry.name}"]({", ".join([state.current, *more])})'

    def in_place(self, branch: Branch, key: str, state: State) -> Entry | None:
        """Write a branch that is one run of modules, with expressions before and after it; the run, if there is one.

        Raises NotSequential for other branches.
        """
        if any(self.is_whole(chain) for chain in branch.body):
            raise NotSequential
        made: Entry | None = None
        waiting: list[Entry] = []
        for item in (item for chain in branch.body for item in chain.items):
            trial = state.copy()
            try:
                found = self.chains.item(item, trial)
            except NotSequential:
                made = self.run(branch, key, state, waiting, made)
                waiting = []
                if not self.is_function(item):
                    raise
                self.flow.unit(item.unit, state)
            else:
                state.channels, state.ahead = trial.channels, trial.ahead
                waiting += found
        return self.run(branch, key, state, waiting, made)

    def run(self, branch: Branch, key: str, state: State, waiting: list[Entry], before: Entry | None) -> Entry | None:
        """Apply a run of modules, the only one of its branch. Raises NotSequential if there was one `before`."""
        if not waiting or (state.by_name and self.as_functions(waiting, state)):
            return before
        if before is not None:
            raise NotSequential
        entry = Entry(module_key(branch.label), in_line(waiting))
        self.apply(entry, key, state)
        return entry

    def as_functions(self, waiting: list[Entry], state: State) -> bool:
        """Apply a run that has no arrays by functions; whether it is such a run."""
        x, kept = state.current, dict(state.owner.kept)
        for entry in waiting:
            code = as_function(entry, x, state.owner)
            if code is None:
                state.owner.kept = kept
                return False
            x = flat(code)
        state.current = x
        return True

    @staticmethod
    def free_variable(label: str, state: State) -> str:
        """A variable for what a branch computes."""
        taken = {"inputs", *(tensor.variable for tensor in state.tensors.values()), *state.owner.tensor_names}
        return branch_variable(label, taken)

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
