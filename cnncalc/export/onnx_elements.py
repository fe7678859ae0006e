"""Layers that treat elements one by one, or merge branches, as ONNX nodes."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from cnncalc.export.onnx_file import BATCH, Dims, Value
from cnncalc.export.onnx_graph import LayerNodes, per_channel
from cnncalc.layers.activation import SELU_ALPHA, SELU_SCALE
from cnncalc.layers.base import Shape
from cnncalc.layers.over import count_sets

Rule = Callable[[LayerNodes], Value]


def alike(op: str, *arguments: str, **attributes: Any) -> Rule:
    """An op of one input; `arguments` are ours that have other names there, as `alpha=slope`."""
    pairs = [argument.partition("=")[::2] for argument in arguments]

    def write(of: LayerNodes) -> Value:
        given: dict[str, Any] = {name: float(getattr(of.layer, ours)) for name, ours in pairs}
        return of.op(op, [of.x], of.output, **given, **attributes)

    return write


def passed(of: LayerNodes) -> Value:
    """What does nothing at inference."""
    return of.x


def dropout(of: LayerNodes) -> Value:
    return of.op("Dropout", [of.x, of.numbers("ratio", [of.layer.rate])], of.output)


def gelu(of: LayerNodes) -> Value:
    return of.op("Gelu", [of.x], of.output, approximate=of.layer.approximate)


def silu(of: LayerNodes) -> Value:
    return of.elementwise("Mul", of.x, of.elementwise("Sigmoid", of.x))


def relu6(of: LayerNodes) -> Value:
    return _clipped(of, 0, 6)


def clip(of: LayerNodes) -> Value:
    return _clipped(of, of.layer.low, of.layer.high)


def _clipped(of: LayerNodes, low: float, high: float) -> Value:
    return of.op("Clip", [of.x, of.numbers("low", [low]), of.numbers("high", [high])], of.output)


selu = alike("Selu", alpha=SELU_ALPHA, gamma=SELU_SCALE)
hard_sigmoid = alike("HardSigmoid", alpha=1 / 6, beta=0.5)


def affine(of: LayerNodes) -> Value:
    layer, x = of.layer, of.x
    if layer.factor == -1:
        x = of.elementwise("Neg", x)
    elif layer.factor != 1:
        x = of.scaled(x, layer.factor)
    return of.elementwise("Add", x, of.numbers("offset", [layer.offset])) if layer.offset else x


def power(of: LayerNodes) -> Value:
    return of.elementwise("Pow", of.x, of.numbers("exponent", [of.layer.n]))


# Learned numbers


def numbers_for(shape: Shape, per: str) -> Dims:
    """The sizes of an array with a number for each channel, position or element, or one for all."""
    return {"channel": per_channel(shape), "all": (1,), "position": shape[1:], "element": shape}[per]


def prelu(of: LayerNodes) -> Value:
    per = "all" if of.layer.shared else of.layer.per
    return of.elementwise("PRelu", of.x, of.weight("weight", numbers_for(of.shape, per)))


def scale(of: LayerNodes) -> Value:
    return of.elementwise("Mul", of.x, of.weight("weight", numbers_for(of.shape, of.layer.per)))


def shift(of: LayerNodes) -> Value:
    return of.elementwise("Add", of.x, of.weight("bias", numbers_for(of.shape, of.layer.per)))


# Over axes


def softmax(op: str) -> Rule:
    def write(of: LayerNodes) -> Value:
        groups, (channels, *sizes) = of.layer.groups, of.shape
        if groups == 1:
            return of.op(op, [of.x], of.output, axis=of.layer.at(of.shape) + 1)
        parts = of.reshaped(of.x, (BATCH, groups, channels // groups, *sizes))
        return of.reshaped(of.op(op, [parts], parts.dims, axis=2), of.output)

    return write


def reduction(op: str) -> Rule:
    return lambda of: of.reduced(op, of.x, [axis + 1 for axis in of.layer.over(of.shape)])


def variance_over(of: LayerNodes) -> Value:
    over = of.layer.over(of.shape)
    axes = [axis + 1 for axis in over]
    centred = of.elementwise("Sub", of.x, of.reduced("ReduceMean", of.x, axes))
    total = of.reduced("ReduceSumSquare", centred, axes)
    return of.scaled(total, 1 / (count_sets(of.shape, over)[1] - of.layer.correction))


# Merges


def merge(op: str) -> Rule:
    """An op that takes any number of inputs, or two."""
    return lambda of: of.elementwise(op, *of.inputs)


def add(of: LayerNodes) -> Value:
    return of.elementwise("Add" if len(of.inputs) == 2 else "Sum", *of.inputs)


def multiply(of: LayerNodes) -> Value:
    return reduce(lambda a, b: of.elementwise("Mul", a, b), of.inputs)


def concat(of: LayerNodes) -> Value:
    return of.op("Concat", of.inputs, of.output, axis=of.layer.axis % len(of.node.output) + 1)


def stack(of: LayerNodes) -> Value:
    at = of.layer.axis % len(of.node.output) + 1
    dims = tuple(1 if axis == at else size for axis, size in enumerate(of.output))
    parts = [of.op("Unsqueeze", [x, of.integers("axes", [at])], dims) for x in of.inputs]
    return of.op("Concat", parts, of.output, axis=at)
