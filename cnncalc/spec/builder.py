"""Builds the nodes, groups and outputs of a network for `expand`; reports mistakes with the calls that led to them."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from cnncalc import limits
from cnncalc.errors import Amount, CnncalcError, Fix, Mistake, Note, Problem, Problems, Span
from cnncalc.layers.base import Layer, Shape, Shapes, format_shape
from cnncalc.network import INPUT, Group, Network, Node, input_label
from cnncalc.records import NamedTuple
from cnncalc.spec.ends import Ends, suggest_output
from cnncalc.spec.expressions import Literal
from cnncalc.spec.family import Description
from cnncalc.spec.scope import Flow
from cnncalc.spec.tree import Item

CALLS = 20  # nested Python calls for a level of blocks with an expression in it
LONGEST_QUOTE = 60  # characters of a quote in a note


class TooLarge(CnncalcError):
    """A limit was exceeded and reported; the expansion stops."""


class Opened(NamedTuple):
    """An open group: its number among the groups, its path, its first node, its depth."""

    number: int
    path: str
    first: int
    depth: int


class Builder:
    """Collects what is built. After a failure (`failed`), nodes are only counted."""

    def __init__(self, inputs: Mapping[str, Shape | None], problems: Problems, amount: Amount) -> None:
        """`inputs` are the shapes of the inputs by name, None for an unknown one; `amount` was read before."""
        self.inputs = {name: shape for name, shape in inputs.items() if shape is not None}
        self.problems = problems
        self.failed = not inputs or len(self.inputs) < len(inputs)
        self.complete_inputs = not self.failed
        self.most_layers = (limits.LAYERS - amount.layers) // max(
            len(inputs), 1
        )  # each has a receptive field for every input
        self.nodes: list[Node] = []
        self.groups: list[Group | None] = []  # None for those that are open, or were left because of a mistake
        self.ends = Ends()
        self.ended: set[int] = set()  # of the groups, those that `outputs` ended
        self.lost: list[tuple[int, Span]] = []  # nodes directly before a `from`
        self.count = 0
        self.steps = amount.steps
        self.steps_after = 0
        self.characters = 0
        self.depth = 0
        self.nesting = 0  # number of open groups
        self.calls: list[tuple[str, Span]] = []  # the running blocks, as called, with positions
        self.repeats: list[tuple[Item, int]] = []  # the running repeats, with their rounds

    def network(self, about: Description, end: int = INPUT, *, ended: bool = False) -> Network | None:
        """The network as far as it was built, None if its inputs are not known. `end` is the last node.

        If it is `ended` by `outputs`, that node is not an output, only the named ones are.
        """
        if not self.complete_inputs:
            return None
        outputs = self.ends.named(last_first=ended)
        if self.failed:  # a node after the failure was not kept, and its number is that of the input
            outputs = {name: node for name, node in outputs.items() if node >= 0}
        elif not ended:
            outputs = {"": end, **outputs}
        self.note_lost_values(set(outputs.values()), end if ended else INPUT)
        groups = tuple(group for group in self._groups(set(outputs.values())) if group.first < len(self.nodes))
        nodes = tuple(self.nodes)
        return Network(
            about.name, about.source, about.notes, self.inputs, nodes, groups, outputs, complete=not self.failed
        )

    def _groups(self, outputs: Collection[int]) -> Iterator[Group]:
        """The groups. One that `outputs` ended has no result, unless the tensor before `outputs` is read later."""
        last = {index: node.index for node in self.nodes for index in node.inputs} if self.ended else {}
        for at, group in enumerate(self.groups):
            if group and at in self.ended and group.result is not None and group.result not in outputs:
                used = last.get(group.result, INPUT) >= group.last
                yield group if used else group._replace(result=None)
            elif group:
                yield group

    def note_lost_values(self, outputs: Collection[int], end: int) -> None:
        """Report outputs before a `from`, and at the `end` of a network before `outputs`, that nothing else uses."""
        if self.failed:
            return
        read = {index for node in self.nodes for index in node.inputs}.union(outputs)
        if end >= 0 and end not in read and self.ends.merge:
            message = f"the output of `{self.nodes[end].path}` is discarded: the network ends with `outputs`"
            fixes = suggest_output(self.ends.merge, len(self.nodes[end].output) == 1)
            problem = Problem("lost-value", message, self.ends.merge.span, "remove what is not used", fixes=fixes)
            self.problems.add(problem)
        for index, span in dict(reversed(self.lost)).items():  # if several branches discard one, the first is reported
            if index >= 0 and index not in read and index != end:
                word = span.text.partition("(")[0]
                message = f"the output of `{self.nodes[index].path}` is discarded: `{word}` starts a new path"
                self.problems.add(Problem("lost-value", message, span, "name it and use it, or remove it"))

    def add(
        self,
        layer: Layer,
        sources: tuple[int, ...],
        inputs: Shapes,
        output: Shape,
        span: Span,
        path: str,
        like: int | None = None,
    ) -> int:
        """Add a node that reads the outputs of `sources`; returns its index, or INPUT after a failure."""
        self.count += 1
        if self.count > self.most_layers:
            several = f" for {len(self.inputs)} inputs" if len(self.inputs) > 1 else ""
            message = f"the network has more than {self.most_layers:,} layers{several}"
            self.problems.add(Problem("too-large", message, span, path=path))
            raise TooLarge
        if self.failed:
            return INPUT
        self.count_path(path, span)
        index = len(self.nodes)
        self.nodes.append(Node(index, path, layer, sources, inputs, output, span, like=like))
        return index

    def count_path(self, path: str, span: Span | None = None) -> None:
        """Count the characters of a path: names can be long, and recur in the paths inside. Raises TooLarge."""
        self.characters += len(path)
        if self.characters > limits.PATH_CHARACTERS:
            message = f"the paths of the layers have more than {limits.PATH_CHARACTERS:,} characters together"
            self.problems.add(Problem("too-large", message, span or self.last_call(), "shorten the names"))
            raise TooLarge

    def check_different(self, count: int, span: Span, path: str) -> None:
        """Check the number of distinct layers; repeated ones cost little. Raises TooLarge."""
        if count > limits.DIFFERENT_LAYERS:
            message = f"the network has more than {limits.DIFFERENT_LAYERS:,} layers that differ in arguments or input"
            self.problems.add(Problem("too-large", message, span, path=path))
            raise TooLarge

    def open(self, path: str = "") -> Opened:
        """Begin a group, which `close` ends."""
        self.step(None)
        self.count_path(path)
        opened = Opened(len(self.groups), path, len(self.nodes), self.nesting)
        self.groups.append(None)
        self.nesting += 1
        return opened

    def close(
        self,
        opened: Opened,
        form: str,
        title: str,
        flow: Flow,
        rounds: int = 0,
        conditions: tuple[bool, ...] = (),
    ) -> None:
        """End a group with the current tensor as its result, unless `outputs` only passes that tensor on."""
        index, path, first, depth = opened
        passed_on = flow.ended and (flow.node < first or form == "outputs")
        result = None if self.failed or passed_on else flow.node
        self.groups[index] = Group(path, form, title, first, len(self.nodes), result, depth, rounds, conditions)
        if flow.ended:
            self.ended.add(index)
        self.nesting -= 1

    def last_call(self) -> Span | None:
        """The position of the call of the running block, None outside of blocks."""
        return self.calls[-1][1] if self.calls else None

    def step(self, span: Span | None, count: int = 1) -> None:
        """Count items or groups that are expanded. Raises TooLarge."""
        self.steps += count
        if self.steps > limits.EXPANSION_STEPS:
            message = f"the network takes more than {limits.EXPANSION_STEPS:,} steps to expand"
            self.problems.add(Problem("too-large", message, span or self.last_call()))
            raise TooLarge
        if self.failed:
            self.steps_after += 1
            if self.steps_after > limits.STEPS_AFTER_ERROR:
                raise TooLarge

    def enter(self, span: Span) -> None:
        """Enter a block, a group or a merge. Raises Mistake at the limit of nesting."""
        self.depth += 1
        if self.depth > limits.NESTING:
            raise Mistake(
                "too-large", f"blocks, parentheses and branches are nested more than {limits.NESTING} levels deep", span
            )

    def note(self, mistake: Mistake, path: str, flow: Flow | None = None, fixes: tuple[Fix, ...] = ()) -> None:
        """Report a mistake with the calls that led to it and the last shapes."""
        notes = [Note(f"in `{shorten(title)}`, called here", span) for title, span in reversed(self.calls[-4:])]
        if len(self.calls) > 4:
            notes.append(Note(f"{len(self.calls) - 4} more outer calls"))
        if self.repeats and (index := self.repeats[-1][1]):
            notes.append(Note(f"in round {index} of `{shorten(self.repeats[-1][0].span.text)}`, counting from 0"))
        if flow and not self.failed:
            notes.append(Note(f"the last shapes: {self.last_shapes(flow)}"))
        problem = mistake.problem
        if problem.code == "recursion":  # the first call is enough, however deep the last one is
            path, notes = ".".join(path.split(".")[:2]), []
        self.problems.add(problem._replace(path=path, notes=(*problem.notes, *notes), fixes=(*fixes, *problem.fixes)))
        self.failed = True

    def last_shapes(self, flow: Flow) -> str:
        """The last few layers before the current tensor, with their output shapes."""
        steps: list[str] = []
        index = flow.node
        while index >= 0 and len(steps) < 5 and index < len(self.nodes):
            node = self.nodes[index]
            segments = node.path.split(".")
            name = ".".join(segments[-2:]) if segments[-1].isdigit() else segments[-1]
            steps.append(f"{name} {format_shape(node.output)}")
            if not node.inputs:
                return " → ".join(reversed(steps))
            index = node.inputs[0]
        if index < 0 and self.complete_inputs:
            name, shape = list(self.inputs.items())[INPUT - index]
            steps.append(f"{input_label(name)} {format_shape(shape)}")
        elif steps:
            steps.append("…")
        return " → ".join(reversed(steps))

    def suggest_rounds(self) -> tuple[Fix, ...]:
        """The repair of a repeat that fails in a later round: the number of rounds that fit."""
        if not self.repeats:
            return ()
        item, index = self.repeats[-1]
        if not isinstance(item.count, Literal) or not index:
            return ()
        rounds = f"{index} round{'s' * (index > 1)}"
        return (Fix(item.count.span, str(index), f"only {rounds} fit{'s' * (index == 1)}: write `* {index}`"),)

    def save_state(self) -> tuple[int, ...]:
        """The state to return to after a mistake."""
        return self.depth, self.nesting, len(self.calls), len(self.repeats)

    def restore_state(self, mark: tuple[int, ...]) -> None:
        """Leave everything that was entered since `mark`."""
        self.depth, self.nesting, calls, rounds = mark
        del self.calls[calls:], self.repeats[rounds:]


def shorten(text: str) -> str:
    """Shorten a quote of the file."""
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


@contextmanager
def raise_recursion_limit() -> Iterator[None]:
    """Raise the recursion limit of Python by what nested blocks need."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(usual + limits.NESTING * CALLS)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)
