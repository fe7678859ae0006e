"""What a layer of PyTorch is that was printed: the functions of `torch_layers` with weights of the sizes in the text.

Some arguments are not printed. Where they could change a shape, the layer is refused; elsewhere a note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import floor, prod
from typing import Any

from cnncalc.exchange import torch_layers, torch_views  # noqa: F401  # they fill OPS
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, Graph, Tensor
from cnncalc.exchange.torch_arrays import Known
from cnncalc.exchange.torch_ops import OPS, axis_of, each
from cnncalc.records import NamedTuple


class Call(NamedTuple):
    """A printed layer: its input, its arguments by their names in PyTorch, and the path of its module."""

    graph: Graph
    x: Tensor
    args: Mapping[str, Any]
    path: str

    def apply(self, function: str, *given: Any, **named: Any) -> Tensor:
        """What a function of PyTorch gives."""
        made: Tensor = OPS[function](self.graph, self.x, *given, **named)
        return made

    def array(self, name: str, *shape: int) -> Known:
        """A learned array, of which the text gives the size."""
        return Known(shape, Array((self.path, name), shape), is_buffer=name.startswith("running"))

    def require(self, axis: int, size: int) -> None:
        """Raises Refusal where the input has another size along an axis than the text says."""
        if self.x.shape[axis] != size:
            raise Refusal(f"its input has the size {self.x.shape[axis]}, not {size} as printed")

    def assume(self, kind: str, *names: str) -> None:
        """Note arguments that are not printed, and are read as PyTorch's defaults."""
        missing = [name for name in names if name not in self.args]
        if missing:
            self.graph.note(f"{kind} does not print {', '.join(missing)}: the defaults of PyTorch are assumed.")


LAYERS: dict[str, Callable[[Call], Tensor]] = {"Sequential": lambda call: call.x, "Identity": lambda call: call.x}


def _plain(function: str, call: Call) -> Tensor:
    return call.apply(function, **call.args)


