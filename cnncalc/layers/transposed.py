"""Transposed convolutions."""

from __future__ import annotations

from math import prod

from cnncalc.layers.arguments import LayerError, PerAxis, format_short
from cnncalc.layers.base import SAVES_INPUT, Example, Maps, Saved, Shape, Shapes, Weight, Work, expand_per_axis
from cnncalc.layers.groups import GROUPS, ChoosesInGroups, check_groups
from cnncalc.layers.kernel import BIAS, DILATION, DUMOULIN, ConvolutionArguments, kernel_weights
from cnncalc.layers.ops import GetWeight, Kernel, Map, Ops
from cnncalc.layers.reach import Reach, TransposedWindow
from cnncalc.layers.settings import per_axis
from cnncalc.layers.window import Axis, simplify, split_padding, transposed_size, window_axes


class TransposedConv(ChoosesInGroups, ConvolutionArguments, kind="transposed_conv"):
    """Transposed convolution: [C_in, *I] → [out, *O], every input element adds to a window of outputs."""

    linear = True
    slides = False
    reference = DUMOULIN + ", chapter 4"
    output_padding: PerAxis = per_axis(
        0, minimum=0, symbol="P_out", brief="op{}", doc="added to the size of the output, at its end"
    )
    dilation: PerAxis = DILATION
    groups: int = GROUPS
    bias: bool = BIAS

    def output_paddings(self, axes: int) -> tuple[int, ...]:
        """The output padding on every axis."""
        return expand_per_axis("output_padding", self.output_padding, axes)

    def axes(self, inputs: Shapes) -> tuple[Axis, ...]:
        """The window on every axis. `same` gives the output I·S: P_before + P_after = K_eff + output_padding − S."""
        if self.padding != "same":
            return super().axes(inputs)
        axes = window_axes(self.kind, inputs[0], self.kernel, self.stride, 0, self.dilation)
        totals = [
            axis.extent + extra - axis.stride for axis, extra in zip(axes, self.output_paddings(len(axes)), strict=True)
        ]
        if min(totals) < 0:
            raise self.same_padding_error(axes)
        sides = map(split_padding, totals)
        return tuple(axis._replace(before=a, after=b) for axis, (a, b) in zip(axes, sides, strict=True))

    def same_padding_error(self, axes: tuple[Axis, ...]) -> LayerError:
        """The error for `same` with a stride larger than the window and the output padding."""
        extras = self.output_paddings(len(axes))
        needed = tuple(max(extra, axis.stride - axis.extent) for axis, extra in zip(axes, extras, strict=True))
        return LayerError(
            "bad-argument",
            f"`{self.kind}` cannot pad to `same`, the input's size times the stride:"
            f" the window ({format_short(tuple(axis.extent for axis in axes))}) and the output padding"
            f" ({format_short(extras)}) are together smaller than the stride"
            f" ({format_short(tuple(axis.stride for axis in axes))})",
            suggest={"output_padding": simplify(needed)},
            argument="padding",
        )

    def result_shape(self, inputs: Shapes) -> Shape:
        axes = self.axes(inputs)
        extras = self.output_paddings(len(axes))
        check_groups(self.kind, self.groups, inputs[0][0], self.out)
        for axis, extra in zip(axes, extras, strict=True):
            if extra >= max(axis.stride, axis.dilation):
                raise LayerError(
                    "bad-argument",
                    f"`output_padding` {extra} must be smaller than the stride {axis.stride}"
                    f" or the dilation {axis.dilation}",
                    argument="output_padding",
                )
        sizes = tuple(map(transposed_size, axes, extras))
        if min(sizes) < 1:
            raise self.padding_error(axes, extras, sizes)
        return (self.out, *sizes)

    def padding_error(self, axes: tuple[Axis, ...], extras: tuple[int, ...], sizes: tuple[int, ...]) -> LayerError:
        """The error for a padding that cuts off the whole output; it suggests the largest padding that does not."""
        most = tuple(
            (axis.before, axis.after) if size >= 1 else ((size + axis.before + axis.after - 1) // 2,) * 2
            for axis, size in zip(axes, sizes, strict=True)
        )
        return LayerError(
            "size-runs-out",
            f"the padding of `{self.kind}` cuts off the whole output: its size would be {format_short(sizes)}",
            offer="at most {}",
            suggest={"padding": simplify(most)},
            argument="padding",
            about="size",
        )

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return kernel_weights((inputs[0][0], self.out // self.groups, *self.kernels(inputs)), self.out, self.bias)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each input is multiplied by the kernel; the products are added to outputs that begin at the bias or at zero
        kernel = prod(self.kernels(inputs))
        macs = prod(inputs[0]) * kernel * (self.out // self.groups)
        return Work(macs, macs, macs)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(
            TransposedWindow(axis.kernel, axis.stride, axis.before, axis.dilation) for axis in self.axes(inputs)
        )

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        kernel = expand_per_axis("kernel", self.kernel, len(x.sizes))
        weight = get_weight("weight", (x.shape[0], self.out // self.groups, *kernel))
        bias = get_weight("bias", (self.out,)) if self.bias else None
        arrays = Kernel(weight, bias, self.out, self.groups)
        return ops.conv_transpose(x, arrays, self.window_settings, self.output_padding)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"out": 64, "kernel": 2, "stride": 2}, ((128, 28, 28),)),
            Example({"out": 6, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, ((4, 5, 6),)),
            Example({"out": 2, "kernel": 4, "stride": 2, "padding": "same", "bias": False}, ((3, 7),)),
            Example({"out": 2, "kernel": (1, 2, 3), "dilation": 2, "padding": "half"}, ((1, 4, 5, 6),)),
        )
