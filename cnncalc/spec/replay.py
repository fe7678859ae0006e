"""Replays of blocks: if a block is called again, the nodes and groups of the first run are copied, not built again."""

from __future__ import annotations

from cnncalc import limits
from cnncalc.layers.arguments import Value
from cnncalc.network import Group, Node
from cnncalc.records import NamedTuple
from cnncalc.spec.builder import Builder
from cnncalc.spec.scope import Flow, Frame, Output
from cnncalc.spec.values import ListValue


class Start(NamedTuple):
    """The state of the builder at the start of a block."""

    path: str
    node: int
    group: int
    nesting: int
    depth: int
    steps: int
    characters: int
    others: tuple[int, ...]  # how many problems and outputs there are, which cannot be copied


class Run(NamedTuple):
    """The result of running a block: nodes that read one another or the input of the block, and groups."""

    start: Start
    end: Flow
    nodes: tuple[Node, ...]
    groups: tuple[Group | None, ...]
    steps: int
    paths: int  # of nodes and groups
    characters: int  # of all these paths


class Replays:
    """The runs of blocks so far. The key of each determines its result: the block, its arguments and the input shape.

    Only runs are kept that built nothing but nodes and groups, and used nothing but their input: without problems,
    without named outputs, and without outputs passed as arguments.
    """

    def __init__(self, built: Builder) -> None:
        self.built = built
        self.runs: dict[object, Run] = {}

    def start(self, path: str, flow: Flow) -> Start | None:
        """The state at the start of a block; None if its run cannot be kept."""
        built = self.built
        if built.failed or flow.doubtful:
            return None
        nodes, groups = len(built.nodes), len(built.groups)
        return Start(path, nodes, groups, built.nesting, built.depth, built.steps, built.characters, self._others())

    def _others(self) -> tuple[int, ...]:
        return len(self.built.problems.found), len(self.built.ends.found), len(self.built.lost)

    def keep(self, key: object, start: Start | None, end: Flow, frame: Frame) -> None:
        """Keep the run since `start` if it can be copied."""
        built = self.built
        if start is None or built.failed or start.others != self._others():
            return
        if frame.outputs or any(map(holds_output, frame.arguments.values())):
            return
        nodes, groups = tuple(built.nodes[start.node :]), tuple(built.groups[start.group :])
        steps, characters = built.steps - start.steps, built.characters - start.characters
        paths = len(nodes) + sum(bool(group and group.path) for group in groups)
        self.runs[key] = Run(start, end, nodes, groups, steps, paths, characters)

    def again(self, key: object, path: str, flow: Flow) -> Flow | None:
        """Copy an earlier run with the current tensor as its input; returns its output.

        None if there is no such run, or if a limit might be reached.
        """
        built, run = self.built, self.runs.get(key)
        if run is None or built.failed or flow.doubtful or built.depth > run.start.depth:
            return None
        if built.count + len(run.nodes) > built.most_layers or built.steps + run.steps > limits.EXPANSION_STEPS:
            return None
        start = run.start
        characters = run.characters + run.paths * (len(path) - len(start.path))
        if built.characters + characters > limits.PATH_CHARACTERS:
            return None
        move = Move(
            start.node, len(built.nodes) - start.node, flow.node, len(start.path), path, built.nesting - start.nesting
        )
        built.nodes += [move.node(node) for node in run.nodes]
        built.groups += [group and move.group(group) for group in run.groups]
        built.count += len(run.nodes)
        built.steps += run.steps
        built.characters += characters
        return flow if run.end.node < start.node else Flow(move.now(run.end.node), run.end.shape)


class Move(NamedTuple):
    """Adapts a copied run: indexes from `first` on move by `shift`, earlier ones become `source`."""

    first: int
    shift: int
    source: int  # the node whose output is the input now
    cut: int  # length of the first run's path, which `path` replaces
    path: str
    deeper: int

    def now(self, index: int) -> int:
        """The new index of a node of the run, or of its input."""
        return index + self.shift if index >= self.first else self.source

    def node(self, node: Node) -> Node:
        """A node, moved."""
        inputs = tuple(map(self.now, node.inputs))
        shares = None if node.shares is None else node.shares + self.shift
        like = None if node.like is None else self.now(node.like)
        path = self.path + node.path[self.cut :]
        return Node(
            node.index + self.shift, path, node.layer, inputs, node.input_shapes, node.output, node.span, shares, like
        )

    def group(self, group: Group) -> Group:
        """A group, moved."""
        first, last = group.first + self.shift, group.last + self.shift
        result = None if group.result is None else self.now(group.result)
        path = group.path and self.path + group.path[self.cut :]
        depth = group.depth + self.deeper
        return group._replace(path=path, first=first, last=last, result=result, depth=depth)


def holds_output(value: Value) -> bool:
    """Whether a value is or contains an output."""
    return any(map(holds_output, value)) if isinstance(value, ListValue) else isinstance(value, Output)
