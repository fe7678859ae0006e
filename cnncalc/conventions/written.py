"""The calls of the code that `export --to pytorch` writes for a layer: what counters of PyTorch see of it.

It follows `export.torch_kinds`, `torch_functions` and the helper classes; a test runs the exported code and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.conventions.calls import Call, Form
from cnncalc.layers.base import Shape, Shapes, Weight
from cnncalc.layers.window import Windowed, output_size
from cnncalc.network import Group

Made = Iterator[Call]


def calls_of(report: Report) -> list[Call]:
    """The calls of all layers of a report, in order."""
    repeats = find_repeats(report)
    merges = {group.result: group for group in report.groups if group.form == "merge" and any(group.conditions)}
    strided = {(layer.line, layer.kind) for layer in report.layers if is_strided_same(layer)}
    calls: list[Call] = []
    for index, layer in enumerate(report.layers):
        before = report.layers[layer.sources[0]].kind if layer.sources and layer.sources[0] >= 0 else ""
        unclear = is_of_rounds(index, layer, repeats) or (index in merges and is_of_list(layer, merges[index]))
        made = Writer(index, layer, before, unclear).calls()
        pads = (layer.line, layer.kind) in strided
        calls += (call._replace(form="unclear") if pads and call.work == "conv_same" else call for call in made)
    return calls


def is_strided_same(layer: LayerReport) -> bool:
    """Whether it has the padding `same` with a stride, which PyTorch has not: then a block pads in all its calls."""
    windowed = layer.layer
    return isinstance(windowed, Windowed) and windowed.padding == "same" and not _strides_one(windowed, layer.inputs)


def find_repeats(report: Report) -> list[tuple[Group, ...]]:
    """For each layer the repeats that it is in, the outermost first."""
    found: list[tuple[Group, ...]] = [()] * len(report.layers)
    for group in sorted((each for each in report.groups if each.form == "repeat"), key=lambda each: each.depth):
        for index in range(group.first, min(group.last, len(found))):
            found[index] += (group,)
    return found


def is_of_rounds(index: int, layer: LayerReport, repeats: Sequence[tuple[Group, ...]]) -> bool:
    """Whether all inputs of a merge come from one repeat that is over: `export` joins these in a way of its own."""
    if len(layer.sources) < 2 or layer.kind not in JOINS or min(layer.sources) < 0:
        return False
    over = [{id(group) for group in repeats[source] if group.last <= index} for source in layer.sources]
    return bool(set.intersection(*over))


def is_of_list(layer: LayerReport, group: Group) -> bool:
    """Whether `export` may join the branches of a merge in a list of those that are there, by functions.

    A sum or a product with one branch in any case, which is not its input, and one more under a condition has none.
    """
    if layer.kind not in ("add", "multiply") or sorted(group.conditions) != [False, True]:
        return True
    return layer.sources[group.conditions.index(False)] < group.first


class Writer:
    """Makes the calls of one layer."""

    def __init__(self, index: int, report: LayerReport, before: str, is_unclear: bool) -> None:
        """`before` is the kind of the layer that gives the first input; `is_unclear`: how a merge joins its inputs."""
        self.index = index
        self.before = before
        self.is_unclear = is_unclear
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
            yield from self.joins(JOINS[kind])
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

    def joins(self, work: str) -> Made:
        """The inputs joined two by two, from the first on."""
        before = self.inputs[0]
        for shape in self.inputs[1:]:
            after = tuple(map(max, before, shape))
            form: Form = "function" if work == "maximum" else "unclear" if self.is_unclear else "operator"
            yield self.call(work, form, inputs=(before, shape), output=after)
            before = after

    def loose(self, work: str = "loose") -> Call:
        """A class of the file that has arrays, and what it does with them written as functions."""
        return self.call(work, "class", weights=self.layer.weights(self.inputs))


# Kinds that rearrange elements, or do nothing at inference.
VIEWS = frozenset((
    "flatten", "reshape", "dropout", "stochastic_depth", "slice", "flip", "roll", "transpose", "pixel_shuffle",
    "pixel_unshuffle", "pad", "crop", "concat", "stack", "identity",
))  # fmt: skip
# Kinds that are one module of PyTorch → their work.
MODULES = {
    "linear": "linear", "relu": "relu", "relu6": "relu6", "leaky_relu": "leaky_relu", "elu": "elu", "selu": "selu",
    "silu": "silu", "mish": "mish", "hard_swish": "hard_swish", "hard_sigmoid": "hard_sigmoid", "sigmoid": "sigmoid",
    "tanh": "tanh", "softplus": "softplus",
    "channel_shuffle": "channel_shuffle",
    "global_avg_pool": "adaptive_avg_pool", "global_max_pool": "adaptive_max_pool",
}  # fmt: skip
# Kinds that are one method of a tensor.
OPERATORS = {
    "mean_over": "mean", "sum_over": "sum", "max_over": "max", "power": "power",
    "sqrt": "sqrt", "abs": "abs", "exp": "exp", "log": "log", "clip": "clip",
}  # fmt: skip
# Merges that join their branches two by two.
JOINS = {
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "divide", "maximum": "maximum",
    "minimum": "maximum",
}  # fmt: skip


def unknown(writer: Writer) -> Made:
    """A kind of which it is not known what the tools count."""
    macs = writer.layer.work(writer.inputs, writer.output).macs
    yield writer.loose("unknown")._replace(macs=macs)


def convolution(writer: Writer, layer: Any, inputs: Shapes, output: Shape) -> Call:
    """A convolution, after its border."""
    axes = layer.axes(inputs)
    same = layer.padding == "same" and _strides_one(layer, inputs)
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


def _border(writer: Writer, layer: Windowed, shape: Shape) -> Made:
    """The class of the file that pads as `same` does where PyTorch's module cannot; it computes with sizes.

    Where a window leaves out the end of an axis, the border is the number 0, and what was computed is dropped.
    """
    pads = layer.padding == "same" and not (layer.kind.endswith("conv") and _strides_one(layer, (shape,)))
    if pads:
        axes = layer.axes((shape,))
        used = sum(axis.dilation * (axis.kernel - 1) >= (axis.size - 1) % axis.stride for axis in axes)
        yield writer.call("sizes", "operator", inputs=(), output=(used,))


def _strides_one(layer: Windowed, inputs: Shapes) -> bool:
    return all(axis.stride == 1 for axis in layer.axes(inputs))


def conv(writer: Writer) -> Made:
    yield from _border(writer, writer.layer, writer.inputs[0])
    yield convolution(writer, writer.layer, writer.inputs, writer.output)


def standardized(writer: Writer) -> Made:
    yield from _border(writer, writer.layer, writer.inputs[0])
    call = convolution(writer, writer.layer, writer.inputs, writer.output)
    yield call._replace(work="conv_standardized", form="class")
    if writer.layer.gain:
        kernel = writer.layer.weights(writer.inputs)[0].shape
        for _ in ("the gain", "a constant"):
            yield writer.call("multiply", "operator", output=kernel)


def two_steps(writer: Writer) -> Made:
    first, second = writer.layer.steps(writer.inputs)
    yield from _border(writer, first, writer.inputs[0])
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
    axes = layer.axes(writer.inputs)
    sides = layer.padding == "same" or any(axis.before != axis.after for axis in axes)
    skips = max(axis.stride for axis in axes) > min(axis.kernel for axis in axes)
    if (layer.ceil and layer.dialect == "caffe" and skips) or (sides and not getattr(layer, "count_padding", True)):
        yield from unknown(writer)  # classes of the file that pool twice, or by functions
        return
    padded = _padded(layer, writer.inputs[0])
    # what rounding up gives if a last window behind the map is not left out
    beyond = prod(output_size(axis) + (axis.slack % axis.stride > 0 and layer.ceil) for axis in axes)
    yield from _border(writer, layer, writer.inputs[0])
    yield writer.call(
        writer.report.kind,
        inputs=(padded,),
        kernel=layer.kernels(writer.inputs),
        stride=_strides(layer, writer.inputs),
        dilation=tuple(axis.dilation for axis in axes),
        amount=beyond,
    )


def adaptive_pool(writer: Writer) -> Made:
    """One that keeps the size of each axis is `nn.Identity`."""
    size = writer.layer.size
    keeps = isinstance(size, tuple) and set(size) <= {"none", None}
    yield writer.call("view" if keeps else writer.report.kind)


def _norm(work: str) -> Callable[[Writer], Made]:
    def write(writer: Writer) -> Made:
        layer = writer.layer
        variant = "_plain" if not layer.affine else "" if layer.scale else "_shift"
        yield writer.call(work + variant, weights=layer.weights(writer.inputs))

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
        for work in ("multiply", "compare"):
            yield writer.call(work, "operator")
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
    layer = writer.layer
    mode = layer.mode if layer.mode in ("nearest", "bicubic", "area") else "linear"
    axes = len(writer.output) - 1
    amount = scaled = None
    factors = layer.factor if isinstance(layer.factor, tuple) else ()
    if layer.factor is None:
        amount = layer.sizes if isinstance(layer.sizes, int) else prod(layer.sizes)
    elif isinstance(layer.factor, tuple):
        scaled = prod(writer.inputs[0]) * int(prod(layer.factor))
    else:
        product = prod(writer.inputs[0]) * layer.factor**axes
        scaled = int(product) if product == int(product) else None
    form: Form = "module" if layer.like is None else "function"
    yield writer.call(f"upsample_{mode}", form, amount=amount, scaled=scaled, stride=factors)
    if mode == "area":
        yield writer.call("adaptive_avg_pool", "function")


def scale(writer: Writer) -> Made:
    yield writer.loose()
    yield writer.call("multiply" if writer.report.kind == "scale" else "add", "operator")


def learned(writer: Writer) -> Made:
    yield writer.loose()


def position_bias(writer: Writer) -> Made:
    yield writer.loose("position_bias")


def affine(writer: Writer) -> Made:
    if writer.layer.factor != 1:
        yield writer.call("multiply", "operator")
    if writer.layer.offset:
        yield writer.call("add" if writer.layer.offset > 0 else "subtract", "operator")


def mean(writer: Writer) -> Made:
    yield from writer.joins("add")
    yield writer.call("divide", "operator")


def matmul(writer: Writer) -> Made:
    """`amount` is 1 if one of the two is transposed."""
    layer = writer.layer
    transposed = int(layer.transpose != "none")
    macs = layer.work(writer.inputs, writer.output).macs
    yield writer.call("matmul", "operator", macs=macs, amount=transposed)


def attention(writer: Writer) -> Made:
    """A function of the file, whose transposed tensors PyTorch's fused attention does not take."""
    macs = writer.layer.work(writer.inputs, writer.output).macs
    yield writer.call("attention", "class", macs=macs)


