"""The modules of PyTorch that are a layer: for each kind, constructors by the table of PyTorch's own names.

A layer is one module, or several where PyTorch has no word for its border: then the border is a module of its own,
without weights, so that the keys of the state are the paths of layers.
"""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.export.expressions import literal
from cnncalc.export.layout import Code, Keyed, call
from cnncalc.export.torch_construct import Given, Module, Refused, as_float, construct, only
from cnncalc.export.torch_windows import (
    conv,
    deformable,
    depthwise,
    locally_connected,
    pool,
    separable,
    spatial_separable,
    standardized,
    table_conv,
    transposed,
)
from cnncalc.layers.frameworks import PYTORCH
from cnncalc.layers.window import to_pairs


def modules_of(given: Given) -> list[Module] | None:
    """The modules of a layer, in order; None for one that is written in `forward`. Raises Refused, Unwritable."""
    special = SPECIAL.get(given.kind)
    if special:
        return special(given)
    name = NAMES.get(given.kind)
    return None if name is None else [Module("", construct(given, name))]


# Kinds that are a module of PyTorch with the same arguments.
NAMES: dict[str, str] = {
    signature.kind: name
    for name, signature in reversed(PYTORCH.items())
    if signature.kind
    in (
        "linear", "adaptive_avg_pool", "adaptive_max_pool", "flatten", "dropout", "local_response_norm", "relu",
        "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "hard_swish", "hard_sigmoid", "sigmoid", "tanh",
        "softplus", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle",
    )
}  # fmt: skip


def _global_pool(given: Given) -> list[Module]:
    name = "AdaptiveAvgPool" if given.kind == "global_avg_pool" else "AdaptiveMaxPool"
    return [Module("", call(f"nn.{name}{given.axes}d", "1"))]


def _adaptive_pool(name: str) -> Callable[[Given], list[Module]]:
    def write(given: Given) -> list[Module]:
        if all(isinstance(value, tuple) and set(value) <= {"none", None} for value in given.values("size")):
            return [Module("", call("nn.Identity"))]
        sizes = given.text("size").replace('"none"', "None")
        return [Module("", call(f"nn.{name}{given.axes}d", sizes))]

    return write


def _norm(name: str) -> Callable[[Given], list[Module]]:
    def write(given: Given) -> list[Module]:
        if name in ("BatchNorm", "GroupNorm"):
            code = construct(given, name)
        else:
            code = construct(given, name, affine="True" if True in given.values("affine") else "")
        return [Module("", _sides_of_norm(given, code))]

    return write


def _sides_of_norm(given: Given, code: Code) -> Code:
    """A norm without its factor or its summand, where it has none."""
    scale, shift = only(given, "scale"), only(given, "shift")
    if scale and shift:
        return code
    return call(given.helper("one_sided"), code, Keyed("scale=", literal(scale)), Keyed("shift=", literal(shift)))


def _layer_norm(given: Given) -> list[Module]:
    over = only(given, "over")
    if given.axes == 0 or over in ("channels", 0, (0,)):
        size = given.channels()
        axes: tuple[int, ...] = (1,)
    else:
        shape = given.shape()
        count = len(shape)
        listed = (
            range(count) if over == "all" else sorted(a % count for a in (over if isinstance(over, tuple) else (over,)))
        )
        axes = tuple(axis + 1 for axis in listed)
        size = literal(tuple(shape[axis - 1] for axis in axes))
    options: list[Code] = [Keyed("eps=", given.text("epsilon"))] if given.is_given("epsilon") else []
    if given.is_given("affine"):
        options.append(Keyed("elementwise_affine=", given.text("affine")))
    last = tuple(range(2 + given.axes - len(axes), 2 + given.axes))
    if axes == last or given.axes == 0:
        code: Code = call("nn.LayerNorm", size, *options)
    else:
        options += [Keyed("axes=", literal(axes))] if axes != (1,) else []
        code = call(given.helper("AxisNorm"), size, *options)
    return [Module("", _sides_of_norm(given, code))]


