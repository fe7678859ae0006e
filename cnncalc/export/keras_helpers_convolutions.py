"""Convolutions, pools and recurrent cells of exported Keras code that Keras lacks, as text; see `keras_helpers`."""

from __future__ import annotations

CONVOLUTIONS: dict[str, str] = {
    "FreeConv{n}DTranspose": '''
class FreeConv{n}DTranspose(layers.Layer):
    """A transposed convolution of any groups, dilation and output padding."""

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, ...],
        strides: tuple[int, ...],
        output_padding: tuple[int, ...],
        dilation_rate: tuple[int, ...],
        groups: int = 1,
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.filters, self.groups, self.use_bias = filters, groups, use_bias
        self.kernel_size, self.dilation_rate = tuple(kernel_size), tuple(dilation_rate)
        self.axes = [*zip(kernel_size, strides, output_padding, dilation_rate)]

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (*self.kernel_size, self.filters // self.groups, input_shape[AXIS])
        self.kernel = self.add_weight(shape=shape, name="kernel")
        if self.use_bias:
            shape = (self.filters,<| *[1] * {n}>)
            self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        for axis, (k, s, more, d) in enumerate(self.axes, <1|2>):
            n = x.shape[axis]  # each position is followed by s - 1 zeros
            sides = [(0, 0)] * ({n} + 3)
            sides[axis + 1] = (0, s - 1)
            shape = (-1, *x.shape[1:axis], n * s, *x.shape[axis + 1 :])
            x = ops.reshape(ops.pad(ops.expand_dims(x, axis + 1), sides), shape)
            sides = [(0, 0)] * ({n} + 2)
            sides[axis] = (d * (k - 1), d * (k - 1) + more)
            places = np.arange(n * s - s + 1 + sum(sides[axis]))
            x = ops.take(ops.pad(x, sides), places, axis)
        *sizes, out, channels = self.kernel.shape
        each = channels // self.groups
        kernel = ops.flip(self.kernel, axis=tuple(range({n})))
        kernel = ops.reshape(kernel, (*sizes, out, self.groups, each))
        kernel = ops.transpose(kernel, (*range({n}), {n} + 2, {n} + 1, {n}))
        kernel = ops.reshape(kernel, (*sizes, each, self.filters))
        data, d = "<channels_last|channels_first>", self.dilation_rate
        y = ops.conv(x, kernel, dilation_rate=d, data_format=data)
        return y + self.bias if self.use_bias else y
''',
    "LocallyConnected{n}D": '''
class LocallyConnected{n}D(layers.Layer):
    """A convolution with kernels of its own at each position."""

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, ...],
        strides: tuple[int, ...],
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.filters, self.use_bias = filters, use_bias
        self.kernel_size, self.strides = tuple(kernel_size), tuple(strides)

    def build(self, input_shape: tuple[int, ...]) -> None:
        axes = zip(input_shape[<1:-1|2:>], self.kernel_size, self.strides)
        self.sizes = [(size - k) // s + 1 for size, k, s in axes]
        shape = (*self.kernel_size, *self.sizes, input_shape[AXIS], self.filters)
        self.kernel = self.add_weight(shape=shape, name="kernel")
        if self.use_bias:
            shape = (<*self.sizes, self.filters|self.filters, *self.sizes>)
            self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        places, y = "xyz"[:{n}], 0.0
        form = f"b<{places}c|c{places}>,{places}co->b<{places}o|o{places}>"
        for tap in np.ndindex(self.kernel_size):
            axes = zip(tap, self.sizes, self.strides)
            window = [slice(at, at + s * (n - 1) + 1, s) for at, n, s in axes]
            part = x[(slice(None), <*window|slice(None), *window>)]
            y = y + ops.einsum(form, part, self.kernel[tap])
        return y + self.bias if self.use_bias else y
''',
    "TableConv{n}D": '''
class TableConv{n}D(layers.Layer):
    """A convolution whose output channels each read the listed input channels."""

    def __init__(
        self,
        connections: tuple[tuple[int, ...], ...],
        kernel_size: tuple[int, ...],
        strides: tuple[int, ...],
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.connections, self.use_bias = connections, use_bias
        self.kernel_size, self.strides = tuple(kernel_size), tuple(strides)

    def build(self, input_shape: tuple[int, ...]) -> None:
        pairs = [(i, o) for o, each in enumerate(self.connections) for i in each]
        self.chosen = np.zeros((len(pairs), input_shape[AXIS], len(self.connections)))
        for at, pair in enumerate(pairs):
            self.chosen[at, *pair] = 1
        shape = (*self.kernel_size, len(pairs))
        self.kernel = self.add_weight(shape=shape, name="kernel")
        if self.use_bias:
            shape = (len(self.connections),<| *[1] * {n}>)
            self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        kernel = ops.tensordot(self.kernel, ops.cast(self.chosen, x.dtype), axes=1)
        data = "<channels_last|channels_first>"
        y = ops.conv(x, kernel, self.strides, data_format=data)
        return y + self.bias if self.use_bias else y
''',
    "StandardizedConv{n}D": '''
class StandardizedConv{n}D(layers.Conv{n}D):
    """A convolution with kernels of mean 0 and variance 1."""

    def __init__(
        self, *args: Any, gain: bool = False, epsilon: float = 1e-6, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.has_gain, self.epsilon = gain, epsilon

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        if self.has_gain:
            shape = (self.filters,)
            self.gain = self.add_weight(shape=shape, initializer="ones", name="gain")

    def get_config(self) -> dict[str, Any]:
        more = {"gain": self.has_gain, "epsilon": self.epsilon}
        return {**super().get_config(), **more}

    def call(self, x: Tensor) -> Tensor:
        axes = tuple(range({n} + 1))
        mean, variance = ops.moments(self.kernel, axes=axes, keepdims=True)
        kernel = (self.kernel - mean) / ops.sqrt(variance + self.epsilon)
        if self.has_gain:
            kernel = kernel * self.gain / math.prod(kernel.shape[:-1]) ** 0.5
        y = ops.conv(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        if self.use_bias:
            y = y + <self.bias|ops.reshape(self.bias, (-1, *[1] * {n}))>
        return y
''',
    "DilatedMaxPooling": '''
class DilatedMaxPooling(layers.Layer):
    """A max pool whose windows have gaps, on one axis after the other."""

    def __init__(
        self,
        pool_size: tuple[int, ...],
        strides: tuple[int, ...],
        dilation_rate: tuple[int, ...],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axes = [*zip(pool_size, strides, dilation_rate)]

    def call(self, x: Tensor) -> Tensor:
        for axis, (k, s, d) in enumerate(self.axes, <1|2>):
            n = x.shape[axis] - d * (k - 1)
            starts = range(0, d * k, d)
            parts = [ops.take(x, np.arange(at, at + n, s), axis) for at in starts]
            x = functools.reduce(ops.maximum, parts)
        return x
''',
    "MaxUnpooling2D": '''
class MaxUnpooling2D(layers.Layer):
    """Each element at the first maximum of its window of the pool's input, else 0."""

    def __init__(self, pool_size: tuple[int, int], **options: Any) -> None:
        super().__init__(**options)
        self.pool_size = tuple(pool_size)

    def call(self, x: Tensor, before: Tensor) -> Tensor:
        (k, m), (<h, w, c|c, h, w>) = self.pool_size, x.shape[1:]
        height, width = before.shape[<1:-1|2:>]
        sides = ((0, max(h * k - height, 0)), (0, max(w * m - width, 0)))
        sides = ((0, 0), <*sides, (0, 0)|(0, 0), *sides>)
        parts = ops.pad(before, sides, constant_values=-math.inf)
        parts = parts[<:, : h * k, : w * m|:, :, : h * k, : w * m>]
        parts = ops.reshape(parts, (-1, <h, k, w, m, c|c, h, k, w, m>))
        parts = ops.transpose(parts, (0, <1, 3, 5, 2, 4|1, 2, 4, 3, 5>))
        parts = ops.reshape(parts, (-1, <h, w, c|c, h, w>, k * m))
        places = ops.one_hot(ops.argmax(parts, axis=-1), k * m, dtype=x.dtype)
        y = places * ops.expand_dims(x, -1)
        y = ops.reshape(y, (-1, <h, w, c|c, h, w>, k, m))
        y = ops.transpose(y, (0, <1, 4, 2, 5, 3|1, 2, 4, 3, 5>))
        y = ops.reshape(y, (-1, <h * k, w * m, c|c, h * k, w * m>))
        sides = ((0, max(height - h * k, 0)), (0, max(width - w * m, 0)))
        y = ops.pad(y, ((0, 0), <*sides, (0, 0)|(0, 0), *sides>))
        return y[<:, :height, :width|:, :, :height, :width>]
''',
    "TwoBiasLSTMCell": '''
class TwoBiasLSTMCell(layers.LSTMCell):
    """The cell of an LSTM with two bias vectors, as in PyTorch."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        self.recurrent_bias = self.add_weight(
            shape=(4 * self.units,), initializer="zeros", name="recurrent_bias"
        )

    def call(self, x: Tensor, states: Any, training: bool = False) -> Any:
        h, c = states
        gates = ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        i, f, g, o = ops.split(gates + self.bias + self.recurrent_bias, 4, axis=1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        return h, [h, c]
''',
    "TwoBiasRNNCell": '''
class TwoBiasRNNCell(layers.SimpleRNNCell):
    """The cell of a simple recurrent layer with two bias vectors, as in PyTorch."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        self.recurrent_bias = self.add_weight(
            shape=(self.units,), initializer="zeros", name="recurrent_bias"
        )

    def call(self, x: Tensor, states: Any, training: bool = False) -> Any:
        (h,) = states
        y = ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        h = self.activation(y + self.bias + self.recurrent_bias)
        return h, [h]
''',
    "BiasedGRUCell": '''
class BiasedGRUCell(layers.GRUCell):
    """The cell of a GRU with one or two bias vectors, reset before or after."""

    def __init__(self, units: int, biases: int = 1, **options: Any) -> None:
        super().__init__(units, **{**options, "use_bias": False})
        self.count = biases

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        shape = (self.count, 3 * self.units)
        self.biases = self.add_weight(shape=shape, initializer="zeros", name="biases")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "biases": self.count}

    def call(self, x: Tensor, states: Any, training: bool = False) -> Any:
        (h,), at = states, 2 * self.units
        more = self.biases[1] if self.count > 1 else ops.zeros_like(self.biases[0])
        parts = ops.matmul(x, self.kernel) + self.biases[0]
        gates = ops.matmul(h, self.recurrent_kernel[:, :at]) + more[:at]
        z, r = ops.split(ops.sigmoid(parts[:, :at] + gates), 2, axis=1)
        if self.reset_after:
            state = r * (ops.matmul(h, self.recurrent_kernel[:, at:]) + more[at:])
        else:
            state = ops.matmul(r * h, self.recurrent_kernel[:, at:]) + more[at:]
        h = z * h + (1 - z) * ops.tanh(parts[:, at:] + state)
        return h, [h]
''',
}
