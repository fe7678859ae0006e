"""The interpretation of a layer's elements that computes gradients: reverse mode over the algebra of `layers.ops`.

Each operation records how the gradients of its results go on to its operands; `Tape.go_back` goes through these records
from the last to the first. Kinds state no derivatives: the gradient of a layer is that of the operations it consists
of, so that no kind can lack one, and the values are those of `Numbers`.

Where a function has no derivative: the gradient of a maximum goes to the first of several equal elements, and at a
bound of a clamp, of which that of relu is 0, and at the 0 of an absolute value it is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, inf, nan, pi, sqrt
from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.execution.deforming import corners_of
from cnncalc.execution.interpretations import Numbers, put_back
from cnncalc.execution.ops import WindowOps
from cnncalc.layers.ieee import divide, overflow_to_infinity, power
from cnncalc.layers.ops import Function, Map, Values, WindowSettings
from cnncalc.records import NamedTuple

Row = Sequence[float]  # numbers, or learned numbers as elements


class Element:
    """A number and its gradient. A kind may compute with a learned number as with a float, before it is used."""

    __slots__ = ("gradient", "tape", "value")

    def __init__(self, value: float, tape: Tape) -> None:
        self.value = value
        self.gradient = 0.0
        self.tape = tape

    def __add__(self, other: Any) -> Element:
        return self.tape.add([self], [self.tape.lift(other)])[0]  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Element:
        return self.tape.subtract([self], [self.tape.lift(other)])[0]  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> Element:
        return self.tape.lift(other) - self

    def __mul__(self, other: Any) -> Element:
        return self.tape.multiply([self], [self.tape.lift(other)])[0]  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> Element:
        return self.tape.divide([self], [self.tape.lift(other)])[0]  # type: ignore[no-any-return]

    def __rtruediv__(self, other: Any) -> Element:
        return self.tape.lift(other) / self

    def __pow__(self, exponent: float) -> Element:
        return self.tape.power([self], exponent)[0]  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return self.value != 0

    __radd__ = __add__
    __rmul__ = __mul__


class BackwardMacs(NamedTuple):
    """Multiply-accumulates of the backward pass, to the inputs of a layer and to its weights."""

    inputs: int = 0
    weights: int = 0


# bytes, measured on CPython 3.11: of an element with its numbers, in lists; of a record; of a number in a row's lists;
# of one in a list
ELEMENT, RECORD, ROW, POINTER = 112, 760, 48, 8


class TapeError(CnncalcError):
    """A tape is longer than fits into memory; `path` is the layer that it is of."""

    path = ""


class Tape(WindowOps):
    """Elements are numbers that remember how they were computed.

    Raises TapeError where that takes more bytes than `most`.
    """

    def __init__(self, most: float = inf) -> None:
        self.most = most
        self.bytes = 0
        self.numbers = Numbers()
        self.records: list[Callable[[], None]] = []
        self.rows: dict[int, _LearnedRow] = {}  # by the identity of the list, which the row keeps
        self.macs = BackwardMacs()

    def lift(self, value: Any) -> Element:
        """A number as an element; an element as it is."""
        return value if isinstance(value, Element) else Element(float(value), self)

    def start(self, values: Sequence[float]) -> Values:
        """Elements whose gradients are wanted: of an input, or of an array of a layer."""
        self._take(ELEMENT * len(values))
        return [Element(value, self) for value in values]

    def _record(self, go_back: Callable[[], None]) -> None:
        self._take(RECORD)
        self.records.append(go_back)

    def _take(self, count: int) -> None:
        self.bytes += count
        if self.bytes > self.most:
            raise TapeError(f"more than {self.most} bytes")

    def go_back(self, made: Values, gradients: Sequence[float]) -> None:
        """Compute all gradients from those of the result. The records are dropped."""
        for each, gradient in zip(made, gradients, strict=True):
            each.gradient += gradient
        while self.records:
            self.records.pop()()
        self.rows.clear()

    def _map(self, a: Values, values: list[float], slope: Callable[[float, float], float]) -> Values:
        """Elements computed one from one, and the derivative by the element before and the one made."""
        made = self.start(values)

        def go_back() -> None:
            for x, z in zip(a, made, strict=True):
                # a slope of 0 stops an infinite gradient, as a gradient of 0 is not changed by an infinite slope
                if z.gradient and (of_x := slope(x.value, z.value)):
                    x.gradient += z.gradient * of_x

        self._record(go_back)
        return made

    def _join(
        self, a: Values, b: Values, values: list[float], slopes: Callable[[float, float, float], tuple[float, float]]
    ) -> Values:
        """Elements computed one from two, and both derivatives."""
        made = self.start(values)

        def go_back() -> None:
            for x, y, z in zip(a, b, made, strict=True):
                if z.gradient:
                    of_x, of_y = slopes(x.value, y.value, z.value)
                    x.gradient += of_x and z.gradient * of_x
                    y.gradient += of_y and z.gradient * of_y

        self._record(go_back)
        return made

    # element by element

    def add(self, a: Values, b: Values) -> Values:
        return self._join(a, b, self.numbers.add(_values(a), _values(b)), lambda x, y, z: (1.0, 1.0))

    def subtract(self, a: Values, b: Values) -> Values:
        return self._join(a, b, self.numbers.subtract(_values(a), _values(b)), lambda x, y, z: (1.0, -1.0))

    def multiply(self, a: Values, b: Values) -> Values:
        return self._join(a, b, self.numbers.multiply(_values(a), _values(b)), lambda x, y, z: (y, x))

    def divide(self, a: Values, b: Values) -> Values:
        values = self.numbers.divide(_values(a), _values(b))
        return self._join(a, b, values, lambda x, y, z: (divide(1.0, y), -divide(z, y)))

    def shift(self, a: Values, number: Any) -> Values:
        if isinstance(number, Element):
            return self.add(a, [number] * len(a))
        return self._map(a, self.numbers.shift(_values(a), number), lambda x, z: 1.0)

    def scale(self, a: Values, number: Any) -> Values:
        if isinstance(number, Element):
            return self.multiply(a, [number] * len(a))
        return self._map(a, self.numbers.scale(_values(a), number), lambda x, z: number)

    def reciprocal(self, a: Values) -> Values:
        return self._map(a, self.numbers.reciprocal(_values(a)), lambda x, z: -z * z)

    def negate(self, a: Values) -> Values:
        return self._map(a, self.numbers.negate(_values(a)), lambda x, z: -1.0)

    def power(self, a: Values, number: float) -> Values:
        values = self.numbers.power(_values(a), number)
        return self._map(a, values, lambda x, z: number and number * power(x, number - 1))

    def maximum(self, a: Values, b: Values) -> Values:
        return self._join(a, b, self.numbers.maximum(_values(a), _values(b)), _choose)

    def minimum(self, a: Values, b: Values) -> Values:
        return self._join(a, b, self.numbers.minimum(_values(a), _values(b)), _choose)

    def abs(self, a: Values) -> Values:
        return self._map(a, self.numbers.abs(_values(a)), lambda x, z: float((x > 0) - (x < 0)))

    def clamp_min(self, a: Values, number: float) -> Values:
        return self._map(a, self.numbers.clamp_min(_values(a), number), lambda x, z: float(not x <= number))

    def clamp_max(self, a: Values, number: float) -> Values:
        return self._map(a, self.numbers.clamp_max(_values(a), number), lambda x, z: float(not x >= number))

    def where_positive(self, test: Values, a: Values, b: Values) -> Values:
        chosen = [x if t.value > 0 else y for t, x, y in zip(test, a, b, strict=True)]
        return self._map(chosen, _values(chosen), lambda x, z: 1.0)

    def apply(self, function: Function, a: Values) -> Values:
        return self._map(a, self.numbers.apply(function, _values(a)), SLOPES[function])

    def constant(self, value: Any, count: int) -> Values:
        self._take(POINTER * count)
        return [self.lift(value)] * count  # a learned number among constants is itself

    def padding_element(self, value: float) -> Any:
        return Element(value, self)

    # many to one

    def total(self, a: Values) -> Any:
        made = Element(self.numbers.total(_values(a)), self)

        def go_back() -> None:
            for x in a if made.gradient else ():
                x.gradient += made.gradient

        self._record(go_back)
        return made

    def largest(self, a: Values) -> Any:
        values = _values(a)
        value = self.numbers.largest(values)
        if value == value:
            chosen = a[values.index(value)]
        else:  # the last that is no number, as in PyTorch; a sum of infinities is none either, and then it is the first
            chosen = next((x for x in reversed(a) if x.value != x.value), a[0])
        return self._map([chosen], [value], lambda x, z: 1.0)[0]

    def weighted_sum(self, a: Values, shares: Sequence[float]) -> Any:
        made = Element(self.numbers.weighted_sum(_values(a), shares), self)

        def go_back() -> None:
            for x, share in zip(a, shares, strict=True):
                if share:
                    x.gradient += made.gradient * share

        self._record(go_back)
        return made

    def dots(self, a: Values, rows: Sequence[Row], biases: Sequence[float] | None) -> Values:
        values, learned = _values(a), [self._read_row(row) for row in rows]
        self._take(2 * POINTER * len(a))
        plain = None if biases is None else [getattr(bias, "value", bias) for bias in biases]
        made = self.start(self.numbers.dots(values, [row.values for row in learned], plain))
        count = len(a) * len(rows)
        self.macs = BackwardMacs(self.macs.inputs + count, self.macs.weights + count)

        def go_back() -> None:
            found = [0.0] * len(a)
            for z, row, bias in zip(made, learned, biases or [0.0] * len(made), strict=True):
                if gradient := z.gradient:
                    found = [total + gradient * factor for total, factor in zip(found, row.values, strict=True)]
                    row.sums = [total + gradient * value for total, value in zip(row.sums, values, strict=True)]
                    if isinstance(bias, Element):
                        bias.gradient += gradient
            for x, gradient in zip(a, found, strict=True):
                x.gradient += gradient

        self._record(go_back)
        return made

    def _read_row(self, row: Row) -> _LearnedRow:
        """The numbers of a row of weights, of which the gradients are summed once all products have been gone back."""
        if id(row) not in self.rows:
            found = _LearnedRow(row)
            self.rows[id(row)] = found
            self._record(found.give)
            self._take(ROW * len(row))
        return self.rows[id(row)]

    def products(self, rows: Sequence[Values], columns: Sequence[Values]) -> Values:
        lines, others = list(map(_values, rows)), list(map(_values, columns))
        self._take(POINTER * (len(rows) + len(columns)) * len(rows[0]))
        made = self.start(self.numbers.products(lines, others))
        count = len(rows) * len(columns) * len(rows[0])
        self.macs = self.macs._replace(inputs=self.macs.inputs + 2 * count)

        def go_back() -> None:
            gradients = iter(made)
            for row, line in zip(rows, lines, strict=True):
                for column, other in zip(columns, others, strict=True):
                    if gradient := next(gradients).gradient:
                        for x, y, of_x, of_y in zip(row, column, other, line, strict=True):
                            x.gradient += gradient * of_x
                            y.gradient += gradient * of_y

        self._record(go_back)
        return made

    # of windows

    def max_unpool(self, x: Map, pooled: Map, windows: WindowSettings, sizes: tuple[int, ...]) -> Map:
        return put_back(x, pooled, sizes, self.padding_element(0.0))

    def sample(self, channels: Sequence[Values], sizes: tuple[int, ...], points: Sequence[Values]) -> list[Values]:
        places = [tuple(map(_value, point)) for point in zip(*points, strict=True)]
        found = self.numbers.sample(list(map(_values, channels)), sizes, list(map(_values, points)))
        made = list(map(self.start, found))
        rows, columns = points

        def go_back() -> None:
            for number, place in enumerate(places):
                for corner in corners_of(sizes, place):
                    for channel, read in zip(channels, made, strict=True):
                        if gradient := read[number].gradient:
                            x = channel[corner.at]
                            x.gradient += gradient * corner.share
                            rows[number].gradient += gradient * corner.by_row * x.value
                            columns[number].gradient += gradient * corner.by_column * x.value

        self._record(go_back)
        return made


class _LearnedRow:
    """A row of weights: its numbers, and the sums of its gradients."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.values: list[float] = [getattr(each, "value", each) for each in row]
        self.sums = [0.0] * len(row)

    def give(self) -> None:
        """Add the sums to the gradients of the elements."""
        for each, total in zip(self.row, self.sums, strict=True):
            if isinstance(each, Element):
                each.gradient += total
        self.sums = []


def _value(element: Any) -> float:
    return element.value  # type: ignore[no-any-return]


def _values(a: Values) -> list[float]:
    return [x.value for x in a]


def _choose(x: float, y: float, z: float) -> tuple[float, float]:
    """The derivatives of a maximum or minimum: 1 for the first that is the result; of a NaN, for that one."""
    first = x == z or x != x
    return float(first), float(not first)


SAFE_EXP: Callable[[float], float] = overflow_to_infinity(exp)


def _slope_of_softplus(x: float, z: float) -> float:
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x)) if x == x else nan


# function → its derivative at x, where the function is z
SLOPES: dict[Function, Callable[[float, float], float]] = {
    "exp": lambda x, z: z,
    "expm1": lambda x, z: SAFE_EXP(x),
    "log": lambda x, z: divide(1.0, x) if x >= 0 else nan,
    "erf": lambda x, z: 2 / sqrt(pi) * SAFE_EXP(-x * x),
    "tanh": lambda x, z: (1 - z) * (1 + z),
    "softplus": _slope_of_softplus,
    "root": lambda x, z: divide(0.5, z),
}
