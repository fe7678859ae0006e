"""What the kinds with a kernel have in common: their settings, their arrays, and the base class `Convolution`."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.layers.arguments import Padding, PerAxis
from cnncalc.layers.base import SAVES_INPUT, Maps, Saved, Shape, Shapes, Weight, Work, expand_per_axis
from cnncalc.layers.groups import ChoosesChannels, check_groups
from cnncalc.layers.ops import GetWeight, Kernel, Map, Ops, WindowSettings
from cnncalc.layers.settings import flag, integer, padding, per_axis
from cnncalc.layers.window import Windowed, check_fits, count_inside, output_size

DUMOULIN = "V. Dumoulin & F. Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285"

OUT: Any = integer(symbol="C_out", doc="output channels")
KERNEL: Any = per_axis(symbol="K", brief="{}", doc="size of the window")
STRIDE: Any = per_axis(1, symbol="S", brief="s{}", doc="step of the window")
PADDING: Any = padding()
DILATION: Any = per_axis(1, symbol="D", brief="d{}", doc="distance between the kernel's elements")
MULTIPLIER: Any = integer(1, symbol="M", brief="m{}", doc="output channels for each input channel")
BIAS: Any = flag(True, brief="bias", doc="add a learned bias to each output channel")


def kernel_weights(kernel: Shape, out: int, bias: bool) -> tuple[Weight, ...]:
    """The arrays of a convolution or a linear layer."""
    weight = Weight("weight", kernel)
    return (weight, Weight("bias", (out,), "bias", neutral=0)) if bias else (weight,)


def convolve(
    x: Map, get_weight: GetWeight, ops: Ops, windows: WindowSettings, *, out: int, bias: bool, groups: int = 1
) -> Map:
    """Get the arrays of a convolution and apply it to a feature map."""
    weight = get_weight("weight", (out, x.shape[0] // groups, *expand_per_axis("kernel", windows.kernel, len(x.sizes))))
    bias_values = get_weight("bias", (out,)) if bias else None
    return ops.convolve(x, Kernel(weight, bias_values, out, groups), windows)


class ConvolutionArguments(ChoosesChannels, Windowed):
    """The first arguments of most kinds with a kernel."""

    out: int = OUT
    kernel: PerAxis = KERNEL
    stride: PerAxis = STRIDE
    padding: Padding = PADDING


class Convolution(Windowed):
    """A kernel that slides over the input: the rules of the standard and the depthwise convolution."""

    linear = True
    bias: bool

    def output_channels(self, channels: int) -> int:
        """The number of output channels for a number of input channels."""
        raise NotImplementedError

    def group_count(self, channels: int) -> int:
        """The number of groups for a number of input channels."""
        raise NotImplementedError

    def result_shape(self, inputs: Shapes) -> Shape:
        axes = self.axes(inputs)
        channels = inputs[0][0]
        out = self.output_channels(channels)
        check_groups(self.kind, self.group_count(channels), channels, out)
        check_fits(self.kind, axes)
        return (out, *map(output_size, axes))

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        channels = inputs[0][0]
        out = self.output_channels(channels)
        return kernel_weights((out, channels // self.group_count(channels), *self.kernels(inputs)), out, self.bias)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: a dot product of ΠK·(C_in/G), whose additions are one fewer, and one for the bias
        channels = inputs[0][0]
        kernel = prod(self.kernels(inputs))
        macs = kernel * (channels // self.group_count(channels)) * prod(output)
        return Work(macs, macs, macs if self.bias else macs - prod(output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        # as `work`, but only for kernel elements on the input; a window that is only on padding has no additions
        channels = inputs[0][0]
        covered, windows = count_inside(self.axes(inputs), output[1:])
        macs = covered * (channels // self.group_count(channels)) * output[0]
        return Work(macs, macs, macs if self.bias else macs - windows * output[0])

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        channels = inputs[0].shape[0]
        out, groups = self.output_channels(channels), self.group_count(channels)
        return convolve(inputs[0], get_weight, ops, self.window_settings, out=out, groups=groups, bias=self.bias)
