"""What the expansion builds: nodes, groups and outputs of a network, and the trail that led to a mistake."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cnncalc.errors import CnncalcError, Fix, Mistake, Note, Problem, Problems, Span
from cnncalc.layers.base import Layer, Shape, Shapes, shape_text
from cnncalc.network import INPUT, Group, Network, Node
from cnncalc.spec.expressions import Literal
from cnncalc.spec.family import Description
from cnncalc.spec.scope import Flow
from cnncalc.spec.tree import Item

MOST_LAYERS = 100_000
MOST_DIFFERENT = 30_000  # of these, in settings or in what flows in
MOST_STEPS = 300_000  # items gone through, those that give no layer included
MOST_STEPS_AFTER = 30_000  # the same, once something has failed: what else is wrong has shown by then
MOST_CHARACTERS = 20_000_000  # of all paths together
DEEPEST = 100  # blocks, parentheses and branches within one another
CALLS = 20  # of Python's functions that stand within one another for a level of blocks and of an expression in it
LONGEST_QUOTE = 60  # characters of the file that a note repeats


class TooLarge(CnncalcError):
    """A bound was reached: the expansion stops, the problem is noted."""


class Opened(NamedTuple):
    """A group that has begun: its place among the groups, its path, its first node, the groups around it."""

    place: int
    path: str
    first: int
    depth: int


class Builder:
    """Keeps what is built. Once something has `failed`, nodes are no longer kept; they are still counted."""

    def __init__(self, start: Flow, problems: Problems) -> None:
        self.start = start
        self.problems = problems
        self.failed = start.shape is None
        self.nodes: list[Node] = []
        self.groups: list[Group | None] = []  # None for those that are open, or were left by a mistake
        self.outputs: dict[str, int] = {}
        self.last_outputs: list[str] = []  # the names that the last `outputs` gave
        self.lost: list[tuple[int, Span]] = []  # nodes whose output flowed into a `from`
        self.count = 0
        self.steps = 0
        self.steps_after = 0
        self.characters = 0
        self.depth = 0
        self.nesting = 0  # groups that are open
        self.calls: list[tuple[str, Span]] = []  # the blocks that are being run, as called, and where
        self.repeats: list[tuple[Item, int]] = []  # the repeats that are being run, with the round

    def network(self, about: Description) -> Network | None:
        """What was built, None where the input is not known."""
        if self.start.shape is None:
            return None
        self.note_lost_values()
        size = len(self.nodes)
        groups = tuple(group for group in self.groups if group and group.first < size)
        if self.failed:  # of the nodes counted since then none was kept
            groups = tuple(
                group._replace(last=min(group.last, size), result=min(group.result, size - 1)) for group in groups
            )
        outputs = {name: min(node, size - 1) for name, node in self.outputs.items()}
        nodes = tuple(self.nodes)
        return Network(
            about.name, about.source, about.notes, self.start.shape, nodes, groups, outputs, complete=not self.failed
        )

    def note_lost_values(self) -> None:
        """A value that flowed into `from`, where nothing else reads it."""
        if self.failed:
            return
        read = {index for node in self.nodes for index in node.inputs} | set(self.outputs.values())
        for index, span in dict(reversed(self.lost)).items():  # one that several branches leave is told at the first
            if index != INPUT and index not in read:
                message = f"the output of `{self.nodes[index].path}` is discarded: `from` starts a new path"
                self.problems.add(Problem("lost-value", message, span, "name it and use it, or remove it"))

    def add(self, layer: Layer, sources: tuple[int, ...], inputs: Shapes, output: Shape, span: Span, path: str) -> int:
        """Keep a node that reads what the `sources` give; its index, or INPUT once the network has failed."""
        self.count += 1
        if self.count > MOST_LAYERS:
            self.problems.add(
                Problem("too-large", f"the network has more than {MOST_LAYERS:,} layers", span, path=path)
            )
            raise TooLarge
        if self.failed:
            return INPUT
        self.write_down(path, span)
        index = len(self.nodes)
        self.nodes.append(Node(index, path, layer, sources, inputs, output, span))
        return index

    def write_down(self, path: str, span: Span | None = None) -> None:
        """Count the characters of a path; the names in it can be long, and stand in the path of all that is below."""
        self.characters += len(path)
        if self.characters > MOST_CHARACTERS:
            message = f"the paths of the layers have more than {MOST_CHARACTERS:,} characters together"
            span = span or (self.calls[-1][1] if self.calls else None)
            self.problems.add(Problem("too-large", message, span, "shorten the names"))
            raise TooLarge

    def different(self, count: int, span: Span, path: str) -> None:
        """Count the layers that no other is like; what is repeated costs little. Raises TooLarge."""
        if count > MOST_DIFFERENT:
            message = f"the network has more than {MOST_DIFFERENT:,} layers that differ in arguments or input"
            self.problems.add(Problem("too-large", message, span, path=path))
            raise TooLarge

    def open(self, path: str = "") -> Opened:
        """Begin a group; what `close` is given to end it."""
        self.write_down(path)
        opened = Opened(len(self.groups), path, len(self.nodes), self.nesting)
        self.groups.append(None)
        self.nesting += 1
        return opened

    def close(self, opened: Opened, form: str, title: str, flow: Flow, rounds: int = 0) -> None:
        """End a group with the current tensor as its result."""
        place, path, first, depth = opened
        self.groups[place] = Group(path, form, title, first, len(self.nodes), flow.node, depth, rounds)
        self.nesting -= 1

    def step(self, span: Span, count: int = 1) -> None:
        self.steps += count
        if self.steps > MOST_STEPS:
            self.problems.add(Problem("too-large", f"the network takes more than {MOST_STEPS:,} steps to expand", span))
            raise TooLarge
        if self.failed:
            self.steps_after += 1
            if self.steps_after > MOST_STEPS_AFTER:
                raise TooLarge

    def enter(self, span: Span) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Mistake(
                "too-large", f"blocks, parentheses and branches are nested more than {DEEPEST} levels deep", span
            )

    def note(self, mistake: Mistake, path: str, flow: Flow | None = None, fixes: tuple[Fix, ...] = ()) -> None:
        """Note a mistake with the calls that led to it and the shapes on the way."""
        notes = [Note(f"in `{quoted(title)}`, called here", span) for title, span in reversed(self.calls[-4:])]
        if len(self.calls) > 4:
            notes.append(Note(f"{len(self.calls) - 4} more outer calls"))
        if self.repeats and (index := self.repeats[-1][1]):
            notes.append(Note(f"in round {index} of `{quoted(self.repeats[-1][0].span.text)}`, counting from 0"))
        if flow and not self.failed:
            notes.append(Note(f"the last shapes: {self.way_to(flow)}"))
        problem = mistake.problem
        if problem.code == "recursion":  # however deep it is, the first round shows it
            path, notes = ".".join(path.split(".")[:2]), []
        self.problems.add(problem._replace(path=path, notes=tuple(notes), fixes=(*fixes, *problem.fixes)))
        self.failed = True

    def way_to(self, flow: Flow) -> str:
        """The last few layers that led here, with their shapes."""
        steps: list[str] = []
        index = flow.node
        while index != INPUT and len(steps) < 5 and index < len(self.nodes):
            node = self.nodes[index]
            segments = node.path.split(".")
            name = ".".join(segments[-2:]) if segments[-1].isdigit() else segments[-1]
            steps.append(f"{name} {shape_text(node.output)}")
            index = node.inputs[0]
        if index == INPUT and self.start.shape:
            steps.append(f"input {shape_text(self.start.shape)}")
        elif steps:
            steps.append("…")
        return " → ".join(reversed(steps))

    def fewer_rounds(self) -> tuple[Fix, ...]:
        """The repair of a repeat that runs out in some round: as many rounds as there is room for."""
        if not self.repeats:
            return ()
        item, index = self.repeats[-1]
        if not isinstance(item.count, Literal) or not index:
            return ()
        rounds = f"{index} round{'s' * (index > 1)}"
        return (Fix(item.count.span, str(index), f"there is room for {rounds}: write `* {index}`"),)

    def mark(self) -> tuple[int, ...]:
        """Where the expansion stands, to come back to after a mistake."""
        return self.depth, self.nesting, len(self.calls), len(self.repeats)

    def back_to(self, mark: tuple[int, ...]) -> None:
        """Leave everything that was entered since."""
        self.depth, self.nesting, calls, rounds = mark
        del self.calls[calls:], self.repeats[rounds:]


def quoted(text: str) -> str:
    """A piece of the file, cut where it is long."""
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


@contextmanager
def room_to_call() -> Iterator[None]:
    """Let Python go as deep as blocks may stand within one another, besides what it does as a rule."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(usual + DEEPEST * CALLS)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)
