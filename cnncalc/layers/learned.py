"""Learned tensors that no input goes into: class tokens, queries, tables of position biases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import copysign, log2, prod
from typing import Any

from cnncalc import limits
from cnncalc.layers.activation import sigmoid
from cnncalc.layers.attention import rows_of
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
    Work,
)
from cnncalc.layers.channels import Channels, Chosen
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import integer, real, sizes

LARGEST_BIAS = 16  # of the numbers, as in Swin Transformer V2


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


def offsets_of(window: Shape) -> list[int]:
    """For each pair of positions of a window, the number of their offset among the ∏(2·size − 1).

    >>> offsets_of((2,))
    [1, 0, 2, 1]
    """
    found = []
    for one, other in product(product(*map(range, window)), repeat=2):
        at = 0
        for i, j, size in zip(one, other, window, strict=True):
            at = at * (2 * size - 1) + i - j + size - 1
        found.append(at)
    return found


def logarithms_of(window: Shape) -> list[float]:
    """For each offset in a window, its logarithm on each axis."""
    spans = product(*(range(1 - size, size) for size in window))
    return [log_spaced(at, size) for offset in spans for at, size in zip(offset, window, strict=True)]


def log_spaced(offset: int, size: int) -> float:
    """±log₂(1 + 8·|offset|/(size − 1))/3, from −log₂(9)/3 to log₂(9)/3; 0 for the only offset of a size of 1."""
    return copysign(log2(1 + 8 * abs(offset) / max(size - 1, 1)) / 3, offset)


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
        offsets = prod(2 * size - 1 for size in self.window)
        table = get_weight("relative_position_bias_table", (offsets, self.heads))
        return self.look_up([element for number in table for element in ops.constant(number, 1)])

    def look_up(self, table: Values) -> Map:
        """The numbers of all heads and pairs of positions, from a table of the offsets' numbers of each head."""
        positions = prod(self.window)
        values = [table[at * self.heads + head] for head in range(self.heads) for at in offsets_of(self.window)]
        return Map((self.heads, positions, positions), values)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"heads": 3, "window": (7, 7)}, ()), Example({"heads": 2, "window": (4,)}, ())


class ContinuousPositionBias(RelativePositionBias, kind="continuous_position_bias"):
    """→ [heads, N, N], a number for each head and each offset of two of the N positions of a window, at most 16.

    That of the positions i and j is 16·sigmoid(W₂·relu(W₁·x + b)), where x has for every axis the sign of i − j times
    log₂(1 + 8·|i − j|/(size − 1))/3. It is computed once for each of the ∏(2·size − 1) offsets; torchvision applies the
    sigmoid to each pair of positions.
    """

    reference = "Z. Liu et al., Swin Transformer V2, arXiv:2111.09883"
    hidden: int = integer(512, symbol="M", brief="hidden {}", doc="units of the hidden layer, W₁·x + b")

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return (
            Weight("cpb_mlp.0.weight", (self.hidden, len(self.window))),
            Weight("cpb_mlp.0.bias", (self.hidden,), "bias", neutral=0),
            Weight("cpb_mlp.2.weight", (self.heads, self.hidden)),
        )

    def work(self, inputs: Shapes, output: Shape) -> Work:
        offsets, axes = prod(2 * size - 1 for size in self.window), len(self.window)
        first, second = offsets * axes * self.hidden, offsets * self.hidden * self.heads
        numbers = offsets * self.heads  # a sigmoid of each, times 16; the sums of the first layer have a bias each
        return Work(
            first + second,
            first + second + numbers,
            first + second,
            comparisons=offsets * self.hidden,
            divisions=numbers,
            exponentials=numbers,
        )

    def inner_elements(self, inputs: Shapes, output: Shape) -> int:
        return prod(2 * size - 1 for size in self.window) * (self.hidden + self.heads)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        # the offsets, the hidden layer, and the numbers after the sigmoid
        offsets = prod(2 * size - 1 for size in self.window)
        maps = Extra("maps", offsets * (len(self.window) + self.hidden + self.heads), once=True)
        return Saved(extras=(maps, Extra("indices", prod(output[1:]), 8, once=True)))

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self.replace(heads=divide(self.heads), hidden=divide(self.hidden))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        axes = len(self.window)
        first = rows_of(get_weight("cpb_mlp.0.weight", (self.hidden, axes)), axes)
        biases = get_weight("cpb_mlp.0.bias", (self.hidden,))
        second = rows_of(get_weight("cpb_mlp.2.weight", (self.heads, self.hidden)), self.hidden)
        table: Values = []
        for offsets in product(*(range(1 - size, size) for size in self.window)):
            spaced = [log_spaced(offset, size) for offset, size in zip(offsets, self.window, strict=True)]
            x = [element for number in spaced for element in ops.constant(number, 1)]
            hidden = ops.clamp_min(ops.dots(x, first, biases), 0)
            table += ops.scale(sigmoid(ops, ops.dots(hidden, second, None)), LARGEST_BIAS)
        return self.look_up(table)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"heads": 3, "window": (8, 8)}, ()), Example({"heads": 2, "window": (4,), "hidden": 5}, ())
