"""Feature maps and the operations on them, in which `Layer.execute` is written.

A layer defines once what it computes; a subclass of `Ops` decides what the elements are: numbers, operation counts, or
the input positions that an element depends on. These subclasses are in `cnncalc.execution`; layers only know `Ops`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import chain
from math import prod
from typing import Any, Literal

from cnncalc.layers.arguments import Amount, Factor, Padding, PerAxis
from cnncalc.records import NamedTuple

Values = list[Any]  # elements, of the type that a subclass of Ops works on
GetWeight = Callable[
    [str, tuple[int, ...]], list[float]
]  # (name, shape) → an array of the layer, flat, in PyTorch's order
Function = Literal["exp", "expm1", "log", "erf", "tanh", "softplus", "root"]
PaddingOf = Padding | tuple[str | tuple[int, int] | int, ...]  # a padding, or one for each axis


class Map(NamedTuple):
    """A feature map (C, *sizes) or a vector (N,): its shape and its elements in C order, channel by channel."""

    shape: tuple[int, ...]
    values: Values

    @property
    def sizes(self) -> tuple[int, ...]:
        """The spatial sizes; empty for a vector."""
        return self.shape[1:]

    def channels(self) -> list[Values]:
        """The elements of each channel, position by position."""
        step = prod(self.sizes)
        return [self.values[at : at + step] for at in range(0, len(self.values), step)]

    def positions(self) -> list[Values]:
        """The elements of each position, channel by channel."""
        step = prod(self.sizes)
        return [self.values[at::step] for at in range(step)]

    @classmethod
    def of_channels(cls, channels: Sequence[Values], sizes: tuple[int, ...]) -> Map:
        """The map with these channels."""
        return cls((len(channels), *sizes), list(chain.from_iterable(channels)))

    @classmethod
    def of_positions(cls, positions: Sequence[Values], sizes: tuple[int, ...]) -> Map:
        """The map with these positions."""
        return cls.of_channels([list(channel) for channel in zip(*positions, strict=True)], sizes)


class PooledMap(Map):
    """The output of a max pool, and for each element its index in its channel of the pool's input; −1 for none."""

    indices: list[int]

    @classmethod
    def of(cls, pooled: Map, indices: list[int]) -> PooledMap:
        """The map with the indices of its elements."""
        made = cls(*pooled)
        made.indices = indices
        return made


class Kernel(NamedTuple):
    """The arrays of a convolution, flat in PyTorch's order, for `out` channels in `groups`."""

    weight: Sequence[float]
    bias: Sequence[float] | None
    out: int
    groups: int = 1


class Deformation(NamedTuple):
    """Where the elements of windows are read: channels of rows and columns, in turn, for each tap of each part.

    The parts are equal parts of the input's channels. `factors` has a channel for each tap of each part, or none.
    """

    moves: list[Values]
    factors: list[Values]
    parts: int


class WindowSettings(NamedTuple):
    """The arguments of a sliding window, one value for all axes or one for each; `ceil` and `dialect` for pools."""

    kernel: PerAxis
    stride: PerAxis = 1
    padding: PaddingOf = 0
    dilation: PerAxis = 1
    ceil: bool = False
    dialect: str = ""


class Resampling(NamedTuple):
    """How a map is resampled: by a factor or to sizes, for all axes or one for each; the other is None."""

    mode: str  # "nearest", "linear", "bicubic" or "area"
    factor: Factor | None
    sizes: PerAxis | None
    align_corners: bool = False


class Ops(ABC):
    """The operations on lists of elements. A number among the arguments is a constant, not an element."""

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
    def reciprocal(self, a: Values) -> Values: ...
    @abstractmethod
    def negate(self, a: Values) -> Values: ...
    @abstractmethod
    def power(self, a: Values, number: float) -> Values: ...
    @abstractmethod
    def maximum(self, a: Values, b: Values) -> Values: ...
    @abstractmethod
    def minimum(self, a: Values, b: Values) -> Values: ...
    @abstractmethod
    def abs(self, a: Values) -> Values: ...
    @abstractmethod
    def clamp_min(self, a: Values, number: float) -> Values: ...
    @abstractmethod
    def clamp_max(self, a: Values, number: float) -> Values: ...
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
    def products(self, rows: Sequence[Values], columns: Sequence[Values]) -> Values:
        """The dot product of each row with each column, row by row; both are elements, as in attention."""

    @abstractmethod
    def sliding_sum(self, a: Values, size: int) -> Values:
        """For each element, the sum of `size` elements around it, the larger half before it; zeros beyond the ends."""

    # windows over maps

    @abstractmethod
    def convolve(self, x: Map, kernel: Kernel, windows: WindowSettings) -> Map:
        """Convolve a map with a kernel [out, C_in/groups, *K]."""

    @abstractmethod
    def conv_transpose(self, x: Map, kernel: Kernel, windows: WindowSettings, output_padding: PerAxis) -> Map:
        """Add every input element, times the kernel [C_in, out/groups, *K], to a window of the output."""

    @abstractmethod
    def deform(self, x: Map, how: Deformation, kernel: Kernel, windows: WindowSettings) -> Map:
        """Convolve a map, each element of a window read at the point that it is moved to."""

    @abstractmethod
    def max_pool(self, x: Map, windows: WindowSettings) -> Map:
        """The largest element of each window; padding is −∞."""

    def with_indices(self, pooled: Map, x: Map, windows: WindowSettings) -> Map:
        """The output of a max pool of x with the indices of its elements, if elements are numbers."""
        return pooled

    @abstractmethod
    def max_unpool(self, x: Map, pooled: Map, windows: WindowSettings, sizes: tuple[int, ...]) -> Map:
        """Put each element at the index of the pool's element, in a map of zeros of these sizes."""

    @abstractmethod
    def avg_pool(self, x: Map, windows: WindowSettings, *, count_padding: bool) -> Map:
        """The mean of each window, over the padded input or the input alone; 0 for a window without elements."""

    @abstractmethod
    def adaptive_max_pool(self, x: Map, size: PerAxis | tuple[int | None, ...]) -> Map:
        """The largest element of each part, of `size` parts on every axis that may overlap; None keeps an axis."""

    @abstractmethod
    def adaptive_avg_pool(self, x: Map, size: PerAxis | tuple[int | None, ...]) -> Map:
        """The mean of each part, likewise. Positions that a part covers only partly belong to it."""

    # larger and smaller maps

    @abstractmethod
    def resample(self, x: Map, how: Resampling) -> Map:
        """A map of other sizes: each output is the nearest input, a weighted sum of the inputs around it, or a mean."""

    @abstractmethod
    def pad(self, x: Map, amount: Amount, value: float) -> Map:
        """Add a border with a constant value."""

    @abstractmethod
    def fold(self, x: Map, amount: Amount, mode: str) -> Map:
        """Add a border of positions of the map, by the modes of `pad`."""

    @abstractmethod
    def crop(self, x: Map, amount: Amount) -> Map:
        """Remove a border."""

    @abstractmethod
    def sides_to(self, x: Map, sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """How much to add to or remove from both sides of every axis for these sizes; an odd position at the end."""

    @abstractmethod
    def broadcast(self, x: Map, shape: tuple[int, ...]) -> Map:
        """Repeat a map along the axes of size 1."""


def fill_map(shape: tuple[int, ...], value: float) -> Map:
    """The map whose elements all have one value."""
    return Map(shape, [value] * prod(shape))


def map_values(function: Callable[[Values], Values], x: Map) -> Map:
    """Apply a function to the elements of a map."""
    return Map(x.shape, function(x.values))
