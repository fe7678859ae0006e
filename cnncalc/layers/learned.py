"""Learned tensors that no input goes into: class tokens, position embeddings, tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc import limits
from cnncalc.layers.base import (
    Example,
    Layer,
    Maps,
    NoOperations,
    Shape,
    Shapes,
    Weight,
)
from cnncalc.layers.channels import Channels, Chosen
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import real, sizes


class Learned(NoOperations, kind="learned"):
    """→ [*shape], learned numbers, which no input goes into: it starts a path like `from`."""

    linear = True
    storage = "weights"
    sources = 0
    reference = "A. Dosovitskiy et al., An Image is Worth 16x16 Words (class token), arXiv:2010.11929"
    shape: tuple[Any, ...] = sizes(longest=limits.AXES, doc="the shape: [N], or channels and spatial sizes")
    initial: float = real(0, doc="the numbers before training")

    def result_shape(self, inputs: Shapes) -> Shape:
        return self.shape

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return (Weight("weight", self.shape, neutral=0),)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise"

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Chosen()

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self.replace(shape=(divide(self.shape[0]), *self.shape[1:]))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        numbers = get_weight("weight", self.shape)
        return Map(self.shape, [element for number in numbers for element in ops.constant(number, 1)])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"shape": (192, 1)}, ()), Example({"shape": (10,), "initial": 1}, ())
