"""Outputs against PyTorch, in float64: seeded random settings of every kind, and random networks with branches."""

from __future__ import annotations

import warnings
from math import isfinite, isnan, prod
from random import Random
from typing import Any

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.execution.weights import Weights
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shapes, expand_per_axis
from cnncalc.layers.ops import Map
from cnncalc.layers.window import Windowed
from cnncalc.network import INPUT, Network

from ..layers.cases import random_cases
from ..layers.test_against_torch import (
    MODULES,
    NO_MODULE,
    bordered,
    is_bias,
    is_numeric,
    is_refused_for_no_reason_of_shape,
    sides,
)
from ..networks import network
from ..random_networks.kinds import Kinds
from .branches import random_network
from .one import Arrays, before_pool, calculate, random_map

pytestmark = pytest.mark.torch

CASES = 50  # of each kind, 45 kinds: 2,250
NETWORKS = 300
TOLERANCE = 1e-9  # relative to the largest of an output


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def tensor(torch: Any, x: Map) -> Any:
    return torch.tensor(x.values, dtype=torch.float64).reshape(1, *x.shape)


def assert_close(ours: Map, theirs: Any, about: object) -> None:
    assert tuple(theirs.shape[1:]) == ours.shape, about
    wanted = theirs.reshape(-1).tolist()
    scale = max((abs(value) for value in wanted if isfinite(value)), default=0.0) + 1e-300
    for found, value in zip(ours.values, wanted, strict=True):
        both_are_none = isnan(found) and isnan(value)
        assert both_are_none or found == value or abs(found - value) <= TOLERANCE * scale, (about, found, value)


def kept_by(module: Any) -> dict[str, list[Any]]:
    """The arrays of a module by their role; both keep the same ones in the same order, role by role."""
    kept: dict[str, list[Any]] = {"weight": [], "bias": [], "buffer": []}
    for name, parameter in module.named_parameters():
        kept["bias" if is_bias(name) else "weight"].append(parameter)
    kept["buffer"] = [buffer for name, buffer in module.named_buffers() if name != "num_batches_tracked"]
    return kept


def load(torch: Any, module: Any, layer: Layer, inputs: Shapes, arrays: Arrays) -> None:
    """Give a module the arrays that the layer drew."""
    kept = kept_by(module)
    with torch.no_grad():
        for weight in layer.weights(inputs):
            values = torch.tensor(arrays(weight.name, weight.shape), dtype=torch.float64)
            kept[weight.role].pop(0).copy_(values.reshape(weight.shape))
    assert not any(kept.values())


def expected(torch: Any, layer: Any, inputs: tuple[Map, ...], arrays: Arrays) -> Any:
    """What PyTorch makes of the inputs, None where it cannot say it."""
    with torch.no_grad():
        return forward(torch, layer, inputs, [tensor(torch, x) for x in inputs], arrays)[0]


def forward(torch: Any, layer: Any, inputs: tuple[Map, ...], tensors: list[Any], arrays: Arrays) -> tuple[Any, Any]:
    """What PyTorch makes of tensors, None where it cannot say it, and the module that makes it, if there is one."""
    shapes = tuple(x.shape for x in inputs)
    if layer.kind in NO_MODULE:
        return by_function(torch, layer, tensors, arrays), None
    module = MODULES[layer.kind](torch, layer, shapes, len(next(iter(shapes), ())) - 1)
    if module is None or is_refused_for_no_reason_of_shape(layer, shapes) or is_refused(layer, shapes):
        return None, None
    if layer.kind in ("max_pool", "avg_pool") and not is_numeric(layer):
        return by_padded_pool(torch, layer, shapes, tensors[0]), None
    module = settled(module, layer)
    load(torch, module, layer, shapes, arrays)
    return module(*tensors)[:1], module  # what reads no tensor is there for each of a batch


def is_refused(layer: Any, shapes: Shapes) -> bool:
    """PyTorch's group norm wants more than one element for each channel."""
    return layer.kind == "group_norm" and prod(shapes[0][1:]) == 1


def settled(module: Any, layer: Any) -> Any:
    """The module at inference in float64, with the settings that shapes do not depend on."""
    if hasattr(layer, "epsilon"):
        module.eps = layer.epsilon
    if layer.kind == "avg_pool":
        module.count_include_pad = layer.count_padding
    return module.double().eval()


def by_padded_pool(torch: Any, layer: Any, shapes: Shapes, x: Any) -> Any:
    """A pool whose padding PyTorch has no word for: the input padded before, with what the pool takes padding for."""
    if layer.kind == "avg_pool" and not layer.count_padding:
        return None
    value = float("-inf") if layer.kind == "max_pool" else 0.0
    padded = torch.nn.functional.pad(x, sides(layer, shapes), value=value)
    return MODULES[layer.kind](torch, layer, shapes, len(shapes[0]) - 1)[1](padded)


def unpool(torch: Any, layer: Any, tensors: list[Any]) -> Any:
    """MaxUnpool with the indices of PyTorch's own pool, None where that has no word for the padding or the rounding."""
    x, pooled = tensors
    n = x.dim() - 2
    y = before_pool(layer, Map(tuple(pooled.shape[1:]), pooled.reshape(-1).tolist()))
    module = MODULES["max_pool"](torch, layer.pool, (y.shape,), n)
    if module is None or isinstance(module, torch.nn.Sequential):
        return None
    module.return_indices = True
    _, indices = module(tensor(torch, y))
    flat, places = x.reshape(1, x.shape[1], -1), indices.reshape(1, x.shape[1], -1)
    made = torch.zeros(1, x.shape[1], prod(layer.like), dtype=x.dtype)
    for number in range(flat.shape[-1]):  # in order, so that where windows overlap the last one stays
        made.scatter_(2, places[..., number : number + 1], flat[..., number : number + 1])
    made = made.reshape(1, x.shape[1], *layer.like)
    apart = all(len({*channel}) == len(channel) for channel in places[0].tolist())
    if apart and max(expand_per_axis("", layer.pool.dilation, n)) == 1 and not layer.pool.ceil:
        settings = [getattr(module, name) for name in ("kernel_size", "stride", "padding")]
        wanted = getattr(torch.nn.functional, f"max_unpool{n}d")(x, indices, *settings, output_size=layer.like)
        assert torch.equal(made, wanted)
    return made


