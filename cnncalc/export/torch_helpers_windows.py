"""Helpers of exported code for borders, convolutions and pools, as text; see `torch_helpers`."""

from __future__ import annotations

WINDOWS: dict[str, str] = {
    "divisible": '''
def divisible(x: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `x`, never below 90 % of it."""
    rounded = max(divisor, int(x + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * x else rounded
''',
    "half": '''
def half(kernel: int | tuple[int, ...], dilation: int = 1) -> Any:
    """The padding that keeps the size where a kernel is odd."""
    if isinstance(kernel, int):
        return dilation * (kernel - 1) // 2
    return tuple(dilation * (size - 1) // 2 for size in kernel)
''',
    "padding_of": '''
def padding_of(padding: Any, kernel: int | tuple[int, ...], dilation: int = 1) -> Any:
    """The padding of each side; `half` keeps the size where a kernel is odd."""
    if padding == "half":
        sizes = kernel if isinstance(kernel, tuple) else (kernel,)
        sides = tuple(dilation * (size - 1) // 2 for size in sizes)
        return sides if isinstance(kernel, tuple) else sides[0]
    return 0 if padding == "valid" else padding
''',
    "SamePad{n}d": '''
class SamePad{n}d(nn.Module):
    """A border so that a window of this stride gives ⌈size/stride⌉ positions."""

    def __init__(
        self, kernel: Any, stride: Any = 1, dilation: Any = 1, value: float = 0.0
    ) -> None:
        super().__init__()
        self.windows = [
            each if isinstance(each, tuple) else (each,) * {n}
            for each in (kernel, stride, dilation)
        ]
        self.value = value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sides: list[int] = []
        for size, k, s, d in zip(x.shape[2:], *self.windows, strict=True):
            missing = max(d * (k - 1) + (size - 1) // s * s - (size - 1), 0)
            sides = [missing // 2, missing - missing // 2, *sides]
        return F.pad(x, sides, value=self.value)
''',
    "put": '''
def put(root: nn.Module, path: str, module: nn.Module) -> None:
    """Makes a module part of another, below containers for the parts of its path."""
    *outer, last = path.split(".")
    for name in outer:
        if name not in dict(root.named_children()):
            root.add_module(name, nn.Module())
        root = root.get_submodule(name)
    root.add_module(last, module)
''',
    "unpool{n}d": '''
def unpool{n}d(
    x: torch.Tensor,
    before: torch.Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    size: Any = None,
) -> torch.Tensor:
    """Each element at the index that a max pool takes from `before`, zeros elsewhere."""
    window = (kernel_size, stride, padding)
    _, indices = F.max_pool{n}d(before, *window, 1, ceil_mode, return_indices=True)
    return F.max_unpool{n}d(x, indices, *window, size or before.shape[2:])
''',
    "fit": '''
def fit(x: torch.Tensor, sizes: Sequence[int], value: float = 0.0) -> torch.Tensor:
    """Pads or crops to spatial sizes, centred, the odd position after."""
    sides: list[int] = []
    for size, wanted in zip(x.shape[2:], sizes, strict=True):
        more = wanted - size
        before = more // 2 if more >= 0 else -(-more // 2)
        sides = [before, more - before, *sides]
    return F.pad(x, sides, value=value)
''',
    "caffe_sides": '''
def caffe_sides(
    sizes: torch.Size, kernel: Any, stride: Any, padding: Any
) -> tuple[list[int], list[int]]:
    """The padding of a pool that rounds up as Caffe does, and what is beyond it."""
    sides: list[int] = []
    beyond: list[int] = []
    for at, size in enumerate(sizes):
        k, s, p = (
            each[at] if isinstance(each, tuple) else each
            for each in (kernel, stride, padding)
        )
        count = -(-(size + 2 * p - k) // s) + 1
        count -= p > 0 and (count - 1) * s >= size + p
        sides = [p, p, *sides]
        beyond = [0, max((count - 1) * s + k - size - 2 * p, 0), *beyond]
    return sides, beyond
''',
    "CaffeMaxPool{n}d": '''
class CaffeMaxPool{n}d(nn.MaxPool{n}d):
    """A max pool that rounds up as Caffe does: no window starts behind the padding."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        window = (self.kernel_size, self.stride, self.padding)
        for sides in caffe_sides(x.shape[2:], *window):
            x = F.pad(x, sides, value=-torch.inf)
        return F.max_pool{n}d(x, self.kernel_size, self.stride)
''',
    "CaffeAvgPool{n}d": '''
class CaffeAvgPool{n}d(nn.AvgPool{n}d):
    """An average pool that rounds up as Caffe does, and counts its padding."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        window = (self.kernel_size, self.stride, self.padding)
        sides, beyond = caffe_sides(x.shape[2:], *window)
        counted = F.pad(F.pad(torch.ones_like(x[:1, :1]), sides, value=1.0), beyond)
        x = F.pad(F.pad(x, sides), beyond)
        mean, share = (
            F.avg_pool{n}d(each, self.kernel_size, self.stride) for each in (x, counted)
        )
        return mean / share
''',
    "AvgPoolInside{n}d": '''
class AvgPoolInside{n}d(nn.AvgPool{n}d):
    """An average pool of an input that is padded before it, which does not count the padding."""

    def __init__(self, sides: nn.Module, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sides = sides

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inside = self.sides(x.new_ones(1, 1, *x.shape[2:]))
        return super().forward(self.sides(x)) / super().forward(inside)
''',
    "SeparableConv{n}d": '''
class SeparableConv{n}d(nn.Sequential):
    """A convolution of each channel, then one of each position."""

    def __init__(
        self,
        in_channels: int,
        out: int,
        kernel: Any,
        multiplier: int = 1,
        bias: bool = True,
        sides: Any = None,
        **options: Any,
    ) -> None:
        middle = in_channels * multiplier
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if sides is not None:
            layers["pad"] = sides
        layers["depthwise"] = nn.Conv{n}d(
            in_channels, middle, kernel, groups=in_channels, bias=False, **options
        )
        layers["pointwise"] = nn.Conv{n}d(middle, out, 1, bias=bias)
        super().__init__(layers)
''',
    "SpatialSeparableConv2d": '''
class SpatialSeparableConv2d(nn.Sequential):
    """A convolution along columns, then one along rows."""

    def __init__(
        self,
        in_channels: int,
        out: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        sides: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
        bias: bool = True,
    ) -> None:
        (k, m), (s, t), (rows, columns) = kernel, stride, sides
        super().__init__()
        self.above = nn.ConstantPad2d((0, 0, *rows), 0.0)
        self.column = nn.Conv2d(in_channels, out, (k, 1), (s, 1), bias=False)
        self.beside = nn.ConstantPad2d((*columns, 0, 0), 0.0)
        self.row = nn.Conv2d(out, out, (1, m), (1, t), bias=bias)
''',
    "StandardizedConv{n}d": '''
class StandardizedConv{n}d(nn.Conv{n}d):
    """A convolution with kernels of mean 0 and variance 1."""

    def __init__(
        self, *args: Any, gain: bool = False, eps: float = 1e-6, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.eps = eps
        shape = (self.out_channels, *[1] * (self.weight.dim() - 1))
        self.gain = nn.Parameter(torch.ones(shape)) if gain else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, gain = self.weight.flatten(1).unsqueeze(0), None
        if self.gain is not None:
            gain = self.gain.flatten() * rows.shape[-1] ** -0.5
        weight = F.batch_norm(rows, None, None, gain, training=True, eps=self.eps)
        return self._conv_forward(x, weight.view_as(self.weight), self.bias)
''',
    "DeformableConv2d": '''
class DeformableConv2d(nn.Conv2d):
    """A convolution whose elements are read at places that another convolution moves."""

    def __init__(
        self, *args: Any, offset_groups: int = 1, mask: bool = False, **options: Any
    ):
        super().__init__(*args, **options)
        self.offset_groups = offset_groups
        self.points = offset_groups * math.prod(self.kernel_size)
        out = self.points * (3 if mask else 2)
        window = (self.kernel_size, self.stride, self.padding, self.dilation)
        self.conv_offset = nn.Conv2d(self.in_channels, out, *window)

    def starts(self, axis: int, count: int) -> torch.Tensor:
        """Where the elements of a kernel are on an axis without a move, of all windows."""
        k, s, d = self.kernel_size[axis], self.stride[axis], self.dilation[axis]
        same = d * (k - 1) // 2
        side = same if isinstance(self.padding, str) else self.padding[axis]
        make = self.weight.new_tensor
        windows, elements = make(range(count)), make(range(k))
        return windows * s - side + d * elements[:, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, channels, height, width = x.shape
        moves = self.conv_offset(x)
        rows, columns = moves.shape[2:]
        parts = batch * self.offset_groups
        elements = math.prod(self.kernel_size)
        shape = (parts, *self.kernel_size, 2, rows, columns)
        offsets = moves[:, : 2 * self.points].reshape(shape)
        y = offsets[:, :, :, 0] + self.starts(0, rows)[:, None, :, None]
        across = offsets[:, :, :, 1] + self.starts(1, columns)[:, None, :]
        grid = torch.stack(
            [(2 * across + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1
        )
        grid = grid.view(parts, elements * rows, columns, 2)
        source = x.reshape(parts, channels // self.offset_groups, height, width)
        read = F.grid_sample(source, grid, align_corners=False)
        read = read.view(parts, -1, elements, rows, columns)
        if moves.shape[1] > 2 * self.points:
            factors = moves[:, 2 * self.points :].sigmoid()
            read = read * factors.reshape(parts, 1, elements, rows, columns)
        read = read.reshape(batch, self.groups, -1, rows * columns)
        weight = self.weight.view(self.groups, self.out_channels // self.groups, -1)
        found = torch.einsum("gok,bgkp->bgop", weight, read)
        found = found.reshape(batch, self.out_channels, rows, columns)
        return found if self.bias is None else found + self.bias[:, None, None]
''',
    "LocallyConnected": '''
class LocallyConnected(nn.Module):
    """A convolution with kernels of its own at each position."""

    def __init__(
        self,
        in_channels: int,
        out: int,
        sizes: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        n = in_channels * math.prod(kernel)
        weight = torch.empty(out, *sizes, in_channels, *kernel)
        self.weight = nn.Parameter(weight.uniform_(-(n**-0.5), n**-0.5))
        self.bias = nn.Parameter(torch.zeros(out, *sizes)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for axis, (k, s) in enumerate(zip(self.kernel, self.stride, strict=True), 2):
            x = x.unfold(axis, k, s)
        windows = x.movedim(1, 1 + len(self.kernel)).unsqueeze(1)
        y = (windows * self.weight).flatten(2 + len(self.kernel)).sum(dim=-1)
        return y if self.bias is None else y + self.bias
''',
    "TableConv": '''
class TableConv(nn.Module):
    """A convolution whose output channels each read some of the input channels."""

    def __init__(
        self,
        connections: tuple[tuple[int, ...], ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        sides: tuple[int, ...],
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.connections, self.stride, self.sides = connections, stride, sides
        pairs = sum(map(len, connections))
        n = math.prod(kernel)
        weight = torch.empty(pairs, *kernel)
        self.weight = nn.Parameter(weight.uniform_(-(n**-0.5), n**-0.5))
        self.bias = nn.Parameter(torch.zeros(len(connections))) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.pad(x, self.sides)
        convolve = (F.conv1d, F.conv2d, F.conv3d)[len(self.stride) - 1]
        weights = self.weight.split([len(each) for each in self.connections])
        parts = [
            convolve(x[:, list(channels)], weight.unsqueeze(0), stride=self.stride)
            for channels, weight in zip(self.connections, weights, strict=True)
        ]
        y = torch.cat(parts, dim=1)
        axes = [1] * len(self.stride)
        return y if self.bias is None else y + self.bias.view(-1, *axes)
''',
}  # fmt: skip
