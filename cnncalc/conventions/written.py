"""The calls of the code that `export --to pytorch` writes for a layer: what counters of PyTorch see of it.

It follows `export.torch_kinds`, `torch_functions` and the helper classes; a test runs the exported code and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.conventions.calls import Call, Form
from cnncalc.conventions.windowless import WINDOWLESS
from cnncalc.layers.base import Shape, Shapes, Weight
from cnncalc.layers.window import Axis, Windowed, output_size
from cnncalc.network import Group

Made = Iterator[Call]


def calls_of(report: Report) -> list[Call]:
    """The calls of all layers of a report, in order. Those of layers that are alike are made once."""
    repeats = find_repeats(report)
    merges = {group.result: group for group in report.groups if group.form == "merge" and any(group.conditions)}
    strided = {(layer.line, layer.kind) for layer in report.layers if is_strided_same(layer)}
    calls: list[Call] = []
    known: dict[tuple[object, ...], list[Call]] = {}
    for index, layer in enumerate(report.layers):
        before = report.layers[layer.sources[0]].kind if layer.sources and layer.sources[0] >= 0 else ""
        unclear = is_of_rounds(index, layer, repeats) or (index in merges and is_of_list(layer, merges[index]))
        pads = (layer.line, layer.kind) in strided
        pooled = report.layers[layer.sources[1]].inputs[0] if layer.kind == "max_unpool" else ()
        key = id(layer.layer), layer.inputs, layer.output, bool(layer.shares), before, unclear, pads, pooled
        made = known.get(key)
        if made is None:
            made = known[key] = [*Writer(index, layer, before, unclear, pooled).calls()]
            if pads:
                made[:] = [call._replace(form="unclear") if call.work == "conv_same" else call for call in made]
            calls += made
        else:
            calls += [Call._make((index, *call[1:])) for call in made]
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

    def __init__(self, index: int, report: LayerReport, before: str, is_unclear: bool, pooled: Shape) -> None:
        """`before` is the kind of the layer that gives the first input; `is_unclear`: how a merge joins its inputs.

        `pooled` is the input of the pool that an unpooling restores.
        """
        self.pooled = pooled
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
    if layer.ceil and layer.dialect == "caffe" and skips:
        yield from _pool_of_caffe(writer, axes)
        return
    padded = _padded(layer, writer.inputs[0])
    if sides and not getattr(layer, "count_padding", True):  # a class that pools the input, and ones
        yield from _pool_inside(writer, padded)
        return
    # what rounding up gives if a last window behind the map is not left out
    beyond = prod(output_size(axis) + (axis.slack % axis.stride > 0 and layer.ceil) for axis in axes)
    yield from _border(writer, layer, writer.inputs[0])
    yield _pool(writer, padded, "module")._replace(dilation=tuple(axis.dilation for axis in axes), amount=beyond)


def _pool(writer: Writer, shape: Shape, form: Form = "class") -> Call:
    """A pool of a map of this shape."""
    return writer.call(
        writer.report.kind,
        form,
        inputs=(shape,),
        output=(shape[0], *writer.output[1:]),
        kernel=writer.layer.kernels(writer.inputs),
        stride=_strides(writer.layer, writer.inputs),
    )


def _pool_of_caffe(writer: Writer, axes: Sequence[Axis]) -> Made:
    """A class of the file that pads for the last window, too, by sizes that cannot be traced."""
    yield writer.call("untraceable", "operator")
    sizes = zip(axes, writer.output[1:], strict=True)
    sides = [max(axis.size + axis.before + axis.after, (out - 1) * axis.stride + axis.kernel) for axis, out in sizes]
    yield _pool(writer, (writer.inputs[0][0], *sides))
    if writer.report.kind == "avg_pool":  # divided by the share that is not beyond the border
        yield _pool(writer, (1, *sides))
        yield writer.call("divide", "operator")


def unpool(writer: Writer) -> Made:
    """A function of the file: the pool once more, for its indices. PyTorch compares sizes there."""
    yield writer.call("untraceable", "operator")
    pool: Any = writer.layer.pool
    yield writer.call(
        "max_pool", "function", inputs=(writer.pooled,), output=writer.inputs[1], kernel=pool.kernels((writer.pooled,))
    )
    yield writer.call("unpool", "function")


def _pool_inside(writer: Writer, padded: Shape) -> Made:
    """An average pool of a padded input, divided by that of ones: the share that is not padding."""
    layer, counted = writer.layer, (1, *padded[1:])
    for shape in (counted, padded):
        yield from _border(writer, layer, writer.inputs[0])
        yield _pool(writer, shape)
    yield writer.call("divide", "operator")


def adaptive_pool(writer: Writer) -> Made:
    """One that keeps the size of each axis is `nn.Identity`."""
    size = writer.layer.size
    keeps = isinstance(size, tuple) and set(size) <= {"none", None}
    yield writer.call("view" if keeps else writer.report.kind)


WRITERS: dict[str, Callable[[Writer], Made]] = {
    "conv": conv,
    "depthwise_conv": conv,
    "standardized_conv": standardized,
    "separable_conv": two_steps,
    "spatial_separable_conv": two_steps,
    "transposed_conv": transposed,
    "max_pool": pool,
    "avg_pool": pool,
    "max_unpool": unpool,
    "adaptive_avg_pool": adaptive_pool,
    "adaptive_max_pool": adaptive_pool,
    **WINDOWLESS,
}
