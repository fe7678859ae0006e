"""Gradients of a network: forwards layer by layer, then backwards, where each layer is computed again on a tape.

The gradient is that of a sum of outputs, each times a number: L = Σ gradient·output. As in `run`, inference is
executed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf, prod

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import GetNodeWeight, execute, find_needed, run
from cnncalc.execution.tape import ELEMENT, BackwardMacs, Tape, TapeError
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map, PooledMap, fill_map
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

Arrays = dict[str, Map]  # gradients of the arrays of a layer, by name


class LayerGradients(NamedTuple):
    """The gradients of one layer: of its output, of its inputs, in order, and of its learned arrays, by name."""

    output: Map
    inputs: tuple[Map, ...]
    arrays: Arrays
    macs: BackwardMacs


class Gradients(NamedTuple):
    """Gradients of a network: of its inputs and of the outputs of its layers by index, of arrays by layer and name.

    A layer that has no part in the outputs has no output among them. Arrays that several layers apply are with the
    first of them.
    """

    inputs: dict[int, Map]
    outputs: dict[int, Map]
    arrays: dict[int, Arrays]


Visit = Callable[[Node, LayerGradients], None]


def ignore(node: Node, found: LayerGradients) -> None:
    """Do nothing with the gradients of a layer."""


@contextmanager
def _without_collector() -> Iterator[None]:
    """Switch Python's garbage collector off, which takes half of the time of a tape and finds nothing there."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_without_collector()
def go_back_layer(
    node: Node, inputs: tuple[Map, ...], weigh: GetNodeWeight, gradient: Map, most: float = inf
) -> LayerGradients:
    """The gradients of one layer, from that of its output. Raises TapeError if it takes more bytes than `most`."""
    tape = Tape(most - ELEMENT * prod(node.output))
    learned = {weight.name for weight in node.layer.weights(node.input_shapes) if weight.role != "buffer"}
    arrays: dict[str, Map] = {}

    def weigh_on_tape(node: Node, name: str, shape: Shape) -> list[float]:
        values = weigh(node, name, shape)
        if name not in learned:
            return values
        if name not in arrays:
            arrays[name] = Map(shape, tape.learn(values))
        return arrays[name].values

    try:
        starts = tuple(_start(tape, each) for each in inputs)
        made = execute(node, starts, weigh_on_tape, tape)
    except TapeError as error:
        error.path = node.path
        raise
    # only the indexes of the learned numbers are kept
    firsts = {name: (each.shape, each.values[0].at) for name, each in arrays.items()}
    arrays.clear()
    tape.go_back(made.values, gradient.values)
    return LayerGradients(
        gradient,
        tuple(_take(tape, each) for each in starts),
        {
            name: Map(shape, tape.gradients_of(range(first, first + prod(shape))))
            for name, (shape, first) in firsts.items()
        },
        tape.macs,
    )


def _start(tape: Tape, x: Map) -> Map:
    made = Map(x.shape, tape.start(x.values))
    return PooledMap.of(made, x.indices) if isinstance(x, PooledMap) else made


def _take(tape: Tape, x: Map) -> Map:
    return Map(x.shape, tape.gradients_of(x.values))


def go_back(
    network: Network,
    starts: Sequence[Map],
    weigh: GetNodeWeight,
    outputs: Mapping[int, Map],
    *,
    most: float = inf,
    visit: Visit = ignore,
) -> Gradients:
    """The gradients of a network, from those of some of its layers' outputs, by index.

    `visit` is called with each layer that has a part in them, from the last to the first.
    """
    keep = {*find_needed(network, outputs.keys()), *network.starts}
    made = run(network, starts, weigh, Numbers(), keep=keep)
    found = dict(outputs)
    result = Gradients({}, {}, {})
    for node in reversed(network.nodes):
        if node.index not in found:
            continue
        own = go_back_layer(node, tuple(made[index] for index in node.inputs), weigh, found.pop(node.index), most)
        visit(node, own)
        result.outputs[node.index] = own.output
        for index, each in zip(node.inputs, own.inputs, strict=True):
            found[index] = _add(found.get(index), each)
        arrays = result.arrays.setdefault(node.index if node.shares is None else node.shares, {})
        for name, each in own.arrays.items():
            arrays[name] = _add(arrays.get(name), each)
        made.pop(node.index, None)
    for start, shape in network.starts.items():
        result.inputs[start] = found.get(start) or fill_map(shape, 0.0)
    return result


def _add(one: Map | None, other: Map) -> Map:
    return other if one is None else Map(one.shape, [a + b for a, b in zip(one.values, other.values, strict=True)])
