"""Executing layers on the parts of their maps that single units need: their cones, axis by axis.

A part is a box of positions with the elements of all channels. What a unit needs is followed back from layer to layer;
a convolution or a pool over a part slides only the windows of its outputs, and layers that work position by position
are executed on a smaller map. Any other layer is executed as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cnncalc.execution.ops import WindowOps, select_positions, slide_axes
from cnncalc.execution.run import GetNodeWeight, execute
from cnncalc.execution.windows import Sliding
from cnncalc.layers.base import Shape
from cnncalc.layers.kernel import Convolution
from cnncalc.layers.ops import Map
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

Box = tuple[range, ...]  # the positions on each axis; () for a vector
WINDOWS = ("max_pool", "avg_pool", "table_conv")  # with the convolutions, the kinds that slide windows over their input


class Part(NamedTuple):
    """The elements of a box of a map of this shape, of all channels."""

    shape: Shape
    box: Box
    made: Map

    def cut(self, box: Box) -> Map:
        """The map of a box inside this one."""
        if box == self.box:
            return self.made
        return select_positions(
            self.made,
            [range(inner.start - own.start, inner.stop - own.start) for inner, own in zip(box, self.box, strict=True)],
        )


def cover(shape: Shape) -> Box:
    """The box of all positions of a map."""
    return tuple(map(range, shape[1:]))


def enclose_units(units: Collection[tuple[int, ...]]) -> Box:
    """The smallest box with units, each given by its channel and its position."""
    return tuple(range(min(axis), max(axis) + 1) for axis in zip(*(unit[1:] for unit in units), strict=True))


def enclose_boxes(one: Box, other: Box) -> Box:
    """The smallest box with two."""
    return tuple(range(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))


def plan_parts(network: Network, first: Node, box: Box) -> dict[int, Box]:
    """What must be known of each map, by index, for a box of one layer's output."""
    boxes: dict[int, Box] = {first.index: box}
    for node in reversed(network.nodes):
        if node.index not in boxes:
            continue
        if not can_execute_part(node):
            boxes[node.index] = cover(node.output)
        for index, read in zip(node.inputs, find_read(node, boxes[node.index]), strict=True):
            boxes[index] = enclose_boxes(boxes[index], read) if index in boxes else read
    return boxes


def plan_whole(network: Network, first: Node) -> dict[int, Box]:
    """The boxes of all positions of all maps that a layer depends on."""
    boxes: dict[int, Box] = {first.index: cover(first.output)}
    for node in reversed(network.nodes):
        if node.index in boxes:
            boxes.update({index: cover(network.shape_at(index)) for index in node.inputs})
    return boxes


def can_execute_part(node: Node) -> bool:
    """Whether a layer can be executed on a part of its input."""
    layer, output = node.layer, node.output
    if len(output) < 2 or not node.inputs:
        return False
    if isinstance(layer, Windowed):
        return (isinstance(layer, Convolution) and not layer.samples) or layer.kind in WINDOWS
    if (
        layer.kind == "reshape"
        or layer.reach(node.input_shapes, output) != "pointwise"
        or getattr(layer, "per", "all") not in ("channel", "all")
    ):
        return False
    fits = all(
        len(shape) == len(output) and all(size in (1, made) for size, made in zip(shape[1:], output[1:], strict=True))
        for shape in node.input_shapes
    )
    numbers = (1, node.input_shapes[0][0])
    return fits and all(len(each.shape) == 1 and each.shape[0] in numbers for each in layer.weights(node.input_shapes))


def find_read(node: Node, box: Box) -> list[Box]:
    """The box of each input that a box of the output is computed of."""
    if box == cover(node.output):
        return [cover(shape) for shape in node.input_shapes]
    if isinstance(node.layer, Windowed):
        return [tuple(read for read, _ in _slide_part(node, box))]
    return [
        tuple(own if size > 1 else range(1) for own, size in zip(box, shape[1:], strict=True))
        for shape in node.input_shapes
    ]


def _slide_part(node: Node, box: Box) -> list[tuple[range, Sliding]]:
    """On each axis the positions of the input that are read, and the windows over them."""
    assert isinstance(node.layer, Windowed)
    found = []
    for axis, own in zip(slide_axes(node.input_shapes[0][1:], node.layer.window_settings), box, strict=True):
        starts = axis.starts[own.start : own.stop]
        begin, end = starts[0], starts[-1] + axis.taps[-1] + 1  # of the padded input
        first = min(max(begin - axis.before, 0), axis.size - 1)  # one position at least, if all are padding
        last = max(min(end - axis.before, axis.size), first + 1)
        begin, end = min(begin, first + axis.before), max(end, last + axis.before)
        moved = tuple(start - begin for start in starts)
        before, padded = first + axis.before - begin, min(axis.padded, end) - begin
        found.append((range(first, last), Sliding(last - first, before, padded, end - begin, moved, axis.taps)))
    return found


def execute_part(node: Node, inputs: Sequence[Part], box: Box, weigh: GetNodeWeight, ops: WindowOps) -> Map:
    """The box of a layer's output."""
    maps = tuple(part.cut(read) for part, read in zip(inputs, find_read(node, box), strict=True))
    if isinstance(node.layer, Windowed) and box != cover(node.output):
        ops.sliding = [windows for _, windows in _slide_part(node, box)]
    try:
        return execute(node, maps, weigh, ops)
    finally:
        ops.sliding = None


def run_parts(
    network: Network, starts: Sequence[Map], weigh: GetNodeWeight, ops: WindowOps, boxes: Mapping[int, Box], last: int
) -> dict[int, Part]:
    """What was planned of each map that a layer, of index `last`, depends on, and not that of the layer itself."""
    each = zip(network.starts.items(), starts, strict=True)
    made = {index: Part(shape, cover(shape), start) for (index, shape), start in each if index in boxes}
    pools = {node.inputs[1] for node in network.nodes if node.layer.restores and node.index in boxes}
    for node in network.nodes:
        if node.index not in boxes or node.index == last:
            continue
        box = boxes[node.index]
        inputs = [made[index] for index in node.inputs]
        found = execute_part(node, inputs, box, weigh, ops)
        if node.index in pools and isinstance(node.layer, Windowed):
            found = ops.with_indices(found, inputs[0].made, node.layer.window_settings)
        made[node.index] = Part(node.output, box, found)
    return made


def cut_node(node: Node, boxes: Mapping[int, Box]) -> Node:
    """A layer with the shapes of its parts, for estimates of its work and memory."""
    if node.index not in boxes or boxes[node.index] == cover(node.output):
        return node
    box = boxes[node.index]
    shapes = [(shape[0], *map(len, read)) for shape, read in zip(node.input_shapes, find_read(node, box), strict=True)]
    return node._replace(input_shapes=tuple(shapes), output=(node.output[0], *map(len, box)))


def find_unit(at: int, box: Box) -> tuple[int, ...]:
    """The unit, by its channel and position, that is the element at an index of a box."""
    found: list[int] = []
    for axis in reversed(box):
        at, place = divmod(at, len(axis))
        found.insert(0, axis.start + place)
    return (at, *found)


def find_index(unit: tuple[int, ...], box: Box) -> int:
    """The index of a unit in a box that contains it."""
    at = unit[0]
    for place, axis in zip(unit[1:], box, strict=True):
        at = at * len(axis) + place - axis.start
    return at
