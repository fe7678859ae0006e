"""Every layer kind as PyTorch computes it, on tensors with a batch of one. The signatures are the language's.

What PyTorch refuses, it refuses itself. `Refused` is raised only where it would do something and the language says no.
"""

from __future__ import annotations

from collections import Counter
from functools import reduce
from math import prod
from typing import Any

from .deformable import deformable_conv
from .modules import (
    continuous_position_bias,
    layer_norm,
    learned,
    learned_tensor,
    locally_connected,
    multi_head_attention,
    relative_position_bias,
    response_norm,
    rms_norm,
    standardized_conv,
    table_conv,
    without,
)
from .recurrent import count_macs, recurrent

Size = int | list[int]
Padding = int | str | list[int] | list[list[int]]

# What PyTorch takes and cnncalc refuses by its design; `validate` must refuse it too. There are no others.
LANGUAGE = {
    "empty": "PyTorch lets some layers give tensors without an element",
    "unequal": "PyTorch broadcasts tensors of other numbers of axes; `add` and the like want equal ones",
    "flat": "PyTorch takes a batch of flat inputs for one map without a batch",
    "map": "PyTorch's Linear works on the last axis of a map",
    "axes": "a kind for two spatial axes, or a list that has not one value for each: PyTorch takes other axes for them",
    "half": "PyTorch knows no pairs or words for a pool's padding; its limit of half a window holds for them too",
    "same": "PyTorch has no `same` for transposed convolutions; the window must reach as far as the stride",
    "groups": "groups of a softmax are of channels",
    "unpool": "PyTorch takes elements and indices of another shape, and a max pool padded by a layer before it",
    "like": "PyTorch's `pad` crops where its amounts are negative",
    "few": "PyTorch gives no number where a variance is divided by 0",
    "range": "PyTorch cuts a slice that goes beyond the end, and takes an empty one",
    "shared": "one slope for all, and one for each position",
    "reuse": "the same weights for other layers",
    "branches": "a merge of which no branch is left, or one of two branches that has others",
}

# What PyTorch alone refuses, for no reason of shape: it is asked in other words.
PYTORCH = {
    "one element": "its group and instance norm want more than one element, for the sake of training",
    "window in a volume": "its three-dimensional average pool alone wants the kernel to fit the input before padding",
}


LARGEST = 4_000_000  # elements of a tensor that is computed; for a larger one the network is run without numbers


class TooLarge(Exception):
    """A tensor that is too large to compute."""


class Refused(Exception):
    """The language refuses what PyTorch would take, for one of the reasons of `LANGUAGE`."""

    def __init__(self, reason: str) -> None:
        super().__init__(LANGUAGE[reason])
        self.reason = reason


def each(value: Any, axes: int) -> list[Any]:
    """One value for each axis."""
    values = value if isinstance(value, list) else [value] * axes
    if len(values) != axes:
        raise Refused("axes")
    return values


def behind_batch(axis: int) -> int:
    """The number of an axis in a tensor with a batch."""
    return axis + 1 if axis >= 0 else axis


