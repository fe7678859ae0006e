"""Convolutions and pools in Keras, and their borders.

Keras pads `valid` or `same` alone. Another border is a layer before, `ZeroPadding2D`, or −∞ around a max pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.export.expressions import literal
from cnncalc.export.keras_call import Applied, Computed, KerasCall, Step, Unsayable
from cnncalc.export.layout import Bracketed, Code, Keyed, call
from cnncalc.layers.arguments import collapse
from cnncalc.layers.base import expand_per_axis
from cnncalc.layers.window import Axis, Pairs

VALID = '"valid"'
SAME = '"same"'


def windows(given: KerasCall) -> Iterator[tuple[Axis, ...]]:
    """The windows of each run, with their borders in numbers."""
    for layer, inputs in zip(given.layers, given.inputs, strict=True):
        yield layer.axes(inputs)  # type: ignore[attr-defined]


def border(given: KerasCall, *, same: bool = True) -> tuple[list[Step], list[Code]]:
    """The layer that pads before a layer with windows, if one is needed, and its argument `padding`, if it has one.

    `same`: whether Keras's word has our meaning for this layer.
    """
    runs = list(windows(given))
    sides = {sides_of(axes) for axes in runs}
    words = set(map(str, given.values("padding")))
    by_kernel = words == {"half"} and (given.is_written("kernel") or "dilation" in given.texts)
    depends = given.is_written("padding") or by_kernel  # on params, with others of which it may be another
    if words == {"same"}:
        return ([], [Keyed("padding=", SAME)]) if same else ([padding(given, fixed(given))], [])
    if same and depends and not by_kernel and words <= {"same", "valid"}:
        return [], [Keyed("padding=", given.text("padding"))]
    if not depends and sides == {((0, 0),) * given.axes}:
        return [], []
    chance = given.is_written("stride") or given.is_written("padding") or (given.is_written("kernel") and not by_kernel)
    if same and not chance and all(map(is_same, runs)):
        return [], [Keyed("padding=", SAME)]
    try:
        return [padding_of_name(given) if depends else padding(given, fixed(given))], []
    except Unsayable:
        if len(sides) > 1:
            raise
        return ([padding(given, sides.pop())] if any(map(any, next(iter(sides)))) else []), []


def sides_of(axes: tuple[Axis, ...]) -> Pairs:
    return tuple((axis.before, axis.after) for axis in axes)


def is_same(axes: tuple[Axis, ...]) -> bool:
    """Whether a border is what Keras calls `same`, whatever the size of the input is."""
    return all(axis.stride == 1 and axis.before + axis.after == axis.extent - 1 and
               axis.after - axis.before in (0, 1) for axis in axes)  # fmt: skip


def padding(given: KerasCall, sides: Pairs) -> Step:
    """A border of fixed sides."""
    if given.kind == "max_pool":
        return Computed(lambda x: call("ops.pad", x, around(given, sides), "constant_values=-math.inf"))
    return Applied(given.layer(given.per_axes("ZeroPadding{}"), amounts(sides), *given.format()), "-pad")


def amounts(sides: Pairs) -> str:
    """Both sides of each axis, as `ZeroPadding2D` and `Cropping2D` take them."""
    if len(sides) == 1:
        ((before, after),) = sides
        return str(before) if before == after else literal((before, after))
    if all(before == after for before, after in sides):
        return literal(collapse(tuple(before for before, _ in sides)))
    return literal(sides)


def around(given: KerasCall, sides: Pairs) -> str:
    """Both sides of all axes of a tensor, as `ops.pad` takes them."""
    none = (0, 0)
    return literal((none, *sides, none) if given.layout.is_last else (none, none, *sides))


def padding_of_name(given: KerasCall) -> Step:
    """A border whose amount depends on names."""
    words = {each for each in given.values("padding") if isinstance(each, str)}
    dilation = given.values("dilation") if hasattr(given.layers[0], "dilation") else [1]
    kernels = given.values("kernel")
    if words <= {"half", "valid"} and given.is_written("padding") and words:
        more = "" if dilation == [1] else f", {given.text('dilation')}"
        amount = f"{given.helper('padding_of')}({given.text('padding')}, {given.text('kernel')}{more})"
    elif words == {"half"} and not any(isinstance(each, tuple) for each in dilation):
        amount = half(given, kernels, dilation)
    elif not words and all(isinstance(each, int) for each in given.values("padding")):
        amount = given.text("padding")
    elif not words and "padding" in given.listed:
        items = given.items("padding")
        amount = items[0] if given.axes == 1 else f"({', '.join(items)})"
    else:
        raise Unsayable(f"the padding of `{given.kind}` has sides that vary")
    if given.kind == "max_pool":
        name = given.helper("pad_max")
        return Computed(lambda x: call(name, x, amount))
    name = given.helper(f"pad{given.axes}d")
    return Computed(lambda x: call("pad", x, amount, Keyed("name=", given.label("-pad"))))


def half(given: KerasCall, kernels: list[Any], dilation: list[Any]) -> str:
    """The padding that keeps the size where a kernel is odd, as text."""
    kernel = given.text("kernel")
    if not all(isinstance(each, int) for each in kernels):
        more = "" if dilation == [1] else f", {given.text('dilation')}"
        return f"{given.helper('half')}({kernel}{more})"
    kernel = kernel if kernel.isalnum() or kernel.isidentifier() else f"({kernel})"
    if dilation == [1]:
        return f"{kernel} // 2" if all(k % 2 for k in kernels) else f"({kernel} - 1) // 2"
    factor = given.text("dilation")
    factor = factor if factor.isalnum() or factor.isidentifier() else f"({factor})"
    if kernel == "3":
        return factor
    return f"{factor} * ({kernel} - 1) // 2"


def strides(given: KerasCall, default: Any = 1) -> list[Code]:
    """`strides`; a convolution's stands by its position after the kernel, as is usual."""
    found = given.option("strides", "stride", default)
    return [each.value if isinstance(each, Keyed) else each for each in found]


