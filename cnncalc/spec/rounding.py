"""Branches whose sizes differ because a layer rounded a size or had no padding: finds that layer, and repairs.

The layers between each branch and the last layer that both share are examined one by one: a layer that divides a size
by its stride without a remainder cannot be the cause. A suggested input is computed with the layers' own rules, as if
the network were read again with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm

from cnncalc import limits
from cnncalc.errors import Fix, Note, Span
from cnncalc.layers.arguments import LayerError, format_value
from cnncalc.layers.base import Shape
from cnncalc.layers.reach import Resample, Rule, TransposedWindow, Window
from cnncalc.layers.window import simplify
from cnncalc.network import Node
from cnncalc.records import NamedTuple
from cnncalc.spec.expressions import Expression, Listed, Literal
from cnncalc.spec.name_expressions import Name
from cnncalc.spec.repairs import replace_all

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Meeting(NamedTuple):
    """Two branches of a merge with different sizes: the last nodes of both, and the inputs of the network by index.

    `written` are the inputs as the file has them, each with its name, and `params` the values of its params.
    """

    nodes: Sequence[Node]
    first: int
    second: int
    inputs: Mapping[int, Shape]
    written: Mapping[int, tuple[str, Expression | None]]
    params: Mapping[str, Expression]

    def shape_at(self, index: int) -> Shape:
        """The shape of a node's output, or of an input."""
        return self.inputs[index] if index < 0 else self.nodes[index].output

    @property
    def axes(self) -> list[int]:
        """The axes, counted with the channels, on which the sizes differ."""
        pairs = zip(self.shape_at(self.first), self.shape_at(self.second), strict=True)
        return [axis for axis, (one, other) in enumerate(pairs) if axis and one != other]


class Rounded(NamedTuple):
    """A layer whose output size is not its input size divided by the stride, on one axis."""

    node: Node
    size: int
    output: int
    window: Window

    @property
    def describe(self) -> str:
        """E.g. "`max_pool1` rounds 135/2 up to 68"."""
        exact = Fraction(self.size, self.window.stride)
        if abs(self.output - exact) < 1 and self.window.stride > 1:
            direction = "up" if self.output > exact else "down"
            return f"`{self.node.path}` rounds {self.size}/{self.window.stride} {direction} to {self.output}"
        less = "loses" if self.output < exact else "adds"
        why = "" if self.window.before else " without padding"
        return (
            f"`{self.node.path}`{why} changes the size {self.size} to {self.output}: it {less} positions at the edges"
        )


def ancestors(nodes: Sequence[Node], index: int) -> set[int]:
    """The nodes on which a node depends, itself included."""
    found: set[int] = set()
    waiting = [index]
    while waiting:
        at = waiting.pop()
        if at >= 0 and at not in found:
            found.add(at)
            waiting += nodes[at].inputs
    return found


def rule_of(node: Node, axis: int) -> Rule | None:
    """The rule by which a layer reads an axis, None if its reach has no rule for each axis."""
    reach = node.layer.reach(node.input_shapes, node.output)
    return reach[axis - 1] if isinstance(reach, tuple) and len(reach) >= axis else None


def steps_over_input(meeting: Meeting, axis: int) -> dict[int, Fraction]:
    """The stride over its input, on one axis, of every node on which the branches depend, and of the inputs."""
    nodes = meeting.nodes
    steps = dict.fromkeys(meeting.inputs, Fraction(1))
    for index in sorted(ancestors(nodes, meeting.first) | ancestors(nodes, meeting.second)):
        source = next(iter(nodes[index].inputs), None)
        rule, step = rule_of(nodes[index], axis), Fraction(1) if source is None else steps[source]
        if isinstance(rule, Window):
            step *= rule.stride
        elif isinstance(rule, TransposedWindow):
            step /= rule.stride
        elif isinstance(rule, Resample) and rule.down:  # not of a single position, which every output repeats
            step *= Fraction(rule.down, rule.up)
        steps[index] = step
    return steps


