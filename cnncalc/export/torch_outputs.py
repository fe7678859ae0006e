"""Named outputs of a network: `forward` returns them in a dictionary, by the paths that they have with us.

A block with named outputs returns its own beside its tensor, by the names that they have in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.expressions import quote
from cnncalc.export.layout import Bracketed, Code, as_call, indented, lay_out
from cnncalc.export.torch_call import State
from cnncalc.export.torch_construct import Refused
from cnncalc.export.torch_statements import Entry
from cnncalc.spec.ends import name_outputs
from cnncalc.spec.expressions import Expression
from cnncalc.spec.tree import Merge

if TYPE_CHECKING:
    from cnncalc.export.torch_flow import FlowWriter
    from cnncalc.export.torch_module import ModuleWriter


class OutputWriter:
    """Writes named outputs."""

    def __init__(self, module: ModuleWriter, flow: FlowWriter) -> None:
        self.module = module
        self.flow = flow
        ends = module.recorder.built.ends.found
        # our names, which are the shortest that are unique, by the whole paths without the segments of `outputs`
        self.names = dict(zip((".".join(end.visible) for end in ends), name_outputs(ends), strict=True))
        self.unlike = len(self.names) == len(ends)
        self.written: set[str] = set()  # paths, in the class of the network

    def check(self) -> None:
        """Raises Refused if an output would be missing."""
        if not self.unlike or self.written != {*self.names}:
            raise Refused("named outputs that `forward` cannot tell apart")

    def write(self, merge: Merge, state: State) -> None:
        """The branches of `outputs` as entries of the dictionary. Raises Refused."""
        whole = self.announce(state)
        if merge.rounds is not None:
            self.rounds(merge.rounds, state, whole)
            return
        start = state.copy()
        key = self.flow.chains.key(merge, state)
        modules: list[Entry] = []
        lines: list[str] = []
        for branch in merge.branches:
            part = self.flow.branches.branch(branch, key, start, modules)
            if part is None:
                continue
            text, flag, _ = part
            name = self.names.get(branch.label, branch.label) if whole else branch.label
            self.written |= {branch.label} if whole else set()
            found = lay_out(f"outputs[{quote(name)}] = ", as_call(text), "", 8 + 4 * bool(flag))
            lines += [f"if self.{flag}:", *indented(found)] if flag else found
        self.flow.merges.add_modules(key, modules, state)
        state.owner.forward += lines

    def announce(self, state: State) -> bool:
        """Say that the class gives named outputs; whether it is that of the network.

        Raises Refused where it is only a part of a body.
        """
        owner, whole = state.owner, self.module.is_top(state.owner)
        if not whole and owner.name not in self.module.blocks_of:
            raise Refused("`outputs` in a branch")
        if owner.recursive:
            raise Refused("`outputs` of a block that calls itself")
        owner.gives = True
        return whole

    def rounds(self, expression: Expression, state: State, whole: bool) -> None:
        """The outputs of all rounds of a repeat, each by the number of its round. Raises Refused."""
        name = expression.span.text.replace(" ", "")
        if name not in state.lists:
            raise Refused(f"`outputs: rounds({name})` of a repeat that is not in this body")
        base, dot, rest = name.partition(".")
        if whole:
            self.written |= {path for path in self.under(base) if ".".join(path.split(".")[2:]) == rest}
        state.owner.forward += [
            f"for index, each in enumerate({state.lists[name].variable}):",
            f'    outputs[f"{base}.{{index}}{dot}{rest}"] = each',
        ]

    def under(self, path: str) -> dict[str, str]:
        """The names of the outputs below a path, by what follows it."""
        return {each: name for each, name in self.names.items() if each.startswith(f"{path}.")}

    def pass_on(self, key: str, state: State) -> None:
        """Add the named outputs of a module, in `found`, to those of the class that holds it. Raises Refused."""
        lines = lay_out("outputs |= ", _with_prefix(key), "", 8)
        if self.announce(state):
            names = self.under(key)
            self.written |= {*names}
            inside = {path[len(key) + 1 :]: name for path, name in names.items()}
            if inside == {name: name for name in inside}:
                lines = ["outputs |= found"]
            elif any(path != name for path, name in names.items()):
                lines = [f"outputs[{quote(name)}] = found[{quote(inner)}]" for inner, name in inside.items()]
        state.owner.forward += lines

    def pass_rounds_on(self, key: str, state: State) -> None:
        """The same in a loop over rounds, by their number `index`. Raises Refused."""
        if self.announce(state):
            names = self.under(key)
            self.written |= {*names}
            if any(path != name for path, name in names.items()):
                raise Refused("outputs of rounds with other names")
        state.owner.forward += indented(lay_out("outputs |= ", _with_prefix(f"{key}.{{index}}"), "", 12))


def _with_prefix(path: str) -> Code:
    """The outputs in `found`, by their names below a path."""
    return Bracketed("", (f'f"{path}.{{name}}": each',), "{}", "for name, each in found.items()")
