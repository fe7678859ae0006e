"""Layers without weights that rearrange, select, pad, crop or resize, in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.export.expressions import literal
from cnncalc.export.keras_call import Applied, Computed, KerasCall, Step, Unsayable
from cnncalc.export.keras_windows import amounts, around, crop
from cnncalc.export.layout import Code, Keyed, call
from cnncalc.layers.base import Shape
from cnncalc.layers.targets import each_factor


def results(given: KerasCall) -> set[Shape]:
    """The shapes of the output."""
    return {layer.result_shape(inputs) for layer, inputs in zip(given.layers, given.inputs, strict=True)}


def _flatten(given: KerasCall) -> list[Step]:
    """In channels last, the elements are in another order: `keras_order` tells where ours is needed."""
    if not given.layout.is_last:
        return [Applied(given.layer("Reshape", "(-1,)"))]  # Keras's `Flatten` would put the channels last
    moved = any(len(shape) > 1 and shape[0] > 1 and any(size > 1 for size in shape[1:]) for shape in given.shapes())
    if not given.is_ordered or not moved:
        return [Applied(given.layer("Flatten"))]
    order = literal((given.rank, *range(1, given.rank)))
    return [Applied(given.layer("Permute", order), "-first"), Applied(given.layer("Flatten"))]


def _reshape(given: KerasCall) -> list[Step]:
    """A reshape of the positions of each channel; others with the channels first, as ours are."""
    items = ["-1" if item in ("rest", "'rest'") else item for item in given.items("shape")]
    sizes = f"({', '.join(items)}{',' * (len(items) == 1)})"
    if not given.layout.is_last or given.rank == len(items) == 1:
        return [Applied(given.layer("Reshape", sizes))]
    keeps = all(shape[0] == layer.result_shape((shape,))[0] and given.rank > 1 and len(items) > 1
                for layer, (shape, *_) in zip(given.layers, given.inputs, strict=True))  # fmt: skip
    if keeps:
        return [Applied(given.layer("Reshape", f"({', '.join([*items[1:], items[0]])})"))]
    found: list[Step] = []
    if given.rank > 1:
        found.append(Applied(given.layer("Permute", literal((given.rank, *range(1, given.rank)))), "-first"))
    made = given.layer("Reshape", sizes)
    if len(items) == 1:
        return [*found, Applied(made)]
    last = given.layer("Permute", literal((*range(2, len(items) + 1), 1)))
    return [*found, Applied(made, "-ours"), Applied(last)]


def _transpose(given: KerasCall) -> list[Step]:
    axes = [axis % given.rank for axis in given.only("axes")]
    if given.layout.is_last:
        place = {0: given.rank, **{axis: axis for axis in range(1, given.rank)}}
        order = tuple(place[axis] for axis in (*axes[1:], axes[0]))
    else:
        order = tuple(axis + 1 for axis in axes)
    return [Applied(given.layer("Permute", literal(order)))]


def _shuffle(name: str, argument: str) -> Callable[[KerasCall], list[Step]]:
    def write(given: KerasCall) -> list[Step]:
        helper = given.helper(name)
        label = Keyed("name=", given.label(""))
        return [Computed(lambda x: call(helper, x, given.text(argument), label))]

    return write


def index(given: KerasCall, axis: int, text: str) -> str:
    """An index of one axis of a tensor: `[:, 1:3]`, or `[..., 1:3]` for the last."""
    at = given.axis(axis)
    if at in (-1, given.rank):
        return f"[..., {text}]"
    return f"[{':, ' * at}{text}]"


def _slice(given: KerasCall) -> list[Step]:
    start, stop = given.text("start"), given.text("stop")
    if stop == '"none"' or stop == "None":
        stop = ""
    step = given.text("step")
    text = f"{'' if start == '0' else start}:{stop}{f':{step}' if step != '1' else ''}"
    found = index(given, given.only("axis"), text)
    return [Computed(lambda x: f"{x}{found}")]


def _split(given: KerasCall) -> list[Step]:
    """One part of an axis: of equal ones, or a slice."""
    axis = given.only("axis") if given.kind == "split" else 0
    if all(isinstance(parts, int) for parts in given.values("parts")):
        at = given.axis(axis)
        return [Computed(lambda x: _taken(x, given.text("parts"), at, given.text("take")))]
    take = given.only("take")
    items = given.items("parts")
    before, last = items[:take], take == len(items) - 1
    start, stop = (
        str(sum(map(int, each))) if all(item.isdecimal() for item in each) else " + ".join(each)
        for each in (before, items[: take + 1])
    )
    text = index(given, axis, f"{start if take else ''}:{'' if last else stop}")
    return [Computed(lambda x: f"{x}{text}")]


def _taken(x: str, parts: str, axis: int, take: str) -> str:
    return f"ops.split({x}, {parts}, axis={axis})[{take}]"


def _flip(given: KerasCall) -> list[Step]:
    return [Computed(lambda x: call("ops.flip", x, f"axis={given.axis(given.only('axis'))}"))]


def _roll(given: KerasCall) -> list[Step]:
    axis = given.axis(given.only("axis"))
    return [Computed(lambda x: call("ops.roll", x, given.text("by"), f"axis={axis}"))]


def _sides(given: KerasCall) -> Any:
    """The amounts of a border, the same each time. Raises Unsayable."""
    found = {layer.sides(inputs) for layer, inputs in zip(given.layers, given.inputs, strict=True)}  # type: ignore[attr-defined]
    if len(found) != 1:
        raise Unsayable(f"the amounts of `{given.kind}` vary")
    return found.pop()


def _pad(given: KerasCall) -> list[Step]:
    mode, like = given.only("mode"), given.is_written("like")
    if mode == "zeros" and like:
        return [_fit(given, Keyed("value=", given.text("value")))]
    sides = _sides(given)
    if mode != "zeros":
        modes = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
        return [Applied(call(given.helper("EdgePadding"), literal(sides), f'"{modes[mode]}"'))]
    if given.values("value") == [0]:
        made = given.layer(given.per_axes("ZeroPadding{}"), amounts(sides), *given.format())
        return [Applied(made)]
    value = Keyed("constant_values=", given.text("value"))
    return [Computed(lambda x: call("ops.pad", x, around(given, sides), value))]


def _crop(given: KerasCall) -> list[Step]:
    if given.is_written("like"):
        return [_fit(given)]
    if given.is_written("amount") and all(isinstance(each, int) for each in given.values("amount")):
        amount = given.text("amount")
    else:
        amount = amounts(_sides(given))
    return crop(given, amount, "")


def _fit(given: KerasCall, value: Keyed | None = None) -> Step:
    """A border, or less of the map, up to the sizes of another tensor."""
    helper, sizes = given.helper("fit"), given.text("like")
    more = [] if value is None or value.value in ("0", "0.0") else [value]
    return Computed(lambda x: call(helper, x, sizes, *more))


def _upsample(given: KerasCall) -> list[Step]:
    mode = given.only("mode")
    whole = given.values("size") == given.values("like") == [None] and not given.is_written("size")
    integers = whole and all(
        isinstance(each, int) for value in given.values("factor")
        for each in (value if isinstance(value, tuple) else (value,))
    )  # fmt: skip
    bilinear = mode in ("linear", "bilinear") and given.axes == 2 and not any(given.values("align_corners"))
    if integers and (mode == "nearest" or bilinear):
        options: list[Code] = [] if mode == "nearest" else [Keyed("interpolation=", '"bilinear"')]
        if given.axes == 1:  # which knows no format
            made = given.layer("UpSampling1D", given.text("factor"))
            return [Applied(made)] if given.layout.is_last else given.turned(made)
        return [Applied(given.layer(given.per_axes("UpSampling{}"), given.text("factor"), *given.format(), *options))]
    helper = given.helper("Resize")
    options = [] if mode == "nearest" else [f'mode="{"linear" if mode.endswith("linear") else mode}"']
    options += given.option("align_corners", "align_corners", False)
    scales = {
        tuple(map(float, each_factor(value, given.axes))) for value in given.values("factor") if value is not None
    }
    if len(scales) > 1 or (scales and None in given.values("factor")):
        raise Unsayable("the factors of `upsample` vary")
    if scales:  # PyTorch divides by the factor, not by the quotient of the sizes
        options.append(f"factors={literal(scales.pop())}")
    if given.is_written("like"):
        sizes = given.text("like")
    else:
        ends = {shape[1:] for shape in results(given)}
        if len(ends) != 1:
            raise Unsayable("the sizes of `upsample` vary")
        sizes = literal(ends.pop())
    return [Applied(call(helper, sizes, *options))]


VIEWS: dict[str, Callable[[KerasCall], list[Step]]] = {
    "flatten": _flatten,
    "reshape": _reshape,
    "transpose": _transpose,
    "channel_shuffle": _shuffle("channel_shuffle", "groups"),
    "pixel_shuffle": _shuffle("pixel_shuffle", "factor"),
    "pixel_unshuffle": _shuffle("pixel_unshuffle", "factor"),
    "slice": _slice,
    "channel_split": _split,
    "split": _split,
    "flip": _flip,
    "roll": _roll,
    "pad": _pad,
    "crop": _crop,
    "upsample": _upsample,
}
