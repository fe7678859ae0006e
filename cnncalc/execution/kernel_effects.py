"""What a kernel does: its multiplications, its matrix, and what becomes of a few pictures. Executed, not derived."""

from __future__ import annotations

from cnncalc.errors import Source, Span
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.kernels import Rows
from cnncalc.execution.matrix import Matrix, compute_matrix
from cnncalc.execution.pictures import make_pattern
from cnncalc.execution.run import execute
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.conv import Conv
from cnncalc.layers.ops import Map
from cnncalc.layers.separable import SpatialSeparableConv
from cnncalc.layers.transposed import TransposedConv
from cnncalc.network import INPUT, Node
from cnncalc.records import NamedTuple


class Multiplications(NamedTuple):
    """Multiplications of a kernel on a map of some size, and of its two steps if it splits, K×1 and 1×K."""

    sizes: tuple[int, int]
    each: int  # at one position
    whole: int
    steps: tuple[int, int]


class Change(NamedTuple):
    """A picture and what the kernel makes of it."""

    name: str
    before: Map
    after: Map


def count_multiplications(height: int, width: int) -> Multiplications:
    """The multiplications of a kernel of this size, on a map twice as large."""
    shape = (1, 2 * height, 2 * width)
    conv = _make_conv(height, width)
    pair = SpatialSeparableConv(out=1, kernel=(height, width), bias=False)
    output = conv.result_shape((shape,))
    middle = pair.intermediate((shape,), output)
    first, second = pair.steps((shape,))
    steps = first.work((shape,), middle).multiplications, second.work((middle,), output).multiplications
    return Multiplications(shape[1:], height * width, conv.work((shape,), output).multiplications, steps)


def make_matrices(kernel: Rows) -> tuple[Matrix, Matrix, tuple[Shape, Shape]]:
    """The matrix of a kernel with four positions on a map, that of its transposed convolution, and the two shapes.

    The second is the first, transposed: it takes the output's shape back to the input's.
    """
    height, width = len(kernel), len(kernel[0])
    shape = (1, height + 1, width + 1)
    conv, back = _make_conv(height, width), TransposedConv(out=1, kernel=(height, width), bias=False)
    output = conv.result_shape((shape,))
    weights = _flatten(kernel)
    matrices = [
        compute_matrix(make_node(layer, start), lambda *_: weights) for layer, start in ((conv, shape), (back, output))
    ]
    return matrices[0], matrices[1], (shape, output)


def change_pictures(kernel: Rows, size: int) -> tuple[Change, ...]:
    """What a kernel makes of a step from 0 to 1, of a single 1, and of the digit in this size.

    The single 1 has as much room as the window: what comes out is the kernel, turned by 180°.
    """
    height, width = len(kernel), len(kernel[0])
    step = [float(x >= width) for _ in range(2 * height) for x in range(2 * width)]
    rows, columns = 2 * height - 1, 2 * width - 1
    impulse = [0.0] * (rows * columns)
    impulse[rows * columns // 2] = 1.0
    pictures = {
        "step": Map((1, 2 * height, 2 * width), step),
        "impulse": Map((1, rows, columns), impulse),
        "digit": Map(*make_pattern("digit", (1, size, size), 0, "")),
    }
    conv, weights = _make_conv(height, width), _flatten(kernel)
    return tuple(
        Change(name, x, execute(make_node(conv, x.shape), (x,), lambda *_: weights, Numbers()))
        for name, x in pictures.items()
    )


def make_node(layer: Layer, shape: Shape) -> Node:
    """A node with one layer that reads an input of this shape."""
    return Node(0, layer.kind, layer, (INPUT,), (shape,), layer.result_shape((shape,)), Span(Source("", ""), 0, 0))


def _make_conv(height: int, width: int) -> Conv:
    return Conv(out=1, kernel=(height, width), bias=False)


def _flatten(kernel: Rows) -> list[float]:
    return [float(number) for row in kernel for number in row]
