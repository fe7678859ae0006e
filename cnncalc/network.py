"""A network: its layers in the order in which they run, what flows between them, and how the file groups them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cnncalc.errors import Span
from cnncalc.layers.base import Layer, Shape, Shapes

FormerPaths = Callable[[], Mapping[str, Sequence[str]]]
INPUT = -1  # in place of a node's index: the network's input


class Node(NamedTuple):
    """One layer where it runs. `inputs` are indexes of earlier nodes, or INPUT.

    `like` is the node, or INPUT, from whose output the layer takes its argument `like`: the sizes only, not the values.
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


class Group(NamedTuple):
    """What the file writes as one thing and is several layers: a block's call, a repeat, a merge, a branch.

    It holds the nodes from `first` up to, not including, `last`; `result` is the index of the node whose output
    leaves it (INPUT where nothing inside changes what flows, None where nothing leaves it but named outputs, or where
    an error is in it). `path` is "" for a repeat that adds nothing to the paths
    of its layers, and for its rounds.
    """

    path: str
    form: str  # "block" | "repeat" | "round" | "merge" | "outputs" | "branch" | "chain"
    title: str  # the call as it is written, with its arguments as they came out
    first: int
    last: int
    result: int | None
    depth: int  # groups around it
    rounds: int = 0  # of a repeat


class Network(NamedTuple):
    """A network as it was read.

    - `name`, `source`, `notes`: as the file gives them, "" where it does not.
    - `input`: the shape of its input, (C, *spatial) with one to three spatial axes.
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
    input: Shape
    nodes: tuple[Node, ...]
    groups: tuple[Group, ...]
    outputs: dict[str, int]
    complete: bool = True
    family: str = ""
    former_paths: FormerPaths = dict

    def output_paths(self) -> dict[str, str]:
        """The path of the layer that gives each named output, by its name; without those that are the input."""
        return {name: self.nodes[index].path for name, index in self.outputs.items() if name and index != INPUT}

    def shape_at(self, index: int) -> Shape:
        """Shape of what the node gives, or of the network's input for INPUT."""
        return self.input if index == INPUT else self.nodes[index].output
