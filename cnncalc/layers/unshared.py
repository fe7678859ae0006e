"""Convolutions with a separate kernel for each position, or for each listed connection of two channels."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, product
from math import prod
from typing import Any

from cnncalc.layers.arguments import LayerError, Padding, PerAxis
from cnncalc.layers.base import SAVES_INPUT, Example, Layer, Maps, Saved, Shape, Shapes, Weight, Work
from cnncalc.layers.channels import Channels, Chosen
from cnncalc.layers.groups import ChoosesChannels
from cnncalc.layers.kernel import BIAS, KERNEL, OUT, PADDING, STRIDE, kernel_weights
from cnncalc.layers.ops import GetWeight, Kernel, Map, Ops, Values
from cnncalc.layers.settings import index_lists
from cnncalc.layers.window import Windowed, check_fits, count_inside, output_size, window_error

CONNECTIONS: Any = index_lists(
    brief="{} kernels", doc="for each output channel, the input channels that it reads, from 0"
)


class LocallyConnected(ChoosesChannels, Windowed, kind="locally_connected"):
    """[C_in, *I] → [out, *O], a convolution with a separate kernel for each position; `pad` before it adds padding."""

    linear = True
    reference = (
        "Y. Taigman et al., DeepFace: Closing the Gap to Human-Level Performance in Face Verification, CVPR 2014"
    )
    out: int = OUT
    kernel: PerAxis = KERNEL
    stride: PerAxis = STRIDE
    bias: bool = BIAS
    padding = 0

    def result_shape(self, inputs: Shapes) -> Shape:
        axes = self.axes(inputs)
        for axis in axes:
            if axis.slack < 0:
                raise window_error(self.kind, axis, axes, lambda repaired: not any(each.before for each in repaired))
        return (self.out, *map(output_size, axes))

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        output = self.result_shape(inputs)
        weight = Weight("weight", (*output, inputs[0][0], *self.kernels(inputs)))
        return (weight, Weight("bias", output, "bias", neutral=0)) if self.bias else (weight,)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: a dot product of ΠK·C_in, whose additions are one fewer, and one for the bias
        macs = prod(self.kernels(inputs)) * inputs[0][0] * prod(output)
        return Work(macs, macs, macs if self.bias else macs - prod(output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        axes = len(x.sizes)
        kernel, stride = ((n,) * axes if isinstance(n, int) else n for n in (self.kernel, self.stride))
        sizes = tuple((i - k) // s + 1 for i, k, s in zip(x.sizes, kernel, stride, strict=True))
        taps = prod(kernel) * x.shape[0]
        weight = get_weight("weight", (self.out, *sizes, x.shape[0], *kernel))
        bias = get_weight("bias", (self.out, *sizes)) if self.bias else None
        positions: list[Values] = []
        for at, start in enumerate(product(*(range(0, n * s, s) for n, s in zip(sizes, stride, strict=True)))):
            values = window_values(x, start, kernel)
            numbers = range(at, self.out * prod(sizes), prod(sizes))  # of this position, in every output channel
            rows = [weight[number * taps : (number + 1) * taps] for number in numbers]
            positions.append(ops.dots(values, rows, [bias[number] for number in numbers] if bias else None))
        return Map.of_positions(positions, sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"out": 16, "kernel": 9}, ((16, 63, 63),)),
            Example({"out": 2, "kernel": 3, "stride": 2, "bias": False}, ((4, 9),)),
            Example({"out": 2, "kernel": (2, 1, 2)}, ((1, 3, 2, 3),)),
        )


def window_values(x: Map, start: Shape, kernel: Shape) -> Values:
    """The elements in a window that begins at a position, channel by channel."""
    steps = [prod(x.sizes[axis + 1 :]) for axis in range(len(x.sizes))]
    offsets = [
        sum((first + k) * step for first, k, step in zip(start, taps, steps, strict=True))
        for taps in product(*map(range, kernel))
    ]
    return [channel[offset] for channel in x.channels() for offset in offsets]


class TableConv(Windowed, kind="table_conv"):
    """[C_in, *I] → [number of lists, *O], a convolution whose output channels each read the listed input channels."""

    linear = True
    reference = (
        "Y. LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, Table I (C3 of LeNet-5)"
    )
    connections: tuple[tuple[int, ...], ...] = CONNECTIONS
    kernel: PerAxis = KERNEL
    stride: PerAxis = STRIDE
    padding: Padding = PADDING
    bias: bool = BIAS

    @property
    def pairs(self) -> int:
        """The number of kernels: one for each connection of an input channel to an output channel."""
        return sum(map(len, self.connections))

    def result_shape(self, inputs: Shapes) -> Shape:
        axes = self.axes(inputs)
        channels = inputs[0][0]
        highest = max(chain.from_iterable(self.connections))
        if highest >= channels:
            raise LayerError(
                "bad-argument",
                f"`connections` lists the input channel {highest}, but the input has the channels 0 to {channels - 1}",
                argument="connections",
            )
        check_fits(self.kind, axes)
        return (len(self.connections), *map(output_size, axes))

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return kernel_weights((self.pairs, *self.kernels(inputs)), len(self.connections), self.bias)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: a dot product of ΠK elements for each channel that it reads, and an addition for the bias
        macs = prod(self.kernels(inputs)) * self.pairs * prod(output[1:])
        return Work(macs, macs, macs if self.bias else macs - prod(output))

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        # as `work`, but only for kernel elements on the input; a window that is only on padding has no additions
        covered, windows = count_inside(self.axes(inputs), output[1:])
        macs = covered * self.pairs
        return Work(macs, macs, macs if self.bias else macs - windows * output[0])

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Chosen(fixed=True)

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        wide, narrow = before[0][0], inputs[0][0]
        return self.replace(
            connections=tuple(
                tuple(sorted({channel * narrow // wide for channel in channels})) for channels in self.connections
            )
        )

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        axes = len(x.sizes)
        kernel = (self.kernel,) * axes if isinstance(self.kernel, int) else self.kernel
        taps = prod(kernel)
        weight = get_weight("weight", (sum(map(len, self.connections)), *kernel))
        bias = get_weight("bias", (len(self.connections),)) if self.bias else None
        channels = x.channels()
        outputs, first = [], 0
        for number, listed in enumerate(self.connections):
            chosen = Map.of_channels([channels[channel] for channel in listed], x.sizes)
            last = first + len(listed)
            own = Kernel(weight[first * taps : last * taps], [bias[number]] if bias else None, 1)
            outputs.append(ops.convolve(chosen, own, self.window_settings))
            first = last
        return Map.of_channels([output.values for output in outputs], outputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"connections": ((0, 1, 2), (1, 2, 3), (0, 3)), "kernel": 5}, ((4, 14, 14),)),
            Example({"connections": ((0,), (0, 1)), "kernel": 3, "padding": 1, "bias": False}, ((2, 7),)),
        )
