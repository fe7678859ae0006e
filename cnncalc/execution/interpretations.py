"""The interpretations of a network's elements: numbers, operation counts, or the input positions they depend on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import compress
from operator import add, mul, neg, or_, sub
from typing import Any

from cnncalc.execution.ops import WindowOps, positions_of_windows, slide_axes
from cnncalc.layers.base import Work
from cnncalc.layers.ieee import divide, log, overflow_to_infinity, power, sqrt
from cnncalc.layers.ops import Function, Map, PooledMap, Values, WindowSettings
from cnncalc.network import Network, positions_of

# the fastest dot product: since Python 3.12 a function of `math`
DOT: Callable[[Iterable[float], Iterable[float]], float] = getattr(math, "sumprod", lambda a, b: sum(map(mul, a, b)))


class Numbers(WindowOps):
    """Elements are floats; the result is the network's output."""

    def add(self, a: Values, b: Values) -> Values:
        return list(map(add, a, b))

    def subtract(self, a: Values, b: Values) -> Values:
        return list(map(sub, a, b))

    def multiply(self, a: Values, b: Values) -> Values:
        return list(map(mul, a, b))

    def divide(self, a: Values, b: Values) -> Values:
        return [divide(x, y) for x, y in zip(a, b, strict=True)]

    def shift(self, a: Values, number: float) -> Values:
        return [x + number for x in a]

    def scale(self, a: Values, number: float) -> Values:
        return [x * number for x in a]

    def reciprocal(self, a: Values) -> Values:
        return [divide(1.0, x) for x in a]

    def negate(self, a: Values) -> Values:
        return list(map(neg, a))

    def power(self, a: Values, number: float) -> Values:
        return [power(x, number) for x in a]

    def maximum(self, a: Values, b: Values) -> Values:
        return [x if x > y or x != x else y for x, y in zip(a, b, strict=True)]  # a NaN stays one

    def minimum(self, a: Values, b: Values) -> Values:
        return [x if x < y or x != x else y for x, y in zip(a, b, strict=True)]

    def abs(self, a: Values) -> Values:
        return list(map(abs, a))

    def clamp_min(self, a: Values, number: float) -> Values:
        number = float(number)
        return [number if x < number else x for x in a]

    def clamp_max(self, a: Values, number: float) -> Values:
        number = float(number)
        return [number if x > number else x for x in a]

    def where_positive(self, test: Values, a: Values, b: Values) -> Values:
        return [x if t > 0 else y for t, x, y in zip(test, a, b, strict=True)]

    def apply(self, function: Function, a: Values) -> Values:
        return list(map(FUNCTIONS[function], a))

    def constant(self, value: float, count: int) -> Values:
        return [float(value)] * count

    def padding_element(self, value: float) -> Any:
        return value

    def total(self, a: Values) -> Any:
        return sum(a)

    def largest(self, a: Values) -> Any:
        # `max` ignores a NaN that is not the first; a sum keeps it, and is faster than checking each element
        total = sum(a)
        return max(a) if total == total or not any(map(math.isnan, a)) else math.nan

    def with_indices(self, pooled: Map, x: Map, windows: WindowSettings) -> Map:
        covered = positions_of_windows(slide_axes(x.sizes, windows))
        found = []
        for channel, largest in zip(x.channels(), pooled.channels(), strict=True):
            for places, value in zip(covered, largest, strict=True):
                window = [channel[at] for at in places]
                if value != value:  # the last of those that are no number, as in PyTorch
                    found.append(next((at for at in reversed(places) if channel[at] != channel[at]), -1))
                else:
                    found.append(places[window.index(value)] if window else -1)
        return PooledMap.of(pooled, found)

    def max_unpool(self, x: Map, pooled: Map, windows: WindowSettings, sizes: tuple[int, ...]) -> Map:
        return put_back(x, pooled, sizes, 0.0)

    def dots(self, a: Values, rows: Sequence[Sequence[float]], biases: Sequence[float] | None) -> Values:
        if biases is None:
            return [DOT(row, a) for row in rows]
        return [DOT(row, a) + bias for row, bias in zip(rows, biases, strict=True)]

    def products(self, rows: Sequence[Values], columns: Sequence[Values]) -> Values:
        return [DOT(row, column) for row in rows for column in columns]

    def sample(self, channels: Sequence[Values], sizes: tuple[int, ...], points: Sequence[Values]) -> list[Values]:
        from cnncalc.execution.deforming import shares_of  # rarely needed

        around = [tuple(zip(*shares_of(sizes, point), strict=True)) for point in zip(*points, strict=True)]
        return [[DOT([x[at] for at in each[0]], each[1]) if each else 0.0 for each in around] for x in channels]

    def weighted_sum(self, a: Values, shares: Sequence[float]) -> Any:
        return DOT(a, shares)


