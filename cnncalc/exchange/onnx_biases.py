"""Biases of relative positions: rows of a table, learned or computed by two linear layers, for all pairs of positions.

They are found at the Gather of the rows, which is replaced by a node `PositionBias` of our own.
"""

from __future__ import annotations

from cnncalc import limits
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor
from cnncalc.exchange.onnx_constants import Constant, permuted
from cnncalc.exchange.onnx_context import Context, Inputs, attribute, input_at, op
from cnncalc.exchange.onnx_file import OnnxNode
from cnncalc.exchange.onnx_matching import Found, Matcher
from cnncalc.exchange.products import TABLE, position_bias
from cnncalc.layers.base import Shape
from cnncalc.layers.learned import LARGEST_BIAS
from cnncalc.records import NamedTuple

OP = "PositionBias"
VIEWS = ("Reshape", "Transpose", "Unsqueeze", "Squeeze", "Identity", "Cast")


class _Linear(NamedTuple):
    """A linear layer: its input, its matrix, its bias ("" without one), whether the matrix is [in, out]."""

    source: str
    weight: str
    bias: str
    turned: bool


def table_rows(matcher: Matcher, node: OnnxNode) -> Found:
    """The rows of a learned table for all pairs of positions; found at the Gather."""
    table = matcher.tensor(node.inputs[0])
    if table is None or len(table.shape) != 2 or node.attributes.get("axis", 0) != 0:
        return None
    window = matcher.window(node.inputs[1], table.shape[0])
    return None if window is None else _replaced(node, [node.inputs[0]], window)


def computed_rows(matcher: Matcher, node: OnnxNode) -> Found:
    """The rows of a table that a small network computes of the logarithms of offsets, as in Swin V2."""
    layers = _layers_of(matcher, node) if node.attributes.get("axis", 0) == 0 else None
    coordinates = matcher.tensor(layers[0].source) if layers else None
    if layers is None or coordinates is None or len(coordinates.shape) < 2:
        return None
    axes = coordinates.shape[-1]
    window = matcher.window(node.inputs[1], coordinates.elements // axes) if axes else None
    if window is None or len(window) != axes or not matcher.is_spaced(layers[0].source, window):
        return None
    first, second = layers
    turned = [int(layer.turned) for layer in layers]
    return _replaced(node, [first.weight, first.bias, second.weight], window, turned)


def bounded_rows(matcher: Matcher, node: OnnxNode) -> Found:
    """The sigmoid times 16 after the rows of such a table, which is a part of the layer; found at the Sigmoid."""
    name, gather = node.inputs[0], None
    for _ in range(limits.ONNX_AXES):
        before = matcher.maker(name, *VIEWS, "Gather")
        if before is None or before.op == "Gather":
            gather = before
            break
        name = before.inputs[0]
    if gather is None or computed_rows(matcher, gather) is None:
        return None
    end = _after(matcher, gather)
    return None if end is None else (end, end._replace(op="Identity", inputs=node.inputs[:1], attributes={}))


def _layers_of(matcher: Matcher, gather: OnnxNode) -> tuple[_Linear, _Linear] | None:
    """The linear layers, a relu between them, before the rows; the sigmoid times 16 is before them, or after."""
    name = _through_views(matcher, gather.inputs[0])
    product = matcher.split(matcher.maker(name, "Mul"), lambda one: matcher.is_number(one, LARGEST_BIAS))
    gate = matcher.maker(product[1], "Sigmoid") if product else None
    if gate is not None:
        name = _through_views(matcher, gate.inputs[0])
    elif _after(matcher, gather) is None:
        return None
    second = _linear(matcher, name)
    relu = matcher.maker(second.source, "Relu") if second and not second.bias else None
    first = _linear(matcher, relu.inputs[0]) if relu else None
    return (first, second) if first and second and first.bias else None


def _through_views(matcher: Matcher, name: str) -> str:
    """The tensor of which one is a view with the same last axis, as far as sizes are concerned."""
    maker = matcher.maker(name, "Reshape", "Squeeze", "Identity")
    return maker.inputs[0] if maker else name


def _after(matcher: Matcher, gather: OnnxNode) -> OnnxNode | None:
    """The product with 16 of the sigmoid that follows rows, views between them."""
    name = gather.outputs[0]
    for _ in range(limits.ONNX_AXES):
        node = matcher.reader(name, *VIEWS, "Sigmoid")
        if node is None or node.op == "Sigmoid":
            break
        name = node.outputs[0]
    else:
        return None
    product = matcher.reader(node.outputs[0], "Mul") if node else None
    parts = matcher.split(product, lambda one: matcher.is_number(one, LARGEST_BIAS))
    return product if parts else None


def _linear(matcher: Matcher, name: str) -> _Linear | None:
    """The linear layer that makes a tensor."""
    maker = matcher.maker(name, "Gemm", "MatMul", "Add")
    if maker is None:
        return None
    if maker.op == "Gemm":
        (source, weight, *bias), given = maker.inputs, maker.attributes
        plain = given.get("alpha", 1) == given.get("beta", 1) == 1 and not given.get("transA", 0)
        return _Linear(source, weight, "".join(bias), not given.get("transB", 0)) if plain else None
    if maker.op == "MatMul":
        source, weight = maker.inputs
        return _Linear(source, weight, "", True) if matcher.is_constant(weight) else None
    parts = matcher.split(maker, matcher.is_constant)
    product = _linear(matcher, parts[1]) if parts and matcher.maker(parts[1], "MatMul") else None
    return product._replace(bias=parts[0]) if product and parts else None


def _replaced(node: OnnxNode, arrays: list[str], window: Shape, turned: list[int] | None = None) -> Found:
    attributes = {"window": [*window], "turned": turned or []}
    return node, node._replace(op=OP, inputs=(node.inputs[1], *arrays), attributes=attributes)


@op(OP)
def bias(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    """[*pairs, heads], of the pairs, and of a table or the arrays of the layers that compute it."""
    pairs, window, turned = input_at(inputs, 0), tuple(attribute(node, "window", [1])), attribute(node, "turned", [0])
    matrices = [each for each in inputs[1::2] if isinstance(each, Constant) and len(each.shape) == 2]
    if not isinstance(pairs, Constant) or len(matrices) != len(inputs) // 2:
        raise Refusal("a position bias whose arrays depend on the input")
    if len(inputs) == 2:
        array = context.array(matrices[0], node)
        kind, heads, arrays = "relative_position_bias", array.shape[1], {TABLE: array}
        return position_bias(context.graph, kind, arrays, window, pairs.shape, heads=heads)
    if len(inputs) != 4 or len(turned) != 2:
        raise Refusal(f"a position bias of {len(inputs)} inputs")
    first, second = (
        context.array(permuted(matrix, (1, 0)) if is_turned else matrix, node)
        for matrix, is_turned in zip(matrices, turned, strict=True)
    )
    named = {"cpb_mlp.0.weight": first, "cpb_mlp.0.bias": context.array(inputs[2], node), "cpb_mlp.2.weight": second}
    kind, (heads, hidden) = "continuous_position_bias", second.shape
    return position_bias(context.graph, kind, named, window, pairs.shape, heads=heads, hidden=hidden)
