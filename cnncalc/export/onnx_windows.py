"""Layers with windows as ONNX nodes: convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import inf, prod

from cnncalc.export.onnx_file import BATCH, FLOAT, INT64, Dims, Value
from cnncalc.export.onnx_graph import Attributes, LayerNodes, Refused
from cnncalc.layers.base import Shape
from cnncalc.layers.kernel import Convolution
from cnncalc.layers.window import Axis, ceil_divide, count_inside_axis, output_size


def window(axes: Sequence[Axis]) -> Attributes:
    """The attributes of a window."""
    return {
        "kernel_shape": tuple([axis.kernel for axis in axes]),
        "strides": tuple([axis.stride for axis in axes]),
        "pads": tuple([axis.before for axis in axes] + [axis.after for axis in axes]),
        "dilations": tuple([axis.dilation for axis in axes]),
    }


def _convolve(of: LayerNodes, x: Value, layer: Convolution, shape: Shape, prefix: str = "") -> Value:
    """A convolution of a tensor of a shape, with the arrays of a prefix."""
    arrays = [of.weight(f"{prefix}weight"), *of.optional(f"{prefix}bias")]
    return _convolved(of, [x, *arrays], layer, shape)


def _convolved(of: LayerNodes, inputs: Sequence[Value], layer: Convolution, shape: Shape) -> Value:
    is_own = layer is of.layer
    dims: Dims = of.output if is_own else (BATCH, *layer.result_shape((shape,)))
    attributes = of.once("window", lambda: window(layer.axes((shape,)))) if is_own else window(layer.axes((shape,)))
    return of.op("Conv", inputs, dims, group=layer.group_count(shape[0]), **attributes)


def conv(of: LayerNodes) -> Value:
    return _convolve(of, of.x, of.layer, of.shape)


def two_steps(of: LayerNodes) -> Value:
    x, shape = of.x, of.shape
    for layer, name in zip(of.layer.steps((shape,)), of.layer.names, strict=True):
        x = _convolve(of, x, layer, shape, f"{name}.")
        shape = layer.result_shape((shape,))
    return x


def standardized_conv(of: LayerNodes) -> Value:
    """The kernel of each output channel has its mean subtracted and is divided by the root of its variance."""
    weight = of.weight("weight")
    axes = range(1, len(weight.dims))
    centred = of.elementwise("Sub", weight, of.reduced("ReduceMean", weight, axes))
    variance = of.reduced("ReduceMean", of.elementwise("Mul", centred, centred), axes)
    root = of.elementwise("Sqrt", of.elementwise("Add", variance, of.numbers("epsilon", [of.layer.epsilon])))
    kernel = of.elementwise("Div", centred, root)
    if of.layer.gain:
        kernel = of.scaled(of.elementwise("Mul", kernel, of.weight("gain")), prod(of.arrays["weight"][1:]) ** -0.5)
    return _convolved(of, [of.x, kernel, *of.optional("bias")], of.layer, of.shape)


def transposed_conv(of: LayerNodes) -> Value:
    layer, x = of.layer, of.x
    axes, extras, zeros = list(layer.axes((of.shape,))), [], []
    for at, extra in enumerate(layer.output_paddings(len(axes))):
        axis = axes[at]
        if extra >= axis.stride:  # which runtimes refuse: less is cut off, and zeros follow the input
            cut = min(axis.after, extra)
            axes[at], extra = axis._replace(after=axis.after - cut), extra - cut
        zeros.append(extra // axis.stride)
        extras.append(extra % axis.stride)
    if any(zeros):
        x = _padded(of, x, [(0, more) for more in zeros], 0)
    arrays = [of.weight("weight"), *of.optional("bias")]
    attributes = {"group": layer.groups, "output_padding": extras, **window(axes)}
    return of.op("ConvTranspose", [x, *arrays], of.output, **attributes)


def deformable_conv(of: LayerNodes) -> Value:
    layer, shape = of.layer, of.shape
    moves = _convolve(of, of.x, layer.offsets((shape,)), shape, "conv_offset.")
    bias = of.weight("bias") if of.has("bias") else None
    mask = None
    if layer.mask:
        points = layer.points((shape,))
        factors = of.sliced(moves, 1, 2 * points, 3 * points)
        mask = of.elementwise("Sigmoid", factors)
        moves = of.sliced(moves, 1, 0, 2 * points)
    inputs = [of.x, of.weight("weight"), moves, bias, mask]
    attributes = {"group": layer.groups, "offset_group": layer.offset_groups, **window(layer.axes((shape,)))}
    return of.op("DeformConv", inputs, of.output, **attributes)


def locally_connected(of: LayerNodes) -> Value:
    """The windows of all positions, each multiplied by the kernels of its position."""
    (channels, *_), (out, *sizes) = of.shape, of.node.output
    axes = of.layer.axes((of.shape,))
    x, count = of.x, len(axes)
    for at, axis in enumerate(axes):
        x = of.gathered(x, 2 + 2 * at, _window_positions(of, axis))
    order = [0, *range(2, 2 + 2 * count, 2), 1, *range(3, 3 + 2 * count, 2)]
    taps, places = channels * prod(axis.kernel for axis in axes), prod(sizes)
    rows = of.reshaped(of.transposed(x, order), (BATCH, places, 1, taps))
    kernels = of.transposed(of.reshaped(of.weight("weight"), (out, places, taps)), (1, 2, 0))
    sums = of.op("MatMul", [rows, kernels], (BATCH, places, 1, out))
    made = of.transposed(of.reshaped(sums, (BATCH, places, out)), (0, 2, 1))
    made = of.reshaped(made, of.output)
    return of.elementwise("Add", made, of.weight("bias")) if of.has("bias") else made


def _window_positions(of: LayerNodes, axis: Axis) -> Value:
    """The positions of all windows on an axis."""
    dims = (output_size(axis), axis.kernel)
    return of.table(
        ("windows", *dims, axis.stride),
        dims,
        lambda: [y * axis.stride + k for y in range(dims[0]) for k in range(dims[1])],
        INT64,
    )


def table_conv(of: LayerNodes) -> Value:
    """A kernel for each connection, and for each output channel the sum of its connections."""
    layer, axes = of.layer, of.layer.axes((of.shape,))
    pairs, ones, lists = layer.pairs, [1] * len(axes), layer.connections
    chosen = of.gathered(of.x, 1, of.table(("channels", lists), (pairs,), lambda: [*chain(*lists)], INT64))
    weight = of.weight("weight", (pairs, 1, *(axis.kernel for axis in axes)))
    made = of.op("Conv", [chosen, weight], (BATCH, pairs, *map(output_size, axes)), group=pairs, **window(axes))
    owners = [number for number, listed in enumerate(lists) for _ in listed]
    dims = (len(lists), pairs, *ones)
    table = of.table(
        ("sums", lists, len(ones)),
        dims,
        lambda: [float(owner == each) for each in range(dims[0]) for owner in owners],
        FLOAT,
    )
    return of.op("Conv", [made, table, *of.optional("bias")], of.output, kernel_shape=ones)


# Pools


def _checked_axes(of: LayerNodes) -> tuple[Axis, ...]:
    """The windows of a pool. Raises Refused where one of them is beyond the map, as only Caffe has it."""
    axes: tuple[Axis, ...] = of.layer.axes((of.shape,))
    for axis, size in zip(axes, of.node.output[1:], strict=True):
        if (size - 1) * axis.stride >= axis.size + axis.before:
            raise Refused("a window that begins after the map, as Caffe rounds up")
    return axes


def _rounded(of: LayerNodes, axes: Sequence[Axis]) -> tuple[Sequence[Axis], int]:
    """The windows of a pool, and whether sizes are rounded up; where some axes only are, their padding is larger."""
    wanted = of.node.output[1:]
    if tuple(map(output_size, axes)) == wanted:
        return axes, 0
    if tuple(ceil_divide(axis.slack, axis.stride) + 1 for axis in axes) == wanted:
        return axes, 1
    missing = [max((size - 1) * axis.stride - axis.slack, 0) for axis, size in zip(axes, wanted, strict=True)]
    return [axis._replace(after=axis.after + more) for axis, more in zip(axes, missing, strict=True)], 0


def _padded(of: LayerNodes, x: Value, sides: Sequence[tuple[int, int]], border: float) -> Value:
    """A tensor with a border of a value."""
    amounts = [0, 0, *(before for before, _ in sides), 0, 0, *(after for _, after in sides)]
    sizes = (int(size) + sum(pair) for size, pair in zip(x.dims[2:], sides, strict=True))
    return of.op("Pad", [x, of.integers("pads", amounts), of.numbers("border", [border])], (*x.dims[:2], *sizes))


def _pad_windows(of: LayerNodes, axes: Sequence[Axis], border: float) -> tuple[Value, Sequence[Axis]]:
    """The input with the padding of its windows around it, and the windows without padding."""
    sides = [(axis.before, axis.after) for axis in axes]
    inner = [axis._replace(size=axis.size + axis.before + axis.after, before=0, after=0) for axis in axes]
    return _padded(of, of.x, sides, border), inner


def _is_beyond(axis: Axis, size: int) -> bool:
    """Whether a dilated window has more padding than runtimes accept, or nothing but padding, which is −∞ then."""
    return max(axis.before, axis.after) >= axis.kernel or count_inside_axis(axis, size).outputs < size


def max_pool(of: LayerNodes) -> Value:
    axes: Sequence[Axis] = _checked_axes(of)
    x, read = of.x, of.node.index in of.graph.pools
    if any(map(_is_beyond, axes, of.node.output[1:])):
        if read:
            raise Refused("the indices of a pool whose windows have more padding than its kernel is large")
        x, axes = _pad_windows(of, axes, -inf)
    axes, up = _rounded(of, axes)
    outputs = [Value(of.label("MaxPool"), of.output)]
    if read:
        outputs.append(Value(of.label("Indices"), of.output, INT64))
        of.graph.indices[of.node.index] = outputs[1]
    return of.ops("MaxPool", [x], outputs, ceil_mode=up, **window(axes))[0]


def avg_pool(of: LayerNodes) -> Value:
    """The mean of each window; one that ends after the padded map counts only what is on it."""
    axes: Sequence[Axis] = _checked_axes(of)
    x, counted = of.x, of.layer.count_padding and any(axis.before or axis.after for axis in axes)
    if counted and tuple(map(output_size, axes)) != of.node.output[1:]:
        x, axes = _pad_windows(of, axes, 0)
        counted = False
    axes, up = _rounded(of, axes)
    attributes = {name: value for name, value in window(axes).items() if name != "dilations"}
    return of.op("AveragePool", [x], of.output, ceil_mode=up, count_include_pad=int(counted), **attributes)


def max_unpool(of: LayerNodes) -> Value:
    """An unpooling, whose window covers the map exactly: ONNX computes the size from it before it reads the given."""
    covering = []
    for axis, size in zip(of.layer.pool.axes((of.node.output,)), of.shape[1:], strict=True):
        after = (size - 1) * axis.stride + axis.extent - axis.before - axis.size
        covering.append(axis._replace(kernel=axis.extent - min(after, 0), after=max(after, 0)))
    attributes = {name: value for name, value in window(covering).items() if name != "dilations"}
    inputs = [of.x, of.graph.indices[of.node.inputs[1]], of.sizes(of.node.output)]
    return of.op("MaxUnpool", inputs, of.output, **attributes)


def adaptive_avg_pool(of: LayerNodes) -> Value:
    return means(of, "AveragePool")


def adaptive_max_pool(of: LayerNodes) -> Value:
    return means(of, "MaxPool")


def means(of: LayerNodes, op: str) -> Value:
    """The means, or the largest, of equal parts of each axis: windows if they are alike, else part by part."""
    pairs = list(zip(of.shape[1:], of.node.output[1:], strict=True))
    if all(o == 1 for _, o in pairs):
        return of.op({"AveragePool": "GlobalAveragePool", "MaxPool": "GlobalMaxPool"}[op], [of.x], of.output)
    if all(i % o == 0 for i, o in pairs):
        steps = [i // o for i, o in pairs]
        return of.op(op, [of.x], of.output, kernel_shape=steps, strides=steps)
    x = of.x
    for axis, (have, want) in enumerate(pairs, 2):
        if have != want:
            x = _parts(of, x, axis, have, want, op)
    return x


def _parts(of: LayerNodes, x: Value, axis: int, have: int, want: int, op: str) -> Value:
    """The parts of one axis, each filled up by repeating its last position, which does not count."""
    longest = -(-have // want) + 1

    def parts() -> list[range]:
        return [range(o * have // want, -(-(o + 1) * have // want)) for o in range(want)]

    def positions() -> list[int]:
        return [min(part[0] + at, part[-1]) for part in parts() for at in range(longest)]

    def shares() -> list[float]:
        return [(at < len(part)) / len(part) for part in parts() for at in range(longest)]

    found = of.gathered(x, axis, of.table(("parts", have, want), (want, longest), positions, INT64))
    if op == "AveragePool":
        dims = (want, longest, *[1] * (len(x.dims) - 1 - axis))
        found = of.elementwise("Mul", found, of.table(("shares", have, *dims), dims, shares, FLOAT))
    reduced = (*x.dims[:axis], want, *x.dims[axis + 1 :])
    reduction = "ReduceSum" if op == "AveragePool" else "ReduceMax"
    return of.op(reduction, [found, of.integers("axes", [axis + 1])], reduced, keepdims=0)
