"""Kinds with weights that PyTorch has no module for, written with its functions. Signatures are the language's."""

from __future__ import annotations

from math import prod
from typing import Any

Size = int | list[int]


def per_axis(value: Size, axes: int) -> list[int]:
    """One value for each axis."""
    return list(value) if isinstance(value, list | tuple) else [value] * axes


def without(module: Any, *, scale: bool, shift: bool) -> Any:
    """A norm without its factor or summand."""
    if not scale:
        module.register_parameter("weight", None)
    if not shift:
        module.register_parameter("bias", None)
    return module


def layer_norm(torch: Any, x: Any, axes: list[int], epsilon: float = 1e-5, *, affine: bool = True) -> Any:
    """LayerNorm over any axes, which PyTorch wants last."""
    last = list(range(-len(axes), 0))

    class Module(torch.nn.LayerNorm):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return super().forward(x.movedim(axes, last)).movedim(last, axes)

    return Module([x.shape[axis] for axis in axes], eps=epsilon, elementwise_affine=affine)


def rms_norm(torch: Any, channels: int, epsilon: float = 1e-6, *, scale: bool = True) -> Any:
    """RMSNorm over the channels."""

    class Module(torch.nn.RMSNorm):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return super().forward(x.movedim(1, -1)).movedim(-1, 1)

    return Module(channels, eps=epsilon, elementwise_affine=scale)


def response_norm(torch: Any, channels: int) -> Any:
    """Global response normalization as in the authors' code for ConvNeXt V2, channels first."""

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.bias = (torch.nn.Parameter(torch.zeros(channels)) for _ in range(2))
            self.eps = 1e-6

        def forward(self, x: Any) -> Any:
            norm = torch.linalg.vector_norm(x, dim=tuple(range(2, x.dim())), keepdim=True) if x.dim() > 2 else x.abs()
            response = norm / (norm.mean(dim=1, keepdim=True) + self.eps)
            weight, bias = (each.reshape(1, -1, *[1] * (x.dim() - 2)) for each in (self.weight, self.bias))
            return weight * (x * response) + bias + x

    return Module()


def number_shape(x: Any, per: str) -> list[int]:
    """The shape of learned numbers, which PyTorch broadcasts over the batch's elements."""
    channels, *sizes = x.shape[1:]
    shapes: dict[str, list[int]] = {"channel": [channels], "all": [1], "position": sizes, "element": [channels, *sizes]}
    return shapes[per]


def learned(torch: Any, x: Any, per: str, name: str) -> Any:
    """A learned factor (`weight`), summand (`bias`) or slope of negative elements (`slope`)."""

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            numbers = torch.nn.Parameter(torch.ones(number_shape(x, per)))
            self.register_parameter("bias" if name == "bias" else "weight", numbers)

        def forward(self, x: Any) -> Any:
            numbers = self.bias if name == "bias" else self.weight
            if per in ("channel", "all"):
                numbers = numbers.reshape(-1, *[1] * (x.dim() - 2))
            if name == "bias":
                return x + numbers
            return x * numbers if name == "weight" else torch.where(x > 0, x, x * numbers)

    return Module()


def standardized_conv(torch: Any, make: Any, *, gain: bool, epsilon: float) -> Any:
    """Give a convolution of PyTorch standardized weights, as timm's StdConv2d and, with `gain`, ScaledStdConv2d."""

    class Module(type(make)):  # type: ignore[misc]
        def _conv_forward(self, x: Any, weight: Any, bias: Any) -> Any:
            out, n = weight.shape[0], prod(weight.shape[1:])
            flat = weight.reshape(out, n)
            variance, mean = torch.var_mean(flat, dim=1, correction=0, keepdim=True)
            flat = (flat - mean) / torch.sqrt(variance + epsilon)
            if gain:
                flat = flat * (self.gain.reshape(out, 1) * n**-0.5)
            return super()._conv_forward(x, flat.reshape_as(weight), bias)

    make.__class__ = Module
    if gain:
        make.gain = torch.nn.Parameter(torch.ones(make.weight.shape[0], *[1] * (make.weight.dim() - 1)))
    return make


