"""Normalization layers; operations are counted at inference."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

from cnncalc.layers.base import (
    Example,
    Extra,
    Layer,
    Maps,
    SameShape,
    Saved,
    Shape,
    Shapes,
    Weight,
    Weightless,
    Work,
    spatial_sizes,
)
from cnncalc.layers.groups import Grouped, check_groups
from cnncalc.layers.ieee import divide, sqrt
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.over import Axes, Sets, axes, count_sets, reach_through, resolve_axes, sets_over
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import flag, integer, real
from cnncalc.layers.window import Axis, count_inside_axis

AFFINE: Any = flag(True, brief="affine", doc="learn a scale and a bias")
EPSILON: Any = real(1e-5, minimum=0, doc="added to the variance")
SCALE: Any = flag(True, brief="scale", doc="with `affine`: learn the scale")
SHIFT: Any = flag(True, brief="shift", doc="with `affine`: learn the bias")


class LearnsAffine(Layer):
    """Base of norms that may learn a scale and a bias."""

    affine: bool
    scale: bool
    shift: bool

    @property
    def has_scale(self) -> bool:
        """Whether a scale is learned."""
        return self.affine and self.scale

    @property
    def has_bias(self) -> bool:
        """Whether a bias is learned."""
        return self.affine and self.shift

    def affine_weights(self, shape: Shape) -> tuple[Weight, ...]:
        """The learned scale and bias, if any."""
        return tuple(
            [Weight("weight", shape, neutral=1)] * self.has_scale
            + [Weight("bias", shape, "bias", neutral=0)] * self.has_bias
        )

    def apply_affine(self, ops: Ops, parts: Iterable[Values], get_weight: GetWeight, shape: Shape) -> Iterable[Values]:
        """Multiply each part by its learned scale and add its learned bias, if there are any, one part at a time."""
        if self.has_scale:
            parts = (ops.scale(x, factor) for x, factor in zip(parts, get_weight("weight", shape), strict=True))
        if self.has_bias:
            parts = (ops.shift(x, summand) for x, summand in zip(parts, get_weight("bias", shape), strict=True))
        return parts


def count_normalization(sets: int, n: int, norm: LearnsAffine) -> Work:
    """The work of normalizing `sets` sets of n elements, each by its own mean and variance.

    A set's mean takes n − 1 additions and a multiplication, centring n additions, the squares n multiplications, the
    variance n − 1 additions and a multiplication, 1/√(variance + ε) an addition, a root and a division, the scaling
    n multiplications; a learned factor and summand a multiplication and an addition for each element.
    """
    return Work(
        multiplications=sets * ((2 + norm.has_scale) * n + 2),
        additions=sets * ((3 + norm.has_bias) * n - 1),
        divisions=sets,
        exponentials=sets,
    )


def save_statistics(elements: int, *, once: bool = False) -> Saved:
    """What a norm keeps: its input, and the mean and 1/√(variance + ε) of each set, as float32."""
    return Saved((0,), extras=(Extra("statistics", elements, 4, once),))


def normalize(ops: Ops, x: Values, epsilon: float) -> Values:
    """Normalize elements to mean 0 and variance 1, in the steps that `count_normalization` counts."""
    n = len(x)
    mean = ops.scale([ops.total(x)], 1 / n)
    centred = ops.subtract(x, mean * n)
    variance = ops.scale([ops.total(ops.multiply(centred, centred))], 1 / n)
    return ops.multiply(centred, ops.reciprocal(ops.apply("root", ops.shift(variance, epsilon))) * n)


class BatchNorm(LearnsAffine, SameShape, kind="batch_norm"):
    """Batch normalization: [C, *I] → [C, *I], at inference one multiplication and one addition per element."""

    linear = True
    cancels_bias = True
    storage = "in place"
    folds = True
    reference = "S. Ioffe & C. Szegedy, Batch Normalization, arXiv:1502.03167"
    affine: bool = AFFINE
    epsilon: float = EPSILON
    scale: bool = SCALE
    shift: bool = SHIFT

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        channels = inputs[0][:1]
        mean = Weight("running_mean", channels, "buffer", "mean", neutral=0)
        variance = Weight("running_var", channels, "buffer", "variance", neutral=1)
        return (*self.affine_weights(channels), mean, variance)

    def reject(self, name: str, value: float) -> str:
        if name != "running_var":
            return ""
        if value < 0:
            return "a variance must be 0 or more"
        return "" if value + self.epsilon > 0 else "with epsilon=0 a variance must be more than 0"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each element: one multiplication and one addition, affine or not
        return Work(multiplications=prod(output), additions=prod(output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_statistics(2 * output[0], once=True)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        channels = inputs[0].channels()
        n = (len(channels),)
        factors = get_weight("weight", n) if self.has_scale else [1.0] * n[0]
        summands = get_weight("bias", n) if self.has_bias else [0.0] * n[0]
        parts = []
        for x, factor, summand, mean, variance in zip(
            channels, factors, summands, get_weight("running_mean", n), get_weight("running_var", n), strict=True
        ):
            folded = divide(factor, sqrt(variance + self.epsilon))
            parts.append(ops.shift(ops.scale(x, folded), summand - mean * folded))
        return Map.of_channels(parts, inputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((64, 56, 56),)), Example({"affine": False}, ((5, 7),)), Example({"scale": False}, ((10,),))


class LayerNorm(LearnsAffine, SameShape, kind="layer_norm"):
    """Layer normalization: [C, *I] → [C, *I], over the channels of each position, the whole input, or some axes."""

    reference = "J. L. Ba, J. R. Kiros, G. E. Hinton, Layer Normalization, arXiv:1607.06450"
    over: str | Axes = axes(
        "channels",
        words=("channels", "all"),
        brief="over {}",
        doc="which elements are normalized together: those of these axes",
    )
    affine: bool = AFFINE
    epsilon: float = EPSILON
    scale: bool = SCALE
    shift: bool = SHIFT

    def normalized_axes(self, shape: Shape) -> tuple[int, ...]:
        """The axes, numbered from 0. Raises LayerError `wrong-rank` and similar."""
        if isinstance(self.over, str):
            return (0,) if self.over == "channels" else tuple(range(len(shape)))
        return resolve_axes(self.kind, self.over, len(shape), "over")

    def result_shape(self, inputs: Shapes) -> Shape:
        self.normalized_axes(inputs[0])
        return inputs[0]

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return self.affine_weights(tuple(inputs[0][at] for at in self.normalized_axes(inputs[0])))

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return count_normalization(*count_sets(output, self.normalized_axes(output)), self)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return reach_through(output, self.normalized_axes(output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_statistics(2 * count_sets(output, self.normalized_axes(output))[0])

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        over = self.normalized_axes(x.shape)
        sets = sets_over(x.shape, over)
        normalized = sets.put(x.shape, (normalize(ops, elements, self.epsilon) for elements in sets.take(x)))
        across = Sets(sets.indices, sets.starts)  # the first elements of all sets, the second, …
        parts = self.apply_affine(ops, across.take(normalized), get_weight, tuple(x.shape[at] for at in over))
        return across.put(x.shape, parts)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"epsilon": 1e-6}, ((96, 56, 56),)),
            Example({"over": "all"}, ((3, 4, 5),)),
            Example({"affine": False}, ((10,),)),
            Example({"over": (1, 2)}, ((3, 4, 5),)),
            Example({"over": -1}, ((3, 4, 5),)),
        )


class GroupNorm(LearnsAffine, Grouped, SameShape, kind="group_norm"):
    """Group normalization: [C, *I] → [C, *I], over all positions of each of `groups` groups of channels."""

    reference = "Y. Wu & K. He, Group Normalization, arXiv:1803.08494"
    groups: int = integer(symbol="G", brief="g{}", doc="parts that the channels are divided into")
    affine: bool = AFFINE
    epsilon: float = EPSILON
    scale: bool = SCALE
    shift: bool = SHIFT

    def result_shape(self, inputs: Shapes) -> Shape:
        check_groups(self.kind, self.groups, inputs[0][0])
        return inputs[0]

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return self.affine_weights(inputs[0][:1])

    def work(self, inputs: Shapes, output: Shape) -> Work:
        channels, *sizes = inputs[0]
        return count_normalization(self.groups, (channels // self.groups) * prod(sizes), self)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "normalized" if len(inputs[0]) > 1 else "whole"

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_statistics(2 * self.groups)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        size = len(x.values) // self.groups
        parts = (x.values[at : at + size] for at in range(0, len(x.values), size))
        normalized = Map(x.shape, [value for part in parts for value in normalize(ops, part, self.epsilon)])
        channels = self.apply_affine(ops, normalized.channels(), get_weight, x.shape[:1])
        return Map.of_channels(list(channels), x.sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"groups": 32}, ((64, 28, 28),)),
            Example({"groups": 2, "affine": False}, ((6, 5),)),
            Example({"groups": 1}, ((4, 2, 3, 4),)),
        )


class InstanceNorm(LearnsAffine, SameShape, kind="instance_norm"):
    """Instance normalization: [C, *I] → [C, *I], over all positions of each channel."""

    cancels_bias = True
    reference = "D. Ulyanov, A. Vedaldi, V. Lempitsky, Instance Normalization, arXiv:1607.08022"
    affine: bool = flag(False, brief="affine", doc="learn a scale and a bias")
    epsilon: float = EPSILON
    scale: bool = SCALE
    shift: bool = SHIFT

    def result_shape(self, inputs: Shapes) -> Shape:
        spatial_sizes(self.kind, inputs[0])
        return inputs[0]

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return self.affine_weights(inputs[0][:1])

    def work(self, inputs: Shapes, output: Shape) -> Work:
        channels, *sizes = inputs[0]
        return count_normalization(channels, prod(sizes), self)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "normalized"

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_statistics((2 + self.has_scale) * output[0])

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        channels = [normalize(ops, channel, self.epsilon) for channel in inputs[0].channels()]
        parts = self.apply_affine(ops, channels, get_weight, inputs[0].shape[:1])
        return Map.of_channels(list(parts), inputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((3, 32, 32),)), Example({"affine": True}, ((4, 9),))


class LocalResponseNorm(SameShape, Weightless, kind="local_response_norm"):
    """Local response normalization: [C, *I] → [C, *I], x / (k + alpha/size·Σx²)^beta over `size` channels."""

    reference = "A. Krizhevsky, I. Sutskever, G. E. Hinton, ImageNet Classification with Deep CNNs, NIPS 2012, 3.3"
    size: int = integer(5, symbol="L", brief="n{}", doc="channels in the window")
    alpha: float = real(1e-4, doc="factor of the mean square")
    beta: float = real(0.75, doc="exponent")
    k: float = real(1, doc="additive constant")

    def result_shape(self, inputs: Shapes) -> Shape:
        spatial_sizes(self.kind, inputs[0])
        return inputs[0]

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each element: its square, the sum of `size` squares (zeros beyond the first and the last channel included),
        # one scaling, one addition of k, one power and one division
        n = prod(output)
        return Work(multiplications=2 * n, additions=self.size * n, divisions=n, exponentials=n)

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        channels, *sizes = output
        covered = count_inside_axis(Axis(channels, self.size, 1, 1, self.size // 2, 0), channels).pairs
        return self.work(inputs, output)._replace(additions=covered * prod(sizes))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        padded = (output[0] + self.size - 1) * prod(output[1:])  # the squares, from which means are computed
        return Saved((0,), extras=(Extra("maps", padded + 2 * prod(output)),))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        positions = []
        for values in x.positions():
            sums = ops.sliding_sum(ops.multiply(values, values), self.size)
            divisors = ops.power(ops.shift(ops.scale(sums, self.alpha / self.size), self.k), self.beta)
            positions.append(ops.divide(values, divisors))
        return Map.of_positions(positions, x.sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"k": 2}, ((96, 27, 27),)), Example({"size": 3, "beta": 0.5}, ((4, 9),))
