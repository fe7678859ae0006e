"""Convolutions, standard and depthwise, and what all kinds of convolution share."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd, prod
from typing import Any

from cnncalc.layers.base import CarriesChannels, Example, Layer, Maps, Shape, Shapes, Weight, Work, each_axis
from cnncalc.layers.channels import Carried, Channels, Chosen
from cnncalc.layers.ops import Draw, Map, Ops, PaddingOf
from cnncalc.layers.settings import LayerError, Padding, PerAxis, flag, integer, padding, per_axis
from cnncalc.layers.window import Windowed, check_fits, output_size, taps_inside

DUMOULIN = "V. Dumoulin & F. Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285"

# The settings that the kinds share; each class lists its own in the order of its signature.
OUT: Any = integer(symbol="C_out", doc="output channels")
KERNEL: Any = per_axis(symbol="K", brief="{}", doc="size of the window")
STRIDE: Any = per_axis(1, symbol="S", brief="s{}", doc="step of the window")
DILATION: Any = per_axis(1, symbol="D", brief="d{}", doc="distance between the kernel's elements")
GROUPS: Any = integer(1, symbol="G", brief="g{}", doc="parts that the channels are divided into")
MULTIPLIER: Any = integer(1, symbol="M", brief="m{}", doc="output channels for each input channel")
PADDING: Any = padding()
BIAS: Any = flag(True, brief="bias", doc="a learned number added to each output channel")


def check_groups(kind: str, groups: int, channels: int, out: int | None = None, *, argument: str = "groups") -> None:
    """Raises LayerError `groups-mismatch` where groups do not divide the channels on either side."""
    for name, count in (("input", channels), ("output", out)):
        if count is not None and count % groups:
            common = channels if out is None else gcd(channels, out)
            divisor = nearest_divisor(groups, common)
            raise LayerError(
                "groups-mismatch",
                f"`{kind}` in {groups} {argument} cannot divide {count} {name} channels"
                f" ({count} mod {groups} = {count % groups})",
                offer=f"use a divisor of {common}, e.g. {{}}",
                argument=argument,
                suggest={argument: divisor},
            )


def nearest_divisor(wanted: int, number: int) -> int:
    """The divisor of `number` nearest to `wanted`, the smaller of two; 1 where none is near."""
    for distance in range(10_000):
        for candidate in (wanted - distance, wanted + distance):
            if candidate > 0 and number % candidate == 0:
                return candidate
    return 1


def with_bias(kernel: Shape, out: int, bias: bool) -> tuple[Weight, ...]:
    """The arrays of a convolution or a linear layer."""
    weight = Weight("weight", kernel)
    return (weight, Weight("bias", (out,), "bias")) if bias else (weight,)


def convolved(
    x: Map,
    draw: Draw,
    ops: Ops,
    *,
    out: int,
    kernel: PerAxis,
    bias: bool,
    stride: PerAxis = 1,
    padding: PaddingOf = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Map:
    """A kernel that slides over a map, with its arrays."""
    weight = draw("weight", (out, x.shape[0] // groups, *each_axis("kernel", kernel, len(x.sizes))))
    added = draw("bias", (out,)) if bias else None
    return ops.convolve(
        x, weight, added, out=out, kernel=kernel, stride=stride, padding=padding, dilation=dilation, groups=groups
    )


class ChoosesChannels(Layer):
    """A family with `out` output channels, each of which reads all input channels."""

    out: int

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Chosen()

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self.replace(out=divide(self.out))


class ChoosesInGroups(ChoosesChannels):
    """A family with `out` output channels that read the input channels of their group alone.

    With a group for each input channel it is depthwise, and has as many output channels for each as before.
    """

    groups: int

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried() if self.is_depthwise(inputs) else Chosen(self.groups)

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        if not self.is_depthwise(before):
            return super().narrow(before, inputs, divide)
        return self.replace(groups=inputs[0][0], out=inputs[0][0] * (self.out // self.groups))

    def is_depthwise(self, inputs: Shapes) -> bool:
        """Whether every input channel is a group of its own; a single one is none."""
        return self.groups == inputs[0][0] > 1


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
        return convolved(
            inputs[0],
            draw,
            ops,
            out=self.channels_out(channels),
            kernel=self.kernel,
            bias=self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups_of(channels),
        )


class Conv(ChoosesInGroups, Convolution, kind="conv"):
    """Convolution: [C_in, *I] → [out, *O], every output channel reads C_in/groups input channels."""

    reference = DUMOULIN
    out: int = OUT
    kernel: PerAxis = KERNEL
    stride: PerAxis = STRIDE
    padding: Padding = PADDING
    dilation: PerAxis = DILATION
    groups: int = GROUPS
    bias: bool = BIAS

    def channels_out(self, channels: int) -> int:
        return self.out

    def groups_of(self, channels: int) -> int:
        return self.groups

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"out": 96, "kernel": 11, "stride": 4}, ((3, 227, 227),)),
            Example({"out": 4, "kernel": (3, 2), "stride": (1, 2), "padding": ((1, 0), (0, 1))}, ((2, 7, 6),)),
            Example({"out": 6, "kernel": 3, "padding": "half", "dilation": 2, "groups": 2, "bias": False}, ((4, 9),)),
            Example({"out": 2, "kernel": 2, "padding": "same", "stride": 2}, ((1, 4, 5, 3),)),
        )


class DepthwiseConv(CarriesChannels, Convolution, kind="depthwise_conv"):
    """Depthwise convolution: [C, *I] → [C·multiplier, *O], every output channel reads one input channel."""

    reference = "A. G. Howard et al., MobileNets: Efficient CNNs for Mobile Vision Applications, arXiv:1704.04861"
    kernel: PerAxis = KERNEL
    stride: PerAxis = STRIDE
    padding: Padding = PADDING
    dilation: PerAxis = DILATION
    multiplier: int = MULTIPLIER
    bias: bool = BIAS

    def channels_out(self, channels: int) -> int:
        return channels * self.multiplier

    def groups_of(self, channels: int) -> int:
        return channels

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"kernel": 3, "padding": 1, "bias": False}, ((32, 112, 112),)),
            Example({"kernel": 3, "stride": 2, "multiplier": 2, "dilation": 2}, ((4, 11),)),
            Example({"kernel": (1, 2, 3), "padding": "full"}, ((2, 3, 4, 5),)),
        )
