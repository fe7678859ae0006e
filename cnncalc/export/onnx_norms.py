"""Normalization layers as ONNX nodes."""

from __future__ import annotations

from math import prod

from cnncalc.export.onnx_file import BATCH, FLOAT, Dims, Value
from cnncalc.export.onnx_graph import LayerNodes, per_channel


def _affine(of: LayerNodes, dims: Dims) -> list[Value]:
    """The factors and summands of a norm, or in their place ones and zeros that are no parameters."""
    return [
        of.weight(name) if of.has(name) else of.filled(neutral, dims)
        for name, neutral in (("weight", 1.0), ("bias", 0.0))
    ]


def batch_norm(of: LayerNodes) -> Value:
    arrays = [*_affine(of, of.shape[:1]), of.weight("running_mean"), of.weight("running_var")]
    return of.op("BatchNormalization", [of.x, *arrays], of.output, epsilon=float(of.layer.epsilon))


def instance_norm(of: LayerNodes) -> Value:
    inputs = [of.x, *_affine(of, of.shape[:1])]
    return of.op("InstanceNormalization", inputs, of.output, epsilon=float(of.layer.epsilon))


def group_norm(of: LayerNodes) -> Value:
    """An instance norm of groups in place of channels; the op that ONNX has since opset 21 gets no shapes inferred."""
    groups = of.layer.groups
    parts = of.reshaped(of.x, (BATCH, groups, prod(of.shape) // groups))
    ones = of.table(("ones", groups), (groups,), lambda: [1.0] * groups, FLOAT)
    zeros = of.table(("zeros", groups), (groups,), lambda: [0.0] * groups, FLOAT)
    made = of.op("InstanceNormalization", [parts, ones, zeros], parts.dims, epsilon=float(of.layer.epsilon))
    made = of.reshaped(made, of.output)
    for op, name in (("Mul", "weight"), ("Add", "bias")):
        if of.has(name):
            made = of.elementwise(op, made, of.weight(name, per_channel(of.shape)))
    return made


def layer_norm(of: LayerNodes) -> Value:
    over = [axis + 1 for axis in of.layer.normalized_axes(of.shape)]
    sizes = tuple(of.shape[axis - 1] for axis in over)
    factor = of.weight("weight") if of.has("weight") else of.filled(1.0, sizes)
    return _at_the_end(of, "LayerNormalization", over, [factor, *of.optional("bias")])


def rms_norm(of: LayerNodes) -> Value:
    factor = of.weight("weight") if of.has("weight") else of.filled(1.0, of.shape[:1])
    return _at_the_end(of, "RMSNormalization", [1], [factor])


def _at_the_end(of: LayerNodes, op: str, over: list[int], arrays: list[Value]) -> Value:
    """A norm over axes, which are the last ones while it is computed."""
    rank = len(of.x.dims)
    order = [axis for axis in range(rank) if axis not in over] + over
    moved = order != list(range(rank))
    x = of.transposed(of.x, order) if moved else of.x
    made = of.op(op, [x, *arrays], x.dims, axis=rank - len(over), epsilon=float(of.layer.epsilon))
    return of.transposed(made, [order.index(axis) for axis in range(rank)]) if moved else made


def local_response_norm(of: LayerNodes) -> Value:
    """LRN, or where ONNX's windows are other ones, of an even size, the formula step by step."""
    layer, x = of.layer, of.x
    channels, *sizes = of.shape
    if layer.size % 2:
        image = x if len(sizes) == 2 else of.reshaped(x, (BATCH, channels, prod(sizes), 1))  # as runtimes want it
        alpha, beta, bias = map(float, (layer.alpha, layer.beta, layer.k))
        made = of.op("LRN", [image], image.dims, size=layer.size, alpha=alpha, beta=beta, bias=bias)
        return made if image is x else of.reshaped(made, of.output)
    rows: Dims = (BATCH, 1, channels, prod(sizes))
    squares = of.reshaped(of.elementwise("Mul", x, x), rows)
    pads = [layer.size // 2, 0, (layer.size - 1) // 2, 0]
    averages = of.op("AveragePool", [squares], rows, kernel_shape=[layer.size, 1], pads=pads, count_include_pad=1)
    term = of.elementwise("Add", of.scaled(averages, layer.alpha), of.numbers("k", [layer.k]))
    divisor = of.reshaped(of.elementwise("Pow", term, of.numbers("beta", [layer.beta])), of.output)
    return of.elementwise("Div", x, divisor)


def l2_norm(of: LayerNodes) -> Value:
    root = of.reduced("ReduceL2", of.x, [1])
    least = of.op("Max", [root, of.numbers("epsilon", [of.layer.epsilon])], root.dims)
    return of.elementwise("Div", of.x, least)


def response_norm(of: LayerNodes) -> Value:
    """weight·x·g/(mean of g + epsilon) + bias + x, where g is √Σx² of each channel."""
    x, dims = of.x, per_channel(of.shape)
    positions = range(2, len(x.dims))
    norms = of.reduced("ReduceL2", x, positions) if positions else of.elementwise("Abs", x)
    mean = of.elementwise("Add", of.reduced("ReduceMean", norms, [1]), of.numbers("epsilon", [of.layer.epsilon]))
    scaled = of.elementwise("Mul", x, of.elementwise("Div", norms, mean))
    scaled = of.elementwise("Mul", scaled, of.weight("weight", dims))
    return of.elementwise("Add", of.elementwise("Add", scaled, of.weight("bias", dims)), x)
