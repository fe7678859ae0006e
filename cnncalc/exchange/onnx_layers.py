"""ONNX ops that are layers: convolutions, pools, linear layers, norms."""

from __future__ import annotations

from math import prod

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, Tensor
from cnncalc.exchange.onnx_constants import Constant, axis_in, permuted, require_integers
from cnncalc.exchange.onnx_context import (
    Context,
    Indices,
    Inputs,
    Parts,
    arguments,
    attribute,
    input_at,
    op,
    sides,
    tensor_of,
)
from cnncalc.exchange.onnx_file import OnnxNode
from cnncalc.exchange.products import product
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Shape, format_shape
from cnncalc.records import NamedTuple

Pairs = list[tuple[int, int]]


def window(node: OnnxNode, axes: int) -> tuple[list[int], list[int]]:
    """The strides and dilations of a window."""
    ones = [1] * axes
    found = attribute(node, "strides", ones), attribute(node, "dilations", ones)
    if any(len(each) != axes for each in found):
        raise Refusal(f"its window has another number of axes than its input, {axes}")
    return found


def paddings(node: OnnxNode, sizes: Shape, kernel: Shape, strides: list[int], dilations: list[int]) -> Pairs:
    """The padding before and after each spatial axis."""
    auto, axes = attribute(node, "auto_pad", "NOTSET"), len(sizes)
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pairs = operations.same_sides(sizes, kernel, tuple(strides), tuple(dilations))
        return [pair[::-1] if auto == "SAME_LOWER" else pair for pair in pairs]
    pads = attribute(node, "pads", [0] * 2 * axes) if auto == "NOTSET" else [0] * 2 * axes
    if len(pads) != 2 * axes or min(strides + dilations, default=1) < 1:
        raise Refusal(f"its padding is for {len(pads) // 2} axes, or a step is below 1")
    return list(zip(pads[:axes], pads[axes:], strict=True))


def spatial(context: Context, x: Tensor) -> Shape:
    """The spatial sizes of a tensor [N, C, …] of one to three such axes."""
    if not 3 <= len(x.shape) <= 5:
        raise Refusal(f"its input has {len(x.shape)} axes")
    return x.shape[2:]


class Kernel(NamedTuple):
    """The arrays of a convolution, the sizes of its weight, and how its window moves."""

    arrays: dict[str, Array]
    shape: Shape
    groups: int
    strides: list[int]
    dilations: list[int]


def kernel_of(context: Context, node: OnnxNode, inputs: Inputs, axes: int) -> Kernel:
    """The kernel of a convolution on so many axes."""
    weight = context.array(input_at(inputs, 1), node)
    if len(weight.shape) != axes + 2:
        raise Refusal(f"its kernel has {len(weight.shape) - 2} axes and its input {axes}")
    arrays = {"weight": weight, **context.bias(input_at(inputs, 2), node)}
    return Kernel(arrays, weight.shape, attribute(node, "group", 1), *window(node, axes))


