"""Networks whose layers read more than the one before them, written with PyTorch after the code of their authors.

As in `written.py`. Cells adapt the earlier of their two inputs first, which timm's first cell of NASNet does last.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .layerwise import Written

EPSILON = 1e-3


def same(n: Written, x: Any, kernel: int, stride: int, value: float = 0) -> Any:
    """A map padded as TensorFlow does: as many outputs as steps, the odd row or column after."""
    totals = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in x.shape[2:]]
    pads = [pad for total in reversed(totals) for pad in (total // 2, total - total // 2)]
    return n.functional.pad(x, pads, value=value)


def largest(n: Written, x: Any, stride: int = 1) -> Any:
    return n.functional.max_pool2d(same(n, x, 3, stride, float("-inf")), 3, stride)


def average(n: Written, x: Any, stride: int = 1) -> Any:
    """The mean of those elements of a window that are in the map."""
    inside = n.torch.ones_like(x)
    total = n.functional.avg_pool2d(same(n, x, 3, stride), 3, stride)
    return total / n.functional.avg_pool2d(same(n, inside, 3, stride), 3, stride)


def squeeze(n: Written, x: Any, out: int, stride: int = 1) -> Any:
    return n.norm(n.conv(x.relu(), out, stride=stride, bias=False), EPSILON)


def separable(n: Written, x: Any, out: int, kernel: int, stride: int = 1) -> Any:
    """Twice, the second time with a stride of 1."""
    for step in (stride, 1):
        y = same(n, x.relu(), kernel, step)
        y = n.conv(y, y.shape[1], kernel, step, 0, groups=y.shape[1], bias=False)
        x = n.norm(n.conv(y, out, bias=False), EPSILON)
    return x


def fit(n: Written, x: Any, out: int, like: Any) -> Any:
    """An earlier output with `out` channels and the size of a map: every other position, and those between."""
    if x.shape[2] == like.shape[2]:
        return squeeze(n, x, out)
    x = x.relu()
    even = n.conv(x[:, :, ::2, ::2], out // 2, bias=False)
    odd = n.conv(n.functional.pad(x, (-1, 1, -1, 1))[:, :, ::2, ::2], out // 2, bias=False)
    return n.norm(n.cat(even, odd), EPSILON)


def head(n: Written, x: Any, classes: int) -> Any:
    return n.linear(x.relu().mean((2, 3)), classes).softmax(1)


def nasnet(n: Written, x: Any, stem: int, filters: int, depth: int, skip: bool, classes: int = 1000) -> Any:
    """NASNet-A; `skip`: the cells after a reduction do not see its input, as in the large one."""

    def reduce(out: int, left: Any, right: Any) -> Any:
        first = separable(n, right, out, 5, 2) + separable(n, left, out, 7, 2)
        second = largest(n, right, 2) + separable(n, left, out, 7, 2)
        third = average(n, right, 2) + separable(n, left, out, 5, 2)
        fourth = average(n, first) + second
        fifth = separable(n, first, out, 3) + largest(n, right, 2)
        return n.cat(second, third, fourth, fifth)

    def adapt(out: int, left: Any, right: Any) -> tuple[Any, Any]:
        left = fit(n, left, out, right)
        return left, squeeze(n, right, out)

    def normal(out: int, left: Any, right: Any) -> Any:
        left, right = adapt(out, left, right)
        first = separable(n, right, out, 5) + separable(n, left, out, 3)
        second = separable(n, left, out, 5) + separable(n, left, out, 3)
        third = average(n, right) + left
        fourth = average(n, left) + average(n, left)
        fifth = separable(n, right, out, 3) + right
        return n.cat(left, first, second, third, fourth, fifth)

    first = n.norm(n.conv(x, stem, 3, 2, 0, bias=False), EPSILON)
    before = reduce(filters // 4, first, squeeze(n, first, filters // 4))
    now = reduce(filters // 2, *adapt(filters // 2, first, before))
    for stage in range(3):
        out = filters * 2**stage
        if stage:
            after = reduce(out, *adapt(out, before, now))
            before, now = before if skip else now, after
        for _ in range(depth):
            before, now = now, normal(out, before, now)
    return head(n, now, classes)


def pnasnet5_large(n: Written, x: Any, width: int = 54, classes: int = 1000) -> Any:
    def combine(out: int, stride: int, left: Any, right: Any) -> Any:
        first = separable(n, left, out, 5, stride)
        largest_left = largest(n, left, stride)
        if left.shape[1] != out:
            largest_left = n.norm(n.conv(largest_left, out, bias=False), EPSILON)
        second = separable(n, right, out, 7, stride) + largest(n, right, stride)
        third = separable(n, right, out, 5, stride) + separable(n, right, out, 3, stride)
        fourth = separable(n, third, out, 3) + largest(n, right, stride)
        fifth = separable(n, left, out, 3, stride) + (squeeze(n, right, out, 2) if stride == 2 else right)
        return n.cat(first + largest_left, second, third, fourth, fifth)

    before = n.norm(n.conv(x, 96, 3, 2, 0, bias=False), EPSILON)
    now = combine(width, 2, before, squeeze(n, before, width))
    strides = [2, 1, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1]
    scales = [2, *[4] * 4, *[8] * 4, *[16] * 4]
    for scale, stride in zip(scales, strides, strict=True):
        left = fit(n, before, width * scale, now)
        before, now = now, combine(width * scale, stride, left, squeeze(n, now, width * scale))
    return head(n, now, classes)


def hardnet68(n: Written, x: Any, classes: int = 1000) -> Any:
    """Which layers each one reads, and how wide it is, by the loops of the code."""

    def unit(x: Any, out: int, kernel: int = 3, stride: int = 1) -> Any:
        return n.functional.relu6(n.conv_norm(x, out, kernel, stride))

    def linked(x: Any, growth: int, depth: int) -> Any:
        outputs = [x]
        for layer in range(1, depth + 1):
            width, read = float(growth), []
            for power in range(10):
                if layer % 2**power == 0:
                    read.append(layer - 2**power)
                    width *= 1.7 if power else 1
            outputs.append(unit(n.cat(*(outputs[each] for each in read)), int(int(width + 1) / 2) * 2))
        return n.cat(*(y for at, y in enumerate(outputs) if at % 2 or at == depth))

    x = n.functional.max_pool2d(unit(unit(x, 32, 3, 2), 64), 3, 2, 1)
    growths, depths, pooled = [14, 16, 20, 40, 160], [8, 16, 16, 16, 4], [True, False, True, True, False]
    for out, growth, depth, halved in zip([128, 256, 320, 640, 1024], growths, depths, pooled, strict=True):
        x = unit(linked(x, growth, depth), out, 1)
        x = n.functional.max_pool2d(x, 2) if halved else x
    return n.linear(x.mean((2, 3)), classes).softmax(1)


WRITTEN: dict[str, Callable[..., Any]] = {
    "nasnet_a_large": partial(nasnet, stem=96, filters=168, depth=6, skip=True),
    "nasnet_a_mobile": partial(nasnet, stem=32, filters=44, depth=4, skip=False),
    "pnasnet5_large": pnasnet5_large,
    "hardnet68": hardnet68,
}
# what is narrower where numbers are compared: params of the file, and of the functions
NARROWED: dict[str, dict[str, Any]] = {
    "nasnet_a_large": {"stem": 4, "filters": 8, "depth": 2},
    "nasnet_a_mobile": {"stem": 4, "filters": 8, "depth": 2},
    "pnasnet5_large": {"width": 2},
}
