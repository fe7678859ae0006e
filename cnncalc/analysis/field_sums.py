"""The arithmetic of receptive fields for `explain`: how each layer enlarges it, and the steps from the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from cnncalc import limits
from cnncalc.analysis.input_view import InputView, views
from cnncalc.analysis.lines import Line, Sum, to_sum
from cnncalc.analysis.report import LayerReport, ReceptiveField, Report, Seen
from cnncalc.layers.base import Layer, Shapes
from cnncalc.layers.reach import (
    AdaptiveWindow,
    EveryPosition,
    Everywhere,
    Folded,
    Resample,
    Rule,
    TransposedWindow,
    Window,
)
from cnncalc.layers.term import Term, gcd
from cnncalc.layers.trace import AXES, AXIS_NAMES, name_sizes, to_formula, trace
from cnncalc.layers.window import ceil_divide
from cnncalc.network import Network, positions_of
from cnncalc.records import NamedTuple

T = TypeVar("T")


class Step(NamedTuple):
    """One layer on the path from the input; `axis` is "" if all axes have the same steps."""

    path: str
    numbers: str
    result: int
    remark: str = ""
    axis: str = ""


def compute_growth(rule: Rule, j: int) -> int:
    """What a layer adds to the size of the receptive field; j is the step between its input units."""
    if isinstance(rule, Window):
        return rule.dilation * (rule.kernel - 1) * j
    if isinstance(rule, TransposedWindow):  # the most inputs that add to one output
        if rule.dilation == 1:
            return (ceil_divide(rule.kernel, rule.stride) - 1) * j
        common = gcd(rule.stride, rule.dilation)
        return (ceil_divide(rule.kernel, rule.stride // common) - 1) * (rule.dilation // common) * j
    if isinstance(rule, Everywhere | Folded):
        return 0
    if isinstance(rule, EveryPosition):
        return (rule.size - 1) * j
    if isinstance(rule, Resample):
        return j if rule.growth == 1 else rule.growth * j
    if rule.output == 1:
        return (rule.input - 1) * j
    return ceil_divide(rule.input - gcd(rule.input, rule.output), rule.output) * j


def compute_rate(rule: Rule, j: int) -> int | None:
    """The step between the output units in input positions, None if it is not an integer."""
    if isinstance(rule, Window):
        return j * rule.stride
    if isinstance(rule, Everywhere | Folded):
        return j
    if isinstance(rule, EveryPosition):
        return 0
    if isinstance(rule, AdaptiveWindow):
        up, down = j * rule.input, rule.output
    elif isinstance(rule, Resample):
        if not rule.down:  # every output is the same position
            return None
        up, down = j * rule.down, rule.up
    else:
        up, down = j, rule.stride
    return up // down if int(up) % int(down) == 0 else None


def explain_field(network: Network, report: Report, index: int) -> list[Line]:
    """The lines of a layer's receptive field; where the network has several inputs, those of each that reaches it."""
    found: list[Line] = []
    for view in views(network, report, index):
        own = f", {view.name}" if len(network.inputs) > 1 else ""
        found += [line._replace(label=line.label and line.label + own) for line in _make_lines(view, index)]
    return found


def _make_lines(view: InputView, index: int) -> list[Line]:
    seen = view.seen(index)
    before = [view.field(source) for source in view.sources(index)]
    after = seen.receptive_field
    if after is None or not after.size:
        return [Line("receptive field", (), _describe_whole(view, seen))]
    layer = view.report.layers[index]
    rules = _find_rules(layer)
    if len(layer.inputs) > 1 and rules is None:
        return _make_merged_lines(view, index, before)
    if rules is None:
        return [Line("receptive field", (), _describe_whole(view, seen) if seen.whole else _describe_unchanged(after))]
    field = view.field(_find_widest(view, index)) if len(before) > 1 else before[0]
    if field is None or not all(isinstance(step, int) for step in field.stride) or field.varies:
        return [Line("receptive field", (), _describe_unchanged(after, "followed unit by unit: "))]
    if not after.exact and any(compute_rate(rule, 1) is None for rule in rules):
        return [Line("receptive field", (), _describe_unchanged(after, "followed unit by unit: "))]
    if len(before) > 1 and any(each != field for each in before):
        return [Line("receptive field", (), _describe_unchanged(after, "followed unit by unit: "))]
    lines = _make_computed_lines(rules, field, after)
    return [*lines, Line("", (), _describe_whole(view, seen))] if seen.whole else lines


