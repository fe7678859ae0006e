"""Standard and depthwise convolution."""

from __future__ import annotations

from cnncalc.layers.arguments import Padding, PerAxis
from cnncalc.layers.base import CarriesChannels, Example, Maps, Shape, Shapes, Weight
from cnncalc.layers.groups import GROUPS, ChoosesInGroups
from cnncalc.layers.ieee import sqrt
from cnncalc.layers.kernel import (
    BIAS,
    DILATION,
    DUMOULIN,
    KERNEL,
    MULTIPLIER,
    PADDING,
    STRIDE,
    Convolution,
    ConvolutionArguments,
)
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.settings import flag, real


class InGroups(ChoosesInGroups, ConvolutionArguments, Convolution):
    """Base of convolutions with `out` channels in `groups`."""

    dilation: PerAxis = DILATION
    groups: int = GROUPS
    bias: bool = BIAS

    def output_channels(self, channels: int) -> int:
        return self.out

    def group_count(self, channels: int) -> int:
        return self.groups


class Conv(InGroups, kind="conv"):
    """Convolution: [C_in, *I] → [out, *O], every output channel reads C_in/groups input channels.

    It is a cross-correlation, as in all frameworks: the kernel is not turned by 180° before it slides over the input.
    The padding `half` is (K − 1)/2 on each side, and `full` is K − 1: every overlap of kernel and input is an output.
    """

    reference = DUMOULIN

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

    def output_channels(self, channels: int) -> int:
        return channels * self.multiplier

    def group_count(self, channels: int) -> int:
        return channels

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"kernel": 3, "padding": 1, "bias": False}, ((32, 112, 112),)),
            Example({"kernel": 3, "stride": 2, "multiplier": 2, "dilation": 2}, ((4, 11),)),
            Example({"kernel": (1, 2, 3), "padding": "full"}, ((2, 3, 4, 5),)),
        )


class StandardizedConv(InGroups, kind="standardized_conv"):
    """Convolution with standardized weights: each output channel's kernel has mean 0 and variance 1 when it is used.

    With `gain`, they are then multiplied by a learned number for each output channel, and divided by √(ΠK·C_in/groups).
    The kernel is the same for all inputs, so that standardizing it takes no operations at inference.
    """

    reference = (
        "S. Qiao et al., Weight Standardization, arXiv:1903.10520 (BiT); A. Brock et al., arXiv:2102.06171 (NFNet)"
    )
    gain: bool = flag(False, brief="gain", doc="learn a factor for each output channel, as NFNet does")
    epsilon: float = real(1e-6, minimum=1e-12, doc="added to the variance, which may be 0")

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        gain = Weight("gain", (self.out, *[1] * len(inputs[0])), neutral=1)
        return (*super().weights(inputs), *([gain] if self.gain else []))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        def get_standardized(name: str, shape: Shape) -> list[float]:
            numbers = get_weight(name, shape)
            if name != "weight":
                return numbers
            n = len(numbers) // self.out
            factors = [gain / sqrt(n) for gain in get_weight("gain", gain_shape)] if self.gain else [1.0] * self.out
            kernels = (numbers[at : at + n] for at in range(0, len(numbers), n))
            return [
                value * factor
                for kernel, factor in zip(kernels, factors, strict=True)
                for value in standardize(kernel, self.epsilon)
            ]

        gain_shape = (self.out, *[1] * len(inputs[0].shape))
        return super().execute(inputs, get_standardized, ops)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"out": 64, "kernel": 7, "stride": 2, "padding": 3, "bias": False}, ((3, 224, 224),)),
            Example({"out": 6, "kernel": 3, "padding": 1, "groups": 2, "gain": True}, ((4, 9),)),
        )


def standardize(numbers: list[float], epsilon: float) -> list[float]:
    """The numbers with mean 0 and, but for epsilon, variance 1 (of all of them: divided by n)."""
    mean = sum(numbers) / len(numbers)
    centred = [number - mean for number in numbers]
    variance = sum(number * number for number in centred) / len(numbers)
    divisor = (variance + epsilon) ** 0.5
    return [number / divisor for number in centred]
