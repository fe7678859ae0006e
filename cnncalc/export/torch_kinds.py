"""The modules of PyTorch that are a layer: for each kind, constructors by the table of PyTorch's own names.

A layer is one module, or several where PyTorch has no word for its border: then the border is a module of its own,
without weights, so that the keys of the state are the paths of layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from cnncalc.errors import CnncalcError
from cnncalc.export.expressions import literal
from cnncalc.export.layout import Bracketed, Code, Keyed, call
from cnncalc.layers.arguments import collapse
from cnncalc.layers.base import Shape, expand_per_axis
from cnncalc.layers.frameworks import INPUT, PYTORCH
from cnncalc.layers.settings import REQUIRED
from cnncalc.layers.window import to_pairs
from cnncalc.records import NamedTuple


class Refused(CnncalcError):
    """Something has no counterpart in the target; the message says what."""


class Module(NamedTuple):
    """A module of a layer. `suffix` is what its name adds to that of the layer, "" for the layer itself."""

    suffix: str
    code: Code


class Given(Protocol):
    """A layer in the text, as it is called: its arguments as Python text, and the values that they come to."""

    kind: str
    axes: int  # spatial axes; 0 for a flat input

    def channels(self) -> str:
        """The channels of the input, as Python text. Raises Unwritable."""

    def shape(self) -> Shape:
        """The shape of the input, if it is always the same. Raises Unwritable."""

    def text(self, name: str) -> str:
        """An argument as Python text. Raises Unwritable."""

    def values(self, name: str) -> list[Any]:
        """The values that an argument comes to, each once."""

    def is_given(self, name: str) -> bool:
        """Whether an argument has, or may have, another value than its default."""

    def parts(self, name: str) -> Code | None:
        """An argument that is a list of pairs as Python text of their elements from the last axis on, else None."""

    def is_dynamic(self, name: str) -> bool:
        """Whether an argument depends on the sizes of tensors."""

    def helper(self, name: str) -> str:
        """The name of a helper, which is then part of the file."""


def modules_of(given: Given) -> list[Module] | None:
    """The modules of a layer, in order; None for one that is written in `forward`. Raises Refused, Unwritable."""
    special = SPECIAL.get(given.kind)
    if special:
        return special(given)
    name = NAMES.get(given.kind)
    return None if name is None else [Module("", construct(given, name))]


def construct(given: Given, name: str, **other: str) -> Bracketed:
    """A constructor of PyTorch. `other` are texts of our arguments in place of what is written; "" leaves one out."""
    signature = PYTORCH[name]
    arguments: list[Code] = []
    for parameter, ours in signature.parameters.items():
        if ours == INPUT:
            arguments.append(other.get(INPUT) or given.channels())
        elif ours in other:
            arguments += [_by_position(parameter, other[ours], arguments)] if other[ours] else []
        elif ours in SETTINGS_ELSEWHERE or ours not in _settings(given):
            continue
        elif _settings(given)[ours].default is REQUIRED or parameter in REQUIRED_THERE.get(name, ()):
            arguments.append(given.text(ours))
        elif given.is_given(ours):
            arguments.append(_by_position(parameter, given.text(ours), arguments))
    return call(module_name(given, name), *arguments)


def _by_position(parameter: str, text: str, before: list[Code]) -> Code:
    """An argument by its name; a stride, and a padding after it, by their position, as is usual after a kernel."""
    at = {"stride": 3, "padding": 4}.get(parameter)
    return (
        text
        if at == len(before) and not any(isinstance(each, Keyed) for each in before)
        else Keyed(f"{parameter}=", text)
    )


SETTINGS_ELSEWHERE = ("shift", "scale")  # of norms: `one_sided`


def _settings(given: Given) -> dict[str, Any]:
    from cnncalc.layers import kind_class

    return kind_class(given.kind).settings


def module_name(given: Given, name: str) -> str:
    """`nn.Conv2d`, or `nn.ReLU` for what has no number of axes."""
    return f"nn.{name}{max(given.axes, 1)}d" if name in PER_AXES else f"nn.{name}"


REQUIRED_THERE = {"LocalResponseNorm": ("size",)}  # parameters without a default, where ours has one
PER_AXES = frozenset({
    "Conv", "ConvTranspose", "BatchNorm", "InstanceNorm", "MaxPool", "AvgPool", "AdaptiveAvgPool", "AdaptiveMaxPool",
})  # fmt: skip

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


def only(given: Given, name: str) -> Any:
    """The value of an argument that must be the same each time. Raises Refused."""
    values = given.values(name)
    if len(values) != 1:
        raise Refused(f"`{name}` of `{given.kind}` has several values")
    return values[0]


# borders


def _border(given: Given) -> tuple[list[Module], str]:
    """The module that pads before a layer with windows, if one is needed, and its argument `padding`, "" for none."""
    values = given.values("padding")
    words = {value for value in values if isinstance(value, str)}
    if words and len(values) > 1:
        if any(isinstance(value, tuple) for value in values) or not words <= {"valid", "half"}:
            raise Refused("`padding` is sometimes a word and sometimes a list")
        more = f", {given.text('dilation')}" if _has(given, "dilation") and given.is_given("dilation") else ""
        return [], f"{given.helper('padding_of')}({given.text('padding')}, {given.text('kernel')}{more})"
    word = next(iter(words), "")
    if word == "valid":
        return [], ""
    if word == "same":
        return _same(given)
    if word:
        return [], _symmetric(given, word)
    if not any(isinstance(side, tuple) for value in values if isinstance(value, tuple) for side in value):
        return [], given.text("padding") if given.is_given("padding") else ""
    parts = given.parts("padding")
    if parts is None:
        raise Refused("`padding` is a list of pairs that is computed")
    sides = to_pairs("padding", values[0], given.axes)
    if len(values) == 1 and all(before == after for before, after in sides):
        return [], literal(collapse(tuple(before for before, _ in sides)))
    return [Module("_pad", call(f"nn.ConstantPad{given.axes}d", parts, _filling(given)))], ""


def _filling(given: Given) -> str:
    """The value in a border of a layer."""
    return 'float("-inf")' if given.kind == "max_pool" else "0.0"


def _has(given: Given, name: str) -> bool:
    return name in _settings(given)


def _same(given: Given) -> tuple[list[Module], str]:
    """The padding `same`: PyTorch has it for convolutions with a stride of 1."""
    strides = given.values("stride")
    whole = all(value == 1 or (isinstance(value, tuple) and set(value) == {1}) for value in strides)
    if whole and given.kind.endswith("conv"):
        return [], '"same"'
    arguments: list[Code] = [given.text("kernel")]
    for name in ("stride", "dilation"):
        if _has(given, name) and given.is_given(name):
            arguments.append(Keyed(f"{name}=", given.text(name)))
    if given.kind in ("max_pool", "avg_pool") and not given.is_given("stride"):
        arguments.append(Keyed("stride=", given.text("kernel")))
    if given.kind == "max_pool":
        arguments.append(Keyed("value=", _filling(given)))
    return [Module("_pad", call(given.helper(f"SamePad{given.axes}d"), *arguments))], ""


def _symmetric(given: Given, word: str) -> str:
    """The padding `half` or `full` as Python text."""
    kernels = given.values("kernel")
    dilations = given.values("dilation") if _has(given, "dilation") else [1]
    if len(kernels) == len(dilations) == 1:
        pairs = zip(*(expand_per_axis(word, each[0], given.axes) for each in (kernels, dilations)), strict=True)
        sides = tuple(d * (k - 1) // (2 if word == "half" else 1) for k, d in pairs)
        amount = collapse(sides)
        return "" if amount == 0 else literal(amount)
    kernel = given.text("kernel")
    dilation = given.text("dilation") if dilations != [1] else ""
    if word == "full" or not all(isinstance(each, int) for each in kernels):
        if word == "full" or any(isinstance(each, tuple) for each in dilations):
            raise Refused(f"padding `{word}` of a kernel that varies")
        return f"{given.helper('half')}({kernel}{f', {dilation}' if dilation else ''})"
    kernel = kernel if kernel.isalnum() or kernel.isidentifier() else f"({kernel})"
    if dilation:
        dilation = dilation if dilation.isidentifier() else f"({dilation})"
        if kernel.isdecimal() and int(kernel) % 2:
            return product(str(int(kernel) // 2), dilation)
        return f"{dilation} * ({kernel} - 1) // 2"
    return f"{kernel} // 2" if all(k % 2 for k in kernels) else f"({kernel} - 1) // 2"


# kinds that are more than one constructor with the same arguments


def _conv(given: Given) -> list[Module]:
    before, padding = _border(given)
    return [*before, Module("", construct(given, "Conv", padding=padding))]


def _depthwise(given: Given) -> list[Module]:
    before, padding = _border(given)
    channels = given.channels()
    out = channels
    if given.is_given("multiplier"):
        out = product(channels, given.text("multiplier"))
    options: list[Code] = [
        Keyed(f"{name}=", given.text(name)) for name in ("stride", "dilation", "bias") if given.is_given(name)
    ]
    at = 1 if given.is_given("stride") else 0
    options.insert(at, Keyed("padding=", padding)) if padding else None
    options.insert(len(options) - given.is_given("bias"), Keyed("groups=", channels))
    return [*before, Module("", call(f"nn.Conv{given.axes}d", channels, out, given.text("kernel"), *options))]


def product(first: str, second: str) -> str:
    """The product of two texts."""
    first, second = (text if text.replace("_", "").isalnum() else f"({text})" for text in (first, second))
    return second if first == "1" else first if second == "1" else f"{first} * {second}"


def _separable(given: Given) -> list[Module]:
    before, padding = _border(given)
    options: list[Code] = [Keyed("padding=", padding)] if padding else []
    options += [
        Keyed(f"{n}=", given.text(n)) for n in ("stride", "dilation", "multiplier", "bias") if given.is_given(n)
    ]
    options += [Keyed("sides=", before[0].code)] if before else []
    name = given.helper(f"SeparableConv{given.axes}d")
    return [Module("", call(name, given.channels(), given.text("out"), given.text("kernel"), *options))]


def _spatial_separable(given: Given) -> list[Module]:
    kernel, stride = (expand_per_axis(name, only(given, name), 2) for name in ("kernel", "stride"))
    padding = only(given, "padding")
    if isinstance(padding, str):
        amounts = {"valid": (0, 0), "half": tuple((k - 1) // 2 for k in kernel), "full": tuple(k - 1 for k in kernel)}
        if padding == "same" and set(stride) == {1} and all(k % 2 for k in kernel):
            padding = "half"
        if padding not in amounts:
            raise Refused(f"padding `{padding}` of `{given.kind}`")
        padding = amounts[padding]
    sides = to_pairs("padding", padding, 2)
    if any(before != after for before, after in sides):
        raise Refused(f"padding of different sides of `{given.kind}`")
    options: list[Code] = [Keyed("stride=", literal(stride))] if stride != (1, 1) else []
    options += [Keyed("padding=", literal(tuple(b for b, _ in sides)))] if any(b for b, _ in sides) else []
    options += [Keyed("bias=", given.text("bias"))] if given.is_given("bias") else []
    name = given.helper("SpatialSeparableConv2d")
    return [Module("", call(name, given.channels(), given.text("out"), literal(kernel), *options))]


def _standardized(given: Given) -> list[Module]:
    before, padding = _border(given)
    made = construct(given, "Conv", padding=padding)
    items = [*made.items]
    items += [Keyed("gain=", given.text("gain"))] if given.is_given("gain") else []
    items += [Keyed("eps=", given.text("epsilon"))] if given.is_given("epsilon") else []
    return [*before, Module("", call(given.helper(f"StandardizedConv{given.axes}d"), *items))]


def _transposed(given: Given) -> list[Module]:
    values = given.values("padding")
    if not any(isinstance(value, str | tuple) for value in values):
        return [Module("", construct(given, "ConvTranspose"))]
    kernel, stride, dilation, extra = (
        expand_per_axis(name, only(given, name), given.axes)
        for name in ("kernel", "stride", "dilation", "output_padding")
    )
    word = only(given, "padding")
    if word == "same":
        total = [d * (k - 1) + 1 + e - s for k, s, d, e in zip(kernel, stride, dilation, extra, strict=True)]
        sides = tuple((t // 2, t - t // 2) for t in total)
    elif isinstance(word, str):
        part = {"valid": 0, "half": 1, "full": 2}[word]
        sides = tuple(((d * (k - 1) * part // 2),) * 2 for k, d in zip(kernel, dilation, strict=True))
    else:
        sides = to_pairs("padding", word, given.axes)
    if all(before == after for before, after in sides):
        amount = collapse(tuple(before for before, _ in sides))
        return [Module("", construct(given, "ConvTranspose", padding=literal(amount) if amount else ""))]
    crop = call(given.helper(f"Crop{given.axes}d"), *map(literal, sides))
    return [Module("", construct(given, "ConvTranspose", padding="")), Module("_crop", crop)]


def _pool(given: Given) -> list[Module]:
    name = "MaxPool" if given.kind == "max_pool" else "AvgPool"
    if "caffe" in given.values("dialect") and any(given.values("ceil")):
        stride = given.text("stride") if given.is_given("stride") else given.text("kernel")
        arguments = (literal(name == "AvgPool"), given.text("kernel"), stride, given.text("padding"))
        if any(isinstance(value, str) or value == () for value in given.values("padding")):
            raise Refused("a padding by a word of a pool of Caffe")
        if (given.kind == "max_pool" and given.is_given("dilation")) or (
            given.kind == "avg_pool" and given.is_given("count_padding")
        ):
            raise Refused("such a pool of Caffe")
        return [Module("", call(given.helper(f"CaffePool{given.axes}d"), *arguments))]
    before, padding = _border(given)
    if before and any(given.values("ceil")):
        raise Refused("`ceil` with a padding of different sides")
    if before and given.kind == "avg_pool" and False in given.values("count_padding"):
        options = construct(given, name, padding="", count_padding="").items
        return [Module("", call(given.helper(f"AvgPoolInside{given.axes}d"), before[0].code, *options))]
    return [*before, Module("", construct(given, name, padding=padding))]


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
        return [Module("", call(given.helper(name), *_number_shape(given), *options))]

    return write


def as_float(text: str) -> str:
    """A number as Python text that is a float."""
    return f"{text}.0" if text.lstrip("-").isdigit() else text


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
    if len(given.values("amount")) > 1 and all(isinstance(each, int) for each in given.values("amount")):
        text = given.text("amount")
        return [Module("", call(given.helper(f"Crop{given.axes}d"), *[f"({text}, {text})"] * given.axes))]
    sides = to_pairs("amount", only(given, "amount"), given.axes)
    return [Module("", call(given.helper(f"Crop{given.axes}d"), *map(literal, sides)))]


def _locally_connected(given: Given) -> list[Module]:
    shape = given.shape()
    kernel, stride = (expand_per_axis(name, only(given, name), given.axes) for name in ("kernel", "stride"))
    sizes = tuple((i - k) // s + 1 for i, k, s in zip(shape[1:], kernel, stride, strict=True))
    options: list[Code] = [Keyed("bias=", given.text("bias"))] if given.is_given("bias") else []
    arguments = (given.channels(), given.text("out"), literal(sizes), literal(kernel), literal(stride))
    return [Module("", call(given.helper("LocallyConnected"), *arguments, *options))]


def _table_conv(given: Given) -> list[Module]:
    kernel, stride = (expand_per_axis(name, only(given, name), given.axes) for name in ("kernel", "stride"))
    padding = only(given, "padding")
    if isinstance(padding, str):
        if padding == "same" and (set(stride) != {1} or not all(k % 2 for k in kernel)):
            raise Refused(f"padding `{padding}` of `{given.kind}`")
        part = {"valid": 0, "half": 1, "same": 1, "full": 2}[padding]
        padding = tuple(((k - 1) * part // 2,) * 2 for k in kernel)
    sides = tuple(side for pair in reversed(to_pairs("padding", padding, given.axes)) for side in pair)
    options: list[Code] = [Keyed("bias=", given.text("bias"))] if given.is_given("bias") else []
    arguments = (literal(only(given, "connections")), literal(kernel), literal(stride), literal(sides))
    return [Module("", call(given.helper("TableConv"), *arguments, *options))]


SPECIAL: dict[str, Callable[[Given], list[Module] | None]] = {
    "conv": _conv,
    "depthwise_conv": _depthwise,
    "separable_conv": _separable,
    "spatial_separable_conv": _spatial_separable,
    "standardized_conv": _standardized,
    "transposed_conv": _transposed,
    "max_pool": _pool,
    "avg_pool": _pool,
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
    "locally_connected": _locally_connected,
    "table_conv": _table_conv,
}
