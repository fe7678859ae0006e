"""The branches of a merge: each a module, an expression in `forward`, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.expressions import identifier
from cnncalc.export.torch_body import Entry, NotSequential, in_line, reading
from cnncalc.export.torch_call import State
from cnncalc.export.torch_chain import ChainWriter
from cnncalc.export.torch_names import module_key
from cnncalc.spec.expressions import Expression
from cnncalc.spec.tree import Block, Branch, Call, Chain, Item, Merge

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
                    self.flow.unit(item.unit, state)
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
