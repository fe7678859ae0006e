"""Executes a Network with PyTorch's functions and given weights, in float64: what the original gives, it must give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from cnncalc.exchange.graph import Graph
from cnncalc.network import INPUT, Network, Node

from ..layers.test_against_torch import MODULES, NO_MODULE, function_output, is_bias

LOADED = 10_000  # elements of an array up to which the reader's own way to its numbers is taken in any case
PLAIN = ("conv", "depthwise_conv", "transposed_conv", "linear", "multi_head_attention")  # whose arrays are as they were

Arrays = Mapping[str, Any]


def fill(torch: Any, module: Any, seed: int) -> Any:
    """The module in float64 and evaluation mode, with random weights and statistics."""
    for part in module.modules():
        for kept in (part._parameters, part._buffers):
            for name, array in kept.items():
                if array is not None and array.is_meta:
                    made = torch.empty_like(array, device="cpu")
                    kept[name] = torch.nn.Parameter(made) if kept is part._parameters else made
    module = module.double().eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, array in [*module.named_parameters(), *module.named_buffers()]:
            if not array.dtype.is_floating_point or not array.shape:  # indices and constants
                continue
            array.normal_(generator=generator)
            if name.endswith("running_var"):
                array.abs_().add_(0.5)
            elif array.dim() > 1:
                array.mul_(1 / sqrt(array[0].numel()))
            elif name.endswith("weight"):
                array.mul_(0.1).add_(1)
            else:
                array.mul_(0.1)
    return module


def arrays_of(torch: Any, graph: Graph, index: int, state: Mapping[str, Any]) -> Arrays:
    """The arrays of a node, by our names."""
    found = {}
    layer = graph.nodes[index].layer
    for name, array in graph.nodes[index].arrays.items():
        data = state.get(str(array.key))
        if data is None or array.form or layer is None or layer.kind not in PLAIN or data.numel() < LOADED:
            data = torch.tensor(array.load(), dtype=torch.float64)
        found[name] = data.reshape(array.shape)
    return found


def run(torch: Any, network: Network, weights: Sequence[Arrays], inputs: Sequence[Any]) -> dict[str, Any]:
    """The outputs for inputs [2, …], by their names; `weights` are those of each node."""
    made = {INPUT - at: x for at, x in enumerate(inputs)}
    last: dict[int, int] = {}
    for node in network.nodes:
        last.update(dict.fromkeys(node.inputs, node.index))
        if node.layer.restores:
            last[network.nodes[node.inputs[1]].inputs[0]] = node.index
    kept = {*network.outputs.values()}
    with torch.no_grad():
        for node in network.nodes:
            made[node.index] = step(torch, network, node, made, weights[node.index])
            for done in [index for index, end in last.items() if end == node.index and index not in kept]:
                made.pop(done, None)
    return {name: made[index] for name, index in network.outputs.items()}


def step(torch: Any, network: Network, node: Node, made: Mapping[int, Any], arrays: Arrays) -> Any:
    """What a node gives."""
    layer, tensors = node.layer, [made[index] for index in node.inputs]
    if layer.restores:
        return unpooled(torch, layer, tensors[0], made[network.nodes[node.inputs[1]].inputs[0]])
    if layer.kind in NO_MODULE:
        return function_output(torch, layer, tensors)
    with torch.device("cpu" if layer.kind.endswith("position_bias") else "meta"):  # which computes indices
        module = MODULES[layer.kind](torch, layer, node.input_shapes, len(next(iter(node.input_shapes), ())) - 1).eval()
    return torch.func.functional_call(module, named(module, layer, node, arrays), tuple(tensors))


def named(module: Any, layer: Any, node: Node, arrays: Arrays) -> Arrays:
    """The arrays by the module's names: those of each role are in its order."""
    theirs: dict[str, list[str]] = {"weight": [], "bias": [], "buffer": []}
    for name, _ in module.named_parameters():
        theirs["bias" if is_bias(name) else "weight"].append(name)
    theirs["buffer"] = [name for name, _ in module.named_buffers() if not name.endswith("num_batches_tracked")]
    shapes = {name: tuple(array.shape) for name, array in [*module.named_parameters(), *module.named_buffers()]}
    found = {}
    for weight in layer.weights(node.input_shapes):
        name = theirs[weight.role].pop(0)
        found[name] = arrays[weight.name].reshape(weight.shape).reshape(shapes[name])
    assert not any(theirs.values())
    return found


def unpooled(torch: Any, layer: Any, x: Any, inside: Any) -> Any:
    """Max unpooling, with the indices of the pool of this tensor."""
    axes = inside.dim() - 2
    pool = MODULES["max_pool"](torch, layer.pool, (tuple(inside.shape[1:]),), axes)
    pool.return_indices = True
    settings = [getattr(pool, name) for name in ("kernel_size", "stride", "padding")]
    unpool = getattr(torch.nn.functional, f"max_unpool{axes}d")
    return unpool(x, pool(inside)[1], *settings, output_size=inside.shape[2:])


def differences(torch: Any, module: Any, graph: Graph, reading: Any, inputs: Sequence[Any]) -> list[float]:
    """The largest differences between the module's outputs and ours, relative to the largest: flat, and as read."""
    from cnncalc.exchange.torch_inputs import leaves
    from cnncalc.exchange.write_flat import kept_nodes, to_network

    state = {**module.state_dict(), **dict(module.named_buffers())}
    with torch.no_grad():
        wanted = [each for _, each in leaves(module(*inputs))]
    found = []
    for network, order in ((to_network(graph), kept_nodes(graph)), (reading.require_network(), reading.order)):
        weights = [arrays_of(torch, graph, index, state) for index in order]
        outputs = [*run(torch, network, weights, inputs).values()]
        for ours, theirs in zip(outputs, wanted, strict=True):
            assert ours.shape == theirs.shape
            assert theirs.isfinite().all()
            found.append(float((ours - theirs).abs().max() / theirs.abs().max()))
    return found
