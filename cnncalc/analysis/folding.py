"""Folding the groups of a report below a depth: the rows of `summary` and `compare`, with their figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

from cnncalc.analysis.figures import Dtype, Figure, Value
from cnncalc.analysis.report import NO_COSTS, Costs, LayerReport, Report
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import INPUT_NAME, Group
from cnncalc.records import NamedTuple

READABLE = 40  # rows of a table that is still easy to read


class Row(NamedTuple):
    """A layer, a folded group, or (`head`) the heading of a group that is not folded.

    Every layer is in exactly one row that is not a heading, so that columns add up to the totals.
    """

    label: str
    indent: int
    path: str
    kind: str
    settings: str
    line: int | None
    inputs: tuple[Shape, ...]
    output: Shape | None
    costs: Costs
    result: LayerReport | None  # the layer whose output is the output of the row
    inside: tuple[LayerReport, ...]  # the layers in the row
    shares: str = ""
    head: bool = False
    rounds: int = 0  # of a repeat that is folded

    @property
    def title(self) -> str:
        """The label, with the number of repetitions."""
        return f"{self.label} ×{self.rounds}" if self.rounds else self.label

    def measure(self, figure: Figure, dtype: Dtype = Dtype.float32) -> Value:
        """A figure of the layers in the row combined, or of the one with the row's output."""
        value: Value
        if self.head:
            value = None
        elif figure.of_several:
            value = figure.of_several(self.inside, dtype)
        elif figure.together == "last":
            value = figure.measure_layer(self.result, dtype) if self.result else None
        elif figure.of_costs and figure.together == "sum":
            value = figure.of_costs(self.costs, dtype)
        else:
            value = figure.combine([figure.measure_layer(layer, dtype) for layer in self.inside])
        return value


class Nest(NamedTuple):
    """A group that is shown, combined with inner groups of the same layers; `inner` is the path of the innermost.

    A repeat that adds no component to the paths of its layers has no path, and its rounds are not shown.
    """

    path: str
    inner: str
    form: str
    title: str
    first: int
    last: int
    result: int | None
    rounds: int


def fold(report: Report, depth: int | None) -> list[Row]:
    """The rows down to a depth, 1 for the outermost level only; None chooses the largest readable depth."""
    groups = _list_nests(report)
    return list(_walk(report, groups, depth or _find_readable_depth(report, groups)))


def make_row(layer: LayerReport, label: str = "", indent: int = 0, *, alone: bool = False) -> Row:
    """The row of a layer. If `alone` in a group, its label is the group's, and its settings begin with the kind."""
    settings = _summarize(layer.layer, layer.axes)
    settings = f"{layer.kind} {settings}".rstrip() if alone else settings
    return Row(
        label or layer.path, indent, layer.path, layer.kind, settings, layer.line, layer.inputs, layer.output,
        layer.costs, layer, (layer,), layer.shares,
    )  # fmt: skip


@lru_cache(maxsize=1000)  # equal layers are often repeated
def _summarize(layer: Layer, axes: int) -> str:
    return layer.summarize_settings(axes)


def _list_nests(report: Report) -> list[Nest]:
    """The groups to show, outermost first.

    A group of a single layer is not shown, nor one with the same layers as the group around it, unless it is a repeat.
    """
    end = len(report.layers)
    nests: list[Nest] = []
    around: dict[tuple[int, int], int] = {}  # (first, last) → the index of the group with these layers
    for group in sorted(report.groups, key=lambda group: (group.first, group.depth)):
        span = first, last = group.first, min(group.last, end)
        outer = around.get(span)
        if last - first <= 1 or (group.form == "round" and not group.path):
            continue
        if outer is None or group.form == "repeat":
            around[span] = len(nests)
            title = _find_title(group)
            nests.append(Nest(group.path, group.path, group.form, title, first, last, group.result, group.rounds))
        else:
            nests[outer] = nests[outer]._replace(inner=group.path, title=nests[outer].title or _find_title(group))
    return _title_rounds(nests)


def _find_title(group: Group) -> str:
    """The title of a group, "" if its path already contains it: `body`, `bottleneck1`, the number of a round."""
    name = group.path.rpartition(".")[2]
    return "" if group.title in (name, name.rstrip("0123456789")) else group.title


def _title_rounds(groups: list[Nest]) -> list[Nest]:
    """Give each repeat without a title the common part of the titles of its rounds."""
    repeats = {
        group.path: place
        for place, group in enumerate(groups)
        if group.form == "repeat" and group.path and not group.title
    }
    titles: dict[int, str] = {}
    for group in groups:
        place = repeats.get(group.path.rpartition(".")[0])
        if place is not None:
            titles[place] = _find_common(titles.get(place, group.title), group.title)
    for place, title in titles.items():
        groups[place] = groups[place]._replace(title=title)
    return groups


def _find_common(one: str, other: str) -> str:
    """The common first arguments of two calls: `unit(64, …)` for `unit(64, 2)` and `unit(64, 1)`."""
    if one == other:
        return one
    name, _, first = one.rstrip(")").partition("(")
    if name != other.partition("(")[0]:
        return ""
    pairs = zip(first.split(", "), other.rstrip(")").partition("(")[2].split(", "), strict=False)
    same = [a for a, _ in takewhile(lambda pair: pair[0] == pair[1] != "…", pairs)]
    return f"{name}({', '.join([*same, '…'])})"


