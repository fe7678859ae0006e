"""An interpretation of a layer's elements as records of how each was computed: its value, and what it was made of.

Every value comes from `Numbers`. Only the layer that is recorded has records; its inputs are their leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.ops import WindowOps, slide_axes
from cnncalc.execution.windows import Sliding
from cnncalc.layers.ops import Function, Kernel, Map, PooledMap, Values, WindowSettings

NUMBERS = Numbers()


class Element:
    """A number and how it was computed: the name of an operation, and what it was made of, elements or constants.

    A `dot` has the weights of its elements, and a bias or None. An `input` has the number of the input and the index in
    it; `padding` and a `constant` have nothing. `products` has the elements of a row, then those of a column.
    """

    __slots__ = ("bias", "form", "parts", "value", "weights")

    def __init__(
        self,
        value: float,
        form: str,
        parts: Sequence[Any] = (),
        weights: Sequence[float] = (),
        bias: float | None = None,
    ) -> None:
        self.value = value
        self.form = form
        self.parts = parts
        self.weights = weights
        self.bias = bias

    @property
    def children(self) -> Iterable[Element]:
        """The elements that it was made of."""
        return () if self.form == "input" else (part for part in self.parts if isinstance(part, Element))


def record_inputs(inputs: Sequence[Map]) -> tuple[Map, ...]:
    """The inputs of a layer as leaves; the indices of a pool are kept."""
    made = []
    for number, x in enumerate(inputs):
        leaves = [Element(value, "input", (number, at)) for at, value in enumerate(x.values)]
        made.append(PooledMap.of(Map(x.shape, leaves), x.indices) if isinstance(x, PooledMap) else Map(x.shape, leaves))
    return tuple(made)


def _values(a: Iterable[Element]) -> list[float]:
    return [element.value for element in a]


def _unary(name: str) -> Any:
    """A method that records an operation on each element."""

    def record(self: Recorded, a: Values) -> Values:
        made = getattr(NUMBERS, name)(_values(a))
        return [Element(value, name, (x,)) for value, x in zip(made, a, strict=True)]

    return record


def _with_number(name: str) -> Any:
    """A method that records an operation on each element and a constant."""

    def record(self: Recorded, a: Values, number: float) -> Values:
        made = getattr(NUMBERS, name)(_values(a), number)
        return [Element(value, name, (x, float(number))) for value, x in zip(made, a, strict=True)]

    return record


def _binary(name: str) -> Any:
    """A method that records an operation on each pair of elements."""

    def record(self: Recorded, a: Values, b: Values) -> Values:
        made = getattr(NUMBERS, name)(_values(a), _values(b))
        return [Element(value, name, pair) for value, *pair in zip(made, a, b, strict=True)]

    return record


class Recorded(WindowOps):
    """Elements are records. `windows` are those that slid over the input itself, if any did."""

    def __init__(self) -> None:
        self.windows: list[Sliding] | None = None

    add = _binary("add")
    subtract = _binary("subtract")
    multiply = _binary("multiply")
    divide = _binary("divide")
    maximum = _binary("maximum")
    minimum = _binary("minimum")
    shift = _with_number("shift")
    scale = _with_number("scale")
    power = _with_number("power")
    clamp_min = _with_number("clamp_min")
    clamp_max = _with_number("clamp_max")
    reciprocal = _unary("reciprocal")
    negate = _unary("negate")
    abs = _unary("abs")

    def where_positive(self, test: Values, a: Values, b: Values) -> Values:
        made = NUMBERS.where_positive(_values(test), _values(a), _values(b))
        return [Element(value, "where_positive", each) for value, *each in zip(made, test, a, b, strict=True)]

    def apply(self, function: Function, a: Values) -> Values:
        made = NUMBERS.apply(function, _values(a))
        return [Element(value, function, (x,)) for value, x in zip(made, a, strict=True)]

    def constant(self, value: float, count: int) -> Values:
        return [Element(float(value), "constant")] * count

    def padding_element(self, value: float) -> Any:
        return Element(value, "padding")

    def total(self, a: Values) -> Any:
        return Element(NUMBERS.total(_values(a)), "total", a)

    def largest(self, a: Values) -> Any:
        return Element(NUMBERS.largest(_values(a)), "largest", a)

    def dots(self, a: Values, rows: Sequence[Sequence[float]], biases: Sequence[float] | None) -> Values:
        made = NUMBERS.dots(_values(a), rows, biases)
        added: Sequence[float | None] = biases if biases is not None else [None] * len(rows)
        return [Element(value, "dot", a, row, bias) for value, row, bias in zip(made, rows, added, strict=True)]

    def products(self, rows: Sequence[Values], columns: Sequence[Values]) -> Values:
        made = NUMBERS.products([_values(row) for row in rows], [_values(column) for column in columns])
        pairs = [(*row, *column) for row in rows for column in columns]
        return [Element(value, "products", pair) for value, pair in zip(made, pairs, strict=True)]

    def sample(self, channels: Sequence[Values], sizes: tuple[int, ...], points: Sequence[Values]) -> list[Values]:
        from cnncalc.execution.deforming import shares_of  # rarely needed

        around = [list(shares_of(sizes, tuple(_values(point)))) for point in zip(*points, strict=True)]
        return [
            [self._weigh([x[at] for at, _ in each], [share for _, share in each]) for each in around] for x in channels
        ]

    def weighted_sum(self, a: Values, shares: Sequence[float]) -> Any:
        return self._weigh(a, shares)

    def _weigh(self, a: Values, shares: Sequence[float]) -> Element:
        return Element(NUMBERS.weighted_sum(_values(a), shares), "dot", a, shares)

    def with_indices(self, pooled: Map, x: Map, windows: WindowSettings) -> Map:
        largest, read = (Map(each.shape, _values(each.values)) for each in (pooled, x))
        found = NUMBERS.with_indices(largest, read, windows)
        return PooledMap.of(pooled, found.indices) if isinstance(found, PooledMap) else pooled

    def max_unpool(self, x: Map, pooled: Map, windows: WindowSettings, sizes: tuple[int, ...]) -> Map:
        places = PooledMap.of(Map(x.shape, list(range(1, len(x.values) + 1))), _get_indices(pooled))
        numbers = NUMBERS.max_unpool(Map(x.shape, places.values), places, windows, sizes)
        zero = self.constant(0.0, 1)[0]
        return Map(numbers.shape, [x.values[int(at) - 1] if at else zero for at in numbers.values])

    # the windows over the input

    def convolve(self, x: Map, kernel: Kernel, windows: WindowSettings) -> Map:
        self._remember(x, windows)
        return super().convolve(x, kernel, windows)

    def max_pool(self, x: Map, windows: WindowSettings) -> Map:
        self._remember(x, windows)
        return super().max_pool(x, windows)

    def avg_pool(self, x: Map, windows: WindowSettings, *, count_padding: bool) -> Map:
        self._remember(x, windows)
        return super().avg_pool(x, windows, count_padding=count_padding)

    def _remember(self, x: Map, windows: WindowSettings) -> None:
        if all(element.form == "input" for element in x.values[:1]):
            self.windows = slide_axes(x.sizes, windows)


def _get_indices(pooled: Map) -> list[int]:
    if not isinstance(pooled, PooledMap):
        raise ValueError("the indices of a max pool's elements are not known")
    return pooled.indices
