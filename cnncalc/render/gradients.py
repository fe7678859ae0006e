"""Gradients as a document and as JSON: of each array and of the inputs, below how they are written, or their sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite, log10, prod
from typing import Any

from cnncalc.execution.backward import Gradients
from cnncalc.execution.weights import nest
from cnncalc.layers.base import Shape, format_shape
from cnncalc.layers.derivatives import describe_array, describe_input
from cnncalc.layers.ops import Map, fill_map
from cnncalc.network import Network, Node, input_label
from cnncalc.records import NamedTuple
from cnncalc.render.document import (
    BLANK,
    Block,
    Cell,
    Column,
    Paragraph,
    Table,
    drop_columns,
    elide_paths,
    fit_table,
    make_paragraph,
)
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.maps import align_numbers, format_map, format_vector, make_line, make_title

BAR = 20  # cells of the longest bar


def name_input(net: Network, at: int) -> str:
    """The name of an input by its index."""
    return input_label(list(net.inputs)[-1 - at])


def describe_gradients(net: Network, found: Gradients, width: int | None) -> Iterator[Block]:
    """The gradients of each layer's arrays, from the last layer to the first, and of the inputs."""
    room = width and width - 4
    for node in reversed(net.nodes):
        arrays = _list_arrays(node, found)
        if not arrays:
            continue
        yield make_title(node.path, node.layer.kind)
        for name, made in arrays.items():
            yield _head(describe_array(node.layer, name), f"{name} {format_shape(made.shape)}")
            yield from (make_line("    " + line) for line in format_array(made, room))
        yield BLANK
    for number, (at, made) in enumerate(found.inputs.items()):
        if number:
            yield BLANK
        yield make_title(name_input(net, at), format_shape(made.shape))
        for node in net.nodes:
            if at in node.inputs:  # the gradients through all readers are added
                yield _head(describe_input(node.layer), f"through {node.path}")
        yield from (make_line("    " + line) for line in format_map(made, room))


def _head(rule: str, about: str) -> Block:
    """How a gradient is written, and whose it is."""
    return Paragraph(((f"  {rule}", ""), (f"   {about}", "faint")), 4)


def _list_arrays(node: Node, found: Gradients) -> dict[str, Map]:
    """The gradients of the arrays of a layer, zeros if it has no part in the output; none if they are another's."""
    if node.shares is not None:
        return {}
    known = found.arrays.get(node.index, {})
    return {
        weight.name: known.get(weight.name) or fill_map(weight.shape, 0.0)
        for weight in node.layer.weights(node.input_shapes)
        if weight.role != "buffer"
    }


def format_array(made: Map, width: int | None) -> Iterator[str]:
    """The lines of an array: rows and columns of the last two axes, below the indexes on the others.

    Axes of size 1 at the end are left out while more than two remain, so that a 1×1 kernel is one matrix.
    """
    shape = made.shape
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) == 1:
        yield from format_vector(made.values, width)
        return
    size = prod(shape[-2:])
    for number, at in enumerate(range(0, len(made.values), size)):
        if len(shape) > 2 and prod(shape[:-2]) > 1:
            yield f"[{', '.join(map(str, _unravel(number, shape[:-2])))}]"
        yield from align_numbers(nest(shape[-2:], made.values[at : at + size]), width)


def _unravel(number: int, shape: Shape) -> list[int]:
    """The indexes on each axis of an element by its number."""
    found = []
    for size in reversed(shape):
        number, at = divmod(number, size)
        found.append(at)
    return found[::-1]


class Size(NamedTuple):
    """The size of several gradients: the mean and the largest of their absolute values, and the share of zeros."""

    mean: float
    largest: float
    zeros: float


def measure(values: Sequence[float]) -> Size:
    """The size of gradients.

    >>> measure([0.0, -3.0, 0.0, 1.0])
    Size(mean=1.0, largest=3.0, zeros=0.5)
    """
    sizes = list(map(abs, values))
    count = len(sizes)
    return Size(sum(size / count for size in sizes), max(sizes), sizes.count(0.0) / count)


class Stats(NamedTuple):
    """The size of a layer's gradients: of its output, and of its arrays together, None without any."""

    path: str
    kind: str
    output: Size
    arrays: Size | None


def list_stats(net: Network, found: Gradients) -> list[Stats]:
    """The sizes of the gradients of the inputs and of each layer that has a part in the output."""
    listed = [Stats(name_input(net, at), "", measure(made.values), None) for at, made in found.inputs.items()]
    for node in net.nodes:
        if node.index in found.outputs:
            arrays = [value for made in _list_arrays(node, found).values() for value in made.values]
            size = measure(found.outputs[node.index].values)
            listed.append(Stats(node.path, node.layer.kind, size, measure(arrays) if arrays else None))
    return listed


def describe_stats(net: Network, found: Gradients, width: int | None) -> Iterator[Block]:
    """A line for each layer, with a bar on a logarithmic scale."""
    listed = list_stats(net, found)
    outputs = [each.output for each in listed]
    table = Table(
        [
            Column("layer", [Cell(each.path) for each in listed]),
            Column("kind", [Cell(each.kind, "faint") for each in listed]),
            Column("mean |dL/dO|", [Cell(format_size(each.mean)) for each in outputs], right=True),
            Column(" ", [Cell(bar, "bar") for bar in draw_bars([each.mean for each in outputs])], bar=True),
            Column("largest", [Cell(format_size(each.largest)) for each in outputs], right=True),
            Column("zeros", [Cell(f"{100 * each.zeros:.1f}%") for each in outputs], right=True),
            Column("mean |dL/dW|", [Cell(_format_arrays(each.arrays)) for each in listed], right=True),
        ]
    )
    table = fit_table(drop_columns(table, ["kind", "largest", "mean |dL/dW|", " "]), width)
    yield elide_paths(table, 0, width)
    yield BLANK
    yield make_paragraph(
        "dL/dO: of the output of a layer; dL/dW: of its weights and biases. Bars: logarithmic.", "faint"
    )


def format_size(value: float) -> str:
    """A size in three digits.

    >>> format_size(9.5367e-7), format_size(0.25), format_size(1234.5)
    ('9.54e-07', '0.25', '1.23e+03')
    """
    return f"{value:.3g}"


def _format_arrays(size: Size | None) -> str:
    return "" if size is None else format_size(size.mean)


def draw_bars(values: Sequence[float]) -> list[str]:
    """A bar for each number, on a logarithmic scale from the least to the largest; none for 0."""
    known = [log10(value) for value in values if value > 0 and isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    step = (BAR - 1) / (high - low) if high > low else 0.0
    lengths = (round(1 + (log10(each) - low) * step) if each > 0 and isfinite(each) else 0 for each in values)
    return ["█" * length for length in lengths]


def dump_gradients(net: Network, found: Gradients, *, stats: bool) -> str:
    """Gradients as JSON, by paths and names; with `stats` their sizes."""
    document: dict[str, Any] = {"format": FORMAT, "name": net.name}
    if stats:
        document["stats"] = [
            {"path": each.path, "output": each.output._asdict(), "weights": each.arrays and each.arrays._asdict()}
            for each in list_stats(net, found)
        ]
        return dump(document)
    document["inputs"] = {name_input(net, at): _record(made) for at, made in found.inputs.items()}
    listed = {node.path: _list_arrays(node, found) for node in net.nodes}
    document["weights"] = {
        path: {name: _record(made) for name, made in arrays.items()} for path, arrays in listed.items() if arrays
    }
    return dump(document)


def _record(made: Map) -> dict[str, Any]:
    return {"shape": made.shape, "values": nest(made.shape, made.values)}
