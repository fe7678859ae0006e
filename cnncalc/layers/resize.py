"""Upsampling without weights: interpolation, and pixel shuffle."""

from __future__ import annotations

from math import prod

from cnncalc.layers.base import (
    NO_WORK,
    CarriesChannels,
    Example,
    Maps,
    NoOperations,
    Shape,
    Shapes,
    Weightless,
    Work,
    expand_per_axis,
    spatial_sizes,
)
from cnncalc.layers.channels import Carried, Channels
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach, Upsampling
from cnncalc.layers.settings import LayerError, PerAxis, integer, per_axis, word

LINEAR_MODES = {"linear": 1, "bilinear": 2, "trilinear": 3}  # mode → its number of spatial axes


class Upsample(CarriesChannels, Weightless, kind="upsample"):
    """[C, *I] → [C, *(I·factor)], nearest neighbour or linear interpolation, without aligned corners."""

    linear = True
    reference = "PyTorch, torch.nn.Upsample"
    factor: PerAxis = per_axis(symbol="F", brief="×{}", doc="factor of enlargement")
    mode: str = word("nearest", words=("nearest", *LINEAR_MODES), brief="{}", doc="method of interpolation")

    def result_shape(self, inputs: Shapes) -> Shape:
        sizes = spatial_sizes(self.kind, inputs[0])
        axes = len(sizes)
        if LINEAR_MODES.get(self.mode, axes) != axes:
            fitting = next(mode for mode, wanted in LINEAR_MODES.items() if wanted == axes)
            raise LayerError(
                "wrong-rank",
                f"mode `{self.mode}` is for {LINEAR_MODES[self.mode]} spatial axes, but the input has {axes}",
                suggest={"mode": fitting},
                argument="mode",
            )
        factors = expand_per_axis("factor", self.factor, axes)
        return (inputs[0][0], *(i * f for i, f in zip(sizes, factors, strict=True)))

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # nearest: none; linear on n axes, each output: a weighted sum of the 2^n positions around it
        if self.mode == "nearest":
            return NO_WORK
        corners = 2 ** (len(output) - 1)
        return Work(multiplications=corners * prod(output), additions=(corners - 1) * prod(output))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        factors = expand_per_axis("factor", self.factor, len(output) - 1)
        return tuple(Upsampling(factor, linear=self.mode != "nearest") for factor in factors)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        if self.mode == "nearest":
            return ops.repeat(inputs[0], self.factor)
        return ops.interpolate(inputs[0], self.factor)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"factor": 2}, ((256, 13, 13),)),
            Example({"factor": (2, 3), "mode": "bilinear"}, ((3, 4, 5),)),
            Example({"factor": 2, "mode": "linear"}, ((2, 7),)),
            Example({"factor": 2, "mode": "trilinear"}, ((1, 2, 3, 4),)),
        )


class PixelShuffle(NoOperations, kind="pixel_shuffle"):
    """[C, H, W] → [C/factor², H·factor, W·factor], channels rearranged as positions."""

    linear = True
    reference = "W. Shi et al., Efficient Sub-Pixel Convolutional Neural Network, arXiv:1609.05158"
    factor: int = integer(symbol="F", brief="×{}", doc="factor of enlargement")

    def result_shape(self, inputs: Shapes) -> Shape:
        channels = inputs[0][0]
        sizes = spatial_sizes(self.kind, inputs[0])
        if len(sizes) != 2:
            raise LayerError("wrong-rank", f"`{self.kind}` works on 2 spatial axes, but the input has {len(sizes)}")
        square = self.factor * self.factor
        if channels % square:
            raise LayerError(
                "groups-mismatch",
                f"`{self.kind}` by {self.factor} cannot divide {channels} channels by {self.factor}² = {square}",
                argument="factor",
            )
        return (channels // square, *(size * self.factor for size in sizes))

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried((output[0],))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(Upsampling(self.factor) for _ in output[1:])

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x, f = inputs[0], self.factor
        height, width = x.sizes
        channels = x.channels()
        maps = []
        for at in range(0, len(channels), f * f):
            enlarged: list[object] = [None] * (height * f * width * f)
            for number, channel in enumerate(channels[at : at + f * f]):
                row, column = divmod(number, f)
                for y in range(height):
                    start = (y * f + row) * width * f
                    enlarged[start + column : start + width * f : f] = channel[y * width : (y + 1) * width]
            maps.append(enlarged)
        return Map.of_channels(maps, (height * f, width * f))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"factor": 2}, ((64, 28, 28),)), Example({"factor": 3}, ((9, 4, 5),))
