"""A block that is run again as before: what it built then is taken over, moved to where it stands now."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.layers.fields import Value
from cnncalc.network import Group, Node
from cnncalc.spec.builder import MOST_CHARACTERS, MOST_LAYERS, MOST_STEPS, Builder
from cnncalc.spec.scope import Flow, Frame, Output
from cnncalc.spec.values import ListValue


class Start(NamedTuple):
    """Where a builder stands as a block begins."""

    path: str
    node: int
    group: int
    nesting: int
    depth: int
    steps: int
    characters: int
    others: tuple[int, ...]  # how much there is of what cannot be taken over


class Run(NamedTuple):
    """What a run of a block built: nodes that read one another or what flowed in, and its groups."""

    start: Start
    end: Flow
    nodes: tuple[Node, ...]
    groups: tuple[Group | None, ...]
    steps: int
    characters: int  # of all their paths


class Replays:
    """The runs of blocks so far, each by what decides what it builds: the block, its arguments, the shape it is given.

    Only runs are kept that gave nothing but nodes and groups, and had nothing but what flowed in: no problem was found,
    no output was named, handed in or left for the network.
    """

    def __init__(self, built: Builder) -> None:
        self.built = built
        self.runs: dict[object, Run] = {}

    def start(self, path: str, flow: Flow) -> Start | None:
        """Where a block begins; None where no run can be kept."""
        built = self.built
        if built.failed or flow.doubtful:
            return None
        nodes, groups = len(built.nodes), len(built.groups)
        return Start(path, nodes, groups, built.nesting, built.depth, built.steps, built.characters, self._others())

    def _others(self) -> tuple[int, ...]:
        return len(self.built.problems.found), len(self.built.outputs), len(self.built.lost)

    def keep(self, key: object, start: Start | None, end: Flow, frame: Frame) -> None:
        """Keep the run that began there, where it can be taken over."""
        built = self.built
        if start is None or built.failed or start.others != self._others():
            return
        if frame.outputs or any(map(holds_output, frame.arguments.values())):
            return
        nodes, groups = tuple(built.nodes[start.node :]), tuple(built.groups[start.group :])
        steps, characters = built.steps - start.steps, built.characters - start.characters
        self.runs[key] = Run(start, end, nodes, groups, steps, characters)

    def again(self, key: object, path: str, flow: Flow) -> Flow | None:
        """Build what an earlier run built, behind what flows here; what flows then.

        None where there is none, or where a bound might be reached on the way.
        """
        built, run = self.built, self.runs.get(key)
        if run is None or built.failed or flow.doubtful or built.depth > run.start.depth:
            return None
        if built.count + len(run.nodes) > MOST_LAYERS or built.steps + run.steps > MOST_STEPS:
            return None
        start, first, source = run.start, run.start.node, flow.node
        characters = run.characters + (len(run.nodes) + len(run.groups)) * (len(path) - len(start.path))
        if built.characters + characters > MOST_CHARACTERS:
            return None
        cut, shift, deeper = len(start.path), len(built.nodes) - first, built.nesting - start.nesting
        for index, old, layer, inputs, shapes, output, span, shares in run.nodes:
            moved = tuple([node + shift if node >= first else source for node in inputs])
            shared = None if shares is None else shares + shift
            built.nodes.append(Node(index + shift, path + old[cut:], layer, moved, shapes, output, span, shared))
        for group in run.groups:
            if group:
                old, form, title, begun, ended, result, nesting = group
                result = result + shift if result >= first else source
                old = path + old[cut:]
                group = Group(old, form, title, begun + shift, ended + shift, result, nesting + deeper)
            built.groups.append(group)
        built.count += len(run.nodes)
        built.steps += run.steps
        built.characters += characters
        return flow if run.end.node < first else Flow(run.end.node + shift, run.end.shape)


def holds_output(value: Value) -> bool:
    """Whether a value is an output, or a list with one in it."""
    return any(map(holds_output, value)) if isinstance(value, ListValue) else isinstance(value, Output)
