"""The operations of `layers.ops` that move elements; what an element is, `interpretations` defines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import chain, product
from math import prod
from typing import Any

from cnncalc.execution.resampling import Shares, around, count_scaled, is_plain, points
from cnncalc.execution.windows import (
    Sliding,
    compute_strides,
    expand_padding,
    iterate_patches,
    iterate_patches_on_map,
    lay_out,
    resolve_sides,
    slide,
)
from cnncalc.layers.arguments import Amount, PerAxis
from cnncalc.layers.base import expand_per_axis
from cnncalc.layers.ops import Deformation, Kernel, Map, Ops, Resampling, Values, WindowSettings


class WindowOps(Ops):
    """Windows and borders in terms of operations on elements, which each interpretation defines."""

    sliding: list[Sliding] | None = None  # the windows on each axis, where only some of all are wanted

    @abstractmethod
    def padding_element(self, value: float) -> Any:
        """An element of the padding of a window."""

    @abstractmethod
    def weighted_sum(self, a: Values, shares: Sequence[float]) -> Any:
        """The weighted sum of an interpolation; an element with weight 0 is ignored."""

    def convolve(self, x: Map, kernel: Kernel, windows: WindowSettings) -> Map:
        weight, bias, out, groups = kernel
        axes = self.sliding or slide_axes(x.sizes, windows)
        channels = x.channels()
        ins, outs = len(channels) // groups, out // groups
        kernels = kernel_rows(weight, out, ins)
        made: list[Values] = []
        zero = self.padding_element(0.0)
        for group in range(groups):
            own = slice(group * outs, (group + 1) * outs)
            rows, biases = kernels[own], bias and bias[own]
            found = iterate_patches(channels[group * ins : (group + 1) * ins], axes, zero)
            flat = list(chain.from_iterable(self.dots(window, rows, biases) for window in found))
            made += [flat[number::outs] for number in range(outs)]
        return Map.of_channels(made, tuple(len(axis.starts) for axis in axes))

    def conv_transpose(self, x: Map, kernel: Kernel, windows: WindowSettings, output_padding: PerAxis) -> Map:
        weight, bias, out, groups = kernel
        n = len(x.sizes)
        settings = (windows.kernel, windows.stride, output_padding, windows.dilation)
        each = (expand_per_axis("", value, n) for value in settings)
        axes = [Canvas.of(*axis) for axis in zip(x.sizes, *each, expand_padding(windows.padding, n), strict=True)]
        channels = x.channels()
        ins, outs = len(channels) // groups, out // groups
        made: list[Values] = []
        for group in range(groups):
            part = Map.of_channels(channels[group * ins : (group + 1) * ins], x.sizes)
            size = len(weight) // groups
            rows = transposed_kernel_rows(weight[group * size : (group + 1) * size], ins, outs)
            own = bias[group * outs : (group + 1) * outs] if bias else [0.0] * outs
            made += self._transpose_group(part.positions(), rows, own, axes)
        return Map.of_channels(made, tuple(axis.end - axis.before for axis in axes))

    def _transpose_group(
        self, positions: Sequence[Values], rows: Sequence[Sequence[float]], bias: Sequence[float], axes: list[Canvas]
    ) -> list[Values]:
        outs = len(bias)
        steps = compute_strides([axis.length for axis in axes], outs)
        places = prod(axis.length for axis in axes)
        canvas: Values = [element for value in bias for element in self.constant(value, 1)] * places
        offsets = [_compute_offset(taps, steps) for taps in product(*(axis.taps for axis in axes))]
        for starts, position in zip(product(*(axis.starts for axis in axes)), positions, strict=True):
            origin = _compute_offset(starts, steps)
            parts = self.dots(position, rows, None)
            for number, offset in enumerate(offsets):
                begin = origin + offset
                added = self.add(canvas[begin : begin + outs], parts[number * outs : (number + 1) * outs])
                canvas[begin : begin + outs] = added
        kept = [_compute_offset(place, steps) for place in product(*(range(axis.before, axis.end) for axis in axes))]
        return [[canvas[place + number] for place in kept] for number in range(outs)]

    @abstractmethod
    def sample(self, channels: Sequence[Values], sizes: tuple[int, ...], points: Sequence[Values]) -> list[Values]:
        """The elements of each channel at points, given by their coordinates on both axes."""

    def deform(self, x: Map, how: Deformation, kernel: Kernel, windows: WindowSettings) -> Map:
        from cnncalc.execution.deforming import deform  # rarely needed

        return deform(self, x, how, kernel, windows)

    def max_pool(self, x: Map, windows: WindowSettings) -> Map:
        axes = self.sliding or slide_axes(x.sizes, windows)
        lowest = self.padding_element(float("-inf"))
        made = [list(map(self.largest, iterate_patches_on_map(channel, axes, lowest))) for channel in x.channels()]
        return Map.of_channels(made, tuple(len(axis.starts) for axis in axes))

    def avg_pool(self, x: Map, windows: WindowSettings, *, count_padding: bool) -> Map:
        axes = self.sliding or slide_axes(x.sizes, windows)
        counts = [
            [axis.on_padded(start) if count_padding else axis.on_input(start) for start in axis.starts] for axis in axes
        ]
        factors = [1 / max(prod(count), 1) for count in product(*counts)]
        zero = self.padding_element(0.0)
        made = []
        for channel in x.channels():
            sums = [self.total(window) for window in iterate_patches_on_map(channel, axes, zero)]
            made.append([self.scale([each], factor)[0] for each, factor in zip(sums, factors, strict=True)])
        return Map.of_channels(made, tuple(len(axis.starts) for axis in axes))

    def adaptive_avg_pool(self, x: Map, size: PerAxis | tuple[int | None, ...]) -> Map:
        places, sizes = parts_of_map(x, size)
        made = []
        for channel in x.channels():
            for part in places:
                made += self.scale([self.total([channel[place] for place in part])], 1 / len(part))
        return Map((x.shape[0], *sizes), made)

    def adaptive_max_pool(self, x: Map, size: PerAxis | tuple[int | None, ...]) -> Map:
        places, sizes = parts_of_map(x, size)
        made = [self.largest([channel[place] for place in part]) for channel in x.channels() for part in places]
        return Map((x.shape[0], *sizes), made)

    def sliding_sum(self, a: Values, size: int) -> Values:
        zero = self.padding_element(0.0)
        padded = [zero] * (size // 2) + a + [zero] * ((size - 1) // 2)
        return [self.total(padded[at : at + size]) for at in range(len(a))]

    # larger and smaller maps

    def resample(self, x: Map, how: Resampling) -> Map:
        n = len(x.sizes)
        factors = how.factor if isinstance(how.factor, tuple) else (how.factor,) * n
        wanted = [
            count_scaled(i, f) if f is not None else o
            for i, f, o in zip(x.sizes, factors, expand_per_axis("size", how.sizes or 1, n), strict=True)
        ]
        if how.mode == "area":
            return self.adaptive_avg_pool(x, tuple(wanted))
        axes = [
            [around(point, i, how.mode) for point in points(i, o, None if is_plain(i, o, how.mode, n) else f, how)]
            for i, o, f in zip(x.sizes, wanted, factors, strict=True)
        ]
        if how.mode == "nearest":
            return select_positions(x, [[place for ((place, _),) in axis] for axis in axes])
        return self.interpolate(x, axes)

    def interpolate(self, x: Map, axes: Sequence[Sequence[Shares]]) -> Map:
        """The weighted sums of what is around each output, given on every axis."""
        steps = compute_strides(x.sizes, 1)
        channels = x.channels()
        positions = []
        for corners in product(*axes):
            choices = list(product(*corners))
            places = [_compute_offset([place for place, _ in choice], steps) for choice in choices]
            shares = [prod(share for _, share in choice) for choice in choices]
            positions.append([self.weighted_sum([channel[place] for place in places], shares) for channel in channels])
        return Map.of_positions(positions, tuple(map(len, axes)))

    def pad(self, x: Map, amount: Amount, value: float) -> Map:
        axes = [
            Sliding(size, before, before + size + after, before + size + after, (), ())
            for size, (before, after) in zip(x.sizes, expand_amount(amount, len(x.sizes)), strict=True)
        ]
        fill = self.constant(value, 1)[0]
        made = [lay_out([channel], axes, fill) for channel in x.channels()]
        return Map.of_channels(made, tuple(axis.length for axis in axes))

    def fold(self, x: Map, amount: Amount, mode: str) -> Map:
        sides = zip(x.sizes, expand_amount(amount, len(x.sizes)), strict=True)
        return select_positions(x, [continued(size, *side, mode) for size, side in sides])

    def crop(self, x: Map, amount: Amount) -> Map:
        ends = zip(x.sizes, expand_amount(amount, len(x.sizes)), strict=True)
        return select_positions(x, [range(before, size - after) for size, (before, after) in ends])

    def sides_to(self, x: Map, sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        extra = [abs(want - have) for have, want in zip(x.sizes, sizes, strict=True)]
        return tuple((half, every - half) for every, half in ((every, every // 2) for every in extra))

    def broadcast(self, x: Map, shape: tuple[int, ...]) -> Map:
        if x.shape == shape:
            return x
        steps = compute_strides(x.shape, 1)
        kept = [range(have) if have == want else [0] * want for have, want in zip(x.shape, shape, strict=True)]
        return Map(shape, [x.values[_compute_offset(place, steps)] for place in product(*kept)])


class Canvas:
    """One axis of the output of a transposed window: the start of each input's window, and the range that is kept."""

    def __init__(self, starts: Sequence[int], taps: Sequence[int], length: int, before: int, end: int) -> None:
        self.starts, self.taps, self.length, self.before, self.end = starts, taps, length, before, end

    @classmethod
    def of(
        cls, size: int, kernel: int, stride: int, extra: int, dilation: int, padding: str | tuple[int, int]
    ) -> Canvas:
        """Each window starts one stride after the previous one; the canvas ends with the last window, plus `extra`.

        `same` crops it to one stride per input, the smaller half before.
        """
        taps = [number * dilation for number in range(kernel)]
        starts = [number * stride for number in range(size)]
        length = starts[-1] + taps[-1] + 1 + extra
        if padding == "same":
            before = (length - stride * size) // 2
            return cls(starts, taps, length, before, before + stride * size)
        before, after = resolve_sides(padding, size, stride, taps)
        return cls(starts, taps, length, before, length - after)


