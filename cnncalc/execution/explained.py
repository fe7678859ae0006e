"""Single numbers of a network explained: how each was computed from the inputs of its layer, or of layers before it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product
from math import prod

from cnncalc import limits
from cnncalc.errors import CnncalcError, UsageError
from cnncalc.execution.effort import count_operations
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.ops import slide_axes
from cnncalc.execution.parts import (
    Box,
    Part,
    can_execute_part,
    cover,
    cut_node,
    enclose_units,
    execute_part,
    find_index,
    find_read,
    find_unit,
    plan_parts,
    plan_whole,
    run_parts,
)
from cnncalc.execution.recorded import Element, Recorded, record_inputs
from cnncalc.execution.run import GetNodeWeight
from cnncalc.execution.windows import Sliding
from cnncalc.execution.written_out import Format, Step, write_out
from cnncalc.layers.base import format_shape
from cnncalc.layers.kernel import Convolution
from cnncalc.layers.linear import Linear
from cnncalc.layers.ops import Map
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

Unit = tuple[int, ...]  # channel and position


class Source(NamedTuple):
    """An input of a layer: the index of the tensor, what is known of it, and the units that a number is made of."""

    tensor: int
    part: Part
    units: tuple[Unit, ...]


class Explained(NamedTuple):
    """A number of a layer: the steps that give it, and where its parts come from.

    `window` is the positions of the window on each axis of the first input, some of them on padding; () if none slides.
    """

    node: Node
    unit: Unit
    steps: tuple[Step, ...]
    sources: tuple[Source, ...]
    window: tuple[tuple[int, ...], ...]

    @property
    def value(self) -> float:
        """The number itself."""
        return self.steps[-1].value


class Explanation(NamedTuple):
    """Numbers of one layer after the other, backwards, and how many of each layer are left out, by its path."""

    numbers: tuple[Explained, ...]
    omitted: dict[str, int]


def parse_unit(text: str, node: Node) -> Unit:
    """A unit of a layer, `0,0,1`: channel, row, column, each from 0. Raises UsageError."""
    parts = [part.strip() for part in text.split(",")]
    names = ("the index",) if len(node.output) == 1 else ("channel", *("depth", "y", "x")[4 - len(node.output) :])
    first, last = (0,) * len(node.output), tuple(size - 1 for size in node.output)
    if len(node.output) > 4:
        names = ("channel", *(f"axis {axis}" for axis in range(1, len(node.output))))
    if len(parts) != len(node.output) or not all(part.isdecimal() and len(part) < 10 for part in parts):
        what = f"{', '.join(names)} of a unit of {node.path} ({format_shape(node.output)})"
        raise UsageError(f"--unit takes {what}, e.g. {join_unit(first)}, not {text!r}")
    unit = tuple(map(int, parts))
    if any(at > most for at, most in zip(unit, last, strict=True)):
        units = (
            f"its units are {join_unit(first)} to {join_unit(last)}" if any(last) else f"it has only {join_unit(last)}"
        )
        raise UsageError(f"{node.path} has no unit {join_unit(unit)}: {units}")
    return unit


def join_unit(unit: Unit) -> str:
    """A unit as it is written: `0,0,1`."""
    return ",".join(map(str, unit))


class Plan(NamedTuple):
    """The layers of which numbers are explained, in reverse order, units of the first, and what is known of each map.

    `units` are None for the first of all.
    """

    nodes: tuple[Node, ...]
    units: tuple[Unit, ...]
    boxes: dict[int, Box]
    omitted: int  # units of the first layer

    def cut_nodes(self, network: Network) -> list[Node]:
        """All layers of the network, with the shapes of their parts."""
        return [cut_node(node, self.boxes) for node in network.nodes]


def make_plan(network: Network, node: Node, unit: Unit | None, through: int) -> Plan:
    """How units of a layer and of those before it, as many in a row as `through`, are explained; without `unit`, all.

    At most `limits.WRITTEN_UNITS` of each layer are written out. Maps that take few operations are computed as a whole,
    so that they are shown; of others only what the units need. Raises UsageError if a layer is too large.
    """
    every = islice(product(*map(range, node.output)), limits.WRITTEN_UNITS)
    units = tuple(every) if unit is None else (unit,)
    nodes = tuple(_list_explained_nodes(network, node, through))
    boxes = plan_whole(network, node)
    if not _is_small(network, nodes, boxes):
        boxes = plan_parts(network, node, enclose_units(units))
    for each in nodes:
        if (count := count_records(cut_node(each, boxes))) > limits.RECORDED_OPERATIONS:
            raise UsageError(
                f"{each.path} takes {count:,} records, and numbers are written out of layers with at most"
                f" {limits.RECORDED_OPERATIONS:,}; use a smaller --input, or another --at"
            )
    return Plan(nodes, units, boxes, prod(node.output) - len(units) if unit is None else 0)


def _is_small(network: Network, nodes: Sequence[Node], boxes: dict[int, Box]) -> bool:
    executed = sum(count_operations(node) for node in network.nodes if node.index in boxes)
    return executed <= limits.SHOWN_OPERATIONS and all(
        count_records(node) <= limits.RECORDED_OPERATIONS for node in nodes
    )


def _list_explained_nodes(network: Network, node: Node, through: int) -> list[Node]:
    """The layers on the way back from one, as many in a row as `through`, from the last to the first."""
    found, frontier = {node.index}, {node.index}
    for _ in range(through - 1):
        frontier = {index for at in frontier for index in network.nodes[at].inputs if index >= 0} - found
        found |= frontier
    return [network.nodes[index] for index in sorted(found, reverse=True)]


def count_records(node: Node) -> int:
    """About how much is recorded of a layer: a record for each operation, and an eighth for each mac, as sums share it.

    The outputs of all channels of a convolution share what they are computed of, and so do those of a linear layer. Of
    a transposed convolution, which adds to every output again and again, a mac is two records.
    """
    work = node.layer.work(node.input_shapes, node.output)
    others = count_operations(node) - work.macs - min(work.additions, work.macs)
    if isinstance(node.layer, Convolution | Linear):
        groups = node.layer.group_count(node.input_shapes[0][0]) if isinstance(node.layer, Convolution) else 1
        return others + work.macs // (8 * (node.output[0] // groups)) + prod(node.output)
    shared = not (isinstance(node.layer, Windowed) and not node.layer.slides)
    return others + (work.macs // 8 if shared else 2 * work.macs) + prod(node.output)


def explain_numbers(
    network: Network, starts: Sequence[Map], weigh: GetNodeWeight, plan: Plan, format: Format
) -> Explanation:
    """Explain the units of the first layer of a plan, and what they are computed of in the others.

    Raises CnncalcError if one is computed of too many numbers.
    """
    first, most = plan.nodes[0], limits.WRITTEN_UNITS
    parts = run_parts(network, starts, weigh, Numbers(), plan.boxes, first.index)
    wanted = {first.index: dict.fromkeys(plan.units)}
    numbers: list[Explained] = []
    omitted = {first.path: plan.omitted} if plan.omitted else {}
    for node in plan.nodes:
        own = list(wanted.get(node.index, ()))
        if len(own) > most:
            omitted[node.path] = len(own) - most
        inputs = tuple(parts[index] for index in node.inputs)
        found = _explain_units(node, inputs, own[:most], weigh, format) if own else []
        numbers += found
        for source in (source for each in found for source in each.sources):
            wanted.setdefault(source.tensor, {}).update(dict.fromkeys(source.units))
    return Explanation(tuple(numbers), omitted)


def _explain_units(
    node: Node, inputs: tuple[Part, ...], units: Sequence[Unit], weigh: GetNodeWeight, format: Format
) -> list[Explained]:
    ops = Recorded()
    box = enclose_units(units) if can_execute_part(node) else cover(node.output)
    reads = find_read(node, box)
    maps = [part.cut(read) for part, read in zip(inputs, reads, strict=True)]
    recorded = zip(inputs, reads, record_inputs(maps), strict=True)
    leaves = [Part(part.shape, read, leaf) for part, read, leaf in recorded]
    made = execute_part(node, leaves, box, weigh, ops)
    windows = ops.windows
    if can_execute_part(node) and isinstance(node.layer, Windowed):  # those of the whole map, not of a part
        windows = slide_axes(node.input_shapes[0][1:], node.layer.window_settings)
    found = []
    for unit in units:
        element = made.values[find_index(unit, box)]
        try:
            steps = write_out(element, [each.shape for each in maps], format)
        except CnncalcError as error:
            raise CnncalcError(f"the unit {join_unit(unit)} of {node.path} cannot be written out: {error}") from None
        read = _find_read(element)
        sources = tuple(
            Source(index, part, tuple(find_unit(at, box) for at in sorted(read.get(number, ()))))
            for number, (index, part, box) in enumerate(zip(node.inputs, inputs, reads, strict=True))
        )
        found.append(Explained(node, unit, steps, sources, _find_window(windows, unit)))
    return found


def _find_read(result: Element) -> dict[int, set[int]]:
    """The elements of each input that a number was computed of."""
    known, waiting = {id(result)}, [result]
    found: dict[int, set[int]] = {}
    while waiting:
        element = waiting.pop()
        if element.form == "input":
            number, at = element.parts
            found.setdefault(number, set()).add(at)
        for child in element.children:
            if id(child) not in known:
                known.add(id(child))
                waiting.append(child)
    return found


def _find_window(windows: list[Sliding] | None, unit: Unit) -> tuple[tuple[int, ...], ...]:
    """The positions of a unit's window on each axis; those before 0 and after the last are on padding."""
    if windows is None or len(windows) != len(unit) - 1:
        return ()
    return tuple(
        tuple(axis.starts[at] + tap - axis.before for tap in axis.taps if axis.starts[at] + tap < axis.padded)
        for axis, at in zip(windows, unit[1:], strict=True)
    )