def _rms_norm(given: Given) -> list[Module]:
    name = given.helper("ChannelRMSNorm") if given.axes else "nn.RMSNorm"
    options: list[Code] = [Keyed("eps=", given.text("epsilon"))]
    options += [Keyed("elementwise_affine=", given.text("scale"))] if given.is_given("scale") else []
    return [Module("", call(name, given.channels(), *options))]


def _response_norm(given: Given) -> list[Module]:
    options: list[Code] = [Keyed("eps=", given.text("epsilon"))] if given.is_given("epsilon") else []
    return [Module("", call(given.helper("ResponseNorm"), given.channels(), *options))]


def _numbers(name: str) -> Callable[[Given], list[Module]]:
    """`scale` and `shift`: learned numbers by channel, position or element."""

    def write(given: Given) -> list[Module]:
        options: list[Code] = []
        if given.is_given("initial"):
            options.append(Keyed("initial=", as_float(given.text("initial"))))
        if only(given, "per") in ("position", "element"):
            options.append(Keyed("channels=", "False"))
        return [Module("", call(given.helper(name), *_number_shape(given), *options))]

    return write


def _number_shape(given: Given) -> tuple[str, ...]:
    per = only(given, "per")
    if per == "channel":
        return (given.channels(),)
    if per == "all":
        return ("1",)
    shape = given.shape()
    return tuple(map(str, shape[1:] if per == "position" else shape))


def _prelu(given: Given) -> list[Module]:
    per = only(given, "per")
    if per in ("position", "element"):
        return [Module("", call(given.helper("Slope"), *_number_shape(given)))]
    shared = only(given, "shared") or per == "all"
    return [Module("", call("nn.PReLU", *([] if shared else [given.channels()])))]


def _softmax(name: str) -> Callable[[Given], list[Module] | None]:
    def write(given: Given) -> list[Module] | None:
        if given.values("groups") != [1]:
            return None
        axis = only(given, "over")
        return [Module("", call(f"nn.{name}", Keyed("dim=", str(axis + 1 if axis >= 0 else axis))))]

    return write


def _stochastic_depth(given: Given) -> list[Module]:
    return [Module("", call(given.helper("StochasticDepth"), given.text("rate")))]


def _upsample(given: Given) -> list[Module] | None:
    """`nn.Upsample` where the size does not depend on another tensor."""
    if given.values("like") != [None] or given.is_dynamic("size"):
        return None
    mode = only(given, "mode")
    options: list[Code] = []
    if given.values("factor") != [None]:
        text = given.text("factor")
        options.append(Keyed("scale_factor=", text))
    else:
        options.append(Keyed("size=", literal(only(given, "size"))))
    if mode != "nearest":
        name = ("linear", "bilinear", "trilinear")[given.axes - 1] if mode == "linear" else mode
        options.append(Keyed("mode=", f'"{name}"'))
    if given.is_given("align_corners"):
        options.append(Keyed("align_corners=", given.text("align_corners")))
    return [Module("", call("nn.Upsample", *options))]


def _pad(given: Given) -> list[Module] | None:
    """A border of constant amounts, or None where it depends on another tensor."""
    if given.values("like") != [None]:
        return None
    mode = only(given, "mode")
    sides = to_pairs("amount", only(given, "amount"), given.axes)
    amounts = literal(tuple(side for pair in reversed(sides) for side in pair))
    names = {"zeros": "Constant", "reflect": "Reflection", "replicate": "Replication", "circular": "Circular"}
    options: list[Code] = [as_float(given.text("value"))] if mode == "zeros" else []
    return [Module("", call(f"nn.{names[mode]}Pad{given.axes}d", amounts, *options))]


def _crop(given: Given) -> list[Module] | None:
    if given.values("like") != [None]:
        return None
    if all(isinstance(each, int) for each in given.values("amount")):
        text = given.text("amount")
        return [Module("", call(f"nn.ZeroPad{given.axes}d", f"-{text}" if text.isalnum() else f"-({text})"))]
    sides = to_pairs("amount", only(given, "amount"), given.axes)
    less = tuple(-side for pair in reversed(sides) for side in pair)
    return [Module("", call(f"nn.ZeroPad{given.axes}d", literal(less)))]