def multi_head_attention(writer: Writer) -> Made:
    """A subclass of `nn.MultiheadAttention`, which calls functions with its arrays.

    Its input is permuted: PyTorch adds the biases of the first projections together with the products where that is
    contiguous, as after a layer norm, which permutes too. Elsewhere it depends on the layout: then `amount` is 1.
    """
    layer, inputs = writer.layer, writer.inputs
    yield writer.loose("attention_module")
    (channels, positions), (others, length) = inputs[0], inputs[-1]
    if len(inputs) == 1:
        steps = [(channels, positions, 3 * channels)]
    elif others == channels:
        steps = [(channels, positions, channels), (channels, length, 2 * channels)]
    else:
        steps = [(channels, positions, channels), *[(others, length, channels)] * 2]
    last = (channels, positions, channels)
    for step in (*steps, last):
        n, places, out = step
        yield writer.call(
            "linear_loose",
            "function",
            inputs=((places, n),),
            output=(places, out),
            macs=places * n * out,
            adds_bias=layer.bias and (step is last or writer.before == "layer_norm"),
            amount=int(layer.bias and step is not last and (writer.before != "layer_norm" or len(inputs) > 1)),
        )
    yield writer.call("sizes", "operator", inputs=(), output=(4,))
    yield writer.call("attention", "function", macs=layer.work(inputs, writer.output).attention_macs)


