"""Functions of exported Keras code, as text; see `keras_helpers`."""

from __future__ import annotations

from cnncalc.export.torch_helpers_windows import WINDOWS

FUNCTIONS: dict[str, str] = {
    **{name: WINDOWS[name] for name in ("divisible", "half", "padding_of")},
    "pad{n}d": '''
def pad(x: Tensor, amount: object, *, name: str) -> Tensor:
    """A border of zeros, if there is any."""
    zeros = layers.ZeroPadding{n}D(amount, <|data_format="channels_first", >name=name)
    return zeros(x) if amount else x
''',
    "pad_max": '''
def pad_max(x: Tensor, amount: int) -> Tensor:
    """A border that is never the maximum."""
    sides = [(amount, amount)] * (len(x.shape) - 2)
    sides = [(0, 0), <*sides, (0, 0)|(0, 0), *sides>]
    return ops.pad(x, sides, constant_values=-math.inf)
''',
    "pad_up": '''
def pad_up(x: Tensor, kernel: int, stride: int, padding: int = 0) -> Tensor:
    """A border for a max pool that rounds its size up, as PyTorch does."""
    sides = []
    for size in x.shape[<1:-1|2:>]:
        count = -(-(size + 2 * padding - kernel) // stride) + 1
        count -= (count - 1) * stride >= size + padding
        after = (count - 1) * stride + kernel - size - padding
        sides.append((padding, max(after, 0)))
    sides = [(0, 0), <*sides, (0, 0)|(0, 0), *sides>]
    return ops.pad(x, sides, constant_values=-math.inf)
''',
    "pad_up_caffe": '''
def pad_up_caffe(x: Tensor, kernel: int, stride: int) -> Tensor:
    """A border for a max pool that rounds its size up, as Caffe does."""
    sides = []
    for size in x.shape[<1:-1|2:>]:
        count = -(-(size - kernel) // stride) + 1
        sides.append((0, max((count - 1) * stride + kernel - size, 0)))
    sides = [(0, 0), <*sides, (0, 0)|(0, 0), *sides>]
    return ops.pad(x, sides, constant_values=-math.inf)
''',
    "fit": '''
def fit(x: Tensor, sizes: tuple[int, ...], value: float = 0.0) -> Tensor:
    """Pads or crops to spatial sizes, centred, the odd position after."""
    for axis, wanted in enumerate(sizes, <1|2>):
        more = abs(wanted - x.shape[axis])
        sides = [(0, 0)] * len(x.shape)
        if wanted > x.shape[axis]:
            sides[axis] = (more // 2, more - more // 2)
            x = ops.pad(x, sides, constant_values=value)
        elif more:
            x = ops.take(x, np.arange(more // 2, more // 2 + wanted), axis=axis)
    return x
''',
    "channel_shuffle": '''
def channel_shuffle(x: Tensor, groups: int, *, name: str) -> Tensor:
    """Channels interleaved: the first of each group, then the second, and so on."""
    <*sizes, channels|channels, *sizes> = x.shape[1:]
    shape = (<*sizes, groups, channels // groups|groups, channels // groups, *sizes>)
    order = (<*range(1, len(shape) - 1), len(shape), len(shape) - 1|2, 1, *range(3, len(shape) + 1)>)
    x = layers.Reshape(shape, name=f"{name}-groups")(x)
    x = layers.Permute(order, name=f"{name}-turned")(x)
    return layers.Reshape((<*sizes, channels|channels, *sizes>), name=name)(x)
''',
    "pixel_shuffle": '''
def pixel_shuffle(x: Tensor, r: int, *, name: str) -> Tensor:
    """Channels as positions: r×r of them for each."""
    <h, w, c|c, h, w> = x.shape[1:]
    c //= r**2
    x = layers.Reshape((<h, w, c, r, r|c, r, r, h, w>), name=f"{name}-parts")(x)
    x = layers.Permute((<1, 4, 2, 5, 3|1, 4, 2, 5, 3>), name=f"{name}-turned")(x)
    return layers.Reshape((<h * r, w * r, c|c, h * r, w * r>), name=name)(x)
''',
    "pixel_unshuffle": '''
def pixel_unshuffle(x: Tensor, r: int, *, name: str) -> Tensor:
    """Positions as channels: r×r of them for each."""
    <h, w, c|c, h, w> = x.shape[1:]
    h, w = h // r, w // r
    x = layers.Reshape((<h, r, w, r, c|c, h, r, w, r>), name=f"{name}-parts")(x)
    x = layers.Permute((1, 3, 5, 2, 4), name=f"{name}-turned")(x)
    return layers.Reshape((<h, w, c * r**2|c * r**2, h, w>), name=name)(x)
''',
    "in_groups": '''
def in_groups(x: Tensor, function: Any, groups: int) -> Tensor:
    """A function of each of several groups of channels."""
    <*sizes, channels|channels, *sizes> = x.shape[1:]
    parts = (<*sizes, groups, channels // groups|groups, channels // groups, *sizes>)
    x = function(ops.reshape(x, (-1, *parts)), axis=<-1|2>)
    return ops.reshape(x, (-1, <*sizes, channels|channels, *sizes>))
''',
    "rms_norm": '''
def rms_norm(x: Tensor, axis: int, epsilon: float) -> Tensor:
    """A root mean square norm without a factor."""
    return x * ops.rsqrt(ops.mean(x * x, axis=axis, keepdims=True) + epsilon)
''',
    "variance": '''
def variance(x: Tensor, axis: int | tuple[int, ...], correction: int) -> Tensor:
    """Σ(x − mean)²/(n − correction)."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    n = math.prod(x.shape[each] for each in axes)
    return ops.var(x, axis=axis, keepdims=True) * (n / (n - correction))
''',
    "attend": '''
def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    heads: int,
) -> Tensor:
    """Attention in heads, without projections."""
    parts = []
    for each in (query, key, value):
        <length, channels|channels, length> = each.shape[1:]
        size = channels // heads
        parts.append(ops.reshape(each, (-1, <length, heads, size|heads, size, length>)))
    q, k, v = parts
    scores = ops.einsum("<bqhd,bkhd|bhdq,bhdk>->bhqk", q, k)
    weights = ops.softmax(scores / q.shape[<-1|2>] ** 0.5)
    y = ops.einsum("bhqk,<bkhd|bhdk>-><bqhd|bhdq>", weights, v)
    return ops.reshape(y, (-1, <query.shape[1], channels|channels, query.shape[2]>))
''',
    "attend_first": '''
def attend_first(layer: layers.Layer, x: Tensor, memory: Tensor) -> Tensor:
    """Attention of sequences with their channels first."""
    turned = [ops.transpose(each, (0, 2, 1)) for each in (x, memory)]
    return ops.transpose(layer(*turned), (0, 2, 1))
''',
    "relative_index": '''
def relative_index(window: tuple[int, ...]) -> Any:
    """The number of the offset of each two positions of a window."""
    sizes = [2 * size - 1 for size in window]
    places = np.stack(np.meshgrid(*map(np.arange, window), indexing="ij"), -1)
    places = places.reshape(-1, len(window))
    offsets = places[:, None] - places[None] + np.array(window) - 1
    return np.ravel_multi_index(tuple(np.moveaxis(offsets, -1, 0)), tuple(sizes))
''',
}
