"""Layers that select, flip, roll or permute along axes. Axis 0 is the channels, −1 the last axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

from cnncalc import limits
from cnncalc.layers.arguments import LayerError, format_value
from cnncalc.layers.base import CarriesChannels, Example, Layer, Maps, NoOperations, Shape, Shapes
from cnncalc.layers.channels import Carried, Channels
from cnncalc.layers.groups import check_groups
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach, Rearranged, Window
from cnncalc.layers.settings import axis, axis_order, integer, resolve_axis, sizes


def select(x: Map, axis: int, indices: Sequence[int]) -> Map:
    """Select positions of an axis, in the given order."""
    inner, size = prod(x.shape[axis + 1 :]), x.shape[axis]
    values = []
    for start in range(0, len(x.values), inner * size):
        for index in indices:
            at = start + index * inner
            values += x.values[at : at + inner]
    return Map((*x.shape[:axis], len(indices), *x.shape[axis + 1 :]), values)


def windows_on(shape: Shape, axis: int, window: Window) -> Reach:
    """The reach of a layer that changes one axis, on which it has this window."""
    if axis == 0:
        return "pointwise"
    return tuple(window if at == axis else Window(1) for at in range(1, len(shape)))


class Slice(NoOperations, kind="slice"):
    """[…, n, …] → […, ⌈(stop − start)/step⌉, …], every `step`-th position of an axis; negative: from the end.

    `slice(axis=1, start=-1)` is the last position.
    """

    linear = True
    shows_part = True
    reference = "NumPy, basic slicing; Focus of YOLOv5, Ultralytics"
    axis: int = axis(doc="the axis")
    start: int = integer(minimum=-limits.SIZE, symbol="a", brief="from {}", doc="the first position, from 0")
    stop: int | None = integer(
        None, minimum=-limits.SIZE, symbol="b", brief="to {}", doc="the position after the last; the end if `none`"
    )
    step: int = integer(1, symbol="S", brief="s{}", doc="distance between two positions")

    def bounds(self, shape: Shape) -> tuple[int, int, int]:
        """The axis, the first position and the one after the last. Raises LayerError if they do not exist."""
        at = resolve_axis(self.kind, self.axis, len(shape))
        size = shape[at]
        start = self.start + size if self.start < 0 else self.start
        stop = size if self.stop is None else self.stop + size if self.stop < 0 else self.stop
        for name, value, low, high in (("start", start, 0, size - 1), ("stop", stop, start + 1, size)):
            if not low <= value <= high:
                text = f"`{name}` is {getattr(self, name)}, but axis {self.axis} has {size} positions"
                text += f" and the slice starts at {start}" if name == "stop" and value <= start else ""
                about = "channels" if at == 0 else "size"
                raise LayerError("bad-argument", text, argument=name, found=value, about=about)
        return at, start, stop

    def result_shape(self, inputs: Shapes) -> Shape:
        at, start, stop = self.bounds(inputs[0])
        return (*inputs[0][:at], -((stop - start) // -self.step), *inputs[0][at + 1 :])

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        at, start, stop = self.bounds(inputs[0])
        if at:
            return Carried()
        units = (start, stop - start, inputs[0][0] - stop) if self.step == 1 else (1,)
        return Carried(units, dropped=output[0] < inputs[0][0])

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        at, start, stop = self.bounds(before[0])
        if at or self.step > 1:
            return self
        return self.replace(start=divide(start), stop=None if self.stop is None else divide(stop))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        at, start, _ = self.bounds(inputs[0])
        return windows_on(inputs[0], at, Window(1, self.step, -start))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        positions = range(inputs[0].shape[self.axis])
        return select(inputs[0], self.axis % len(inputs[0].shape), positions[self.start : self.stop : self.step])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"axis": 1, "start": 1, "stop": 224, "step": 2}, ((3, 224, 224),)),
            Example({"axis": 0, "start": -2, "stop": 6}, ((6, 5),)),
            Example({"axis": -1, "start": 0, "stop": -1}, ((2, 3, 4, 5),)),
            Example({"axis": 1, "start": -1}, ((64, 20),)),
        )


class _Split(NoOperations):
    """Base of kinds that return one of the parts that an axis is divided into."""

    linear = True
    shows_part = True
    parts: int | tuple[int, ...] = sizes(
        single=True, brief="parts {}", doc="the number of equal parts, or the size of each part"
    )
    take: int = integer(minimum=0, brief="take {}", doc="index of the part, from 0")

    def axis_of(self, shape: Shape) -> int:
        """The axis that is divided."""
        return 0

    def result_shape(self, inputs: Shapes) -> Shape:
        at = self.axis_of(inputs[0])
        size = inputs[0][at]
        count = self.parts if isinstance(self.parts, int) else len(self.parts)
        what, about = ("channels", "channels") if at == 0 else (f"positions of axis {at}", "size")
        if isinstance(self.parts, int):
            if at == 0:
                check_groups(self.kind, count, size, argument="parts")
            elif size % count:
                text = f"`{self.kind}` cannot divide {size} {what} into {count} parts"
                text += f" ({size} mod {count} = {size % count})"
                raise LayerError("groups-mismatch", text, argument="parts", about=about)
        elif sum(self.parts) != size:
            parts = f"the parts {format_value(self.parts)} add up to {sum(self.parts)} {what}"
            raise LayerError("groups-mismatch", f"{parts}, but the input has {size}", argument="parts", about=about)
        if self.take >= count:
            text = f"`take` is {self.take}, but the {count} parts are numbered from 0 to {count - 1}"
            raise LayerError("bad-argument", text, argument="take")
        part = size // self.parts if isinstance(self.parts, int) else self.parts[self.take]
        return (*inputs[0][:at], part, *inputs[0][at + 1 :])

    def first(self, size: int) -> int:
        """The first position of the part, on an axis of this size."""
        if isinstance(self.parts, int):
            return size // self.parts * self.take
        return sum(self.parts[: self.take])

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        if self.axis_of(inputs[0]):
            return Carried()
        units = output[:1] if isinstance(self.parts, int) else self.parts
        return Carried(units, dropped=output[0] < inputs[0][0])

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        if isinstance(self.parts, int) or self.axis_of(before[0]):
            return self
        return self.replace(parts=tuple(map(divide, self.parts)))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        at = self.axis_of(inputs[0])
        return windows_on(inputs[0], at, Window(1, before=-self.first(inputs[0][at])))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        at = self.axis_of(x.shape)
        parts = (x.shape[at] // self.parts,) * self.parts if isinstance(self.parts, int) else self.parts
        start = sum(parts[: self.take])
        return select(x, at, range(start, start + parts[self.take]))


class ChannelSplit(_Split, kind="channel_split"):
    """[C, *I] → [C_part, *I], one part of the channels."""

    reference = "N. Ma et al., ShuffleNet V2, arXiv:1807.11164"

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"parts": 2, "take": 1}, ((116, 28, 28),)),
            Example({"parts": (1, 3), "take": 0}, ((4, 5),)),
            Example({"parts": 5, "take": 4}, ((10,),)),
        )


class Split(_Split, kind="split"):
    """[…, n, …] → […, part, …], one part of an axis."""

    reference = "PyTorch, torch.split"
    axis: int = axis(0, brief="axis {}", doc="the axis")

    def axis_of(self, shape: Shape) -> int:
        return resolve_axis(self.kind, self.axis, len(shape))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"parts": 2, "take": 1, "axis": 1}, ((116, 28, 28),)),
            Example({"parts": (1, 3), "take": 0}, ((4, 5),)),
            Example({"parts": (2, 4), "take": 1, "axis": -1}, ((2, 3, 4, 6),)),
        )


class Flip(CarriesChannels, NoOperations, kind="flip"):
    """[…, n, …] → […, n, …], an axis in reverse order."""

    linear = True
    reference = "PyTorch, torch.flip"
    axis: int = axis(brief="axis {}", doc="the axis")

    def result_shape(self, inputs: Shapes) -> Shape:
        resolve_axis(self.kind, self.axis, len(inputs[0]))
        return inputs[0]

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        at = self.axis % len(output)
        return Rearranged(len(output) - 1 - at) if at and output[at] > 1 else "pointwise"

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        at = self.axis % len(inputs[0].shape)
        return select(inputs[0], at, range(inputs[0].shape[at])[::-1])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"axis": -1}, ((3, 8, 8),)), Example({"axis": 1}, ((4, 5),)), Example({"axis": 0}, ((10,),))


class Roll(CarriesChannels, NoOperations, kind="roll"):
    """[…, n, …] → […, n, …], the positions of an axis shifted cyclically by `by`."""

    linear = True
    reference = "PyTorch, torch.roll; Z. Liu et al., Swin Transformer, arXiv:2103.14030"
    axis: int = axis(brief="axis {}", doc="the axis")
    by: int = integer(minimum=-limits.SIZE, brief="by {}", doc="number of positions, towards the end if positive")

    def result_shape(self, inputs: Shapes) -> Shape:
        resolve_axis(self.kind, self.axis, len(inputs[0]))
        return inputs[0]

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        at = self.axis % len(output)
        return Rearranged(len(output) - 1 - at) if at and self.by % output[at] else "pointwise"

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        at = self.axis % len(inputs[0].shape)
        size = inputs[0].shape[at]
        return select(inputs[0], at, [(index - self.by) % size for index in range(size)])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"axis": 1, "by": -3}, ((96, 56, 56),)),
            Example({"axis": -1, "by": 2}, ((4, 5),)),
            Example({"axis": 0, "by": 1}, ((10,),)),
        )


class Transpose(NoOperations, kind="transpose"):
    """Permuted axes: `transpose([1, 0])` of [C, L] is [L, C]."""

    linear = True
    shows_part = True
    shares_gradient = True
    reference = "PyTorch, torch.permute"
    axes: tuple[int, ...] = axis_order(brief="to {}", doc="for each axis of the output, the axis of the input")

    def order(self, shape: Shape) -> tuple[int, ...]:
        """The axes, numbered from 0. Raises LayerError `wrong-rank` if they are not a permutation."""
        order = tuple(axis % len(shape) for axis in self.axes if -len(shape) <= axis < len(shape))
        if sorted(order) != list(range(len(shape))):
            text = f"`axes` must list each of the input's {len(shape)} axes once, found {format_value(self.axes)}"
            raise LayerError("wrong-rank", text, argument="axes", found=self.axes)
        return order

    def result_shape(self, inputs: Shapes) -> Shape:
        return tuple(inputs[0][axis] for axis in self.order(inputs[0]))

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried() if self.order(inputs[0])[0] == 0 else Carried((1,))  # channels become positions: all are kept

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        order = self.order(inputs[0])
        moved = [at for at, axis in enumerate(order) if at != axis]
        return Rearranged(len(order) - 1 - moved[-1]) if moved else "pointwise"

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        strides = [prod(x.shape[at + 1 :]) for at in range(len(x.shape))]
        order = [axis % len(x.shape) for axis in self.axes]
        positions = product(*(range(0, x.shape[axis] * strides[axis], strides[axis]) for axis in order))
        return Map(tuple(x.shape[axis] for axis in order), [x.values[sum(position)] for position in positions])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"axes": (1, 2, 0)}, ((256, 14, 14),)),
            Example({"axes": (1, 0)}, ((4, 5),)),
            Example({"axes": (1, 0, 2, 3)}, ((3, 4, 5, 6),)),
            Example({"axes": (0, 1, -1, 2)}, ((2, 3, 4, 5),)),
        )
