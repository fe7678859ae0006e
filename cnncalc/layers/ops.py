"""What a layer's reference execution is written in: maps, and the operations that a reading of them provides.

A layer states once what it computes. What its elements are is up to the reading: numbers, counts, or the input
positions that each element came from. The readings are in `cnncalc.execution` and derive from `Ops`, which is all that
layers know of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import chain
from math import prod
from typing import Any, Literal, NamedTuple

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


class Kernel(NamedTuple):
    """The arrays of a convolution, flat in PyTorch's order, for `out` channels in `groups`."""

    weight: Sequence[float]
    bias: Sequence[float] | None
    out: int
    groups: int = 1


class WindowSettings(NamedTuple):
    """Windows as they slide over a map, a value for all axes or one for each; `ceil` and `dialect` are a pool's."""

    kernel: PerAxis
    stride: PerAxis = 1
    padding: PaddingOf = 0
    dilation: PerAxis = 1
    ceil: bool = False
    dialect: str = ""


class Ops(ABC):
    """The operations, on lists of elements. A plain number among the arguments is a constant, not an element."""

    # element by element

    @abstractmethod
    def add(self, a: Values, b: Values) -> Values: ...
    @abstractmethod
    def subtract(self, a: Values, b: Values) -> Values: ...
    @abstractmethod
    def multiply(self, a: Values, b: Values) -> Values: ...
    @abstractmethod
    def divide(self, a: Values, b: Values) -> Values: ...
    @abstractmethod
    def shift(self, a: Values, number: float) -> Values: ...
    @abstractmethod
    def scale(self, a: Values, number: float) -> Values: ...
    @abstractmethod
    def invert(self, a: Values) -> Values: ...
    @abstractmethod
    def negate(self, a: Values) -> Values: ...
    @abstractmethod
    def power(self, a: Values, number: float) -> Values: ...
    @abstractmethod
    def at_least(self, a: Values, number: float) -> Values: ...
    @abstractmethod
    def at_most(self, a: Values, number: float) -> Values: ...
    @abstractmethod
    def where_positive(self, test: Values, a: Values, b: Values) -> Values: ...
    @abstractmethod
    def apply(self, function: Function, a: Values) -> Values: ...
    @abstractmethod
    def constant(self, value: float, count: int) -> Values: ...

    # many to one

    @abstractmethod
    def total(self, a: Values) -> Any: ...
    @abstractmethod
    def largest(self, a: Values) -> Any: ...
    @abstractmethod
    def dots(self, a: Values, rows: Sequence[Sequence[float]], biases: Sequence[float] | None) -> Values:
        """The dot product with each row, plus its bias."""

    @abstractmethod
    def sums_of_windows(self, a: Values, size: int) -> Values:
        """The sum of the `size` elements around each, the larger half of them before it, zeros beyond the ends."""

    # windows over maps

    @abstractmethod
    def convolve(self, x: Map, kernel: Kernel, windows: WindowSettings) -> Map:
        """Slide a kernel [out, C_in/groups, *K] over a map; every window meets the kernels of its group."""

    @abstractmethod
    def spread(self, x: Map, kernel: Kernel, windows: WindowSettings, output_padding: PerAxis) -> Map:
        """Add every input position, times the kernel [C_in, out/groups, *K], onto a window of the output."""

    @abstractmethod
    def largest_of_windows(self, x: Map, windows: WindowSettings) -> Map:
        """The largest element of each window; padding is smaller than all."""

    @abstractmethod
    def means_of_windows(self, x: Map, windows: WindowSettings, *, count_padding: bool) -> Map:
        """The mean of each window: over what it covers of the padded input, or of the input alone; of nothing, 0."""

    @abstractmethod
    def means_of_parts(self, x: Map, size: PerAxis) -> Map:
        """The mean of each of `size` parts of every axis: of the positions that a part touches."""

    # larger and smaller maps

    @abstractmethod
    def repeat(self, x: Map, factor: PerAxis) -> Map:
        """Every position `factor` times on every axis."""

    @abstractmethod
    def interpolate(self, x: Map, factor: PerAxis) -> Map:
        """Between the two nearest centres of every axis, weighted by nearness; beyond the outermost, constant."""

    @abstractmethod
    def pad(self, x: Map, amount: Amount, value: float) -> Map:
        """A map with a border of one value around it."""

    @abstractmethod
    def crop(self, x: Map, amount: Amount) -> Map:
        """A map without a border."""

    @abstractmethod
    def broadcast(self, x: Map, shape: tuple[int, ...]) -> Map:
        """A map repeated along the axes on which it is 1."""


def each(ops_call: Callable[[Values], Values], x: Map) -> Map:
    """A function of the elements, element by element."""
    return Map(x.shape, ops_call(x.values))
