"""What several readers say in the same way, on tensors of the source: each adds the layers of ours that say it.

All raise Refusal where there is no way to say it. Dimensions are those of the source, the batch included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from cnncalc import limits
from cnncalc.exchange.arrangement import BATCH, Dim, Refusal, join, regroup
from cnncalc.exchange.graph import Array, Graph, Tensor, Unstated, permuted
from cnncalc.exchange.views import (
    channels_at,
    constant_node,
    drop,
    find_batch,
    insert,
    is_constant,
    permute,
    settle,
    take,
    unexpanded,
    view,
    with_axis,
    with_batch_at,
)
from cnncalc.layers.arguments import Value
from cnncalc.layers.arithmetic import Affine
from cnncalc.layers.base import Shape

Arrays = Mapping[str, Array] | Unstated
OVER = {"avg": "mean_over", "max": "max_over", "sum": "sum_over", "variance": "variance_over"}  # along any axes
POOLS = ("avg", "max")
PICKED = 64  # parts of an axis that are joined in another order
SUMMED = 8  # parts that a sum adds, each taken by a layer of its own


def apply(graph: Graph, kind: str, tensor: Tensor, arrays: Arrays | None = None, **settings: Value) -> Tensor:
    """A layer of the tensor as it lies in the source, [batch, channels, …]: convolutions, pools, norms."""
    return graph.tensor(graph.add(kind, [graph.materialize(tensor)], arrays, **settings))


def pointwise(graph: Graph, kind: str, tensor: Tensor, arrays: Arrays | None = None, **settings: Value) -> Tensor:
    """A layer that treats all elements alike, or all of a channel: the arrangement stays as it is."""
    return tensor._replace(node=graph.add(kind, [tensor.node], arrays, **settings))


# Merges


def merge(graph: Graph, kind: str, tensors: Sequence[Tensor]) -> Tensor:
    """Tensors element by element, with broadcasting as in NumPy: `add`, `multiply`, `subtract`, `maximum`, …"""
    first = tensors[0]
    shapes = [graph.shape_at(each.node) for each in tensors]
    if all((each.dims, each.shape) == (first.dims, first.shape) for each in tensors) and len({*shapes}) == 1:
        return first._replace(node=graph.add(kind, [each.node for each in tensors]))
    tensors = [unexpanded(each) for each in tensors]
    rank = max(len(each.shape) for each in tensors)
    tensors = [_with_rank(each, rank) for each in tensors]
    found = _broadcast(graph, kind, tensors)
    if found is not None:
        return found
    place = find_batch(graph, next((each for each in tensors if not is_constant(graph, each)), tensors[0]))

    def laid(tensor: Tensor) -> int:
        if is_constant(graph, tensor):
            return constant_node(graph, tensor, *place)
        settled = settle(graph, tensor)
        if find_batch(graph, settled) != place:
            raise Refusal("tensors are merged whose batch is at different places")
        return settled.node

    return with_batch_at(graph, graph.add(kind, list(map(laid, tensors))), *place)


def _with_rank(tensor: Tensor, rank: int) -> Tensor:
    """A tensor with dimensions of size 1 before its own, as broadcasting has it; the batch must stay the first."""
    while len(tensor.shape) < rank:
        tensor = insert(tensor, 0)
    return tensor


def _broadcast(graph: Graph, kind: str, tensors: Sequence[Tensor]) -> Tensor | None:
    """The merge of tensors that lie alike on axes of equal rank, some of size 1; None where they do not."""
    shapes = [graph.shape_at(each.node) for each in tensors]
    if len({*map(len, shapes)}) > 1:
        return None
    dims: list[Dim] = []
    for each in zip(*(tensor.dims for tensor in tensors), strict=True):
        longest = max(each, key=len)
        if len(longest) > 1 or any(dim not in ((), longest) for dim in each):
            return None
        dims.append(longest)
    axes = [dim[0].axis for dim in dims if dim and dim[0].axis != BATCH]
    result = tuple(map(max, zip(*shapes, strict=True)))
    covered = {axis for axis, size in enumerate(result) if size > 1}
    if {*axes} != covered or len(axes) != len(covered):
        return None
    for tensor, shape in zip(tensors, shapes, strict=True):
        if any(
            dim and dim[0].axis != BATCH and (dim[0].stride, dim[0].size) != (1, shape[dim[0].axis])
            for dim in tensor.dims
        ):
            return None
        if prod(tensor.shape) != prod(shape) * graph.batch:
            return None
    node = graph.add(kind, [tensor.node for tensor in tensors])
    sizes = tuple(max(each) for each in zip(*(tensor.shape for tensor in tensors), strict=True))
    return Tensor(node, tuple(dims), sizes)


def concat(graph: Graph, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """Tensors one after another along a dimension."""
    first = tensors[0]
    if len(tensors) == 1:
        return first
    at, is_cut = find_batch(graph, first)
    if dim == at:
        raise Refusal("tensors are joined along the batch")
    if at and not is_cut:
        order = [at, *(each for each in range(len(first.shape)) if each != at)]
        made = concat(graph, [permute(each, order) for each in tensors], order.index(dim))
        return permute(made, [order.index(each) for each in range(len(order))])

    def others(tensor: Tensor) -> tuple[Dim, ...]:
        return (*tensor.dims[:dim], *tensor.dims[dim + 1 :])

    tensors = _alike(graph, tensors, dim)
    first = tensors[0]
    axis = graph.axis_of(first, dim)
    alike = all(others(each) == others(first) and graph.axis_of(each, dim) == axis for each in tensors)
    if axis is None or not alike or len({len(graph.shape_at(each.node)) for each in tensors}) > 1:
        nodes = [graph.materialize(each) for each in tensors]
        return graph.tensor(graph.add("concat", nodes, axis=dim - 1))
    node = graph.add("concat", [each.node for each in tensors], axis=axis)
    size = graph.shape_at(node)[axis]
    dims = tuple(
        regroup(((graph.tensor(node).dims[axis + 1]),), (size,))[0] if each == dim else old
        for each, old in enumerate(first.dims)
    )
    return Tensor(node, dims, (*first.shape[:dim], size, *first.shape[dim + 1 :]))


def _alike(graph: Graph, tensors: Sequence[Tensor], dim: int) -> Sequence[Tensor]:
    """The tensors, where they are sequences that lie as [channels, positions] or would have to: all as such."""
    others = [each for each in range(1, len(tensors[0].shape)) if each != dim]
    if len(others) != 1 or all(graph.is_plain(each) for each in tensors):
        return tensors
    order = (0, *others, dim)
    nodes = [graph.materialize(permute(each, order)) for each in tensors]
    return [permute(graph.tensor(node), [order.index(each) for each in range(3)]) for node in nodes]


def pick(graph: Graph, tensor: Tensor, dim: int, positions: Sequence[int]) -> Tensor:
    """The positions of a dimension in an order of their own: slices of those that are one after another, joined."""
    size = tensor.shape[dim]
    runs: list[list[int]] = []
    for at in [position % size for position in positions]:
        if runs and at == runs[-1][-1] + 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    if not 0 < len(runs) <= PICKED:
        raise Refusal(f"{len(positions)} positions of an axis in an order that takes {len(runs)} slices")
    return concat(graph, [take(graph, tensor, dim, run[0], run[-1] + 1) for run in runs], dim)


def stack(graph: Graph, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """Tensors of equal shapes along a new dimension."""
    nodes = [graph.materialize(each) for each in tensors]
    made = graph.tensor(graph.add("stack", nodes, axis=max(dim - 1, 0)))
    return made if dim else permute(made, [1, 0, *range(2, len(made.shape))])


# Numbers and learned numbers


def uniform(graph: Graph, shape: Shape, number: float) -> Tensor:
    """A tensor all of whose elements are a number, as a first state is; it is made of an element of the input."""
    x = graph.input()
    for dim in range(1, len(x.shape)):
        x = take(graph, x, dim, 0, 1)
    x = affine(graph, graph.plain(view(x, (graph.batch, 1, 1))), 0, number)
    return view(apply(graph, "upsample", x, size=prod(shape[1:])), shape)


def affine(graph: Graph, tensor: Tensor, factor: float = 1, offset: float = 0) -> Tensor:
    """factor·x + offset with constants; a constant after another is one with it."""
    if factor == 1 and offset == 0:
        return tensor
    return pointwise(graph, Affine.kind, tensor, factor=factor, offset=offset)


def learned(graph: Graph, kind: str, tensor: Tensor, array: Array) -> Tensor:
    """A learned factor (`scale`) or summand (`shift`) that is broadcast to a tensor: for each channel, position, …"""
    sizes = (*[1] * (len(tensor.shape) - len(array.shape)), *array.shape)
    if len(sizes) > len(tensor.shape) or any(
        size not in (1, own) for size, own in zip(sizes, tensor.shape, strict=True)
    ):
        raise Refusal(f"a learned array of {'×'.join(map(str, array.shape))} makes its tensor larger")
    arrays = {"weight" if kind == "scale" else "bias": array}
    large = [dim for dim, size in enumerate(sizes) if size > 1]
    if not large:
        return pointwise(graph, kind, tensor, arrays, per="all")
    if len(large) == 1 and large[0] != 0:
        return pointwise(graph, kind, with_axis(graph, tensor, large[0], 0), arrays)
    if large == list(range(1, len(sizes))) and tensor.dims[0] == graph.tensor(tensor.node).dims[0]:
        axes = [atom for dim in tensor.dims[1:] for atom in dim]
        own = graph.shape_at(tensor.node)
        if sorted(axis for axis, _, _ in axes) == list(range(len(own))):  # each whole, in another order
            name = next(iter(arrays))
            laid = array._replace(shape=tuple(size for _, _, size in axes))
            order = [next(at for at, atom in enumerate(axes) if atom.axis == axis) for axis in range(len(own))]
            return pointwise(graph, kind, tensor, {name: permuted(laid, order)}, per="element")
    plain = graph.plain(tensor)
    if large == list(range(1, len(sizes))):
        return pointwise(graph, kind, plain, arrays, per="element")
    if large == list(range(2, len(sizes))):
        return pointwise(graph, kind, plain, arrays, per="position")
    raise Refusal(f"a learned array of {'×'.join(map(str, array.shape))} for some of the axes")


# Reductions, softmax, linear layers


def reduce(graph: Graph, kind: str, tensor: Tensor, dims: Sequence[int], *, keep: bool, **settings: Value) -> Tensor:
    """The mean ("avg"), the largest ("max"), "sum" or "variance" over some dimensions; with `keep` they stay, of size
    1."""
    shape = graph.shape_at(tensor.node)
    axes = [graph.axis_of(tensor, dim) for dim in dims if tensor.dims[dim]]
    spatial = [axis for axis, size in enumerate(shape) if axis and size > 1]
    if 0 in dims or tensor.expanded:
        raise Refusal("a reduction over the batch" if 0 in dims else "a reduction of an expanded tensor")
    if not axes and kind != "variance":
        node = tensor.node
    elif kind in POOLS and len(shape) in (2, 3, 4) and None not in axes and 0 not in axes:
        if sorted(axes) == spatial:  # type: ignore[type-var]
            node = graph.add(f"global_{kind}_pool", [tensor.node])
        else:
            sizes = [1 if axis in axes else None for axis in range(1, len(shape))]
            node = graph.add(f"adaptive_{kind}_pool", [tensor.node], size=sizes)
    elif axes and None not in axes:
        over = axes[0] if len(axes) == 1 else sorted(axes)  # type: ignore[type-var]
        node = graph.add(OVER[kind], [tensor.node], axes=over, **settings)
    elif graph.is_plain(tensor):
        return _reduce_any(graph, kind, tensor, dims, keep=keep, **settings)
    elif (flat := _spatial_view(graph, tensor, dims)) is not None:
        node = _pool(graph, kind, flat, **settings)
    else:
        return reduce(graph, kind, graph.plain(tensor), dims, keep=keep, **settings)
    left = [dim for dim in range(len(tensor.shape)) if keep or dim not in dims]
    return Tensor(
        node,
        tuple(() if dim in dims else tensor.dims[dim] for dim in left),
        tuple(1 if dim in dims else tensor.shape[dim] for dim in left),
    )


def _pool(graph: Graph, kind: str, node: int, **settings: Value) -> int:
    """A reduction of all positions of each channel."""
    axes = list(range(1, len(graph.shape_at(node))))
    if kind not in POOLS:
        return graph.add(OVER[kind], [node], axes=axes[0] if len(axes) == 1 else axes, **settings)
    return graph.add(f"global_{kind}_pool", [node])


def _spatial_view(graph: Graph, tensor: Tensor, dims: Sequence[int]) -> int | None:
    """The node, where the dimensions together are all spatial axes of it, as after `flatten(2)`; else None."""
    shape = graph.shape_at(tensor.node)
    atoms = sorted(join(sorted(atom for dim in dims for atom in tensor.dims[dim])))
    wanted = sorted(atom for dim in graph.tensor(tensor.node).dims[2:] for atom in dim)
    return tensor.node if 1 < len(shape) <= 4 and atoms == wanted else None


def _reduce_any(
    graph: Graph, kind: str, tensor: Tensor, dims: Sequence[int], *, keep: bool, **settings: Value
) -> Tensor:
    """A reduction over any dimensions: they are laid out as positions, the others as channels."""
    others = [dim for dim in range(1, len(tensor.shape)) if dim not in dims]
    moved = permute(tensor, [0, *others, *dims])
    kept = prod(tensor.shape[dim] for dim in others)
    flat = graph.plain(view(moved, (graph.batch, kept, prod(tensor.shape[dim] for dim in dims))))
    found = graph.tensor(_pool(graph, kind, flat.node, **settings))
    sizes = [tensor.shape[dim] if dim not in dims else 1 for dim in range(len(tensor.shape)) if keep or dim not in dims]
    return view(found, sizes)


def total(graph: Graph, tensor: Tensor, dims: Sequence[int], *, keep: bool) -> Tensor:
    """The sum over some dimensions: of a few parts of an axis by adding them."""
    if len(dims) == 1 and 1 < tensor.shape[dims[0]] <= SUMMED and graph.axis_of(tensor, dims[0]) is None:
        dim = dims[0]
        parts = [take(graph, tensor, dim, at, at + 1) for at in range(tensor.shape[dim])]
        found = merge(graph, "add", parts)
        return found if keep else drop(found, dim)
    return reduce(graph, "sum", tensor, dims, keep=keep)


def softmax(graph: Graph, tensor: Tensor, dim: int, kind: str = "softmax") -> Tensor:
    """`softmax` or `log_softmax` along a dimension: an axis, each group of channels, or channels after a transpose."""
    atoms, channels = tensor.dims[dim], graph.shape_at(tensor.node)[0]
    if len(atoms) == 1 and atoms[0][:2] == (0, 1) and channels % atoms[0].size == 0 and atoms[0].size < channels:
        return pointwise(graph, kind, tensor, groups=channels // atoms[0].size)
    axis = graph.axis_of(tensor, dim) if atoms else None
    if axis:
        return pointwise(graph, kind, tensor, over=axis)
    return pointwise(graph, kind, with_axis(graph, tensor, dim, 0))


def linear(graph: Graph, tensor: Tensor, arrays: Arrays, out: int, *, bias: bool | None = None) -> Tensor:
    """A fully connected layer of the last dimension: `linear` of a flat tensor, a 1×1 convolution of a map.

    Whether there is a bias is told by the arrays, unless it is given.
    """
    has_bias = bias if bias is not None or isinstance(arrays, Unstated) else "bias" in arrays
    last = len(tensor.shape) - 1
    if last == 1 and tensor.dims[0] == graph.tensor(tensor.node).dims[0]:
        return apply(graph, "linear", tensor, arrays, out=out, bias=has_bias)
    found = channels_at(graph, tensor, last)
    node = graph.add("conv", [found.node], arrays, out=out, kernel=1, bias=has_bias)
    return Tensor(node, (*found.dims[:-1], graph.tensor(node).dims[1]), (*tensor.shape[:-1], out))


def layer_norm(graph: Graph, tensor: Tensor, dims: int, arrays: Arrays, **settings: Value) -> Tensor:
    """Layer normalization over the last dimensions: the channels of each position, or all elements."""
    rank = len(tensor.shape)
    if dims == rank - 1 and dims > 1:
        return pointwise(graph, "layer_norm", graph.plain(tensor), arrays, over="all", **settings)
    if dims > 1:
        axes = [graph.axis_of(tensor, dim) for dim in range(rank - dims, rank)]
        if None in axes or axes != sorted(axes):  # type: ignore[type-var]
            tensor, axes = graph.plain(tensor), list(range(rank - 1 - dims, rank - 1))
        return pointwise(graph, "layer_norm", tensor, arrays, over=axes, **settings)
    return pointwise(graph, "layer_norm", with_axis(graph, tensor, rank - 1, 0), arrays, **settings)


def pad(
    graph: Graph, tensor: Tensor, amounts: Sequence[tuple[int, int]], value: float = 0, mode: str = "zeros"
) -> Tensor:
    """A border before and after each dimension, of a constant or by a mode; negative amounts take positions away."""
    if mode != "zeros" and min(map(min, amounts)) < 0:
        raise Refusal(f"a border in mode {mode!r} that takes positions away")
    for dim, (before, after) in enumerate(amounts):
        if before < 0 or after < 0:
            tensor = take(graph, tensor, dim, max(-before, 0), tensor.shape[dim] - max(-after, 0))
    amounts = [(max(before, 0), max(after, 0)) for before, after in amounts]
    padded = [dim for dim, pair in enumerate(amounts) if any(pair)]
    if not padded:
        return tensor
    others = [dim for dim in range(1, len(tensor.shape)) if dim not in padded]
    if others and any(tensor.shape[dim] == 1 for dim in padded) and not graph.is_plain(tensor):
        order = [0, others[-1], *(dim for dim in range(1, len(tensor.shape)) if dim != others[-1])]
        laid = graph.plain(permute(tensor, order))  # which axis is one of a single position is known there
        made = pad(graph, laid, [amounts[dim] for dim in order], value, mode)
        return permute(made, [order.index(dim) for dim in range(len(order))])
    if any(graph.axis_of(tensor, dim) is None for dim in padded):
        tensor = graph.plain(tensor)
    if 0 in padded:
        raise Refusal("a border around the batch")
    channels = [dim for dim in padded if graph.axis_of(tensor, dim) == 0]
    if channels and len(tensor.shape) > 2:  # they are padded as positions
        if not others:  # one after the other
            first = [pair if dim in channels else (0, 0) for dim, pair in enumerate(amounts)]
            second = [(0, 0) if dim in channels else pair for dim, pair in enumerate(amounts)]
            return pad(graph, pad(graph, tensor, first, value, mode), second, value, mode)
        tensor = with_axis(graph, tensor, others[-1], 0)
    node_shape = graph.shape_at(tensor.node)
    sides = [(0, 0)] * len(node_shape)
    for dim in padded:
        axis = graph.axis_of(tensor, dim)
        if not axis:
            raise Refusal("a border around the channels")
        sides[axis] = amounts[dim]
    node = graph.add("pad", [tensor.node], amount=sides[1:], value=value, mode=mode)
    whole = graph.tensor(node).dims
    axes = [None, *(graph.axis_of(tensor, dim) for dim in range(1, len(tensor.shape)))]
    dims = tuple(old if axis is None else whole[axis + 1] for axis, old in zip(axes, tensor.dims, strict=True))
    sizes = tuple(size + sum(pair) for size, pair in zip(tensor.shape, amounts, strict=True))
    return Tensor(node, dims, sizes)


def same_sides(shape: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> list[tuple[int, int]]:
    """The padding of `same`, as TensorFlow has it: O = ⌈I/S⌉, the odd position after."""
    totals = (
        max((-(-i // s) - 1) * s + d * (k - 1) + 1 - i, 0)
        for i, k, s, d in zip(shape, kernel, stride, dilation, strict=True)
    )
    return [(total // 2, total - total // 2) for total in totals]


def check_size(shape: Shape) -> Shape:
    """The shape, where it is within the bounds of the language. Raises Refusal."""
    if not all(1 <= size <= limits.SIZE for size in shape):
        raise Refusal(f"a tensor of {list(shape)} has an axis of no size, or of more than {limits.SIZE:,}")
    return shape
