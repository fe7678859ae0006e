"""Executing a network, or its layers one by one, to count operations and to trace input positions.

`verify` calls these functions; `checks` compares the results with the declared figures and receptive fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import reduce
from math import prod
from operator import or_

from cnncalc import limits
from cnncalc.execution.interpretations import Counting, Provenance, trace_inputs
from cnncalc.execution.narrow import narrow_to
from cnncalc.execution.run import execute, run
from cnncalc.execution.shifts import Shifts, try_shift
from cnncalc.execution.weights import get_ones
from cnncalc.layers.base import Layer, Shape, Shapes, Work
from cnncalc.layers.channels import Apart
from cnncalc.layers.ops import Kernel, Map, Values, WindowSettings
from cnncalc.network import INPUT, INPUT_NAME, Network, Node, once_per_layer
from cnncalc.records import NamedTuple

Step = Callable[[], None]  # called after each layer


class Counts(NamedTuple):
    """An executed layer: pairs of a declared figure and the counted one."""

    shapes: tuple[Shape, Shape]
    work: tuple[Work, Work]
    inside: tuple[Work, Work]
    arrays: tuple[dict[str, int], dict[str, int]]
    alive: int | None = None  # counted elements of the maps alive; None where the layer ran by itself
    shifts: Shifts | None = None  # whether its output shifts with its input; None where it cannot be tried


class _Alive(Counting):
    """Counts the elements of the maps that are alive while each layer runs, each list of elements once.

    The map between the two steps of a layer is alive with the inputs, and then with the output and without the inputs
    that no later layer reads.
    """

    def __init__(self) -> None:
        super().__init__()
        self.made: Values | None = None  # by the last convolution
        self.between = 0  # elements of a map that a layer computes and convolves again
        self.stored: list[Values] = []  # maps that are weights, which take no memory besides

    def convolve(self, x: Map, kernel: Kernel, windows: WindowSettings) -> Map:
        if x.values is self.made:
            self.between = len(x.values)
        made = super().convolve(x, kernel, windows)
        self.made = made.values
        return made

    def take_alive(self, node: Node, alive: Mapping[int, Map], released: Collection[int]) -> int:
        """The elements alive while a layer runs, which has just been executed."""
        between, self.between, self.made = self.between, 0, None
        if node.layer.storage == "weights":
            self.stored.append(alive[node.index].values)
        if not between:
            # what else a kind keeps meanwhile is within its own steps, and not seen here
            return self.count_alive(alive) + node.layer.inner_elements(node.input_shapes, node.output)
        before = self.count_alive({index: made for index, made in alive.items() if index != node.index})
        gone = {*released} - {node.index}
        after = self.count_alive({index: made for index, made in alive.items() if index not in gone})
        return max(before, after) + between

    def count_alive(self, alive: Mapping[int, Map]) -> int:
        """The elements of maps, of which views are the same list of elements."""
        lists = {id(made.values): len(made.values) for made in alive.values()}
        return sum(lists.values()) - sum(lists.get(id(values), 0) for values in self.stored)


class _Counter:
    """Executes layers with counting elements, and counts the elements of their arrays."""

    def __init__(self) -> None:
        self.reading = _Alive()
        self.arrays = dict.fromkeys(("weight", "bias", "buffer"), 0)

    def get_weight(self, node: Node, name: str, shape: Shape) -> list[float]:
        roles = {weight.name: weight.role for weight in node.layer.weights(node.input_shapes)}
        self.arrays[roles.get(name, "weight")] += prod(shape)
        return get_ones(node, name, shape)

    def take_counts(self, node: Node, made: Map) -> Counts:
        """What was counted since the previous layer."""
        inputs, output = node.input_shapes, node.output
        declared = dict.fromkeys(self.arrays, 0)
        for weight in node.layer.weights(inputs):
            declared[weight.role] += prod(weight.shape)
        found = dict(self.arrays)
        self.arrays.update(dict.fromkeys(found, 0))
        shape = made.shape if len(made.values) == prod(made.shape) else (len(made.values),)
        work = node.layer.work(inputs, output), self.reading.all.take_work()
        inside = node.layer.work_inside(inputs, output), self.reading.inside.take_work()
        return Counts((output, shape), work, inside, (declared, found))


def count_network(network: Network, step: Step) -> list[Counts]:
    counter = _Counter()
    found: list[Counts] = []
    shift = once_per_layer(try_shift)

    def watch(node: Node, alive: Mapping[int, Map], released: Collection[int]) -> None:
        counts = counter.take_counts(node, alive[node.index])
        own = counter.reading.take_alive(node, alive, released)
        found.append(counts._replace(alive=own, shifts=shift(node)))
        step()

    starts = [Map(shape, [1] * prod(shape)) for shape in network.inputs.values()]
    keep = {*network.outputs.values()}
    run(network, starts, counter.get_weight, counter.reading, keep=keep, whole=True, watch=watch)
    return found


def count_layers(network: Network, step: Step) -> list[Counts]:
    known: dict[tuple[Layer, Shapes], Counts] = {}
    counter = _Counter()
    found = []
    for node in network.nodes:
        key = (node.layer, node.input_shapes)
        if key not in known:
            alone = isolate(node)
            inputs = tuple(Map(shape, [1] * prod(shape)) for shape in alone.input_shapes)
            counts = counter.take_counts(alone, execute(alone, inputs, counter.get_weight, counter.reading))
            known[key] = counts._replace(shifts=try_shift(alone))
        found.append(known[key])
        step()
    return found


def isolate(node: Node) -> Node:
    """The layer by itself, with few channels: two or three times the least number, or the least one of large maps."""
    shapes = node.input_shapes
    if len(shapes) > 1 and not isinstance(node.layer.channels(shapes, node.output), Apart):
        inputs = tuple((1, *shape[1:]) for shape in shapes)
        return node._replace(input_shapes=inputs, output=node.layer.output_shape(inputs))
    starts = tuple(range(INPUT, INPUT - len(shapes), -1))
    single = node._replace(index=0, inputs=starts, shares=None, like=None)
    named = {f"{INPUT_NAME}{at}": shape for at, shape in enumerate(shapes)}
    network = Network("", "", "", named, (single,), (), {"": 0})
    sizes = [shape[1:] for shape in shapes]
    found = narrow_to(network, sizes, joined=True).nodes[0]
    is_large = prod(found.output) > limits.ISOLATED_ELEMENTS
    return narrow_to(network, sizes, joined=True, bare=True).nodes[0] if is_large else found


# tracing


class Trace(NamedTuple):
    """The input positions that each position of a map, or each element of a vector, depends on, over all channels."""

    positions: list[int]
    everything: int


Checked = Callable[[Node, Trace], None]


def _unite_channels(made: Map) -> Trace:
    if len(made.shape) == 1:
        return Trace(made.values, reduce(or_, made.values))
    merged: list[int] = made.channels()[0]
    for channel in made.channels()[1:]:
        if channel != merged:
            merged = list(map(or_, merged, channel))
    return Trace(merged, reduce(or_, merged))


def trace_network(network: Network, check: Checked) -> None:
    """Trace through the whole network; no trace is kept."""

    def visit(node: Node, made: Map) -> None:
        check(node, _unite_channels(made))

    run(network, trace_inputs(network), get_ones, Provenance(), keep=(), whole=True, visit=visit)


def trace_layers(network: Network, check: Checked) -> None:
    """Trace through every layer by itself; each of its input channels has the trace of all channels before it.

    A trace is kept until its last reader.
    """
    readers = Counter(index for node in network.nodes for index in node.inputs)
    traced = zip(network.starts, trace_inputs(network), strict=True)
    known = {start: _unite_channels(made) for start, made in traced}
    for node in network.nodes:
        alone = isolate(node)
        inputs = []
        for index, shape in zip(node.inputs, alone.input_shapes, strict=True):
            trace = known[index]
            values = trace.positions * shape[0] if len(shape) > 1 else [trace.everything] * shape[0]
            inputs.append(Map(shape, values))
        made = execute(alone, tuple(inputs), get_ones, Provenance())
        trace = _unite_channels(made)
        known[node.index] = trace if len(made.shape) > 1 else trace._replace(positions=[trace.everything])
        check(node, known[node.index])
        readers.subtract(node.inputs)
        for index in {*node.inputs, node.index}:
            if not readers[index]:
                known.pop(index, None)
