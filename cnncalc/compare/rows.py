"""What a comparison states: a layer, several together, or a network, one way and another."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from cnncalc.analysis.figures import FIGURES, Dtype, Figure, Value
from cnncalc.analysis.folding import Row
from cnncalc.analysis.report import Report

Side = Row | Report | None  # None where the layer is only in the other network


class ClosedForm(NamedTuple):
    """A ratio in closed form: its summands as text, and their sum."""

    text: str
    value: Fraction


class Replacement(NamedTuple):
    """A convolution and its replacement, or a note why it is left as it is."""

    path: str
    before: Row
    after: Row
    note: str = ""
    closed: ClosedForm | None = None

    @property
    def ratio(self) -> Fraction | None:
        """Multiplications after by those before, None where there are none."""
        return divide(self.before, self.after)


class Comparison(NamedTuple):
    """A network before and after some of its convolutions are replaced."""

    name: str
    rows: tuple[Replacement, ...]
    before: Report
    after: Report

    @property
    def ratio(self) -> Fraction | None:
        """Multiplications after by those before."""
        return divide(self.before, self.after)


def measure(figure: Figure, side: Side, dtype: Dtype = Dtype.float32) -> Value:
    """A figure of layers or of a network, None where there is neither."""
    if side is None:
        return None
    return side.measure(figure, dtype) if isinstance(side, Row) else figure.measure_network(side, dtype)


def divide(before: Side, after: Side, figure: Figure = FIGURES["multiplications"]) -> Fraction | None:
    """How many times as much of a figure it is after, None where there is no such ratio."""
    return divide_values(measure(figure, before), measure(figure, after))


def divide_values(before: Value, after: Value) -> Fraction | None:
    """How many times as much it is after, None where there is no such ratio."""
    return Fraction(after, before) if isinstance(before, int) and isinstance(after, int) and before else None