def find_rounded(meeting: Meeting) -> list[Rounded]:
    """The layers on one of the branches whose output size is not the input size divided by the stride, the last first.

    Empty if the strides of the branches differ: then that is the reason.
    """
    nodes = meeting.nodes
    for axis in meeting.axes:
        steps = steps_over_input(meeting, axis)
        if steps[meeting.first] != steps[meeting.second]:
            return []
    alone = ancestors(nodes, meeting.first) ^ ancestors(nodes, meeting.second)
    found = []
    for node in (nodes[index] for index in sorted(alone, reverse=True)):
        for axis in meeting.axes:
            window = rule_of(node, axis) if len(node.output) > axis else None
            size, output = next(iter(node.input_shapes), ())[axis : axis + 1], node.output[axis : axis + 1]
            if isinstance(window, Window) and output[0] * window.stride != size[0]:
                found.append(Rounded(node, size[0], output[0], window))
                break
    return found


def notes_of(rounded: Iterable[Rounded]) -> list[Note]:
    """Notes on these layers, with their positions."""
    return [Note(each.describe, each.node.span) for each in list(rounded)[: limits.ROUNDED_NOTES]]


def change_rounding(rounded: Iterable[Rounded]) -> Iterator[Fix]:
    """The repairs that let a pool round the other way, or a window keep the size."""
    for node, size, output, window in list(rounded)[: limits.ROUNDED_REPAIRS]:
        span = node.span
        if "ceil" in node.layer.settings:
            if not getattr(node.layer, "ceil", False):
                yield from extend_call(span, "ceil=true", f"round up in `{node.path}`")
            elif span.text.count("ceil=true") == 1:
                text = span.text.replace("ceil=true", "ceil=false")
                yield Fix(span, text, f"round down in `{node.path}`: `{text}`", alternative=True)
        if window.stride == 1 and output < size and "padding" in node.layer.settings:
            yield from extend_call(span, "padding=half", f"keep the size in `{node.path}`")


def extend_call(span: Span, setting: str, why: str) -> tuple[Fix, ...]:
    """The repair that adds an argument to a call, none if the call already has it."""
    text = span.text
    if f"{setting.partition('=')[0]}=" in text:
        return ()
    if text.endswith(")"):
        longer = f"{text[:-1]}, {setting})"
        return (Fix(span, longer, f"{why}: `{longer}`", alternative=True),)
    return ()


def pad_all(rounded: Iterable[Rounded], body: Span) -> tuple[Fix, ...]:
    """The repair that keeps the size in all windows without padding of a branch, if there are several."""
    spans = {each.node.span.start: each.node.span for each in rounded if each.window.stride == 1}
    inside = [span for at, span in sorted(spans.items()) if body.start <= at < body.end and span.source is body.source]
    calls = [span for span in inside if span.text.endswith(")") and "padding=" not in span.text]
    if len(calls) < 2 or len(calls) < len(inside):
        return ()
    text, at = "", body.start
    for span in calls:
        text += f"{body.source.text[at : span.end - 1]}, padding=half)"
        at = span.end
    text += body.source.text[at : body.end]
    return (Fix(body, text, f"keep the size of the map: `{text.strip()}`"),)


def crop_text(larger: Shape, smaller: Shape) -> str:
    """The call that crops one map to the size of another; of an odd difference, the larger part is after."""
    over = [more - less for more, less in zip(larger[1:], smaller[1:], strict=True)]
    return f"crop({format_value(simplify(tuple((each // 2, -(-each // 2)) for each in over)))})"


# inputs for which the branches agree


def sizes_with(meeting: Meeting, inputs: Mapping[int, Shape]) -> tuple[Shape, Shape] | None:
    """The shapes of both branches for other inputs, None if a layer rejects them."""
    wanted = sorted(ancestors(meeting.nodes, meeting.first) | ancestors(meeting.nodes, meeting.second))
    shapes = dict(inputs)
    try:
        for index in wanted:
            node = meeting.nodes[index]
            if node.like is not None:
                return None  # its size is an argument, which would change as well
            shapes[index] = node.layer.output_shape(tuple(shapes[source] for source in node.inputs))
    except LayerError:
        return None
    return shapes[meeting.first], shapes[meeting.second]


