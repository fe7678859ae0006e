"""Exported Keras models, made and compared with the network that they were written from."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.errors import SpecError
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.export.about import output_key
from cnncalc.export.axes import Layout
from cnncalc.export.keras_model import write_model
from cnncalc.export.keras_names import layer_name
from cnncalc.export.keras_order import flattened
from cnncalc.layers.ops import Map
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node
from cnncalc.reading import Reading

Arrays = Mapping[tuple[int, str], Any]  # by the node and the name of the array
GATES = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2), "rnn": (0,)}  # of PyTorch, in the order of Keras


def code_of(reading: Reading, layout: Layout = Layout.channels_last) -> str:
    """The exported file."""
    network = reading.require_network()
    assert reading.description is not None
    return write_model(reading.description, network, layout).text


def code_or_reason(reading: Reading, layout: Layout) -> tuple[str, str]:
    """The code, or the problems for which there is none."""
    try:
        return code_of(reading, layout), ""
    except SpecError as error:
        return "", "; ".join(problem.message for problem in error.problems)


def made(text: str) -> Any:
    """The model that a file makes by its last function."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    functions = [each for each in names.values() if getattr(each, "__module__", "") == "exported" and callable(each)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return functions[-1]()


def called(keras: Any, text: str) -> tuple[Any, list[tuple[str, tuple[int, ...]]]]:
    """The model, and the layers that were called while it was made, in order, each with the shape of its output."""
    calls: list[tuple[str, tuple[int, ...]]] = []
    plain = keras.layers.Layer.__call__

    def keep(layer: Any, *given: Any, **options: Any) -> Any:
        found = plain(layer, *given, **options)
        if isinstance(found, keras.KerasTensor):
            calls.append((layer.name, tuple(found.shape[1:])))
        return found

    keras.layers.Layer.__call__ = keep
    try:
        model = made(text)
    finally:
        keras.layers.Layer.__call__ = plain
    return model, calls


def has_both(node: Node) -> bool:
    """Whether a convolution has a stride and a dilation: then every other position is taken after it."""
    axes = node.layer.axes(node.input_shapes) if isinstance(node.layer, Windowed) else ()
    return any(axis.stride > 1 for axis in axes) and any(axis.dilation > 1 for axis in axes)


def random_arrays(numpy: Any, network: Network, seed: int) -> dict[tuple[int, str], Any]:
    """Numbers for every array of a network; variances are about 1."""
    generator = numpy.random.default_rng(seed)
    return {
        (node.index, each.name): generator.random(each.shape) / 2 + (0.5 if "var" in each.name else 0.1)
        for node in network.nodes
        if node.shares is None
        for each in node.layer.weights(node.input_shapes)
    }


def executed(network: Network, arrays: Arrays, inputs: list[Any]) -> dict[str, Map]:
    """The outputs by the executor, by the names that the model has."""

    def weigh(node: Node, name: str, shape: object) -> list[float]:
        found: list[float] = arrays[node.index if node.shares is None else node.shares, name].flatten().tolist()
        return found

    starts = [Map(shape, each.flatten().tolist()) for shape, each in zip(network.inputs.values(), inputs, strict=True)]
    results = run(network, starts, weigh, Numbers(), keep=set(network.outputs.values()))
    return {output_key(name): results[index] for name, index in network.outputs.items()}


def fill(numpy: Any, network: Network, model: Any, arrays: Arrays, layout: Layout) -> None:
    """Write the arrays into the layers of a model."""
    for node in network.nodes:
        if node.shares is None and node.layer.weights(node.input_shapes):
            weights = {each.name: arrays[node.index, each.name] for each in node.layer.weights(node.input_shapes)}
            for variable, array in values_of(numpy, network, node, model, weights, layout):
                assert tuple(variable.shape) == array.shape, node.path
                variable.assign(array)


