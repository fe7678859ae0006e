"""Standard and depthwise convolution."""

from __future__ import annotations

from cnncalc.layers.base import CarriesChannels, Example
from cnncalc.layers.groups import GROUPS, ChoosesInGroups
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
from cnncalc.layers.settings import Padding, PerAxis


class Conv(ChoosesInGroups, ConvolutionArguments, Convolution, kind="conv"):
    """Convolution: [C_in, *I] → [out, *O], every output channel reads C_in/groups input channels."""

    reference = DUMOULIN
    dilation: PerAxis = DILATION
    groups: int = GROUPS
    bias: bool = BIAS

    def output_channels(self, channels: int) -> int:
        return self.out

    def group_count(self, channels: int) -> int:
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