def _find_rules(layer: LayerReport) -> tuple[Rule, ...] | None:
    """The rule of each axis, as terms; None if the layer does not change the field."""
    return _trace_rules(layer.layer, layer.inputs)


@lru_cache(maxsize=1000)
def _trace_rules(layer: Layer, inputs: Shapes) -> tuple[Rule, ...] | None:
    named = trace(layer, inputs)
    reach = named.layer.reach(named.inputs, named.output)
    return reach if isinstance(reach, tuple) else None


def _make_computed_lines(rules: tuple[Rule, ...], field: ReceptiveField, after: ReceptiveField) -> list[Line]:
    """A line for each axis, or one for all if they are equal."""
    sizes, rates = name_sizes("r", field.size), name_sizes("j", tuple(map(int, field.stride)))
    starts = name_sizes("a", field.start)
    found: list[tuple[Sum, ...]] = []
    at: list[Sum] = []
    for axis, rule in enumerate(rules):
        size, step = to_formula(sizes[axis] + compute_growth(rule, rates[axis])), compute_rate(rule, rates[axis])
        sums: tuple[Sum, ...] = (to_sum(size),)
        if step is not None:
            sums = (to_sum(size), to_sum(to_formula(step), "step")._replace(name="step"))
        found.append(sums)
        start = None
        if isinstance(rule, Window | Folded):
            start = to_formula(starts[axis] - rule.before * rates[axis])
        at.append(to_sum(start) if start else Sum("", "", "", after.start[axis]))
    varies = "at most: it varies from unit to unit" if after.varies else ""
    if any(isinstance(rule, Folded) and any(rule.moves) for rule in rules):
        varies = "units near the border see positions of the map that are folded back"
    if any(isinstance(rule, Everywhere) for rule in rules):
        varies = "units also see all other positions along the axis"
    if any(isinstance(rule, EveryPosition) and rule.causal for rule in rules):
        varies = "of the last unit: the others see the positions up to their own"
    if any(isinstance(rule, EveryPosition) and rule.by_data for rule in rules):
        varies = "at most: what a unit reads depends on the data"
    lines = [Line(label, sums, varies) for label, sums in _group_by_axis("receptive field", "field", found)]
    return lines + [Line(label, (each,)) for label, each in _group_by_axis("field start", "start", at)]


def _group_by_axis(alone: str, each: str, found: list[T]) -> Iterator[tuple[str, T]]:
    if len(set(found)) == 1:
        yield alone, found[0]
        return
    for axis, one in zip(AXES[len(found)], found, strict=True):
        yield f"{each} {AXIS_NAMES[axis]}", one


def _make_merged_lines(view: InputView, index: int, before: list[ReceptiveField | None]) -> list[Line]:
    """The union of what the branches see."""
    seen = view.seen(index)
    after = seen.receptive_field
    assert after
    if seen.whole:
        return [Line("receptive field", (), _describe_whole(view, seen))]
    if len(before) == 1:  # the input does not reach the other branches
        only = _name_branch(view, index, view.sources(index)[0])
        return [Line("receptive field", (), _describe_unchanged(after, f"that of {only} alone: "))]
    differ = len({field and field.size for field in before}) > 1
    widest = f"widest by {_name_branch(view, index, _find_widest(view, index))}" if differ else ""
    remark = "; ".join(filter(None, [widest, "" if seen.centred else "the branches' centres disagree"]))
    known = [field for field in before if field]
    if len(known) < len(before) or any(field.varies for field in known) or after.varies:
        return [Line("receptive field", (), _describe_unchanged(after, "the union of the branches: "))]
    sums = [(_make_union(axis, known, after.size[axis]),) for axis in range(len(after.size))]
    if None in (each for (each,) in sums):
        return [Line("receptive field", (), _describe_unchanged(after, "the union of all units of the branches: "))]
    shown = [(each,) for (each,) in sums if each]
    return [Line(label, each, remark) for label, each in _group_by_axis("receptive field", "field", shown)]