def values_of(
    numpy: Any, network: Network, node: Node, model: Any, w: dict[str, Any], layout: Layout
) -> Iterator[tuple[Any, Any]]:
    """The variables of a layer, each with our array as Keras keeps it."""
    kind, name = node.layer.kind, layer_name(node.path)
    if kind == "spatial_separable_conv":
        yield model.get_layer(f"{name}-column").kernel, last(w["column.weight"])
        row = model.get_layer(f"{name}-row")
        yield row.kernel, last(w["row.weight"])
        if "row.bias" in w:
            yield row.bias, w["row.bias"]
        return
    if kind in GATES:
        count = node.layer.layers  # type: ignore[attr-defined]
        for at in range(count):
            one = model.get_layer(name if count == 1 else f"{name}-{at}")
            yield from recurrent(numpy, kind, one, at, w)
        return
    if kind == "separable_conv" and name not in {each.name for each in model.layers}:
        yield model.get_layer(f"{name}-depthwise").kernel, last(w["depthwise.weight"])
        point = model.get_layer(f"{name}-pointwise")
        yield point.kernel, last(w["pointwise.weight"])
        if "pointwise.bias" in w:
            yield point.bias, w["pointwise.bias"]
        return
    layer = model.get_layer(name)
    if kind == "standardized_conv" and "gain" in w:
        yield layer.gain, w["gain"].flatten()
    if kind in ("standardized_conv", "conv", "depthwise_conv", "transposed_conv", "separable_conv"):
        yield from convolution(kind, layer, w)
    elif kind == "locally_connected":  # ours: out, positions, channels, window
        axes = len(layer.kernel_size)
        order = (*range(axes + 2, 2 * axes + 2), *range(1, axes + 2), 0)
        yield layer.kernel, w["weight"].transpose(order)
        if "bias" in w:
            yield layer.bias, numpy.moveaxis(w["bias"], 0, -1) if layout.is_last else w["bias"]
    elif kind == "table_conv":
        yield layer.kernel, numpy.moveaxis(w["weight"], 0, -1)
        yield from ((layer.bias, w["bias"].reshape(tuple(layer.bias.shape))) for _ in [0] if "bias" in w)
    elif kind == "linear":
        weight = w["weight"]
        shape = flattened(network, node) if layout.is_last else None
        if shape is not None:
            weight = numpy.moveaxis(weight.reshape(-1, *shape), 1, -1).reshape(len(weight), -1)
        yield layer.kernel, weight.T
        yield from ((layer.bias, w["bias"]) for _ in [0] if "bias" in w)
    elif kind == "multi_head_attention":
        yield from attention(layer, w)
    elif kind == "continuous_position_bias":
        yield layer.kernel, w["cpb_mlp.0.weight"].T
        yield layer.bias, w["cpb_mlp.0.bias"]
        yield layer.out, w["cpb_mlp.2.weight"].T
    else:
        found = dict(zip(ORDER, (w.get(each) for each in ORDER), strict=True))
        variables = [each for each in layer.weights if "seed" not in each.path]
        given = [array for array in found.values() if array is not None]
        for variable, array in zip(variables, given, strict=True):
            size = tuple(variable.shape)
            turned = numpy.moveaxis(array, 0, -1) if layout.is_last and has_channels(node, array) else array
            yield variable, turned.reshape(size)


# Ours, in the order of Keras: scale, offset, moving mean, moving variance.
ORDER = ("weight", "relative_position_bias_table", "bias", "running_mean", "running_var")


def has_channels(node: Node, array: Any) -> bool:
    """Whether the first axis of an array of several axes are the channels."""
    if node.layer.kind == "layer_norm":
        return 0 in node.layer.normalized_axes(node.output)  # type: ignore[attr-defined]
    if node.layer.kind == "relative_position_bias":
        return False
    return bool(array.ndim == len(node.output))  # per element, or learned; not per position


def last(weight: Any) -> Any:
    """[out, in, *K] → [*K, in, out]."""
    return weight.transpose(*range(2, weight.ndim), 1, 0)


def convolution(kind: str, layer: Any, w: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    weight = w.get("weight", w.get("depthwise.weight"))
    assert weight is not None
    if kind in ("transposed_conv", "conv", "standardized_conv") or type(layer).__name__.startswith("Conv"):
        yield layer.kernel, last(weight)
    else:
        multiplier = layer.depth_multiplier
        parts = weight.reshape(-1, multiplier, *weight.shape[2:])
        kernel = parts.transpose(*range(2, parts.ndim), 0, 1)
        yield (layer.depthwise_kernel if kind == "separable_conv" else layer.kernel), kernel
    if kind == "separable_conv":
        yield layer.pointwise_kernel, last(w["pointwise.weight"])
    bias = w.get("bias", w.get("pointwise.bias"))
    if bias is not None:
        yield layer.bias, bias.reshape(tuple(layer.bias.shape))


def attention(layer: Any, w: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    heads = layer.num_heads
    whole = w.get("in_proj_weight")
    weights = [*whole.reshape(3, -1, whole.shape[1])] if whole is not None else [
        w[f"{each}_proj_weight"] for each in "qkv"]  # fmt: skip
    biases = w["in_proj_bias"].reshape(3, -1) if "in_proj_bias" in w else [None] * 3
    dense = (layer.query_dense, layer.key_dense, layer.value_dense)
    for each, weight, bias in zip(dense, weights, biases, strict=True):
        yield each.kernel, weight.T.reshape(weight.shape[1], heads, -1)
        if bias is not None:
            yield each.bias, bias.reshape(heads, -1)
    out = w["out_proj.weight"]
    yield layer.output_dense.kernel, out.T.reshape(heads, -1, len(out))
    if "out_proj.bias" in w:
        yield layer.output_dense.bias, w["out_proj.bias"]


def recurrent(numpy: Any, kind: str, layer: Any, at: int, w: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    gates = GATES[kind]
    both = hasattr(layer, "forward_layer")
    cells = [(layer.forward_layer, ""), (layer.backward_layer, "_reverse")] if both else [(layer, "")]
    for one, suffix in cells:

        def turned(name: str, suffix: str = suffix) -> Any:
            array = w[f"{name}_l{at}{suffix}"]
            parts = array.reshape(len(gates), -1, *array.shape[1:])
            return numpy.concatenate([parts[gate] for gate in gates])

        yield one.cell.kernel, turned("weight_ih").T
        yield one.cell.recurrent_kernel, turned("weight_hh").T
        if f"bias_ih_l{at}" in w:
            bias = turned("bias_ih")
            two = f"bias_hh_l{at}" in w
            if hasattr(one.cell, "biases"):
                yield one.cell.biases, numpy.stack([bias, turned("bias_hh")] if two else [bias])
                continue
            if two and kind != "gru":
                yield one.cell.recurrent_bias, turned("bias_hh")
                two = False
            yield one.cell.bias, numpy.stack([bias, turned("bias_hh")]) if two else bias
