"""The stages of several networks: what they compute at each size of their maps, as in the tables of papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cnncalc.analysis.contents import Contents, Part, join_parts, merge_parts
from cnncalc.analysis.report import Report
from cnncalc.compare.side_by_side import ComparedNetwork
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

Span = tuple[int, int]  # the first of some layers, and the first after them
Key = tuple[Shape, int]  # the sizes of a stage, and how many stages of these sizes come before


class Stage(NamedTuple):
    """The layers whose outputs have the same sizes: the path of the costliest item, its output, and what they hold."""

    name: str
    output: Shape
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        """What the stage holds, in one line."""
        return join_parts(self.parts)


class StageRow(NamedTuple):
    """One size, and the stage of each network at it, None for a network without one."""

    sizes: Shape  # () where the outputs are flat
    stages: tuple[Stage | None, ...]

    @property
    def name(self) -> str:
        """The name in the first network that has the stage."""
        return next(stage.name for stage in self.stages if stage is not None)


def list_stages(networks: Sequence[ComparedNetwork]) -> list[StageRow]:
    """A row for each size, in the order of the networks; a size that the first lacks comes after the one before it."""
    found = [split_stages(network.report) for network in networks]
    keys: list[Key] = []
    for stages in found:
        keys = _merge(keys, list(stages))
    return [StageRow(key[0], tuple(stages.get(key) for stages in found)) for key in keys]


def _merge(keys: list[Key], more: list[Key]) -> list[Key]:
    """Both lists in one, each key once."""
    known = {key: at for at, key in enumerate(keys)}
    found: list[Key] = []
    at = 0
    for key in more:
        if key not in known:
            found.append(key)
        elif known[key] >= at:
            found += keys[at : known[key] + 1]
            at = known[key] + 1
    return found + keys[at:]


def split_stages(report: Report) -> dict[Key, Stage]:
    """The stages of a network, one after another, by their sizes."""
    contents = Contents(report)
    names = {(group.first, group.last): group.path for group in reversed(report.groups) if group.path}
    found: dict[Key, Stage] = {}
    times: Counter[Shape] = Counter()
    for sizes, spans in _group_spans(report, _list_spans(report, contents)):
        parts = [part for span in spans for part in contents.describe(*span)]
        if parts:
            costliest = max(spans, key=lambda span: sum(each.work.macs for each in report.layers[slice(*span)]))
            times[sizes] += 1
            output = report.layers[spans[-1][1] - 1].output
            name = names.get(costliest) or report.layers[costliest[1] - 1].path
            found[sizes, times[sizes]] = Stage(name, output, tuple(merge_parts(parts)))
    return found


def _list_spans(report: Report, contents: Contents) -> list[Span]:
    """The outermost groups, and the layers between them."""
    spans: list[Span] = []
    at, end = 0, len(report.layers)
    for group in contents.list_outermost(0, end):
        spans += [(each, each + 1) for each in range(at, group.first)]
        spans.append((group.first, group.last))
        at = group.last
    return spans + [(each, each + 1) for each in range(at, end)]


def _group_spans(report: Report, spans: Sequence[Span]) -> Iterator[tuple[Shape, list[Span]]]:
    """The spans that follow one another with the same sizes; what is flat belongs to a map of one position before."""
    own: list[Span] = []
    before: Shape = ()
    for span in spans:
        sizes = report.layers[span[1] - 1].output[1:]
        if own and sizes != before and (sizes or set(before) != {1}):
            yield before, own
            own = []
        before = before if own else sizes
        own.append(span)
    if own:
        yield before, own
