"""What a comparison says: the costs of a layer, or of a network, one way and another."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from cnncalc.analysis.expect import PROMISES
from cnncalc.analysis.report import LayerReport, ReceptiveField, Report
from cnncalc.layers.base import Shape


class Side(NamedTuple):
    """One way of a layer or a network."""

    settings: str
    parameters: int
    macs: int
    multiplications: int
    activations: int
    output: Shape
    receptive_field: tuple[int, ...] | None
    path: str = ""


class Closed(NamedTuple):
    """A ratio in closed form: its summands, as they are written and added up."""

    text: str
    value: Fraction


class Row(NamedTuple):
    """A layer one way and the other; a side is None where the layer is not there."""

    path: str
    before: Side | None
    after: Side | None
    note: str = ""  # why it is left as it is
    closed: Closed | None = None

    @property
    def ratio(self) -> Fraction | None:
        """Multiplications after by those before, None where one is not there."""
        if self.before is None or self.after is None or not self.before.multiplications:
            return None
        return Fraction(self.after.multiplications, self.before.multiplications)


class Comparison(NamedTuple):
    """All rows, and the networks as wholes."""

    name: str
    rows: tuple[Row, ...]
    before: Side
    after: Side


def layer_side(layer: LayerReport) -> Side:
    """The costs of a layer."""
    return Side(
        repr(layer.layer), layer.parameters, layer.work.macs, layer.work.multiplications, layer.activations,
        layer.output, _size(layer.receptive_field), layer.path,
    )  # fmt: skip


def network_side(report: Report) -> Side:
    """The costs of a whole network; its receptive field is that of the last map."""
    totals = report.totals
    return Side(
        "", totals.parameters, totals.work.macs, totals.work.multiplications, totals.activations, report.output,
        PROMISES["receptive_field"](report) or None,
    )  # fmt: skip


def _size(field: ReceptiveField | None) -> tuple[int, ...] | None:
    return field.size if field else None
