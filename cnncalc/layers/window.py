"""Window arithmetic, one axis at a time: the formulas of `conventions.md`, in exact integers.

Source: V. Dumoulin & F. Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar, NamedTuple

from cnncalc.layers.base import Layer, Shape, Shapes, each_axis, spatial
from cnncalc.layers.ops import WindowSettings
from cnncalc.layers.reach import Reach, Window
from cnncalc.layers.settings import Amount, LayerError, Padding, PerAxis, uniform
from cnncalc.layers.term import largest

Pairs = tuple[tuple[int, int], ...]
Accepts = Callable[[tuple["Axis", ...]], bool]


class Axis(NamedTuple):
    """A window on one axis: input size I, kernel K, stride S, dilation D, padding before and after."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def extent(self) -> int:
        """K_eff = D·(K − 1) + 1, the positions from the first to the last that the kernel reads."""
        return self.kernel if self.dilation == 1 else self.dilation * (self.kernel - 1) + 1

    @property
    def slack(self) -> int:
        """I + P_before + P_after − K_eff, how far the window can slide over the padded input."""
        i, k, _, d, before, after = self
        padded = i + both(before, after)
        return padded - k if d == 1 else padded - d * (k - 1) - 1


def ceiling(a: int, b: int) -> int:
    """⌈a/b⌉, exactly."""
    return -(a // -b)


def both(before: int, after: int) -> int:
    """What two sides take together, written 2·P where they are equal."""
    return 2 * before if before == after else before + after


def output_size(axis: Axis) -> int:
    """O = ⌊(I + P_before + P_after − D·(K − 1) − 1)/S⌋ + 1.

    >>> output_size(Axis(size=227, kernel=11, stride=4, dilation=1, before=0, after=0))
    55
    """
    return axis.slack // axis.stride + 1


def pooled_size(axis: Axis, *, ceil: bool, dialect: str) -> int:
    """Output size of a pool: rounded down, or up with `ceil`, less the last window where the dialect drops it.

    PyTorch drops one that would start at or beyond I + P_before; Caffe does so only with padding.

    >>> four, five = Axis(4, 1, 2, 1, 0, 0), Axis(5, 2, 2, 1, 1, 1)
    >>> [pooled_size(axis, ceil=True, dialect=name) for axis in (four, five) for name in ("pytorch", "caffe")]
    [2, 3, 3, 3]
    """
    if not ceil:
        return output_size(axis)
    size = ceiling(axis.slack, axis.stride) + 1
    drops = dialect == "pytorch" or axis.before > 0 or axis.after > 0
    return size - 1 if drops and (size - 1) * axis.stride >= axis.size + axis.before else size


def transposed_size(axis: Axis, output_padding: int) -> int:
    """O = (I − 1)·S − P_before − P_after + D·(K − 1) + output_padding + 1.

    >>> transposed_size(Axis(size=2, kernel=3, stride=1, dilation=1, before=0, after=0), 0)
    4
    """
    return (axis.size - 1) * axis.stride - both(axis.before, axis.after) + axis.extent + output_padding


class Inside(NamedTuple):
    """On one axis: pairs of an output and an element of its window within a map, and outputs that have any."""

    pairs: int
    outputs: int


def floor_sum(count: int, divisor: int, step: int, start: int) -> int:
    """Σ⌊(step·i + start)/divisor⌋ for i from 0 up to count, none of them negative, in as few rounds as Euclid's gcd.

    Whole quotients are taken out; what is left are the lattice points below a line, counted along the other axis.
    Source: AtCoder Library, `floor_sum`; Graham, Knuth & Patashnik, Concrete Mathematics, 3.5.

    >>> floor_sum(4, 10, 6, 3), sum((6 * i + 3) // 10 for i in range(4))
    (3, 3)
    """
    found = 0
    while count:
        whole, step = divmod(step, divisor)
        more, start = divmod(start, divisor)
        found += whole * (count * (count - 1) // 2) + more * count
        count, start = divmod(step * count + start, divisor)
        divisor, step = step, divisor
    return found


def before_position(axis: Axis, outputs: int, position: int) -> int:
    """Pairs of an output and an element, of a kernel without end, that is before a position: Σ⌈(position − y·S)/D⌉.

    The sum is over the outputs that begin before it, the last one first.
    """
    count = min(outputs, ceiling(max(position, 0), axis.stride))
    last = position - (count - 1) * axis.stride
    return floor_sum(count, axis.dilation, axis.stride, last + axis.dilation - 1)


def inside(axis: Axis, outputs: int) -> Inside:
    """What lies within the input, from P_before up to P_before + I: element k of output y is at y·S + k·D.

    The pairs are those before its end less those before its beginning, without the elements from K on: as many as an
    endless kernel has K·D earlier. An output has any where its window reaches the input; but where the elements are
    further apart than the input is long, a window may straddle it, and at most one is inside: pairs are outputs.
    """
    begin, end, beyond = axis.before, axis.before + axis.size, axis.kernel * axis.dilation
    edges = ((end, 1), (begin, -1), (end - beyond, -1), (begin - beyond, 1))
    pairs = sum(sign * before_position(axis, outputs, position) for position, sign in edges)
    if axis.dilation > axis.size:
        return Inside(pairs, pairs)
    first = max(ceiling(begin + 1 - axis.extent, axis.stride), 0)
    last = min((end - 1) // axis.stride, outputs - 1)
    return Inside(pairs, max(last - first + 1, 0))


def taps_inside(axes: tuple[Axis, ...], sizes: tuple[int, ...]) -> Inside:
    """The same on all axes together: windows are products of what they are on each axis."""
    each = [inside(axis, size) for axis, size in zip(axes, sizes, strict=True)]
    return Inside(prod(one.pairs for one in each), prod(one.outputs for one in each))


def within_padding(axis: Axis, outputs: int) -> Inside:
    """What lies on the input and its padding: all but what the last window, if any, hangs over.

    >>> within_padding(Axis(5, 3, 3, 1, 0, 0), 2), within_padding(Axis(4, 1, 2, 1, 0, 0), 3)
    (Inside(pairs=5, outputs=2), Inside(pairs=2, outputs=2))
    """
    i, k, s, d, before, after = axis
    last = ceiling(i + both(before, after) - (outputs - 1) * s, d)  # elements of the last window up to the end
    if last >= k:
        return Inside(k * outputs, outputs)
    return Inside(k * (outputs - 1) + last, outputs) if last > 0 else Inside(k * (outputs - 1), outputs - 1)


def taps_on_padded(axes: tuple[Axis, ...], sizes: tuple[int, ...]) -> Inside:
    """The same on all axes together, as for `taps_inside`."""
    each = [within_padding(axis, size) for axis, size in zip(axes, sizes, strict=True)]
    return Inside(prod(one.pairs for one in each), prod(one.outputs for one in each))


def pairs(name: str, value: Amount, axes: int) -> Pairs:
    """[before, after] for every axis of an amount given as a number, one per axis, or pairs."""
    if isinstance(value, int):
        return ((value, value),) * axes
    sides: tuple[int | tuple[int, int], ...] = each_axis(name, value, axes)
    return tuple(side if isinstance(side, tuple) else (side, side) for side in sides)


def padding_pair(word: str, axis: Axis) -> tuple[int, int]:
    """What a padding word adds before and after: `valid` 0, `half` D·(K − 1)//2, `full` D·(K − 1) on both sides.

    `same` makes the output ⌈I/S⌉ and puts the smaller half before, as TensorFlow pads.
    """
    if word == "same":
        outputs = ceiling(axis.size, axis.stride)
        return halves(largest((outputs - 1) * axis.stride + axis.extent - axis.size, 0))
    reach = axis.dilation * (axis.kernel - 1)
    side = {"valid": 0, "half": reach // 2, "full": reach}[word]
    return side, side


def halves(total: int) -> tuple[int, int]:
    """A padding divided between the two sides, the smaller half before."""
    return total // 2, ceiling(total, 2)


def axes_of(
    kind: str, shape: Shape, kernel: PerAxis, stride: PerAxis, padding: Padding, dilation: PerAxis = 1
) -> tuple[Axis, ...]:
    """The window on every spatial axis of a map. Raises LayerError `wrong-rank`."""
    sizes = spatial(kind, shape)
    n = len(sizes)
    kernels, strides = each_axis("kernel", kernel, n), each_axis("stride", stride, n)
    windows = zip(sizes, kernels, strides, each_axis("dilation", dilation, n), strict=True)
    if not isinstance(padding, str):
        return tuple([Axis(*window, *side) for window, side in zip(windows, pairs("padding", padding, n), strict=True)])
    return tuple([Axis(*window, *padding_pair(padding, Axis(*window, 0, 0))) for window in windows])


class Windowed(Layer):
    """The family of layers that slide a window over the spatial axes of a map."""

    kernel: PerAxis
    stride: PerAxis
    padding: Padding
    dilation: PerAxis = 1  # of the kinds that do not have it as a setting
    slides: ClassVar[bool] = True  # over its input; a transposed one does so over its output

    def axes(self, inputs: Shapes) -> tuple[Axis, ...]:
        """The window on every axis. Raises LayerError `wrong-rank`."""
        return axes_of(self.kind, inputs[0], self.kernel, self.stride, self.padding, self.dilation)

    @property
    def window_settings(self) -> WindowSettings:
        """The windows as they are executed."""
        return WindowSettings(self.kernel, self.stride, self.padding, self.dilation)

    def kernels(self, inputs: Shapes) -> Shape:
        """The kernel on every axis. Raises LayerError `wrong-rank`."""
        return each_axis("kernel", self.kernel, len(inputs[0]) - 1)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(Window(axis.kernel, axis.stride, axis.before, axis.dilation) for axis in self.axes(inputs))


def check_fits(kind: str, axes: tuple[Axis, ...]) -> None:
    """Raises LayerError `kernel-too-large` where a window is larger than its padded input."""
    for axis in axes:
        if axis.slack < 0:
            raise too_large(kind, axis, axes)


def any_axes(axes: tuple[Axis, ...]) -> bool:
    """Accepts every window: for layers without a limit on their padding."""
    return True


def too_large(kind: str, axis: Axis, axes: tuple[Axis, ...], accepts: Accepts = any_axes) -> LayerError:
    """The error of a window that is larger than its padded input; `accepts` judges what the help would offer."""
    i, k, _, d, before, after = axis
    window = f"{k}" if d == 1 else f"{k} (spread over {axis.extent} by dilation {d})"
    size = f"{i}" if before + after == 0 else f"{i} + {before} + {after} = {i + before + after} with its padding"
    return LayerError(
        "kernel-too-large",
        f"the window of `{kind}` does not fit: kernel {window}, input {size}",
        offer="{} would fit",
        suggest=fitting(axes, accepts),
        argument="kernel",
        about="size",
    )


def fitting(axes: tuple[Axis, ...], accepts: Accepts) -> dict[str, Amount]:
    """The largest kernel, and the least padding on both sides, with which the windows fit on every axis."""
    smaller = tuple(axis._replace(kernel=axis.kernel + min(axis.slack // axis.dilation, 0)) for axis in axes)
    sides = (ceiling(axis.extent - axis.size, 2) for axis in axes)
    padded = tuple(
        axis if axis.slack >= 0 else axis._replace(before=side, after=side)
        for axis, side in zip(axes, sides, strict=True)
    )
    found: dict[str, Amount] = {}
    if accepts(smaller):
        found["kernel"] = simplest(tuple(axis.kernel for axis in smaller))
    if accepts(padded):
        found["padding"] = simplest(tuple((axis.before, axis.after) for axis in padded))
    return found


def simplest(value: Amount) -> Amount:
    """An amount as shortly as it can be written: a number, one for each axis, or pairs."""
    value = uniform(value)
    if isinstance(value, tuple):
        sides = tuple(map(uniform, value))
        return value if any(isinstance(side, tuple) for side in sides) else sides
    return value
