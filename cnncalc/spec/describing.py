"""What the expansion asks about layers, blocks and nodes; nothing here builds or reports anything."""

from __future__ import annotations

from math import isqrt

from cnncalc.layers import FAMILIES, kind_class
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.settings import LayerError, Value, format_value
from cnncalc.network import INPUT, Node
from cnncalc.spec.scope import Flow, Output
from cnncalc.spec.tree import Block


def write_title(block: Block, values: dict[str, Value]) -> str:
    """The call with its values, `bottleneck(64, 1)`."""
    texts = ["…" if isinstance(value, Output) else format_value(value) for value in values.values()]
    return f"{block.name}({', '.join(texts)})" if values else block.name


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


def explain_reuse_mismatch(old: Node, new: Node) -> str:
    """Describe the weights that a layer has, and those that it would need where it is reused."""
    had, needs = (
        ", ".join(f"{weight.name} {format_value(weight.shape)}" for weight in node.layer.weights(node.input_shapes))
        for node in (old, new)
    )
    return f"the weights of `{old.path}` do not fit: it has {had}, but {needs} is needed here"


def find_activation(name: str) -> type[Layer] | None:
    """The class of an activation without required arguments, None for other names."""
    return kind_class(name) if FAMILIES.get(name) == "activation" else None


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
