"""Helpers of exported code for norms, learned numbers, sequences and attention, as text; see `torch_helpers`."""

from __future__ import annotations

LAYERS: dict[str, str] = {
    "AxisNorm": '''
class AxisNorm(nn.LayerNorm):
    """A layer norm over some axes, of which 1 are the channels."""

    def __init__(
        self, *args: Any, axes: tuple[int, ...] = (1,), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.axes = axes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        last = tuple(range(-len(self.axes), 0))
        return super().forward(x.movedim(self.axes, last)).movedim(last, self.axes)
''',
    "ChannelRMSNorm": '''
class ChannelRMSNorm(nn.RMSNorm):
    """A root mean square norm of each position over its channels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
''',
    "one_sided": '''
def one_sided(norm: nn.Module, scale: bool, shift: bool) -> nn.Module:
    """A norm without its factor or without its summand."""
    if not scale:
        norm.register_parameter("weight", None)
    if not shift:
        norm.register_parameter("bias", None)
    return norm
''',
    "ResponseNorm": '''
class ResponseNorm(nn.Module):
    """Global response normalization, as in ConvNeXt V2."""

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        axes = tuple(range(2, x.dim()))
        norm = torch.linalg.vector_norm(x, dim=axes, keepdim=True) if axes else x.abs()
        response = norm / (norm.mean(dim=1, keepdim=True) + self.eps)
        shape = (-1, *[1] * len(axes))
        return self.weight.view(shape) * (x * response) + self.bias.view(shape) + x
''',
    "Scale": '''
class Scale(nn.Module):
    """A learned factor for each channel, or of another shape."""

    def __init__(
        self, *shape: int, initial: float = 1.0, channels: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, initial))
        self.channels = channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        axes = [1] * (x.dim() - 2) if self.channels else []
        return x * self.weight.view(*self.weight.shape, *axes)
''',
    "Shift": '''
class Shift(nn.Module):
    """A learned summand for each channel, or of another shape."""

    def __init__(
        self, *shape: int, initial: float = 0.0, channels: bool = True
    ) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.full(shape, initial))
        self.channels = channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        axes = [1] * (x.dim() - 2) if self.channels else []
        return x + self.bias.view(*self.bias.shape, *axes)
''',
    "Slope": '''
class Slope(nn.Module):
    """A learned slope of negative elements for each position or element."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, 0.25))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(x > 0, x, x * self.weight)
''',
    "StochasticDepth": '''
class StochasticDepth(nn.Module):
    """Leaves out whole samples of a branch, in training."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.rate == 0:
            return x
        shape = (len(x), *[1] * (x.dim() - 1))
        return x * (torch.rand(shape, device=x.device) >= self.rate) / (1 - self.rate)
''',
    "ChannelsLSTM": '''
class ChannelsLSTM(nn.LSTM):
    """A recurrent layer on a sequence with its channels first."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(x.permute(2, 0, 1))[0].permute(1, 2, 0)
''',
    "ChannelsGRU": '''
class ChannelsGRU(nn.GRU):
    """A recurrent layer on a sequence with its channels first."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(x.permute(2, 0, 1))[0].permute(1, 2, 0)
''',
    "ResetBeforeGRU": '''
class ResetBeforeGRU(ChannelsGRU):
    """A gated recurrent unit that resets its state before the product, as Cho et al."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        x = x.permute(2, 0, 1)
        for layer in range(self.num_layers):
            ends = [f"l{layer}", f"l{layer}_reverse"][: 1 + self.bidirectional]
            x = torch.cat([self.read(x, end) for end in ends], dim=2)
        return x.permute(1, 2, 0)

    def read(self, x: torch.Tensor, end: str) -> torch.Tensor:
        """The outputs of one direction of one layer."""
        weight, state = (getattr(self, f"weight_{name}_{end}") for name in ("ih", "hh"))
        gates = F.linear(x, weight)
        for name in ("ih", "hh") if self.bias else ():
            gates = gates + getattr(self, f"bias_{name}_{end}")
        both, own = state.split([2 * self.hidden_size, self.hidden_size])
        h = x.new_zeros(x.shape[1], self.hidden_size)
        found = []
        for step in gates.flip(0) if end.endswith("_reverse") else gates:
            first, n = step.split([2 * self.hidden_size, self.hidden_size], dim=1)
            r, z = torch.sigmoid(first + F.linear(h, both)).chunk(2, dim=1)
            h = (1 - z) * torch.tanh(n + F.linear(r * h, own)) + z * h
            found.append(h)
        return torch.stack(found[::-1] if end.endswith("_reverse") else found)
''',
    "one_bias": '''
def one_bias(layer: nn.RNNBase) -> nn.RNNBase:
    """A recurrent layer whose second bias vectors are zeros, and no parameters."""
    for name in [name for name, _ in layer.named_parameters() if "bias_hh" in name]:
        zeros = torch.zeros(getattr(layer, name).shape)
        delattr(layer, name)
        layer.register_buffer(name, zeros, persistent=False)
    layer._init_flat_weights()
    return layer
''',
    "ChannelsRNN": '''
class ChannelsRNN(nn.RNN):
    """A recurrent layer on a sequence with its channels first."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(x.permute(2, 0, 1))[0].permute(1, 2, 0)
''',
    "SequenceAttention": '''
class SequenceAttention(nn.MultiheadAttention):
    """Attention of a sequence with its channels first, to itself or to a memory."""

    def forward(  # type: ignore[override]
        self, x: torch.Tensor, memory: torch.Tensor | None = None
    ) -> torch.Tensor:
        x = x.permute(2, 0, 1)
        memory = x if memory is None else memory.permute(2, 0, 1)
        y, _ = super().forward(x, memory, memory, need_weights=False)
        return y.permute(1, 2, 0)
''',
    "attention": '''
def attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, heads: int
) -> torch.Tensor:
    """Attention in heads of sequences with their channels first."""
    parts = (each.unflatten(1, (heads, -1)).mT for each in (query, key, value))
    return F.scaled_dot_product_attention(*parts).mT.flatten(1, 2)
''',
    "relative_index": '''
def relative_index(window: tuple[int, ...]) -> torch.Tensor:
    """The number of the offset of each two positions of a window."""
    sizes = [2 * size - 1 for size in window]
    places = torch.cartesian_prod(*map(torch.arange, window))
    places = places.reshape(math.prod(window), -1)
    last = torch.tensor([size - 1 for size in window])
    steps = [math.prod(sizes[at + 1 :]) for at in range(len(sizes))]
    offsets = places[:, None] - places[None] + last
    return (offsets * torch.tensor(steps)).sum(-1).flatten()
''',
    "RelativePositionBias": '''
class RelativePositionBias(nn.Module):
    """A learned number for each head and each offset of two positions of a window."""

    index: torch.Tensor

    def __init__(self, heads: int, window: tuple[int, ...]) -> None:
        super().__init__()
        table = torch.zeros(math.prod(2 * size - 1 for size in window), heads)
        self.relative_position_bias_table = nn.Parameter(table)
        self.register_buffer("index", relative_index(window), persistent=False)
        self.positions = math.prod(window)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.relative_position_bias_table[self.index].T
        n = self.positions
        return found.reshape(-1, n, n).expand(len(x), -1, n, n)
''',
    "ContinuousPositionBias": '''
class ContinuousPositionBias(nn.Module):
    """A number for each head and each offset of two positions, by a small network."""

    index: torch.Tensor
    offsets: torch.Tensor

    def __init__(self, heads: int, window: tuple[int, ...], hidden: int = 512) -> None:
        super().__init__()
        self.cpb_mlp = nn.Sequential(
            nn.Linear(len(window), hidden),
            nn.ReLU(),
            nn.Linear(hidden, heads, bias=False),
        )
        axes = [torch.arange(1.0 - n, n).double() / max(n - 1, 1) for n in window]
        offsets = 8 * torch.cartesian_prod(*axes).reshape(-1, len(window))
        offsets = torch.sign(offsets) * torch.log2(offsets.abs() + 1) / 3
        self.register_buffer("offsets", offsets, persistent=False)
        self.register_buffer("index", relative_index(window), persistent=False)
        self.positions = math.prod(window)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dtype = next(self.cpb_mlp.parameters()).dtype
        table = 16 * torch.sigmoid(self.cpb_mlp(self.offsets.to(dtype)))
        n = self.positions
        return table[self.index].T.reshape(-1, n, n).expand(len(x), -1, n, n)
''',
    "Learned": '''
class Learned(nn.Module):
    """Learned numbers, the same for each of a batch."""

    def __init__(self, *shape: int, initial: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, initial))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight.expand(len(x), *self.weight.shape)
''',
}  # fmt: skip