def put_back(x: Map, pooled: Map, sizes: tuple[int, ...], zero: Any) -> Map:
    """Put each element at the index of the pool's element, in a map of zeros of these sizes. Raises ValueError."""
    if not isinstance(pooled, PooledMap):
        raise ValueError("the indices of a max pool's elements are not known")
    size, step = math.prod(sizes), math.prod(x.sizes)
    values = [zero] * (size * x.shape[0])
    for number, (value, index) in enumerate(zip(x.values, pooled.indices, strict=True)):
        if index >= 0:
            values[number // step * size + index] = value
    return Map((x.shape[0], *sizes), values)


FUNCTIONS: dict[Function, Callable[[float], float]] = {
    "exp": overflow_to_infinity(math.exp),
    "expm1": overflow_to_infinity(math.expm1),
    "log": log,
    "erf": math.erf,
    "tanh": math.tanh,
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),  # log(1 + exp(x)) without overflow
    "root": sqrt,
}


class Counting(WindowOps):
    """Elements are 1, or 0 for padding. `all` counts every operation, `inside` those without padding.

    What is computed is a list of its own, as it is of numbers: only views of a map are the same list.
    A sum of n elements takes n − 1 additions, or n if added to something else; a sum of only padding takes none.
    """

    def __init__(self) -> None:
        self.all = Tally()
        self.inside = Tally()

    def count(self, name: str, count: int) -> None:
        """Count operations on elements that are not padding."""
        self.all[name] += count
        self.inside[name] += count

    def combine(self, name: str, a: Values) -> int:
        self.all[name] += len(a) - 1
        self.inside[name] += max(sum(a) - 1, 0)
        return 1

    def add(self, a: Values, b: Values) -> Values:
        self.count("additions", len(a))
        return a.copy()

    subtract = add

    def multiply(self, a: Values, b: Values) -> Values:
        self.count("multiplications", len(a))
        return a.copy()

    def divide(self, a: Values, b: Values) -> Values:
        self.count("divisions", len(a))
        return a.copy()

    def shift(self, a: Values, number: float) -> Values:
        self.count("additions", len(a))
        return a.copy()

    def scale(self, a: Values, number: float) -> Values:
        self.count("multiplications", len(a))
        return a.copy()

    def reciprocal(self, a: Values) -> Values:
        self.count("divisions", len(a))
        return a.copy()

    def negate(self, a: Values) -> Values:
        return a.copy()  # a change of sign is not counted

    def maximum(self, a: Values, b: Values) -> Values:
        self.count("comparisons", len(a))
        return a.copy()

    minimum = maximum

    def abs(self, a: Values) -> Values:
        self.count("comparisons", len(a))
        return a.copy()

    def power(self, a: Values, number: float) -> Values:
        self.count("exponentials", len(a))
        return a.copy()

    def clamp_min(self, a: Values, number: float) -> Values:
        self.count("comparisons", len(a))
        return a.copy()

    clamp_max = clamp_min

    def where_positive(self, test: Values, a: Values, b: Values) -> Values:
        self.count("comparisons", len(test))
        return a.copy()

    def apply(self, function: Function, a: Values) -> Values:
        exponentials, additions = COSTS[function]
        self.count("exponentials", exponentials * len(a))
        self.count("additions", additions * len(a))
        return a.copy()

    def constant(self, value: float, count: int) -> Values:
        return [1] * count

    def padding_element(self, value: float) -> Any:
        return 0

    def total(self, a: Values) -> Any:
        return self.combine("additions", a)

    def largest(self, a: Values) -> Any:
        return self.combine("comparisons", a)

    def max_unpool(self, x: Map, pooled: Map, windows: WindowSettings, sizes: tuple[int, ...]) -> Map:
        return Map((x.shape[0], *sizes), [1] * (x.shape[0] * math.prod(sizes)))

    def dots(self, a: Values, rows: Sequence[Sequence[float]], biases: Sequence[float] | None) -> Values:
        for tally, n in ((self.all, len(a)), (self.inside, sum(a))):
            products = sum(map(len, rows)) if tally is self.all else n * len(rows)
            tally["macs"] += products
            tally["multiplications"] += products
            tally["additions"] += products if biases is not None else products - len(rows) * (n > 0)
        return [1] * len(rows)

    def products(self, rows: Sequence[Values], columns: Sequence[Values]) -> Values:
        made = len(rows) * len(columns)
        for name in ("macs", "attention_macs", "multiplications"):
            self.count(name, made * len(rows[0]))
        self.count("additions", made * (len(rows[0]) - 1))
        return [1] * made

    def sample(self, channels: Sequence[Values], sizes: tuple[int, ...], points: Sequence[Values]) -> list[Values]:
        count = len(points[0])
        self.count("additions", 4 * count + 3 * count * len(channels))  # distances of a point, and sums of four
        self.count("multiplications", 4 * count + 4 * count * len(channels))
        return [[1] * count for _ in channels]

    def weighted_sum(self, a: Values, shares: Sequence[float]) -> Any:
        self.count("multiplications", len(a))
        self.count("additions", len(a) - 1)
        return 1