def slide_axes(sizes: tuple[int, ...], windows: WindowSettings) -> list[Sliding]:
    """Slide the windows on every axis of a map."""
    n = len(sizes)
    kernels, steps, gaps = (expand_per_axis("", each, n) for each in (windows.kernel, windows.stride, windows.dilation))
    axes = zip(sizes, kernels, steps, expand_padding(windows.padding, n), gaps, strict=True)
    return [slide(*axis, ceil=windows.ceil, dialect=windows.dialect) for axis in axes]


def positions_of_windows(axes: Sequence[Sliding]) -> list[list[int]]:
    """For each window, the positions on the map itself, numbered over all axes."""
    steps = compute_strides([axis.size for axis in axes], 1)
    along = []
    for axis, step in zip(axes, steps, strict=True):
        on_map = range(axis.before, axis.before + axis.size)
        along.append(
            [
                [(start + tap - axis.before) * step for tap in axis.taps if start + tap in on_map]
                for start in axis.starts
            ]
        )
    return [list(map(sum, product(*window))) for window in product(*along)]


def kernel_rows(weight: Sequence[float], out: int, ins: int) -> list[list[float]]:
    """The kernel [out, ins, *K] as a row per output, in the order of a window: tap by tap, channel by channel."""
    size = len(weight) // out
    taps = size // ins
    return [
        [value for tap in range(taps) for value in weight[at + tap : at + size : taps]]
        for at in range(0, len(weight), size)
    ]


