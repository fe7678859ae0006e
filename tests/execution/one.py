"""One layer by itself, executed in every reading, for all tests of execution."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Any, NamedTuple

from cnncalc.execution.interpretations import Counting, Numbers
from cnncalc.layers import kind_class
from cnncalc.layers.base import Layer, Shape, Shapes, Work
from cnncalc.layers.ops import Map, Ops


class Counted(NamedTuple):
    """What came of executing a layer in the counting reading."""

    shape: Shape
    work: Work
    inside: Work
    arrays: dict[str, Shape]


def count(layer: Layer, inputs: Shapes) -> Counted:
    """Execute a layer and tally."""
    arrays: dict[str, Shape] = {}

    def draw(name: str, shape: Shape) -> list[float]:
        arrays[name] = shape
        return [1.0] * prod(shape)

    reading = Counting()
    made = layer.execute(tuple(Map(shape, [1] * prod(shape)) for shape in inputs), draw, reading)
    assert len(made.values) == prod(made.shape)
    return Counted(made.shape, reading.all.take_work(), reading.inside.take_work(), arrays)


def random_map(rng: Random, shape: Shape) -> Map:
    """Numbers around 0, some of them exactly 0 and some large."""
    return Map(shape, [rng.choice((0.0, 1.0, 4.0)) * rng.gauss(0, 1) for _ in range(prod(shape))])


class Arrays(dict[str, list[float]]):
    """Draws each array once, by name; a variance is positive."""

    def __init__(self, rng: Random) -> None:
        super().__init__()
        self.rng = rng
        self.shapes: dict[str, Shape] = {}

    def __call__(self, name: str, shape: Shape) -> list[float]:
        if name not in self:
            self.shapes[name] = shape
            bounds = (0.1, 2.0) if name == "running_var" else (-1.0, 1.0)
            self[name] = [self.rng.uniform(*bounds) for _ in range(prod(shape))]
        return self[name]


def calculate(layer: Layer, inputs: tuple[Map, ...], arrays: dict[str, list[float]] | Arrays | None = None) -> Map:
    """Execute a layer on numbers; arrays that are not given are an error."""
    if layer.kind == "max_unpool":
        inputs = inputs[0], with_indices(layer, inputs[1])
    given = arrays if arrays is not None else {}
    draw: Any = given if isinstance(given, Arrays) else lambda name, shape: list(map(float, given[name]))
    return layer.execute(inputs, draw, Numbers())


def before_pool(layer: Any, pooled: Map) -> Map:
    """Numbers that the max pool of a layer `max_unpool` may have had, others for other elements of `pooled`."""
    return random_map(Random(repr(pooled.values)), (pooled.shape[0], *layer.like))


def with_indices(layer: Any, pooled: Map) -> Map:
    """The output of a max pool with the indices of its elements, as in a network."""
    x, numbers = before_pool(layer, pooled), Numbers()
    return numbers.with_indices(
        layer.pool.execute((x,), lambda name, shape: [], numbers), x, layer.pool.window_settings
    )


def apply(kind: str, x: Map, arrays: dict[str, list[float]] | Arrays | None = None, **settings: Any) -> Map:
    """Execute a layer of a kind on one map."""
    return calculate(kind_class(kind)(**settings), (x,), arrays)


def implements(reading: Numbers) -> Ops:
    """For the type checker: a reading is what layers are written in."""
    return reading
