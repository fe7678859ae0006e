"""A network: its layers in the order of execution, the tensors between them, and the groups of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, TypeVar

from cnncalc.errors import Span
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.records import NamedTuple

T = TypeVar("T")
FormerPaths = Callable[[], Mapping[str, Sequence[str]]]
# In place of a node's index: the network's first input (the others are −2, −3, …), and no tensor, where a network has
# several inputs and none is chosen yet.
INPUT = -1
NOTHING = -(2**31)
INPUT_NAME = "input"  # of an only input to which the file gives no name


def input_label(name: str) -> str:
    """The name of an input among the sources of layers and in messages: `input`, or `input.left`."""
    return name if name == INPUT_NAME else f"{INPUT_NAME}.{name}"


def positions_of(shape: Shape) -> Shape:
    """The sizes of the spatial axes of an input; the elements of a flat one are its positions."""
    return shape[1:] or shape


class Node(NamedTuple):
    """One layer of a network. `inputs` are indexes of earlier nodes, negative for inputs of the network.

    `like` is the node, or input, whose sizes are the layer's argument `like`; its values are not used.
    """

    index: int  # type: ignore[assignment]  # a tuple has a method of that name, which nobody needs
    path: str
    layer: Layer
    inputs: tuple[int, ...]
    input_shapes: Shapes
    output: Shape
    span: Span
    shares: int | None = None  # the node whose weights this one applies again
    like: int | None = None


def once_per_layer(compute: Callable[[Node], T]) -> Callable[[Node], T]:
    """A function of a node's layer and input shapes, computed once for all nodes with the same layer and equal inputs.

    Repeated layers are one object, which must exist for as long as the function is used.
    """
    known: dict[tuple[int, Shapes], T] = {}

    def recall(node: Node) -> T:
        key = (id(node.layer), node.input_shapes)
        if key not in known:
            known[key] = compute(node)
        return known[key]

    return recall


class Group(NamedTuple):
    """Several layers that the file writes as one item: a block's call, a repeat, a merge, a branch.

    It contains the nodes from `first` up to, not including, `last`; `result` is the index of the node whose output is
    the group's (an input, or NOTHING, if the group only passes it on; None if it has only named outputs, or an error).
    `path` is "" for a repeat that adds nothing to the paths of its layers, and for its rounds.
    """

    path: str
    form: str  # "block" | "repeat" | "round" | "merge" | "outputs" | "branch" | "chain"
    title: str  # the call as it is written, with its arguments as they came out
    first: int
    last: int
    result: int | None
    depth: int  # groups around it
    rounds: int = 0  # of a repeat
    conditions: tuple[bool, ...] = ()  # of a merge: whether each of its branches in the file has a condition


class Network(NamedTuple):
    """A network as it was read.

    - `name`, `source`, `notes`: as the file gives them, "" where it does not.
    - `inputs`: the shape of each input by its name, (C, *spatial) with one to three spatial axes, or (N,).
    - `nodes`: its layers in the order in which they run.
    - `groups`: what the file writes as one thing and is several layers, as spans of `nodes`.
    - `outputs`: the index of the node that gives each output, by its name; "" is the end of the chain.
    - `complete`: False where a layer's rule did not hold: then `nodes` ends before it, in the order of the file.
    - `family`: the file at the end of the chain of `extends`.
    - `former_paths`: gives the paths that layers and groups had in version 0.1 and have no more, each with the paths
      that its layers have now.
    """

    name: str
    source: str
    notes: str
    inputs: dict[str, Shape]
    nodes: tuple[Node, ...]
    groups: tuple[Group, ...]
    outputs: dict[str, int]
    complete: bool = True
    family: str = ""
    former_paths: FormerPaths = dict

    def output_paths(self) -> dict[str, str]:
        """The path of the layer of each named output, by its name; without outputs that are an input."""
        return {name: self.nodes[index].path for name, index in self.outputs.items() if name and index >= 0}

    @property
    def input(self) -> Shape:
        """The shape of the first input."""
        return next(iter(self.inputs.values()))

    @property
    def starts(self) -> dict[int, Shape]:
        """The shape of each input by its index, from INPUT down."""
        return dict(zip(count(INPUT, -1), self.inputs.values(), strict=False))

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """One line for IPython, which shows tuples in full otherwise."""
        printer.text(f"<{type(self).__name__} {self.name!r} of {len(self.nodes):,} layers>")

    def _repr_svg_(self) -> str | None:
        """The block diagram for a notebook; None, which a notebook leaves out, if it has too many boxes."""
        from cnncalc.render.notebook import draw_svg

        return draw_svg(self)

    def shape_at(self, index: int) -> Shape:
        """The shape of the output of a node, or of an input."""
        return self.nodes[index].output if index >= 0 else self.starts[index]
