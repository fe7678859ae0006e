"""What a layer's reference execution is written in: maps, and the operations that a reading of them provides.

A layer describes once what it computes. What flows through it is up to the reading: numbers, counts, or the input
positions that each element came from. The readings are in `cnncalc.execution`; this is all that layers know of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from math import prod
from typing import Any, Literal, NamedTuple, Protocol

from cnncalc.layers.settings import Amount, Padding, PerAxis

Values = list[Any]  # elements as a reading has them
Draw = Callable[[str, tuple[int, ...]], list[float]]  # (name, shape) → the layer's array, flat, in PyTorch's order
Function = Literal["exp", "expm1", "erf", "tanh", "softplus", "root"]
PaddingOf = Padding | tuple[str | tuple[int, int] | int, ...]  # a padding, or one for each axis


class Map(NamedTuple):
    """What flows: a shape (C, *sizes) or (N,), and its elements in C order, channel by channel."""

    shape: tuple[int, ...]
    values: Values

    @property
    def sizes(self) -> tuple[int, ...]:
        """The spatial sizes; none where it is flat."""
        return self.shape[1:]

    def channels(self) -> list[Values]:
        """The elements of each channel."""
        step = prod(self.sizes)
        return [self.values[at : at + step] for at in range(0, len(self.values), step)]

    def positions(self) -> list[Values]:
        """The elements of each position, channel after channel."""
        step = prod(self.sizes)
        return [self.values[at::step] for at in range(step)]

    @classmethod
    def of_channels(cls, channels: Sequence[Values], sizes: tuple[int, ...]) -> Map:
        """A map of its channels."""
        return cls((len(channels), *sizes), list(chain.from_iterable(channels)))

    @classmethod
    def of_positions(cls, positions: Sequence[Values], sizes: tuple[int, ...]) -> Map:
        """A map of its positions."""
        return cls.of_channels([list(channel) for channel in zip(*positions, strict=True)], sizes)


class Ops(Protocol):
    """The operations, on lists of elements. A plain number among the arguments is a constant, not an element."""

    # element by element

    def plus(self, a: Values, b: Values) -> Values: ...
    def minus(self, a: Values, b: Values) -> Values: ...
    def times(self, a: Values, b: Values) -> Values: ...
    def over(self, a: Values, b: Values) -> Values: ...
    def shifted(self, a: Values, number: float) -> Values: ...
    def scaled(self, a: Values, number: float) -> Values: ...
    def inverse(self, a: Values) -> Values: ...
    def negative(self, a: Values) -> Values: ...
    def power(self, a: Values, number: float) -> Values: ...
    def at_least(self, a: Values, number: float) -> Values: ...
    def at_most(self, a: Values, number: float) -> Values: ...
    def where_positive(self, test: Values, a: Values, b: Values) -> Values: ...
    def apply(self, function: Function, a: Values) -> Values: ...
    def constant(self, value: float, count: int) -> Values: ...

    # many to one

    def total(self, a: Values) -> Any: ...
    def largest(self, a: Values) -> Any: ...
    def dots(self, a: Values, rows: Sequence[Sequence[float]], biases: Sequence[float] | None) -> Values: ...
    def sums_of_windows(self, a: Values, size: int) -> Values: ...

    # windows over maps

    def convolve(
        self,
        x: Map,
        weight: Sequence[float],
        bias: Sequence[float] | None,
        *,
        out: int,
        kernel: PerAxis,
        stride: PerAxis = 1,
        padding: PaddingOf = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
    ) -> Map: ...
    def spread(
        self,
        x: Map,
        weight: Sequence[float],
        bias: Sequence[float] | None,
        *,
        out: int,
        kernel: PerAxis,
        stride: PerAxis,
        padding: Padding,
        output_padding: PerAxis,
        dilation: PerAxis,
        groups: int,
    ) -> Map: ...
    def largest_of_windows(
        self,
        x: Map,
        *,
        kernel: PerAxis,
        stride: PerAxis,
        padding: Padding,
        dilation: PerAxis,
        ceil: bool,
        dialect: str,
    ) -> Map: ...
    def means_of_windows(
        self,
        x: Map,
        *,
        kernel: PerAxis,
        stride: PerAxis,
        padding: Padding,
        ceil: bool,
        dialect: str,
        count_padding: bool,
    ) -> Map: ...
    def means_of_parts(self, x: Map, size: PerAxis) -> Map: ...
    def repeated(self, x: Map, factor: PerAxis) -> Map: ...
    def interpolated(self, x: Map, factor: PerAxis) -> Map: ...
    def bordered(self, x: Map, amount: Amount, value: float) -> Map: ...
    def cropped(self, x: Map, amount: Amount) -> Map: ...
    def broadcast(self, x: Map, shape: tuple[int, ...]) -> Map: ...


def each(ops_call: Callable[[Values], Values], x: Map) -> Map:
    """A function of the elements, element by element."""
    return Map(x.shape, ops_call(x.values))