class Multiple(NamedTuple):
    """Inputs for which the branches agree: the number that must divide the size of each axis, and the nearest ones.

    `inputs` are those that change, by index.
    """

    of: dict[int, int]
    inputs: dict[int, Shape]

    def describe(self) -> str:
        """E.g. "the height a multiple of 16"."""
        names = AXES[len(next(iter(self.inputs.values()))) - 1]
        if len(self.of) == len(names) > 1 and len(set(self.of.values())) == 1:
            return f"all sizes multiples of {next(iter(self.of.values()))}"
        return " and ".join(f"the {names[axis - 1]} a multiple of {number}" for axis, number in self.of.items())


def find_multiple(meeting: Meeting) -> Multiple | None:
    """The sizes of the inputs for which the branches agree, tried with the next two multiples; None if they do not.

    An axis on which they already agree is changed as well if it is not a multiple, for the sake of further merges, and
    so is another input of the same sizes.
    """
    sizes = {meeting.inputs[index][1:] for index in _inputs_of(meeting)}
    used = {index: shape for index, shape in meeting.inputs.items() if shape[1:] in sizes}
    axes = range(1, len(meeting.shape_at(meeting.first)))
    if len(meeting.nodes) > limits.REPAIR_LAYERS or any(len(shape) != len(axes) + 1 for shape in used.values()):
        return None
    each = {axis: steps_over_input(meeting, axis).values() for axis in axes}
    multiples = {axis: lcm(*(step.numerator for step in steps)) for axis, steps in each.items()}
    of = {axis: number for axis, number in multiples.items() if any(shape[axis] % number for shape in used.values())}
    if not of or any(number > shape[axis] for axis, number in of.items() for shape in used.values()):
        return None

    def rounded(add: int) -> dict[int, Shape]:
        def size(old: int, axis: int) -> int:
            return (-(-old // of[axis]) + add) * of[axis] if axis in of else old

        return {index: tuple(size(old, axis) for axis, old in enumerate(shape)) for index, shape in used.items()}

    for inputs in (rounded(0), rounded(1)):
        shapes = sizes_with(meeting, inputs)
        if shapes is None or shapes[0][1:] != shapes[1][1:]:
            return None
    return Multiple(of, {index: shape for index, shape in rounded(0).items() if shape != used[index]})


def _inputs_of(meeting: Meeting) -> set[int]:
    """The inputs on which the branches depend."""
    nodes = ancestors(meeting.nodes, meeting.first) | ancestors(meeting.nodes, meeting.second)
    read = {meeting.first, meeting.second, *(source for index in nodes for source in meeting.nodes[index].inputs)}
    return {index for index in read if index < 0}


def change_input(meeting: Meeting, found: Multiple) -> Iterator[Fix]:
    """The repair that changes the sizes of the inputs, or the param from which they take them."""
    edits: list[tuple[Span, str]] = []
    texts: list[str] = []
    changed: list[tuple[Expression, int]] = []
    for index, shape in found.inputs.items():
        name, input = meeting.written[index]
        if not isinstance(input, Listed):
            return
        axes = [axis for axis in found.of if shape[axis] != meeting.inputs[index][axis]]
        changed += [(input.items[axis], shape[axis]) for axis in axes]
        sizes = [str(shape[axis]) if axis in axes else item.span.text for axis, item in enumerate(input.items)]
        edits.append((input.span, f"[{', '.join(sizes)}]"))
        texts.append(f"`{name}: {edits[-1][1]}`")
    why = f"make {found.describe()}"
    if all(isinstance(item, Literal) for item, _ in changed):
        yield replace_all(edits, f"{why}: {' and '.join(texts)}")._replace(alternative=True)
    names = {item.name if isinstance(item, Name) else "" for item, _ in changed}
    values = {size for _, size in changed}
    if len(names) == len(values) == 1:
        (name,), (size,) = names, values
        if isinstance(value := meeting.params.get(name), Literal):
            yield Fix(value.span, str(size), f"{why}: `{name}: {size}`", alternative=True)
