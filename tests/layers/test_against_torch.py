"""Shapes, parameters and errors compared with PyTorch's modules, on the meta device, for seeded random arguments."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import prod
from random import Random
from typing import Any

import pytest

from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape, Shapes, expand_per_axis
from cnncalc.layers.pool import AvgPool
from cnncalc.layers.structure import MERGES
from cnncalc.layers.window import Windowed, to_pairs

from ..random_networks.deformable import deformable_conv
from ..random_networks.kinds import PLAIN, Kinds
from ..random_networks.modules import (
    continuous_position_bias,
    layer_norm,
    learned,
    learned_tensor,
    locally_connected,
    multi_head_attention,
    relative_position_bias,
    response_norm,
    rms_norm,
    standardized_conv,
    table_conv,
    without,
)
from ..random_networks.recurrent import recurrent
from .cases import random_cases

pytestmark = pytest.mark.torch

CASES = 60
REFUSAL_CASES = 1500
NO_MODULE = {*MERGES, "max_unpool", "channel_split", "pad", "crop", "reshape"}  # plain functions there


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the missing NumPy
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def sides(layer: Windowed, inputs: Shapes) -> list[int]:
    """The padding as torch.nn.functional.pad takes it: the last axis first."""
    return [side for axis in reversed(layer.axes(inputs)) for side in (axis.before, axis.after)]


def is_numeric(layer: Windowed) -> bool:
    """Whether PyTorch has this padding: numbers, the same before and after."""
    padding = layer.padding
    return isinstance(padding, int) or (isinstance(padding, tuple) and all(isinstance(side, int) for side in padding))


def convolution(torch: Any, layer: Any, inputs: Shapes, *, out: int, groups: int, bias: bool) -> Any:
    """The module of a convolution, after a padding layer if PyTorch's module does not have the padding."""
    n = len(inputs[0]) - 1
    kernel, stride = expand_per_axis("kernel", layer.kernel, n), expand_per_axis("stride", layer.stride, n)
    settings = {
        "stride": stride,
        "dilation": expand_per_axis("dilation", layer.dilation, n),
        "groups": groups,
        "bias": bias,
    }
    make = getattr(torch.nn, f"Conv{n}d")
    if is_numeric(layer):
        padding = expand_per_axis("padding", layer.padding, n)
        return make(inputs[0][0], out, kernel, padding=padding, **settings)
    return torch.nn.Sequential(Pad(torch, sides(layer, inputs)), make(inputs[0][0], out, kernel, **settings))