def _find_readable_depth(report: Report, groups: list[Nest]) -> int:
    """The largest depth with at most READABLE rows, at least 1."""
    layers: Counter[int] = Counter()
    folded: Counter[int] = Counter()
    heads: Counter[int] = Counter()
    enclosing: list[Nest] = []
    ahead = iter([*groups, None])
    group = next(ahead)
    for index in range(len(report.layers)):
        while enclosing and enclosing[-1].last <= index:
            enclosing.pop()
        while group and group.first == index:
            folded[len(enclosing)] += 1
            heads[len(enclosing)] += group.form != "repeat"
            enclosing.append(group)
            group = next(ahead)
        layers[len(enclosing)] += 1
    shown = layers[0]
    for depth in range(1, max(layers, default=0) + 1):
        deeper = shown + heads[depth - 1] + layers[depth]
        if deeper + folded[depth] > READABLE:
            return depth
        shown = deeper
    return max(layers, default=0) + 1


def _walk(report: Report, groups: list[Nest], depth: int) -> Iterator[Row]:
    """The rows in order. The rounds of a repeat that is not folded have no heading for the repeat."""
    layers = report.layers
    ones = [group for group in reversed(report.groups) if group.path and group.last - group.first == 1]
    alone = {group.first: group.path for group in ones}
    enclosing: list[Nest] = []
    heads: list[Nest] = []
    index = ahead = 0
    while index < len(layers):
        while enclosing and enclosing[-1].last <= index:
            if enclosing.pop() is (heads[-1] if heads else None):
                heads.pop()
        above = heads[-1].inner if heads else ""
        if ahead < len(groups) and groups[ahead].first == index:
            group = groups[ahead]
            ahead += 1
            if len(enclosing) + 1 < depth:
                if group.form != "repeat":
                    yield _make_head(group, _cut_path(above, group.inner), len(heads), layers[index].line)
                    heads.append(group)
                enclosing.append(group)
                continue
            label = _make_label(report, group, above)
            index = min(group.last, len(layers))
            while ahead < len(groups) and groups[ahead].first < index:
                ahead += 1
            yield _fold_group(report, group, label, len(heads))
        else:
            layer = layers[index]
            path = alone.get(index, layer.path)
            yield make_row(layer, _cut_path(above, path) or layer.kind, len(heads), alone=index in alone)
            index += 1


def _cut_path(above: str, path: str) -> str:
    """The part of a path below another, "" if they are equal."""
    return path[len(above) :].lstrip(".") if above and (path + ".").startswith(above + ".") else path


def _make_label(report: Report, group: Nest, above: str) -> str:
    """The label of a folded group: the end of its path, or those of its first and last layer, e.g. `conv1…relu3`."""
    if group.path:
        return _cut_path(above, group.path)
    return _name_span(report.layers[group.first : group.last], above)


def _name_span(layers: Sequence[LayerReport], above: str = "") -> str:
    """The first and the last path of several layers."""
    return f"{_cut_path(above, layers[0].path)}…{_cut_path(above, layers[-1].path)}"


def _make_head(group: Nest, label: str, indent: int, line: int) -> Row:
    return Row(label, indent, group.path, group.form, group.title, line, (), None, NO_COSTS, None, (), head=True)


def _fold_group(report: Report, group: Nest, label: str, indent: int) -> Row:
    """The row of a folded group: the sums of its layers, the output and receptive field of its result."""
    inside = report.layers[group.first : group.last]
    at = len(report.layers) if group.result is None else group.result
    result = report.layers[at] if 0 <= at < len(report.layers) else None
    passed = dict(zip(report.input_labels, report.inputs.values(), strict=True))  # where the group changes nothing
    output = result.output if result else passed.get(at)
    title = group.title or _describe_contents(group, inside)
    first, costs = inside[0], Costs.together(layer.costs for layer in inside)
    return Row(
        label, indent, group.path or _name_span(inside), group.form, title, first.line, first.inputs[:1], output, costs,
        result, inside, rounds=group.rounds if group.form == "repeat" else 0,
    )  # fmt: skip


def _describe_contents(group: Nest, layers: tuple[LayerReport, ...]) -> str:
    """Describe the contents of a group without a title; for a repeat, those of a round."""
    if group.form == "merge":
        return f"{len(layers[-1].inputs)} branches"
    if group.form == "outputs":
        return "named outputs"
    if group.rounds and len(layers) % group.rounds == 0:
        layers = layers[: len(layers) // group.rounds]
    first, *others = layers[:3]
    kinds = [
        f"{first.kind} {first.layer.summarize_settings(first.axes)}".rstrip(),
        *(layer.kind for layer in others),
    ]
    return " → ".join(kinds) + (" → …" if len(layers) > 3 else "")


def restrict(report: Report, paths: Collection[str]) -> Report:
    """The report of some of the layers, as if they were the network."""
    kept = [index for index, layer in enumerate(report.layers) if layer.path in paths]
    places = {index: place for place, index in enumerate(kept)}
    layers = tuple(report.layers[index] for index in kept)
    groups = []
    for group in report.groups:
        inside = [places[index] for index in range(group.first, min(group.last, len(report.layers))) if index in places]
        if inside:
            result = None if group.result is None else places.get(group.result, inside[-1])
            groups.append(group._replace(first=inside[0], last=inside[-1] + 1, result=result))
    first, last = layers[0], layers[-1]
    costs = Costs.together(layer.costs for layer in layers)
    return report._replace(
        inputs={INPUT_NAME: next(iter(first.inputs), first.output)},
        output=last.output,
        outputs={},
        layers=layers,
        groups=tuple(groups),
        totals=costs,
        ends=(),
    )
