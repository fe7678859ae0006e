"""Sets of elements along one or several axes, one for each position of the other axes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

from cnncalc.layers.arguments import LayerError, Value, format_value
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map, Values
from cnncalc.layers.reach import Everywhere, Reach, Window
from cnncalc.layers.settings import REQUIRED, AxisOrderSetting, AxisSetting, Setting, resolve_axis

Axes = int | tuple[int, ...]


class AxesSetting(AxisOrderSetting):
    """An axis, or a list of axes."""

    expects = "an axis or a list of axes, e.g. [1, 2]; 0 for the channels, -1 for the last axis"

    def __init__(self, default: Value = REQUIRED, *, words: tuple[str, ...] = (), brief: str, doc: str) -> None:
        """`words` are accepted in place of axes."""
        Setting.__init__(self, default, brief=brief, doc=doc)
        self.words = words
        self.expects = " or ".join(filter(None, [", ".join(words), type(self).expects]))

    def accepts(self, value: Value) -> Value:
        if isinstance(value, str) and value in self.words:
            return value
        if isinstance(value, tuple):
            return super().accepts(value)
        return AxisSetting.accepts(AXIS, value)

    def abbreviate(self, value: Value, axes: int = 0) -> str:
        return "" if value == self.default else super().abbreviate(value)


AXIS = AxisSetting()


def axes(default: Value = REQUIRED, *, words: tuple[str, ...] = (), brief: str = "", doc: str = "") -> Any:
    return AxesSetting(default, words=words, brief=brief, doc=doc)


def resolve_axes(kind: str, value: Axes, count: int, argument: str) -> tuple[int, ...]:
    """The axes, numbered from 0 and in order. Raises LayerError if a tensor with `count` axes does not have them."""
    listed = value if isinstance(value, tuple) else (value,)
    found = sorted(resolve_axis(kind, axis, count, argument) for axis in listed)
    if len(set(found)) < len(found):
        text = f"`{argument}` is {format_value(value)}, which lists an axis of the tensor's {count} twice"
        suggest = {argument: tuple(sorted(set(found)))}
        raise LayerError("bad-argument", text, argument=argument, found=value, suggest=suggest)
    return tuple(found)


def count_sets(shape: Shape, over: Sequence[int]) -> tuple[int, int]:
    """The number of sets, and the number of elements of each."""
    return prod(size for at, size in enumerate(shape) if at not in over), prod(shape[at] for at in over)


def sets_over(shape: Shape, over: Sequence[int]) -> list[list[int]]:
    """The indices of the elements of each set in a map; the sets are in the order of the other axes."""
    steps = [prod(shape[at + 1 :]) for at in range(len(shape))]
    along = [range(0, shape[at] * steps[at], steps[at]) for at in over]
    across = [range(0, size * steps[at], steps[at]) for at, size in enumerate(shape) if at not in over]
    inner = [sum(index) for index in product(*along)]
    return [[start + index for index in inner] for start in map(sum, product(*across))]


def take_sets(x: Map, indices: Sequence[Sequence[int]]) -> list[Values]:
    """The elements of each set."""
    return [[x.values[index] for index in each] for each in indices]


def put_sets(shape: Shape, indices: Sequence[Sequence[int]], sets: Sequence[Values]) -> Map:
    """The map with these elements at these indices."""
    values: Values = [None] * prod(shape)
    for each, elements in zip(indices, sets, strict=True):
        for index, element in zip(each, elements, strict=True):
            values[index] = element
    return Map(shape, values)


def reach_through(shape: Shape, over: Sequence[int]) -> Reach:
    """The reach of a layer in which each output reads its own position and all others of its set."""
    if len(shape) == 1:
        return "whole"
    spatial = [at for at in over if at and shape[at] > 1]
    if not spatial:
        return "pointwise"
    if len(spatial) == sum(size > 1 for size in shape[1:]):
        return "normalized"
    return tuple(Everywhere(size) if at in spatial else Window(1) for at, size in enumerate(shape[1:], 1))
