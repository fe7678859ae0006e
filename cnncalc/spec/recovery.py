"""What is still known of a tensor after a mistake, so that the expansion can continue. Only loaded for mistakes."""

from __future__ import annotations

from math import isqrt

from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.network import INPUT
from cnncalc.spec.scope import Flow


def guess_output(layer: Layer, shape: Shape | None) -> Flow:
    """The output of a layer after a failed rule: its channels may be known, its sizes are not."""
    out = getattr(layer, "out", None)
    if layer.flat:
        return Flow(INPUT, (out,) if out else None)
    if shape is None or len(shape) < 2:
        return Flow(INPUT, None)
    return Flow(INPUT, (out or shape[0], *shape[1:]), doubtful=True)


def settles_sizes(layer: Layer, inputs: Shapes, output: Shape) -> bool:
    """Whether the output is the same for all spatial sizes, as after a global pool."""
    others = tuple((shape[0], *(4 * size + 64 for size in shape[1:])) for shape in inputs)
    try:
        return layer.output_shape(others) == output
    except LayerError:
        return False


def suggest_map(elements: int) -> str:
    """The layer that makes a map of a flat input: a square image of one or three channels, or else one axis.

    >>> suggest_map(784), suggest_map(3072), suggest_map(10)
    ('reshape([1, 28, 28])', 'reshape([3, 32, 32])', 'reshape([1, 10])')
    """
    for channels in (1, 3):
        side = isqrt(elements // channels)
        if side > 1 and channels * side * side == elements:
            return f"reshape([{channels}, {side}, {side}])"
    return f"reshape([1, {elements}])"
