"""ONNX ops that treat elements one by one, or reduce them: activations, arithmetic, reductions."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isclose, prod

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, Tensor
from cnncalc.exchange.numbers import bounded, with_number
from cnncalc.exchange.onnx_constants import (
    Constant,
    axes_of,
    axis_in,
    require_number,
)
from cnncalc.exchange.onnx_context import OPS, Context, Inputs, arguments, attribute, input_at, op, shorten, tensor_of
from cnncalc.exchange.onnx_file import OnnxNode
from cnncalc.layers.activation import SELU_ALPHA, SELU_SCALE
from cnncalc.layers.arguments import Value
from cnncalc.layers.frameworks import ONNX


def by_table(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    """An op that treats every element alike."""
    return operations.pointwise(context.graph, ONNX[node.op].kind, tensor_of(inputs), **arguments(node))


POINTWISE = (
    "Relu", "Sigmoid", "Tanh", "Softplus", "Mish", "HardSwish", "Elu", "LeakyRelu", "Gelu", "Sqrt", "Abs", "Exp", "Log",
)  # fmt: skip
OPS.update(dict.fromkeys(POINTWISE, by_table))


@op("Swish")
def silu(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    if attribute(node, "alpha", 1.0) != 1:
        raise Refusal("a swish with a factor")
    return operations.pointwise(context.graph, "silu", tensor_of(inputs))


@op("Selu")
def selu(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    given = attribute(node, "alpha", SELU_ALPHA), attribute(node, "gamma", SELU_SCALE)
    if not all(isclose(a, b, rel_tol=1e-5) for a, b in zip(given, (SELU_ALPHA, SELU_SCALE), strict=True)):
        raise Refusal("a selu with other constants")
    return operations.pointwise(context.graph, "selu", tensor_of(inputs))


@op("HardSigmoid")
def hard_sigmoid(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, alpha, beta = tensor_of(inputs), attribute(node, "alpha", 0.2), attribute(node, "beta", 0.5)
    if isclose(alpha, 1 / 6, rel_tol=1e-5) and beta == 0.5:
        return operations.pointwise(context.graph, "hard_sigmoid", x)
    x = operations.affine(context.graph, x, alpha, beta)
    return operations.pointwise(context.graph, "clip", x, low=0, high=1)


@op("PRelu")
def prelu(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, slope = tensor_of(inputs), input_at(inputs, 1)
    array = context.array(slope, node)
    if prod(array.shape) == 1:
        return operations.pointwise(context.graph, "prelu", x, {"weight": array}, shared=True)
    sizes = (*[1] * (len(x.shape) - len(array.shape)), *array.shape)
    large = [at for at, size in enumerate(sizes) if size > 1]
    if len(large) == 1:
        moved = views.with_axis(context.graph, x, large[0], 0)
        return operations.pointwise(context.graph, "prelu", moved, {"weight": array})
    per = {tuple(range(1, len(sizes))): "element", tuple(range(2, len(sizes))): "position"}.get(tuple(large))
    if per is None:
        raise Refusal("a slope for some of the axes")
    return operations.apply(context.graph, "prelu", x, {"weight": array}, per=per)


@op("Clip")
def clip(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    graph, x = context.graph, tensor_of(inputs)
    if len(inputs) > 1:
        given = [None if each is None else shorten(require_number(each, "a bound")) for each in (*inputs[1:3], None)]
        low, high = given[:2]
    else:
        low, high = (None if name not in node.attributes else attribute(node, name, 0.0) for name in ("min", "max"))
    return bounded(graph, x, low, high)


@op("Softmax", "LogSoftmax")
def softmax(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    axis = axis_in(attribute(node, "axis", -1 if context.opset >= 13 else 1), len(x.shape))
    if context.opset < 13 and prod(x.shape[axis + 1 :]) > 1:
        raise Refusal("a softmax over several axes together")
    return operations.softmax(context.graph, x, axis, "log_softmax" if node.op == "LogSoftmax" else "softmax")


@op("Dropout")
def dropout(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    given = input_at(inputs, 1)
    rate = attribute(node, "ratio", 0.5) if given is None else shorten(require_number(given, "a rate"))
    return operations.pointwise(context.graph, "dropout", tensor_of(inputs), rate=rate)


@op("Identity", "Cast")
def same(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    return tensor_of(inputs)


@op("CastLike")
def cast_like(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor | Constant:
    """Its first input, which may be a constant: only the type of the second one counts."""
    first = input_at(inputs, 0)
    return first if isinstance(first, Constant) else tensor_of(inputs)


@op("Neg")
def negate(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    return operations.affine(context.graph, tensor_of(inputs), -1)


@op("Reciprocal")
def reciprocal(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    return operations.pointwise(context.graph, "power", tensor_of(inputs), n=-1)


@op("Pow")
def power(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    exponent = constant_number(input_at(inputs, 1))
    if exponent is None:
        raise Refusal("a power whose exponent is no number")
    if exponent == 0.5:
        return operations.pointwise(context.graph, "sqrt", tensor_of(inputs))
    return operations.pointwise(context.graph, "power", tensor_of(inputs), n=exponent)


def constant_number(value: object) -> float | None:
    """The number that a constant is, or that all its elements are where it is computed; None for learned arrays.

    An array of one element is learned where it has axes, or a name with a dot, and no slash, as those of modules have.
    """
    if not isinstance(value, Constant):
        return None
    values = value.values
    if values is None or not values or any(each != values[0] for each in values):
        return None
    name = value.key if isinstance(value.key, str) else ""
    learned = value.tensor is not None and (
        value.shape or ("." in name and "/" not in name and not name.startswith("onnx::"))
    )
    if learned and prod(value.shape) >= 1 and value.key is not None and not _is_lifted(name):
        return None
    return shorten(float(values[0]))


def _is_lifted(name: str) -> bool:
    """Whether a name is one that exporters give to numbers of the code."""
    return name.startswith(("/", "onnx::", "val_", "scalar_tensor", "const"))


ARITHMETIC = {"Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "divide"}


@op(*ARITHMETIC)
def binary(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    if len(inputs) != 2 or None in inputs:
        raise Refusal(f"it has {len(inputs)} inputs")
    a, b = inputs
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return operations.merge(context.graph, ARITHMETIC[node.op], [a, b])
    x, constant = (a, b) if isinstance(a, Tensor) else (b, a)
    assert isinstance(x, Tensor)
    assert isinstance(constant, Constant)
    number = constant_number(constant)
    if number is not None:
        return with_number(context.graph, ARITHMETIC[node.op], x, number, first=x is b)
    if node.op == "Sub" and x is b:
        x = operations.affine(context.graph, x, -1)
    if node.op == "Div" and x is b:
        raise Refusal("an array divided by a tensor")
    kind, array = "shift" if node.op in ("Add", "Sub") else "scale", context.array(constant, node)
    if node.op == "Sub" and x is a:
        array = _changed(array, lambda number: -number, "negative")
    elif node.op == "Div":
        array = _changed(array, lambda number: 1 / number if number else inf, "reciprocal")
    return operations.learned(context.graph, kind, x, array)


def _changed(array: Array, change: Callable[[float], float], how: str) -> Array:
    """An array whose numbers are those of another, changed."""

    def load() -> list[float] | None:
        numbers = array.load()
        return None if numbers is None else [change(number) for number in numbers]

    return array._replace(key=(array.key, how), load=load)


@op("Sum", "Mean", "Max", "Min")
def several(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    given = [each for each in inputs if each is not None]
    numbers = [constant_number(each) for each in given if isinstance(each, Constant)]
    tensors = [each for each in given if isinstance(each, Tensor)]
    if numbers and node.op in ("Max", "Min") and len(tensors) == 1 and None not in numbers:
        known = [number for number in numbers if number is not None]
        low, high = (max(known), None) if node.op == "Max" else (None, min(known))
        return bounded(context.graph, tensors[0], low, high)
    if numbers or not tensors:
        raise Refusal("a merge with a constant" if numbers else "it lacks an input")
    kind = {"Sum": "add", "Mean": "mean", "Max": "maximum", "Min": "minimum"}[node.op]
    return tensors[0] if len(tensors) == 1 else operations.merge(context.graph, kind, tensors)


# op → what is done to each element before, how they are reduced, and what is done to the results
REDUCTIONS: dict[str, tuple[str, str, str]] = {
    "ReduceMean": ("", "avg", ""), "ReduceMax": ("", "max", ""), "ReduceSum": ("", "sum", ""),
    "ReduceL1": ("abs", "sum", ""), "ReduceL2": ("power", "sum", "sqrt"), "ReduceSumSquare": ("power", "sum", ""),
    "ReduceLogSum": ("", "sum", "log"), "ReduceLogSumExp": ("exp", "sum", "log"),
}  # fmt: skip


@op(*REDUCTIONS)
def reduction(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    graph, x = context.graph, tensor_of(inputs)
    before, kind, after = REDUCTIONS[node.op]
    axes, none = axes_of(node, inputs), attribute(node, "noop_with_empty_axes", 0)
    if not axes and not none:
        raise Refusal("a reduction over the batch")
    dims, keep = sorted({axis_in(axis, len(x.shape)) for axis in axes or ()}), bool(attribute(node, "keepdims", 1))
    if before:
        settings: dict[str, Value] = {"n": 2} if before == "power" else {}
        x = operations.pointwise(graph, before, x, **settings)
    if dims:
        x = (
            operations.total(graph, x, dims, keep=keep)
            if kind == "sum"
            else operations.reduce(graph, kind, x, dims, keep=keep)
        )
    return operations.pointwise(graph, after, x) if after else x
