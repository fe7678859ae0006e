"""Views and slices of tensors of the source: most cost no layer, as only the arrangement changes.

All raise Refusal where there is no way to say it. Dimensions are those of the source, the batch included.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.exchange.arrangement import BATCH, Atom, Refusal, join, regroup
from cnncalc.exchange.graph import Graph, Tensor


def view(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements in the same order, with other sizes, the batch included."""
    if tensor.expanded:
        raise Refusal("a view of an expanded tensor")
    return Tensor(tensor.node, regroup(tensor.dims, shape), tuple(shape))


def permute(tensor: Tensor, order: Sequence[int]) -> Tensor:
    """The dimensions in another order."""
    return Tensor(tensor.node, tuple(tensor.dims[dim] for dim in order), tuple(tensor.shape[dim] for dim in order))


def insert(tensor: Tensor, dim: int) -> Tensor:
    """A new dimension of size 1."""
    return Tensor(
        tensor.node,
        (*tensor.dims[:dim], (), *tensor.dims[dim:]),
        (*tensor.shape[:dim], 1, *tensor.shape[dim:]),
    )


def drop(tensor: Tensor, dim: int) -> Tensor:
    """Without a dimension of size 1."""
    if tensor.shape[dim] != 1:
        raise Refusal(f"a dimension of size {tensor.shape[dim]} is dropped")
    return Tensor(
        tensor.node, (*tensor.dims[:dim], *tensor.dims[dim + 1 :]), (*tensor.shape[:dim], *tensor.shape[dim + 1 :])
    )


def expand(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """Elements repeated along dimensions of size 1; merges take them as they are, by broadcasting."""
    new = len(shape) - len(tensor.shape)
    sizes = (*[1] * new, *tensor.shape)
    wanted = tuple(old if size == -1 else size for old, size in zip(sizes, shape, strict=True))
    if any(old not in (1, size) for old, size in zip(sizes, wanted, strict=True)):
        raise Refusal(f"{list(tensor.shape)} cannot be expanded to {list(shape)}")
    return Tensor(tensor.node, (*[()] * new, *tensor.dims), wanted)


def unexpanded(tensor: Tensor) -> Tensor:
    """The tensor before its elements were repeated."""
    return tensor._replace(shape=tuple(prod(atom.size for atom in dim) for dim in tensor.dims))


def with_axis(graph: Graph, tensor: Tensor, dim: int, axis: int) -> Tensor:
    """The same tensor, arranged so that a dimension is that axis of its node, whole; a transpose is added for it.

    The node has the dimensions of the tensor as its axes, in their order but for this one.
    """
    if graph.axis_of(tensor, dim) == axis:
        return tensor
    if dim == 0:
        raise Refusal("an operation along the batch")
    others = [each for each in range(1, len(tensor.shape)) if each != dim]
    order = [0, *others[:axis], dim, *others[axis:]]
    moved = graph.plain(permute(tensor, order))
    return permute(moved, [order.index(each) for each in range(len(order))])


def channels_at(graph: Graph, tensor: Tensor, dim: int) -> Tensor:
    """The same tensor, arranged so that a dimension is the channels of its node and at most three others the rest.

    For layers that treat every position alike. Raises Refusal along the batch.
    """
    found = with_axis(graph, tensor, dim, 0)
    channels, *sizes = graph.shape_at(found.node)
    if len(sizes) <= 3:
        return found
    node = graph.materialize(view(graph.tensor(found.node), (graph.batch, channels, prod(sizes))))
    axes = regroup(graph.tensor(node).dims, (graph.batch, channels, *sizes))
    dims = tuple(tuple(atom if atom.axis == BATCH else axes[atom.axis + 1][0] for atom in each) for each in found.dims)
    return Tensor(node, dims, found.shape)


def take(graph: Graph, tensor: Tensor, dim: int, start: int, stop: int, step: int = 1) -> Tensor:
    """tensor[…, start:stop:step, …] along a dimension; bounds are from 0 on, and the step 1 or more."""
    size = tensor.shape[dim]
    if (start, stop, step) == (0, size, 1):
        return tensor
    if not 0 <= start < stop <= size or step < 1:
        raise Refusal(f"a slice {start}:{stop}:{step} of {size} positions")
    if dim == 0:
        raise Refusal("a slice of the batch")
    atoms, shape = tensor.dims[dim], graph.shape_at(tensor.node)
    axis, inner, size = atoms[0] if len(atoms) == 1 else (BATCH, 1, size)
    outermost = axis != BATCH and inner * size == shape[axis]
    if not outermost or (inner > 1 and step > 1) or tensor.expanded:
        if graph.is_plain(tensor):
            raise Refusal(f"a slice {start}:{stop}:{step} of {size} positions")
        return take(graph, graph.plain(tensor), dim, start, stop, step)
    node = _part(graph, tensor.node, axis, start * inner, stop * inner, step)
    count = -((stop - start) // -step)
    part = join([Atom(axis, inner, count)])
    return Tensor(
        node,
        (*tensor.dims[:dim], part, *tensor.dims[dim + 1 :]),
        (*tensor.shape[:dim], count, *tensor.shape[dim + 1 :]),
    )


def _part(graph: Graph, node: int, axis: int, start: int, stop: int, step: int) -> int:
    """The layer that takes these positions of an axis: an equal part by its number, else a slice."""
    size, part = graph.shape_at(node)[axis], stop - start
    if step == 1 and size % part == 0 and start % part == 0:
        if axis == 0:
            return graph.add("channel_split", [node], parts=size // part, take=start // part)
        return graph.add("split", [node], parts=size // part, take=start // part, axis=axis)
    return graph.add("slice", [node], axis=axis, start=start, stop=stop, step=step)