def by_function(torch: Any, layer: Any, tensors: list[Any], arrays: Arrays) -> Any:
    x = tensors[0]
    if layer.kind in ("pad", "crop"):
        return bordered(torch, layer, x)
    if layer.kind == "max_unpool":
        return unpool(torch, layer, tensors)
    if layer.kind == "reshape":
        return x.reshape(1, *(-1 if size == "rest" else size for size in layer.shape))
    if layer.kind == "channel_split":
        sizes = x.shape[1] // layer.parts if isinstance(layer.parts, int) else list(layer.parts)
        return torch.split(x, sizes, dim=1)[layer.take]
    return Kinds(torch, "cpu").meet(layer.kind, tensors, **vars(layer))


@pytest.mark.parametrize("kind", KINDS)
def test_outputs(torch: Any, kind: str) -> None:
    rng = Random(f"outputs {kind}")
    compared = 0
    for layer, inputs in random_cases(kind, 4 * CASES):
        if compared == CASES:
            break
        if isinstance(layer, Windowed) and kind != "transposed_conv" and max(map(prod, inputs)) > 4000:
            continue
        maps = tuple(random_map(rng, shape) for shape in inputs)
        arrays = Arrays(rng)
        ours = calculate(layer, maps, arrays)
        theirs = expected(torch, layer, maps, arrays)
        if theirs is None:
            continue
        assert_close(ours, theirs, (layer, inputs))
        compared += 1
    assert compared == CASES


class Modules:
    """A network as PyTorch runs it, layer by layer, with the weights that cnncalc samples."""

    def __init__(self, torch: Any, net: Network, weights: Weights) -> None:
        self.torch, self.net, self.weights = torch, net, weights
        self.macs: dict[int, int] = {}

    def outputs(self, x: Any) -> dict[int, Any]:
        made = {INPUT: x}
        for node in self.net.nodes:
            tensors = [made[index] for index in node.inputs]
            if node.layer.kind in NO_MODULE:
                arrays = Arrays(Random(0))
                made[node.index] = by_function(self.torch, node.layer, tensors, arrays)
                continue
            shapes = node.input_shapes
            module = settled(MODULES[node.layer.kind](self.torch, node.layer, shapes, len(shapes[0]) - 1), node.layer)
            arrays = Arrays(Random(0))
            for weight in node.layer.weights(shapes):
                arrays[weight.name] = self.weights(node, weight.name, weight.shape)
            load(self.torch, module, node.layer, shapes, arrays)
            self.macs[node.index] = self.counted(module, tensors[0])
            with self.torch.no_grad():
                made[node.index] = module(*tensors)
        return made

    def counted(self, module: Any, x: Any) -> int:
        """Multiply-accumulates by PyTorch's own shapes: of every convolution and linear layer within."""
        found: list[int] = []

        def hook(inner: Any, inputs: Any, output: Any) -> None:
            name = type(inner).__name__
            if name == "Linear" or name.startswith("Conv"):
                per = prod(inner.weight.shape[1:])
                found.append(per * (inputs[0].numel() if "Transpose" in name else output.numel()))

        handles = [inner.register_forward_hook(hook) for inner in module.modules()]
        with self.torch.no_grad():
            module(x)
        for handle in handles:
            handle.remove()
        return sum(found)


@pytest.mark.sample(3)
@pytest.mark.parametrize("block", range(10))
def test_networks_with_branches(torch: Any, block: int) -> None:
    for seed in range(block * NETWORKS // 10, (block + 1) * NETWORKS // 10):
        net = network(random_network(Random(seed)))
        weights = Weights(net, {}, seed)
        start = random_map(Random(seed), net.input)
        ours = run(net, [start], weights, Numbers())
        modules = Modules(torch, net, weights)
        theirs = modules.outputs(tensor(torch, start))
        for node in net.nodes:
            assert ours[node.index].shape == node.output
            assert_close(ours[node.index], theirs[node.index], (seed, node.path))
            macs = node.layer.work(node.input_shapes, node.output).macs
            assert macs == modules.macs.get(node.index, 0), (seed, node.path)
            parameters = sum(prod(w.shape) for w in node.layer.weights(node.input_shapes) if w.role != "buffer")
            assert parameters == torch_parameters(torch, node.layer, node.input_shapes), (seed, node.path)


def torch_parameters(torch: Any, layer: Layer, inputs: Shapes) -> int:
    if layer.kind in NO_MODULE:
        return 0
    module = MODULES[layer.kind](torch, layer, inputs, len(inputs[0]) - 1)
    return sum(parameter.numel() for parameter in module.parameters())


def test_shape_of_kernel_is_that_of_pytorch(torch: Any) -> None:
    """The order of a kernel's axes, once by hand: out channel 1 reads in channel 0 at the second row's first place."""
    x = Map((2, 2, 2), [1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0])
    kernel = [0.0] * 16
    kernel[1 * 8 + 0 * 4 + 1 * 2 + 0] = 10.0
    net = network("input: [2, 2, 2]\nlayers: ['conv(2, 2, bias=false)']")
    made = run(net, [x], lambda node, name, shape: kernel, Numbers())[0]
    assert made.values == [0.0, 30.0]
