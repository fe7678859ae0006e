"""Operations of `keras.ops`, and of Python on tensors, in our kinds: `x + y`, `x[:, 1:]`, `ops.split`, `ops.einsum`.

What an operation is given is in its configuration, by position, or by name, as its author wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from math import inf, isfinite, prod
from typing import Any

from cnncalc import limits
from cnncalc.exchange import operations, products, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor
from cnncalc.exchange.keras_layers import Call, H, Handler, Made, layer, viewed
from cnncalc.exchange.keras_nodes import Constant
from cnncalc.exchange.numbers import bounded, with_number
from cnncalc.exchange.views import Padded
from cnncalc.layers.arguments import Value

OPERATIONS: dict[str, Handler] = {}


def operation(*names: str) -> Callable[[H], H]:
    """Declare a handler."""
    return layer(*names, table=OPERATIONS)


def given(call: Call, name: str, place: int, default: object = None) -> Any:
    """What an operation is given: in its configuration, by its name, or at a place of its arguments."""
    for values in (call.config, call.options):
        if name in values:
            return values[name]
    return call.args[place] if len(call.args) > place else default


def number(call: Call, name: str, place: int, default: float | None = None) -> float:
    """A number that an operation is given. Raises Refusal."""
    found = given(call, name, place, default)
    if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
        raise Refusal(f"its `{name}` is {str(found)[:40]!r}")
    return found


def axes(call: Call, name: str, place: int, default: object = None, *, more: int = 0) -> list[int]:
    """Axes from 0; `more` is how many its output has beyond those of its tensors. Raises Refusal for other values."""
    found, rank = given(call, name, place, default), len(call.tensors[0].shape) + more
    listed = found if isinstance(found, list | tuple) else [found]
    if not 0 < len(listed) <= limits.AXES + 2 or not all(type(each) is int and -rank <= each < rank for each in listed):
        raise Refusal(f"its `{name}` is {str(found)[:40]!r}")
    return [each % rank for each in listed]


def axis(call: Call, name: str, place: int, default: object = None, *, more: int = 0) -> int:
    """One axis from 0, not that of the batch. Raises Refusal."""
    found = axes(call, name, place, default, more=more)
    if found == [0]:
        raise Refusal(f"its `{name}` is the batch")
    if len(found) != 1:
        raise Refusal(f"its `{name}` is {str(found)[:40]!r}")
    return found[0]


# One element after another

ALIKE = {
    "Absolute": "abs", "Abs": "abs", "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Relu": "relu", "Relu6": "relu6",
    "Sigmoid": "sigmoid", "Tanh": "tanh", "Silu": "silu", "Selu": "selu", "Softplus": "softplus",
    "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_swish",
}  # fmt: skip
POWERS = {"Square": 2, "Reciprocal": -1, "Rsqrt": -0.5}


def _alike(kind: str, call: Call) -> Tensor:
    return operations.pointwise(call.graph, kind, call.x)


def _to_power(exponent: float, call: Call) -> Tensor:
    return operations.pointwise(call.graph, "power", call.x, n=exponent)


OPERATIONS.update({name: partial(_alike, kind) for name, kind in ALIKE.items()})
OPERATIONS.update({name: partial(_to_power, exponent) for name, exponent in POWERS.items()})


@operation("Negative")
def negative(call: Call) -> Tensor:
    return operations.affine(call.graph, call.x, -1)


@operation("Power")
def power(call: Call) -> Tensor:
    return _to_power(number(call, "x2", 1), call)


@operation("Elu")
def elu(call: Call) -> Tensor:
    return operations.pointwise(call.graph, "elu", call.x, alpha=number(call, "alpha", 1, 1.0))


@operation("LeakyRelu")
def leaky_relu(call: Call) -> Tensor:
    return operations.pointwise(call.graph, "leaky_relu", call.x, slope=number(call, "negative_slope", 1, 0.2))


@operation("Gelu")
def gelu(call: Call) -> Tensor:
    settings: dict[str, Value] = {"approximate": "tanh"} if given(call, "approximate", 1, True) else {}
    return operations.pointwise(call.graph, "gelu", call.x, **settings)


@operation("Softmax")
def softmax(call: Call, kind: str = "softmax") -> Tensor:
    return operations.softmax(call.graph, call.x, axis(call, "axis", 1, -1), kind)


OPERATIONS["LogSoftmax"] = partial(softmax, kind="log_softmax")


@operation("Clip")
def clip(call: Call) -> Tensor:
    return bounded(call.graph, call.x, number(call, "x_min", 1), number(call, "x_max", 2))


@operation("Normalize")
def normalize(call: Call) -> Tensor:
    if given(call, "order", 2, 2) != 2:
        raise Refusal("a normalization by another norm")
    epsilon = given(call, "epsilon", 3)
    x = views.with_axis(call.graph, call.x, axis(call, "axis", 1, -1), 0)
    return operations.pointwise(call.graph, "l2_norm", x, epsilon=1e-7 if epsilon is None else epsilon)


@operation("Cast", "StopGradient", "Identity")
def same(call: Call) -> Tensor:
    return call.x


# Two tensors

ARITHMETIC = {
    "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide", "TrueDivide": "divide",
    "Maximum": "maximum", "Minimum": "minimum",
}  # fmt: skip


def _arithmetic(kind: str, call: Call) -> Tensor:
    """An operator of Python on two tensors, or on one and a number. Raises Refusal."""
    if len(call.inputs) == 2:
        return operations.merge(call.graph, kind, call.tensors)
    values = [given(call, name, place) for place, name in enumerate(("x1", "x2"))]
    first = not isinstance(values[0], Tensor)
    name = "x1" if first else "x2"
    if isinstance(values[not first], Constant):
        raise Refusal("an array of numbers")
    return with_number(call.graph, kind, call.x, number(call, name, int(not first)), first=first)


OPERATIONS.update({name: partial(_arithmetic, kind) for name, kind in ARITHMETIC.items()})


@operation("Matmul")
def matmul(call: Call) -> Tensor:
    a, b = call.tensors
    if len(a.shape) != len(b.shape) or len(a.shape) < 3:
        raise Refusal("a product of tensors of different ranks, or of a vector")
    return products.product(call.graph, a, b)


@operation("Einsum")
def einsum(call: Call) -> Tensor:
    equation, tensors = call.get("subscripts", str, ""), call.tensors
    if len(tensors) != 2:
        raise Refusal(f"einsum of {len(tensors)} tensors")
    return products.einsum(call.graph, equation, *tensors)


@operation("Concatenate")
def concatenate(call: Call) -> Tensor:
    return operations.concat(call.graph, call.tensors, axis(call, "axis", 1, 0))


@operation("Stack")
def stack(call: Call) -> Tensor:
    return operations.stack(call.graph, call.tensors, axis(call, "axis", 1, 0, more=1))


# Reductions


def _reduce(kind: str, call: Call) -> Tensor:
    """A reduction over some axes. Raises Refusal for one over the batch."""
    graph, x, keep = call.graph, call.x, bool(given(call, "keepdims", 2, False))
    if given(call, "axis", 1) is None:
        raise Refusal("a reduction over the batch")
    dims = sorted(axes(call, "axis", 1))
    if call.config.get("initial") is not None:
        raise Refusal("a reduction with a first value")
    if kind == "sum":
        return operations.total(graph, x, dims, keep=keep)
    if kind == "variance":
        return operations.reduce(graph, kind, x, dims, keep=keep, correction=0)
    if kind == "min":  # −max(−x)
        least = operations.reduce(graph, "max", operations.affine(graph, x, -1), dims, keep=keep)
        return operations.affine(graph, least, -1)
    return operations.reduce(graph, kind, x, dims, keep=keep)


REDUCTIONS = {"Mean": "avg", "Sum": "sum", "Max": "max", "Amax": "max", "Min": "min", "Amin": "min", "Var": "variance"}
OPERATIONS.update({name: partial(_reduce, kind) for name, kind in REDUCTIONS.items()})


# Shapes


@operation("Reshape")
def reshape(call: Call) -> Tensor:
    shape, x = given(call, "newshape", 1), call.x
    sizes = [-1 if each is None else each for each in shape] if isinstance(shape, list | tuple) else [shape]
    if not all(type(each) is int and each >= -1 for each in sizes):
        raise Refusal(f"its shape is {str(shape)[:40]!r}")
    known = prod(each for each in sizes if each != -1)
    if sizes.count(-1) > 1 or known < 1 or prod(x.shape) % known:
        raise Refusal(f"its shape is {str(shape)[:40]!r}")
    return viewed(call, [prod(x.shape) // known if each == -1 else each for each in sizes])


@operation("Transpose")
def transpose(call: Call) -> Tensor:
    rank = len(call.x.shape)
    order = axes(call, "axes", 1) if given(call, "axes", 1) is not None else [*range(rank)][::-1]
    return views.permute(call.x, _permutation(order, rank))


def _permutation(order: Sequence[int], rank: int) -> Sequence[int]:
    if sorted(order) != [*range(rank)]:
        raise Refusal(f"its order is {list(order)}")
    return order


@operation("Moveaxis")
def moveaxis(call: Call) -> Tensor:
    starts, ends, rank = axes(call, "source", 1), axes(call, "destination", 2), len(call.x.shape)
    if len(starts) != len(ends) or len({*starts}) < len(starts) or len({*ends}) < len(ends):
        raise Refusal("axes that are moved to the same place")
    return views.permute(call.x, views.moved_order(rank, starts, ends))


@operation("Swapaxes")
def swapaxes(call: Call) -> Tensor:
    order = [*range(len(call.x.shape))]
    (a,), (b,) = axes(call, "axis1", 1), axes(call, "axis2", 2)
    order[a], order[b] = b, a
    return views.permute(call.x, order)


@operation("ExpandDims")
def expand_dims(call: Call) -> Tensor:
    x = call.x
    found = axes(call, "axis", 1, more=1)
    if 0 in found:
        raise Refusal("a new axis before the batch")
    for dim in sorted(found):
        x = views.insert(x, dim)
    return x


@operation("Squeeze")
def squeeze(call: Call) -> Tensor:
    x = call.x
    dims = [dim for dim, size in enumerate(x.shape) if dim and size == 1]
    for dim in sorted(axes(call, "axis", 1) if given(call, "axis", 1) is not None else dims, reverse=True):
        if not dim:
            raise Refusal("the batch is dropped")
        x = views.drop(x, dim)
    return x


@operation("BroadcastTo")
def broadcast_to(call: Call) -> Tensor:
    shape, x = given(call, "shape", 1), call.x
    sizes = [-1 if each is None else each for each in shape] if isinstance(shape, list | tuple) else []
    if len(sizes) != len(x.shape) or not all(type(each) is int for each in sizes):
        raise Refusal(f"its shape is {str(shape)[:40]!r}")
    return views.expand(call.graph, x, [call.graph.batch, *sizes[1:]])


# Parts


@operation("GetItem")
def get_item(call: Call) -> Tensor:
    key = given(call, "key", 1)
    return views.index(call.graph, call.x, key if isinstance(key, list) else [key])


@operation("Split")
def split(call: Call) -> list[Tensor]:
    graph, x = call.graph, call.x
    dim, parts = axis(call, "axis", 2, 0), given(call, "indices_or_sections", 1)
    size = x.shape[dim]
    if type(parts) is int and 0 < parts <= limits.LAYERS and size % parts == 0:
        parts = [*range(size // parts, size, size // parts)]
    if not isinstance(parts, list | tuple) or not all(type(each) is int for each in parts):
        raise Refusal(f"it is divided by {str(parts)[:40]!r}")
    return [views.take(graph, x, dim, *pair) for pair in pairwise([0, *parts, size])]


@operation("Take")
def take(call: Call) -> Tensor:
    """The elements at constant positions that are next to each other, or as far from each other."""
    found, x, dim = given(call, "indices", 1), call.x, axis(call, "axis", 2)
    if type(found) is int:
        return views.index(call.graph, x, [*[slice(None)] * dim, found])
    places = found.values if isinstance(found, Constant) else found
    if not isinstance(places, list) or not places or not all(type(each) is int for each in places):
        raise Refusal("positions are chosen by a tensor")
    step = places[1] - places[0] if len(places) > 1 else 1
    if step < 1 or any(after - before != step for before, after in pairwise(places)):
        raise Refusal("positions are chosen that are not equally far from each other")
    return views.take(call.graph, x, dim, places[0], places[-1] + 1, step)


@operation("Flip")
def flip(call: Call) -> Tensor:
    return views.flip(call.graph, call.x, axis(call, "axis", 1))


@operation("Roll")
def roll(call: Call) -> Tensor:
    by = given(call, "shift", 1)
    if type(by) is not int:
        raise Refusal(f"its `shift` is {str(by)[:40]!r}")
    return views.roll(call.graph, call.x, axis(call, "axis", 2), by)


MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@operation("Pad")
def pad(call: Call) -> Made:
    x, width, mode = call.x, given(call, "pad_width", 1), given(call, "mode", 2, "constant")
    value = given(call, "constant_values", 3)
    rank = len(x.shape)
    pairs = width if isinstance(width, list | tuple) else [width]
    sides = [tuple(each) if isinstance(each, list | tuple) else (each, each) for each in pairs]
    sides = sides * rank if len(sides) == 1 else sides
    if len(sides) != rank or not all(len(each) == 2 and all(type(n) is int and n >= 0 for n in each) for each in sides):
        raise Refusal(f"its `pad_width` is {str(width)[:40]!r}")
    if mode not in MODES:
        raise Refusal(f"its mode is {str(mode)[:40]!r}")
    if mode == "constant" and value == -inf:
        return Padded(x, sides, tuple(size + sum(pair) for size, pair in zip(x.shape, sides, strict=True)))
    value = 0 if value is None else number(call, "constant_values", 3)
    return operations.pad(call.graph, x, sides, value, MODES[mode])


def _blocks(call: Call, *, apart: bool) -> Tensor:
    """Channels as positions, or positions as channels: those of a block are the outer part of its channels."""
    x, block = call.x, given(call, "block_size", 1)
    first = given(call, "data_format", 2, "channels_last") == "channels_first"
    if len(x.shape) != 4 or type(block) is not int or block < 1:
        raise Refusal(f"blocks of {str(block)[:40]!r}")
    x = views.permute(x, (0, 2, 3, 1)) if first else x
    batch, height, width, channels = x.shape
    if channels % block**2 if apart else height % block or width % block:
        raise Refusal(f"{list(x.shape[1:])} has no whole blocks of {block}")
    if apart:
        x = views.permute(views.view(x, (batch, height, width, block, block, channels // block**2)), (0, 1, 3, 2, 4, 5))
        x = views.view(x, (batch, height * block, width * block, channels // block**2))
    else:
        shape = (batch, height // block, block, width // block, block, channels)
        x = views.permute(views.view(x, shape), (0, 1, 3, 2, 4, 5))
        x = views.view(x, (batch, height // block, width // block, block**2 * channels))
    return views.permute(x, (0, 3, 1, 2)) if first else x


OPERATIONS["DepthToSpace"] = partial(_blocks, apart=True)
OPERATIONS["SpaceToDepth"] = partial(_blocks, apart=False)