class Kinds:
    """The layers of one network. `modules` are those of the layer that is running, `macs` its multiply-accumulates."""

    def __init__(self, torch: Any, device: str) -> None:
        self.torch = torch
        self.nn = torch.nn
        self.device = device
        self.modules: list[Any] = []
        self.macs = 0
        self.asked_otherwise: Counter[str] = Counter()
        self.pooled: dict[int, tuple[Any, Any]] = {}  # by the identity of what came out, what a max pool had
        self.alive: list[Any] = []

    def apply(self, module: Any, x: Any) -> Any:
        """Run a module, kept for its parameters, as at inference."""
        self.modules.append(module)
        return module.eval()(x)

    def convolve(self, module: Any, x: Any) -> Any:
        """Run a convolution or a linear layer, and count by its weight and what flows in and out."""
        y = self.apply(module, x)
        weight = module.weight
        transposed = type(module).__name__.startswith("ConvTranspose")
        self.macs += (x if transposed else y).numel() * prod(weight.shape[1:])
        return y

    def afford(self, elements: int) -> None:
        """Stop before a tensor of so many elements is made, unless it holds no numbers."""
        if elements > LARGEST and self.device != "meta":
            raise TooLarge

    def axes(self, x: Any) -> int:
        """Spatial axes of a map."""
        if x.dim() == 2:
            raise Refused("flat")
        return int(x.dim()) - 2

    def module(self, name: str, axes: int) -> Any:
        return getattr(self.nn, f"{name}{axes}d")

    def pad_by(self, x: Any, sides: list[list[int]], value: float = 0, mode: str = "constant") -> Any:
        more = {"value": value} if mode == "constant" else {}
        return self.nn.functional.pad(x, [side for pair in reversed(sides) for side in pair], mode, **more)

    # convolutions

    def conv(
        self, x: Any, out: int, kernel: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1,
        groups: int = 1, bias: bool = True,
    ) -> Any:  # fmt: skip
        n = self.axes(x)
        k, s, d = each(kernel, n), each(stride, n), each(dilation, n)
        how: Any = padding
        if isinstance(padding, int):
            how = [padding] * n
        elif padding in ("half", "full") or (padding == "same" and max(s) > 1) or isinstance(padding, list):
            sides = self.sides(x, k, s, padding, d)
            how = [before for before, _ in sides]
            if any(before != after for before, after in sides):
                x, how = self.pad_by(x, sides), 0
        self.afford(x.shape[1] * out * prod(k) // max(groups, 1))
        make = self.module("Conv", n)
        return self.convolve(make(x.shape[1], out, k, s, how, d, groups, bias, device=self.device), x)

    def sides(self, x: Any, kernel: list[int], stride: list[int], padding: Any, dilation: list[int]) -> Any:
        """Padding before and after on each axis."""
        if isinstance(padding, int | list):
            return [pair if isinstance(pair, list) else [pair, pair] for pair in each(padding, x.dim() - 2)]
        found = []
        for i, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True):
            last = (k - 1) * d  # the last position that the kernel reads, from its first
            missing = max(last + (i - 1) // s * s - (i - 1), 0)  # behind the input, where windows start at 0, S, 2·S…
            before = {"valid": 0, "half": last // 2, "full": last, "same": missing // 2}[padding]
            found.append([before, missing - before if padding == "same" else before])
        return found

    def depthwise_conv(
        self, x: Any, kernel: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1, multiplier: int = 1,
        bias: bool = True,
    ) -> Any:  # fmt: skip
        return self.conv(x, x.shape[1] * multiplier, kernel, stride, padding, dilation, x.shape[1], bias)

    def separable_conv(
        self, x: Any, out: int, kernel: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1,
        multiplier: int = 1, bias: bool = True,
    ) -> Any:  # fmt: skip
        x = self.depthwise_conv(x, kernel, stride, padding, dilation, multiplier, bias=False)
        return self.conv(x, out, 1, bias=bias)

    def spatial_separable_conv(
        self, x: Any, out: int, kernel: Size, stride: Size = 1, padding: Padding = 0, bias: bool = True
    ) -> Any:
        if self.axes(x) != 2:
            raise Refused("axes")
        (kh, kw), (sh, sw) = each(kernel, 2), each(stride, 2)
        rows, columns = self.sides(x, [kh, kw], [sh, sw], padding, [1, 1])
        x = self.conv(x, out, [kh, 1], [sh, 1], [rows, [0, 0]], bias=False)
        return self.conv(x, out, [1, kw], [1, sw], [[0, 0], columns], bias=bias)

    def transposed_conv(
        self, x: Any, out: int, kernel: Size, stride: Size = 1, padding: Padding = 0, output_padding: Size = 0,
        dilation: Size = 1, groups: int = 1, bias: bool = True,
    ) -> Any:  # fmt: skip
        n = self.axes(x)
        k, s, d, extra = each(kernel, n), each(stride, n), each(dilation, n), each(output_padding, n)
        if padding == "same":
            total = [dn * (kn - 1) + 1 + en - sn for kn, sn, dn, en in zip(k, s, d, extra, strict=True)]
            if min(total) < 0:
                raise Refused("same")
            padding = [[t // 2, t - t // 2] for t in total]
        sides = self.sides(x, k, s, padding, d)
        cut = any(before != after for before, after in sides)
        self.afford(x.shape[1] * out * prod(k) // max(groups, 1))
        made = self.module("ConvTranspose", n)(
            x.shape[1], out, k, s, 0 if cut else [before for before, _ in sides], extra, groups, bias, d,
            device=self.device,
        )  # fmt: skip
        y = self.convolve(made, x)
        return self.pad_by(y, [[-before, -after] for before, after in sides]) if cut else y

    def standardized_conv(
        self, x: Any, out: int, kernel: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1,
        groups: int = 1, bias: bool = True, gain: bool = False,
    ) -> Any:  # fmt: skip
        y = self.conv(x, out, kernel, stride, padding, dilation, groups, bias)
        standardized_conv(self.torch, self.modules[-1], gain=gain, epsilon=1e-6)
        return y  # numbers of another kernel, which nobody reads

    def locally_connected(self, x: Any, out: int, kernel: Size, stride: Size = 1, bias: bool = True) -> Any:
        n = self.axes(x)
        each(kernel, n), each(stride, n)
        made = locally_connected(self.torch, x, out, kernel, stride, bias=bias)
        self.afford(made.weight.numel())
        y = self.apply(made.to(self.device), x)
        self.macs += made.weight.numel()
        return y

    def table_conv(
        self, x: Any, connections: list[list[int]], kernel: Size, stride: Size = 1, padding: Padding = 0,
        bias: bool = True,
    ) -> Any:  # fmt: skip
        n = self.axes(x)
        k, s = each(kernel, n), each(stride, n)
        sides = [side for pair in reversed(self.sides(x, k, s, padding, [1] * n)) for side in pair]
        made = table_conv(self.torch, connections, k, s, sides, bias=bias)
        y = self.apply(made.to(self.device), x)
        self.macs += made.weight.numel() * prod(y.shape[2:])
        return y

    def deformable_conv(
        self, x: Any, out: int, kernel: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1,
        groups: int = 1, bias: bool = True, offset_groups: int = 1, mask: bool = False,
    ) -> Any:  # fmt: skip
        if self.axes(x) != 2:
            raise Refused("axes")
        k, s, d = each(kernel, 2), each(stride, 2), each(dilation, 2)
        sides, channels = self.sides(x, k, s, padding, d), x.shape[1]
        if channels % groups or out % groups or channels % offset_groups:
            raise RuntimeError("the groups do not divide the channels")
        made = deformable_conv(
            self.torch, channels, out, k, s, sides, d, groups, bias=bias, parts=offset_groups, mask=mask
        )
        y = self.apply(made.to(self.device), x)
        self.macs += (made.weight.numel() + made.conv_offset.weight.numel()) * prod(y.shape[2:])
        return y

    def linear(self, x: Any, out: int, bias: bool = True) -> Any:
        self.afford(x.shape[1] * out)
        y = self.convolve(self.nn.Linear(x.shape[1], out, bias, device=self.device), x)
        if x.dim() > 2:
            raise Refused("map")
        return y

    # recurrent layers

    def lstm(
        self, x: Any, hidden: int, layers: int = 1, bidirectional: bool = False, biases: int = 2, **own: Any
    ) -> Any:
        if x.dim() != 3:
            raise Refused("axes")
        self.afford(layers * hidden * (hidden + x.shape[1]) * 8)
        name = own.pop("kind", "lstm")
        made = recurrent(
            self.torch, name, x.shape[1], hidden, layers, bidirectional=bidirectional, biases=biases, **own
        )
        self.macs += count_macs(made, x.shape[2])
        return self.apply(made.to(self.device), x)

    def gru(self, x: Any, hidden: int, reset_after: bool = True, **own: Any) -> Any:
        return self.lstm(x, hidden, kind="gru", reset_after=reset_after, **own)

    def rnn(self, x: Any, hidden: int, activation: str = "tanh", **own: Any) -> Any:
        return self.lstm(x, hidden, kind="rnn", activation=activation, **own)

    # pools

    def max_pool(
        self, x: Any, kernel: Size, stride: Size | None = None, padding: Padding = 0, dilation: Size = 1,
        ceil: bool = False,
    ) -> Any:  # fmt: skip
        n = self.axes(x)
        k, d = each(kernel, n), each(dilation, n)
        s = k if stride is None else each(stride, n)
        x, how = self.padded(x, k, s, padding, d, float("-inf"), ceil)
        module = self.module("MaxPool", n)(k, s, how, d, ceil_mode=ceil)
        y = self.apply(module, x)
        self.pooled[id(y)] = x, module
        self.alive.append(y)  # so that no other tensor gets its identity
        return y

    def avg_pool(
        self, x: Any, kernel: Size, stride: Size | None = None, padding: Padding = 0, ceil: bool = False,
        count_padding: bool = True,
    ) -> Any:  # fmt: skip
        n = self.axes(x)
        k = each(kernel, n)
        s = k if stride is None else each(stride, n)
        x, how = self.padded(x, k, s, padding, [1] * n, 0, ceil)
        if n == 3 and any(kn > i for kn, i in zip(k, x.shape[2:], strict=True)):
            self.asked_otherwise["window in a volume"] += 1
            return self.apply(self.nn.MaxPool3d(k, s, how, ceil_mode=ceil), x)
        return self.apply(self.module("AvgPool", n)(k, s, how, ceil_mode=ceil, count_include_pad=count_padding), x)

    def padded(
        self, x: Any, k: list[int], s: list[int], padding: Padding, d: list[int], value: float, ceil: bool
    ) -> tuple[Any, Any]:
        """The input, padded where PyTorch's pools have no word for it, and the padding to leave to the pool."""
        sides = self.sides(x, k, s, padding, d)
        if isinstance(padding, int) or (isinstance(padding, list) and isinstance(padding[0], int)):
            return x, [before for before, _ in sides]
        for (before, after), kn, dn in zip(sides, k, d, strict=True):
            if 2 * max(before, after) > ((kn - 1) * dn + 1 if isinstance(padding, str) else kn):
                raise Refused("half")
        assert not ceil or not any(map(any, sides)), "PyTorch cannot round up beside such padding"
        return self.pad_by(x, sides, value), 0

    def global_avg_pool(self, x: Any) -> Any:
        return self.apply(self.module("AdaptiveAvgPool", self.axes(x))(1), x)

    def global_max_pool(self, x: Any) -> Any:
        return self.apply(self.module("AdaptiveMaxPool", self.axes(x))(1), x)

    def adaptive_avg_pool(self, x: Any, size: Size) -> Any:
        n = self.axes(x)
        return self.apply(self.module("AdaptiveAvgPool", n)(self.kept(x, each(size, n))), x)

    def adaptive_max_pool(self, x: Any, size: Any) -> Any:
        n = self.axes(x)
        return self.apply(self.module("AdaptiveMaxPool", n)(self.kept(x, each(size, n))), x)

    def kept(self, x: Any, sizes: list[Any]) -> list[int]:
        """The sizes of an adaptive pool; `none` is that of the input."""
        return [have if size in (None, "none") else size for have, size in zip(x.shape[2:], sizes, strict=True)]

    def max_unpool(self, x: Any, pool: Any) -> Any:
        """By the indices that the pool kept of what it had."""
        before, module = self.pooled[id(pool)]
        module.return_indices = True
        pooled, indices = module(before)
        module.return_indices = False
        if x.shape != pooled.shape:
            raise Refused("unpool")
        make = getattr(self.nn.functional, f"max_unpool{x.dim() - 2}d")
        return make(x, indices, module.kernel_size, module.stride, module.padding, output_size=before.shape[2:])

    # norms

    def batch_norm(self, x: Any, affine: bool = True, scale: bool = True, shift: bool = True) -> Any:
        make = self.module("BatchNorm", max(x.dim() - 2, 1))
        return self.apply(without(make(x.shape[1], affine=affine, device=self.device), scale=scale, shift=shift), x)

    def layer_norm(
        self, x: Any, over: Any = "channels", affine: bool = True, scale: bool = True, shift: bool = True
    ) -> Any:
        if over == "channels" or (isinstance(over, int) and over >= 0):  # the word, which is a number elsewhere
            over = 0
        axes = [*range(1, x.dim())] if over == "all" else self.several(x, over)
        made = layer_norm(self.torch, x, axes, affine=affine).to(self.device)
        return self.apply(without(made, scale=scale, shift=shift), x)

    def group_norm(self, x: Any, groups: int, affine: bool = True, scale: bool = True, shift: bool = True) -> Any:
        made = self.nn.GroupNorm(groups, x.shape[1], affine=affine, device=self.device)
        return self.normalized(without(made, scale=scale, shift=shift), x, one=prod(x.shape[1:]) == groups)

    def instance_norm(self, x: Any, affine: bool = False, scale: bool = True, shift: bool = True) -> Any:
        made = self.module("InstanceNorm", self.axes(x))(x.shape[1], affine=affine, device=self.device)
        return self.normalized(without(made, scale=scale, shift=shift), x, one=prod(x.shape[2:]) == 1)

    def rms_norm(self, x: Any, scale: bool = True) -> Any:
        return self.apply(rms_norm(self.torch, x.shape[1], scale=scale).to(self.device), x)

    def l2_norm(self, x: Any, epsilon: float = 1e-12) -> Any:
        return self.nn.functional.normalize(x, dim=1, eps=epsilon)

    def response_norm(self, x: Any) -> Any:
        return self.apply(response_norm(self.torch, x.shape[1]).to(self.device), x)

    def normalized(self, module: Any, x: Any, *, one: bool) -> Any:
        """A norm; of one element, which PyTorch refuses, a map that repeats it is normalized."""
        if not one or x.dim() == 2:
            return self.one_by_one(module, x) if one else self.apply(module, x)
        self.asked_otherwise["one element"] += 1
        return self.apply(module, x.repeat(1, 1, *[2] * (x.dim() - 2)))[:, :, *[slice(1)] * (x.dim() - 2)]

    def one_by_one(self, module: Any, x: Any) -> Any:
        self.asked_otherwise["one element"] += 1
        return self.apply(module, x.unsqueeze(2).repeat(1, 1, 2))[:, :, 0]

    def local_response_norm(self, x: Any, size: int = 5) -> Any:
        return self.apply(self.nn.LocalResponseNorm(size), x)

    # element by element

    def leaky_relu(self, x: Any, slope: float = 0.01) -> Any:
        return self.apply(self.nn.LeakyReLU(slope), x)

    def prelu(self, x: Any, shared: bool = False, per: str = "channel") -> Any:
        if shared and per in ("position", "element"):
            raise Refused("shared")
        if per in ("position", "element"):
            return self.learn(x, per, "slope")
        return self.apply(self.nn.PReLU(1 if shared or per == "all" else x.shape[1], device=self.device), x)

    def gelu(self, x: Any, approximate: str = "none") -> Any:
        return self.apply(self.nn.GELU(approximate), x)

    def elu(self, x: Any, alpha: float = 1) -> Any:
        return self.apply(self.nn.ELU(alpha), x)

    def softmax(self, x: Any, groups: int = 1, over: int = 0) -> Any:
        at = self.axis(x, over)
        if groups > 1 and at > 1:
            raise Refused("groups")
        return x.softmax(at) if at > 1 else x.unflatten(1, (groups, -1)).softmax(2).flatten(1, 2)

    def log_softmax(self, x: Any, groups: int = 1, over: int = 0) -> Any:
        at = self.axis(x, over)
        if groups > 1 and at > 1:
            raise Refused("groups")
        return x.log_softmax(at) if at > 1 else x.unflatten(1, (groups, -1)).log_softmax(2).flatten(1, 2)

    # reductions

    def mean_over(self, x: Any, axes: Size) -> Any:
        return x.mean(self.several(x, axes), keepdim=True)

    def sum_over(self, x: Any, axes: Size) -> Any:
        return x.sum(self.several(x, axes), keepdim=True)

    def max_over(self, x: Any, axes: Size) -> Any:
        return x.amax(self.several(x, axes), keepdim=True)

    def variance_over(self, x: Any, axes: Size, correction: int = 0) -> Any:
        over = self.several(x, axes)
        if prod(x.shape[at] for at in over) <= correction:
            raise Refused("few")
        return x.var(over, correction=correction, keepdim=True)

    def dropout(self, x: Any, rate: float = 0.5) -> Any:
        return self.apply(self.nn.Dropout(rate), x)

    def stochastic_depth(self, x: Any, rate: float) -> Any:
        return self.apply(self.nn.Dropout(rate), x)

    def scale(self, x: Any, initial: float = 1, per: str = "channel") -> Any:
        return self.learn(x, per, "weight")

    def shift(self, x: Any, initial: float = 0, per: str = "channel") -> Any:
        return self.learn(x, per, "bias")

    def learn(self, x: Any, per: str, name: str) -> Any:
        """Learned numbers; of positions only where there are any."""
        if per == "position":
            self.axes(x)
        self.afford(prod(x.shape[1:]))
        return self.apply(learned(self.torch, x, per, name).to(self.device), x)

    def multi_head_attention(self, x: Any, heads: int, memory: Any = None, bias: bool = True) -> Any:
        for each in (x,) if memory is None else (x, memory):
            if each.dim() != 3:
                raise Refused("axes")
        other = x if memory is None else memory
        if x.shape[1] % heads:
            raise RuntimeError("embed_dim must be divisible by num_heads")  # PyTorch has an assertion
        made = multi_head_attention(self.torch, x.shape[1], other.shape[1], heads, bias=bias).to(self.device)
        channels, length = x.shape[1], other.shape[2]
        projections = 2 * channels * channels * x.shape[2] + 2 * other.shape[1] * channels * length
        self.macs = projections + 2 * channels * x.shape[2] * length
        self.modules.append(made)
        return made.eval()(x, memory)

    def relative_position_bias(self, x: Any, heads: int, window: list[int]) -> Any:
        return self.apply(relative_position_bias(self.torch, heads, window, 1).to(self.device), x)

    def continuous_position_bias(self, x: Any, heads: int, window: list[int], hidden: int = 512) -> Any:
        made = continuous_position_bias(self.torch, heads, window, hidden, 1).to(self.device)
        self.macs = prod(2 * size - 1 for size in window) * hidden * (len(window) + heads)
        return self.apply(made, x)

    def learned(self, x: Any, shape: list[int], initial: float = 0) -> Any:
        self.afford(prod(shape))
        return self.apply(learned_tensor(self.torch, shape, 1).to(self.device), x)

    # arithmetic with constants

    def affine(self, x: Any, factor: float = 1, offset: float = 0) -> Any:
        return x * factor + offset

    def power(self, x: Any, n: float) -> Any:
        return x**n

    def sqrt(self, x: Any) -> Any:
        return x.sqrt()

    def abs(self, x: Any) -> Any:
        return x.abs()

    def exp(self, x: Any) -> Any:
        return x.exp()

    def log(self, x: Any) -> Any:
        return x.log()

    def clip(self, x: Any, low: float, high: float) -> Any:
        return x.clamp(low, high)

    # merges

    def meet(self, word: str, ends: list[Any], axis: int = 0, transpose: str = "none", heads: int = 1) -> Any:
        """Branches that come together; `macs` are those of a product of matrices."""
        self.modules, self.macs = [], 0
        if word == "matmul":
            if len(ends) != 2:
                raise Refused("branches")
            return self.multiply_matrices(ends[0], ends[1], transpose)
        if word == "attention":
            return self.attend(ends, heads)
        if word in ("concat", "stack"):
            return (self.torch.cat if word == "concat" else self.torch.stack)(ends, dim=behind_batch(axis))
        if word in ("subtract", "divide") and len(ends) != 2:
            raise Refused("branches")
        made = reduce(JOINS[word], ends)
        if len({end.dim() for end in ends}) > 1:
            raise Refused("unequal")
        return made / len(ends) if word == "mean" else made

    def multiply_matrices(self, a: Any, b: Any, transpose: str) -> Any:
        if a.dim() < 3 or b.dim() < 3 or a.dim() != b.dim():  # with the batch
            raise Refused("unequal")
        a, b = a.mT if transpose == "first" else a, b.mT if transpose == "second" else b
        y = a @ b
        self.macs = y.numel() // y.shape[0] * a.shape[-1]
        return y

    def attend(self, ends: list[Any], heads: int) -> Any:
        if len(ends) != 3:
            raise Refused("branches")
        if any(end.dim() != 3 for end in ends):
            raise Refused("axes")
        query, key, value = ends
        parts = [end.unflatten(1, (heads, -1)).mT.clone(memory_format=self.torch.contiguous_format) for end in ends]
        self.macs = query.shape[2] * key.shape[2] * (query.shape[1] + value.shape[1])
        return self.nn.functional.scaled_dot_product_attention(*parts).mT.flatten(1, 2)

    # moving

    def flatten(self, x: Any) -> Any:
        return self.apply(self.nn.Flatten(), x)

    def reshape(self, x: Any, shape: list[Any]) -> Any:
        return x.reshape(1, *(-1 if size == "rest" else size for size in shape))

    def channel_split(self, x: Any, parts: Size, take: int) -> Any:
        if isinstance(parts, list):
            return x.split(parts, dim=1)[take]
        return x.unflatten(1, (parts, -1))[:, take]

    def split(self, x: Any, parts: Size, take: int, axis: int = 0) -> Any:
        at = self.axis(x, axis)
        return (
            x.split(parts, dim=at)[take] if isinstance(parts, list) else x.unflatten(at, (parts, -1)).select(at, take)
        )

    def slice(self, x: Any, axis: int, start: int, stop: int | None = None, step: int = 1) -> Any:
        at = self.axis(x, axis)
        size = x.shape[at]
        stop = size if stop is None else stop
        if not 0 <= start % size < (stop + size if stop < 0 else stop) <= size or not -size <= start < size:
            raise Refused("range")
        return x[(slice(None),) * at + (slice(start, stop, step),)]

    def flip(self, x: Any, axis: int) -> Any:
        return x.flip(self.axis(x, axis))

    def roll(self, x: Any, axis: int, by: int) -> Any:
        return x.roll(by, self.axis(x, axis))

    def transpose(self, x: Any, axes: list[int]) -> Any:
        return x.permute(0, *map(behind_batch, axes)).contiguous()  # some of its norms want that

    def axis(self, x: Any, axis: int) -> int:
        """The axis with the batch before it."""
        if not -x.dim() < axis < x.dim() - 1:
            raise IndexError(axis)
        return int(behind_batch(axis) % x.dim())

    def several(self, x: Any, axes: Size) -> list[int]:
        """Several axes with the batch before them."""
        return sorted(self.axis(x, axis) for axis in (axes if isinstance(axes, list) else [axes]))

    def channel_shuffle(self, x: Any, groups: int) -> Any:
        self.axes(x)
        return self.apply(self.nn.ChannelShuffle(groups), x)

    def differences(self, x: Any, like: Any) -> list[list[int]]:
        """Half of how many positions more or fewer each axis of another map has; of an odd number more at the end."""
        self.axes(x), self.axes(like)
        if x.dim() != like.dim():
            raise Refused("axes")
        extra = [wanted - size for size, wanted in zip(x.shape[2:], like.shape[2:], strict=True)]
        return [[n // 2, n - n // 2] if n >= 0 else [-(-n // 2), n + -n // 2] for n in extra]

    def pad(self, x: Any, amount: Any = None, value: float = 0, mode: str = "zeros", like: Any = None) -> Any:
        self.axes(x)
        if like is not None:
            amount = self.differences(x, like)
            if min(map(min, amount)) < 0:
                raise Refused("like")
        return self.pad_by(x, self.sides(x, [], [], amount, []), value, mode if mode != "zeros" else "constant")

    def crop(self, x: Any, amount: Any = None, like: Any = None) -> Any:
        self.axes(x)
        if like is not None:
            sides = self.differences(x, like)
            if max(map(max, sides)) > 0:
                raise Refused("like")
            return self.pad_by(x, sides)
        return self.pad_by(x, [[-before, -after] for before, after in self.sides(x, [], [], amount, [])])

    def upsample(
        self, x: Any, factor: Any = None, mode: str = "nearest", size: Any = None, align_corners: bool = False,
        like: Any = None,
    ) -> Any:  # fmt: skip
        n = self.axes(x)
        size = size if like is None else list(like.shape[2:])
        if mode == "linear":
            mode = ("linear", "bilinear", "trilinear")[n - 1]
        align = align_corners if mode not in ("nearest", "area") else None
        scale = None if factor is None else tuple(map(float, each(factor, n)))
        sizes = None if size is None else tuple(each(size, n))
        return self.apply(self.nn.Upsample(sizes, scale, mode, align), x)

    def pixel_shuffle(self, x: Any, factor: int) -> Any:
        if self.axes(x) != 2:
            raise Refused("axes")
        return self.apply(self.nn.PixelShuffle(factor), x)

    def pixel_unshuffle(self, x: Any, factor: int) -> Any:
        if self.axes(x) != 2:
            raise Refused("axes")
        return self.apply(self.nn.PixelUnshuffle(factor), x)


JOINS: dict[str, Any] = {  # of two branches
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "maximum": lambda a, b: a.maximum(b),
    "minimum": lambda a, b: a.minimum(b),
    "mean": lambda a, b: a + b,
}

PLAIN = {
    "relu": "ReLU", "relu6": "ReLU6", "selu": "SELU", "silu": "SiLU", "hard_swish": "Hardswish",
    "hard_sigmoid": "Hardsigmoid", "sigmoid": "Sigmoid", "tanh": "Tanh", "softplus": "Softplus", "mish": "Mish",
}  # fmt: skip