def Pad(torch: Any, amounts: list[int], value: float = 0) -> Any:
    class Module(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return torch.nn.functional.pad(x, amounts, value=value)

    return Module()


def kept(layer: Any, shape: Shape) -> list[int | None]:
    """The sizes of an adaptive pool; on one axis PyTorch takes the size of the input in place of None."""
    sizes = expand_per_axis("size", layer.size, len(shape) - 1)
    return [shape[1] if size is None and len(shape) == 2 else size for size in sizes]


def Upsample(torch: Any, layer: Any, axes: int) -> Any:
    """All modes and targets of torch.nn.functional.interpolate, whose linear mode has a name for each rank."""
    mode = {"linear": ("linear", "bilinear", "trilinear")[axes - 1]}.get(layer.mode, layer.mode)
    sizes = layer.like or layer.size
    how = {"mode": mode, "align_corners": layer.align_corners if mode not in ("nearest", "area") else None}
    if layer.factor is not None:
        factor = layer.factor
        how["scale_factor"] = tuple(map(float, factor if isinstance(factor, tuple) else (factor,) * axes))
    else:
        how["size"] = expand_per_axis("size", sizes, axes)

    class Module(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return torch.nn.functional.interpolate(x, **how)

    return Module()


def transposed(torch: Any, layer: Any, inputs: Shapes) -> Any:
    n = len(inputs[0]) - 1
    amounts = [] if is_numeric(layer) else [-side for side in sides(layer, inputs)]
    module = getattr(torch.nn, f"ConvTranspose{n}d")(
        inputs[0][0],
        layer.out,
        expand_per_axis("kernel", layer.kernel, n),
        stride=expand_per_axis("stride", layer.stride, n),
        padding=expand_per_axis("padding", layer.padding, n) if is_numeric(layer) else 0,
        output_padding=expand_per_axis("output_padding", layer.output_padding, n),
        dilation=expand_per_axis("dilation", layer.dilation, n),
        groups=layer.groups,
        bias=layer.bias,
    )
    return torch.nn.Sequential(module, Pad(torch, amounts)) if amounts else module


def pool(torch: Any, layer: Any, inputs: Shapes) -> Any:
    """A pool, None if PyTorch does not have it: with Caffe's rule, or rounding up with uneven padding."""
    n = len(inputs[0]) - 1
    if layer.ceil and (layer.dialect == "caffe" or not is_numeric(layer)):
        return None
    settings = {"stride": expand_per_axis("stride", layer.stride, n), "ceil_mode": layer.ceil}
    if layer.kind == "max_pool":
        settings["dilation"] = expand_per_axis("dilation", layer.dilation, n)
    else:
        settings["count_include_pad"] = layer.count_padding
    make = getattr(torch.nn, f"{'Max' if layer.kind == 'max_pool' else 'Avg'}Pool{n}d")
    kernel = expand_per_axis("kernel", layer.kernel, n)
    if is_numeric(layer):
        return make(kernel, padding=expand_per_axis("padding", layer.padding, n), **settings)
    if layer.kind == "avg_pool" and not layer.count_padding:
        return mean_inside(torch, Pad(torch, sides(layer, inputs)), make(kernel, **settings))
    value = float("-inf") if layer.kind == "max_pool" else 0
    return torch.nn.Sequential(Pad(torch, sides(layer, inputs), value), make(kernel, **settings))


def mean_inside(torch: Any, pad: Any, pool: Any) -> Any:
    """The mean of those elements of a window that are in the map."""

    class Module(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return pool(pad(x)) / pool(pad(torch.ones_like(x)))

    return Module()


def separable(torch: Any, layer: Any, inputs: Shapes) -> Any:
    channels, n = inputs[0][0], len(inputs[0]) - 1
    middle = channels * layer.multiplier
    depthwise = convolution(torch, layer, inputs, out=middle, groups=channels, bias=False)
    pointwise = getattr(torch.nn, f"Conv{n}d")(middle, layer.out, 1, bias=layer.bias)
    return torch.nn.Sequential(depthwise, pointwise)


def spatial_separable(torch: Any, layer: Any, inputs: Shapes) -> Any:
    (kh, kw), (sh, sw) = expand_per_axis("kernel", layer.kernel, 2), expand_per_axis("stride", layer.stride, 2)
    return torch.nn.Sequential(
        Pad(torch, sides(layer, inputs)),
        torch.nn.Conv2d(inputs[0][0], layer.out, (kh, 1), stride=(sh, 1), bias=False),
        torch.nn.Conv2d(layer.out, layer.out, (1, kw), stride=(1, sw), bias=layer.bias),
    )


def norm(torch: Any, layer: Any, inputs: Shapes) -> Any:
    n, channels = len(inputs[0]) - 1, inputs[0][0]
    match layer.kind:
        case "batch_norm":
            made = getattr(torch.nn, f"BatchNorm{n or 1}d")(channels, affine=layer.affine)
        case "layer_norm":
            words = {"channels": [0], "all": [*range(n + 1)]}
            over = words[layer.over] if isinstance(layer.over, str) else layer.over
            axes = sorted(axis % (n + 1) + 1 for axis in (over if isinstance(over, list | tuple) else [over]))
            made = layer_norm(torch, torch.empty(2, *inputs[0]), axes, affine=layer.affine)
        case "group_norm":
            made = torch.nn.GroupNorm(layer.groups, channels, affine=layer.affine)
        case _:
            made = getattr(torch.nn, f"InstanceNorm{n}d")(channels, affine=layer.affine)
    made.eps = layer.epsilon
    return without(made, scale=layer.scale, shift=layer.shift)


def standardized(torch: Any, layer: Any, inputs: Shapes) -> Any:
    made = convolution(torch, layer, inputs, out=layer.out, groups=layer.groups, bias=layer.bias)
    kernel = made[1] if isinstance(made, torch.nn.Sequential) else made
    standardized_conv(torch, kernel, gain=layer.gain, epsilon=layer.epsilon)
    return made


def table(torch: Any, layer: Any, inputs: Shapes) -> Any:
    n = len(inputs[0]) - 1
    kernel, stride = expand_per_axis("kernel", layer.kernel, n), expand_per_axis("stride", layer.stride, n)
    return table_conv(torch, layer.connections, list(kernel), list(stride), sides(layer, inputs), bias=layer.bias)


def deformable(torch: Any, layer: Any, inputs: Shapes) -> Any:
    kernel, stride, dilation = (
        list(expand_per_axis(name, getattr(layer, name), 2)) for name in ("kernel", "stride", "dilation")
    )
    around = [(axis.before, axis.after) for axis in layer.axes(inputs)]
    return deformable_conv(
        torch, inputs[0][0], layer.out, kernel, stride, around, dilation, layer.groups,
        bias=layer.bias, parts=layer.offset_groups, mask=layer.mask,
    )  # fmt: skip


def prelu(torch: Any, layer: Any, inputs: Shapes) -> Any:
    if layer.per in ("position", "element"):
        return learned(torch, torch.empty(2, *inputs[0]), layer.per, "slope")
    return torch.nn.PReLU(1 if layer.shared or layer.per == "all" else inputs[0][0])


Build = Callable[[Any, Any, Shapes, int], Any]

# kind → its module for a layer, its inputs and the number of their spatial axes
MODULES: dict[str, Build] = {
    "conv": lambda t, y, x, n: convolution(t, y, x, out=y.out, groups=y.groups, bias=y.bias),
    "depthwise_conv": lambda t, y, x, n: convolution(t, y, x, out=x[0][0] * y.multiplier, groups=x[0][0], bias=y.bias),
    "separable_conv": lambda t, y, x, n: separable(t, y, x),
    "spatial_separable_conv": lambda t, y, x, n: spatial_separable(t, y, x),
    "transposed_conv": lambda t, y, x, n: transposed(t, y, x),
    "linear": lambda t, y, x, n: t.nn.Linear(x[0][0], y.out, bias=y.bias),
    "max_pool": lambda t, y, x, n: pool(t, y, x),
    "avg_pool": lambda t, y, x, n: pool(t, y, x),
    "global_avg_pool": lambda t, y, x, n: getattr(t.nn, f"AdaptiveAvgPool{n}d")(1),
    "global_max_pool": lambda t, y, x, n: getattr(t.nn, f"AdaptiveMaxPool{n}d")(1),
    "adaptive_avg_pool": lambda t, y, x, n: getattr(t.nn, f"AdaptiveAvgPool{n}d")(kept(y, x[0])),
    "adaptive_max_pool": lambda t, y, x, n: getattr(t.nn, f"AdaptiveMaxPool{n}d")(kept(y, x[0])),
    "batch_norm": lambda t, y, x, n: norm(t, y, x),
    "layer_norm": lambda t, y, x, n: norm(t, y, x),
    "group_norm": lambda t, y, x, n: norm(t, y, x),
    "instance_norm": lambda t, y, x, n: norm(t, y, x),
    "local_response_norm": lambda t, y, x, n: t.nn.LocalResponseNorm(y.size, y.alpha, y.beta, y.k),
    "leaky_relu": lambda t, y, x, n: t.nn.LeakyReLU(y.slope),
    "rms_norm": lambda t, y, x, n: rms_norm(t, x[0][0], y.epsilon, scale=y.scale),
    "response_norm": lambda t, y, x, n: response_norm(t, x[0][0]),
    "scale": lambda t, y, x, n: learned(t, t.empty(2, *x[0]), y.per, "weight"),
    "shift": lambda t, y, x, n: learned(t, t.empty(2, *x[0]), y.per, "bias"),
    "standardized_conv": lambda t, y, x, n: standardized(t, y, x),
    "locally_connected": lambda t, y, x, n: locally_connected(
        t, t.empty(2, *x[0]), y.out, y.kernel, y.stride, bias=y.bias
    ),
    "table_conv": lambda t, y, x, n: table(t, y, x),
    "deformable_conv": lambda t, y, x, n: deformable(t, y, x),
    **dict.fromkeys(("lstm", "gru", "rnn"), lambda t, y, x, n: recurrent(t, y.kind, x[0][0], **vars(y))),
    "multi_head_attention": lambda t, y, x, n: multi_head_attention(t, x[0][0], x[-1][0], y.heads, bias=y.bias),
    "relative_position_bias": lambda t, y, x, n: relative_position_bias(t, y.heads, y.window, 2),
    "continuous_position_bias": lambda t, y, x, n: continuous_position_bias(t, y.heads, y.window, y.hidden, 2),
    "learned": lambda t, y, x, n: learned_tensor(t, y.shape, 2),
    "prelu": lambda t, y, x, n: prelu(t, y, x),
    "elu": lambda t, y, x, n: t.nn.ELU(y.alpha),
    "dropout": lambda t, y, x, n: t.nn.Dropout(y.rate),
    "stochastic_depth": lambda t, y, x, n: t.nn.Dropout(y.rate),
    "flatten": lambda t, y, x, n: t.nn.Flatten(),
    "channel_shuffle": lambda t, y, x, n: t.nn.ChannelShuffle(y.groups),
    "upsample": lambda t, y, x, n: Upsample(t, y, n),
    "pixel_shuffle": lambda t, y, x, n: t.nn.PixelShuffle(y.factor),
}


def of_networks(torch: Any, layer: Layer, inputs: Shapes, axes: int) -> Any:
    """A kind without weights as the random networks compute it, so that a new one needs no module here."""
    if layer.kind in PLAIN:
        return getattr(torch.nn, PLAIN[layer.kind])()
    settings = {name: listed(getattr(layer, name)) for name in layer.settings}

    class Module(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return getattr(Kinds(torch, x.device.type), layer.kind)(x, **settings)

    return Module()


def listed(value: Any) -> Any:
    """A value as in the random networks, with lists instead of tuples."""
    return [*map(listed, value)] if isinstance(value, tuple) else value


known = {*PLAIN, *(name for name in vars(Kinds) if name in KINDS)}
MODULES |= {kind: of_networks for kind in known - {*MODULES, *NO_MODULE}}


def bordered(torch: Any, layer: Any, x: Any) -> Any:
    """The map padded or cropped; to sizes as `torch.nn.functional.pad` takes them, an odd position at the end."""
    pairs = layer.amount
    if layer.like is not None:
        extra = [abs(want - have) for have, want in zip(x.shape[2:], layer.like, strict=True)]
        pairs = tuple((n // 2, n - n // 2) for n in extra)
    amounts = [side for pair in reversed(to_pairs("amount", pairs, x.dim() - 2)) for side in pair]
    if layer.kind == "crop":
        return torch.nn.functional.pad(x, [-side for side in amounts])
    if layer.mode != "zeros":
        return torch.nn.functional.pad(x, amounts, mode=layer.mode)
    return torch.nn.functional.pad(x, amounts, value=layer.value)


def unpooled(torch: Any, layer: Any, x: Any) -> Any:
    """MaxUnpool of a pool of random numbers, without numbers where there are none."""
    if x.device.type == "meta":
        return x.new_empty(2, x.shape[1], *layer.like)
    y = torch.randn(x.shape[0], x.shape[1], *layer.like)
    made = MODULES["max_pool"](torch, layer.pool, (tuple(y.shape[1:]),), y.dim() - 2)
    made.return_indices = True
    settings = [getattr(made, name) for name in ("kernel_size", "stride", "padding")]
    unpool = getattr(torch.nn.functional, f"max_unpool{y.dim() - 2}d")
    return unpool(x, made(y)[1], *settings, output_size=layer.like)


def function_output(torch: Any, layer: Any, tensors: list[Any]) -> Any:
    """The result of PyTorch's function for the kind."""
    x = tensors[0]
    if layer.kind in ("pad", "crop"):
        return bordered(torch, layer, x)
    if layer.kind == "max_unpool":
        return unpooled(torch, layer, x)
    if layer.kind == "reshape":
        return x.reshape(2, *(-1 if size == "rest" else size for size in layer.shape))
    if layer.kind == "channel_split":
        parts = layer.parts
        sizes = x.shape[1] // parts if isinstance(parts, int) else list(parts)
        return torch.split(x, sizes, dim=1)[layer.take]
    return Kinds(torch, "meta").meet(layer.kind, tensors, **vars(layer))


def test_every_kind_is_compared() -> None:
    assert {*MODULES, *NO_MODULE} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_and_parameters(torch: Any, kind: str) -> None:
    compared = 0
    for layer, inputs in random_cases(kind, CASES):
        with torch.device("meta" if kind in NO_MODULE else "cpu"):  # on meta, steps of recurrent layers take long
            tensors = [torch.empty(2, *shape) for shape in inputs]
            if kind in NO_MODULE:
                assert tuple(function_output(torch, layer, tensors).shape[1:]) == layer.output_shape(inputs)
                compared += 1
                continue
            module = MODULES[kind](torch, layer, inputs, len(next(iter(inputs), ())) - 1)
            if module is None or is_refused_for_no_reason_of_shape(layer, inputs):
                continue
            assert tuple(module.eval()(*tensors).shape[1:]) == layer.output_shape(inputs), (layer, inputs)
        assert weight_shapes(module) == our_weights(layer, inputs), (layer, inputs)
        compared += 1
    assert compared >= CASES // 3


def is_refused_for_no_reason_of_shape(layer: Layer, inputs: Shapes) -> bool:
    """Whether only PyTorch rejects the input.

    Its instance norm wants more than one position; its three-dimensional average pool, unlike the other two, wants the
    kernel to fit into the input before padding.
    """
    sizes = next(iter(inputs), ())[1:]
    if isinstance(layer, AvgPool) and len(sizes) == 3:
        return any(k > i for k, i in zip(expand_per_axis("kernel", layer.kernel, 3), sizes, strict=True))
    return layer.kind == "instance_norm" and prod(sizes) == 1


def weight_shapes(module: Any) -> dict[str, list[Shape]]:
    """The shapes of a module's arrays, by role, in its order."""
    found: dict[str, list[Shape]] = {"weight": [], "bias": [], "buffer": []}
    for name, array in module.named_parameters():
        found["bias" if is_bias(name) else "weight"].append(tuple(array.shape))
    for name, array in module.named_buffers():
        if name != "num_batches_tracked":
            found["buffer"].append(tuple(array.shape))
    return found


def is_bias(name: str) -> bool:
    """Whether an array of a module is a bias: `bias`, `bias_ih_l0`, or `in_proj_bias`."""
    own = name.rpartition(".")[2]
    return own.startswith("bias") or own.endswith("bias")


def our_weights(layer: Layer, inputs: Shapes) -> dict[str, list[Shape]]:
    found: dict[str, list[Shape]] = {"weight": [], "bias": [], "buffer": []}
    for weight in layer.weights(inputs):
        found[weight.role].append(weight.shape)
    return found


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_arrays_of_recurrent_layers_have_the_names_of_a_state_dict(torch: Any, kind: str) -> None:
    """So that a state dict, as nested lists, is a file of weights; one bias vector is that of the input."""
    for settings in ({}, {"layers": 2, "bidirectional": True}, {"biases": 1}, {"biases": 0}):
        layer: Any = kind_class(kind)(hidden=3, **settings)
        more = {"num_layers": settings.get("layers", 1), "bidirectional": settings.get("bidirectional", False)}
        module = getattr(torch.nn, kind.upper())(5, 3, bias=layer.biases > 0, **more)
        theirs = {name: tuple(array.shape) for name, array in module.state_dict().items()}
        if layer.biases == 1:
            del theirs["bias_hh_l0"]
        assert {weight.name: weight.shape for weight in layer.weights(((5, 4),))} == theirs


def ours(layer: Layer, inputs: Shapes) -> Shape | None:
    """The output's shape, None if it is rejected."""
    try:
        return layer.output_shape(inputs)
    except LayerError:
        return None


def theirs(torch: Any, layer: Layer, inputs: Shapes) -> Shape | None:
    """The output's shape, None if PyTorch rejects it."""
    try:
        with torch.device("cpu"):  # on meta, a transposed convolution's output_padding goes unchecked
            module = MODULES[layer.kind](torch, layer, inputs, len(inputs[0]) - 1)
            shape = tuple(module(torch.empty(2, *inputs[0])).shape[1:])
            return shape if min(shape) > 0 else None  # it accepts some transposed convolutions with an empty output
    except (RuntimeError, ValueError):
        return None


@pytest.mark.sample(1)
@pytest.mark.parametrize("kind", ["conv", "depthwise_conv", "transposed_conv", "max_pool", "avg_pool"])
def test_what_pytorch_rejects_is_rejected(torch: Any, kind: str) -> None:
    rng = Random(f"refused {kind}")
    drawn = {"kernel": (1, 5), "stride": (1, 4), "padding": (0, 3), "dilation": (1, 3), "output_padding": (0, 3)}
    drawn |= {"groups": (1, 3), "out": (1, 6)}
    verdicts = set()
    for _ in range(REFUSAL_CASES):
        fields = kind_class(kind).settings
        settings: dict[str, Any] = {name: rng.randint(*bounds) for name, bounds in drawn.items() if name in fields}
        if "ceil" in fields:
            settings["ceil"] = rng.random() < 0.5
        inputs = ((rng.choice((1, 2, 3, 6)), *(rng.randint(1, 7) for _ in range(rng.randint(1, 3)))),)
        layer = kind_class(kind)(**settings)
        if is_refused_for_no_reason_of_shape(layer, inputs):
            continue
        expected = theirs(torch, layer, inputs)
        assert ours(layer, inputs) == expected, (layer, inputs)
        verdicts.add(expected is None)
    assert verdicts == {True, False}


def test_pixel_and_channel_shuffles_that_are_rejected(torch: Any) -> None:
    for kind, setting in (("pixel_shuffle", "factor"), ("channel_shuffle", "groups")):
        for number in range(1, 5):
            for channels in range(1, 20):
                layer, inputs = kind_class(kind)(**{setting: number}), ((channels, 2, 3),)
                assert ours(layer, inputs) == theirs(torch, layer, inputs), (layer, inputs)