def _make_union(axis: int, fields: list[ReceptiveField], size: int) -> Sum | None:
    """The widest field, or the range from the first start to the last end; None if units are not aligned."""
    sizes = [field.size[axis] for field in fields]
    if max(sizes) == size:
        if len(set(sizes)) == 1:
            return Sum("", "r of every branch", "", size)
        names = _join_values([f"r_{number}" for number in range(1, len(sizes) + 1)])
        return Sum("", f"max({names})", f"max({_join_values(sizes)})", size)
    starts = [field.start[axis] for field in fields]
    ends = [start + wide - 1 for start, wide in zip(starts, sizes, strict=True)]
    if max(ends) - min(starts) + 1 != size:
        return None
    numbers = f"max({_join_values(ends)}) − min({_join_values(starts)}) + 1"
    return Sum("", "last − first + 1 of the branches' intervals", numbers.replace("-", "−"), size)


def _join_values(values: Sequence[object]) -> str:
    """Join values with commas; of many, only the first two and the last."""
    if len(values) <= limits.NAMED_BRANCHES:
        return ", ".join(map(str, values))
    return f"{values[0]}, {values[1]}, …, {values[-1]}"


def _describe_whole(view: InputView, found: Seen) -> str:
    seen = found.whole
    if seen is None:
        return "none: elements have no position"
    if seen.all:
        return f"every unit sees the whole input: {'×'.join(map(str, positions_of(view.shape)))}"
    ends = (f"{start}–{start + size - 1}" for start, size in zip(seen.start, seen.size, strict=True))
    return f"every unit sees {'' if seen.exact else 'at most '}the positions {' × '.join(ends)} of the input"


def _describe_unchanged(field: ReceptiveField, why: str = "as before: ") -> str:
    most = "at most " if field.varies or not field.exact else ""
    sizes = field.size[:1] if len(set(field.size)) == 1 else field.size
    return f"{why}{most}{'×'.join(map(str, sizes))}"


def count_way_lengths(network: Network, report: Report, index: int) -> list[int]:
    """For each input that reaches a layer, how many layers a receptive field goes through from the input to there."""
    found = []
    for view in views(network, report, index):
        lengths: list[int] = []
        for node in network.nodes[: index + 1]:
            source = _find_widest(view, node.index) if view.reaches(node.index) else view.start
            lengths.append(1 if source < 0 else lengths[source] + 1)
        found.append(lengths[index])
    return found


def list_steps(network: Network, report: Report, index: int) -> tuple[Step, ...]:
    """The layers through which a receptive field grows, from each input on, along the widest branches."""
    found: list[Step] = []
    for view in views(network, report, index):
        own = [view.name] if len(network.inputs) > 1 else []
        found += [step._replace(axis=", ".join([*own, *filter(None, [step.axis])])) for step in _list_way(view, index)]
    return tuple(found)


def _list_way(view: InputView, index: int) -> list[Step]:
    """The layers from one input to a layer."""
    way = [index]
    while (source := _find_widest(view, way[-1])) >= 0:
        way.append(source)
    way.reverse()
    fields = [field for at in way if (field := view.field(at))]
    alike = all(len(set(field.size)) == 1 == len(set(field.stride)) for field in fields)
    axes = AXES[len(positions_of(view.shape))]
    if not view.field(index) or any(len(field.size) != len(axes) for field in fields):  # `reshape` makes other axes
        return []
    found: list[Step] = []
    for number, axis in enumerate(axes[:1] if alike else axes):
        name = "" if alike else AXIS_NAMES[axis]
        found += [step._replace(axis=name) for step in _iterate_chain(view, way, number)]
    return found


