"""Convolutions, pools and recurrent cells of exported Keras code that Keras lacks, as text; see `keras_helpers`."""

from __future__ import annotations

CONVOLUTIONS: dict[str, str] = {
    "GroupedConv{n}DTranspose": '''
class GroupedConv{n}DTranspose(layers.Conv{n}DTranspose):
    """A transposed convolution in groups of channels."""

    def __init__(self, *args: Any, groups: int = 1, **options: Any) -> None:
        super().__init__(*args, **options)
        self.groups = groups

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (*self.kernel_size, self.filters // self.groups, input_shape[AXIS])
        self.kernel = self.add_weight(shape=shape, name="kernel")
        self.bias = None
        if self.use_bias:
            shape = (self.filters,<| *[1] * {n}>)
            self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups}

    def call(self, x: Tensor) -> Tensor:
        kernels = ops.split(self.kernel, self.groups, axis=-1)
        parts = []
        for part, kernel in zip(ops.split(x, self.groups, axis=AXIS), kernels):
            one = ops.conv_transpose(
                part,
                kernel,
                strides=self.strides,
                padding=self.padding,
                output_padding=self.output_padding,
                data_format=self.data_format,
                dilation_rate=self.dilation_rate,
            )
            parts.append(one)
        y = ops.concatenate(parts, axis=AXIS)
        return y if self.bias is None else y + self.bias
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
    "dilated_max_pool": '''
def dilated_max_pool(
    x: Tensor,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Tensor:
    """A max pool whose windows have gaps, on one axis after the other."""
    for axis, (k, s, d) in enumerate(zip(kernel, stride, dilation), <1|2>):
        n = x.shape[axis] - d * (k - 1)
        parts = [ops.take(x, np.arange(d * at, d * at + n, s), axis) for at in range(k)]
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
}
