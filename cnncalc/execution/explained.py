"""Single numbers of a network explained: how each was computed from the inputs of its layer, or of layers before it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product
from math import prod

from cnncalc import limits
from cnncalc.errors import CnncalcError, UsageError
from cnncalc.execution.effort import count_operations
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.recorded import Element, Recorded, record_inputs
from cnncalc.execution.run import GetNodeWeight, execute, run
from cnncalc.execution.windows import Sliding
from cnncalc.execution.written_out import Format, Step, write_out
from cnncalc.layers.base import Shape, format_shape
from cnncalc.layers.ops import Map
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

Unit = tuple[int, ...]  # channel and position


class Source(NamedTuple):
    """An input of a layer: the index of the tensor, its map, and the units of it that a number was computed of."""

    tensor: int
    made: Map
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
        units = f"its units are {join_unit(first)} to {join_unit(last)}"
        raise UsageError(f"{node.path} has no unit {join_unit(unit)}: {units}")
    return unit


def join_unit(unit: Unit) -> str:
    """A unit as it is written: `0,0,1`."""
    return ",".join(map(str, unit))


def list_explained_nodes(network: Network, node: Node, through: int) -> list[Node]:
    """The layers on the way back from one, as many in a row as `through`. Raises UsageError if one is too large."""
    found, frontier = {node.index}, {node.index}
    for _ in range(through - 1):
        frontier = {index for at in frontier for index in network.nodes[at].inputs if index >= 0} - found
        found |= frontier
    nodes = [network.nodes[index] for index in sorted(found, reverse=True)]
    for each in nodes:
        if (count := count_records(each)) > limits.RECORDED_OPERATIONS:
            raise UsageError(
                f"{each.path} takes {count:,} records, and numbers are written out of layers with at most"
                f" {limits.RECORDED_OPERATIONS:,}; use a smaller --input, or another --at"
            )
    return nodes


def count_records(node: Node) -> int:
    """About how much is recorded of a layer: a record for each operation, and an eighth for each mac, as sums share it.

    Of a transposed convolution, which adds to every output again and again, a mac is two records.
    """
    work = node.layer.work(node.input_shapes, node.output)
    others = count_operations(node) - work.macs - min(work.additions, work.macs)
    shared = not (isinstance(node.layer, Windowed) and not node.layer.slides)
    return others + (work.macs // 8 if shared else 2 * work.macs) + prod(node.output)


def explain_numbers(
    network: Network,
    starts: Sequence[Map],
    weigh: GetNodeWeight,
    nodes: Sequence[Node],
    units: Sequence[Unit] | None,
    format: Format,
) -> Explanation:
    """Explain units of the first of `nodes`, which are in reverse order, and what they are computed of in the others.

    Without `units`, all of them. At most `limits.WRITTEN_UNITS` of each layer are written out. Raises CnncalcError if
    one is computed of too many numbers.
    """
    keep = {index for node in nodes for index in (*node.inputs, node.index)}  # so that pools keep their indices
    maps = run(network, starts, weigh, Numbers(), keep=keep)
    first, most = nodes[0], limits.WRITTEN_UNITS
    if units is None:
        units = list(islice(product(*map(range, first.output)), most))
    wanted = {first.index: dict.fromkeys(units)}
    numbers: list[Explained] = []
    omitted = {first.path: prod(first.output) - most} if len(units) == most < prod(first.output) else {}
    for node in nodes:
        own = list(wanted.get(node.index, ()))
        if len(own) > most:
            omitted[node.path] = len(own) - most
        inputs = tuple(maps[index] for index in node.inputs)
        found = _explain_units(node, inputs, own[:most], weigh, format) if own else []
        numbers += found
        for source in (source for each in found for source in each.sources):
            wanted.setdefault(source.tensor, {}).update(dict.fromkeys(source.units))
    return Explanation(tuple(numbers), omitted)


def _explain_units(
    node: Node, inputs: tuple[Map, ...], units: Sequence[Unit], weigh: GetNodeWeight, format: Format
) -> list[Explained]:
    ops = Recorded()
    made = execute(node, record_inputs(inputs), weigh, ops)
    found = []
    for unit in units:
        element = made.values[_flatten(unit, node.output)]
        try:
            steps = write_out(element, node.input_shapes, format)
        except CnncalcError as error:
            raise CnncalcError(f"the unit {join_unit(unit)} of {node.path} cannot be written out: {error}") from None
        read = _find_read(element)
        sources = tuple(
            Source(index, x, tuple(_unflatten(at, x.shape) for at in sorted(read.get(number, ()))))
            for number, (index, x) in enumerate(zip(node.inputs, inputs, strict=True))
        )
        found.append(Explained(node, unit, steps, sources, _find_window(ops.windows, unit)))
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


def _flatten(unit: Unit, shape: Shape) -> int:
    at = 0
    for place, size in zip(unit, shape, strict=True):
        at = at * size + place
    return at


def _unflatten(at: int, shape: Shape) -> Unit:
    found: list[int] = []
    for size in reversed(shape):
        at, place = divmod(at, size)
        found.insert(0, place)
    return tuple(found)