def has_both(given: KerasCall) -> bool:
    """Whether a convolution has a stride and a dilation, which Keras refuses."""
    return any(
        any(axis.stride > 1 for axis in axes) and any(axis.dilation > 1 for axis in axes) for axes in windows(given)
    )


def borders(given: KerasCall) -> tuple[list[Step], list[Code], list[Code], list[Step]]:
    """Of a convolution: the border before it, its strides and its padding, and what comes after it.

    With a stride and a dilation, it has the dilation, and every other position of its output is taken.
    """
    if not has_both(given):
        before, padded = border(given)
        return before, strides(given), padded, []
    sides = fixed(given)
    by = {tuple(axis.stride for axis in axes) for axes in windows(given)}
    if len(by) != 1:
        raise Unsayable("Keras's convolutions cannot have a stride and a dilation at once, and the stride varies")
    steps = ", ".join(f"::{each}" for each in by.pop())
    taken = f"[:, {steps}]" if given.layout.is_last else f"[:, :, {steps}]"
    return [padding(given, sides)] if any(map(any, sides)) else [], [], [], [Computed(lambda x: f"{x}{taken}")]


def conv(given: KerasCall) -> list[Step]:
    before, stride, padded, after = borders(given)
    options = [*given.option("dilation_rate", "dilation", 1), *given.option("groups", "groups", 1)]
    options += given.option("use_bias", "bias", True)
    made = given.layer(given.per_axes("Conv{}"), given.text("out"), given.text("kernel"), *stride, *padded,
                       *given.format(), *options)  # fmt: skip
    return [*before, Applied(made), *after]


def standardized(given: KerasCall) -> list[Step]:
    (*before, made), after = conv(given), []
    if not isinstance(made, Applied):
        (*before, made), after = before, [made]
    assert isinstance(made, Applied)
    name = given.helper(given.per_axes("StandardizedConv{}"))
    more = [*given.option("gain", "gain", False), *given.option("epsilon", "epsilon", 1e-6)]
    return [*before, Applied(made.code._replace(head=name, items=(*made.code.items, *more))), *after]


