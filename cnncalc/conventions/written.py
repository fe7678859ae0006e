"""The calls of the code that `export --to pytorch` writes for a layer: what counters of PyTorch see of it.

It follows `export.torch_kinds`, `torch_functions` and the helper classes; a test runs the exported code and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.conventions.calls import Call, Form
from cnncalc.layers.base import Shape, Shapes, Weight
from cnncalc.layers.targets import each_factor
from cnncalc.layers.window import Windowed

Made = Iterator[Call]


def calls_of(report: Report) -> list[Call]:
    """The calls of all layers of a report, in order."""
    return [call for index, layer in enumerate(report.layers) for call in Writer(index, layer).calls()]


class Writer:
    """Makes the calls of one layer."""

    def __init__(self, index: int, report: LayerReport) -> None:
        self.index = index
        self.report = report
        self.layer: Any = report.layer  # its settings are those of its kind
        self.inputs = report.inputs
        self.output = report.output

    def calls(self) -> Made:
        """The calls of the layer."""
        kind = self.report.kind
        if kind in VIEWS:
            yield self.call("view")
        elif kind in MODULES:
            macs = self.layer.work(self.inputs, self.output).macs
            yield self.call(MODULES[kind], weights=self.layer.weights(self.inputs), macs=macs)
        elif kind in OPERATORS:
            yield self.call(OPERATORS[kind], "operator")
        elif kind in JOINS:
            for _ in self.inputs[1:]:
                yield self.call(JOINS[kind], "function" if JOINS[kind] == "maximum" else "operator")
        else:
            yield from WRITERS.get(kind, unknown)(self)

    def call(
        self,
        work: str,
        form: Form = "module",
        *,
        inputs: Shapes | None = None,
        output: Shape | None = None,
        weights: tuple[Weight, ...] = (),
        **more: Any,
    ) -> Call:
        """A call, by default with the inputs and the output of the layer."""
        sizes = {"weight": 0, "bias": 0, "buffer": 0}
        for weight in weights:
            sizes[weight.role] += prod(weight.shape)
        return Call(
            self.index,
            work,
            form,
            self.inputs if inputs is None else inputs,
            self.output if output is None else output,
            weights=sizes["weight"],
            biases=sizes["bias"],
            buffers=sizes["buffer"],
            shared=bool(self.report.shares),
            **more,
        )

    def loose(self, work: str = "loose") -> Call:
        """A class of the file that has arrays, and what it does with them written as functions."""
        return self.call(work, "class", weights=self.layer.weights(self.inputs))


# Kinds that rearrange elements, or do nothing at inference.
VIEWS = frozenset((
    "flatten", "reshape", "dropout", "stochastic_depth", "channel_split", "split", "slice", "flip", "roll",
    "transpose", "channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "pad", "crop", "concat", "stack", "identity",
))  # fmt: skip
# Kinds that are one module of PyTorch → their work.
MODULES = {
    "linear": "linear", "relu": "relu", "relu6": "relu6", "leaky_relu": "leaky_relu", "elu": "elu", "selu": "selu",
    "silu": "silu", "mish": "mish", "hard_swish": "hard_swish", "hard_sigmoid": "hard_sigmoid", "sigmoid": "sigmoid",
    "tanh": "tanh", "softplus": "softplus",
    "adaptive_avg_pool": "adaptive_avg_pool", "adaptive_max_pool": "adaptive_max_pool",
    "global_avg_pool": "adaptive_avg_pool", "global_max_pool": "adaptive_max_pool",
}  # fmt: skip
# Kinds that are one method of a tensor.
OPERATORS = {
    "mean_over": "mean", "sum_over": "sum", "max_over": "max", "variance_over": "variance", "power": "power",
    "sqrt": "sqrt", "abs": "abs", "exp": "exp", "log": "log", "clip": "clip",
}  # fmt: skip
# Merges that join their branches two by two.
JOINS = {
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "divide", "maximum": "maximum",
    "minimum": "maximum",
}  # fmt: skip


def unknown(writer: Writer) -> Made:
    """A kind of which it is not known what the tools count."""
    yield writer.loose("unknown")


def convolution(writer: Writer, layer: Any, inputs: Shapes, output: Shape) -> Call:
    """A convolution, after its border."""
    axes = layer.axes(inputs)
    same = layer.padding == "same" and all(axis.stride == 1 for axis in axes)
    return writer.call(
        "conv_same" if same else "conv",
        inputs=(_padded(layer, inputs[0]), *inputs[1:]) if not same else inputs,
        output=output,
        weights=layer.weights(inputs),
        macs=layer.work(inputs, output).macs,
        kernel=layer.kernels(inputs),
        dilation=tuple(axis.dilation for axis in axes),
        groups=layer.group_count(inputs[0][0]),
    )


def _padded(layer: Windowed, shape: Shape) -> Shape:
    """The input of a module whose border PyTorch cannot make itself, so that a module before it does."""
    axes = layer.axes((shape,))
    word = layer.padding if isinstance(layer.padding, str) else ""
    if word == "same" or (not word and any(axis.before != axis.after for axis in axes)):
        return (shape[0], *(axis.size + axis.before + axis.after for axis in axes))
    return shape


def conv(writer: Writer) -> Made:
    yield convolution(writer, writer.layer, writer.inputs, writer.output)


def standardized(writer: Writer) -> Made:
    call = convolution(writer, writer.layer, writer.inputs, writer.output)
    yield call._replace(work="conv_standardized", form="class")


def two_steps(writer: Writer) -> Made:
    first, second = writer.layer.steps(writer.inputs)
    between = writer.layer.intermediate(writer.inputs, writer.output)
    yield convolution(writer, first, writer.inputs, between)
    yield convolution(writer, second, (between,), writer.output)


def transposed(writer: Writer) -> Made:
    layer: Any = writer.layer
    axes = layer.axes(writer.inputs)
    output = writer.output
    padding = tuple(axis.before for axis in axes)
    if any(axis.before != axis.after for axis in axes):  # it is cropped after the module
        layer, padding = layer.replace(padding=0), (0,) * len(axes)
        output = layer.output_shape(writer.inputs)
    yield writer.call(
        "transposed_conv",
        output=output,
        weights=layer.weights(writer.inputs),
        macs=layer.work(writer.inputs, output).macs,
        kernel=layer.kernels(writer.inputs),
        dilation=tuple(axis.dilation for axis in axes),
        stride=tuple(axis.stride for axis in axes),
        padding=padding,
        groups=layer.groups,
    )


def _strides(layer: Windowed, inputs: Shapes) -> Shape:
    return tuple(axis.stride for axis in layer.axes(inputs))


def pool(writer: Writer) -> Made:
    layer = writer.layer
    sides = [axis for axis in layer.axes(writer.inputs) if axis.before != axis.after]
    if (layer.ceil and layer.dialect == "caffe") or (sides and not getattr(layer, "count_padding", True)):
        yield from unknown(writer)  # classes of the file that pool twice, or by functions
        return
    padded = _padded(layer, writer.inputs[0])
    yield writer.call(
        writer.report.kind, inputs=(padded,), kernel=layer.kernels(writer.inputs), stride=_strides(layer, writer.inputs)
    )


def _norm(work: str) -> Callable[[Writer], Made]:
    def write(writer: Writer) -> Made:
        layer = writer.layer
        if layer.affine and not (layer.scale and layer.shift):
            yield from unknown(writer)
            return
        plain = "" if layer.affine else "_plain"
        yield writer.call(work + plain, weights=layer.weights(writer.inputs))

    return write


def layer_norm(writer: Writer) -> Made:
    """`nn.LayerNorm` where it is over the last axes; else a class of the file that moves them there."""
    for call in _norm("layer_norm")(writer):
        shape = writer.inputs[0]
        over = writer.layer.over
        axes = (0,) if over == "channels" else tuple(range(len(shape))) if over == "all" else over
        axes = axes if isinstance(axes, tuple) else (axes,)
        found = sorted(axis % len(shape) for axis in axes)
        last = found == list(range(len(shape) - len(found), len(shape)))
        yield call._replace(form="module" if last else "class", kernel=tuple(shape[axis] for axis in found))


def rms_norm(writer: Writer) -> Made:
    form: Form = "class" if len(writer.inputs[0]) > 1 else "module"
    yield writer.call("rms_norm", form, weights=writer.layer.weights(writer.inputs))


def local_response_norm(writer: Writer) -> Made:
    yield writer.call("local_response_norm", amount=writer.layer.size)


def prelu(writer: Writer) -> Made:
    layer = writer.layer
    if layer.per in ("position", "element"):
        yield writer.loose()
        yield writer.call("multiply", "operator")
    else:
        yield writer.call("prelu", weights=layer.weights(writer.inputs))


def gelu(writer: Writer) -> Made:
    yield writer.call("gelu" if getattr(writer.layer, "approximate", "none") in ("none", False) else "gelu_tanh")


def softmax(writer: Writer) -> Made:
    layer = writer.layer
    form: Form = "module" if layer.groups == 1 else "operator"
    shape = writer.inputs[0]
    yield writer.call(writer.report.kind, form, amount=shape[layer.over % len(shape)] // layer.groups)


def upsample(writer: Writer) -> Made:
    """`amount` is what a given size multiplies to, None with a factor."""
    layer = writer.layer
    mode = layer.mode if layer.mode in ("nearest", "bicubic", "area") else "linear"
    axes = len(writer.output) - 1
    amount = None
    if layer.factor is None:
        size = layer.sizes
        amount = size if isinstance(size, int) else prod(size)
    elif not all(isinstance(each, int) for each in each_factor(layer.factor, axes)):
        yield from unknown(writer)  # some tools multiply by the factor and not by what it gives
        return
    yield writer.call(f"upsample_{mode}", "module" if layer.like is None else "function", amount=amount)


def scale(writer: Writer) -> Made:
    yield writer.loose()
    yield writer.call("multiply" if writer.report.kind == "scale" else "add", "operator")


def learned(writer: Writer) -> Made:
    yield writer.loose()


def affine(writer: Writer) -> Made:
    if writer.layer.factor != 1:
        yield writer.call("multiply", "operator")
    if writer.layer.offset:
        yield writer.call("add" if writer.layer.offset > 0 else "subtract", "operator")


def mean(writer: Writer) -> Made:
    for _ in writer.inputs[1:]:
        yield writer.call("add", "operator")
    yield writer.call("divide", "operator")


def matmul(writer: Writer) -> Made:
    macs = writer.layer.work(writer.inputs, writer.output).macs
    yield writer.call("matmul", "operator", macs=macs)


def attention(writer: Writer) -> Made:
    macs = writer.layer.work(writer.inputs, writer.output).macs
    yield writer.call("attention", "function", macs=macs)


def multi_head_attention(writer: Writer) -> Made:
    """A subclass of `nn.MultiheadAttention`, which calls functions with its arrays."""
    layer, inputs, output = writer.layer, writer.inputs, writer.output
    yield writer.loose("attention_module")
    work = layer.work(inputs, output)
    (channels, positions), (others, length) = inputs[0], inputs[-1]
    if len(inputs) == 1:
        before = [(channels, positions, 3 * channels)]
    elif others == channels:
        before = [(channels, positions, channels), (channels, length, 2 * channels)]
    else:
        before = [(channels, positions, channels), *[(others, length, channels)] * 2]
    for n, places, out in (*before, (channels, positions, channels)):
        yield writer.call(
            "linear_loose", "function", inputs=((places, n),), output=(places, out), macs=places * n * out
        )
    yield writer.call("attention", "function", macs=work.attention_macs)


def recurrent(writer: Writer) -> Made:
    macs = writer.layer.work(writer.inputs, writer.output).macs
    yield writer.call(writer.report.kind, "class", weights=writer.layer.weights(writer.inputs), macs=macs)


WRITERS: dict[str, Callable[[Writer], Made]] = {
    "conv": conv,
    "depthwise_conv": conv,
    "standardized_conv": standardized,
    "separable_conv": two_steps,
    "spatial_separable_conv": two_steps,
    "transposed_conv": transposed,
    "max_pool": pool,
    "avg_pool": pool,
    "batch_norm": _norm("batch_norm"),
    "group_norm": _norm("group_norm"),
    "instance_norm": _norm("instance_norm"),
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "local_response_norm": local_response_norm,
    "prelu": prelu,
    "gelu": gelu,
    "softmax": softmax,
    "log_softmax": softmax,
    "upsample": upsample,
    "scale": scale,
    "shift": scale,
    "learned": learned,
    "affine": affine,
    "mean": mean,
    "matmul": matmul,
    "attention": attention,
    "multi_head_attention": multi_head_attention,
    "lstm": recurrent,
    "gru": recurrent,
    "rnn": recurrent,
}
