"""Sets of elements along one or several axes, one for each position of the other axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from cnncalc.layers.arguments import LayerError, Value, format_value
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map, Values
from cnncalc.layers.reach import Everywhere, Reach, Window
from cnncalc.layers.settings import REQUIRED, AxisOrderSetting, AxisSetting, Setting, resolve_axis
from cnncalc.records import NamedTuple

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


class Sets(NamedTuple):
    """The elements of each set of a map: those at start + index, for each of the indices; the sets by their starts."""

    starts: list[int]
    indices: list[int]

    def split(self, parts: int) -> Sets:
        """Each set in so many parts, one after another."""
        size = len(self.indices) // parts
        first = self.indices[:size]
        moved = [self.indices[at] - self.indices[0] for at in range(0, len(self.indices), size)]
        return Sets([start + step for start in self.starts for step in moved], first)

    def take(self, x: Map) -> Iterator[Values]:
        """The elements of each set, one set at a time."""
        for start in self.starts:
            yield [x.values[start + index] for index in self.indices]

    def put(self, shape: Shape, sets: Iterable[Values]) -> Map:
        """The map with these elements."""
        values: Values = [None] * prod(shape)
        for start, elements in zip(self.starts, sets, strict=True):
            for index, element in zip(self.indices, elements, strict=True):
                values[start + index] = element
        return Map(shape, values)


def sets_over(shape: Shape, over: Sequence[int]) -> Sets:
    """The sets along these axes; they are in the order of the other axes."""
    steps = [prod(shape[at + 1 :]) for at in range(len(shape))]
    along = [range(0, shape[at] * steps[at], steps[at]) for at in over]
    across = [range(0, size * steps[at], steps[at]) for at, size in enumerate(shape) if at not in over]
    return Sets(list(map(sum, product(*across))), list(map(sum, product(*along))))


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
