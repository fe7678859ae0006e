"""Quantized ONNX files: arrays have the numbers that their integers stand for; what rounds activations is left out."""

from __future__ import annotations

from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor
from cnncalc.exchange.onnx_constants import Constant, dequantized
from cnncalc.exchange.onnx_context import Context, Input, Inputs, Outputs, input_at, op, tensor_of
from cnncalc.exchange.onnx_file import OnnxNode
from cnncalc.exchange.onnx_layers import conv, matmul
from cnncalc.exchange.onnx_matching import Found, Matcher

NOTE = (
    "Quantization is left out: arrays are counted by their numbers; activations are not rounded, nor bounded where that"
    " stands for a relu."
)


@op("QuantizeLinear", "DequantizeLinear")
def rounded(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    context.graph.note(NOTE)
    return x


@op("QLinearConv")
def quantized_conv(context: Context, node: OnnxNode, inputs: Inputs) -> Outputs:
    """Inputs: x, its scale and zero point, the kernel and its own, those of the output, the bias."""
    x, kernel, bias = tensor_of(inputs), _array(inputs, 3, 0), input_at(inputs, 8)
    if isinstance(bias, Constant):
        scales = [input_at(inputs, 1), input_at(inputs, 4)]
        bias = dequantized(bias, [each for each in scales if isinstance(each, Constant)], None, 0)
    context.graph.note(NOTE)
    return conv(context, node, [x, kernel, bias])


@op("QLinearMatMul")
def quantized_matmul(context: Context, node: OnnxNode, inputs: Inputs) -> Outputs:
    """Inputs: a, its scale and zero point, b and its own, those of the output."""
    first = input_at(inputs, 0)
    given = first if isinstance(first, Tensor) else _array(inputs, 0, -2)
    second = input_at(inputs, 3)
    context.graph.note(NOTE)
    return matmul(context, node, [given, second if isinstance(second, Tensor) else _array(inputs, 3, -1)])


def dynamic(matcher: Matcher, node: OnnxNode) -> Found:
    """A product of integers whose scale is found while it runs, times that scale and the kernel's; found at the end."""
    parts = matcher.split(node, lambda name: _scales(matcher, name) is not None)
    cast = matcher.maker(parts[1], "Cast") if parts else None
    made = matcher.maker(cast.inputs[0], *INTEGER) if cast else None
    scales = _scales(matcher, parts[0]) if parts else None
    if made is None or scales is None:
        return None
    source, scale = scales
    before = matcher.maker(made.inputs[0], "DynamicQuantizeLinear")
    if before is None or before.inputs[0] != source:
        return None
    inputs = (source, "", "", made.inputs[1], scale, *made.inputs[3:4])
    return node, node._replace(op=INTEGER[made.op], inputs=inputs, attributes=made.attributes)


# op of integers → the one that says its scale and zero point
INTEGER = {"ConvInteger": "QLinearConv", "MatMulInteger": "QLinearMatMul"}


def _scales(matcher: Matcher, name: str) -> tuple[str, str] | None:
    """Of a product of two scales, what the dynamic one is of, and the other, which is an array of the file."""
    parts = matcher.split(matcher.maker(name, "Mul"), matcher.is_constant)
    before = matcher.maker(parts[1], "DynamicQuantizeLinear") if parts else None
    return (before.inputs[0], parts[0]) if parts and before and before.outputs[1] == parts[1] else None


def _array(inputs: Inputs, at: int, axis: int) -> Input:
    """The numbers of an array of integers, whose scale and zero point follow it."""
    array, scale, zero = (input_at(inputs, at + number) for number in range(3))
    if not isinstance(array, Constant) or not isinstance(scale, Constant):
        raise Refusal("its weights, or their scale, depend on the input")
    return dequantized(array, [scale], zero if isinstance(zero, Constant) else None, axis)
