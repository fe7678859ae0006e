"""Executing a network in the memory that a plan gives it, so that a plan that is wrong gives wrong numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from random import Random

from cnncalc.analysis.liveness import Plan, Step
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import execute, run
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map, PooledMap
from cnncalc.layers.pool import MaxPool
from cnncalc.network import Network, Node


class Weigher:
    """Random arrays, the same whenever they are asked for."""

    def __call__(self, node: Node, name: str, shape: Shape) -> list[float]:
        rng = Random(f"{node.index if node.shares is None else node.shares} {name}")
        bounds = (0.1, 2.0) if name == "running_var" else (-1.0, 1.0)
        return [rng.uniform(*bounds) for _ in range(prod(shape))]


def starts_of(network: Network) -> list[Map]:
    """Random inputs."""
    rng = Random(0)
    return [Map(shape, [rng.uniform(-1, 1) for _ in range(prod(shape))]) for shape in network.inputs.values()]


def outputs_apart(network: Network) -> dict[int, list[float]]:
    """The outputs where each layer has memory of its own."""
    keep = {*network.outputs.values()}
    made = run(network, starts_of(network), Weigher(), Numbers(), keep=keep, whole=True)
    return {at: list(made[at].values) for at in keep}


def outputs_in(network: Network, plan: Plan, offsets: Mapping[int, int], size: int) -> dict[int, list[float]]:
    """The outputs where each buffer is at an offset of one list of so many elements.

    A layer that is folded runs on its input's place at once. No map between two steps is written. Where max pools
    found their elements is no number of a buffer: a max unpool is given it as it was found.
    """
    memory = [float("nan")] * size
    unpooled = {node.inputs[1] for node in network.nodes if node.layer.restores}
    places: dict[int, list[int]] = {}

    def write(buffer: int, made: Map) -> None:
        memory[offsets[buffer] : offsets[buffer] + len(made.values)] = made.values
        assert len(memory) == size

    def look(index: int) -> Map:
        shape = network.shape_at(index)
        first = offsets[plan.roots[index]]
        found = Map(shape, memory[first : first + prod(shape)])
        return PooledMap.of(found, places[index]) if index in places else found

    for start, made in zip(network.starts, starts_of(network), strict=True):
        if start in plan.starts:
            write(start, made)
    for node in network.nodes:
        inputs = tuple(map(look, node.inputs))
        made = execute(node, inputs, Weigher(), Numbers())
        if node.index in unpooled and isinstance(node.layer, MaxPool):
            pooled = Numbers().with_indices(made, inputs[0], node.layer.window_settings)
            assert isinstance(pooled, PooledMap)
            places[node.index] = pooled.indices
        write(plan.roots[node.index], made)
    return {at: list(look(at).values) for at in {*network.outputs.values()}}


def allot(plan: Plan, order: Sequence[Step]) -> tuple[dict[int, int], int]:
    """Offsets where only what is overwritten shares memory, and the elements of all of it."""
    left: dict[int, int] = {}
    for step in order:
        for buffer in step.reads:
            left[buffer] = left.get(buffer, 0) + 1
    offsets: dict[int, int] = {}
    size = 0
    for buffer in plan.starts:
        offsets[buffer], size = size, size + plan.sizes[buffer]
    for step in order:
        for buffer in step.reads:
            left[buffer] -= 1
        if step.makes is None:
            continue
        free = [buffer for buffer in step.over if not left[buffer] and buffer not in plan.kept]
        if free:
            offsets[step.makes] = offsets[max(free, key=lambda buffer: plan.sizes[buffer])]
        else:
            offsets[step.makes], size = size, size + plan.sizes[step.makes]
    return offsets, size