# function → exponentials and additions: exp − 1, and log(1 + exp)
COSTS: dict[Function, tuple[int, int]] = {
    "exp": (1, 0),
    "expm1": (1, 1),
    "log": (1, 0),
    "erf": (1, 0),
    "tanh": (1, 0),
    "softplus": (2, 1),
    "root": (1, 0),
}


class Tally(dict[str, int]):
    """Numbers of operations by the names of the fields of `Work`."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(Work._fields, 0))

    def take_work(self) -> Work:
        """The operations since the last call."""
        work = Work(**self)
        self.update(dict.fromkeys(self, 0))
        return work


class Provenance(WindowOps):
    """Elements are the sets of input positions they depend on: a bit per position, one axis after another."""

    def unite(self, a: Values, b: Values) -> Values:
        return list(map(or_, a, b))

    add = subtract = multiply = divide = maximum = minimum = unite

    def with_number(self, a: Values, number: float) -> Values:
        return a

    def unchanged(self, a: Values) -> Values:
        return a

    shift = scale = power = clamp_min = clamp_max = with_number
    reciprocal = negate = abs = unchanged

    def where_positive(self, test: Values, a: Values, b: Values) -> Values:
        return self.unite(test, self.unite(a, b))

    def apply(self, function: Function, a: Values) -> Values:
        return a

    def constant(self, value: float, count: int) -> Values:
        return [0] * count

    def padding_element(self, value: float) -> Any:
        return 0

    def total(self, a: Values) -> Any:
        return reduce(or_, a, 0)

    largest = total

    def max_unpool(self, x: Map, pooled: Map, windows: WindowSettings, sizes: tuple[int, ...]) -> Map:
        covered = positions_of_windows(slide_axes(sizes, windows))
        made = []
        for values, others in zip(x.channels(), pooled.channels(), strict=True):
            channel = [0] * math.prod(sizes)
            for places, value, other in zip(covered, values, others, strict=True):
                seen = value | other  # an element, and the window in which its place was found
                for at in places:
                    channel[at] |= seen
            made.append(channel)
        return Map.of_channels(made, sizes)

    def dots(self, a: Values, rows: Sequence[Sequence[float]], biases: Sequence[float] | None) -> Values:
        return [reduce(or_, a, 0)] * len(rows)

    def products(self, rows: Sequence[Values], columns: Sequence[Values]) -> Values:
        ends = [reduce(or_, column) for column in columns]
        return [start | end for start in (reduce(or_, row) for row in rows) for end in ends]

    def sample(self, channels: Sequence[Values], sizes: tuple[int, ...], points: Sequence[Values]) -> list[Values]:
        moved = reduce(self.unite, points)  # any position may be read, and where depends on the moves
        return [self.unite(moved, [reduce(or_, channel, 0)] * len(moved)) for channel in channels]

    def weighted_sum(self, a: Values, shares: Sequence[float]) -> Any:
        return reduce(or_, compress(a, shares), 0)


def trace_input(shape: tuple[int, ...], first: int = 0) -> Map:
    """An input whose every element is the set of its own position; the bits of its axes begin at `first`."""
    values = [0]
    for size in positions_of(shape):
        values = [value | 1 << (first + at) for value in values for at in range(size)]
        first += size
    return Map(shape, values * shape[0] if len(shape) > 1 else values)


def trace_inputs(network: Network) -> list[Map]:
    """Inputs whose every element is the set of its own position, the bits of each input after those before it."""
    found, first = [], 0
    for shape in network.inputs.values():
        found.append(trace_input(shape, first))
        first += sum(positions_of(shape))
    return found
