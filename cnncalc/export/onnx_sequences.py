"""Linear layers, products, attention, recurrent layers and learned tensors as ONNX nodes."""

from __future__ import annotations

from math import prod, sqrt

from cnncalc.export.onnx_file import BATCH, FLOAT, INT64, Dims, Value
from cnncalc.export.onnx_graph import LayerNodes, Piece
from cnncalc.layers.frameworks import ONNX_GATES
from cnncalc.layers.learned import LARGEST_BIAS, logarithms_of, offsets_of
from cnncalc.layers.recurrent import DIRECTIONS


def linear(of: LayerNodes) -> Value:
    return of.op("Gemm", [of.x, of.weight("weight"), *of.optional("bias")], of.output, transB=1)


def matmul(of: LayerNodes) -> Value:
    rank = len(of.x.dims)
    swapped = [*range(rank - 2), rank - 1, rank - 2]
    first, second = of.inputs
    first = of.transposed(first, swapped) if of.layer.transpose == "first" else first
    second = of.transposed(second, swapped) if of.layer.transpose == "second" else second
    return of.op("MatMul", [first, second], of.output)


def attention(of: LayerNodes) -> Value:
    return _attend(of, *of.inputs)


def _attend(of: LayerNodes, query: Value, key: Value, value: Value) -> Value:
    """The weighted sums of values for each query, of tensors [batch, channels, positions], in heads."""
    heads = of.layer.heads

    def in_heads(x: Value) -> Value:
        _, channels, positions = x.dims
        return of.reshaped(x, (BATCH, heads, int(channels) // heads, positions))

    queries, keys, values = map(in_heads, (query, key, value))
    rows = of.scaled(of.transposed(queries, [0, 1, 3, 2]), 1 / sqrt(int(queries.dims[2])))
    scores = of.op("MatMul", [rows, keys], (BATCH, heads, queries.dims[3], keys.dims[3]))
    weights = of.op("Softmax", [scores], scores.dims, axis=3)
    columns = of.transposed(weights, [0, 1, 3, 2])
    sums = of.op("MatMul", [values, columns], (*values.dims[:3], queries.dims[3]))
    return of.reshaped(sums, (BATCH, value.dims[1], query.dims[2]))


def multi_head_attention(of: LayerNodes) -> Value:
    channels = of.shape[0]
    own, memory = of.inputs[0], of.inputs[-1]
    bias = of.layer.bias

    def project(x: Value, name: str, part: str, first: int, parts: int) -> Value:
        """Projections, which are one matrix or several: `parts` of those from `first` on."""
        out, size = parts * channels, int(x.dims[1])
        whole = of.has(name)
        start = first * channels * size if whole else 0
        array = name if whole else f"{part}_proj_weight"
        label = array if not whole or parts == 3 else f"{array}.{part}"
        arrays = [of.joined(label, (out, size, 1), [Piece(array, start, start + out * size)])]
        if bias:
            label = "in_proj_bias" if parts == 3 else f"in_proj_bias.{part}"
            piece = Piece("in_proj_bias", first * channels, first * channels + out)
            arrays.append(of.joined(label, (out,), [piece]))
        return of.op("Conv", [x, *arrays], (BATCH, out, x.dims[2]), kernel_shape=[1])

    name = "in_proj_weight"
    if len(of.inputs) == 1:
        joined = project(own, name, "", 0, 3)
        parts = [of.sliced(joined, 1, at * channels, (at + 1) * channels) for at in range(3)]
    else:
        sources = ((own, "q"), (memory, "k"), (memory, "v"))
        parts = [project(x, name, part, at, 1) for at, (x, part) in enumerate(sources)]
    made = _attend(of, *parts)
    arrays = [of.weight("out_proj.weight", (channels, channels, 1)), *of.optional("out_proj.bias")]
    return of.op("Conv", [made, *arrays], of.output, kernel_shape=[1])


# Recurrent layers

OPS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def recurrent(of: LayerNodes) -> Value:
    """Each of the stacked layers is a node, on sequences [positions, batch, channels]."""
    layer = of.layer
    hidden, directions, (channels, positions) = layer.hidden, layer.directions, of.shape
    x = of.transposed(of.x, [2, 0, 1])
    attributes = {"hidden_size": hidden, "direction": "bidirectional" if directions == 2 else "forward"}
    if layer.kind == "gru":
        attributes["linear_before_reset"] = int(layer.reset_after)
    if layer.kind == "rnn":
        attributes["activations"] = [layer.activation.capitalize()] * directions
    for number, size in enumerate(layer.input_channels(channels)):
        arrays = _recurrent_arrays(of, number, size)
        output = Value(of.label(OPS[layer.kind]), (positions, directions, BATCH, hidden))
        (made,) = of.ops(OPS[layer.kind], [x, *arrays], [output], **attributes)
        if number < layer.layers - 1:
            joined = of.transposed(made, [0, 2, 1, 3])
            dims = (positions, BATCH, directions * hidden)
            x = of.op("Reshape", [joined, of.integers("shape", [0, 0, directions * hidden])], dims)
    return of.reshaped(of.transposed(made, [2, 1, 3, 0]), of.output)


def _recurrent_arrays(of: LayerNodes, number: int, channels: int) -> list[Value]:
    """The matrices and the biases of a layer, of both directions and with the gates in ONNX's order."""
    layer = of.layer
    gates, hidden, directions = ONNX_GATES[layer.kind], layer.hidden, layer.directions
    rows = len(gates) * hidden

    def joined(names: list[str], size: int, dims: Dims) -> Value:
        """Of each direction the arrays of these names, gate by gate."""
        pieces = [
            Piece(f"{name}_l{number}{direction}", gate * hidden * size, (gate + 1) * hidden * size)
            for direction in DIRECTIONS[:directions]
            for name in names
            for gate in gates
        ]
        label = names[0].removesuffix("_ih") if len(names) > 1 else names[0]
        return of.joined(f"{label}_l{number}", dims, pieces)

    matrices = [(["weight_ih"], channels), (["weight_hh"], hidden)]
    found = [joined(names, size, (directions, rows, size)) for names, size in matrices]
    names = ["bias_ih", "bias_hh"][: layer.biases]
    if names:
        bias = joined(names, 1, (directions, len(names) * rows))
        if layer.biases == 1:
            bias = of.op("Concat", [bias, of.filled(0.0, bias.dims)], (directions, 2 * rows), axis=1)
        found.append(bias)
    return found


# Learned tensors


def learned(of: LayerNodes) -> Value:
    return of.for_batch(of.weight("weight", (1, *of.node.output)))


def relative_position_bias(of: LayerNodes) -> Value:
    return _looked_up(of, of.weight("relative_position_bias_table"))


def _looked_up(of: LayerNodes, table: Value) -> Value:
    """The numbers of all pairs of positions, from a table [offsets, heads]."""
    window, places = of.layer.window, prod(of.layer.window)
    offsets = of.table(("offsets", window), (places, places), lambda: offsets_of(window), INT64)
    pairs = of.gathered(table, 0, offsets)
    return of.for_batch(of.reshaped(of.transposed(pairs, [2, 0, 1]), (1, *of.node.output)))


def continuous_position_bias(of: LayerNodes) -> Value:
    """The table of offsets is computed by two linear layers, of the offsets' logarithms."""
    window = of.layer.window
    count = prod(2 * size - 1 for size in window)

    offsets = of.table(("logarithms", window), (count, len(window)), lambda: logarithms_of(window), FLOAT)
    hidden = [of.weight("cpb_mlp.0.weight"), of.weight("cpb_mlp.0.bias")]
    made = of.op("Gemm", [offsets, *hidden], (count, of.layer.hidden), transB=1)
    made = of.elementwise("Relu", made)
    table = of.op("Gemm", [made, of.weight("cpb_mlp.2.weight")], (count, of.layer.heads), transB=1)
    return _looked_up(of, of.scaled(of.elementwise("Sigmoid", table), LARGEST_BIAS))
