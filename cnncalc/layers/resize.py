"""Layers that change spatial sizes without weights: resampling and pixel shuffling."""

from __future__ import annotations

from math import gcd, prod

from cnncalc.layers.arguments import Factor, LayerError, PerAxis
from cnncalc.layers.base import (
    NO_WORK,
    SAVES_NOTHING,
    CarriesChannels,
    Example,
    Maps,
    NoOperations,
    Saved,
    Shape,
    Shapes,
    Weightless,
    Work,
    expand_per_axis,
    spatial_sizes,
)
from cnncalc.layers.channels import Carried, Channels
from cnncalc.layers.ops import GetWeight, Map, Ops, Resampling
from cnncalc.layers.pool import save_of_mean, work_of_parts
from cnncalc.layers.reach import AdaptiveWindow, Reach, Resample, Window
from cnncalc.layers.settings import flag, integer, per_axis, word
from cnncalc.layers.targets import check_one_of, each_factor, factors, like
from cnncalc.layers.term import scaled, to_fraction

LINEAR_MODES = {"bilinear": 2, "trilinear": 3}  # other names of `linear`, and how many spatial axes each is for
INTERPOLATING = ("linear", *LINEAR_MODES, "bicubic")


class Upsample(CarriesChannels, Weightless, kind="upsample"):
    """[C, *I] → [C, *⌊I·factor⌋] or [C, *size], by the nearest position, interpolation or means."""

    linear = True
    reference = "PyTorch, torch.nn.functional.interpolate"
    factor: Factor | None = factors(None, symbol="F", brief="×{}", doc="factor of the sizes")
    mode: str = word(
        "nearest",
        words=("nearest", "linear", *LINEAR_MODES, "bicubic", "area"),
        brief="{}",
        doc="how values between positions are computed",
    )
    size: PerAxis | None = per_axis(None, symbol="O", brief="to {}", doc="size of the output")
    like: tuple[int, ...] | None = like(symbol="O", brief="to {}", doc="a named output with the wanted sizes")
    align_corners: bool = flag(False, brief="corners aligned", doc="align the corner positions of input and output")

    def check_arguments(self) -> None:
        check_one_of(self, "factor", "size", "like")
        if self.align_corners and self.mode not in INTERPOLATING:
            raise LayerError(
                "bad-argument",
                f"`align_corners` is only allowed with modes that interpolate, not with `{self.mode}`",
                argument="align_corners",
                suggest={"align_corners": False, "mode": "linear"},
            )

    def result_shape(self, inputs: Shapes) -> Shape:
        sizes = spatial_sizes(self.kind, inputs[0])
        axes = len(sizes)
        wanted = 2 if self.mode == "bicubic" else LINEAR_MODES.get(self.mode, axes)
        if wanted != axes:
            raise LayerError(
                "wrong-rank",
                f"mode `{self.mode}` is for {wanted} spatial axes, but the input has {axes}",
                suggest={"mode": "linear"},
                argument="mode",
            )
        if self.factor is None:
            return (inputs[0][0], *expand_per_axis("size" if self.like is None else "like", self.sizes, axes))
        return (inputs[0][0], *map(scaled, sizes, each_factor(self.factor, axes)))

    @property
    def sizes(self) -> PerAxis:
        """The sizes of the output if there is no factor."""
        sizes = self.like or self.size
        assert sizes is not None
        return sizes

    @property
    def taps(self) -> int:
        """The number of positions that an output reads on each axis; 0 for `area`, where it varies."""
        return {"nearest": 1, "area": 0, "bicubic": 4}.get(self.mode, 2)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # nearest: none; area: as an adaptive average pool; else, on n axes, each output: a weighted sum of the 2^n
        # positions around it, or the 4^n for cubic interpolation
        if self.mode == "nearest":
            return NO_WORK
        if self.mode == "area":
            return work_of_parts(inputs, output)
        around = self.taps ** (len(output) - 1)
        return Work(multiplications=around * prod(output), additions=(around - 1) * prod(output))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        sizes, made = inputs[0][1:], output[1:]
        if self.mode == "area":
            return tuple(AdaptiveWindow(i, o) for i, o in zip(sizes, made, strict=True))
        steps = (None,) * len(sizes) if self.factor is None else each_factor(self.factor, len(sizes))
        return tuple(self._resample(*axis, len(sizes)) for axis in zip(sizes, made, steps, strict=True))

    def _resample(self, size: int, made: int, factor: float | None, axes: int) -> Resample:
        """The rule of one axis. If the input has a single position, every output is that position.

        The factor is ignored where PyTorch ignores it: where `linear` keeps the size of an axis, and, only on two
        axes, where `nearest` keeps or doubles it.
        Source: PyTorch, aten/src/ATen/native/UpSample.h, compute_source_index_and_lambda and nearest_idx.
        """
        if size == 1:
            return Resample(1, 0)
        by_sizes = (1,) if self.taps == 2 else (1, 2) if self.taps == 1 and axes == 2 else ()
        if self.align_corners:
            up, down = (made - 1, size - 1) if made > 1 else (1, 0)
        elif isinstance(factor, int):
            return Resample(factor, 1, self.taps)
        elif factor is None or any(made == times * size for times in by_sizes):
            up, down = made, size
        else:
            up, down = to_fraction(factor)
        common = gcd(up, down)
        return Resample(int(up) // common, int(down) // common, self.taps, self.align_corners)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_of_mean(output) if self.mode == "area" else SAVES_NOTHING

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        mode = "linear" if self.mode in LINEAR_MODES else self.mode
        return ops.resample(inputs[0], Resampling(mode, self.factor, self.like or self.size, self.align_corners))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"factor": 2}, ((256, 13, 13),)),
            Example({"factor": (2, 3), "mode": "bilinear"}, ((3, 4, 5),)),
            Example({"factor": 2, "mode": "linear"}, ((2, 7),)),
            Example({"factor": 2, "mode": "trilinear"}, ((1, 2, 3, 4),)),
            Example({"factor": 1.5, "mode": "linear"}, ((2, 5, 6),)),
            Example({"size": (7, 9), "mode": "bicubic"}, ((2, 3, 4),)),
            Example({"like": (7, 2), "mode": "area"}, ((2, 3, 4),)),
            Example({"size": 9, "mode": "linear", "align_corners": True}, ((2, 5, 4),)),
        )


