"""Pooling: the largest or the mean of a window, of the whole map, or of as many parts as are wanted."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.layers.base import CarriesChannels, Example, Maps, Shape, Shapes, Weightless, Work, each_axis, spatial
from cnncalc.layers.kernel import DILATION, KERNEL, PADDING
from cnncalc.layers.ops import Draw, Map, Ops, WindowSettings
from cnncalc.layers.reach import Adaptive, Reach
from cnncalc.layers.settings import (
    Amount,
    LayerError,
    Padding,
    PerAxis,
    Same,
    flag,
    per_axis,
    scientific,
    show,
    word,
)
from cnncalc.layers.term import gcd
from cnncalc.layers.window import Axis, Windowed, pooled_size, simplest, taps_inside, taps_on_padded, too_large

STRIDE: Any = per_axis(Same("kernel"), symbol="S", brief="s{}", doc="step of the window")
CEIL: Any = flag(False, brief="ceil", doc="round the output size up: the last window may hang over the edge")
DIALECT: Any = word(
    "pytorch", words=("pytorch", "caffe"), brief="{}", doc="which last windows are dropped when rounding up"
)


class _Pool(CarriesChannels, Weightless, Windowed):
    """A window that slides over each channel: what the two kinds share."""

    kernel: PerAxis = KERNEL
    stride: PerAxis = STRIDE
    padding: Padding = PADDING
    ceil: bool
    dialect: str

    @property
    def window_settings(self) -> WindowSettings:
        return super().window_settings._replace(ceil=self.ceil, dialect=self.dialect)

    def result_shape(self, inputs: Shapes) -> Shape:
        axes = self.axes(inputs)
        sizes = tuple(pooled_size(axis, ceil=self.ceil, dialect=self.dialect) for axis in axes)
        for axis, size in zip(axes, sizes, strict=True):
            if size < 1:
                raise too_large(self.kind, axis, axes, pads_at_most_half)
        return (inputs[0][0], *sizes)

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `padding-too-large` where it is more than half the window.

        PyTorch's limit is K/2, dilated or not. The words, which PyTorch does not have, may pad half of what the
        window extends over, or `half` and `same` would be of no use to a dilated pool.
        """
        axes = self.axes(inputs)
        for axis in axes:
            limit = axis.extent if isinstance(self.padding, str) else axis.kernel
            padded = max(axis.before, axis.after)
            if 2 * padded > limit:
                raise LayerError(
                    "padding-too-large",
                    f"the padding of `{self.kind}` is more than half its window: 2·{padded} > {limit}",
                    offer="at most {}",
                    suggest=least_cut(axes),
                    argument="padding",
                    insert_before=self.padding_layer(axes),
                    change={"padding": 0},
                )

    def padding_layer(self, axes: tuple[Axis, ...]) -> str:
        """The layer that pads as much, in the text of a file; "" where the result would not be the same."""
        if self.ceil:  # windows that begin within the padding are dropped, and within the map they are not
            return ""
        amount = show(simplest(tuple((axis.before, axis.after) for axis in axes)))
        border = self.border
        return f"pad({amount}, value={scientific(border)})" if border else f"pad({amount})" if border == 0 else ""

    @property
    def border(self) -> float | None:
        """What padding holds, as a number that a file can say; None where it is no element of a window."""
        raise NotImplementedError

    def window(self, inputs: Shapes) -> int:
        """Elements of a window, ΠK."""
        return prod(self.kernels(inputs))

    def joined(self, inputs: Shapes, output: Shape) -> int:
        """Operations that join the elements of the windows, one fewer than elements in each, padded zeros included.

        What a last window covers beyond the padding, where sizes are rounded up, is no element of it.
        """
        if self.ceil:
            covered, windows = taps_on_padded(self.axes(inputs), output[1:])
            if covered < self.window(inputs) * prod(output[1:]):
                return output[0] * (covered - windows)
        return (self.window(inputs) - 1) * prod(output)

    def joined_inside(self, inputs: Shapes, output: Shape) -> int:
        """Operations that join the elements of the windows, one fewer than elements in each, padding left out."""
        covered, windows = taps_inside(self.axes(inputs), output[1:])
        return output[0] * (covered - windows)


def pads_at_most_half(axes: tuple[Axis, ...]) -> bool:
    """Whether a pool takes the padding, given in numbers."""
    return all(2 * max(axis.before, axis.after) <= axis.kernel for axis in axes)


def least_cut(axes: tuple[Axis, ...]) -> dict[str, Amount]:
    """The most padding that a pool takes, where its windows fit with it."""
    halves = (axis.kernel // 2 for axis in axes)
    mended = [
        axis._replace(before=min(axis.before, half), after=min(axis.after, half))
        for axis, half in zip(axes, halves, strict=True)
    ]
    sides = tuple((axis.before, axis.after) for axis in mended)
    return {"padding": simplest(sides)} if min(axis.slack for axis in mended) >= 0 else {}


class MaxPool(_Pool, kind="max_pool"):
    """Max pooling: [C, *I] → [C, *O], the largest element of each window."""

    reference = "PyTorch, torch.nn.MaxPool2d; for the dialect: Caffe, src/caffe/layers/pooling_layer.cpp"
    dilation: PerAxis = DILATION
    ceil: bool = CEIL
    dialect: str = DIALECT

    @property
    def border(self) -> float | None:
        return -limits.SIZE

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: ΠK − 1 comparisons
        return Work(comparisons=self.joined(inputs, output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        return Work(comparisons=self.joined_inside(inputs, output))

    def execute(self, inputs: Maps, draw: Draw, ops: Ops) -> Map:
        return ops.largest_of_windows(inputs[0], self.window_settings)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"kernel": 3, "stride": 2, "padding": 1}, ((64, 112, 112),)),
            Example({"kernel": 2, "padding": 1, "ceil": True, "dialect": "caffe"}, ((2, 5, 7),)),
            Example({"kernel": 2, "stride": 1, "dilation": 2, "padding": "same"}, ((3, 9),)),
        )


