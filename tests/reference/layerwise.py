"""A network layer by layer beside PyTorch: parameters, buffers, macs and shape of every layer with parameters, outputs.

`Written` is a network written with PyTorch's modules, each made when it is first reached and recorded when it has run;
`record` does the same for a module that is there, by hooks. `run_ours` computes our network with PyTorch and the
recorded weights: equal outputs mean that the layers are also wired alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Node

from ..layers.test_against_torch import MODULES, NO_MODULE, function_output
from ..random_networks.modules import (
    layer_norm,
    learned,
    multi_head_attention,
    relative_position_bias,
    response_norm,
)
from ..random_networks.recurrent import count_macs, recurrent

BATCH = 2  # of all tensors with values


class Leaf(NamedTuple):
    """A layer with parameters where it runs; those of a layer that runs again are counted where it ran first."""

    parameters: int
    buffers: int
    macs: int
    output: Shape


def our_leaves(report: Report) -> list[Leaf]:
    """Our layers that have parameters, or the macs of shared ones, in the order in which they run."""
    return [
        Leaf(layer.parameters, layer.buffers, layer.work.macs, layer.output)
        for layer in report.layers
        if layer.parameters or layer.work.macs
    ]


def macs(module: Any, x: Any, y: Any) -> int:
    """Multiply-accumulates for one element of the batch: each output meets a kernel, each input if transposed."""
    if hasattr(module, "weight_ih_l0"):
        return count_macs(module, x.shape[2])
    if hasattr(module, "in_proj_weight"):  # four projections, the products with all keys and the sums of all values
        channels, positions = x.shape[1:]
        return int(4 * channels * channels * positions + 2 * positions * positions * channels)
    weight = getattr(module, "weight", None)
    if weight is None or x is None or weight.dim() < 2:
        return 0
    met = x if type(module).__name__.startswith("ConvTranspose") else y
    return int(met[0].numel() * weight[0].numel())


class Recorded:
    """Leaf modules with parameters in the order in which they run."""

    def __init__(self) -> None:
        self.modules: list[Any] = []  # each once
        self.leaves: list[Leaf] = []

    def knows(self, module: Any) -> bool:
        """Whether a module has run."""
        return any(module is other for other in self.modules)

    def add(self, module: Any, x: Any, y: Any) -> None:
        """Record a module that has run."""
        own = [*module.parameters()]
        if not own:
            return
        first = not self.knows(module)
        if first:
            self.modules.append(module)
        numbers = sum(each.numel() for each in own) if first else 0
        kept = sum(each.numel() for each in module.buffers() if each.dim()) if first else 0  # not how many batches
        self.leaves.append(Leaf(numbers, kept, macs(module, x, y), tuple(y.shape[1:])))

    def arrays(self) -> list[list[Any]]:
        """The arrays of each module, in the order in which they first ran."""
        return [arrays_of(module) for module in self.modules]


def record(torch: Any, model: Any) -> Recorded:
    """Record the leaf modules of a model whenever they run, with random numbers for a batch norm to normalize by."""
    found = Recorded()

    def before(module: Any, inputs: Any) -> None:
        if not found.knows(module):
            settle(torch, module, inputs[0])

    def after(module: Any, inputs: Any, output: Any) -> None:
        found.add(module, inputs[0], output)

    for module in model.modules():
        if not [*module.children()] and [*module.parameters()]:
            module.register_forward_pre_hook(before)
            module.register_forward_hook(after)
    return found


def settle(torch: Any, module: Any, x: Any) -> None:
    """Draw weights of a module so that its outputs are neither all alike nor out of bounds."""
    if x is not None and x.device.type == "meta":
        return
    if x is None or not hasattr(module, "weight"):  # of the model itself, or several under other names
        with torch.no_grad():
            for array in module.parameters():
                array.copy_(
                    torch.randn(array.shape) * (0.5 if array.dim() < 2 or x is None else array.shape[1] ** -0.5)
                )
        return
    weight: Any = getattr(module, "weight", None)
    bias: Any = getattr(module, "bias", None)
    with torch.no_grad():
        if hasattr(module, "running_mean"):
            axes = [axis for axis in range(x.dim()) if axis != 1]
            module.running_mean.copy_(x.mean(axes))
            module.running_var.copy_(x.var(axes, unbiased=False) + 0.1)
            weight.uniform_(0.5, 1.5)
        elif weight is not None and weight.dim() > 1:
            torch.nn.init.kaiming_normal_(weight)
        if bias is not None and not isinstance(bias, bool):  # which it is of a recurrent layer
            bias.uniform_(-0.5, 0.5)


def arrays_of(module: Any) -> list[Any]:
    """The parameters and running statistics of a module, in order."""
    return [*module.parameters(), *(each for each in module.buffers() if each.dim())]


class Written(Recorded):
    """The layers of a network in functions: `conv(x, 64, 3)` makes the module, runs it and records it."""

    def __init__(self, torch: Any) -> None:
        super().__init__()
        self.torch = torch
        self.nn = torch.nn
        self.functional = torch.nn.functional

    def run(self, module: Any, x: Any) -> Any:
        """Run a new module."""
        settle(self.torch, module, x)
        y = module.eval()(x)
        self.add(module, x, y)
        return y

    def conv(self, x: Any, out: int, kernel: Any = 1, stride: int = 1, padding: Any = None, **more: Any) -> Any:
        """A convolution, padded by half the kernel unless the padding is given; on one axis or two."""
        if padding is None:
            padding = kernel // 2
        make = self.nn.Conv1d if x.dim() == 3 else self.nn.Conv2d
        return self.run(make(x.shape[1], out, kernel, stride, padding, **more), x)

    def norm(self, x: Any, epsilon: float = 1e-5) -> Any:
        """A batch norm."""
        make = {2: self.nn.BatchNorm1d, 3: self.nn.BatchNorm1d, 4: self.nn.BatchNorm2d}[x.dim()]
        return self.run(make(x.shape[1], eps=epsilon), x)

    def conv_norm(self, x: Any, out: int, kernel: Any = 1, stride: int = 1, padding: Any = None, **more: Any) -> Any:
        """A convolution without bias, and its batch norm."""
        return self.norm(self.conv(x, out, kernel, stride, padding, bias=False, **more))

    def linear(self, x: Any, out: int) -> Any:
        """A fully connected layer."""
        return self.run(self.nn.Linear(x.shape[1], out), x)

    def learned(self, *shape: int) -> Any:
        """Learned numbers, which are of no input."""
        module = self.nn.ParameterList([self.torch.randn(shape)])
        self.modules.append(module)
        self.leaves.append(Leaf(prod(shape), 0, 0, shape))
        return module[0]

    def matmul(self, a: Any, b: Any) -> Any:
        """The product of two tensors, of which one may be learned numbers."""
        y = self.torch.matmul(a, b)
        self.leaves.append(Leaf(0, 0, y[0].numel() * a.shape[-1], tuple(y.shape[1:])))
        return y

    def recurrent(self, kind: str, x: Any, hidden: int, **more: Any) -> Any:
        """A recurrent layer, of a sequence with the channels first."""
        return self.run(recurrent(self.torch, kind, x.shape[1], hidden, **more), x)

    def channel_norm(self, x: Any, epsilon: float = 1e-5) -> Any:
        """A layer norm of the channels of each position."""
        return self.run(layer_norm(self.torch, x, [1], epsilon), x)

    def attention(self, x: Any, heads: int) -> Any:
        """nn.MultiheadAttention of a sequence with the channels first."""
        return self.run(multi_head_attention(self.torch, x.shape[1], x.shape[1], heads), x)

    def position_bias(self, heads: int, window: Sequence[int]) -> Any:
        """A number for each head and offset of two positions of a window."""
        return self.run(relative_position_bias(self.torch, heads, window, BATCH), None)

    def shift(self, x: Any) -> Any:
        """A parameter that is added, for each element."""
        return self.run(learned(self.torch, x, "element", "bias"), x)

    def response_norm(self, x: Any) -> Any:
        """Global response normalization."""
        return self.run(response_norm(self.torch, x.shape[1]), x)

    def attend(self, query: Any, key: Any, value: Any, scale: float, bias: Any = None) -> Any:
        """softmax(query·key)·value of tensors [batch, …, positions, channels], recorded as two products."""
        scores = query @ key.mT * scale
        self.leaves.append(Leaf(0, 0, scores[0].numel() * query.shape[-1], tuple(scores.shape[1:])))
        if bias is not None:
            scores = scores + bias()
        made = scores.softmax(-1) @ value
        self.leaves.append(Leaf(0, 0, made[0].numel() * key.shape[-2], tuple(made.mT.shape[1:])))
        return made

    def cat(self, *parts: Any, axis: int = 1) -> Any:
        """A concatenation, of channels unless the axis is given."""
        return self.torch.cat(parts, axis)

    def resize(self, x: Any, like: Any, **how: Any) -> Any:
        """An interpolation to the size of another tensor."""
        return self.functional.interpolate(x, size=like.shape[2:], **how)


@contextmanager
def doubles(torch: Any) -> Any:
    """New tensors and parameters in float64, the same numbers each time; threads would wait for one another."""
    before, threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.manual_seed(14)
    try:
        with torch.no_grad():
            yield
    finally:
        torch.set_default_dtype(before)
        torch.set_num_threads(threads)


def run_ours(torch: Any, network: Network, weights: Sequence[list[Any]], x: Any) -> dict[str, Any]:
    """The outputs of our network by name, computed by PyTorch with the arrays of modules that ran in the same order."""
    left = [*weights]
    made: dict[int, Any] = {}
    values: dict[int, Any] = {next(iter(network.starts)): x}
    for node in network.nodes:
        inputs = [values[index] for index in node.inputs]
        if node.layer.kind == "max_unpool":
            values[node.index] = undo(torch, node, network.nodes[node.inputs[1]], inputs[0], values)
            continue
        if node.layer.kind in NO_MODULE:
            values[node.index] = function_output(torch, node.layer, inputs)
            continue
        module = prepare(torch, node, left) if node.shares is None else made[node.shares]
        made[node.index] = module
        values[node.index] = module.eval()(*inputs)
    assert not left
    return {name: values[index] for name, index in network.outputs.items()}


def prepare(torch: Any, node: Node, left: list[list[Any]]) -> Any:
    """The module of a layer, with the next arrays that are left if it has any."""
    layer: Any = node.layer
    with torch.device("meta"):  # its own first weights would be drawn in vain
        module = MODULES[layer.kind](torch, layer, node.input_shapes, len(next(iter(node.input_shapes), ())) - 1)
    module.to_empty(device="cpu")
    if own := arrays_of(module):
        for array, other in zip(own, left.pop(0), strict=True):
            array.copy_(other.reshape(array.shape))
        if hasattr(module, "eps"):
            module.eps = layer.epsilon
    return module


def undo(torch: Any, node: Node, pool: Node, x: Any, values: dict[int, Any]) -> Any:
    """Each element where a max pool found the largest one, which the pool is asked once more."""
    layer: Any = pool.layer
    settings = (layer.kernel, layer.stride, layer.padding)
    whole = values[pool.inputs[0]]
    places = torch.nn.functional.max_pool2d(whole, *settings, ceil_mode=layer.ceil, return_indices=True)[1]
    return torch.nn.functional.max_unpool2d(x, places, *settings, output_size=node.output[1:])


def assert_equal(ours: Any, theirs: Any) -> None:
    """Equal up to rounding, and not because nothing of the input is left in them."""
    assert ours.shape == theirs.shape
    assert float((theirs[0] - theirs[1]).abs().max()) > 1e-6 * float(theirs.abs().max()) > 0
    assert float((ours - theirs).abs().max()) <= 1e-9 * float(theirs.abs().max())
