"""A part of a network as a network of its own: what one group does, for a figure of it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.analysis.report import Costs
from cnncalc.errors import UsageError
from cnncalc.network import INPUT_NAME

if TYPE_CHECKING:
    from collections.abc import Collection

    from cnncalc.analysis.report import LayerReport, Report
    from cnncalc.layers.base import Shape
    from cnncalc.network import Group


def take_part(report: Report, paths: Collection[str], name: str) -> Report:
    """The report of the layers with these paths, which follow one another. Raises UsageError if they do not.

    What they read from other layers are the inputs; what other layers read of them, the outputs.
    """
    places = [index for index, layer in enumerate(report.layers) if layer.path in paths]
    first, last = places[0], places[-1] + 1
    if len(places) != last - first:
        raise UsageError(f"{name!r} names layers that do not follow one another; a figure shows one layer or group")
    chosen = report.layers[first:last]
    read = [source for layer in chosen for source in layer.sources if source < first]
    inputs = {source: place for place, source in enumerate(dict.fromkeys(read))}
    layers = tuple(
        layer._replace(
            sources=tuple(source - first if source >= first else -1 - inputs[source] for source in layer.sources)
        )
        for layer in chosen
    )
    ends = _find_ends(report, first, last)
    return report._replace(
        name=f"{name} of {report.name}" if report.name else name,
        inputs={_name_input(report, source, len(inputs)): _shape_of(report, source) for source in inputs},
        output=layers[ends[0]].output,
        outputs={},
        layers=layers,
        groups=_list_groups(report, chosen, first, last),
        totals=Costs.together(layer.costs for layer in layers),
        ends=ends,
    )


def _find_ends(report: Report, first: int, last: int) -> tuple[int, ...]:
    """What is read outside, the last of them first; else the last layer."""
    read = {source for layer in report.layers[last:] for source in layer.sources} | {*report.ends}
    ends = sorted((index - first for index in range(first, last) if index in read), reverse=True)
    return tuple(ends) or (last - 1 - first,)


def _name_input(report: Report, source: int, count: int) -> str:
    """The name of an input: its layer, if there are several."""
    if count == 1:
        return INPUT_NAME
    return report.layers[source].path if source >= 0 else report.input_labels[source]


def _shape_of(report: Report, source: int) -> Shape:
    return report.layers[source].output if source >= 0 else [*report.inputs.values()][-1 - source]


def _list_groups(report: Report, chosen: tuple[LayerReport, ...], first: int, last: int) -> tuple[Group, ...]:
    """The groups inside, without those that contain all of the part by their paths."""
    parts = [layer.path.split(".")[:-1] for layer in (chosen[0], chosen[-1])]
    common = 0
    while all(len(each) > common for each in parts) and parts[0][common] == parts[1][common]:
        common += 1
    around = ".".join(parts[0][:common]) + "."
    inside = [group for group in report.groups if first <= group.first and group.last <= last]
    outer = [group.depth for group in inside if group.path and around.startswith(group.path + ".")]
    least = max(outer, default=-1) + 1
    kept = [group for group in inside if group.depth >= least and group.first < last]
    least = min((group.depth for group in kept), default=0)
    return tuple(
        group._replace(
            first=group.first - first,
            last=group.last - first,
            depth=group.depth - least,
            result=None if group.result is None else max(group.result - first, -1),
        )
        for group in kept
    )
