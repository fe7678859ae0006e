"""What `explain` says of single units, and of the field of one layer in the output of another."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc import limits
from cnncalc.analysis.analyze import analyze, follow
from cnncalc.analysis.field_sums import Step, explain_field, list_steps
from cnncalc.analysis.lines import Line, Sum
from cnncalc.analysis.report import ReceptiveField
from cnncalc.errors import CnncalcError, UsageError
from cnncalc.layers.base import Shape, format_shape
from cnncalc.network import INPUT, INPUT_NAME, Network, Node, input_label, positions_of

AXES = {1: ("position",), 2: ("row", "column"), 3: ("plane", "row", "column")}


def parse_position(text: str, node: Node) -> Shape:
    """The position of a unit of a layer, `y,x`, each from 0. Raises UsageError."""
    sizes = node.output[1:]
    if not sizes or len(sizes) > len(AXES):
        raise UsageError(f"--unit takes a position, and {node.path} is {format_shape(node.output)}: it has none")
    names = ",".join(("z", "y", "x")[3 - len(sizes) :])
    parts = text.split(",")
    if len(parts) != len(sizes) or not all(part.strip().isdecimal() and len(part) < 20 for part in parts):
        raise UsageError(f"--unit takes {names} of a unit of {node.path} ({format_shape(node.output)}), not {text!r}")
    unit = tuple(map(int, parts))
    if any(at >= size for at, size in zip(unit, sizes, strict=True)):
        last = ",".join(str(size - 1) for size in sizes)
        raise UsageError(f"{node.path} has no unit {text}: its units are {','.join('0' * len(sizes))} to {last}")
    return unit


def explain_unit(network: Network, node: Node, unit: Shape) -> Iterator[Line]:
    """The positions of each input that a unit sees: with the arithmetic, and those that are on the input."""
    for follower, image in zip(follow(network), map(positions_of, network.inputs.values()), strict=True):
        for each in network.nodes[: node.index + 1]:  # in order, as each field follows from those before
            found = follower.after(each)
        if found is None:
            continue
        seen, field = next(iter(found.seen.values())), found.field
        label = f"unit {','.join(map(str, unit))}" + (f", {follower.name}" if len(network.inputs) > 1 else "")
        if field is None or seen.receptive_field is None or len(field.axes) != len(unit):
            yield Line(label, (), "every unit sees the same positions")
            continue
        names = AXES[len(unit)]
        pairs = [axis.at_most(at, size) for axis, at, size in zip(field.axes, unit, node.output[1:], strict=True)]
        for number, name in enumerate(names):
            yield Line(f"{label}, {name}", _make_sums(seen.receptive_field, number, unit[number]))
        intervals = [interval for interval, _ in pairs]
        most = "" if field.exact and all(known for _, known in pairs) else "at most "
        clipped = [
            "none" if interval is None or interval[1] < 0 or interval[0] >= size
            else f"{name}s {max(interval[0], 0)}–{min(interval[1], size - 1)}"
            for interval, name, size in zip(intervals, names, image, strict=True)
        ]  # fmt: skip
        gate = "; through a gate or a norm, the others as well" if seen.whole else ""
        yield Line(label, (), f"sees {most}{', '.join(clipped)} of the input {'×'.join(map(str, image))}{gate}")


def _make_sums(field: ReceptiveField, axis: int, at: int) -> tuple[Sum, ...]:
    """The first and the last position, before clipping; none where they vary from unit to unit."""
    start, step, size = field.start[axis], field.stride[axis], field.size[axis]
    if field.varies or not isinstance(step, int):
        return ()
    first = start + at * step
    return (
        Sum("first", "a + u·j", f"{start} + {at}·{step}", first),
        Sum("last", "first + r − 1", f"{first} + {size} − 1", first + size - 1),
    )


def explain_from(network: Network, source: Node, target: Node) -> tuple[Network, list[Line], tuple[Step, ...]]:
    """The receptive field of a layer in the output of another: the network between them, its lines and its steps.

    Raises UsageError if the one does not lead to the other, CnncalcError if too many other tensors go in between.
    """
    part = cut_between(network, source, target)
    report = analyze(part)
    index = len(part.nodes) - 1
    end = f", {source.path}" if len(part.inputs) > 1 else ""
    lines = [
        line._replace(label=line.label.removesuffix(end))
        for line in explain_field(part, report, index)
        if line.label.endswith(end)
    ]
    steps = [
        step._replace(path=source.path if step.path == INPUT_NAME else step.path, axis=_strip(step.axis, source.path))
        for step in list_steps(part, report, index)
        if not end or step.axis.partition(", ")[0] == source.path
    ]
    return part, lines, tuple(steps)


def _strip(axis: str, name: str) -> str:
    """An axis without the name of the input before it."""
    return axis.removeprefix(name).removeprefix(", ")


def cut_between(network: Network, source: Node, target: Node) -> Network:
    """The layers that lead from the output of one layer to another; what they read besides are inputs, too."""
    reached = {source.index}
    for node in network.nodes[source.index + 1 : target.index + 1]:
        if reached.intersection(node.inputs):
            reached.add(node.index)
    if target.index not in reached or target.index == source.index:
        raise UsageError(f"{source.path} does not lead to {target.path}: no unit of it is read there")
    needed = {target.index}
    for node in reversed(network.nodes[source.index + 1 : target.index + 1]):
        if node.index in needed:
            needed.update(index for index in node.inputs if index in reached)
    inside = sorted(needed - {source.index})
    outer = [source.index]
    outer += sorted({index for at in inside for index in network.nodes[at].inputs} - {*inside, source.index})
    if len(outer) > limits.INPUTS:
        raise CnncalcError(
            f"{len(outer) - 1} other tensors are read between {source.path} and {target.path}, and at most"
            f" {limits.INPUTS - 1} are followed"
        )
    labels = dict(zip(network.starts, map(input_label, network.inputs), strict=True))
    names = [network.nodes[index].path if index >= 0 else labels[index] for index in outer]
    places = {index: number for number, index in enumerate(inside)}
    places |= {index: INPUT - number for number, index in enumerate(outer)}
    nodes = tuple(
        node._replace(index=places[at], inputs=tuple(places[index] for index in node.inputs), shares=None, like=None)
        for at, node in ((at, network.nodes[at]) for at in inside)
    )
    inputs = {name: network.shape_at(index) for name, index in zip(names, outer, strict=True)}
    return Network(network.name, "", "", inputs, nodes, (), {"": len(nodes) - 1})
