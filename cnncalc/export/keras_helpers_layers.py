"""Layers of exported Keras code, as text; see `keras_helpers`."""

from __future__ import annotations

LAYERS: dict[str, str] = {
    "LocalResponseNorm": '''
class LocalResponseNorm(layers.Layer):
    """x / (k + alpha/size·Σx²)^beta over the channels around each, as in PyTorch."""

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, **options: Any
    ) -> None:
        super().__init__(**options)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: Tensor) -> Tensor:
        sides = [(0, 0)] * len(x.shape)
        sides[AXIS] = (self.size // 2, (self.size - 1) // 2)
        squares, n = ops.pad(x * x, sides), x.shape[AXIS]
        total = sum(squares[<...|:>, at : at + n] for at in range(self.size))
        return x / (self.k + self.alpha / self.size * total) ** self.beta
''',
    "ResponseNorm": '''
class ResponseNorm(layers.Layer):
    """Global response normalization, as in ConvNeXt V2."""

    def __init__(self, epsilon: float = 1e-6, **options: Any) -> None:
        super().__init__(**options)
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (input_shape[AXIS],<| *[1] * (len(input_shape) - 2)>)
        self.weight = self.add_weight(shape=shape, initializer="zeros", name="weight")
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        axes = tuple(range(<1, len(x.shape) - 1|2, len(x.shape)>))
        squares = ops.sum(x * x, axis=axes, keepdims=True) if axes else x * x
        norm = ops.sqrt(squares)
        mean = ops.mean(norm, axis=AXIS, keepdims=True)
        return self.weight * (x * norm / (mean + self.epsilon)) + self.bias + x
''',
    "AverageInside": '''
class AverageInside(layers.Layer):
    """An average pool that counts the first of two borders, and not the second."""

    def __init__(
        self,
        pool_size: tuple[int, ...],
        strides: tuple[int, ...],
        counted: tuple[tuple[int, int], ...],
        uncounted: tuple[tuple[int, int], ...],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.pool_size, self.strides = tuple(pool_size), tuple(strides)
        self.counted, self.uncounted = tuple(counted), tuple(uncounted)

    def pool(self, x: Tensor, value: float) -> Tensor:
        none = (0, 0)
        for sides, border in ((self.counted, value), (self.uncounted, 0.0)):
            sides = (none, <*sides, none|none, *sides>)
            x = ops.pad(x, sides, constant_values=border)
        data = "<channels_last|channels_first>"
        return ops.average_pool(x, self.pool_size, self.strides, data_format=data)

    def call(self, x: Tensor) -> Tensor:
        return self.pool(x, 0.0) / self.pool(ops.ones_like(x[:1]), 1.0)
''',
    "SameAveragePooling": '''
class SameAveragePooling(layers.Layer):
    """An average pool of the same padding, which is not counted on any backend."""

    def __init__(
        self, pool_size: tuple[int, ...], strides: tuple[int, ...], **options: Any
    ) -> None:
        super().__init__(**options)
        self.pool_size, self.strides = tuple(pool_size), tuple(strides)

    def pool(self, x: Tensor) -> Tensor:
        sides = [(0, 0)] * len(x.shape)
        for axis, (k, s) in enumerate(zip(self.pool_size, self.strides), <1|2>):
            more = max((-(-x.shape[axis] // s) - 1) * s + k - x.shape[axis], 0)
            sides[axis] = (more // 2, more - more // 2)
        x, data = ops.pad(x, sides), "<channels_last|channels_first>"
        return ops.average_pool(x, self.pool_size, self.strides, data_format=data)

    def call(self, x: Tensor) -> Tensor:
        return self.pool(x) / self.pool(ops.ones_like(x[:1]))
''',
    "EdgePadding": '''
class EdgePadding(layers.Layer):
    """A border of what is in the map, as `np.pad` has it."""

    def __init__(
        self, padding: tuple[tuple[int, int], ...], mode: str, **options: Any
    ) -> None:
        super().__init__(**options)
        self.padding, self.mode = padding, mode

    def call(self, x: Tensor) -> Tensor:
        for axis, sides in enumerate(self.padding, <1|2>):
            places = np.pad(np.arange(x.shape[axis]), tuple(sides), mode=self.mode)
            x = ops.take(x, places, axis=axis)
        return x
''',
    "Scale": '''
class Scale(layers.Layer):
    """A learned factor for each channel, position or element, or for all."""

    def __init__(
        self, initial: float = 1.0, per: str = "channel", **options: Any
    ) -> None:
        super().__init__(**options)
        self.initial, self.per = initial, per

    def build(self, input_shape: tuple[int, ...]) -> None:
        <*sizes, channels|channels, *sizes> = input_shape[1:]
        if self.per in ("channel", "all"):
            sizes = [1] * len(sizes)
        if self.per in ("position", "all"):
            channels = 1
        self.weight = self.add_weight(
            shape=(<*sizes, channels|channels, *sizes>),
            initializer=keras.initializers.Constant(self.initial),
            name="weight",
        )

    def call(self, x: Tensor) -> Tensor:
        return x * self.weight
''',
    "Learned": '''
class Learned(layers.Layer):
    """Learned numbers, the same for each of a batch."""

    def __init__(
        self, shape: tuple[int, ...], initial: float = 0.0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.shape, self.initial = tuple(shape), initial

    def build(self, input_shape: tuple[int, ...]) -> None:
        constant = keras.initializers.Constant(self.initial)
        self.weight = self.add_weight(
            shape=self.shape, initializer=constant, name="weight"
        )

    def call(self, x: Tensor) -> Tensor:
        return ops.broadcast_to(self.weight, (ops.shape(x)[0], *self.shape))
''',
    "Resize": '''
class Resize(layers.Layer):
    """A map of other sizes, by the nearest position, interpolation or means."""

    def __init__(
        self,
        sizes: tuple[int, ...],
        mode: str = "nearest",
        align_corners: bool = False,
        factors: tuple[float, ...] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.sizes, self.mode, self.align_corners = tuple(sizes), mode, align_corners
        self.factors = tuple(factors)

    def step(self, axis: int, size: int) -> float:
        """How far apart the positions are that outputs next to each other read."""
        wanted = self.sizes[axis]
        if self.align_corners:
            return (size - 1) / max(wanted - 1, 1)
        same = {"nearest": (1, 2) if len(self.sizes) == 2 else (), "linear": (1,)}
        by_sizes = wanted / size in same.get(self.mode, ())
        if self.factors and not by_sizes:
            return 1 / self.factors[axis]
        return size / wanted

    def matrix(self, axis: int, size: int) -> Any:
        """The weight of each input for each output."""
        wanted, step = self.sizes[axis], self.step(axis, size)
        found = np.zeros((wanted, size))
        for o in range(wanted):
            at = o * step if self.align_corners else (o + 0.5) * step - 0.5
            if self.mode == "area":
                first, last = o * size // wanted, -(-(o + 1) * size // wanted)
                found[o, first:last] = 1 / (last - first)
            elif self.mode == "nearest":
                found[o, min(math.floor(o * step + 1e-9), size - 1)] = 1
            elif self.mode == "linear":
                at = max(at, 0.0)
                low = min(math.floor(at), size - 1)
                found[o, low] += 1 - (at - low)
                found[o, min(low + 1, size - 1)] += at - low
            else:
                for near in range(math.floor(at) - 1, math.floor(at) + 3):
                    found[o, min(max(near, 0), size - 1)] += cubic(abs(at - near))
        return found

    def call(self, x: Tensor) -> Tensor:
        for axis in range(len(self.sizes)):
            weights = ops.cast(self.matrix(axis, x.shape[axis + <1|2>]), x.dtype)
            x = ops.tensordot(x, weights, axes=[[axis + <1|2>], [1]])
            x = ops.moveaxis(x, -1, axis + <1|2>)
        return x
''',
    "cubic": '''
def cubic(t: float) -> float:
    """The weight at a distance, with a = -0.75 as PyTorch has it."""
    if t <= 1:
        return (1.25 * t - 2.25) * t * t + 1
    return ((-0.75 * t + 3.75) * t - 6) * t + 3 if t < 2 else 0.0
''',
    "RelativePositionBias": '''
class RelativePositionBias(layers.Layer):
    """A learned number for each head and each offset of two positions of a window."""

    def __init__(self, heads: int, window: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.window = heads, tuple(window)

    def build(self, input_shape: tuple[int, ...]) -> None:
        offsets = math.prod(2 * size - 1 for size in self.window)
        self.table = self.add_weight(
            shape=(offsets, self.heads), initializer="zeros", name="table"
        )

    def call(self, x: Tensor) -> Tensor:
        found = ops.take(self.table, relative_index(self.window), axis=0)
        <|found = ops.moveaxis(found, -1, 0)
        >return ops.broadcast_to(found, (ops.shape(x)[0], *found.shape))
''',
    "ContinuousPositionBias": '''
class ContinuousPositionBias(layers.Layer):
    """A number for each head and each offset of two positions, by a small network."""

    def __init__(
        self, heads: int, window: tuple[int, ...], hidden: int = 512, **options: Any
    ) -> None:
        super().__init__(**options)
        self.heads, self.window, self.size = heads, tuple(window), hidden

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (len(self.window), self.size)
        self.kernel = self.add_weight(shape=shape, name="kernel")
        self.bias = self.add_weight(shape=shape[1:], initializer="zeros", name="bias")
        self.out = self.add_weight(shape=(self.size, self.heads), name="out")

    def call(self, x: Tensor) -> Tensor:
        axes = [np.arange(1.0 - n, n) / max(n - 1, 1) for n in self.window]
        offsets = 8 * np.stack(np.meshgrid(*axes, indexing="ij"), -1)
        offsets = np.sign(offsets) * np.log2(np.abs(offsets) + 1) / 3
        places = ops.cast(offsets.reshape(-1, len(axes)), x.dtype)
        hidden = ops.relu(ops.matmul(places, self.kernel) + self.bias)
        table = 16 * ops.sigmoid(ops.matmul(hidden, self.out))
        found = ops.take(table, relative_index(self.window), axis=0)
        <|found = ops.moveaxis(found, -1, 0)
        >return ops.broadcast_to(found, (ops.shape(x)[0], *found.shape))
''',
}
LAYERS["Shift"] = (
    LAYERS["Scale"]
    .replace("class Scale", "class Shift")
    .replace("factor", "summand")
    .replace("initial: float = 1.0", "initial: float = 0.0")
    .replace("x * self", "x + self")
)