def _convolution(axes: int, call: Call) -> Tensor:
    given = dict(call.args)
    inside, out, groups = given.pop("in_channels"), given.pop("out_channels"), given.get("groups", 1)
    return _window(f"conv{axes}d", call, given, inside, out, (out, inside // groups, *each(given["kernel_size"], axes)))


def _transposed(axes: int, call: Call) -> Tensor:
    given = dict(call.args)
    inside, out, groups = given.pop("in_channels"), given.pop("out_channels"), given.get("groups", 1)
    shape = (inside, out // groups, *each(given["kernel_size"], axes))
    return _window(f"conv_transpose{axes}d", call, given, inside, out, shape)


def _window(function: str, call: Call, given: dict[str, Any], inside: int, out: int, shape: tuple[int, ...]) -> Tensor:
    """A convolution with a weight of this shape; `given` are its arguments without the channels."""
    groups = given.get("groups", 1)
    if given.pop("padding_mode", "zeros") != "zeros":
        raise Refusal("a convolution with a padding that is not zeros")
    if inside % groups or out % groups:
        raise Refusal(f"its channels, {inside} and {out}, are not divisible by {groups} groups")
    call.require(1, inside)
    del given["kernel_size"]
    bias = call.array("bias", out) if given.pop("bias", True) else None
    return call.apply(function, call.array("weight", *shape), bias, **given)


def _linear(call: Call) -> Tensor:
    inside, out = call.args["in_features"], call.args["out_features"]
    call.require(-1, inside)
    return call.apply("linear", call.array("weight", out, inside), _bias(call, (out,), has=True))


def _bias(call: Call, shape: tuple[int, ...], *, has: bool) -> Known | None:
    return call.array("bias", *shape) if has and call.args.get("bias", True) else None


def _batch_norm(axes: int, call: Call) -> Tensor:
    size, affine = call.args["num_features"], call.args.get("affine", True)
    if axes > 1 and len(call.x.shape) != axes + 2:
        raise Refusal(f"its input has {len(call.x.shape) - 2} axes, not {axes}")
    call.require(1, size)
    statistics = [call.array(name, size) for name in ("running_mean", "running_var")]
    if not call.args.get("track_running_stats", True):
        statistics = []
    weight = call.array("weight", size) if affine else None
    return call.apply(
        "batch_norm", *(statistics or (None, None)), weight, _bias(call, (size,), has=affine),
        eps=call.args.get("eps", 1e-5),
    )  # fmt: skip


def _instance_norm(call: Call) -> Tensor:
    size, affine = call.args["num_features"], call.args.get("affine", False)
    call.require(1, size)
    weight = call.array("weight", size) if affine else None
    bias = _bias(call, (size,), has=affine)
    use_input = not call.args.get("track_running_stats", False)
    return call.apply("instance_norm", None, None, weight, bias, use_input, eps=call.args.get("eps", 1e-5))


def _group_norm(call: Call) -> Tensor:
    size, affine = call.args["num_channels"], call.args.get("affine", True)
    call.require(1, size)
    weight = call.array("weight", size) if affine else None
    bias = _bias(call, (size,), has=affine)
    return call.apply("group_norm", call.args["num_groups"], weight, bias, call.args.get("eps", 1e-5))


def _layer_norm(call: Call) -> Tensor:
    shape, affine = tuple(call.args["normalized_shape"]), call.args.get("elementwise_affine", True)
    for axis, size in enumerate(shape, start=-len(shape)):
        call.require(axis, size)
    if affine:
        call.assume("LayerNorm", "bias")
    weight = call.array("weight", *shape) if affine else None
    return call.apply("layer_norm", shape, weight, _bias(call, shape, has=affine), call.args.get("eps", 1e-5))


def _prelu(call: Call) -> Tensor:
    size = call.args.get("num_parameters", 1)
    if size != 1:
        call.require(1, size)
    return call.apply("prelu", call.array("weight", size))


def _avg_pool(axes: int, call: Call) -> Tensor:
    kernel, stride, padding = (each(call.args[name], axes) for name in ("kernel_size", "stride", "padding"))
    sizes = zip(call.x.shape[2:], kernel, stride, padding, strict=True)
    if any((size + 2 * sides - length) % step for size, length, step, sides in sizes):
        raise Refusal("its output depends on ceil_mode, which is not printed")
    call.assume(f"AvgPool{axes}d", "ceil_mode", "divisor_override", *(["count_include_pad"] if any(padding) else []))
    return call.apply(f"avg_pool{axes}d", kernel, stride, padding)


def _flatten(call: Call) -> Tensor:
    shape = call.x.shape
    start, end = (axis_of(call.args.get(name, at), len(shape)) for name, at in (("start_dim", 1), ("end_dim", -1)))
    return call.apply("flatten", shape=(*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]))


def _upsample(call: Call) -> Tensor:
    own, size = call.x.shape[2:], call.args.get("size")
    axes = len(own)
    if call.args.get("mode", "nearest") != "nearest":
        call.assume("Upsample", "align_corners")
    if size is not None:
        wanted = each(size, axes)
    else:
        factors = each(call.args["scale_factor"], axes)
        wanted = tuple(floor(at * factor) for at, factor in zip(own, factors, strict=True))
    return call.apply("interpolate", **call.args, shape=(*call.x.shape[:2], *wanted))


def _pad(axes: int, mode: str, call: Call) -> Tensor:
    sides = call.args["padding"]
    if len(call.x.shape) != axes + 2:
        raise Refusal(f"its input has {len(call.x.shape) - 2} axes, not {axes}")
    return call.apply("pad", each(sides, 2 * axes), mode, call.args.get("value"))


PLAIN = {
    "ReLU": "relu", "ReLU6": "relu6", "LeakyReLU": "leaky_relu", "ELU": "elu", "SELU": "selu", "GELU": "gelu",
    "SiLU": "silu", "Mish": "mish", "Hardswish": "hardswish", "Hardsigmoid": "hardsigmoid", "Sigmoid": "sigmoid",
    "Tanh": "tanh", "Softplus": "softplus", "Softmax": "softmax", "LogSoftmax": "log_softmax", "Dropout": "dropout",
    "LocalResponseNorm": "local_response_norm", "PixelShuffle": "pixel_shuffle", "PixelUnshuffle": "pixel_unshuffle",
    "ChannelShuffle": "channel_shuffle",
}  # fmt: skip
PADS = {
    "ZeroPad": "constant",
    "ConstantPad": "constant",
    "ReflectionPad": "reflect",
    "ReplicationPad": "replicate",
    "CircularPad": "circular",
}
LAYERS |= {name: partial(_plain, function) for name, function in PLAIN.items()}
LAYERS |= {
    "Linear": _linear, "GroupNorm": _group_norm, "LayerNorm": _layer_norm, "PReLU": _prelu, "Flatten": _flatten,
    "Upsample": _upsample,
}  # fmt: skip
for _axes in (1, 2, 3):
    LAYERS[f"Conv{_axes}d"] = partial(_convolution, _axes)
    LAYERS[f"ConvTranspose{_axes}d"] = partial(_transposed, _axes)
    LAYERS[f"BatchNorm{_axes}d"] = partial(_batch_norm, _axes)
    LAYERS[f"InstanceNorm{_axes}d"] = _instance_norm
    LAYERS[f"MaxPool{_axes}d"] = partial(_plain, f"max_pool{_axes}d")
    LAYERS[f"AvgPool{_axes}d"] = partial(_avg_pool, _axes)
    LAYERS[f"AdaptiveAvgPool{_axes}d"] = partial(_plain, f"adaptive_avg_pool{_axes}d")
    LAYERS[f"AdaptiveMaxPool{_axes}d"] = partial(_plain, f"adaptive_max_pool{_axes}d")
    LAYERS[f"Dropout{_axes}d"] = partial(_plain, f"dropout{_axes}d")
    LAYERS |= {f"{name}{_axes}d": partial(_pad, _axes, mode) for name, mode in PADS.items()}
