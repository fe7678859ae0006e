"""What the kinds with a kernel share: their settings, their arrays, and the family of those that slide it."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.layers.base import Maps, Shape, Shapes, Weight, Work, each_axis
from cnncalc.layers.groups import ChoosesChannels, check_groups
from cnncalc.layers.ops import Draw, Kernel, Map, Ops, WindowSettings
from cnncalc.layers.settings import Padding, PerAxis, flag, integer, padding, per_axis
from cnncalc.layers.window import Windowed, check_fits, output_size, taps_inside

DUMOULIN = "V. Dumoulin & F. Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285"

OUT: Any = integer(symbol="C_out", doc="output channels")
KERNEL: Any = per_axis(symbol="K", brief="{}", doc="size of the window")
STRIDE: Any = per_axis(1, symbol="S", brief="s{}", doc="step of the window")
PADDING: Any = padding()
DILATION: Any = per_axis(1, symbol="D", brief="d{}", doc="distance between the kernel's elements")
MULTIPLIER: Any = integer(1, symbol="M", brief="m{}", doc="output channels for each input channel")
BIAS: Any = flag(True, brief="bias", doc="a learned number added to each output channel")


def with_bias(kernel: Shape, out: int, bias: bool) -> tuple[Weight, ...]:
    """The arrays of a convolution or a linear layer."""
    weight = Weight("weight", kernel)
    return (weight, Weight("bias", (out,), "bias", neutral=0)) if bias else (weight,)


def convolve(x: Map, draw: Draw, ops: Ops, windows: WindowSettings, *, out: int, bias: bool, groups: int = 1) -> Map:
    """A kernel that slides over a map, with its arrays."""
    weight = draw("weight", (out, x.shape[0] // groups, *each_axis("kernel", windows.kernel, len(x.sizes))))
    added = draw("bias", (out,)) if bias else None
    return ops.convolve(x, Kernel(weight, added, out, groups), windows)


class OutWindowed(ChoosesChannels, Windowed):
    """The signature that most kinds with a kernel begin with."""

    out: int = OUT
    kernel: PerAxis = KERNEL
    stride: PerAxis = STRIDE
    padding: Padding = PADDING


class Convolution(Windowed):
    """A kernel that slides over the input: what the standard and the depthwise convolution share."""

    linear = True
    bias: bool

    def channels_out(self, channels: int) -> int:
        """Output channels for so many input channels."""
        raise NotImplementedError

    def groups_of(self, channels: int) -> int:
        """Parts that so many input channels are divided into."""
        raise NotImplementedError

    def result_shape(self, inputs: Shapes) -> Shape:
        axes = self.axes(inputs)
        channels = inputs[0][0]
        out = self.channels_out(channels)
        check_groups(self.kind, self.groups_of(channels), channels, out)
        check_fits(self.kind, axes)
        return (out, *map(output_size, axes))

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        channels = inputs[0][0]
        out = self.channels_out(channels)
        return with_bias((out, channels // self.groups_of(channels), *self.kernels(inputs)), out, self.bias)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: a dot product of ΠK·(C_in/G), whose additions are one fewer, and one for the bias
        channels = inputs[0][0]
        kernel = prod(self.kernels(inputs))
        macs = kernel * (channels // self.groups_of(channels)) * prod(output)
        return Work(macs, macs, macs if self.bias else macs - prod(output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        # as `work`, for the pairs of a window and an input it covers; a window all on padding is not summed up
        channels = inputs[0][0]
        covered, windows = taps_inside(self.axes(inputs), output[1:])
        macs = covered * (channels // self.groups_of(channels)) * output[0]
        return Work(macs, macs, macs if self.bias else macs - windows * output[0])

    def execute(self, inputs: Maps, draw: Draw, ops: Ops) -> Map:
        channels = inputs[0].shape[0]
        out, groups = self.channels_out(channels), self.groups_of(channels)
        return convolve(inputs[0], draw, ops, self.window_settings, out=out, groups=groups, bias=self.bias)
