"""Pooling: the maximum or mean of sliding windows, of the whole map, or of adaptive windows."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.layers.arguments import Amount, LayerError, Padding, PerAxis, format_scientific, format_value
from cnncalc.layers.base import (
    SAVES_INPUT,
    SAVES_NOTHING,
    CarriesChannels,
    Example,
    Extra,
    Maps,
    Saved,
    Shape,
    Shapes,
    Weightless,
    Work,
    expand_per_axis,
    spatial_sizes,
)
from cnncalc.layers.kernel import DILATION, KERNEL, PADDING
from cnncalc.layers.ops import GetWeight, Map, Ops, WindowSettings
from cnncalc.layers.reach import AdaptiveWindow, Reach
from cnncalc.layers.settings import SameAs, flag, per_axis, word
from cnncalc.layers.targets import KeptSizes, kept_sizes
from cnncalc.layers.term import gcd
from cnncalc.layers.window import (
    Axis,
    Windowed,
    count_inside,
    count_padded,
    pooled_size,
    simplify,
    window_error,
)

STRIDE: Any = per_axis(SameAs("kernel"), symbol="S", brief="s{}", doc="step of the window")
CEIL: Any = flag(False, brief="ceil", doc="round the output size up; the last window may extend beyond the edge")
DIALECT: Any = word(
    "pytorch", words=("pytorch", "caffe"), brief="{}", doc="which last windows are dropped when rounding up"
)


class _Pool(CarriesChannels, Weightless, Windowed):
    """Base of the pools with a window that slides over each channel."""

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
                raise window_error(self.kind, axis, axes, is_padding_allowed)
        return (inputs[0][0], *sizes)

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `padding-too-large` if the padding is more than half the window.

        PyTorch's limit is K/2, dilated or not. For padding words, which PyTorch does not have, the limit is half of
        the dilated kernel; otherwise `half` and `same` would be useless for dilated pools.
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
                    suggest=suggest_padding(axes),
                    argument="padding",
                    insert_before=self.padding_layer(axes),
                    change={"padding": 0},
                )

    def padding_layer(self, axes: tuple[Axis, ...]) -> str:
        """The call of `pad` that has the same effect as the padding; "" if there is none."""
        if self.ceil:  # windows that begin within the padding are dropped, and within the map they are not
            return ""
        amount = format_value(simplify(tuple((axis.before, axis.after) for axis in axes)))
        border = self.border
        return (
            f"pad({amount}, value={format_scientific(border)})" if border else f"pad({amount})" if border == 0 else ""
        )

    @property
    def border(self) -> float | None:
        """The value of the padding, as a number that a file can contain; None if windows do not include the padding."""
        raise NotImplementedError

    def window_elements(self, inputs: Shapes) -> int:
        """The number of elements of a window, ΠK."""
        return prod(self.kernels(inputs))

    def count_combinations(self, inputs: Shapes, output: Shape) -> int:
        """Operations that combine the elements of each window, one fewer than elements, with padded zeros.

        Where sizes are rounded up, elements of the last window beyond the padding do not count.
        """
        if self.ceil:
            covered, windows = count_padded(self.axes(inputs), output[1:])
            if covered < self.window_elements(inputs) * prod(output[1:]):
                return output[0] * (covered - windows)
        return (self.window_elements(inputs) - 1) * prod(output)

    def count_combinations_inside(self, inputs: Shapes, output: Shape) -> int:
        """Operations that combine the elements of each window, one fewer than elements, without padding."""
        covered, windows = count_inside(self.axes(inputs), output[1:])
        return output[0] * (covered - windows)


def is_padding_allowed(axes: tuple[Axis, ...]) -> bool:
    """Whether the padding, given as numbers, is at most half the kernel."""
    return all(2 * max(axis.before, axis.after) <= axis.kernel for axis in axes)


def suggest_padding(axes: tuple[Axis, ...]) -> dict[str, Amount]:
    """The largest allowed padding, if the windows fit with it."""
    halves = (axis.kernel // 2 for axis in axes)
    reduced = [
        axis._replace(before=min(axis.before, half), after=min(axis.after, half))
        for axis, half in zip(axes, halves, strict=True)
    ]
    sides = tuple((axis.before, axis.after) for axis in reduced)
    return {"padding": simplify(sides)} if min(axis.slack for axis in reduced) >= 0 else {}


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
        return Work(comparisons=self.count_combinations(inputs, output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        return Work(comparisons=self.count_combinations_inside(inputs, output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_indices(output)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return ops.max_pool(inputs[0], self.window_settings)

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
    count_padding: bool = flag(True, brief="padding counted", doc="include padded zeros in the mean")

    @property
    def border(self) -> float | None:
        return 0 if self.count_padding else None

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: ΠK − 1 additions and one multiplication, the scaling by 1/ΠK
        return Work(multiplications=prod(output), additions=self.count_combinations(inputs, output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        return Work(multiplications=prod(output), additions=self.count_combinations_inside(inputs, output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return ops.avg_pool(inputs[0], self.window_settings, count_padding=self.count_padding)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"kernel": 2}, ((16, 10, 10),)),
            Example({"kernel": 3, "stride": 2, "padding": 1, "ceil": True, "count_padding": False}, ((2, 7, 8),)),
            Example({"kernel": (1, 2, 3), "stride": 1, "padding": "half"}, ((2, 3, 4, 5),)),
        )


class _GlobalPool(CarriesChannels, Weightless):
    """Base of pools over the whole map: [C, *I] → [C, 1, …, 1]."""

    def result_shape(self, inputs: Shapes) -> Shape:
        return (inputs[0][0], *(1 for _ in spatial_sizes(self.kind, inputs[0])))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(AdaptiveWindow(size, 1) for size in inputs[0][1:])

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

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
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

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_indices(output)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        found = [ops.largest(channel) for channel in inputs[0].channels()]
        return Map((len(found), *(1 for _ in inputs[0].sizes)), found)


class _AdaptivePool(CarriesChannels, Weightless):
    """Base of pools with a given number of windows, of which o reads the inputs ⌊o·I/O⌋ to ⌈(o + 1)·I/O⌉ − 1."""

    size: KeptSizes = kept_sizes(symbol="O", brief="{}", doc="size of the output")

    def result_shape(self, inputs: Shapes) -> Shape:
        sizes = spatial_sizes(self.kind, inputs[0])
        wanted = expand_per_axis("size", self.size, len(sizes))
        return (inputs[0][0], *(i if o is None else o for i, o in zip(sizes, wanted, strict=True)))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(AdaptiveWindow(i, o) for i, o in zip(inputs[0][1:], output[1:], strict=True))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"size": 6}, ((256, 13, 13),)),
            Example({"size": (2, 5)}, ((2, 7, 3),)),
            Example({"size": 4}, ((3, 8),)),
            Example({"size": (None, 1)}, ((2, 7, 4),)),
        )


class AdaptiveAvgPool(_AdaptivePool, kind="adaptive_avg_pool"):
    """Adaptive average pooling: [C, *I] → [C, *size], output o is the mean of inputs ⌊o·I/O⌋ to ⌈(o + 1)·I/O⌉ − 1."""

    linear = True
    reference = "PyTorch, torch.nn.AdaptiveAvgPool2d"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return work_of_parts(inputs, output)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_of_mean(output)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return ops.adaptive_avg_pool(inputs[0], self.size)


class AdaptiveMaxPool(_AdaptivePool, kind="adaptive_max_pool"):
    """Adaptive max pooling: [C, *I] → [C, *size], output o is the largest of inputs ⌊o·I/O⌋ to ⌈(o + 1)·I/O⌉ − 1."""

    reference = "PyTorch, torch.nn.AdaptiveMaxPool2d"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one comparison fewer than elements in its window
        return Work(comparisons=output[0] * (elements_of_parts(inputs, output) - prod(output[1:])))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_indices(output)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return ops.adaptive_max_pool(inputs[0], self.size)


def save_indices(output: Shape) -> Saved:
    """What a max pool keeps: its input, and the index of each largest element, as int64."""
    return Saved((0,), extras=(Extra("indices", prod(output), 8),))


def save_of_mean(output: Shape) -> Saved:
    """What an adaptive average pool keeps: its input, unless it has one part, whose size is enough."""
    return SAVES_NOTHING if prod(output[1:]) == 1 else SAVES_INPUT


def elements_of_parts(inputs: Shapes, output: Shape) -> int:
    """The total number of elements that the windows of an adaptive pool read in one channel.

    On one axis it is I + O − gcd(I, O), i.e. Σ⌈(o + 1)·I/O⌉ − Σ⌊o·I/O⌋: consecutive windows share an input where o·I/O
    is not an integer, i.e. O − gcd(I, O) times.
    """
    return prod(i + o - gcd(i, o) for i, o in zip(inputs[0][1:], output[1:], strict=True))


def work_of_parts(inputs: Shapes, output: Shape) -> Work:
    """The work of an adaptive average pool: each output takes one addition fewer than elements and a multiplication."""
    channels, *sizes = output
    additions = channels * (elements_of_parts(inputs, output) - prod(sizes))
    return Work(multiplications=prod(output), additions=additions)
