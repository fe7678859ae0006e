"""Functions of PyTorch that are layers: activations, windows, linear layers, norms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, Graph, Tensor
from cnncalc.exchange.torch_arrays import Known, array_of, arrays_of, numbers_of, standardized, statistics_of
from cnncalc.exchange.torch_ops import OPS, Aside, axis_of, each, op
from cnncalc.exchange.views import Padded
from cnncalc.layers import KINDS
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Shape, format_shape
from cnncalc.layers.border import Pad
from cnncalc.layers.frameworks import PYTORCH
from cnncalc.layers.pool import AvgPool
from cnncalc.layers.window import to_pairs

NEAR = 1e-5  # of shares of a window, in single precision


def _plain(kind: str, graph: Graph, x: Tensor, *_: Any, **__: Any) -> Tensor:
    return operations.pointwise(graph, kind, x)


# by the modules of PyTorch that take no arguments: the function of ReLU6 is relu6
PLAIN = {
    name.lower(): signature.kind
    for name, signature in PYTORCH.items()
    if {*signature.parameters} <= {"inplace"} and signature.kind in KINDS
}
PLAIN |= {"exp": "exp", "log": "log", "sqrt": "sqrt", "abs": "abs", "absolute": "abs"}
OPS.update({name: partial(_plain, kind) for name, kind in PLAIN.items()})


@op("gelu")
def gelu(graph: Graph, x: Tensor, approximate: str = "none") -> Tensor:
    return operations.pointwise(graph, "gelu", x, approximate=approximate)


@op("leaky_relu")
def leaky_relu(graph: Graph, x: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    return operations.pointwise(graph, "leaky_relu", x, slope=negative_slope)


@op("elu")
def elu(graph: Graph, x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    return operations.pointwise(graph, "elu", x, alpha=alpha)


@op("softplus")
def softplus(graph: Graph, x: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    if beta != 1:
        raise Refusal("a softplus with a factor")
    return operations.pointwise(graph, "softplus", x)


@op("hardtanh", "clamp", "clip")
def clamp(graph: Graph, x: Tensor, min: Any = None, max: Any = None, inplace: bool = False, **more: Any) -> Tensor:
    low, high = more.get("min_val", min), more.get("max_val", max)
    if isinstance(low, Tensor | Known) or isinstance(high, Tensor | Known):
        raise Refusal("bounds that are tensors")
    if low == 0 and high in (6, None):
        return operations.pointwise(graph, "relu6" if high == 6 else "relu", x)
    if low is None or high is None:
        bound, sign = (low, 1) if low is not None else (high, -1)
        x = operations.affine(graph, x, sign, -sign * bound)
        return operations.affine(graph, operations.pointwise(graph, "relu", x), sign, bound)
    return operations.pointwise(graph, "clip", x, low=low, high=high)


@op("prelu")
def prelu(graph: Graph, x: Tensor, weight: Known) -> Tensor:
    if prod(weight.shape) == 1:
        return operations.pointwise(graph, "prelu", x, arrays_of(weight=weight), shared=True)
    return operations.pointwise(graph, "prelu", views.with_axis(graph, x, 1, 0), arrays_of(weight=weight))


def _softmax(kind: str, graph: Graph, x: Tensor, dim: int | None = None, *_: Any, **__: Any) -> Tensor:
    if dim is None:
        raise Refusal("a softmax without a dimension")
    return operations.softmax(graph, x, axis_of(dim, len(x.shape)), kind)


OPS.update({kind: partial(_softmax, kind) for kind in ("softmax", "log_softmax")})


@op("dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout")
def dropout(graph: Graph, x: Tensor, p: float = 0.5, *_: Any, **__: Any) -> Tensor:
    return operations.pointwise(graph, "dropout", x, rate=p) if p else x


# Layers with windows


def _conv(
    axes: int, graph: Graph, x: Tensor, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    if len(x.shape) != axes + 2:
        raise Refusal("a convolution without a batch")
    standard = weight.standard if isinstance(weight, Known) else None
    if standard is not None:
        arrays, more = standardized(standard, weight.shape, bias)
    else:
        arrays, more = arrays_of(weight=weight, bias=bias), {}
    shape = arrays["weight"].shape
    settings: dict[str, Value] = {
        **more,
        "kernel": shape[2:],
        "stride": each(stride, axes),
        "padding": {"valid": 0}.get(padding, padding) if isinstance(padding, str) else each(padding, axes),
        "dilation": each(dilation, axes),
        "bias": bias is not None,
    }
    if standard is not None:
        return operations.apply(graph, "standardized_conv", x, arrays, out=shape[0], groups=groups, **settings)
    if groups == x.shape[1] and groups > 1:
        return operations.apply(graph, "depthwise_conv", x, arrays, multiplier=shape[0] // groups, **settings)
    return operations.apply(graph, "conv", x, arrays, out=shape[0], groups=groups, **settings)


def _transposed(
    axes: int, graph: Graph, x: Tensor, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    shape = array_of(weight).shape
    return operations.apply(
        graph, "transposed_conv", x, arrays_of(weight=weight, bias=bias), out=shape[1] * groups, kernel=shape[2:],
        stride=each(stride, axes), padding=each(padding, axes), output_padding=each(output_padding, axes),
        dilation=each(dilation, axes), groups=groups, bias=bias is not None,
    )  # fmt: skip


def _max_pool(
    axes: int, graph: Graph, x: Tensor | Padded, kernel_size: Any, stride: Any = None, padding: Any = 0,
    dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor:  # fmt: skip
    kernel: Shape = each(kernel_size, axes)
    sides: Any = each(padding, axes)
    if isinstance(x, Padded):  # as TensorFlow's `same` is written
        if any(sides) or any(map(any, x.sides[:-axes])):
            raise Refusal("a border of −∞ that is no padding of the pool")
        sides = tuple(x.sides[-axes:])
        x = x.inside
    stride, dilation = each(stride, axes) if stride else kernel, each(dilation, axes)
    is_large = any(2 * max(pair) > size for pair, size in zip(sides, kernel, strict=True) if isinstance(pair, tuple))
    if is_large and [*sides] == operations.same_sides(x.shape[2:], kernel, stride, dilation):
        sides = "same"
    return operations.apply(
        graph, "max_pool", x, kernel=kernel, stride=stride, padding=sides, dilation=dilation, ceil=ceil_mode,
    )  # fmt: skip


def _max_pool_with_indices(axes: int, graph: Graph, x: Tensor, *args: Any, **kwargs: Any) -> list[Any]:
    pooled = _max_pool(axes, graph, x, *args, **kwargs)
    return [pooled, Aside(pooled.node, pooled.shape)]


def _max_unpool(axes: int, graph: Graph, x: Tensor, indices: Any, *_: Any, shape: Shape, **__: Any) -> Tensor:
    if not isinstance(indices, Aside):
        raise Refusal("the indices of its pool are computed")
    pool, inside = graph.nodes[indices.pool].layer, graph.nodes[indices.pool].inputs[0]
    if graph.shape_at(inside)[1:] != shape[2:]:
        raise Refusal(f"it does not give the sizes of its pool's input, {format_shape(graph.shape_at(inside)[1:])}")
    node = graph.add("max_unpool", [graph.materialize(x), indices.pool], pool=pool, like=inside)
    return graph.tensor(node)


def _avg_pool(
    axes: int, graph: Graph, x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: Any = None,
) -> Tensor:  # fmt: skip
    if divisor_override:
        raise Refusal("an average with a divisor of its own")
    kernel, sides = each(kernel_size, axes), each(padding, axes)
    counted = count_include_pad or not (any(sides) or ceil_mode)
    return operations.apply(
        graph, "avg_pool", x, kernel=kernel, stride=each(stride, axes) if stride else kernel, padding=sides,
        ceil=ceil_mode, count_padding=counted,
    )  # fmt: skip


def mean_inside(graph: Graph, x: Tensor, shares: Known) -> Tensor | None:
    """An average pool of a map with a border of zeros, divided by the shares of its windows that are inside: a pool
    that does not count the border. None of anything else.
    """
    pool = graph.nodes[x.node] if x.node >= 0 and graph.is_plain(x) else None
    if pool is None or not isinstance(pool.layer, AvgPool) or pool.layer.padding != 0 or pool.layer.ceil:
        return None
    border = graph.nodes[pool.inputs[0]] if pool.inputs[0] >= 0 else None
    if border is None or not isinstance(border.layer, Pad) or border.layer.value or border.layer.mode != "zeros":
        return None
    if border.layer.amount is None or shares.real is None or shares.shape != (1, 1, *pool.output[1:]):
        return None
    inside = graph.shape_at(border.inputs[0])[1:]
    sides = to_pairs("amount", border.layer.amount, len(inside))
    axes = pool.layer.axes((border.output,))
    wanted = [1.0]
    for size, (before, _), axis, count in zip(inside, sides, axes, pool.output[1:], strict=True):
        starts = [at * axis.stride - before for at in range(count)]
        found = [(min(start + axis.kernel, size) - max(start, 0)) / axis.kernel for start in starts]
        wanted = [share * each for share in wanted for each in found]
    if max(abs(a - b) for a, b in zip(wanted, numbers_of(shares.real) or (), strict=True)) > NEAR:
        return None
    window: dict[str, Value] = {"kernel": pool.layer.kernel, "stride": pool.layer.stride, "padding": sides}
    return graph.tensor(graph.add("avg_pool", border.inputs, count_padding=False, **window))


def _adaptive(kind: str, axes: int, graph: Graph, x: Tensor, output_size: Any, *_: Any, **__: Any) -> Tensor:
    sizes = each(output_size, axes)
    own = x.shape[2:]
    wanted = tuple(size if size is not None else at for size, at in zip(sizes, own, strict=True))
    if wanted == own:
        return x
    if {*wanted} == {1}:
        return operations.reduce(graph, kind, x, range(2, 2 + axes), keep=True)
    return operations.apply(graph, f"adaptive_{kind}_pool", x, size=wanted)


for _axes in (1, 2, 3):
    OPS[f"conv{_axes}d"] = partial(_conv, _axes)
    OPS[f"conv_transpose{_axes}d"] = partial(_transposed, _axes)
    OPS[f"max_pool{_axes}d"] = partial(_max_pool, _axes)
    OPS[f"max_pool{_axes}d_with_indices"] = partial(_max_pool_with_indices, _axes)
    OPS[f"max_unpool{_axes}d"] = partial(_max_unpool, _axes)
    OPS[f"avg_pool{_axes}d"] = partial(_avg_pool, _axes)
    OPS[f"adaptive_avg_pool{_axes}d"] = partial(_adaptive, "avg", _axes)
    OPS[f"adaptive_max_pool{_axes}d"] = partial(_adaptive, "max", _axes)


@op("linear")
def linear(graph: Graph, x: Tensor, weight: Any, bias: Any = None) -> Tensor:
    return operations.linear(graph, x, arrays_of(weight=weight, bias=bias), array_of(weight).shape[0])


# Normalization


def _norm(kind: str, graph: Graph, x: Tensor, weight: Any, bias: Any, eps: float, **more: Value) -> Tensor:
    arrays = arrays_of(weight=weight, bias=bias)
    return operations.apply(graph, kind, x, arrays, epsilon=eps, **_affine(arrays), **more)


def _affine(arrays: dict[str, Array]) -> dict[str, Value]:
    return {"affine": bool(arrays), "scale": "weight" in arrays or not arrays, "shift": "bias" in arrays or not arrays}


@op("batch_norm")
def batch_norm(
    graph: Graph, x: Tensor, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5, *_: Any,
) -> Tensor:  # fmt: skip
    if training or running_mean is None:
        raise Refusal("a batch norm that computes the statistics of its batch")
    learned = arrays_of(weight=weight, bias=bias)
    arrays = {**learned, "running_mean": statistics_of(running_mean), "running_var": statistics_of(running_var)}
    x = views.channels_at(graph, x, 1)
    return operations.pointwise(graph, "batch_norm", x, arrays, epsilon=eps, **_affine(learned))


@op("instance_norm")
def instance_norm(
    graph: Graph, x: Tensor, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5, *_: Any,
) -> Tensor:  # fmt: skip
    if not use_input_stats:
        raise Refusal("an instance norm by running statistics")
    return _norm("instance_norm", graph, x, weight, bias, eps)


@op("group_norm")
def group_norm(
    graph: Graph, x: Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any
) -> Tensor:
    return _norm("group_norm", graph, x, weight, bias, eps, groups=num_groups)


@op("layer_norm")
def layer_norm(
    graph: Graph, x: Tensor, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5,
    *_: Any,
) -> Tensor:  # fmt: skip
    arrays = arrays_of(weight=weight, bias=bias)
    return operations.layer_norm(graph, x, len(normalized_shape), arrays, epsilon=eps, **_affine(arrays))


@op("local_response_norm")
def local_response_norm(
    graph: Graph, x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    return operations.apply(graph, "local_response_norm", x, size=size, alpha=alpha, beta=beta, k=k)


@op("rms_norm")
def rms_norm(
    graph: Graph, x: Tensor, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None
) -> Tensor:
    if len(normalized_shape) > 1 or eps is None:
        raise Refusal(f"an RMS norm over {len(normalized_shape)} axes, or with the epsilon of its data type")
    arrays, last = arrays_of(weight=weight), len(x.shape) - 1
    return operations.pointwise(
        graph, "rms_norm", views.with_axis(graph, x, last, 0), arrays, epsilon=eps, scale=bool(arrays)
    )


@op("normalize")
def normalize(graph: Graph, x: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, *_: Any) -> Tensor:
    if p != 2:
        raise Refusal(f"a norm of order {p:g}")
    return operations.pointwise(graph, "l2_norm", views.with_axis(graph, x, axis_of(dim, len(x.shape)), 0), epsilon=eps)
