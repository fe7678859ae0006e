"""Architectures side by side: their totals, and the layers of two of them aligned as a diff is."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.network import INPUT, Network

MOST_ALIGNED = 3_000  # layers that are aligned by what they are; beyond, by their paths


class Subject(NamedTuple):
    """One architecture of a comparison."""

    label: str
    report: Report
    depth: int  # convolutions and linear layers on the longest way


class Aligned(NamedTuple):
    """Layers that stand beside one another: `same`, `changed`, or only `before` or only `after`."""

    state: str
    before: LayerReport | None
    after: LayerReport | None

    @property
    def path(self) -> str:
        """The path, that of the second architecture where there is one."""
        side = self.after or self.before
        return side.path if side else ""


def subject(label: str, network: Network, report: Report) -> Subject:
    """What is said of an architecture as a whole."""
    return Subject(label, report, depth(network, report))


def depth(network: Network, report: Report) -> int:
    """The most convolutions and linear layers on a way through the network; 50 for ResNet-50."""
    found = {INPUT: 0}
    for node, layer in zip(network.nodes, report.layers, strict=True):
        found[node.index] = max(found[source] for source in node.inputs) + (layer.work.macs > 0)
    return max(found.values())


def align(before: Report, after: Report) -> list[Aligned]:
    """Every layer of both, those that are alike beside one another."""
    old, new = before.layers, after.layers
    if max(len(old), len(new)) > MOST_ALIGNED:
        return list(_paired(old, new, [layer.path for layer in old], [layer.path for layer in new]))
    return list(_paired(old, new, [_token(layer) for layer in old], [_token(layer) for layer in new]))


def _token(layer: LayerReport) -> Hashable:
    return repr(layer.layer), layer.inputs, layer.output


def _paired(
    old: Sequence[LayerReport], new: Sequence[LayerReport], a: Sequence[Hashable], b: Sequence[Hashable]
) -> Iterator[Aligned]:
    """Blocks of equal tokens beside one another; in what lies between, layers of equal kinds."""
    for operation, i, last, j, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if operation == "equal":
            yield from map(_beside, old[i:last], new[j:end])
        else:
            yield from _changed(old[i:last], new[j:end])


def _changed(old: Sequence[LayerReport], new: Sequence[LayerReport]) -> Iterator[Aligned]:
    kinds = [layer.kind for layer in old], [layer.kind for layer in new]
    for operation, i, last, j, end in SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
        if operation == "equal":
            yield from map(_beside, old[i:last], new[j:end])
        else:
            yield from (Aligned("before", layer, None) for layer in old[i:last])
            yield from (Aligned("after", None, layer) for layer in new[j:end])


def _beside(one: LayerReport, other: LayerReport) -> Aligned:
    """Two layers of one kind; they are the same where all that is counted is, whatever their paths and fields."""
    same = (repr(one.layer), one.costs, one.output) == (repr(other.layer), other.costs, other.output)
    return Aligned("same" if same else "changed", one, other)
