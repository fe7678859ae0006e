"""Transposed convolutions."""

from __future__ import annotations

from math import prod

from cnncalc.layers.base import Example, Maps, Shape, Shapes, Weight, Work, each_axis
from cnncalc.layers.groups import GROUPS, ChoosesInGroups, check_groups
from cnncalc.layers.kernel import BIAS, DILATION, DUMOULIN, OutWindowed, with_bias
from cnncalc.layers.ops import Draw, Kernel, Map, Ops
from cnncalc.layers.reach import Reach, Spread
from cnncalc.layers.settings import LayerError, PerAxis, per_axis, short
from cnncalc.layers.window import Axis, axes_of, halves, simplest, transposed_size


class TransposedConv(ChoosesInGroups, OutWindowed, kind="transposed_conv"):
    """Transposed convolution: [C_in, *I] → [out, *O], every input is spread over a window of outputs."""

    linear = True
    slides = False
    reference = DUMOULIN + ", chapter 4"
    output_padding: PerAxis = per_axis(
        0, minimum=0, symbol="P_out", brief="op{}", doc="added to the output's size, on its last side"
    )
    dilation: PerAxis = DILATION
    groups: int = GROUPS
    bias: bool = BIAS

    def extras(self, axes: int) -> tuple[int, ...]:
        """The output padding on every axis."""
        return each_axis("output_padding", self.output_padding, axes)

    def axes(self, inputs: Shapes) -> tuple[Axis, ...]:
        """The window on every axis. `same` makes the output I·S by P_before + P_after = K_eff + output_padding − S."""
        if self.padding != "same":
            return super().axes(inputs)
        axes = axes_of(self.kind, inputs[0], self.kernel, self.stride, 0, self.dilation)
        totals = [axis.extent + extra - axis.stride for axis, extra in zip(axes, self.extras(len(axes)), strict=True)]
        if min(totals) < 0:
            raise self.cannot_be_same(axes)
        sides = map(halves, totals)
        return tuple(axis._replace(before=a, after=b) for axis, (a, b) in zip(axes, sides, strict=True))

    def cannot_be_same(self, axes: tuple[Axis, ...]) -> LayerError:
        """The error of a stride that steps further than the window reaches, so that `same` cannot be."""
        extras = self.extras(len(axes))
        needed = tuple(max(extra, axis.stride - axis.extent) for axis, extra in zip(axes, extras, strict=True))
        return LayerError(
            "bad-argument",
            f"`{self.kind}` cannot pad to `same`, the input's size times the stride:"
            f" the window ({short(tuple(axis.extent for axis in axes))}) and the output padding"
            f" ({short(extras)}) reach less far than the stride"
            f" ({short(tuple(axis.stride for axis in axes))})",
            suggest={"output_padding": simplest(needed)},
            argument="padding",
        )

    def result_shape(self, inputs: Shapes) -> Shape:
        axes = self.axes(inputs)
        extras = self.extras(len(axes))
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
            raise self.padded_away(axes, extras, sizes)
        return (self.out, *sizes)

    def padded_away(self, axes: tuple[Axis, ...], extras: tuple[int, ...], sizes: tuple[int, ...]) -> LayerError:
        """The error of a padding that cuts off all of the output, with the most that leaves something."""
        most = tuple(
            (axis.before, axis.after) if size >= 1 else ((size + axis.before + axis.after - 1) // 2,) * 2
            for axis, size in zip(axes, sizes, strict=True)
        )
        return LayerError(
            "size-runs-out",
            f"the padding of `{self.kind}` cuts off the whole output: its size would be {short(sizes)}",
            offer="at most {}",
            suggest={"padding": simplest(most)},
            argument="padding",
            about="size",
        )

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return with_bias((inputs[0][0], self.out // self.groups, *self.kernels(inputs)), self.out, self.bias)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each input meets the kernel once; its products are added onto outputs that begin at the bias or at zero
        kernel = prod(self.kernels(inputs))
        macs = prod(inputs[0]) * kernel * (self.out // self.groups)
        return Work(macs, macs, macs)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(Spread(axis.kernel, axis.stride, axis.before, axis.dilation) for axis in self.axes(inputs))

    def execute(self, inputs: Maps, draw: Draw, ops: Ops) -> Map:
        x = inputs[0]
        kernel = each_axis("kernel", self.kernel, len(x.sizes))
        weight = draw("weight", (x.shape[0], self.out // self.groups, *kernel))
        bias = draw("bias", (self.out,)) if self.bias else None
        arrays = Kernel(weight, bias, self.out, self.groups)
        return ops.spread(x, arrays, self.window_settings, self.output_padding)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"out": 64, "kernel": 2, "stride": 2}, ((128, 28, 28),)),
            Example({"out": 6, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, ((4, 5, 6),)),
            Example({"out": 2, "kernel": 4, "stride": 2, "padding": "same", "bias": False}, ((3, 7),)),
            Example({"out": 2, "kernel": (1, 2, 3), "dilation": 2, "padding": "half"}, ((1, 4, 5, 6),)),
        )
