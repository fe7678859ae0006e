"""What a comparison states: a layer, or a network, one way and another, each as its report."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from cnncalc.analysis.figures import Dtype, Figure, Value
from cnncalc.analysis.report import LayerReport, Report

Side = LayerReport | Report | None  # None where the layer is only in the other network


class ClosedForm(NamedTuple):
    """A ratio in closed form: its summands as text, and their sum."""

    text: str
    value: Fraction


class Row(NamedTuple):
    """A layer one way and the other; a side is None where the layer is not there."""

    path: str
    before: LayerReport
    after: LayerReport
    note: str = ""  # why it is left as it is
    closed: ClosedForm | None = None

    @property
    def ratio(self) -> Fraction | None:
        """Multiplications after by those before, None where there are none."""
        return divide(self.before.work.multiplications, self.after.work.multiplications)


class Comparison(NamedTuple):
    """All rows, and the networks as a whole."""

    name: str
    rows: tuple[Row, ...]
    before: Report
    after: Report


def measure(figure: Figure, side: Side, dtype: Dtype = Dtype.float32) -> Value:
    """A figure of a layer or of a network, None where there is neither."""
    if side is None:
        return None
    return figure.measure_layer(side, dtype) if isinstance(side, LayerReport) else figure.measure_network(side, dtype)


def divide(before: Value, after: Value) -> Fraction | None:
    """How many times as much it is after, None where that cannot be said."""
    return Fraction(after, before) if isinstance(before, int) and isinstance(after, int) and before else None
