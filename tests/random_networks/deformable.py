"""Deformable convolution in PyTorch's own functions: windows of points that `grid_sample` reads, times the kernel."""

from __future__ import annotations

from typing import Any


def deformable_conv(
    torch: Any, channels: int, out: int, kernel: list[int], stride: list[int], sides: list[Any], dilation: list[int],
    groups: int = 1, *, bias: bool = True, parts: int = 1, mask: bool = False,
) -> Any:  # fmt: skip
    """The layer with the convolution of its offsets, named as in mmcv; `sides` are the paddings on each axis."""
    taps = kernel[0] * kernel[1]
    pads = [side for pair in reversed(sides) for side in pair]

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(out, channels // groups, *kernel))
            self.bias = torch.nn.Parameter(torch.ones(out)) if bias else None
            many = (3 if mask else 2) * parts * taps
            self.conv_offset = torch.nn.Conv2d(channels, many, kernel, stride, 0, dilation)

        def forward(self, x: Any) -> Any:
            moves = self.conv_offset(torch.nn.functional.pad(x, pads))
            batch, _, height, width = moves.shape
            own = moves[:, : 2 * parts * taps].reshape(batch, parts, taps, 2, height, width)
            at = torch.cartesian_prod(torch.arange(kernel[0]), torch.arange(kernel[1])).reshape(taps, 2)
            read = []
            for axis, places in enumerate((height, width)):
                first = torch.arange(places) * stride[axis] - sides[axis][0]
                grid = first.reshape((-1, 1) if axis == 0 else (1, -1)).expand(height, width)
                base = at[:, axis].reshape(taps, 1, 1) * dilation[axis] + grid
                read.append((2 * (base + own[:, :, :, axis]) + 1) / x.shape[2 + axis] - 1)
            grid = torch.stack((read[1], read[0]), dim=-1).reshape(batch * parts, taps * height, width, 2).to(x.dtype)
            found = torch.nn.functional.grid_sample(
                x.reshape(batch * parts, channels // parts, *x.shape[2:]), grid, align_corners=False
            ).reshape(batch, parts, channels // parts, taps, height, width)
            if mask:
                found = found * moves[:, 2 * parts * taps :].sigmoid().reshape(batch, parts, 1, taps, height, width)
            found = found.reshape(batch, groups, channels // groups, taps, height * width)
            weight = self.weight.reshape(groups, out // groups, channels // groups, taps)
            y = torch.einsum("bgctp,goct->bgop", found, weight).reshape(batch, out, height, width)
            return y if self.bias is None else y + self.bias.reshape(1, -1, 1, 1)

    return Module()