def locally_connected(torch: Any, x: Any, out: int, kernel: Size, stride: Size = 1, *, bias: bool = True) -> Any:
    """A kernel for each position: windows by `unfold`, times the kernels, summed."""
    axes = x.dim() - 2
    k, s = per_axis(kernel, axes), per_axis(stride, axes)
    sizes = [(i - kn) // sn + 1 for i, kn, sn in zip(x.shape[2:], k, s, strict=True)]
    if min(sizes) < 1:
        raise RuntimeError("a window is larger than the input")
    channels = x.shape[1]

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(out, *sizes, channels, *k))
            self.bias = torch.nn.Parameter(torch.ones(out, *sizes)) if bias else None

        def forward(self, x: Any) -> Any:
            for axis in range(axes):
                x = x.unfold(2 + axis, k[axis], s[axis])  # [batch, C, *O, *K]
            windows = x.movedim(1, 1 + axes).unsqueeze(1)  # [batch, 1, *O, C, *K]
            y = (windows * self.weight).flatten(2 + axes).sum(dim=-1)
            return y if self.bias is None else y + self.bias

    return Module()


def table_conv(
    torch: Any, connections: Any, kernel: list[int], stride: list[int], sides: list[int], *, bias: bool
) -> Any:
    """A convolution for each output channel, of the input channels that its list names."""
    axes = len(kernel)
    pairs = sum(map(len, connections))

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(pairs, *kernel))
            self.bias = torch.nn.Parameter(torch.ones(len(connections))) if bias else None

        def forward(self, x: Any) -> Any:
            x = torch.nn.functional.pad(x, sides)
            convolve = getattr(torch.nn.functional, f"conv{axes}d")
            outputs, first = [], 0
            for number, channels in enumerate(connections):
                weight = self.weight[first : first + len(channels)].unsqueeze(0)
                summand = None if self.bias is None else self.bias[number : number + 1]
                outputs.append(convolve(x[:, list(channels)], weight, summand, tuple(stride)))
                first += len(channels)
            return torch.cat(outputs, dim=1)

    return Module()


def learned_tensor(torch: Any, shape: Any, batch: int) -> Any:
    """Learned numbers that no input goes into, for each example of a batch."""

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(*shape))

        def forward(self, *_: Any) -> Any:
            return self.weight.expand(batch, *shape)

    return Module()


def multi_head_attention(torch: Any, channels: int, others: int, heads: int, *, bias: bool = True) -> Any:
    """Attention of a sequence [C, L] to itself or to a memory."""
    size = None if others == channels else others

    class Module(torch.nn.MultiheadAttention):  # type: ignore[misc]
        def forward(self, x: Any, memory: Any = None) -> Any:
            x = x.mT
            memory = x if memory is None else memory.mT
            return super().forward(x, memory, memory, need_weights=False)[0].mT

    return Module(channels, heads, kdim=size, vdim=size, bias=bias, batch_first=True)


def index_offsets(torch: Any, window: Any, device: Any) -> Any:
    """For each pair of positions of a window, the row of their offset in a table, as in torchvision."""
    places = torch.cartesian_prod(*(torch.arange(size, device=device) for size in window)).reshape(prod(window), -1)
    index = torch.zeros(1, dtype=torch.long, device=device)
    for axis, size in enumerate(window):
        index = index * (2 * size - 1) + places[:, None, axis] - places[None, :, axis] + size - 1
    return index.flatten()


def relative_position_bias(torch: Any, heads: int, window: Any, batch: int) -> Any:
    """A learned number for each head and offset of two positions, as torchvision's Swin Transformer has it."""
    n, offsets = prod(window), prod(2 * size - 1 for size in window)

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.relative_position_bias_table = torch.nn.Parameter(torch.zeros(offsets, heads))

        def forward(self, *_: Any) -> Any:
            table = self.relative_position_bias_table
            found = table[index_offsets(torch, window, table.device)]
            return found.view(n, n, heads).permute(2, 0, 1).expand(batch, heads, n, n)

    return Module()


def continuous_position_bias(torch: Any, heads: int, window: Any, hidden: int, batch: int) -> Any:
    """The numbers of torchvision's ShiftedWindowAttentionV2, on any number of axes."""

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            nn = torch.nn
            layers = (nn.Linear(len(window), hidden), nn.ReLU(inplace=True), nn.Linear(hidden, heads, bias=False))
            self.cpb_mlp = nn.Sequential(*layers)
            spans = [torch.arange(1.0 - size, size).double() / max(size - 1, 1) for size in window]
            offsets = 8 * torch.cartesian_prod(*spans).reshape(-1, len(window))
            self.offsets = torch.sign(offsets) * torch.log2(offsets.abs() + 1) / 3

        def forward(self, *_: Any) -> Any:
            n = prod(window)
            table = 16 * torch.sigmoid(self.cpb_mlp(self.offsets.to(self.cpb_mlp[0].weight.dtype)))
            found = table[index_offsets(torch, window, table.device)]
            return found.view(n, n, heads).permute(2, 0, 1).expand(batch, heads, n, n)

    return Module()
