"""Factorized convolutions: depthwise-separable and spatially separable."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from cnncalc.layers.arguments import LayerError, PerAxis
from cnncalc.layers.base import Example, Extra, Maps, Saved, Shape, Shapes, Weight, Work, expand_per_axis
from cnncalc.layers.conv import Conv, DepthwiseConv
from cnncalc.layers.kernel import BIAS, DILATION, MULTIPLIER, Convolution, ConvolutionArguments, convolve
from cnncalc.layers.ops import GetWeight, Map, Ops, WindowSettings
from cnncalc.layers.window import Axis, check_fits


class TwoSteps(ConvolutionArguments):
    """Base of layers that consist of two consecutive convolutions: every rule combines the rules of the two."""

    linear = True
    consecutive = 2
    in_steps = True
    names: ClassVar[tuple[str, str]]  # of the steps, the prefixes of the names of their arrays

    def steps(self, inputs: Shapes) -> tuple[Convolution, Convolution]:
        """The two convolutions, in the order in which they run."""
        raise NotImplementedError

    def intermediate(self, inputs: Shapes, output: Shape) -> Shape:
        """Shape of the result of the first step."""
        raise NotImplementedError

    def inner_elements(self, inputs: Shapes, output: Shape) -> int:
        return prod(self.intermediate(inputs, output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return Saved((0,), extras=(Extra("maps", self.inner_elements(inputs, output)),))

    def result_shape(self, inputs: Shapes) -> Shape:
        check_fits(self.kind, self.axes(inputs))
        first, second = self.steps(inputs)
        return second.result_shape((first.result_shape(inputs),))

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        first, second = self.steps(inputs)
        arrays = (first.weights(inputs), second.weights((first.result_shape(inputs),)))
        return tuple(
            weight._replace(name=f"{name}.{weight.name}")
            for name, weights in zip(self.names, arrays, strict=True)
            for weight in weights
        )

    def work(self, inputs: Shapes, output: Shape) -> Work:
        first, second = self.steps(inputs)
        intermediate = self.intermediate(inputs, output)
        return first.work(inputs, intermediate).plus(second.work((intermediate,), output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        first, second = self.steps(inputs)
        intermediate = self.intermediate(inputs, output)
        return first.work_inside(inputs, intermediate).plus(second.work_inside((intermediate,), output))

    def split_weights(self, get_weight: GetWeight) -> tuple[GetWeight, GetWeight]:
        """The functions that return the arrays of each step."""
        first, second = self.names
        return lambda name, shape: get_weight(f"{first}.{name}", shape), lambda name, shape: get_weight(
            f"{second}.{name}", shape
        )


class SeparableConv(TwoSteps, kind="separable_conv"):
    """Depthwise-separable convolution: [C_in, *I] → [C_in·multiplier, *O] without bias, then 1×1 → [out, *O]."""

    reference = "F. Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, arXiv:1610.02357"
    names = ("depthwise", "pointwise")
    dilation: PerAxis = DILATION
    multiplier: int = MULTIPLIER
    bias: bool = BIAS

    def steps(self, inputs: Shapes) -> tuple[Convolution, Convolution]:
        depthwise = DepthwiseConv(
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            multiplier=self.multiplier,
            bias=False,
        )
        return depthwise, Conv(out=self.out, kernel=1, bias=self.bias)

    def intermediate(self, inputs: Shapes, output: Shape) -> Shape:
        return (inputs[0][0] * self.multiplier, *output[1:])

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        first, second = self.split_weights(get_weight)
        channels = inputs[0].shape[0]
        out = channels * self.multiplier
        intermediate = convolve(inputs[0], first, ops, self.window_settings, out=out, groups=channels, bias=False)
        return convolve(intermediate, second, ops, WindowSettings(1), out=self.out, bias=self.bias)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"out": 72, "kernel": 3}, ((3, 8, 8),)),
            Example({"out": 4, "kernel": 3, "stride": 2, "padding": "same", "multiplier": 2}, ((3, 7, 8),)),
            Example({"out": 2, "kernel": 2, "dilation": 3, "bias": False}, ((2, 9),)),
        )


class SpatialSeparableConv(TwoSteps, kind="spatial_separable_conv"):
    """Spatially separable convolution: [C_in, H, W] → K×1 without bias → [out, O, W] → 1×K → [out, O, O]."""

    reference = "C. Szegedy et al., Rethinking the Inception Architecture for Computer Vision, arXiv:1512.00567, 3.2"
    names = ("column", "row")
    bias: bool = BIAS

    def axes(self, inputs: Shapes) -> tuple[Axis, ...]:
        axes = super().axes(inputs)
        if len(axes) != 2:
            raise LayerError("wrong-rank", f"`{self.kind}` works on 2 spatial axes, but the input has {len(axes)}")
        return axes

    def steps(self, inputs: Shapes) -> tuple[Convolution, Convolution]:
        column, row = self.axes(inputs)
        return (
            Conv(
                out=self.out,
                kernel=(column.kernel, 1),
                stride=(column.stride, 1),
                padding=((column.before, column.after), (0, 0)),
                bias=False,
            ),
            Conv(
                out=self.out,
                kernel=(1, row.kernel),
                stride=(1, row.stride),
                padding=((0, 0), (row.before, row.after)),
                bias=self.bias,
            ),
        )

    def intermediate(self, inputs: Shapes, output: Shape) -> Shape:
        return (*output[:2], inputs[0][2])

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        first, second = self.split_weights(get_weight)
        (kh, kw), (sh, sw) = expand_per_axis("kernel", self.kernel, 2), expand_per_axis("stride", self.stride, 2)
        ph, pw = self.padding if isinstance(self.padding, tuple) else (self.padding, self.padding)
        column, row = WindowSettings((kh, 1), (sh, 1), (ph, 0)), WindowSettings((1, kw), (1, sw), (0, pw))
        intermediate = convolve(inputs[0], first, ops, column, out=self.out, bias=False)
        return convolve(intermediate, second, ops, row, out=self.out, bias=self.bias)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"out": 72, "kernel": 3}, ((3, 8, 8),)),
            Example({"out": 4, "kernel": (3, 2), "stride": (1, 2), "padding": "same", "bias": False}, ((3, 7, 9),)),
        )
