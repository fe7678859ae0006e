"""Quantized ONNX files: arrays have the numbers that their integers stand for; what rounds activations is left out."""

from __future__ import annotations

from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor
from cnncalc.exchange.onnx_constants import Constant, dequantized
from cnncalc.exchange.onnx_context import Context, Input, Inputs, Outputs, input_at, op, tensor_of
from cnncalc.exchange.onnx_file import OnnxNode
from cnncalc.exchange.onnx_layers import conv, matmul

NOTE = (
    "Quantization is left out: arrays are counted by their numbers, and outputs differ by the rounding of activations."
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


def _array(inputs: Inputs, at: int, axis: int) -> Input:
    """The numbers of an array of integers, whose scale and zero point follow it."""
    array, scale, zero = (input_at(inputs, at + number) for number in range(3))
    if not isinstance(array, Constant) or not isinstance(scale, Constant):
        raise Refusal("its weights, or their scale, depend on the input")
    return dequantized(array, [scale], zero if isinstance(zero, Constant) else None, axis)
