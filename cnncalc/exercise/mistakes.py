"""What comes out where something is forgotten: the rules of a layer, applied to other settings or inputs.

A mistake is a value, and what leads to it. Only the receptive field has a formula here, as that of a layer with one
window: r + (K − 1)·j.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from math import prod

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.exercise.questions import Answer, Question
from cnncalc.layers.arguments import LayerError, Value
from cnncalc.layers.base import Layer, Shapes
from cnncalc.layers.window import Windowed
from cnncalc.records import NamedTuple


class Mistake(NamedTuple):
    """A wrong value, and what was probably forgotten."""

    value: Answer
    reason: str


# Settings as if they were not there, and how that is said.
FORGOTTEN: dict[str, tuple[Value, str]] = {
    "padding": (0, "the padding was left out"),
    "stride": (1, "the stride was left out"),
    "dilation": (1, "the dilation was left out"),
    "output_padding": (0, "`output_padding` was left out"),
    "groups": (1, "the groups were left out: a kernel sees only the channels of its group"),
    "multiplier": (1, "the multiplier of the channels was left out"),
    "bias": (False, "the biases were left out"),
}


def list_mistakes(question: Question, report: Report) -> list[Mistake]:
    """The mistakes that lead to other values than the right one, those of a single setting first."""
    layer = report.layers[question.layer]
    found = OF[question.asked.name](layer, report)
    return [each for each in found if each.value != question.answer]


def _changed(layer: Layer) -> Iterator[tuple[Layer, str]]:
    """The layer with one setting as if it were not there, and what that is."""
    for name, (neutral, reason) in FORGOTTEN.items():
        if name in layer.settings and getattr(layer, name) not in (neutral, None):
            try:
                yield layer.replace(**{name: neutral}), reason
            except LayerError:
                continue


def _apply(layer: Layer, inputs: Shapes, measure: Callable[[Layer, Shapes], int]) -> Answer | None:
    """A figure of a layer, None where its settings do not fit."""
    try:
        return (measure(layer, inputs),)
    except LayerError:
        return None


def _mistakes_of_output(layer: LayerReport, _: Report) -> Iterator[Mistake]:
    kind, inputs, output = layer.layer, layer.inputs, layer.output
    for changed, reason in _changed(kind):
        try:
            yield Mistake(changed.output_shape(inputs), reason)
        except LayerError:
            continue
    if isinstance(kind, Windowed) and kind.slides:
        yield from _mistakes_of_window(kind, layer)
    if len(output) > 1:
        yield Mistake(output[1:], "the number of channels was left out")
        yield Mistake((prod(output),), "the sizes are asked, not their product")
        yield Mistake((output[0], *(size - 1 for size in output[1:])), "the + 1 was left out")
        if len(inputs) == 1:
            yield Mistake((inputs[0][0], *output[1:]), "the channels are those of the input, not of the kernels")
    if len(inputs) > 1:
        yield Mistake(inputs[0], "a merge of channels adds them up")
    if len(output) == 1 and len(inputs[0]) > 1:
        yield Mistake((prod(inputs[0][1:]),), "the channels were left out")


def _mistakes_of_window(kind: Windowed, layer: LayerReport) -> Iterator[Mistake]:
    """What becomes of the formula of the output size where 2·P or its rounding is forgotten."""
    axes = kind.axes(layer.inputs)
    if "padding" in kind.settings and all(axis.before == axis.after for axis in axes):
        once = tuple((axis.before, 0) for axis in axes)
        with suppress(LayerError):
            yield Mistake(kind.replace(padding=once).output_shape(layer.inputs), "the padding is on both sides: 2·P")
    if len(axes) == len(layer.output) - 1 and any(axis.slack % axis.stride for axis in axes):
        at = [
            size + (1 if axis.slack % axis.stride and size == axis.slack // axis.stride + 1 else 0)
            for size, axis in zip(layer.output[1:], axes, strict=True)
        ]
        yield Mistake((layer.output[0], *at), "the division is rounded down: ⌊ ⌋")
        down = [axis.slack // axis.stride + 1 for axis in axes]
        yield Mistake((layer.output[0], *down), "with `ceil` the division is rounded up: ⌈ ⌉")


def _mistakes_of_parameters(layer: LayerReport, _: Report) -> Iterator[Mistake]:
    kind, inputs = layer.layer, layer.inputs
    yield from _mistakes_of_settings(layer, count_parameters)
    if layer.biases:
        yield Mistake((layer.parameters - layer.biases,), FORGOTTEN["bias"][1])
    elif "bias" in kind.settings and (more := _apply(kind.replace(bias=True), inputs, count_parameters)):
        yield Mistake(more, "there are no biases here")
    if layer.buffers:
        yield Mistake((layer.parameters + layer.buffers,), "running means and variances are buffers, not learned")
    if layer.weights and layer.biases and layer.weights == layer.biases:
        yield Mistake((layer.weights,), "there is a factor and a summand for each channel")
    yield Mistake((layer.parameters * prod(layer.output[1:]),), "all positions share the weights of a kernel")


def _mistakes_of_macs(layer: LayerReport, _: Report) -> Iterator[Mistake]:
    inputs, macs = layer.inputs, layer.work.macs
    yield Mistake((2 * macs,), "a multiplication and its addition are one mac")
    yield Mistake((macs + layer.biases * prod(layer.output[1:]),), "biases are not counted in macs")
    yield Mistake((layer.weights,), "each weight is used at every output position")
    if len(inputs) == 1 and len(inputs[0]) > 1:
        yield Mistake((layer.weights * prod(inputs[0][1:]),), "the kernel is applied at each output position: O, not I")
    yield from _mistakes_of_settings(layer, _count_macs)


def _mistakes_of_settings(layer: LayerReport, measure: Callable[[Layer, Shapes], int]) -> Iterator[Mistake]:
    """A figure without one setting, for one input channel, for one output channel, and with a kernel of one axis."""
    kind, inputs = layer.layer, layer.inputs
    for changed, reason in _changed(kind):
        if (value := _apply(changed, inputs, measure)) is not None:
            yield Mistake(value, reason)
    single = kind.replace(groups=1) if "groups" in kind.settings else kind
    if len(inputs) == 1 and (value := _apply(single, ((1, *inputs[0][1:]),), measure)):
        yield Mistake(value, "the channels of the input were left out: a kernel has as many")
    if "out" in kind.settings and (value := _apply(single.replace(out=1), inputs, measure)):
        yield Mistake(value, "the number of kernels was left out")
    kernel = getattr(kind, "kernel", None)
    if isinstance(kernel, int) and len(inputs[0]) > 2:
        flat = (kernel, *[1] * (len(inputs[0]) - 2))
        if value := _apply(kind.replace(kernel=flat), inputs, measure):
            yield Mistake(value, "the kernel has K·K weights for each channel, not K")


def count_parameters(layer: Layer, inputs: Shapes) -> int:
    """The parameters of a layer for inputs, which it is checked to fit. Raises LayerError."""
    layer.output_shape(inputs)
    return sum(prod(weight.shape) for weight in layer.weights(inputs) if weight.role != "buffer")


def _count_macs(layer: Layer, inputs: Shapes) -> int:
    return layer.work(inputs, layer.output_shape(inputs)).macs


def _mistakes_of_field(layer: LayerReport, report: Report) -> Iterator[Mistake]:
    """r + (K − 1)·j with a part of it forgotten, where the layer has one input."""
    kind, field = layer.layer, layer.receptive_field
    assert field is not None
    if not isinstance(kind, Windowed) or not kind.slides or len(layer.sources) != 1:
        return
    before = report.layers[layer.sources[0]].receptive_field if layer.sources[0] >= 0 else None
    axes = kind.axes(layer.inputs)
    sizes = before.size if before else (1,) * len(axes)
    steps = before.stride if before else (1,) * len(axes)
    if len(sizes) != len(axes):
        return
    parts = list(zip(sizes, steps, field.stride, axes, strict=True))
    yield Mistake(tuple(axis.extent for *_, axis in parts), "that is the window of this layer alone")
    yield Mistake(
        tuple(r + axis.extent - 1 for r, _, _, axis in parts),
        "the step was left out: (K − 1)·j, with the strides of the layers before",
    )
    yield Mistake(
        tuple(int(r + (axis.extent - 1) * after) for r, _, after, axis in parts),
        "the step j is that before this layer, without its own stride",
    )
    yield Mistake(tuple(int(r + axis.extent * j) for r, j, _, axis in parts), "a window adds K − 1 steps, not K")
    yield Mistake(tuple(int(r + (axis.kernel - 1) * j) for r, j, _, axis in parts), FORGOTTEN["dilation"][1])
    yield Mistake(tuple(sizes), "this layer enlarges the field as well")


OF: dict[str, Callable[[LayerReport, Report], Iterator[Mistake]]] = {
    "output": _mistakes_of_output,
    "params": _mistakes_of_parameters,
    "macs": _mistakes_of_macs,
    "field": _mistakes_of_field,
}