class AvgPool(_Pool, kind="avg_pool"):
    """Average pooling: [C, *I] → [C, *O], the mean of each window."""

    linear = True
    reference = "PyTorch, torch.nn.AvgPool2d; for the dialect: Caffe, src/caffe/layers/pooling_layer.cpp"
    ceil: bool = CEIL
    dialect: str = DIALECT
    count_padding: bool = flag(True, brief="padding counted", doc="padded zeros are part of the mean")

    @property
    def border(self) -> float | None:
        return 0 if self.count_padding else None

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: ΠK − 1 additions and one multiplication, the scaling by 1/ΠK
        return Work(multiplications=prod(output), additions=self.joined(inputs, output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        return Work(multiplications=prod(output), additions=self.joined_inside(inputs, output))

    def execute(self, inputs: Maps, draw: Draw, ops: Ops) -> Map:
        return ops.means_of_windows(inputs[0], self.window_settings, count_padding=self.count_padding)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"kernel": 2}, ((16, 10, 10),)),
            Example({"kernel": 3, "stride": 2, "padding": 1, "ceil": True, "count_padding": False}, ((2, 7, 8),)),
            Example({"kernel": (1, 2, 3), "stride": 1, "padding": "half"}, ((2, 3, 4, 5),)),
        )


class _GlobalPool(CarriesChannels, Weightless):
    """A window that is the whole map: [C, *I] → [C, 1, …, 1]."""

    def result_shape(self, inputs: Shapes) -> Shape:
        return (inputs[0][0], *(1 for _ in spatial(self.kind, inputs[0])))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(Adaptive(size, 1) for size in inputs[0][1:])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((512, 7, 7),)), Example({}, ((2, 9),)), Example({}, ((2, 3, 4, 5),))


class GlobalAvgPool(_GlobalPool, kind="global_avg_pool"):
    """Global average pooling: [C, *I] → [C, 1, …, 1], the mean of each channel."""

    linear = True
    reference = "M. Lin, Q. Chen, S. Yan, Network In Network, arXiv:1312.4400"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each channel: ΠI − 1 additions and one multiplication, the scaling by 1/ΠI
        channels, *sizes = inputs[0]
        return Work(multiplications=channels, additions=channels * (prod(sizes) - 1))

    def execute(self, inputs: Maps, draw: Draw, ops: Ops) -> Map:
        channels = inputs[0].channels()
        sums = [ops.total(channel) for channel in channels]
        return Map((len(sums), *(1 for _ in inputs[0].sizes)), ops.scale(sums, 1 / len(channels[0])))


class GlobalMaxPool(_GlobalPool, kind="global_max_pool"):
    """Global max pooling: [C, *I] → [C, 1, …, 1], the largest element of each channel."""

    reference = "M. Oquab et al., Is Object Localization for Free?, CVPR 2015"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each channel: ΠI − 1 comparisons
        channels, *sizes = inputs[0]
        return Work(comparisons=channels * (prod(sizes) - 1))

    def execute(self, inputs: Maps, draw: Draw, ops: Ops) -> Map:
        found = [ops.largest(channel) for channel in inputs[0].channels()]
        return Map((len(found), *(1 for _ in inputs[0].sizes)), found)


class AdaptiveAvgPool(CarriesChannels, Weightless, kind="adaptive_avg_pool"):
    """Adaptive average pooling: [C, *I] → [C, *size], output o the mean of ⌊o·I/O⌋ up to ⌈(o + 1)·I/O⌉."""

    linear = True
    reference = "PyTorch, torch.nn.AdaptiveAvgPool2d"
    size: PerAxis = per_axis(symbol="O", brief="{}", doc="size of the output")

    def result_shape(self, inputs: Shapes) -> Shape:
        return (inputs[0][0], *each_axis("size", self.size, len(spatial(self.kind, inputs[0]))))

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # On one axis all windows together read I + O − gcd(I, O) elements: Σ⌈(o + 1)·I/O⌉ − Σ⌊o·I/O⌋ is I, and 1 more
        # for each o that does not meet a border of the input exactly. Each output: one addition fewer than elements,
        # and one multiplication, the scaling.
        channels, *sizes = output
        read = prod(i + o - gcd(i, o) for i, o in zip(inputs[0][1:], sizes, strict=True))
        return Work(multiplications=prod(output), additions=channels * (read - prod(sizes)))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(Adaptive(i, o) for i, o in zip(inputs[0][1:], output[1:], strict=True))

    def execute(self, inputs: Maps, draw: Draw, ops: Ops) -> Map:
        return ops.means_of_parts(inputs[0], self.size)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"size": 6}, ((256, 13, 13),)),
            Example({"size": (2, 5)}, ((2, 7, 3),)),
            Example({"size": 4}, ((3, 8),)),
        )