def height_and_width(kind: str, shape: Shape) -> Shape:
    """The two sizes of an image. Raises LayerError `wrong-rank`."""
    sizes = spatial_sizes(kind, shape)
    if len(sizes) != 2:
        raise LayerError("wrong-rank", f"`{kind}` works on 2 spatial axes, but the input has {len(sizes)}")
    return sizes


class PixelShuffle(NoOperations, kind="pixel_shuffle"):
    """[C, H, W] → [C/factor², H·factor, W·factor], channels rearranged as positions."""

    linear = True
    reference = "W. Shi et al., Efficient Sub-Pixel Convolutional Neural Network, arXiv:1609.05158"
    factor: int = integer(symbol="F", brief="×{}", doc="factor of enlargement")

    def result_shape(self, inputs: Shapes) -> Shape:
        channels = inputs[0][0]
        sizes = height_and_width(self.kind, inputs[0])
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
        return tuple(Resample(self.factor) for _ in output[1:])

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


class PixelUnshuffle(NoOperations, kind="pixel_unshuffle"):
    """[C, H, W] → [C·factor², H/factor, W/factor], positions rearranged as channels: the inverse of `pixel_shuffle`."""

    linear = True
    reference = "PyTorch, torch.nn.PixelUnshuffle; J. Redmon & A. Farhadi, YOLO9000, arXiv:1612.08242 (passthrough)"
    factor: int = integer(symbol="F", brief="÷{}", doc="factor of reduction")

    def result_shape(self, inputs: Shapes) -> Shape:
        channels = inputs[0][0]
        sizes = height_and_width(self.kind, inputs[0])
        for size in sizes:
            if size % self.factor:
                raise LayerError(
                    "groups-mismatch",
                    f"`{self.kind}` by {self.factor} cannot divide a spatial size of {size}",
                    argument="factor",
                    about="size",
                )
        return (channels * self.factor * self.factor, *(size // self.factor for size in sizes))

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried()

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(Window(self.factor, self.factor) for _ in output[1:])

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x, f = inputs[0], self.factor
        height, width = x.sizes
        maps = [
            [value for y in range(row, height, f) for value in channel[y * width + column : (y + 1) * width : f]]
            for channel in x.channels()
            for row in range(f)
            for column in range(f)
        ]
        return Map.of_channels(maps, (height // f, width // f))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"factor": 2}, ((64, 26, 26),)), Example({"factor": 3}, ((2, 6, 9),))
