"""Layers that only rearrange elements: flatten, reshape, shuffle channels."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.layers.arguments import LayerError, format_value
from cnncalc.layers.base import (
    CarriesChannels,
    Example,
    Layer,
    Maps,
    NoOperations,
    Shape,
    Shapes,
    format_shape,
    spatial_sizes,
)
from cnncalc.layers.groups import Grouped, check_groups
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import REST, REST_WORD, integer, sizes


class Flatten(CarriesChannels, NoOperations, kind="flatten"):
    """[C, *I] → [C·ΠI]."""

    linear = True
    storage = "view"
    shares_gradient = True
    reference = "PyTorch, torch.nn.Flatten"

    def result_shape(self, inputs: Shapes) -> Shape:
        return (prod(inputs[0]),)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "flatten" if len(inputs[0]) > 1 else "pointwise"

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return Map((len(inputs[0].values),), inputs[0].values)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((512, 7, 7),)), Example({}, ((3, 5),)), Example({}, ((10,),))


class Reshape(CarriesChannels, NoOperations, kind="reshape"):
    """[C, *I] → [*shape], the same elements in the same order."""

    linear = True
    storage = "view"
    shares_gradient = True
    reference = "PyTorch, torch.reshape"
    shape: tuple[Any, ...] = sizes(
        longest=limits.AXES,
        rest=True,
        doc="the new shape: [N], or channels and spatial sizes; `rest` is inferred from the others",
    )

    def result_shape(self, inputs: Shapes) -> Shape:
        elements = prod(inputs[0])
        if REST in self.shape:
            raise self.refuse_rest()
        if REST_WORD in self.shape:
            return self.fill_rest(elements, format_shape(inputs[0]))
        needed = prod(self.shape)
        if elements != needed:
            rest = prod(self.shape[1:])
            raise LayerError(
                "shape-mismatch",
                f"`{self.kind}` to {format_value(self.shape)} needs {needed:,} elements,"
                f" but {format_shape(inputs[0])} has {elements:,}",
                suggest={"shape": (elements // rest, *self.shape[1:])} if elements % rest == 0 else {},
                argument="shape",
                about="size",
            )
        return self.shape

    def fill_rest(self, elements: int, found: str) -> Shape:
        """The shape with the size that `rest` has for so many elements. Raises LayerError `shape-mismatch`."""
        others = prod(size for size in self.shape if size != REST_WORD)
        if elements % others:
            raise LayerError(
                "shape-mismatch",
                f"`{self.kind}` to {format_value(self.shape)} needs a multiple of {others:,} elements,"
                f" but {found} has {elements:,}",
                argument="shape",
                about="size",
            )
        return tuple(elements // others if size == REST_WORD else size for size in self.shape)

    def refuse_rest(self) -> LayerError:
        """The error for −1, which PyTorch writes in place of `rest`."""
        meant = tuple(REST_WORD if size == REST else size for size in self.shape)
        return LayerError(
            "bad-argument",
            f"`shape` must be {self.settings['shape'].expects}, found {format_value(self.shape)}",
            suggest={"shape": meant} if meant.count(REST_WORD) == 1 else {},
            argument="shape",
            about="elements",
        )

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise" if inputs[0] == output else "flatten"

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        first, *others = self.shape
        return self if first == REST_WORD else self.replace(shape=(divide(first), *others))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        values = inputs[0].values
        left = len(values)
        for size in self.shape:
            left = left if size == REST_WORD else left // size
        return Map(tuple(left if size == REST_WORD else size for size in self.shape), values)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"shape": (64, 1, 1)}, ((64,),)),
            Example({"shape": (6, 10)}, ((3, 4, 5),)),
            Example({"shape": (6, "rest", 2)}, ((3, 4, 5),)),
        )


class ChannelShuffle(Grouped, NoOperations, kind="channel_shuffle"):
    """[C, *I] → [C, *I], channels interleaved: the first of each of `groups` groups, then the second, …"""

    linear = True
    reference = "X. Zhang et al., ShuffleNet, arXiv:1707.01083"
    groups: int = integer(symbol="G", brief="g{}", doc="parts that the channels are divided into")

    def result_shape(self, inputs: Shapes) -> Shape:
        spatial_sizes(self.kind, inputs[0])
        check_groups(self.kind, self.groups, inputs[0][0])
        return inputs[0]

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise"

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        channels = inputs[0].channels()
        size = len(channels) // self.groups
        return Map.of_channels([channel for at in range(size) for channel in channels[at::size]], inputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"groups": 3}, ((240, 28, 28),)), Example({"groups": 2}, ((4, 5),))
