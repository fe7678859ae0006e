"""What groups of layers hold, as the tables of papers print it: `1×1, 64 → 3×3, 64 → 1×1, 256`.

Of a merge, the branch with the most layers that have weights is taken, as papers leave out a shortcut's projection; of
a concatenation all branches are, separated by `|`; what an input is multiplied by is a gate. Layers without weights are
left out, but for pools and softmax.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.layers.arguments import collapse, format_short
from cnncalc.network import Group
from cnncalc.records import NamedTuple

SHOWN = ("softmax", "global_avg_pool", "global_max_pool", "adaptive_avg_pool", "adaptive_max_pool", "upsample")
UNITS = ("block", "round")  # groups of several layers that are one part
GATE = "gate"  # of channels or positions, by which the input is multiplied
LONGEST_UNIT = 12  # layers that are written out
TOGETHER = ("concat", "stack")  # merges of which every branch is shown


class Part(NamedTuple):
    """A layer, or several in a row that form a unit, and how many times it occurs.

    `weighted` are the layers with weights in it.
    """

    text: str
    times: int = 1
    is_unit: bool = False
    weighted: int = 0

    def __str__(self) -> str:
        """`[3×3, 64 → 3×3, 64] ×2`."""
        text = f"[{self.text}]" if self.is_unit else self.text
        return f"{text} ×{self.times}" if self.times > 1 else text


def describe_layer(layer: LayerReport) -> str:
    """One layer, "" for one that is left out: `3×3, 64`, `linear 1000`, `max pool 3×3, stride 2`."""
    is_weighted = bool(layer.work.macs and layer.layer.weights(layer.inputs))
    is_pool = layer.kind.endswith("_pool")
    if not (is_weighted or is_pool or layer.kind in SHOWN):  # most are left out
        return ""
    name = layer.kind.replace("_", " ")
    arguments = layer.arguments
    sizes = arguments.get("kernel")
    kernel = format_sizes(sizes) if isinstance(sizes, tuple) else ""
    strides = arguments.get("stride", 1)
    stride = "" if collapse(strides) == 1 else f", stride {format_short(collapse(strides))}"
    if is_weighted:
        if not kernel:
            return f"{name} {layer.output[0]}"
        prefix = "" if layer.kind == "conv" else name.removesuffix(" conv") + " "
        groups = arguments.get("groups", 1)
        return f"{prefix}{kernel}, {layer.output[0]}" + (f", {groups} groups" if groups != 1 else "") + stride
    return name if layer.kind in SHOWN else f"{name} {kernel}{stride}"


def format_sizes(sizes: Sequence[object]) -> str:
    """`3×3`."""
    return "×".join(map(str, sizes))


class Contents:
    """What the layers and groups of a network hold."""

    def __init__(self, report: Report) -> None:
        self.report = report
        known = (group for group in report.groups if group.first < group.last)
        self.groups = sorted(known, key=lambda group: (group.first, group.depth))  # outer ones before inner ones
        self.firsts = [group.first for group in self.groups]

    def describe(self, first: int, last: int, depth: int = -1, *, repeated: bool = False) -> list[Part]:
        """The parts of a span, in which groups deeper than `depth` are looked at; `repeated` ones are units."""
        return list(merge_parts(self._iterate(first, last, depth, repeated)))

    def _iterate(self, first: int, last: int, depth: int, repeated: bool) -> Iterator[Part]:
        at = first
        for group in self.list_outermost(first, last, depth):
            yield from self._describe_layers(at, group.first)
            yield from self._describe_group(group, repeated)
            at = group.last
        yield from self._describe_layers(at, last)

    def list_outermost(self, first: int, last: int, depth: int = -1) -> list[Group]:
        """The outermost groups in a span, of those that are deeper than `depth`."""
        found: list[Group] = []
        at = bisect_left(self.firsts, first)
        while at < len(self.groups) and self.firsts[at] < last:
            group = self.groups[at]
            if group.depth > depth and group.last <= last:
                found.append(group)
                at = bisect_left(self.firsts, group.last, at)
            else:
                at += 1
        return found

    def _describe_layers(self, first: int, last: int) -> Iterator[Part]:
        for layer in self.report.layers[first:last]:
            if text := describe_layer(layer):
                yield Part(text, weighted=int(bool(layer.work.macs)))

    def _describe_group(self, group: Group, repeated: bool) -> Iterator[Part]:
        if group.form == "merge":
            yield from self._describe_merge(group)
            return
        parts = self.describe(group.first, group.last, group.depth, repeated=group.form == "repeat")
        count = sum(part.times for part in parts)
        is_plain = not any(part.is_unit for part in parts) and 1 < count <= LONGEST_UNIT
        if group.form in UNITS and is_plain and (repeated or count == len(parts)):
            yield make_unit(parts)
        else:
            yield from parts

    def _describe_merge(self, group: Group) -> Iterator[Part]:
        branches = [
            self.describe(each.first, each.last, each.depth)
            for each in self.list_outermost(group.first, group.last, group.depth)
            if each.form == "branch"
        ]
        branches = [branch for branch in branches if branch]
        merge = self.report.layers[group.last - 1]
        kind = merge.kind
        if kind == "multiply" and len(branches) < len(merge.sources):
            yield Part(GATE)
            return
        if kind in TOGETHER and len(branches) > 1:
            texts = [join_parts(branch) for branch in branches]
            yield Part(" | ".join(texts), 1, True, sum(part.weighted for branch in branches for part in branch))
        elif branches:
            yield from max(branches, key=lambda parts: sum(part.weighted * part.times for part in parts))


def make_unit(parts: Sequence[Part]) -> Part:
    """Layers in a row as one part."""
    each = [part._replace(times=1) for part in parts for _ in range(part.times)]
    return Part(join_parts(each), 1, True, sum(part.weighted for part in each))


def merge_parts(parts: Iterable[Part]) -> Iterator[Part]:
    """Equal parts that follow one another, as one; a stride in the first of them is that of a stage, and left out."""
    for _, same in groupby(parts, key=lambda part: (without_strides(part.text), part.is_unit)):
        listed = list(same)
        first = listed[0] if len(listed) == 1 else listed[-1]
        yield first._replace(times=sum(part.times for part in listed))


def without_strides(text: str) -> str:
    """The text of a part without its strides."""
    if ", stride" not in text:
        return text
    return " → ".join(each.partition(", stride")[0] for each in text.split(" → "))


def join_parts(parts: Sequence[Part]) -> str:
    """The parts in a row."""
    return " → ".join(map(str, parts))
