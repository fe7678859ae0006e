"""Functions of PyTorch that merge, reduce, rearrange or take elements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Graph, Tensor
from cnncalc.exchange.torch_arrays import COMPUTED, Known, array_of, is_repeated, numbers_of
from cnncalc.exchange.torch_layers import mean_inside
from cnncalc.exchange.torch_ops import OPS, axis_of, each, op
from cnncalc.exchange.torch_positions import as_tensor, relative_positions
from cnncalc.exchange.torch_products import MASK_NOTE, is_mask
from cnncalc.exchange.views import Padded
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Shape


def _binary(kind: str, graph: Graph, a: Any, b: Any, alpha: float = 1, **more: Any) -> Tensor:
    if alpha != 1 or more.get("rounding_mode"):
        raise Refusal("a sum with a factor, or a division that rounds")
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return operations.merge(graph, kind, [a, b])
    x, other = (a, b) if isinstance(a, Tensor) else (b, a)
    first = x is b
    if not isinstance(x, Tensor):
        raise Refusal(COMPUTED)
    if isinstance(other, Known) and other.number is not None:
        other = other.number
    if kind == "divide" and not first and isinstance(other, Known) and other.is_constant:
        found = mean_inside(graph, x, other)
        if found is not None:
            return found
    if isinstance(other, Known):
        if kind == "add" and other.is_constant and is_mask(graph, x, other.shape):
            graph.note(MASK_NOTE)
            return x
        if other.is_constant and kind in ("add", "subtract") and _is_summand(x, other):
            graph.note(SUMMAND_NOTE)
            return operations.affine(graph, x, -1) if kind == "subtract" and first else x
        if kind == "subtract" and first:
            x, kind = operations.affine(graph, x, -1), "add"
        if kind not in ("add", "multiply") or graph.is_learned(other.array) or len(other.sources) > 1:
            other = as_tensor(graph, other, len(x.shape))
            return operations.merge(graph, kind, [other, x] if first else [x, other])
        learned = "scale" if kind == "multiply" else "shift"
        return operations.learned(graph, learned, x, array_of(other))
    number = float(other)
    if kind == "multiply":
        return operations.affine(graph, x, number)
    if kind == "divide":
        if not first:
            return operations.affine(graph, x, 1 / number if number else 0)
        return operations.affine(graph, operations.pointwise(graph, "power", x, n=-1), number)
    if kind == "subtract":
        return operations.affine(graph, x, -1, number) if first else operations.affine(graph, x, 1, -number)
    return operations.affine(graph, x, 1, number)


SUMMAND_NOTE = (
    "Constants that are added, as encodings of positions are, have no parameters and macs, and are left out: outputs"
    " differ by them."
)


def _is_summand(x: Tensor, other: Known) -> bool:
    """Whether a constant is added to each example alike and leaves its sizes."""
    sizes = (*[1] * (len(x.shape) - len(other.shape)), *other.shape)
    return len(sizes) == len(x.shape) and all(size in (1, own) for size, own in zip(sizes, x.shape, strict=True))


def _reversed(kind: str, graph: Graph, a: Any, b: Any, **more: Any) -> Tensor:
    return _binary(kind, graph, b, a, **more)


BINARY = {
    "add": "add iadd radd",
    "subtract": "sub isub subtract",
    "multiply": "mul imul rmul multiply",
    "divide": "div truediv itruediv divide true_divide",
}
for _kind, _names in BINARY.items():
    OPS.update(dict.fromkeys(_names.split(), partial(_binary, _kind)))
OPS["rsub"] = partial(_reversed, "subtract")
OPS.update(dict.fromkeys(("rtruediv", "rdiv"), partial(_reversed, "divide")))


@op("maximum", "max")
def maximum(graph: Graph, a: Any, b: Any = None) -> Tensor:
    return _extreme("maximum", graph, a, b)


@op("minimum", "min")
def minimum(graph: Graph, a: Any, b: Any = None) -> Tensor:
    return _extreme("minimum", graph, a, b)


def _extreme(kind: str, graph: Graph, a: Any, b: Any) -> Tensor:
    if any(not isinstance(each, Tensor | Known) for each in (a, b)):
        raise Refusal(f"a {kind} of something else than two tensors")
    rank = max(len(each.shape) for each in (a, b))
    a, b = (as_tensor(graph, each, rank) for each in (a, b))
    return operations.merge(graph, kind, [a, b])


@op("neg", "negative")
def negate(graph: Graph, x: Tensor) -> Tensor:
    return operations.affine(graph, x, -1)


@op("pow")
def power(graph: Graph, x: Tensor, exponent: Any) -> Tensor:
    return operations.pointwise(graph, "power", x, n=float(exponent))


@op("square")
def square(graph: Graph, x: Tensor) -> Tensor:
    return operations.pointwise(graph, "power", x, n=2)


@op("rsqrt")
def rsqrt(graph: Graph, x: Tensor) -> Tensor:
    return operations.pointwise(graph, "power", x, n=-0.5)


@op("reciprocal")
def reciprocal(graph: Graph, x: Tensor) -> Tensor:
    return operations.pointwise(graph, "power", x, n=-1)


@op("addcmul")
def addcmul(graph: Graph, x: Any, one: Any, other: Any, *, value: float = 1) -> Tensor:
    return _binary("add", graph, x, _times(graph, _binary("multiply", graph, one, other), value))


@op("lerp")
def lerp(graph: Graph, x: Tensor, end: Tensor, weight: Any) -> Tensor:
    return _binary("add", graph, x, _binary("multiply", graph, _binary("subtract", graph, end, x), weight))


def _times(graph: Graph, x: Tensor, factor: float) -> Tensor:
    return operations.affine(graph, x, factor)


def _dims(x: Tensor, dim: Any) -> list[int]:
    """The dimensions of a reduction. Raises Refusal where they are all."""
    if dim is None or dim == ():
        raise Refusal("a reduction over the batch")
    return sorted(axis_of(one, len(x.shape)) for one in (dim if isinstance(dim, tuple | list) else (dim,)))


def _reduction(kind: str, graph: Graph, x: Tensor, dim: Any = None, keepdim: bool = False, **more: Any) -> Tensor:
    dims = _dims(x, dim)
    if kind == "sum":
        return operations.total(graph, x, dims, keep=keepdim)
    return operations.reduce(graph, kind, x, dims, keep=keepdim)


OPS.update({"mean": partial(_reduction, "avg"), "sum": partial(_reduction, "sum"), "amax": partial(_reduction, "max")})


@op("norm", "linalg_norm", "linalg_vector_norm", "vector_norm")
def norm(graph: Graph, x: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False, **more: Any) -> Tensor:
    if more.get("ord", p) not in (2, "fro", None):
        raise Refusal(f"a norm of order {p}")
    total = operations.total(graph, square(graph, x), _dims(x, dim), keep=keepdim)
    return operations.pointwise(graph, "sqrt", total)


@op("var")
def variance(
    graph: Graph, x: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: Any = None
) -> Tensor:
    many = int(unbiased) if correction is None else int(correction)
    return operations.reduce(graph, "variance", x, _dims(x, dim), keep=keepdim, correction=many)


def _deviation(graph: Graph, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return operations.pointwise(graph, "sqrt", variance(graph, x, *args, **kwargs))


OPS["std"] = _deviation


@op("var_mean")
def variance_and_mean(graph: Graph, x: Tensor, dim: Any = None, *args: Any, **kwargs: Any) -> list[Tensor]:
    keep = kwargs.get("keepdim", args[1] if len(args) > 1 else False)
    mean = operations.reduce(graph, "avg", x, _dims(x, dim), keep=keep)
    return [variance(graph, x, dim, *args, **kwargs), mean]


# Views and parts


@op("contiguous", "clone", "to", "float", "double", "detach", "type_as", "requires_grad_", "alias", "identity")
def same(graph: Graph, x: Tensor, *_: Any, **__: Any) -> Tensor:
    return x


@op("view", "reshape", "flatten", "squeeze", "unflatten", "unsqueeze", "view_as", "reshape_as", "ravel")
def view(graph: Graph, x: Tensor, *_: Any, shape: Shape, **__: Any) -> Tensor:
    try:
        return views.view(x, shape)
    except Refusal:  # of positions that are cut in another way
        if views.is_settled(graph, x) and not x.expanded:
            raise
        return views.view(views.settle(graph, x), shape)


@op("expand", "expand_as")
def expand(graph: Graph, x: Tensor, *_: Any, shape: Shape, **__: Any) -> Tensor:
    return views.expand(graph, x, shape)


@op("repeat")
def repeat(graph: Graph, x: Tensor, *_: Any, shape: Shape, **__: Any) -> Tensor:
    if is_repeated(x, shape):
        return views.expand(graph, x, shape)
    if len(shape) != len(x.shape):
        raise Refusal("a tensor is repeated along new axes")
    for dim, (size, wanted) in enumerate(zip(x.shape, shape, strict=True)):
        x = operations.concat(graph, [x] * (wanted // size), dim)
    return x


@op("permute")
def permute(graph: Graph, x: Tensor, *dims: Any) -> Tensor:
    order = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
    return views.permute(x, [axis_of(dim, len(x.shape)) for dim in order])


@op("transpose", "swapaxes", "swapdims")
def transpose(graph: Graph, x: Tensor, a: int, b: int) -> Tensor:
    order = list(range(len(x.shape)))
    order[a], order[b] = order[b], order[a]
    return views.permute(x, order)


@op("mT")
def swap_matrix(graph: Graph, x: Tensor) -> Tensor:
    last = len(x.shape) - 1
    return views.permute(x, [*range(last - 1), last, last - 1])


@op("T")
def reverse(graph: Graph, x: Tensor) -> Tensor:
    return views.permute(x, list(range(len(x.shape)))[::-1])


@op("movedim", "moveaxis")
def movedim(graph: Graph, x: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """The axes `source` are moved to the places `destination`; the others keep their order."""
    number = len(x.shape)
    starts, ends = (
        [axis_of(axis, number) for axis in ([axes] if isinstance(axes, int) else axes)]
        for axes in (source, destination)
    )
    return views.permute(x, views.moved_order(number, starts, ends))


@op("cat", "concat", "concatenate")
def concat(graph: Graph, tensors: Sequence[Any], dim: int = 0, **more: Any) -> Tensor:
    tensors = [as_tensor(graph, each) for each in tensors]
    return operations.concat(graph, tensors, axis_of(more.get("axis", dim), len(tensors[0].shape)))


@op("stack")
def stack(graph: Graph, tensors: Sequence[Any], dim: int = 0) -> Tensor:
    tensors = [as_tensor(graph, each) for each in tensors]
    return operations.stack(graph, tensors, axis_of(dim, len(tensors[0].shape) + 1))


@op("split", "split_with_sizes")
def split(graph: Graph, x: Tensor, sizes: Any = None, dim: int = 0, **more: Any) -> list[Tensor]:
    sizes = more.get("split_size_or_sections", more.get("split_size", sizes))
    axis = axis_of(dim, len(x.shape))
    size = x.shape[axis]
    parts = [min(sizes, size - at) for at in range(0, size, sizes)] if isinstance(sizes, int) else list(sizes)
    starts = [sum(parts[:at]) for at in range(len(parts))]
    return [views.take(graph, x, axis, start, start + part) for start, part in zip(starts, parts, strict=True)]


@op("chunk")
def chunk(graph: Graph, x: Tensor, chunks: int, dim: int = 0) -> Any:
    return split(graph, x, -(-x.shape[dim] // chunks), dim)


@op("glu")
def glu(graph: Graph, x: Tensor, dim: int = -1) -> Tensor:
    value, gate = chunk(graph, x, 2, axis_of(dim, len(x.shape)))
    return operations.merge(graph, "multiply", [value, operations.pointwise(graph, "sigmoid", gate)])


@op("unbind")
def unbind(graph: Graph, x: Tensor, dim: int = 0) -> list[Tensor]:
    axis = axis_of(dim, len(x.shape))
    return [views.drop(views.take(graph, x, axis, at, at + 1), axis) for at in range(x.shape[axis])]


@op("narrow")
def narrow(graph: Graph, x: Tensor, dim: int, start: int, length: int) -> Tensor:
    return views.take(graph, x, axis_of(dim, len(x.shape)), start, start + length)


@op("getitem")
def getitem(graph: Graph, x: Tensor | Known, index: Any) -> Tensor:
    if isinstance(x, Known):
        return relative_positions(graph, x, index)
    key = list(index) if isinstance(index, tuple) else [index]
    for at, one in enumerate(key):
        if isinstance(one, list | Known):
            after = sum(each is not None for each in key[at:])
            dim = sum(each is not None for each in key[:at]) if ... not in key[:at] else len(x.shape) - after
            x = operations.pick(graph, x, dim, _positions(one))
            key[at] = slice(None)
    return views.index(graph, x, key)


def _positions(index: Any) -> list[int]:
    """Positions of an axis as a list. Raises Refusal where they are computed, or on several axes."""
    found = numbers_of(index.real) if isinstance(index, Known) and index.real is not None else index
    if isinstance(index, Known) and (len(index.shape) != 1 or str(index.real.dtype) == "torch.bool"):
        found = None
    if not isinstance(found, list | tuple) or not all(isinstance(each, int | float) for each in found):
        raise Refusal("positions are chosen by a tensor, or on several axes at once")
    return [int(each) for each in found]


@op("index_select")
def index_select(graph: Graph, x: Tensor, dim: int, index: Any) -> Tensor:
    return operations.pick(graph, x, axis_of(dim, len(x.shape)), _positions(index))


@op("flip")
def flip(graph: Graph, x: Tensor, *dims: Any) -> Tensor:
    x = graph.plain(x)
    for dim in dims[0] if isinstance(dims[0], tuple | list) else dims:
        x = operations.apply(graph, "flip", x, axis=axis_of(dim, len(x.shape)) - 1)
    return x


@op("roll")
def roll(graph: Graph, x: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    amounts, over = each(shifts, 1), each(dims, 1)
    if dims is None or len(amounts) != len(over):
        raise Refusal("a cyclic shift of all elements in a row")
    for by, dim in zip(amounts, over, strict=True):
        x = views.roll(graph, x, axis_of(dim, len(x.shape)), by)
    return x


@op("pad")
def pad(graph: Graph, x: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    sides = [(0, 0)] * len(x.shape)
    for at in range(len(pad) // 2):
        sides[-1 - at] = (pad[2 * at], pad[2 * at + 1])
    if mode == "constant" and value == float("-inf"):
        size = tuple(own + sum(pair) for own, pair in zip(x.shape, sides, strict=True))
        return Padded(x, sides, size)
    return operations.pad(graph, x, sides, value or 0, "zeros" if mode == "constant" else mode)


@op("interpolate", "upsample")
def interpolate(
    graph: Graph, x: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None, antialias: bool = False,
    *, shape: Shape,
) -> Tensor:  # fmt: skip
    if antialias or mode not in ("nearest", "linear", "bilinear", "trilinear", "bicubic", "area"):
        raise Refusal(f"a resize in mode {mode!r}, or with a filter")
    axes = len(x.shape) - 2
    settings: dict[str, Value] = {"mode": {"bilinear": "linear", "trilinear": "linear"}.get(mode, mode)}
    if align_corners:
        settings["align_corners"] = True
    if shape[2:] == x.shape[2:] and not align_corners:
        return x
    if scale_factor is not None and not recompute_scale_factor:
        return operations.apply(graph, "upsample", x, factor=each(scale_factor, axes), **settings)
    return operations.apply(graph, "upsample", x, size=shape[2:], **settings)


@op("pixel_shuffle")
def pixel_shuffle(graph: Graph, x: Tensor, upscale_factor: int) -> Tensor:
    return operations.apply(graph, "pixel_shuffle", x, factor=upscale_factor)


@op("pixel_unshuffle")
def pixel_unshuffle(graph: Graph, x: Tensor, downscale_factor: int) -> Tensor:
    return operations.apply(graph, "pixel_unshuffle", x, factor=downscale_factor)


@op("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(graph: Graph, x: Tensor, groups: int) -> Tensor:
    return operations.apply(graph, "channel_shuffle", x, groups=groups)
