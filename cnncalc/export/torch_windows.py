"""Layers with windows: convolutions and pools, and how PyTorch writes their borders."""

from __future__ import annotations

from typing import Any

from cnncalc.export.expressions import literal
from cnncalc.export.layout import Code, Keyed, call
from cnncalc.export.torch_construct import Given, Module, Refused, construct, only, product, settings_of
from cnncalc.layers.arguments import collapse
from cnncalc.layers.base import expand_per_axis
from cnncalc.layers.window import Axis, resolve_padding, to_pairs


def _border(given: Given) -> tuple[list[Module], str]:
    """The module that pads before a layer with windows, if one is needed, and its argument `padding`, "" for none."""
    values = given.values("padding")
    words = {value for value in values if isinstance(value, str)}
    if words and len(values) > 1:
        if any(isinstance(value, tuple) for value in values) or not words <= {"valid", "half"}:
            raise Refused("`padding` is sometimes a word and sometimes a list")
        more = f", {given.text('dilation')}" if has_setting(given, "dilation") and given.is_given("dilation") else ""
        return [], f"{given.helper('padding_of')}({given.text('padding')}, {given.text('kernel')}{more})"
    word = next(iter(words), "")
    if word == "valid":
        return [], ""
    if word == "same":
        return _same(given)
    if word:
        return [], _symmetric(given, word)
    if not any(map(has_pairs, values)):
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


def has_setting(given: Given, name: str) -> bool:
    return name in settings_of(given)


def _same(given: Given) -> tuple[list[Module], str]:
    """The padding `same`: PyTorch has it for convolutions with a stride of 1."""
    strides = given.values("stride")
    whole = all(value == 1 or (isinstance(value, tuple) and set(value) == {1}) for value in strides)
    if whole and given.kind.endswith("conv"):
        return [], '"same"'
    arguments: list[Code] = [given.text("kernel")]
    for name in ("stride", "dilation"):
        if has_setting(given, name) and given.is_given(name):
            arguments.append(Keyed(f"{name}=", given.text(name)))
    if given.kind in ("max_pool", "avg_pool") and not given.is_given("stride"):
        arguments.append(Keyed("stride=", given.text("kernel")))
    if given.kind == "max_pool":
        arguments.append(Keyed("value=", _filling(given)))
    return [Module("_pad", call(given.helper(f"SamePad{given.axes}d"), *arguments))], ""


def _symmetric(given: Given, word: str) -> str:
    """The padding `half` or `full` as Python text."""
    kernels = given.values("kernel")
    dilations = given.values("dilation") if has_setting(given, "dilation") else [1]
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


def conv(given: Given) -> list[Module]:
    before, padding = _border(given)
    return [*before, Module("", construct(given, "Conv", padding=padding))]


def depthwise(given: Given) -> list[Module]:
    before, padding = _border(given)
    channels = given.channels()
    out = channels
    if given.is_given("multiplier"):
        out = product(channels, given.text("multiplier"))
    arguments: list[Code] = [channels, out, given.text("kernel")]
    arguments += [given.text("stride")] if given.is_given("stride") else []
    arguments += [padding if given.is_given("stride") else Keyed("padding=", padding)] if padding else []
    arguments += [Keyed("dilation=", given.text("dilation"))] if given.is_given("dilation") else []
    arguments += [Keyed("groups=", channels)]
    arguments += [Keyed("bias=", given.text("bias"))] if given.is_given("bias") else []
    return [*before, Module("", call(f"nn.Conv{given.axes}d", *arguments))]


def separable(given: Given) -> list[Module]:
    before, padding = _border(given)
    options: list[Code] = [Keyed("padding=", padding)] if padding else []
    options += [
        Keyed(f"{n}=", given.text(n)) for n in ("stride", "dilation", "multiplier", "bias") if given.is_given(n)
    ]
    options += [Keyed("sides=", before[0].code)] if before else []
    name = given.helper(f"SeparableConv{given.axes}d")
    return [Module("", call(name, given.channels(), given.text("out"), given.text("kernel"), *options))]


