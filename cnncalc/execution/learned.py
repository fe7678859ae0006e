"""Learned numbers on a tape: those that a kind computes with, and rows of them that elements are multiplied with."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.layers.ops import Values

if TYPE_CHECKING:
    from cnncalc.execution.tape import Tape

Row = Sequence[Any]  # numbers, or learned numbers


class Learned:
    """An element that is a learned number. A kind may compute with it as with a float, before it is used."""

    __slots__ = ("at", "tape")

    def __init__(self, at: int, tape: Tape) -> None:
        self.at = at
        self.tape = tape

    def __index__(self) -> int:
        return self.at

    def __float__(self) -> float:
        raise TypeError("a learned number is no constant")

    def __bool__(self) -> bool:
        return self.tape.values[self.at] != 0

    def __add__(self, other: Any) -> Learned:
        return self._join(self.tape.add, other)

    def __sub__(self, other: Any) -> Learned:
        return self._join(self.tape.subtract, other)

    def __rsub__(self, other: Any) -> Learned:
        return Learned(self.tape.lift(other), self.tape) - self

    def __mul__(self, other: Any) -> Learned:
        return self._join(self.tape.multiply, other)

    def __truediv__(self, other: Any) -> Learned:
        return self._join(self.tape.divide, other)

    def __rtruediv__(self, other: Any) -> Learned:
        return Learned(self.tape.lift(other), self.tape) / self

    def __pow__(self, exponent: float) -> Learned:
        return Learned(self.tape.power([self], exponent)[0], self.tape)

    __radd__ = __add__
    __rmul__ = __mul__

    def _join(self, join: Callable[[Values, Values], Values], other: Any) -> Learned:
        return Learned(join([self], [self.tape.lift(other)])[0], self.tape)


class LearnedRow:
    """A row of weights: its numbers, and the sums of its gradients."""

    def __init__(self, row: Row, tape: Tape) -> None:
        self.row = row
        self.values = list(_read_weights(row, tape))
        self.elements = array("i")
        self.sums: list[float] = []

    def seal(self) -> None:
        """Keep the indexes of the learned numbers in place of them, when no kind knows their list any more."""
        self.elements.extend(each.at if isinstance(each, Learned) else -1 for each in self.row)
        self.row = ()
        self.sums = [0.0] * len(self.values)

    def give(self, gradients: array[float]) -> None:
        """Add the sums to the gradients of the learned numbers."""
        for at, total in zip(self.elements, self.sums, strict=True):
            if at >= 0:
                gradients[at] += total
        self.sums = []


class LearnedRows:
    """Rows with which elements are multiplied, and what is added, as numbers and as elements; None for a constant."""

    def __init__(self, rows: Sequence[Row], biases: Sequence[Any] | None, read: list[LearnedRow], tape: Tape) -> None:
        self.kept: Any = rows, biases  # as their identities are known by
        self.rows = read
        self.length = len(rows[0])
        self.values = [row.values for row in read]
        self.biases = None if biases is None else list(_read_weights(biases, tape))
        self.learned = [bias.at if isinstance(bias, Learned) else None for bias in biases or [None] * len(read)]


def _read_weights(row: Row, tape: Tape) -> Iterator[float]:
    return (tape.values[each.at] if isinstance(each, Learned) else each for each in row)