def transposed_kernel_rows(weight: Sequence[float], ins: int, outs: int) -> list[list[float]]:
    """The kernel [ins, outs, *K] as a row per tap and output."""
    size = len(weight) // ins
    taps = size // outs
    return [list(weight[number * taps + tap :: size]) for tap in range(taps) for number in range(outs)]


def parts_of_map(x: Map, size: PerAxis | tuple[int | None, ...]) -> tuple[list[list[int]], tuple[int, ...]]:
    """The positions of each part of a map, and how many parts there are on every axis."""
    wanted = expand_per_axis("size", size, len(x.sizes))
    parts = [adaptive_parts(have, have if want is None else want) for have, want in zip(x.sizes, wanted, strict=True)]
    steps = compute_strides(x.sizes, 1)
    return [[_compute_offset(place, steps) for place in product(*part)] for part in product(*parts)], tuple(
        map(len, parts)
    )


def adaptive_parts(have: int, want: int) -> list[list[int]]:
    """For each of `want` equal parts of an axis of `have` positions, the positions that it covers at least partly."""
    return [
        [at for at in range(have) if at * want < (part + 1) * have and part * have < (at + 1) * want]
        for part in range(want)
    ]


def expand_amount(amount: Amount, axes: int) -> tuple[tuple[int, int], ...]:
    """An amount as a pair (before, after) for every axis."""
    return tuple(side if isinstance(side, tuple) else (side, side) for side in expand_per_axis("amount", amount, axes))


def continued(size: int, before: int, after: int, mode: str) -> list[int]:
    """The positions of an axis, and before and after them those that its border is made of."""
    own = list(range(size))
    if mode == "reflect":
        return own[1 : before + 1][::-1] + own + own[::-1][1 : after + 1]
    if mode == "replicate":
        return own[:1] * before + own + own[-1:] * after
    return own[size - before :] + own + own[:after]


def select_positions(x: Map, kept: Sequence[Sequence[int]]) -> Map:
    """Select positions on every axis, in every channel."""
    steps = compute_strides(x.sizes, 1)
    places = [_compute_offset(place, steps) for place in product(*kept)]
    return Map.of_channels([[channel[at] for at in places] for channel in x.channels()], tuple(map(len, kept)))


def _compute_offset(place: Sequence[int], steps: Sequence[int]) -> int:
    return sum(at * step for at, step in zip(place, steps, strict=True))
