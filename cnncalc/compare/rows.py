"""The results of `compare`: figures and ratios of layers, of several layers together, and of networks."""

from __future__ import annotations

from fractions import Fraction

from cnncalc import limits
from cnncalc.analysis.figures import FIGURES, Dtype, Figure, Value
from cnncalc.analysis.folding import Row
from cnncalc.analysis.report import Report
from cnncalc.compare.spatial_weights import Fit
from cnncalc.errors import CnncalcError
from cnncalc.records import NamedTuple

Side = Row | Report | None  # None if the layer is only in the other network


class ClosedForm(NamedTuple):
    """A ratio in closed form: its summands as a string, and their sum."""

    text: str
    value: Fraction


class Replacement(NamedTuple):
    """A convolution and its replacement, or a note why it is kept."""

    path: str
    before: Row
    after: Row
    note: str = ""
    closed: ClosedForm | None = None
    fit: Fit | None = None  # of the weights that the file gives

    @property
    def ratio(self) -> Fraction | None:
        """The multiplications after divided by those before, None without multiplications."""
        return divide(self.before, self.after)


class Comparison(NamedTuple):
    """A network before and after some of its convolutions are replaced."""

    name: str
    rows: tuple[Replacement, ...]
    before: Report
    after: Report

    @property
    def ratio(self) -> Fraction | None:
        """The multiplications after divided by those before."""
        return divide(self.before, self.after)


def require_comparable(layers: int) -> None:
    """Raises CnncalcError if the compared networks have too many layers together."""
    if layers > limits.COMPARED_LAYERS:
        most = f"{limits.COMPARED_LAYERS:,}"
        raise CnncalcError(f"the compared networks have {layers:,} layers together, and `compare` takes at most {most}")


def measure(figure: Figure, side: Side, dtype: Dtype = Dtype.float32) -> Value:
    """A figure of layers or of a network, None if both are absent."""
    if side is None:
        return None
    return side.measure(figure, dtype) if isinstance(side, Row) else figure.measure_network(side, dtype)


def divide(before: Side, after: Side, figure: Figure = FIGURES["multiplications"]) -> Fraction | None:
    """The ratio of a figure after to before, None if it is undefined."""
    return divide_values(measure(figure, before), measure(figure, after))


def divide_values(before: Value, after: Value) -> Fraction | None:
    """The ratio of the value after to the one before, None if it is undefined."""
    numbers = isinstance(before, int | Fraction) and isinstance(after, int | Fraction)
    return Fraction(after, before) if numbers and before else None
