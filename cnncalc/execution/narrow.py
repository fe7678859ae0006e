"""A network narrowed: the same geometry with as few channels as keep every group, split and merge valid.

How channels go through a layer, and what becomes of its arguments, are rules of the layer: `channels` and `narrow`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain, islice, product, repeat
from math import gcd

from cnncalc import limits
from cnncalc.execution.effort import efforts, total
from cnncalc.execution.memory import verification
from cnncalc.layers.base import Shape
from cnncalc.layers.channels import Carried, Chosen
from cnncalc.layers.settings import LIKE, LayerError
from cnncalc.network import INPUT, Network, Node

FEWEST = 10  # smaller inputs that are tried of a network of any size


class Wires:
    """Which channels can only be divided together, and by what.

    A layer that chooses its output channels begins a wire; all others pass one on or join some. The channels on a wire
    can be divided by whatever divides all numbers that were noted for it. A concatenation need not join its branches
    (`joined`) unless what comes after it depends on how its channels are made up.

    What is left is two or three times the least, in turn (`bare`: the least itself): with one channel everywhere, a
    figure that forgets the channels, or mistakes those of the input for those of the output, would look right.
    """

    def __init__(self, network: Network, *, joined: bool, bare: bool = False) -> None:
        self.joined = joined
        self.bare = bare
        self.times: dict[int, int] = {}
        self.parent: dict[int, int] = {INPUT: INPUT}
        self.number: dict[int, int] = {INPUT: network.input[0]}
        for node in network.nodes:
            self.parent[node.index] = node.index
            self.number[node.index] = node.output[0]
            self.connect(node)
            if node.shares is not None:
                owner = network.nodes[node.shares]
                for one, other in zip((node.index, *node.inputs), (owner.index, *owner.inputs), strict=True):
                    self.join(one, other)

    def connect(self, node: Node) -> None:
        """Join the wires on either side of a layer, and note by what they can be divided, as its rule says."""
        rule = node.layer.channels(node.input_shapes, node.output)
        if isinstance(rule, Chosen):
            self.note(node.inputs[0], node.input_shapes[0][0] // rule.groups)
            self.note(node.index, 1 if rule.fixed else node.output[0] // rule.groups)
        elif isinstance(rule, Carried):
            widest = max(shape[0] for shape in node.input_shapes)
            for index, shape in zip(node.inputs, node.input_shapes, strict=True):
                if shape[0] == widest:  # what is broadcast keeps its one channel
                    self.join(index, node.index)
            for unit in rule.units:
                self.note(node.inputs[0], unit)
        elif self.joined:
            for index in node.inputs:
                self.join(index, node.index)

    def root(self, index: int) -> int:
        """The wire that an output is on."""
        while self.parent[index] != index:
            self.parent[index] = index = self.parent[self.parent[index]]
        return index

    def join(self, one: int, other: int) -> None:
        """Two wires become one."""
        one, other = self.root(one), self.root(other)
        if one != other:
            self.parent[one] = other
            self.note(other, self.number[one])

    def note(self, index: int, number: int) -> None:
        """A number that must be divided exactly."""
        root = self.root(index)
        self.number[root] = gcd(self.number[root], number)

    def divide(self, index: int, channels: int) -> int:
        """What is left of so many channels of an output."""
        root = self.root(index)
        least = self.number[root]
        times = self.times.setdefault(root, 1 if self.bare else min(2 + len(self.times) % 2, least))
        return channels // least * times


def narrow_to(network: Network, sizes: Shape, *, joined: bool, bare: bool = False) -> Network:
    """The network with as few channels as its wires allow, on an input of these sizes. Raises LayerError."""
    wires = Wires(network, joined=joined, bare=bare)
    shapes: dict[int, Shape] = {INPUT: (wires.divide(INPUT, network.input[0]), *sizes)}
    nodes = []
    for node in network.nodes:
        inputs = tuple(shapes[index] for index in node.inputs)
        layer = node.layer.narrow(node.input_shapes, inputs, partial(wires.divide, node.index))
        if node.like is not None:
            layer = layer.replace(**{LIKE: shapes[node.like][1:]})
        shapes[node.index] = layer.output_shape(inputs)
        nodes.append(node._replace(layer=layer, input_shapes=inputs, output=shapes[node.index]))
    return network._replace(input=shapes[INPUT], nodes=tuple(nodes))


def cost(network: Network, most: int) -> int:
    """Steps of executing a network and following its windows back; where it is more than `most`, at least that much.

    One that would take more memory than there is for it costs more than `most`, too.
    """
    found = efforts(network, network.nodes, most)
    steps = total(found)
    fits = steps > most or verification(network, network.nodes, found).bytes <= limits.MEMORY
    return steps if fits else most + 1


def narrow(network: Network, most: int) -> tuple[Network, str] | None:
    """The network narrowed until it costs at most `most`, and what was done; None where it cannot be.

    A smaller input is looked for until one fits and is too much, as larger ones are too, or until it takes too long.
    """
    sizes = network.input[1:]
    for candidate in try_ways(network, sizes):
        if cost(candidate, most) <= most:
            return candidate, "the whole network at its own resolution, with few channels"
    tries = min(max(limits.NARROWED_LAYERS // max(len(network.nodes), 1), FEWEST), limits.NARROWED_INPUTS)
    for smaller, growing in islice(smaller_sizes(sizes), tries):
        costs = []
        for candidate in try_ways(network, smaller):
            costs.append(cost(candidate, most))
            if costs[-1] <= most:
                return candidate, "the whole network with few channels, on a smaller input"
        if growing and costs:
            break
    return None


def try_ways(network: Network, sizes: Shape) -> Iterator[Network]:
    """The network narrowed in every way that is valid."""
    for bare, joined in product((False, True), repeat=2):
        try:
            yield narrow_to(network, sizes, joined=joined, bare=bare)
        except LayerError:
            continue


def smaller_sizes(sizes: Shape) -> Iterator[tuple[Shape, bool]]:
    """Smaller inputs of the same proportions: halved again and again, and then, growing, from the smallest up."""
    least = min(sizes, default=0)
    halves = (least >> times for times in range(1, least.bit_length()))
    for size, growing in chain(zip(halves, repeat(False)), zip(range(1, least), repeat(True))):
        yield tuple(-(-each * size // least) for each in sizes), growing
