"""Window arithmetic in exact integers, one axis at a time.

Source: V. Dumoulin & F. Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar

from cnncalc.layers.arguments import Amount, LayerError, Padding, PerAxis, collapse
from cnncalc.layers.base import Layer, Shape, Shapes, expand_per_axis, spatial_sizes
from cnncalc.layers.ops import WindowSettings
from cnncalc.layers.reach import Reach, Window
from cnncalc.layers.term import maximum
from cnncalc.records import NamedTuple

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
        """I − K_eff + P_before + P_after, how far the window can move over the padded input."""
        i, k, _, d, before, after = self
        padding = add_sides(before, after)
        return i - k + padding if d == 1 else i + padding - d * (k - 1) - 1


def ceil_divide(a: int, b: int) -> int:
    """⌈a/b⌉, exactly."""
    return -(a // -b)


def add_sides(before: int, after: int) -> int:
    """The sum of both sides, as the formula 2·P where they are equal."""
    return 2 * before if before == after else before + after


def output_size(axis: Axis) -> int:
    """O = ⌊(I + P_before + P_after − D·(K − 1) − 1)/S⌋ + 1.

    >>> output_size(Axis(size=227, kernel=11, stride=4, dilation=1, before=0, after=0))
    55
    """
    return axis.slack // axis.stride + 1


def pooled_size(axis: Axis, *, ceil: bool, dialect: str) -> int:
    """Output size of a pool: rounded down, or up with `ceil`, without the last window where the dialect drops it.

    PyTorch drops a window that would start at or after I + P_before; Caffe does so only with padding.

    >>> four, five = Axis(4, 1, 2, 1, 0, 0), Axis(5, 2, 2, 1, 1, 1)
    >>> [pooled_size(axis, ceil=True, dialect=name) for axis in (four, five) for name in ("pytorch", "caffe")]
    [2, 3, 3, 3]
    """
    if not ceil:
        return output_size(axis)
    size = ceil_divide(axis.slack, axis.stride) + 1
    drops = dialect == "pytorch" or axis.before > 0 or axis.after > 0
    return size - 1 if drops and (size - 1) * axis.stride >= axis.size + axis.before else size


def transposed_size(axis: Axis, output_padding: int) -> int:
    """O = (I − 1)·S − P_before − P_after + D·(K − 1) + output_padding + 1.

    >>> transposed_size(Axis(size=2, kernel=3, stride=1, dilation=1, before=0, after=0), 0)
    4
    """
    return (axis.size - 1) * axis.stride - add_sides(axis.before, axis.after) + axis.extent + output_padding


class Inside(NamedTuple):
    """On one axis: pairs of an output and an element of its window within a map, and outputs that have any."""

    pairs: int
    outputs: int


def floor_sum(count: int, divisor: int, step: int, start: int) -> int:
    """Σ⌊(step·i + start)/divisor⌋ for i from 0 to count − 1 and arguments ≥ 0, with as few steps as Euclid's gcd.

    Integer quotients are summed directly; the rest are lattice points below a line, counted along the other axis.
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


def count_before(axis: Axis, outputs: int, position: int) -> int:
    """Pairs of an output and an element before a position, for an endless kernel: Σ⌈(position − y·S)/D⌉.

    The sum is over the outputs that begin before the position, in reverse order.
    """
    count = min(outputs, ceil_divide(max(position, 0), axis.stride))
    last = position - (count - 1) * axis.stride
    return floor_sum(count, axis.dilation, axis.stride, last + axis.dilation - 1)


