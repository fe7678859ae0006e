"""What whole networks keep for their backward pass, held against PyTorch, which runs them layer by layer."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.training import Settings, Training
from cnncalc.layers.regular import Dropout, StochasticDepth
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node
from cnncalc.reading import read

from ..execution.branches import random_network
from ..networks import network
from .test_against_torch import MODULES, NO_MODULE, function_output
from .test_saved import BATCH, is_another_in_pytorch, torch

__all__ = ["torch"]
# One of each family of classifiers, on inputs as small as they take.
SMALL = {
    "lenet5": "1x32x32", "resnet18": "3x33x33", "densenet121": "3x33x33", "squeezenet1_1": "3x33x33",
    "mobilenet_v2": "3x33x33", "mobilenet_v3_small": "3x33x33", "shufflenet_v2_x0_5": "3x33x33",
    "mnasnet0_5": "3x33x33", "regnet_y_400mf": "3x33x33", "googlenet": "3x33x33", "efficientnet_b0": "3x33x33",
}  # fmt: skip


def count_kept(torch: Any, net: Network) -> int | None:
    """Bytes of the storages that are kept, each once, without parameters; None where PyTorch has not all its layers."""
    made: dict[int, Any] = {start: torch.randn(BATCH, *shape) for start, shape in net.starts.items()}
    own: set[int] = set()
    kept: list[Any] = []

    def pack(tensor: Any) -> Any:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        for node in map(with_numbers, net.nodes):
            tensors = [made[source] for source in node.inputs]
            module = None
            if node.layer.kind not in NO_MODULE:
                module = MODULES[node.layer.kind](torch, node.layer, node.input_shapes, len(node.input_shapes[0]) - 1)
                if module is None:
                    return None
                own |= {each.untyped_storage().data_ptr() for each in (*module.parameters(), *module.buffers())}
                kept.append(module)  # so that no other storage gets the address of its parameters
            if is_another_in_pytorch(node.layer, module, node.input_shapes):
                return None
            made[node.index] = module(*tensors) if module is not None else function_output(torch, node.layer, tensors)
    tensors = [each for each in kept if isinstance(each, torch.Tensor)]
    storages: dict[int, int] = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in tensors}
    return sum(size for address, size in storages.items() if address not in own)


def with_numbers(node: Node) -> Node:
    """The layer with its padding in numbers, which PyTorch's module takes where both sides are equal."""
    layer: Any = node.layer
    if not isinstance(layer, Windowed) or "padding" not in layer.settings:
        return node
    axes = layer.axes(node.input_shapes)
    if any(axis.before != axis.after for axis in axes):
        return node
    return node._replace(layer=layer.replace(padding=tuple(axis.before for axis in axes)))


@pytest.mark.torch
@pytest.mark.sample(3)
@pytest.mark.parametrize("name", SMALL)
def test_classifiers(torch: Any, name: str) -> None:
    reading = read(name, inputs=(SMALL[name],))
    net = without_depth(reading.require_network())
    assert Training(analyze(net), Settings(batch=BATCH)).kept.total == count_kept(torch, net)


def without_depth(net: Network) -> Network:
    """The network with dropout in place of stochastic depth, which PyTorch has no module for."""
    return net._replace(
        nodes=tuple(
            node._replace(layer=Dropout(rate=node.layer.rate)) if isinstance(node.layer, StochasticDepth) else node
            for node in net.nodes
        )
    )


@pytest.mark.torch
def test_random_networks(torch: Any) -> None:
    compared = 0
    for seed in range(60):
        net = network(random_network(Random(seed)))
        found = count_kept(torch, net)
        if found is not None:
            assert Training(analyze(net), Settings(batch=BATCH)).kept.total == found, seed
            compared += 1
    assert compared >= 12