def is_uneven(given: KerasCall) -> bool:
    """Whether a depthwise convolution has three axes, or strides that differ by axis, which Keras refuses."""
    return given.axes == 3 or any(len({axis.stride for axis in axes}) > 1 for axes in windows(given))


def depthwise(given: KerasCall) -> list[Step]:
    before, stride, padded, after = borders(given)
    bias = given.option("use_bias", "bias", True)
    options = given.option("dilation_rate", "dilation", 1)
    if is_uneven(given):
        return [*before, Applied(by_channel(given, [*stride, *padded], [*options, *bias])), *after]
    made = given.layer(given.per_axes("DepthwiseConv{}"), given.text("kernel"), *stride, *padded,
                       *given.option("depth_multiplier", "multiplier", 1), *given.format(), *options,
                       *bias)  # fmt: skip
    return [*before, Applied(made), *after]


def by_channel(given: KerasCall, window: list[Code], options: list[Code]) -> Bracketed:
    """A convolution with a group for each channel."""
    groups = given.channels()
    out = groups if given.values("multiplier") == [1] else f"{groups} * {given.text('multiplier')}"
    return given.layer(given.per_axes("Conv{}"), out, given.text("kernel"), *window, *given.format(),
                       f"groups={groups}", *options)  # fmt: skip


def separable(given: KerasCall) -> list[Step]:
    before, stride, padded, after = borders(given)
    bias = given.option("use_bias", "bias", True)
    options = given.option("dilation_rate", "dilation", 1)
    if is_uneven(given) or after:
        first = by_channel(given, [*stride, *padded], [*options, "use_bias=False"])
        second = given.layer(given.per_axes("Conv{}"), given.text("out"), "1", *given.format(), *bias)
        return [*before, Applied(first, "-depthwise"), *after, Applied(second, "-pointwise")]
    made = given.layer(given.per_axes("SeparableConv{}"), given.text("out"), given.text("kernel"), *stride,
                       *padded, *given.format(), *options, *given.option("depth_multiplier", "multiplier", 1),
                       *bias)  # fmt: skip
    return [*before, Applied(made)]


def spatial_separable(given: KerasCall) -> list[Step]:
    runs = list(windows(given))
    if len(set(runs)) != 1:
        raise Unsayable("a spatially separable convolution of several sizes")
    (rows, columns) = runs[0]
    above, left = sides_of(runs[0])
    out, data = given.text("out"), given.format()
    column = given.layer("Conv2D", out, literal((rows.kernel, 1)), literal((rows.stride, 1)), *data, "use_bias=False")
    row = given.layer("Conv2D", out, literal((1, columns.kernel)), literal((1, columns.stride)), *data,
                      *given.option("use_bias", "bias", True))  # fmt: skip
    return [*_bordered(given, (above, (0, 0)), "-above"), Applied(column, "-column"),
            *_bordered(given, ((0, 0), left), "-left"), Applied(row, "-row")]  # fmt: skip


def _bordered(given: KerasCall, sides: Pairs, suffix: str) -> list[Step]:
    """A border, if there is any, with a name of its own."""
    made = given.layer("ZeroPadding2D", amounts(sides), *given.format())
    return [Applied(made, suffix)] if any(map(any, sides)) else []


def transposed(given: KerasCall) -> list[Step]:
    runs = list(windows(given))
    extra = {expand_per_axis("output_padding", each, given.axes) for each in given.values("output_padding")}
    if len(extra) != 1:
        raise Unsayable("the output padding of `transposed_conv` varies")
    added = extra.pop()
    much = any(more >= axis.stride for axes in runs for axis, more in zip(axes, added, strict=True))
    if given.is_written("groups") or given.values("groups") != [1] or has_both(given) or much:
        made = free_transposed(given, added)
    else:
        longer = any(axis.extent < axis.stride for axes in runs for axis in axes)
        options: list[Code] = [f"output_padding={literal(collapse(added))}"] if longer or any(added) else []
        made = given.layer(given.per_axes("Conv{}Transpose"), given.text("out"), given.text("kernel"), *strides(given),
                           *options, *given.format(), *given.option("dilation_rate", "dilation", 1),
                           *given.option("use_bias", "bias", True))  # fmt: skip
    kept = {sides_of(axes) for axes in runs}
    if len(kept) == 1:
        sides = kept.pop()
        return [Applied(made), *(crop(given, amounts(sides), "-crop") if any(map(any, sides)) else [])]
    if given.is_written("padding") and all(isinstance(each, int) for each in given.values("padding")):
        return [Applied(made), *crop(given, given.text("padding"), "-crop")]
    raise Unsayable("the padding of `transposed_conv` varies")


