"""The branches of a merge: each a module, an expression in `forward`, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cnncalc.export.layout import Code
from cnncalc.export.torch_call import State
from cnncalc.export.torch_chain import ChainWriter
from cnncalc.export.torch_names import branch_variable, module_key
from cnncalc.export.torch_statements import Entry, NotSequential, as_branch, in_dictionary, reading
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
        mark = self.mark(state)
        entry: Entry | None = None
        try:
            entry = self.in_place(branch, key, state)
        except NotSequential:
            self.forget(state, mark)
            state = self.begin(branch, start)
            entry = self.block_alone(branch, key, state) or self.part(branch, key, state)
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
    def apply(entry: Entry, key: str, state: State, arguments: str = "") -> None:
        """Apply the module of a branch to the current tensor."""
        state.current = f'{reading(key)}["{entry.name}"]({arguments or state.current})'

    def part(self, branch: Branch, key: str, state: State) -> Entry:
        """A branch as a class of its own."""
        code = self.module.part(branch.body, state, branch.label)
        entry = Entry(module_key(branch.label), code)
        owner = self.module.part_made_by(code)
        self.apply(entry, key, state, owner.arguments(state.current, self.module.tensors_of(owner, state)))
        return entry

    def block_alone(self, branch: Branch, key: str, state: State) -> Entry | None:
        """A branch that is one block with named outputs as arguments: a dictionary with it; None for others."""
        if any(self.is_whole(chain) for chain in branch.body):
            return None
        made = self.flow.block_alone([item for chain in branch.body for item in chain.items], state)
        if made is None:
            return None
        (inner, arguments), label = made, module_key(branch.label)
        state.current = f'self.get_submodule("{key}.{label}.{inner.name}")({arguments})'
        return Entry(label, in_dictionary(inner))

    def in_place(self, branch: Branch, key: str, state: State) -> Entry | None:
        """Write a branch that is one run of modules, with expressions before and after it; the run, if there is one.

        Raises NotSequential for other branches.
        """
        if any(self.is_whole(chain) for chain in branch.body):
            raise NotSequential
        made: list[Entry] = []

        def apply(code: Code) -> None:
            made.append(Entry(module_key(branch.label), code))
            self.apply(made[0], key, state)

        self.one_run([item for chain in branch.body for item in chain.items], state, apply)
        return made[0] if made else None

    def one_run(self, items: Sequence[Item], state: State, apply: Callable[[Code], None]) -> None:
        """Write items that are one run of modules, with expressions before and after it; `apply` is given the run.

        Raises NotSequential for other items.
        """
        waiting: list[Entry] = []
        runs = 0
        for item in [*items, None]:
            trial = state.copy()
            try:
                found = self.chains.item(item, trial) if item else []
            except NotSequential:
                if item is None or not self.is_function(item):
                    raise
            else:
                state.channels, state.ahead = trial.channels, trial.ahead
                waiting += found
                if item is not None:
                    continue
            if waiting:
                runs += 1
                if runs > 1:
                    raise NotSequential
                apply(as_branch(waiting))
            waiting = []
            if item is not None:
                self.flow.unit(item.unit, state)

    @staticmethod
    def free_variable(label: str, state: State) -> str:
        """A variable for what a branch computes."""
        taken = {"inputs", *(tensor.variable for tensor in state.tensors.values()), *state.owner.tensor_names}
        return branch_variable(label, taken)

    @staticmethod
    def mark(state: State) -> tuple[int, int, dict[str, str]]:
        """How far the class is written, to `forget` what follows."""
        return len(state.owner.init), len(state.owner.forward), dict(state.owner.kept)

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
        return unit.target in ("from", "reuse") or not isinstance(unit.target, str | Block)