def _find_widest(view: InputView, index: int) -> int:
    """Of a layer's inputs the one with the widest field."""

    def wide(source: int) -> tuple[int, ...]:
        field = view.field(source)
        return field.size if field else (0,)

    return max(view.sources(index), key=wide)


def _iterate_chain(view: InputView, way: list[int], axis: int) -> Iterator[Step]:
    """The steps on one axis, and their sum in one line where it is one."""
    yield Step("input", "", 1)
    additions: list[str] | None = ["1"]
    source, between = view.start, False  # the last map, and whether elements without positions follow it
    for index in way:
        layer = view.report.layers[index]
        before, after = view.field(source), view.field(index)
        if before is None:
            return
        if after is None:
            between = True
            continue
        source, apart, between = index, between, False
        rules = None if apart else _find_rules(layer)
        if len(layer.inputs) > 1 and rules is None and not apart:
            if len(_collect_sizes(view, index, axis)) > 1 or after.size[axis] != before.size[axis]:
                step = _merge_step(view, index, axis)
                yield step
                additions = additions if after.size[axis] == before.size[axis] else None
            continue
        j = before.stride[axis]
        if after.size[axis] == before.size[axis] and after.stride[axis] == j:
            continue
        if rules is None:
            if after.size[axis] != before.size[axis]:
                yield Step(layer.path, "", after.size[axis], "positions are rearranged")
                additions = None
            continue
        if (  # bounds need not add up
            before.varies
            or not isinstance(j, int)
            or before.size[axis] + compute_growth(rules[axis], j) != after.size[axis]
        ):
            yield Step(layer.path, "", after.size[axis], "followed unit by unit")
            additions = None
            continue
        added = compute_growth(rules[axis], Term.of("j", j))
        text = to_formula(Term.of("r", before.size[axis]) + added).numbers if added else ""
        stepped = f"step {after.stride[axis]}" if after.stride[axis] != j else ""
        yield Step(layer.path, text, after.size[axis], stepped)
        if additions is not None and added:
            additions.append(to_formula(added).numbers)
    if additions and len(additions) > 2:
        yield Step("in one", " + ".join(additions), after.size[axis] if after else 0)


def _collect_sizes(view: InputView, index: int, axis: int) -> set[int]:
    fields = map(view.field, view.sources(index))
    return {field.size[axis] for field in fields if field}


def _merge_step(view: InputView, index: int, axis: int) -> Step:
    """Where branches meet: how wide each is, and which is the widest."""
    path, after, sources = view.report.layers[index].path, view.field(index), view.sources(index)
    assert after
    fields = list(map(view.field, sources))
    names = [_name_branch(view, index, source) for source in sources]
    widest = names[sources.index(_find_widest(view, index))]
    others = _join_values([
        f"{name} {field.size[axis]}" for name, field in zip(names, fields, strict=True) if field and name != widest
    ])  # fmt: skip
    known = [field for field in fields if field]
    plain = len(known) == len(fields) and not after.varies and not any(field.varies for field in known)
    union = _make_union(axis, known, after.size[axis]) if plain else None
    return Step(path, union.numbers if union else "", after.size[axis], f"widest by {widest}; {others}")


def _name_branch(view: InputView, index: int, source: int) -> str:
    """What a branch is called: its name within the merge, or where it comes from."""
    if source < 0:
        return "the input"
    merge, path = view.network.nodes[index].path, view.network.nodes[source].path
    inner = path.removeprefix(merge + ".")
    return inner.partition(".")[0] if inner != path else path
