"""Networks with attention, written with PyTorch after the code of their authors, of torchvision and of timm.

As in `written`. Tensors have the channels first, so that a linear layer of tokens is a convolution of 1; heads, windows
and patches are taken apart as those programs do it, with the channels last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .layerwise import Written

Splitter = Callable[[Any], Any]


def vit(n: Written, x: Any, width: int, heads: int, depth: int, distilled: bool | None = None) -> Any:
    """torchvision's VisionTransformer, and DeiT's with its second token; the patches are 16×16."""
    tokens = 1 + bool(distilled)
    x = n.conv(x, width, 16, 16, 0).flatten(2)
    x = n.cat(*(n.learned(width, 1).expand(x.shape[0], width, 1) for _ in range(tokens)), x, axis=2)
    x = n.shift(x)
    for _ in range(depth):
        x = x + n.attention(n.channel_norm(x, 1e-6), heads)
        y = n.functional.gelu(n.conv(n.channel_norm(x, 1e-6), 4 * width))
        x = x + n.conv(y, width)
    x = n.channel_norm(x, 1e-6)
    return sum(n.linear(x[:, :, at], 1000) for at in range(tokens)) / tokens


def vit_b_16(n: Written, x: Any, width: int = 768, heads: int = 12, depth: int = 12) -> Any:
    """The base size."""
    return vit(n, x, width, heads, depth)


def vit_tiny(n: Written, x: Any, depth: int = 12) -> Any:
    """The tiny size."""
    return vit(n, x, 192, 3, depth)


def deit_tiny(n: Written, x: Any, depth: int = 12, distilled: bool = False) -> Any:
    """The same, with the distillation token where it is asked for."""
    return vit(n, x, 192, 3, depth, distilled)


def projected(n: Written, x: Any, out: int, heads: int, take: Splitter, scale: float, bias: Any = None) -> Any:
    """Attention between the positions that `take` makes of a map, in heads: [B, heads, groups, positions, channels]."""
    query, key, value = (take(part.unflatten(1, (heads, -1))) for part in n.conv(x, 3 * out).chunk(3, 1))
    return n.attend(query, key, value, scale, bias)


def swin_t(n: Written, x: Any, width: int = 96, window: int = 7) -> Any:
    """Without the mask of shifted windows, which has no weights."""
    depths, heads = (2, 2, 6, 2), (3, 6, 12, 24)

    def split(x: Any) -> Any:  # [B, heads, C, H, W] → [B, heads, windows, positions, C]
        x = x.unflatten(4, (-1, window)).unflatten(3, (-1, window))
        return x.permute(0, 1, 3, 5, 4, 6, 2).flatten(4, 5).flatten(2, 3)

    def join(x: Any, sizes: Sequence[int]) -> Any:
        x = x.unflatten(3, (window, window)).unflatten(2, (sizes[0] // window, sizes[1] // window))
        return x.permute(0, 1, 6, 2, 4, 3, 5).flatten(5, 6).flatten(3, 4).flatten(1, 2)

    x = n.channel_norm(n.conv(x, width, 4, 4, 0))
    for stage, (depth, head) in enumerate(zip(depths, heads, strict=True)):
        if stage:
            x = n.cat(x[:, :, ::2, ::2], x[:, :, 1::2, ::2], x[:, :, ::2, 1::2], x[:, :, 1::2, 1::2])
            x = n.conv(n.channel_norm(x), x.shape[1] // 2, bias=False)
        channels, sizes = x.shape[1], x.shape[2:]
        for index in range(depth):
            by = window // 2 if index % 2 and sizes[0] > window else 0
            y = n.channel_norm(x)
            # torchvision rolls before it projects, which is the same for every position
            rolled = y.roll((-by, -by), (2, 3))
            y = projected(
                n, rolled, channels, head, split, (channels // head) ** -0.5,
                lambda head=head: n.position_bias(head, (window, window)).unsqueeze(2),
            )  # fmt: skip
            x = x + n.conv(join(y, sizes).roll((by, by), (2, 3)), channels)
            x = x + n.conv(n.functional.gelu(n.conv(n.channel_norm(x), 4 * channels)), channels)
    return n.linear(n.channel_norm(x).mean((2, 3)), 1000)


def squeezed(n: Written, x: Any, middle: int) -> Any:
    """A gate by the mean of each channel."""
    y = n.conv(x.mean((2, 3), keepdim=True), middle)
    return n.conv(n.functional.silu(y), x.shape[1]).sigmoid() * x


def mobilevit_s(n: Written, x: Any) -> Any:
    """As timm's: 4 heads, patches of 2×2, two times as many channels in between."""

    def conv_norm_silu(x: Any, out: int, kernel: int = 1, stride: int = 1) -> Any:
        return n.functional.silu(n.conv_norm(x, out, kernel, stride))

    def inverted(x: Any, out: int, stride: int = 1) -> Any:
        y = conv_norm_silu(x, 4 * x.shape[1])
        y = n.functional.silu(n.conv_norm(y, y.shape[1], 3, stride, groups=y.shape[1]))
        y = n.conv_norm(y, out)
        return x + y if stride == 1 and x.shape[1] == out else y

    def split(x: Any) -> Any:  # [B, heads, C, H, W] → [B, heads, positions of a patch, patches, C]
        x = x.unflatten(4, (-1, 2)).unflatten(3, (-1, 2))
        return x.permute(0, 1, 4, 6, 3, 5, 2).flatten(4, 5).flatten(2, 3)

    def join(x: Any, sizes: Sequence[int]) -> Any:
        x = x.unflatten(3, (sizes[0] // 2, sizes[1] // 2)).unflatten(2, (2, 2))
        return x.permute(0, 1, 6, 4, 2, 5, 3).flatten(5, 6).flatten(3, 4).flatten(1, 2)

    x = inverted(conv_norm_silu(x, 16, 3, 2), 32)
    for index in range(3):
        x = inverted(x, 64, 2 if index == 0 else 1)
    for out, inner, depth in ((96, 144, 2), (128, 192, 4), (160, 240, 3)):
        x = inverted(x, out, 2)
        y = n.conv(conv_norm_silu(x, out, 3), inner, bias=False)
        for _ in range(depth):
            z = projected(n, n.channel_norm(y), inner, 4, split, (inner // 4) ** -0.5)
            y = y + n.conv(join(z, y.shape[2:]), inner)
            y = y + n.conv(n.functional.silu(n.conv(n.channel_norm(y), 2 * inner)), inner)
        y = conv_norm_silu(n.channel_norm(y), out)
        x = conv_norm_silu(n.cat(x, y), out, 3)
    return n.linear(conv_norm_silu(x, 640).mean((2, 3)), 1000)


def coatnet_0(n: Written, x: Any) -> Any:
    """As timm's `coatnet_0_224`: two stages of MBConv, two of attention to all positions."""
    gelu, pool = n.functional.gelu, n.functional.avg_pool2d

    def shortcut(x: Any, out: int, stride: int) -> Any:
        x = pool(x, 2) if stride > 1 else x
        return n.conv(x, out) if x.shape[1] != out else x

    x = n.conv(gelu(n.conv_norm(x, 64, 3, 2)), 64, 3, bias=False)
    for out, depth in ((96, 2), (192, 3)):
        for index in range(depth):
            stride = 2 if index == 0 else 1
            skip = shortcut(x, out, stride)
            y = gelu(n.conv_norm(n.norm(x), 4 * out))
            y = gelu(n.conv_norm(y, 4 * out, 3, stride, groups=4 * out))
            x = n.conv(squeezed(n, y, out // 4), out) + skip
    for out, depth in ((384, 5), (768, 2)):
        for index in range(depth):
            stride = 2 if index == 0 else 1
            skip = shortcut(x, out, stride)
            y = n.channel_norm(x, 1e-6)
            y = pool(y, 2) if stride > 1 else y
            sizes = y.shape[2:]
            y = projected(
                n, y, out, out // 32, lambda part: part.flatten(3).mT, 32**-0.5,
                lambda out=out, sizes=sizes: n.position_bias(out // 32, sizes),
            )  # fmt: skip
            x = n.conv(y.mT.flatten(1, 2).unflatten(2, sizes), out) + skip
            x = x + n.conv(gelu(n.conv(n.channel_norm(x, 1e-6), 4 * out)), out)
    x = n.channel_norm(x.mean((2, 3), keepdim=True), 1e-6).flatten(1)
    return n.linear(n.linear(x, 768).tanh(), 1000)


def maxvit_t(n: Written, x: Any, widths: Sequence[int] = (64, 128, 256, 512)) -> Any:
    """As torchvision's: windows of 7×7, and grids of 7×7 positions as far apart as they can be."""
    gelu = n.functional.gelu

    def window_split(x: Any) -> Any:
        x = x.unflatten(4, (-1, 7)).unflatten(3, (-1, 7))
        return x.permute(0, 1, 3, 5, 4, 6, 2).flatten(4, 5).flatten(2, 3)

    def window_join(x: Any, sizes: Sequence[int]) -> Any:
        x = x.unflatten(3, (7, 7)).unflatten(2, (sizes[0] // 7, sizes[1] // 7))
        return x.permute(0, 1, 6, 2, 4, 3, 5).flatten(5, 6).flatten(3, 4).flatten(1, 2)

    def grid_split(x: Any) -> Any:
        x = x.unflatten(4, (7, -1)).unflatten(3, (7, -1))
        return x.permute(0, 1, 4, 6, 3, 5, 2).flatten(4, 5).flatten(2, 3)

    def grid_join(x: Any, sizes: Sequence[int]) -> Any:
        x = x.unflatten(3, (7, 7)).unflatten(2, (sizes[0] // 7, sizes[1] // 7))
        return x.permute(0, 1, 6, 4, 2, 5, 3).flatten(5, 6).flatten(3, 4).flatten(1, 2)

    def norm(x: Any) -> Any:
        return n.norm(x, 1e-3)

    x = gelu(norm(n.conv(x, widths[0], 3, 2, bias=False)))
    x = n.conv(x, widths[0], 3)
    for out, depth in zip(widths, (2, 2, 5, 2), strict=True):
        for index in range(depth):
            stride = 2 if index == 0 else 1
            skip = n.functional.avg_pool2d(x, 3, 2, 1) if stride > 1 else x
            skip = n.conv(skip, out) if stride > 1 or x.shape[1] != out else skip
            y = gelu(norm(n.conv(norm(x), 4 * out, bias=False)))
            y = gelu(norm(n.conv(y, 4 * out, 3, stride, bias=False, groups=4 * out)))
            x = n.conv(squeezed(n, y, out // 4), out) + skip
            for split, join in ((window_split, window_join), (grid_split, grid_join)):
                y = projected(
                    n, n.channel_norm(x), out, out // 32, split, out**-0.5,
                    lambda out=out: n.position_bias(out // 32, (7, 7)).unsqueeze(2),
                )  # fmt: skip
                x = x + n.conv(join(y, x.shape[2:]), out)
                x = x + n.conv(gelu(n.conv(n.channel_norm(x), 4 * out)), out)
    x = n.run(n.nn.LayerNorm(x.shape[1]), x.mean((2, 3)))
    x = n.linear(x, x.shape[1]).tanh()
    return n.run(n.nn.Linear(x.shape[1], 1000, bias=False), x)


def convnext_v2_atto(n: Written, x: Any) -> Any:
    """As the authors': global response normalization, and no scale."""
    x = n.channel_norm(n.conv(x, 40, 4, 4, 0), 1e-6)
    for stage, depth in enumerate((2, 2, 6, 2)):
        if stage:
            x = n.conv(n.channel_norm(x, 1e-6), 2 * x.shape[1], 2, 2, 0)
        channels = x.shape[1]
        for _ in range(depth):
            y = n.channel_norm(n.conv(x, channels, 7, groups=channels), 1e-6)
            y = n.response_norm(n.functional.gelu(n.conv(y, 4 * channels)))
            x = x + n.conv(y, channels)
    x = n.channel_norm(x.mean((2, 3), keepdim=True), 1e-6)
    return n.linear(x.flatten(1), 1000)


WRITTEN: dict[str, Callable[..., Any]] = {
    "vit_b_16": vit_b_16, "vit_tiny": vit_tiny, "deit_tiny": deit_tiny, "swin_t": swin_t, "maxvit_t": maxvit_t,
    "mobilevit_s": mobilevit_s, "coatnet_0": coatnet_0, "convnext_v2_atto": convnext_v2_atto,
}  # fmt: skip
# what is narrower where numbers are compared: params of the file, and of the functions
NARROWED: dict[str, dict[str, Any]] = {
    "vit_b_16": {"width": 48, "heads": 4, "depth": 2},
    "vit_tiny": {"depth": 2},
    "deit_tiny": {"depth": 2, "distilled": True},
    "swin_t": {"width": 24},
    "maxvit_t": {"widths": [32, 64, 32, 64]},
}
