"""The costs of a network by the kinds of its layers."""

from __future__ import annotations

from cnncalc.analysis.report import Costs, Report
from cnncalc.records import NamedTuple


class OfKind(NamedTuple):
    """All layers of a kind: how many there are, and their costs together."""

    kind: str
    layers: int
    costs: Costs


def sum_by_kind(report: Report) -> list[OfKind]:
    """The kinds that have weights or macs, those with the most macs first."""
    found: dict[str, list[Costs]] = {}
    for layer in report.layers:
        found.setdefault(layer.kind, []).append(layer.costs)
    kinds = [OfKind(kind, len(costs), Costs.together(costs)) for kind, costs in found.items()]
    costly = [each for each in kinds if each.costs.weights or each.costs.work.macs]
    return sorted(costly, key=lambda each: (-each.costs.work.macs, -each.costs.weights))