@op("Conv")
def conv(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    sizes = spatial(context, x)
    arrays, shape, groups, strides, dilations = kernel_of(context, node, inputs, len(sizes))
    settings: dict[str, Value] = {
        "kernel": shape[2:],
        "stride": strides,
        "padding": paddings(node, sizes, shape[2:], strides, dilations),
        "dilation": dilations,
        "bias": "bias" in arrays,
    }
    if groups == x.shape[1] and groups > 1 and shape[0] % groups == 0:
        return operations.apply(context.graph, "depthwise_conv", x, arrays, multiplier=shape[0] // groups, **settings)
    return operations.apply(context.graph, "conv", x, arrays, out=shape[0], groups=groups, **settings)


@op("ConvTranspose")
def transposed_conv(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    sizes = spatial(context, x)
    arrays, shape, groups, strides, dilations = kernel_of(context, node, inputs, len(sizes))
    kernel = shape[2:]
    extra = attribute(node, "output_padding", [0] * len(sizes))
    pads = paddings(node, sizes, kernel, strides, dilations)
    auto = attribute(node, "auto_pad", "NOTSET")
    wanted = attribute(node, "output_shape", [0])[-len(sizes) :]
    if auto.startswith("SAME") and "output_shape" not in node.attributes:
        wanted = [size * stride for size, stride in zip(sizes, strides, strict=True)]
    if auto.startswith("SAME") or "output_shape" in node.attributes:
        pads = []
        for size, stride, k, d, more, want in zip(sizes, strides, kernel, dilations, extra, wanted, strict=True):
            total = stride * (size - 1) + more + (k - 1) * d + 1 - want
            small = total // 2
            pads.append((small, total - small) if auto == "SAME_UPPER" else (total - small, small))
    return operations.apply(
        context.graph, "transposed_conv", x, arrays, out=shape[1] * groups, kernel=kernel, stride=strides, padding=pads,
        output_padding=extra, dilation=dilations, groups=groups, bias="bias" in arrays,
    )  # fmt: skip


@op("MaxPool", "AveragePool")
def pool(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor | Parts:
    x = tensor_of(inputs)
    sizes = spatial(context, x)
    kernel = tuple(attribute(node, "kernel_shape", [1]))
    strides, dilations = window(node, len(sizes))
    if len(kernel) != len(sizes):
        raise Refusal("its window has another number of axes than its input")
    pads = paddings(node, sizes, kernel, strides, dilations)
    rounded = bool(attribute(node, "ceil_mode", 0)) and any(
        (size + before + after - d * (k - 1) - 1) % stride
        for size, (before, after), d, k, stride in zip(sizes, pads, dilations, kernel, strides, strict=True)
    )
    settings: dict[str, Value] = {"kernel": kernel, "stride": strides, "padding": pads, "ceil": rounded}
    if node.op == "MaxPool":
        made = operations.apply(context.graph, "max_pool", x, dilation=dilations, **settings)
        if attribute(node, "storage_order", 0) and len(node.outputs) > 1:
            raise Refusal("the indices of a max pool that counts columns first")
        return [made, Indices(made.node, made.shape)] if len(node.outputs) > 1 else made
    if max(dilations) > 1:
        raise Refusal("an average pool with a dilation")
    counted = bool(attribute(node, "count_include_pad", 0)) or not (rounded or any(map(any, pads)))
    return operations.apply(context.graph, "avg_pool", x, count_padding=counted, **settings)


@op("MaxUnpool")
def max_unpool(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    graph, x, indices, given = context.graph, tensor_of(inputs), input_at(inputs, 1), input_at(inputs, 2)
    if not isinstance(indices, Indices):
        raise Refusal("its indices are not those of a max pool")
    pooled = graph.nodes[indices.pool]
    inside, sizes = pooled.inputs[0], spatial(context, x)
    if given is None:
        kernel, (strides, _) = tuple(attribute(node, "kernel_shape", [1])), window(node, len(sizes))
        if len(kernel) != len(sizes):
            raise Refusal("its window has another number of axes than its input")
        pads = paddings(node, sizes, kernel, strides, [1] * len(sizes))
        wanted = tuple(
            (size - 1) * stride + k - sum(pair)
            for size, stride, k, pair in zip(sizes, strides, kernel, pads, strict=True)
        )
    else:
        wanted = tuple(require_integers(given, "a size")[2:])
    if wanted != graph.shape_at(inside)[1:]:
        raise Refusal(f"it does not give the sizes of its pool's input, {format_shape(graph.shape_at(inside)[1:])}")
    return graph.tensor(graph.add("max_unpool", [graph.materialize(x), indices.pool], pool=pooled.layer, like=inside))


@op("GlobalAveragePool", "GlobalMaxPool")
def global_pool(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    spatial(context, x)
    kind = "avg" if node.op == "GlobalAveragePool" else "max"
    return operations.reduce(context.graph, kind, x, range(2, len(x.shape)), keep=True)


# Linear layers


@op("Gemm")
def gemm(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, matrix = tensor_of(inputs), input_at(inputs, 1)
    if not isinstance(matrix, Constant):
        raise Refusal("a product of two tensors and a summand")
    if attribute(node, "transA", 0) or attribute(node, "alpha", 1.0) != 1 or attribute(node, "beta", 1.0) != 1:
        raise Refusal("a product with a factor, or of a transposed tensor")
    if len(matrix.shape) != 2:
        raise Refusal(f"its matrix has {len(matrix.shape)} axes")
    if not attribute(node, "transB", 0):
        matrix = permuted(matrix, (1, 0))
    arrays = {"weight": context.array(matrix, node), **context.bias(input_at(inputs, 2), node)}
    return operations.linear(context.graph, x, arrays, matrix.shape[0])


@op("MatMul")
def matmul(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, matrix = input_at(inputs, 0), input_at(inputs, 1)
    if isinstance(x, Tensor) and isinstance(matrix, Constant) and len(matrix.shape) == 2:
        arrays = {"weight": context.array(permuted(matrix, (1, 0)), node)}
        bias = context.take_summand(node, matrix.shape[1])
        if bias is not None:
            arrays["bias"] = context.array(bias, node)
        return operations.linear(context.graph, x, arrays, matrix.shape[1])
    a, b = (context.tensor(each, node) for each in (x, matrix))
    if len(a.shape) != len(b.shape) or len(a.shape) < 3:
        raise Refusal("a product of tensors of different ranks, or of a vector")
    return product(context.graph, a, b)


# Normalization


@op("BatchNormalization")
def batch_norm(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    if attribute(node, "training_mode", 0) or not attribute(node, "spatial", 1):
        raise Refusal("a batch norm that computes the statistics of its batch, or of each element")
    names = ("weight", "bias", "running_mean", "running_var")
    arrays = context.arrays(node, dict(zip(names, [input_at(inputs, at) for at in range(1, 5)], strict=True)))
    epsilon = attribute(node, "epsilon", 1e-5)
    return operations.apply(context.graph, "batch_norm", tensor_of(inputs), arrays, epsilon=epsilon, **sides(arrays))


@op("InstanceNormalization")
def instance_norm(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    arrays = context.arrays(node, {"weight": input_at(inputs, 1), "bias": input_at(inputs, 2)})
    epsilon = attribute(node, "epsilon", 1e-5)
    return operations.apply(context.graph, "instance_norm", tensor_of(inputs), arrays, epsilon=epsilon, **sides(arrays))


@op("GroupNormalization")
def group_norm(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, groups = tensor_of(inputs), attribute(node, "num_groups", 1)
    weight, bias = input_at(inputs, 1), input_at(inputs, 2)
    if isinstance(weight, Constant) and prod(weight.shape) == groups != x.shape[1]:
        raise Refusal("a group norm with a factor for each group")  # as opset 18 has it
    arrays = context.arrays(node, {"weight": weight, "bias": bias})
    return operations.apply(
        context.graph, "group_norm", x, arrays, groups=groups, epsilon=attribute(node, "epsilon", 1e-5), **sides(arrays)
    )


@op("LayerNormalization")
def layer_norm(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    arrays = context.arrays(node, {"weight": input_at(inputs, 1), "bias": input_at(inputs, 2)})
    dims = len(x.shape) - axis_in(attribute(node, "axis", -1), len(x.shape))
    return operations.layer_norm(
        context.graph, x, dims, arrays, epsilon=attribute(node, "epsilon", 1e-5), **sides(arrays)
    )


@op("RMSNormalization")
def rms_norm(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, last = tensor_of(inputs), len(tensor_of(inputs).shape) - 1
    if axis_in(attribute(node, "axis", -1), last + 1) != last:
        raise Refusal("a root mean square over several axes")
    arrays = context.arrays(node, {"weight": input_at(inputs, 1)})
    moved = views.channels_at(context.graph, x, last)
    epsilon = attribute(node, "epsilon", 1e-5)
    return operations.pointwise(context.graph, "rms_norm", moved, arrays, epsilon=epsilon, scale=bool(arrays))


@op("LRN")
def local_response_norm(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    return operations.apply(context.graph, "local_response_norm", tensor_of(inputs), **arguments(node))


@op("LpNormalization")
def l2_norm(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    if attribute(node, "p", 2) != 2:
        raise Refusal("a norm of absolute values")
    axis = axis_in(attribute(node, "axis", -1), len(x.shape))
    return operations.pointwise(context.graph, "l2_norm", views.channels_at(context.graph, x, axis), epsilon=0)