def free_transposed(given: KerasCall, added: tuple[int, ...]) -> Bracketed:
    """A transposed convolution that Keras's own does not do: in groups, or with a stride and a dilation at once, or
    with an output padding that is not less than the stride."""
    kernel, stride, dilation = (by_axis(given, name) for name in ("kernel", "stride", "dilation"))
    options = [*given.option("groups", "groups", 1), *given.option("use_bias", "bias", True)]
    name = given.helper(given.per_axes("FreeConv{}Transpose"))
    return call(name, given.text("out"), kernel, stride, literal(added), dilation, *options)


def by_axis(given: KerasCall, name: str) -> str:
    """An argument with a number for each axis, as a tuple."""
    if given.is_written(name) and all(isinstance(value, int) for value in given.values(name)):
        text = given.text(name)
        return f"({text},) * {given.axes}"
    return literal(expand_per_axis(name, given.only(name), given.axes))


def own_kernels(given: KerasCall) -> list[Step]:
    """Convolutions with a kernel for each position, or for each of listed pairs of channels."""
    sides = fixed(given)
    before = [padding(given, sides)] if any(map(any, sides)) else []
    is_table = given.kind == "table_conv"
    first = literal(given.only("connections")) if is_table else given.text("out")
    name = given.helper(given.per_axes("TableConv{}" if is_table else "LocallyConnected{}"))
    bias = given.option("use_bias", "bias", True)
    return [*before, Applied(call(name, first, by_axis(given, "kernel"), by_axis(given, "stride"), *bias))]


def crop(given: KerasCall, amount: str, suffix: str) -> list[Step]:
    """Less of a map on both sides of each axis."""
    if given.axes == 1 and not given.layout.is_last:  # which `Cropping1D` does not know
        first, last = amount.strip("()").split(", ") if "," in amount else (amount, amount)
        end = "" if last == "0" else f"-({last})" if " " in last else f"-{last}"
        return [Computed(lambda x: f"{x}[:, :, {first}:{end}]")]
    return [Applied(given.layer(given.per_axes("Cropping{}"), amount, *given.format()), suffix)]


def beyond(given: KerasCall, axes: tuple[Axis, ...], output: tuple[int, ...]) -> tuple[int, ...]:
    """How far the last window of a pool reaches beyond the border, on each axis."""
    return tuple(
        max((size - 1) * axis.stride + axis.extent - axis.size - axis.before - axis.after, 0)
        for axis, size in zip(axes, output, strict=True)
    )


def fixed(given: KerasCall) -> Pairs:
    """The border of a pool, the same each time. Raises Unsayable."""
    found = {sides_of(axes) for axes in windows(given)}
    if len(found) != 1:
        raise Unsayable(f"the padding of `{given.kind}` varies")
    return found.pop()


def rounded_up(given: KerasCall) -> Step:
    """A border so that a max pool rounds its size up, where it is not the same each time. Raises Unsayable."""
    if given.kind != "max_pool" or False in given.values("ceil"):
        raise Unsayable(f"the last windows of `{given.kind}` reach beyond its input in other ways each time")
    drops = given.only("dialect") == "pytorch" or given.values("padding") != [0]
    if not all(isinstance(each, int) for name in ("kernel", "stride", "padding") for each in given.values(name)):
        raise Unsayable("the sizes of a pool that rounds up differ by axis")
    helper = given.helper("pad_up" if drops else "pad_up_caffe")
    stride = (
        given.text("stride") if given.is_written("stride") or len(given.values("stride")) == 1 else given.text("kernel")
    )
    more = given.option("padding", "padding", 0)
    return Computed(lambda x: call(helper, x, given.text("kernel"), stride, *more))


