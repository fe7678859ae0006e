"""Deformable convolution: the elements of a window are read at positions that a convolution of the same input moves."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd, prod

from cnncalc.layers.activation import sigmoid
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Example, Extra, Layer, Maps, Saved, Shape, Shapes, Weight, Work
from cnncalc.layers.conv import Conv, InGroups
from cnncalc.layers.groups import check_groups
from cnncalc.layers.ops import Deformation, GetWeight, Kernel, Map, Ops
from cnncalc.layers.reach import EveryPosition, Reach
from cnncalc.layers.settings import flag, integer
from cnncalc.layers.window import Axis


class DeformableConv(InGroups, kind="deformable_conv"):
    """Deformable convolution: [C_in, H, W] → [out, *O], each element of a window moved by a row and a column.

    The moves, and with `mask` a factor between 0 and 1, are those of a convolution with the same window, which is part
    of the layer. An element is the weighted sum of the four positions around its own; beyond the edge they are zeros.
    """

    linear = False
    samples = True
    reference = (
        "J. Dai et al., Deformable Convolutional Networks, arXiv:1703.06211; X. Zhu et al., arXiv:1811.11168 (`mask`)"
    )
    offset_groups: int = integer(
        1, symbol="G_o", brief="og{}", doc="parts of the input channels with moves of their own"
    )
    mask: bool = flag(False, brief="mask", doc="learn a factor for each moved element too, as version 2 does")

    def axes(self, inputs: Shapes) -> tuple[Axis, ...]:
        axes = super().axes(inputs)
        if len(axes) != 2:
            raise LayerError("wrong-rank", f"`{self.kind}` works on 2 spatial axes, but the input has {len(axes)}")
        return axes

    def result_shape(self, inputs: Shapes) -> Shape:
        found = super().result_shape(inputs)
        check_groups(self.kind, self.offset_groups, inputs[0][0], argument="offset_groups")
        return found

    def points(self, inputs: Shapes) -> int:
        """Points that are read for each output position."""
        return self.offset_groups * prod(self.kernels(inputs))

    def offsets(self, inputs: Shapes) -> Conv:
        """The convolution that moves the elements: a row and a column for each point, and a factor."""
        return Conv(
            out=(3 if self.mask else 2) * self.points(inputs),
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        own = (weight._replace(name=f"conv_offset.{weight.name}") for weight in self.offsets(inputs).weights(inputs))
        return (*super().weights(inputs), *own)

    def inner_elements(self, inputs: Shapes, output: Shape) -> int:
        return (3 if self.mask else 2) * self.points(inputs) * prod(output[1:])

    def scratch_elements(self, inputs: Shapes) -> int:
        output = self.result_shape(inputs)
        return inputs[0][0] * prod(self.kernels(inputs)) * prod(output[1:]) + 4 * prod(output[1:])

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return self._sampling(inputs, output).plus(super().work(inputs, output)).plus(self._of_offsets(inputs, output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        # which elements are beyond the edge depends on the data: all are counted but for the offsets' convolution
        inner = (self.inner_elements(inputs, output) // prod(output[1:]), *output[1:])
        found = self._sampling(inputs, output).plus(super().work(inputs, output))
        return found.plus(self.offsets(inputs).work_inside(inputs, inner))

    def _of_offsets(self, inputs: Shapes, output: Shape) -> Work:
        conv = self.offsets(inputs)
        return conv.work(inputs, (conv.out, *output[1:]))

    def _sampling(self, inputs: Shapes, output: Shape) -> Work:
        """Moving and reading the elements of all windows.

        Each point is moved by two additions; its distances to the positions before and after it are four, and its four
        shares are products of these. An element is then four multiplications and three additions, and one
        multiplication by the factor, which is a sigmoid.
        """
        points = self.points(inputs) * prod(output[1:])
        read = inputs[0][0] * prod(self.kernels(inputs)) * prod(output[1:])
        factors = points if self.mask else 0
        return Work(
            multiplications=4 * points + (5 if self.mask else 4) * read,
            additions=6 * points + factors + 3 * read,
            divisions=factors,
            exponentials=factors,
        )

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        """The input and the moves, and the factors where there are any."""
        return Saved((0,), extras=(Extra("maps", self.inner_elements(inputs, output)),))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(EveryPosition(size, by_data=size > 1) for size in inputs[0][1:])

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return super().narrow(before, inputs, divide).replace(offset_groups=gcd(self.offset_groups, inputs[0][0]))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        kernel = (self.kernel,) * 2 if isinstance(self.kernel, int) else self.kernel
        points = self.offset_groups * prod(kernel)
        weight = get_weight("weight", (self.out, x.shape[0] // self.groups, *kernel))
        bias = get_weight("bias", (self.out,)) if self.bias else None
        out = (2 + self.mask) * points
        moving = get_weight("conv_offset.weight", (out, x.shape[0], *kernel))
        moves = ops.convolve(
            x, Kernel(moving, get_weight("conv_offset.bias", (out,)), out), self.window_settings
        ).channels()
        factors = [sigmoid(ops, channel) for channel in moves[2 * points :]]
        how = Deformation(moves[: 2 * points], factors, self.offset_groups)
        return ops.deform(x, how, Kernel(weight, bias, self.out, self.groups), self.window_settings)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"out": 256, "kernel": 3, "padding": 1, "bias": False}, ((256, 56, 56),)),
            Example(
                {"out": 4, "kernel": (3, 2), "stride": 2, "groups": 2, "offset_groups": 2, "mask": True}, ((4, 7, 6),)
            ),
        )