def _recurrent(name: str) -> Callable[[Given], list[Module]]:
    """A recurrent layer on channels first."""

    def write(given: Given) -> list[Module]:
        options: list[Code] = [Keyed("num_layers=", given.text("layers"))] if given.is_given("layers") else []
        options += [Keyed("bias=", "False")] if only(given, "biases") == 0 else []
        options += [Keyed("bidirectional=", given.text("bidirectional"))] if given.is_given("bidirectional") else []
        if given.kind == "rnn" and given.is_given("activation"):
            options.append(Keyed("nonlinearity=", given.text("activation")))
        helper = given.helper(f"Channels{name}")
        if given.kind == "gru" and not only(given, "reset_after"):
            helper = given.helper("ResetBeforeGRU")
        made = call(helper, given.channels(), given.text("hidden"), *options)
        return [Module("", call(given.helper("one_bias"), made) if only(given, "biases") == 1 else made)]

    return write


def _learned(given: Given) -> list[Module]:
    options: list[Code] = [Keyed("initial=", as_float(given.text("initial")))] if given.is_given("initial") else []
    return [Module("", call(given.helper("Learned"), *map(str, only(given, "shape")), *options))]


def attend(given: Given, memory: int | None = None) -> list[Module]:
    """Attention with projections; `memory` are the channels of what keys and values are computed from."""
    options: list[Code] = [] if memory is None else [Keyed("kdim=", str(memory)), Keyed("vdim=", str(memory))]
    options += [Keyed("bias=", given.text("bias"))] if given.is_given("bias") else []
    return [Module("", call(given.helper("SequenceAttention"), given.channels(), given.text("heads"), *options))]


def _self_attention(given: Given) -> list[Module]:
    if given.reads_another():
        raise Refused("`multi_head_attention` with a memory, in a block")
    return attend(given)


def _position_bias(name: str) -> Callable[[Given], list[Module]]:
    def write(given: Given) -> list[Module]:
        given.helper("relative_index")
        window = given.text("window")
        window = window if window.startswith("(") else literal(only(given, "window"))  # a number is a list of one
        arguments: list[Code] = [given.text("heads"), window]
        if given.kind == "continuous_position_bias" and given.is_given("hidden"):
            arguments.append(Keyed("hidden=", given.text("hidden")))
        return [Module("", call(given.helper(name), *arguments))]

    return write


SPECIAL: dict[str, Callable[[Given], list[Module] | None]] = {
    "conv": conv,
    "depthwise_conv": depthwise,
    "separable_conv": separable,
    "spatial_separable_conv": spatial_separable,
    "standardized_conv": standardized,
    "transposed_conv": transposed,
    "max_pool": pool,
    "avg_pool": pool,
    "adaptive_avg_pool": _adaptive_pool("AdaptiveAvgPool"),
    "adaptive_max_pool": _adaptive_pool("AdaptiveMaxPool"),
    "global_avg_pool": _global_pool,
    "global_max_pool": _global_pool,
    "batch_norm": _norm("BatchNorm"),
    "group_norm": _norm("GroupNorm"),
    "instance_norm": _norm("InstanceNorm"),
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "response_norm": _response_norm,
    "scale": _numbers("Scale"),
    "shift": _numbers("Shift"),
    "prelu": _prelu,
    "softmax": _softmax("Softmax"),
    "log_softmax": _softmax("LogSoftmax"),
    "stochastic_depth": _stochastic_depth,
    "upsample": _upsample,
    "pad": _pad,
    "crop": _crop,
    "locally_connected": locally_connected,
    "table_conv": table_conv,
    "deformable_conv": deformable,
    "lstm": _recurrent("LSTM"),
    "gru": _recurrent("GRU"),
    "rnn": _recurrent("RNN"),
    "learned": _learned,
    "multi_head_attention": _self_attention,
    "relative_position_bias": _position_bias("RelativePositionBias"),
    "continuous_position_bias": _position_bias("ContinuousPositionBias"),
}
