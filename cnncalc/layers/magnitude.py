"""Normalization by the root of a sum of squares, without a mean: RMS, L2 and global response normalization."""

from __future__ import annotations

from math import prod

from cnncalc.layers.base import Example, Extra, Maps, SameShape, Saved, Shape, Shapes, Weight, Weightless, Work
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import flag, real


def compute_norm(ops: Ops, x: Values) -> Values:
    """√Σx², as a list of one element."""
    return ops.apply("root", [ops.total(ops.multiply(x, x))])


class _OverChannels(SameShape):
    """Base of kinds that normalize the channels of each position."""

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise" if len(output) > 1 else "whole"


class RmsNorm(_OverChannels, kind="rms_norm"):
    """Root mean square normalization: [C, *I] → [C, *I], x/√(mean of x² + epsilon) over the channels of a position."""

    reference = "B. Zhang & R. Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467"
    epsilon: float = real(1e-6, minimum=0, doc="added to the mean square")
    scale: bool = flag(True, brief="scale", doc="learn a factor for each channel")

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return (Weight("weight", inputs[0][:1], neutral=1),) if self.scale else ()

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each position of n channels: n squares, n − 1 additions and a multiplication for their mean, an addition of
        # epsilon, a root, a division, n multiplications; a learned factor n more
        channels, *sizes = output
        positions = prod(sizes)
        return Work(
            multiplications=positions * ((3 if self.scale else 2) * channels + 1),
            additions=positions * channels,
            divisions=positions,
            exponentials=positions,
        )

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        statistics = Extra("statistics", prod(output[1:]), 4)  # 1/√ of each position
        normalized = Extra("maps", prod(output))  # which the learned factor multiplies
        return Saved((0,), extras=(statistics, normalized) if self.scale else (statistics,))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        positions = []
        for position in x.positions():
            n = len(position)
            mean = ops.scale([ops.total(ops.multiply(position, position))], 1 / n)
            factor = ops.reciprocal(ops.apply("root", ops.shift(mean, self.epsilon)))
            positions.append(ops.multiply(position, factor * n))
        normalized = Map.of_positions(positions, x.sizes)
        if not self.scale:
            return normalized
        channels = normalized.channels()
        factors = get_weight("weight", (len(channels),))
        scaled = [ops.scale(channel, factor) for channel, factor in zip(channels, factors, strict=True)]
        return Map.of_channels(scaled, x.sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((96, 56, 56),)), Example({"scale": False}, ((5, 7),)), Example({}, ((10,),))


class L2Norm(_OverChannels, Weightless, kind="l2_norm"):
    """L2 normalization: [C, *I] → [C, *I], x/max(√Σx², epsilon) over the channels of each position."""

    reference = "W. Liu, A. Rabinovich, A. C. Berg, ParseNet: Looking Wider to See Better, arXiv:1506.04579"
    epsilon: float = real(1e-12, minimum=0, doc="the smallest divisor")

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each position of n channels: n squares, n − 1 additions, a root, a comparison with epsilon, n divisions
        channels, *sizes = output
        positions = prod(sizes)
        return Work(
            multiplications=prod(output),
            additions=positions * (channels - 1),
            comparisons=positions,
            divisions=prod(output),
            exponentials=positions,
        )

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return Saved((0,), extras=(Extra("statistics", 2 * prod(output[1:]), 4),))  # each norm, and the divisor

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        positions = []
        for position in x.positions():
            divisor = ops.clamp_min(compute_norm(ops, position), self.epsilon)
            positions.append(ops.divide(position, divisor * len(position)))
        return Map.of_positions(positions, x.sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((512, 38, 38),)), Example({}, ((3, 7),)), Example({}, ((10,),))


class ResponseNorm(SameShape, kind="response_norm"):
    """Global response normalization: [C, *I] → [C, *I], weight·x·g/(mean of g + epsilon) + bias + x.

    g is √Σx² of each channel over all its positions.
    """

    reference = "S. Woo et al., ConvNeXt V2: Co-designing and Scaling ConvNets with MAE, arXiv:2301.00808"
    epsilon: float = real(1e-6, minimum=0, doc="added to the mean over the channels")

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return Weight("weight", inputs[0][:1], neutral=0), Weight("bias", inputs[0][:1], "bias", neutral=0)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each channel of n positions: n squares, n − 1 additions, a root, a division by the mean, an addition for the
        # mean and epsilon; the mean: a multiplication; each element: two multiplications and two additions
        elements = prod(output)
        channels = output[0]
        return Work(
            multiplications=3 * elements + 1,
            additions=3 * elements,
            divisions=channels,
            exponentials=channels,
        )

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "normalized" if len(inputs[0]) > 1 else "whole"

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        # g of each channel and its quotient, the mean; and the product that the learned factor multiplies
        return Saved((0,), extras=(Extra("statistics", 2 * output[0] + 1, 4), Extra("maps", prod(output))))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        channels = inputs[0].channels()
        n = len(channels)
        norms = [value for channel in channels for value in compute_norm(ops, channel)]
        mean = ops.shift(ops.scale([ops.total(norms)], 1 / n), self.epsilon)
        factors, summands = get_weight("weight", (n,)), get_weight("bias", (n,))
        parts = []
        for channel, norm, factor, summand in zip(channels, norms, factors, summands, strict=True):
            normalized = ops.multiply(channel, ops.divide([norm], mean) * len(channel))
            parts.append(ops.add(ops.shift(ops.scale(normalized, factor), summand), channel))
        return Map.of_channels(parts, inputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((384, 14, 14),)), Example({}, ((3, 7),)), Example({}, ((10,),))
