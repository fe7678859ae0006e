"""The interpretation of a layer's elements that computes gradients: reverse mode over the algebra of `layers.ops`.

An element is the index of a number. Each operation records, for each number it makes and each it reads, how much of a
gradient goes on from the one to the other; `Tape.go_back` goes through these records from the last to the first. Kinds
state no derivatives: the gradient of a layer is that of the operations it consists of, so that no kind can lack one,
and the values are those of `Numbers`. Numbers and records are in arrays, not in objects, which take several times as
much memory.

Where a function has no derivative: the gradient of a maximum goes to the first of several equal elements, and at a
bound of a clamp, of which that of relu is 0, and at the 0 of an absolute value it is 0.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from math import inf
from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.execution.deforming import corners_of
from cnncalc.execution.interpretations import Numbers, put_back
from cnncalc.execution.learned import Learned, LearnedRow, LearnedRows, Row
from cnncalc.execution.ops import WindowOps
from cnncalc.execution.slopes import SLOPES, choose
from cnncalc.layers.ieee import power
from cnncalc.layers.ops import Function, Map, Values, WindowSettings
from cnncalc.records import NamedTuple

# bytes: of a number and its gradient; of a record; of an element in a list, which is an integer; of a learned number in
# two lists; of a number in a row
NUMBER, RECORD, ELEMENT, LEARNED, ROW = 16, 16, 40, 96, 32
PIECE = 4_096  # elements that are computed at once, so that what is needed meanwhile is small
LONG = 64  # elements of a list that is released when the kind has read it; shorter ones are joined to lists that stay
NUMBERS = Numbers()


class BackwardMacs(NamedTuple):
    """Multiply-accumulates of the backward pass, to the inputs of a layer and to its weights."""

    inputs: int = 0
    weights: int = 0


class TapeError(CnncalcError):
    """A tape is longer than fits into memory; `path` is the layer that it is of."""

    path = ""


class Tape(WindowOps):
    """Elements are indexes of numbers, of which is recorded how they were computed.

    `gradients` are those of all numbers once `go_back` was called. Raises TapeError where all that, besides the list of
    the result, takes more bytes than `most`.
    """

    def __init__(self, most: float = inf) -> None:
        self.most = most
        self.values = array("d")
        self.gradients = array("d")
        # a record: of the number `made`, a gradient goes on to the number `read`, times the slope. Those with the slope
        # 0 are of dot products, by `made`, or of rows, by −1 − `made`; their number is −1 − `read`
        self.made, self.read, self.slopes = array("i"), array("i"), array("d")
        self.windows, self.begins = array("i"), array("q")  # the elements of all dot products, and where each begins
        self.dotted: list[LearnedRows] = []  # what each is a product with
        self.rows: dict[int, LearnedRow] = {}  # by the identity of the list, which the row keeps
        self.groups: dict[tuple[int, int], LearnedRows] = {}  # likewise
        self.order: list[LearnedRow] = []
        self.macs = BackwardMacs()
        self.bytes = 0
        self.longest = 0

    # what is read and made

    def start(self, values: Sequence[float]) -> Values:
        """Elements whose gradients are wanted: of an input."""
        return self._make(values)

    def learn(self, values: Sequence[float]) -> Values:
        """Elements whose gradients are wanted: of an array of a layer."""
        self._take(LEARNED * len(values))
        return [Learned(at, self) for at in self._make(values, kept=False)]

    def lift(self, value: Any) -> int:
        """A number as an element; a learned number as it is."""
        return value.at if isinstance(value, Learned) else self._make([float(value)])[0]

    def look_up(self, a: Values) -> list[float]:
        """The numbers of elements."""
        return list(map(self.values.__getitem__, a))

    def gradients_of(self, a: Sequence[int]) -> list[float]:
        """The gradients of elements, after `go_back`."""
        return list(map(self.gradients.__getitem__, a))

    def _make(self, values: Sequence[float], *, kept: bool = True) -> Values:
        first = len(self.values)
        self._take((NUMBER + ELEMENT if kept else NUMBER) * len(values))
        self.values.fromlist(list(values))
        return list(range(first, len(self.values)))

    def _connect(self, made: Iterable[int], read: Values, slopes: list[float]) -> None:
        """Record that of each of the first numbers a gradient goes on to the second, times a slope."""
        self._take(RECORD * len(read))
        self.made.extend(made)
        self.read.fromlist(read)
        self.slopes.fromlist(slopes)

    def _open(self, a: Values) -> tuple[Values, bool]:
        """An empty list for as many elements, and whether it may stay. Of the others the longest is counted."""
        if (more := len(a) - self.longest) > 0:
            self._take(ELEMENT * more)
            self.longest = len(a)
        return [], len(a) < LONG

    def _take(self, count: int) -> None:
        self.bytes += count
        if self.bytes > self.most:
            raise TapeError(f"more than {self.most} bytes")

    def go_back(self, made: Values, gradients: Sequence[float]) -> None:
        """Compute all gradients from those of the result. The records are dropped."""
        for row in self.order:
            row.seal()
        for group in self.groups.values():
            group.kept = ()
        self.rows.clear()
        self.groups.clear()
        self.gradients = found = array("d", bytes(8 * len(self.values)))
        for each, gradient in zip(made, gradients, strict=True):
            found[each] += gradient
        for number, of, slope in zip(reversed(self.made), reversed(self.read), reversed(self.slopes), strict=True):
            if slope:  # a slope of 0 stops an infinite gradient, as a gradient of 0 is not changed by an infinite slope
                if gradient := found[number]:
                    found[of] += gradient * slope
            elif of < 0:
                if number < 0:
                    self.order[-1 - of].give(found)
                else:
                    self._go_back_dots(number, -1 - of)
        self.made = self.read = self.windows = array("i")
        self.slopes = array("d")
        self.dotted.clear()

    # element by element

    def _map(
        self, a: Values, compute: Callable[[list[float]], list[float]], slope: float | Callable[[float, float], float]
    ) -> Values:
        """Elements computed one from one, and the derivative, of a function by the number before and the one made."""
        found, kept = self._open(a)
        for part in _cut(a):
            before = self.look_up(part)
            after = compute(before)
            made = self._make(after, kept=kept)
            slopes = list(map(slope, before, after)) if callable(slope) else [slope] * len(part)
            self._connect(made, part, slopes)
            found += made
        return found

    def _join(
        self,
        a: Values,
        b: Values,
        compute: Callable[[list[float], list[float]], list[float]],
        slopes: Callable[[list[float], list[float], list[float]], tuple[list[float], list[float]]],
    ) -> Values:
        """Elements computed one from two, and both derivatives, by the numbers before and those made."""
        found, kept = self._open(a)
        for one, other in zip(_cut(a), _cut(b), strict=True):
            x, y = self.look_up(one), self.look_up(other)
            z = compute(x, y)
            made = self._make(z, kept=kept)
            of_x, of_y = slopes(x, y, z)
            self._connect(made, one, of_x)
            self._connect(made, other, of_y)
            found += made
        return found

    def add(self, a: Values, b: Values) -> Values:
        return self._join(a, b, NUMBERS.add, lambda x, y, z: ([1.0] * len(x), [1.0] * len(y)))

    def subtract(self, a: Values, b: Values) -> Values:
        return self._join(a, b, NUMBERS.subtract, lambda x, y, z: ([1.0] * len(x), [-1.0] * len(y)))

    def multiply(self, a: Values, b: Values) -> Values:
        return self._join(a, b, NUMBERS.multiply, lambda x, y, z: (y, x))

    def divide(self, a: Values, b: Values) -> Values:
        def slopes(x: list[float], y: list[float], z: list[float]) -> tuple[list[float], list[float]]:
            return NUMBERS.reciprocal(y), NUMBERS.negate(NUMBERS.divide(z, y))

        return self._join(a, b, NUMBERS.divide, slopes)

    def shift(self, a: Values, number: Any) -> Values:
        if isinstance(number, Learned):
            return self.add(a, [number] * len(a))
        return self._map(a, partial(NUMBERS.shift, number=number), 1.0)

    def scale(self, a: Values, number: Any) -> Values:
        if isinstance(number, Learned):
            return self.multiply(a, [number] * len(a))
        return self._map(a, partial(NUMBERS.scale, number=number), number)

    def reciprocal(self, a: Values) -> Values:
        return self._map(a, NUMBERS.reciprocal, lambda x, z: -z * z)

    def negate(self, a: Values) -> Values:
        return self._map(a, NUMBERS.negate, -1.0)

    def power(self, a: Values, number: float) -> Values:
        compute = partial(NUMBERS.power, number=number)
        return self._map(a, compute, lambda x, z: number and number * power(x, number - 1))

    def maximum(self, a: Values, b: Values) -> Values:
        return self._join(a, b, NUMBERS.maximum, choose)

    def minimum(self, a: Values, b: Values) -> Values:
        return self._join(a, b, NUMBERS.minimum, choose)

    def abs(self, a: Values) -> Values:
        return self._map(a, NUMBERS.abs, lambda x, z: float((x > 0) - (x < 0)))

    def clamp_min(self, a: Values, number: float) -> Values:
        return self._map(a, partial(NUMBERS.clamp_min, number=number), lambda x, z: float(not x <= number))

    def clamp_max(self, a: Values, number: float) -> Values:
        return self._map(a, partial(NUMBERS.clamp_max, number=number), lambda x, z: float(not x >= number))

    def where_positive(self, test: Values, a: Values, b: Values) -> Values:
        values = self.values
        return self._copy([x if values[t] > 0 else y for t, x, y in zip(test, a, b, strict=True)])

    def apply(self, function: Function, a: Values) -> Values:
        return self._map(a, partial(NUMBERS.apply, function), SLOPES[function])

    def constant(self, value: Any, count: int) -> Values:
        return [self.lift(value)] * count  # a learned number among constants is itself

    def padding_element(self, value: float) -> Any:
        return self.lift(value)

    # many to one

    def total(self, a: Values) -> Any:
        return self._sum_up(a, NUMBERS.total(self.look_up(a)), [1.0] * len(a))

    def weighted_sum(self, a: Values, shares: Sequence[float]) -> Any:
        return self._sum_up(a, NUMBERS.weighted_sum(self.look_up(a), shares), list(shares))

    def _sum_up(self, a: Values, value: float, shares: list[float]) -> int:
        """The number that is a weighted sum."""
        made = self._make([value])
        self._connect(made * len(a), a, shares)
        return made[0]  # type: ignore[no-any-return]

    def largest(self, a: Values) -> Any:
        values = self.look_up(a)
        value = NUMBERS.largest(values)
        if value == value:
            chosen = a[values.index(value)]
        else:  # the last that is no number, as in PyTorch; a sum of infinities is none either, and then it is the first
            chosen = next((x for x, of in zip(reversed(a), reversed(values), strict=True) if of != of), a[0])
        return self._sum_up([chosen], value, [1.0])

    def _copy(self, a: Values) -> Values:
        """New elements with the numbers of others."""
        return self._map(a, list, 1.0)

    def dots(self, a: Values, rows: Sequence[Row], biases: Sequence[Any] | None) -> Values:
        key = (id(rows), id(biases))
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = LearnedRows(rows, biases, list(map(self._read_row, rows)), self)
        self._take(RECORD + 16 + 4 * len(a))
        made = self._make(NUMBERS.dots(self.look_up(a), group.values, group.biases))
        self.made.append(made[0])
        self.read.append(-1 - len(self.dotted))
        self.slopes.append(0.0)
        self.dotted.append(group)
        self.begins.append(len(self.windows))
        self.windows.fromlist(a)
        count = len(a) * len(rows)
        self.macs = BackwardMacs(self.macs.inputs + count, self.macs.weights + count)
        return made

    def _go_back_dots(self, first: int, number: int) -> None:
        """The gradients of the elements, the rows and the biases of the dot products with one window."""
        group, begin, gradients = self.dotted[number], self.begins[number], self.gradients
        window = self.windows[begin : begin + group.length].tolist()
        values = self.look_up(window)
        found = [0.0] * group.length
        for at, row, bias in zip(range(first, first + len(group.rows)), group.rows, group.learned, strict=True):
            if gradient := gradients[at]:
                found = [total + gradient * factor for total, factor in zip(found, row.values, strict=True)]
                row.sums = [total + gradient * value for total, value in zip(row.sums, values, strict=True)]
                if bias is not None:
                    gradients[bias] += gradient
        for of, gradient in zip(window, found, strict=True):
            gradients[of] += gradient

    def _read_row(self, row: Row) -> LearnedRow:
        """The numbers of a row of weights, of which the gradients are summed once all products have been gone back."""
        if id(row) not in self.rows:
            self._take(RECORD + ROW * len(row))
            self.made.append(-1)
            self.read.append(-1 - len(self.order))
            self.slopes.append(0.0)
            self.order.append(LearnedRow(row, self))
            self.rows[id(row)] = self.order[-1]
        return self.rows[id(row)]

    def products(self, rows: Sequence[Values], columns: Sequence[Values]) -> Values:
        lines, others = list(map(self.look_up, rows)), list(map(self.look_up, columns))
        made = self._make(NUMBERS.products(lines, others))
        each = iter(made)
        length = len(rows[0])
        for row, line in zip(rows, lines, strict=True):
            for column, other in zip(columns, others, strict=True):
                number = next(each)
                self._connect([number] * (2 * length), [*row, *column], other + line)
        self.macs = self.macs._replace(inputs=self.macs.inputs + 2 * length * len(made))
        return made

    # of windows

    def max_unpool(self, x: Map, pooled: Map, windows: WindowSettings, sizes: tuple[int, ...]) -> Map:
        return put_back(x, pooled, sizes, self.padding_element(0.0))

    def sample(self, channels: Sequence[Values], sizes: tuple[int, ...], points: Sequence[Values]) -> list[Values]:
        places = list(map(self.look_up, points))
        made = [self._make(each) for each in NUMBERS.sample(list(map(self.look_up, channels)), sizes, places)]
        for number, (place, point) in enumerate(zip(zip(*places, strict=True), zip(*points, strict=True), strict=True)):
            for corner in corners_of(sizes, place):
                for channel, read in zip(channels, made, strict=True):
                    x = self.values[channel[corner.at]]
                    slopes = [corner.share, corner.by_row * x, corner.by_column * x]
                    self._connect([read[number]] * 3, [channel[corner.at], *point], slopes)
        return made


def _cut(a: Values) -> Iterator[Values]:
    """A list in pieces; one that is short as it is."""
    return iter([a]) if len(a) <= PIECE else (a[at : at + PIECE] for at in range(0, len(a), PIECE))
