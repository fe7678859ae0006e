"""Max unpooling: elements return to the positions of a max pool's elements."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.layers.arguments import LayerError, Value
from cnncalc.layers.base import (
    CarriesChannels,
    Example,
    Extra,
    Maps,
    NoOperations,
    Saved,
    Shape,
    Shapes,
    expand_per_axis,
    format_shape,
    spatial_sizes,
)
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.pool import MaxPool
from cnncalc.layers.reach import Reach, TransposedWindow
from cnncalc.layers.settings import Setting
from cnncalc.layers.targets import like


class PoolSetting(Setting):
    """A max pool; files contain the name of its output."""

    expects = "the name of an output of `max_pool`"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, MaxPool):
            return value
        raise ValueError


def pool(*, brief: str = "", doc: str = "") -> Any:
    return PoolSetting(brief=brief, doc=doc)


class MaxUnpool(CarriesChannels, NoOperations, kind="max_unpool"):
    """[C, *O] → [C, *I], each element at the index of the max pool's element, 0 elsewhere.

    The second input is the output of the pool, of which only the indices are read. If windows overlap, the last
    element at a position is kept.
    """

    reference = "V. Badrinarayanan, A. Kendall, R. Cipolla, SegNet, arXiv:1511.00561; PyTorch, torch.nn.MaxUnpool2d"
    restores = True
    pool: MaxPool = pool(brief="of {}", doc="the name of the max pool")
    like: tuple[int, ...] | None = like(
        symbol="O", brief="to {}", doc="a named output with the wanted sizes (default: the pool's input)"
    )

    def sizes(self, inputs: Shapes) -> Shape:
        """The spatial sizes of the output. Raises LayerError `wrong-rank`."""
        axes = len(spatial_sizes(self.kind, inputs[0]))
        if self.like is None:
            raise LayerError("missing-argument", f"`{self.kind}` needs `like`", argument="like")
        return expand_per_axis("like", self.like, axes)

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `shape-mismatch` if the shape of the inputs is not that of the pool's output."""
        if len(inputs) != 2:
            raise LayerError("wrong-form", f"`{self.kind}` needs the output of a max pool beside its input")
        pooled = self.pool.output_shape(((inputs[1][0], *self.sizes(inputs)),))
        if inputs[0] != inputs[1] or pooled != inputs[1]:
            wrong = inputs[1] if inputs[0] != inputs[1] else pooled
            raise LayerError(
                "shape-mismatch",
                f"`{self.kind}` needs as many elements as the pool has, {format_shape(wrong)},"
                f" but its input is {format_shape(inputs[0])}",
                about="channels" if inputs[0][0] != wrong[0] else "size",
            )

    def result_shape(self, inputs: Shapes) -> Shape:
        return (inputs[0][0], *self.sizes(inputs))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        axes = self.pool.axes((output,))
        return tuple(TransposedWindow(axis.kernel, axis.stride, axis.before, axis.dilation) for axis in axes)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return Saved(extras=(Extra("indices", prod(inputs[1]), 8),))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x, pooled = inputs
        return ops.max_unpool(x, pooled, self.pool.window_settings, self.sizes((x.shape,)))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"pool": MaxPool(kernel=2), "like": (8, 8)}, ((64, 4, 4), (64, 4, 4))),
            Example({"pool": MaxPool(kernel=3, stride=2, padding=1), "like": (9,)}, ((4, 5), (4, 5))),
        )