def count_inside_axis(axis: Axis, outputs: int) -> Inside:
    """Count pairs of an output and an input element: element k of output y is at y·S + k·D of the padded input.

    The input is from P_before to P_before + I − 1. The pairs are those of an endless kernel before its end, minus those
    before its beginning, minus the elements from K on, which are the pairs of an endless kernel K·D earlier. An output
    has pairs if its window overlaps the input; with a dilation larger than the input a window may overlap it without
    an element inside, but has at most one element inside, so that the number of outputs is the number of pairs.
    """
    begin, end, beyond = axis.before, axis.before + axis.size, axis.kernel * axis.dilation
    edges = ((end, 1), (begin, -1), (end - beyond, -1), (begin - beyond, 1))
    pairs = sum(sign * count_before(axis, outputs, position) for position, sign in edges)
    if axis.dilation > axis.size:
        return Inside(pairs, pairs)
    first = max(ceil_divide(begin + 1 - axis.extent, axis.stride), 0)
    last = min((end - 1) // axis.stride, outputs - 1)
    return Inside(pairs, max(last - first + 1, 0))


def count_inside(axes: tuple[Axis, ...], sizes: tuple[int, ...]) -> Inside:
    """The same for all axes together: the product over the axes."""
    each = [count_inside_axis(axis, size) for axis, size in zip(axes, sizes, strict=True)]
    return Inside(prod(one.pairs for one in each), prod(one.outputs for one in each))


def count_padded_axis(axis: Axis, outputs: int) -> Inside:
    """The same on the padded input: all pairs but those of a last window that extends beyond the padding.

    >>> count_padded_axis(Axis(5, 3, 3, 1, 0, 0), 2), count_padded_axis(Axis(4, 1, 2, 1, 0, 0), 3)
    (Inside(pairs=5, outputs=2), Inside(pairs=2, outputs=2))
    """
    i, k, s, d, before, after = axis
    last = ceil_divide(i + add_sides(before, after) - (outputs - 1) * s, d)  # elements of the last window up to the end
    if last >= k:
        return Inside(k * outputs, outputs)
    return Inside(k * (outputs - 1) + last, outputs) if last > 0 else Inside(k * (outputs - 1), outputs - 1)


def count_padded(axes: tuple[Axis, ...], sizes: tuple[int, ...]) -> Inside:
    """The same for all axes together: the product over the axes."""
    each = [count_padded_axis(axis, size) for axis, size in zip(axes, sizes, strict=True)]
    return Inside(prod(one.pairs for one in each), prod(one.outputs for one in each))


def to_pairs(name: str, value: Amount, axes: int) -> Pairs:
    """An amount, given as a number, one per axis, or pairs, as a pair (before, after) for every axis."""
    if isinstance(value, int):
        return ((value, value),) * axes
    sides: tuple[int | tuple[int, int], ...] = expand_per_axis(name, value, axes)
    return tuple(side if isinstance(side, tuple) else (side, side) for side in sides)


def resolve_padding(word: str, axis: Axis) -> tuple[int, int]:
    """The padding (before, after) of a word: `valid` 0, `half` D·(K − 1)//2, `full` D·(K − 1) on both sides.

    `same` gives the output size ⌈I/S⌉ and the smaller half before, like TensorFlow.
    """
    if word == "same":
        outputs = ceil_divide(axis.size, axis.stride)
        return split_padding(maximum((outputs - 1) * axis.stride + axis.extent - axis.size, 0))
    reach = axis.dilation * (axis.kernel - 1)
    side = {"valid": 0, "half": reach // 2, "full": reach}[word]
    return side, side


def split_padding(total: int) -> tuple[int, int]:
    """Divide a padding between the two sides, the smaller half before."""
    return total // 2, ceil_divide(total, 2)


def window_axes(
    kind: str, shape: Shape, kernel: PerAxis, stride: PerAxis, padding: Padding, dilation: PerAxis = 1
) -> tuple[Axis, ...]:
    """The window on every spatial axis. Raises LayerError `wrong-rank`."""
    sizes = spatial_sizes(kind, shape)
    n = len(sizes)
    kernels, strides = expand_per_axis("kernel", kernel, n), expand_per_axis("stride", stride, n)
    windows = zip(sizes, kernels, strides, expand_per_axis("dilation", dilation, n), strict=True)
    if not isinstance(padding, str):
        return tuple(
            [Axis(*window, *side) for window, side in zip(windows, to_pairs("padding", padding, n), strict=True)]
        )
    return tuple([Axis(*window, *resolve_padding(padding, Axis(*window, 0, 0))) for window in windows])


class Windowed(Layer):
    """Base of layers that slide a window over the spatial axes."""

    kernel: PerAxis
    stride: PerAxis
    padding: Padding
    dilation: PerAxis = 1  # for kinds without this setting
    slides: ClassVar[bool] = True  # whether the window slides over the input; of a transposed layer, over the output

    def axes(self, inputs: Shapes) -> tuple[Axis, ...]:
        """The window on every axis. Raises LayerError `wrong-rank`."""
        return window_axes(self.kind, inputs[0], self.kernel, self.stride, self.padding, self.dilation)

    @property
    def window_settings(self) -> WindowSettings:
        """The arguments of the window for execution."""
        return WindowSettings(self.kernel, self.stride, self.padding, self.dilation)

    def kernels(self, inputs: Shapes) -> Shape:
        """The kernel on every axis. Raises LayerError `wrong-rank`."""
        return expand_per_axis("kernel", self.kernel, len(inputs[0]) - 1)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(Window(axis.kernel, axis.stride, axis.before, axis.dilation) for axis in self.axes(inputs))


def check_fits(kind: str, axes: tuple[Axis, ...]) -> None:
    """Raises LayerError `kernel-too-large` if a window is larger than its padded input."""
    for axis in axes:
        if axis.slack < 0:
            raise window_error(kind, axis, axes)


def accept_all(axes: tuple[Axis, ...]) -> bool:
    """Accept every window: for layers without a limit on their padding."""
    return True


def window_error(kind: str, axis: Axis, axes: tuple[Axis, ...], accepts: Accepts = accept_all) -> LayerError:
    """The error for a window larger than its padded input; repairs that `accepts` rejects are not suggested."""
    i, k, _, d, before, after = axis
    window = f"{k}" if d == 1 else f"{k} ({axis.extent} with dilation {d})"
    size = f"{i}" if before + after == 0 else f"{i} + {before} + {after} = {i + before + after} with its padding"
    return LayerError(
        "kernel-too-large",
        f"the window of `{kind}` does not fit: kernel {window}, input {size}",
        offer="{} would fit",
        suggest=suggest_fit(axes, accepts),
        argument="kernel",
        about="size",
    )


def suggest_fit(axes: tuple[Axis, ...], accepts: Accepts) -> dict[str, Amount]:
    """The largest kernel, and the smallest padding, with which the windows fit on every axis."""
    smaller = tuple(axis._replace(kernel=axis.kernel + min(axis.slack // axis.dilation, 0)) for axis in axes)
    sides = (ceil_divide(axis.extent - axis.size, 2) for axis in axes)
    padded = tuple(
        axis if axis.slack >= 0 else axis._replace(before=side, after=side)
        for axis, side in zip(axes, sides, strict=True)
    )
    found: dict[str, Amount] = {}
    if accepts(smaller):
        found["kernel"] = simplify(tuple(axis.kernel for axis in smaller))
    if accepts(padded):
        found["padding"] = simplify(tuple((axis.before, axis.after) for axis in padded))
    return found


def simplify(value: Amount) -> Amount:
    """The shortest equivalent of an amount: a number, one for each axis, or pairs."""
    value = collapse(value)
    if isinstance(value, tuple):
        sides = tuple(map(collapse, value))
        return value if any(isinstance(side, tuple) for side in sides) else sides
    return value