def split(writer: Writer) -> Made:
    yield writer.call("view" if isinstance(writer.layer.parts, tuple) else "chunk", "operator")


def variance(writer: Writer) -> Made:
    yield writer.call("variance_corrected" if writer.layer.correction else "variance", "operator")


def l2_norm(writer: Writer) -> Made:
    each = (1, *writer.inputs[0][1:])
    yield writer.call("vector_norm", "operator", output=each)
    yield writer.call("clip", "operator", inputs=(each,), output=each)
    yield writer.call("divide", "operator")


def response_norm(writer: Writer) -> Made:
    yield writer.loose()
    channels, *sizes = writer.inputs[0]
    each = (channels, *[1 for _ in sizes])
    one = tuple(1 for _ in each)
    yield writer.call("vector_norm" if sizes else "abs", "operator", output=each)
    yield writer.call("mean", "operator", inputs=(each,), output=one)
    yield writer.call("add", "operator", output=one)
    yield writer.call("divide", "operator", output=each)
    for work in ("multiply", "multiply", "add", "add"):
        yield writer.call(work, "operator")


def unshared(writer: Writer) -> Made:
    """`locally_connected` and `table_conv`, which are classes of the file."""
    layer = writer.layer
    macs = layer.work(writer.inputs, writer.output).macs
    yield writer.call(writer.report.kind, "class", weights=layer.weights(writer.inputs), macs=macs)


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
    "adaptive_avg_pool": adaptive_pool,
    "adaptive_max_pool": adaptive_pool,
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
    "relative_position_bias": position_bias,
    "affine": affine,
    "mean": mean,
    "matmul": matmul,
    "attention": attention,
    "multi_head_attention": multi_head_attention,
    "channel_split": split,
    "split": split,
    "variance_over": variance,
    "l2_norm": l2_norm,
    "response_norm": response_norm,
    "locally_connected": unshared,
    "table_conv": unshared,
    "lstm": recurrent,
    "gru": recurrent,
    "rnn": recurrent,
}