def past(given: KerasCall) -> tuple[int, ...] | None:
    """How far the last window reaches beyond the border, with `ceil`; None if it is not the same each time."""
    found = {
        beyond(given, axes, layer.result_shape(inputs)[1:])
        for axes, layer, inputs in zip(windows(given), given.layers, given.inputs, strict=True)
    }
    return found.pop() if len(found) == 1 else None


def pool(given: KerasCall) -> list[Step]:
    if given.kind == "max_pool" and any(each not in (1, (1,) * given.axes) for each in given.values("dilation")):
        return dilated(given)
    more = past(given) if any(given.values("ceil")) else (0,) * given.axes
    stride = [] if not given.is_written("stride") and given.values("stride") == given.values("kernel") else strides(
        given, None)  # fmt: skip
    name = "MaxPooling{}" if given.kind == "max_pool" else "AveragePooling{}"
    counts = given.kind == "max_pool" or False not in given.values("count_padding")
    if not counts and given.values("padding") == ["same"] and not given.is_written("padding"):
        return [average_of_same(given)]
    before: list[Step]
    padded: list[Code] = []
    if more is None:
        before = [rounded_up(given)]
    elif any(more):
        sides = fixed(given)
        if given.kind == "avg_pool":
            return [inside(given, sides, more, counts)]
        before = [padding(given, tuple((a, b + c) for (a, b), c in zip(sides, more, strict=True)))]
    else:
        before, padded = border(given, same=given.kind == "max_pool")
    if before and not counts:
        return [inside(given, fixed(given), (0,) * given.axes, counts)]
    made = given.layer(given.per_axes(name), given.text("kernel"), *stride, *padded, *given.format())
    return [*before, Applied(made)]


def dilated(given: KerasCall) -> list[Step]:
    """A max pool whose windows have gaps. Raises Unsayable."""
    more = past(given) if any(given.values("ceil")) else (0,) * given.axes
    sizes = {tuple((axis.kernel, axis.stride, axis.dilation) for axis in axes) for axes in windows(given)}
    if more is None or len(sizes) != 1:
        raise Unsayable("Keras's max pools have no dilation, and this one varies")
    sides = tuple((a, b + c) for (a, b), c in zip(fixed(given), more, strict=True))
    texts = [literal(each) for each in zip(*sizes.pop(), strict=True)]
    made = Applied(call(given.helper("DilatedMaxPooling"), *texts))
    return [padding(given, sides), made] if any(map(any, sides)) else [made]


def average_of_same(given: KerasCall) -> Step:
    """An average pool of the same padding, which it does not count: Keras's own on PyTorch does so where the sides are
    equal."""
    chance = given.is_written("stride") or given.is_written("kernel")
    if not chance and all(axis.before == axis.after and axis.stride == 1 for axes in windows(given) for axis in axes):
        name = given.per_axes("AveragePooling{}")
        return Applied(given.layer(name, given.text("kernel"), "1", Keyed("padding=", SAME), *given.format()))
    helper = given.helper("SameAveragePooling")
    stride = "kernel" if given.values("stride") == given.values("kernel") else "stride"
    return Applied(call(helper, by_axis(given, "kernel"), by_axis(given, stride)))


def inside(given: KerasCall, sides: Pairs, more: tuple[int, ...], counts: bool) -> Step:
    """An average pool that counts a part of what its windows reach."""
    helper = given.helper("AverageInside")
    counted = sides if counts else ((0, 0),) * given.axes
    uncounted = tuple((a - c, b - d + e) for (a, b), (c, d), e in zip(sides, counted, more, strict=True))
    runs = {tuple((axis.kernel, axis.stride) for axis in axes) for axes in windows(given)}
    if len(runs) != 1:
        raise Unsayable(f"the windows of `{given.kind}` vary")
    kernel, step = zip(*runs.pop(), strict=True)
    return Applied(call(helper, literal(kernel), literal(step), literal(counted), literal(uncounted)))
