"""Narrowing a network: the same spatial sizes with as few channels as keep every group, split and merge valid.

How channels pass through a layer, and how its arguments change, are rules of the layer: `channels` and `narrow`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice, product, repeat
from math import gcd

from cnncalc import limits
from cnncalc.execution.effort import estimate_efforts, total_steps
from cnncalc.execution.memory import verification_peak
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Shape
from cnncalc.layers.channels import OUTPUT, Apart, Carried, Chosen
from cnncalc.layers.settings import LIKE
from cnncalc.network import Network, Node

MIN_INPUTS = 10  # number of smaller inputs that are tried for any network


class ChannelSets:
    """Sets of outputs whose channels must be divided by the same number (a union-find structure).

    A layer that determines its number of output channels starts a new set; other layers join their output to the sets
    of their inputs. The channels of a set can be divided by every number that divides all its required numbers. A
    concatenation need not join its branches (`joined`) unless later layers depend on the order of its channels.

    The narrowed numbers are alternately two and three times the minimum (`bare`: the minimum): with one channel
    everywhere, a figure that ignores the channels, or confuses those of input and output, would look correct.
    """

    def __init__(self, network: Network, *, joined: bool, bare: bool = False) -> None:
        self.joined = joined
        self.bare = bare
        self.times: dict[int, int] = {}
        self.parent: dict[int, int] = {start: start for start in network.starts}
        self.number: dict[int, int] = {start: shape[0] for start, shape in network.starts.items()}
        for node in network.nodes:
            self.parent[node.index] = node.index
            self.number[node.index] = node.output[0]
            self.connect(node)
            if node.shares is not None:
                owner = network.nodes[node.shares]
                for one, other in zip((node.index, *node.inputs), (owner.index, *owner.inputs), strict=True):
                    self.join(one, other)

    def connect(self, node: Node) -> None:
        """Join the sets of a layer's inputs and output, and add the required divisors, by the layer's rule."""
        rule = node.layer.channels(node.input_shapes, node.output)
        if isinstance(rule, Apart):
            self.connect_apart(node, rule)
        elif isinstance(rule, Chosen):
            if node.inputs:
                self.require_divisor(node.inputs[0], node.input_shapes[0][0] // rule.groups)
            self.require_divisor(node.index, 1 if rule.fixed else node.output[0] // rule.groups // rule.parts)
        elif isinstance(rule, Carried):
            widest = max(shape[0] for shape in node.input_shapes)
            for index, shape in zip(node.inputs, node.input_shapes, strict=True):
                if shape[0] == widest:  # what is broadcast keeps its one channel
                    self.join(index, node.index)
            for unit in rule.units:
                self.require_divisor(node.inputs[0], unit)
        elif self.joined:
            for index in node.inputs:
                self.join(index, node.index)

    def connect_apart(self, node: Node, rule: Apart) -> None:
        """Join the inputs, and the output, of each set."""
        if not any(OUTPUT in each for each in rule.sets):
            self.require_divisor(node.index, 1)
        for each, unit in zip(rule.sets, rule.units, strict=True):
            first, *others = (node.index if at == OUTPUT else node.inputs[at] for at in each)
            for other in others:
                self.join(first, other)
            self.require_divisor(first, unit)

    def find_root(self, index: int) -> int:
        """The representative of the set of an output."""
        while self.parent[index] != index:
            self.parent[index] = index = self.parent[self.parent[index]]
        return index

    def join(self, one: int, other: int) -> None:
        """Join two sets."""
        one, other = self.find_root(one), self.find_root(other)
        if one != other:
            self.parent[one] = other
            self.require_divisor(other, self.number[one])

    def require_divisor(self, index: int, number: int) -> None:
        """Add a number of channels that must be divided exactly."""
        root = self.find_root(index)
        self.number[root] = gcd(self.number[root], number)

    def divide(self, index: int, channels: int) -> int:
        """The narrowed number for a number of channels of an output."""
        root = self.find_root(index)
        least = self.number[root]
        times = self.times.setdefault(root, 1 if self.bare else min(2 + len(self.times) % 2, least))
        return channels // least * times


def narrow_to(network: Network, sizes: Sequence[Shape], *, joined: bool, bare: bool = False) -> Network:
    """The network with as few channels as its wires allow, on inputs of these spatial sizes. Raises LayerError."""
    wires = ChannelSets(network, joined=joined, bare=bare)
    starts = zip(network.starts.items(), sizes, strict=True)
    shapes: dict[int, Shape] = {start: (wires.divide(start, shape[0]), *own) for (start, shape), own in starts}
    inputs_now = dict(zip(network.inputs, shapes.values(), strict=True))
    nodes = []
    for node in network.nodes:
        inputs = tuple(shapes[index] for index in node.inputs)
        layer = node.layer.narrow(node.input_shapes, inputs, partial(wires.divide, node.index))
        if node.like is not None:
            layer = layer.replace(**{LIKE: shapes[node.like][1:]})
        shapes[node.index] = layer.output_shape(inputs)
        nodes.append(node._replace(layer=layer, input_shapes=inputs, output=shapes[node.index]))
    return network._replace(inputs=inputs_now, nodes=tuple(nodes))


def estimate_cost(network: Network, most: int) -> int:
    """Estimate the steps of executing a network and following its windows back, or any number above `most`.

    A network that needs too much memory also costs more than `most`.
    """
    found = estimate_efforts(network, network.nodes, most)
    steps = total_steps(found)
    fits = steps > most or verification_peak(network, network.nodes, found).bytes <= limits.MEMORY
    return steps if fits else most + 1


def narrow(network: Network, most: int) -> tuple[Network, str] | None:
    """The network narrowed to at most `most` steps, with a description; None if that is not possible.

    Smaller inputs are tried, first decreasing, then increasing ones until one costs too much, up to a limit.
    """
    sizes = [shape[1:] for shape in network.inputs.values()]
    for candidate in narrow_variants(network, sizes):
        if estimate_cost(candidate, most) <= most:
            return candidate, "the whole network at its own resolution, with few channels"
    tries = min(max(limits.NARROWED_LAYERS // max(len(network.nodes), 1), MIN_INPUTS), limits.NARROWED_INPUTS)
    for smaller, growing in islice(smaller_sizes(sizes), tries):
        costs = []
        for candidate in narrow_variants(network, smaller):
            costs.append(estimate_cost(candidate, most))
            if costs[-1] <= most:
                return candidate, "the whole network with few channels, on a smaller input"
        if growing and costs:
            break
    return None


def narrow_variants(network: Network, sizes: Sequence[Shape]) -> Iterator[Network]:
    """The network narrowed in every way that is valid."""
    for bare, joined in product((False, True), repeat=2):
        try:
            yield narrow_to(network, sizes, joined=joined, bare=bare)
        except LayerError:
            continue


def smaller_sizes(sizes: Sequence[Shape]) -> Iterator[tuple[list[Shape], bool]]:
    """Smaller inputs of the same proportions: halved again and again, and then, growing, from the smallest up."""
    least = min((size for shape in sizes for size in shape), default=0)
    halves = (least >> times for times in range(1, least.bit_length()))
    for size, growing in chain(zip(halves, repeat(False)), zip(range(1, least), repeat(True))):
        yield [tuple(-(-each * size // least) for each in shape) for shape in sizes], growing