def spatial_separable(given: Given) -> list[Module]:
    kernel, stride = (expand_per_axis(name, only(given, name), 2) for name in ("kernel", "stride"))
    padding = only(given, "padding")
    if isinstance(padding, str):
        sizes = given.shape()[1:] if padding == "same" else (1, 1)
        axes = zip(sizes, kernel, stride, strict=True)
        padding = tuple(resolve_padding(padding, Axis(i, k, s, 1, 0, 0)) for i, k, s in axes)
    sides = to_pairs("padding", padding, 2)
    options: list[Code] = [Keyed("stride=", literal(stride))] if stride != (1, 1) else []
    options += [Keyed("sides=", literal(sides))] if any(map(any, sides)) else []
    options += [Keyed("bias=", given.text("bias"))] if given.is_given("bias") else []
    name = given.helper("SpatialSeparableConv2d")
    return [Module("", call(name, given.channels(), given.text("out"), literal(kernel), *options))]


def standardized(given: Given) -> list[Module]:
    before, padding = _border(given)
    made = construct(given, "Conv", padding=padding)
    items = [*made.items]
    items += [Keyed("gain=", given.text("gain"))] if given.is_given("gain") else []
    items += [Keyed("eps=", given.text("epsilon"))] if given.is_given("epsilon") else []
    return [*before, Module("", call(given.helper(f"StandardizedConv{given.axes}d"), *items))]


def deformable(given: Given) -> list[Module]:
    before, padding = _border(given)  # beyond a border there are zeros too
    items = [*construct(given, "Conv", padding=padding).items]
    items += [Keyed(f"{name}=", given.text(name)) for name in ("offset_groups", "mask") if given.is_given(name)]
    return [*before, Module("", call(given.helper("DeformableConv2d"), *items))]


def transposed(given: Given) -> list[Module]:
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
    less = tuple(-side for pair in reversed(sides) for side in pair)
    crop = call(f"nn.ZeroPad{given.axes}d", literal(less))
    return [Module("", construct(given, "ConvTranspose", padding="")), Module("_crop", crop)]


def has_pairs(value: Any) -> bool:
    """Whether an amount is a list with a pair in it."""
    return isinstance(value, tuple) and any(isinstance(side, tuple) for side in value)


def pool(given: Given) -> list[Module]:
    name = "MaxPool" if given.kind == "max_pool" else "AvgPool"
    if "caffe" in given.values("dialect") and any(given.values("ceil")) and _may_skip(given):
        if any(isinstance(value, str) or has_pairs(value) for value in given.values("padding")):
            raise Refused("a padding by words or pairs of a pool of Caffe")
        if (given.kind == "max_pool" and given.is_given("dilation")) or (
            given.kind == "avg_pool" and given.is_given("count_padding")
        ):
            raise Refused("such a pool of Caffe")
        given.helper("caffe_sides")
        options = construct(given, name, ceil="").items
        return [Module("", call(given.helper(f"Caffe{name}{given.axes}d"), *options))]
    before, padding = _border(given)
    if before and any(given.values("ceil")):
        raise Refused("`ceil` with a padding of different sides")
    if before and given.kind == "avg_pool" and False in given.values("count_padding"):
        options = construct(given, name, padding="", count_padding="").items
        return [Module("", call(given.helper(f"AvgPoolInside{given.axes}d"), before[0].code, *options))]
    return [*before, Module("", construct(given, name, padding=padding))]


def _may_skip(given: Given) -> bool:
    """Whether a window may start behind the map, where Caffe differs: if a stride is above the kernel."""
    kernels, strides = (
        [side for value in given.values(name) for side in expand_per_axis(name, value, given.axes)]
        for name in ("kernel", "stride")
    )
    return max(strides, default=1) > min(kernels)


def locally_connected(given: Given) -> list[Module]:
    shape = given.shape()
    kernel, stride = (expand_per_axis(name, only(given, name), given.axes) for name in ("kernel", "stride"))
    sizes = tuple((i - k) // s + 1 for i, k, s in zip(shape[1:], kernel, stride, strict=True))
    options: list[Code] = [Keyed("bias=", given.text("bias"))] if given.is_given("bias") else []
    arguments = (given.channels(), given.text("out"), literal(sizes), literal(kernel), literal(stride))
    return [Module("", call(given.helper("LocallyConnected"), *arguments, *options))]


def table_conv(given: Given) -> list[Module]:
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
