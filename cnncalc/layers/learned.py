"""Learned tensors that no input goes into: class tokens, queries, tables of position biases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.layers.base import (
    Example,
    Extra,
    Layer,
    Maps,
    NoOperations,
    Saved,
    Shape,
    Shapes,
    Weight,
)
from cnncalc.layers.channels import Channels, Chosen
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import integer, real, sizes


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


class RelativePositionBias(NoOperations, kind="relative_position_bias"):
    """→ [heads, N, N], a learned number for each head and each offset of two of the N positions of a window.

    The element of the positions i and j is that of i − j on every axis, in a table of the ∏(2·size − 1) offsets.
    """

    linear = True
    sources = 0
    reference = "Z. Liu et al., Swin Transformer, arXiv:2103.14030"
    heads: int = integer(symbol="H", brief="{} heads", doc="numbers of each offset")
    window: tuple[int, ...] = sizes(longest=3, brief="window {}", doc="the sizes of the window, on 1 to 3 axes")

    def result_shape(self, inputs: Shapes) -> Shape:
        positions = prod(self.window)
        return (self.heads, positions, positions)

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        offsets = prod(2 * size - 1 for size in self.window)
        return (Weight("relative_position_bias_table", (offsets, self.heads), alias="weight", neutral=0),)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return Saved(extras=(Extra("indices", prod(output[1:]), 8, once=True),))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise"

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Chosen()

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self.replace(heads=divide(self.heads))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        spans = [2 * size - 1 for size in self.window]
        table = get_weight("relative_position_bias_table", (prod(spans), self.heads))
        places = list(product(*map(range, self.window)))
        offsets = []
        for one, other in product(places, repeat=2):
            at = 0
            for i, j, size, span in zip(one, other, self.window, spans, strict=True):
                at = at * span + i - j + size - 1
            offsets.append(at)
        numbers = [element for number in table for element in ops.constant(number, 1)]
        values = [numbers[at * self.heads + head] for head in range(self.heads) for at in offsets]
        return Map((self.heads, len(places), len(places)), values)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"heads": 3, "window": (7, 7)}, ()), Example({"heads": 2, "window": (4,)}, ())
