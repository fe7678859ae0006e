"""The calls of layers without windows: norms, activations, arithmetic, arrays, attention, recurrent layers.

`written` has those of layers with windows, and of the kinds that are one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TYPE_CHECKING

from cnncalc.conventions.calls import Call, Form
from cnncalc.layers.base import Shape

if TYPE_CHECKING:
    from cnncalc.conventions.written import Writer

Made = Iterator[Call]


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


def continuous_position_bias(writer: Writer) -> Made:
    """A class of the file: two linear layers on the offsets of positions, which are rows."""
    yield writer.call("position_bias", "class")
    layer = writer.layer
    first, bias, second = layer.weights(())
    offsets = prod(2 * size - 1 for size in layer.window)
    rows, hidden, numbers = (offsets, len(layer.window)), (offsets, layer.hidden), (offsets, layer.heads)
    yield writer.call("linear", inputs=(rows,), output=hidden, weights=(first, bias), macs=prod(rows) * layer.hidden)
    yield writer.call("relu", inputs=(hidden,), output=hidden)
    yield writer.call("linear", inputs=(hidden,), output=numbers, weights=(second,), macs=prod(hidden) * layer.heads)
    yield writer.call("sigmoid", "function", inputs=(numbers,), output=numbers)
    yield writer.call("multiply", "operator", inputs=(numbers,), output=numbers)


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
    if not getattr(writer.layer, "reset_after", True):
        yield from _reset_before(writer)
        return
    macs = writer.layer.work(writer.inputs, writer.output).macs
    yield writer.call(writer.report.kind, "class", weights=writer.layer.weights(writer.inputs), macs=macs)


def _reset_before(writer: Writer) -> Made:
    """A class of the file with the arrays of `nn.GRU`, which calls functions with them, step by step.

    The calls of all steps are one here.
    """
    layer = writer.layer
    yield writer.loose("recurrent_module")
    (n, steps), hidden = writer.inputs[0], layer.hidden
    ends = 2 if layer.bidirectional else 1
    state = (steps, hidden)
    for _ in range(layer.layers):
        for _ in range(ends):
            yield _product(writer, steps, n, 3 * hidden)
            for _ in ("ih", "hh") if layer.biases else ():
                yield _on(writer, "add", (steps, 3 * hidden))
            yield _product(writer, steps, hidden, 2 * hidden)
            yield _on(writer, "add", (steps, 2 * hidden))
            yield _on(writer, "sigmoid", (steps, 2 * hidden), "function")
            yield _on(writer, "multiply", state)
            yield _product(writer, steps, hidden, hidden)
            yield _on(writer, "add", state)
            yield _on(writer, "tanh", state, "function")
            for work in ("subtract", "multiply", "multiply", "add"):
                yield _on(writer, work, state)
        n = ends * hidden


def _product(writer: Writer, rows: int, n: int, out: int) -> Call:
    shape = (rows, out)
    return writer.call("linear_loose", "function", inputs=((rows, n),), output=shape, macs=rows * n * out)


def _on(writer: Writer, work: str, shape: Shape, form: Form = "operator") -> Call:
    return writer.call(work, form, inputs=(shape, shape), output=shape)


WINDOWLESS: dict[str, Callable[[Writer], Made]] = {
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
    "continuous_position_bias": continuous_position_bias,
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
