"""Views and slices of tensors of the source: most cost no layer, as only the arrangement changes.

All raise Refusal where there is no way to say it. Dimensions are those of the source, the batch included.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc import limits
from cnncalc.exchange.arrangement import BATCH, Atom, Refusal, join, regroup
from cnncalc.exchange.graph import Graph, Tensor
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple


class Padded(NamedTuple):
    """A tensor with a border of −∞, which is the padding of the max pool that follows."""

    inside: Tensor
    sides: list[tuple[int, int]]
    shape: Shape


def view(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements in the same order, with other sizes, the batch included."""
    if tensor.expanded:
        raise Refusal("a view of an expanded tensor")
    return Tensor(tensor.node, regroup(tensor.dims, shape), tuple(shape))


def permute(tensor: Tensor, order: Sequence[int]) -> Tensor:
    """The dimensions in another order."""
    return Tensor(tensor.node, tuple(tensor.dims[dim] for dim in order), tuple(tensor.shape[dim] for dim in order))


def moved_order(rank: int, starts: Sequence[int], ends: Sequence[int]) -> list[int]:
    """The order of dimensions after some of them were moved from `starts` to `ends`, the others in their order."""
    others = iter([dim for dim in range(rank) if dim not in starts])
    moved = dict(zip(ends, starts, strict=True))
    return [moved[dim] if dim in moved else next(others) for dim in range(rank)]


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


def expand(graph: Graph, tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """Elements repeated along dimensions of size 1; merges take them as they are, by broadcasting.

    What is the same for all examples, repeated for each, is an ordinary tensor: the outputs of all layers are.
    """
    new = len(shape) - len(tensor.shape)
    sizes = (*[1] * new, *tensor.shape)
    wanted = tuple(old if size == -1 else size for old, size in zip(sizes, shape, strict=True))
    if any(old not in (1, size) for old, size in zip(sizes, wanted, strict=True)):
        raise Refusal(f"{list(tensor.shape)} cannot be expanded to {list(shape)}")
    dims = (*[()] * new, *tensor.dims)
    if wanted[:1] == (graph.batch,) and is_constant(graph, tensor):
        dims = (join([Atom(BATCH, 1, graph.batch)]), *dims[1:])
    return Tensor(tensor.node, dims, wanted)


def unexpanded(tensor: Tensor) -> Tensor:
    """The tensor before its elements were repeated."""
    return tensor._replace(shape=tuple(prod(atom.size for atom in dim) for dim in tensor.dims))


def with_axis(graph: Graph, tensor: Tensor, dim: int, axis: int) -> Tensor:
    """The same tensor, arranged so that a dimension is that axis of its node, whole; a transpose is added for it.

    The node has the dimensions of the tensor as its axes, in their order but for this one.
    """
    if graph.axis_of(tensor, dim) == axis:
        return tensor
    cut, at, is_cut = _cut(graph, tensor)
    if dim == at:
        raise Refusal("an operation along the batch")
    dim += is_cut and dim > at
    others = [each for each in range(len(cut.shape)) if each not in (at, dim)]
    order = [at, *others[:axis], dim, *others[axis:]]
    moved = graph.plain(permute(cut, order))
    return _rejoined(permute(moved, [order.index(each) for each in range(len(order))]), at, is_cut)


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
    if any(atom.axis == BATCH for atom in tensor.dims[dim]):
        raise Refusal("a slice of the batch")
    atoms, shape = tensor.dims[dim], graph.shape_at(tensor.node)
    axis, inner, size = atoms[0] if len(atoms) == 1 else (BATCH, 1, size)
    outermost = axis != BATCH and inner * size == shape[axis]
    if not outermost or (inner > 1 and step > 1) or tensor.expanded:
        if graph.is_plain(tensor):
            raise Refusal(f"a slice {start}:{stop}:{step} of {size} positions")
        return take(graph, settle(graph, tensor), dim, start, stop, step)
    node = _part(graph, tensor.node, axis, start * inner, stop * inner, step)
    count = -((stop - start) // -step)
    part = join([Atom(axis, inner, count)])
    return Tensor(
        node,
        (*tensor.dims[:dim], part, *tensor.dims[dim + 1 :]),
        (*tensor.shape[:dim], count, *tensor.shape[dim + 1 :]),
    )


def index(graph: Graph, tensor: Tensor, key: Sequence[object]) -> Tensor:
    """tensor[key], of slices, integers, None for a new dimension, and `...` for those between."""
    count = sum(each is not None and each is not ... for each in key)
    if len(key) > 2 * limits.AXES + len(tensor.shape):
        raise Refusal(f"{len(key)} indices of {len(tensor.shape)} axes")
    if ... in key:
        at = list(key).index(...)
        key = (*key[:at], *[slice(None)] * (len(tensor.shape) - count), *key[at + 1 :])
    dim = 0
    for each in key:
        if each is not None and dim >= len(tensor.shape):
            raise Refusal(f"{count} indices of {len(tensor.shape)} axes")
        if each is None:
            tensor = insert(tensor, dim)
        elif isinstance(each, slice):
            size = tensor.shape[dim]
            if not all(bound is None or isinstance(bound, int) for bound in (each.start, each.stop, each.step)):
                raise Refusal("a slice between bounds that are computed")
            bounds = each.indices(size) if each.step != 0 else (0, 0, 0)
            backwards = bounds == (size - 1, -1, -1)
            tensor = flip(graph, tensor, dim) if backwards else take(graph, tensor, dim, *bounds)
        elif type(each) is int and -tensor.shape[dim] <= each < tensor.shape[dim]:
            place = each % tensor.shape[dim]
            tensor = drop(take(graph, tensor, dim, place, place + 1), dim)
            continue
        else:
            raise Refusal("positions are chosen by a tensor or a list, or lie outside of it")
        dim += 1
    return tensor


def flip(graph: Graph, tensor: Tensor, dim: int) -> Tensor:
    """The positions of a dimension in the opposite order."""
    return _along(graph, "flip", tensor, dim)


def roll(graph: Graph, tensor: Tensor, dim: int, by: int) -> Tensor:
    """The positions of a dimension shifted, those beyond its end to its begin."""
    return tensor if by % tensor.shape[dim] == 0 else _along(graph, "roll", tensor, dim, by=by)


def _along(graph: Graph, kind: str, tensor: Tensor, dim: int, **settings: Value) -> Tensor:
    """A layer that rearranges the positions of one axis."""
    tensor = tensor if graph.axis_of(tensor, dim) is not None else settle(graph, tensor)
    axis = graph.axis_of(tensor, dim)
    if axis is None:
        raise Refusal(f"a `{kind}` of the batch")
    return tensor._replace(node=graph.add(kind, [tensor.node], axis=axis, **settings))


def _part(graph: Graph, node: int, axis: int, start: int, stop: int, step: int) -> int:
    """The layer that takes these positions of an axis: an equal part by its number, else a slice."""
    size, part = graph.shape_at(node)[axis], stop - start
    if step == 1 and size % part == 0 and start % part == 0:
        if axis == 0:
            return graph.add("channel_split", [node], parts=size // part, take=start // part)
        return graph.add("split", [node], parts=size // part, take=start // part, axis=axis)
    return graph.add("slice", [node], axis=axis, start=start, stop=stop, step=step)


# Where the batch is


def find_batch(graph: Graph, tensor: Tensor) -> tuple[int, bool]:
    """The dimension in which the batch is, and whether other positions are in it, too. Raises Refusal where the batch
    is not a dimension, or not its outermost part. A batch of one is in the first."""
    own = join([Atom(BATCH, 1, graph.batch)])
    for dim, atoms in enumerate(tensor.dims):
        if atoms[: len(own)] == own:
            return dim, len(atoms) > len(own)
    raise Refusal("the examples of a batch are not an axis, or not its outermost part")


def is_constant(graph: Graph, tensor: Tensor) -> bool:
    """Whether a tensor is the same for all examples, and does not have their dimension."""
    return graph.batch > 1 and not any(atom.axis == BATCH for dim in tensor.dims for atom in dim)


def constant_node(graph: Graph, tensor: Tensor, at: int, is_cut: bool) -> int:
    """The node of a constant tensor, for a merge with others that have the batch at a dimension.

    With `is_cut` it has an axis of size 1 for what is beside the batch.
    """
    if tensor.shape[at] != 1:
        raise Refusal("a constant of another size for each example")
    dims, sizes = tensor.dims, tensor.shape
    whole = join([Atom(BATCH, 1, graph.batch)])
    found = Tensor(tensor.node, (*dims[:at], whole, *dims[at + 1 :]), (*sizes[:at], graph.batch, *sizes[at + 1 :]))
    return graph.materialize(_batch_first(insert(found, at + 1) if is_cut else found, at))


def swap_last(tensor: Tensor) -> Tensor:
    """The last two dimensions the other way round."""
    rank = len(tensor.shape)
    return permute(tensor, [*range(rank - 2), rank - 1, rank - 2])


def _cut(graph: Graph, tensor: Tensor) -> tuple[Tensor, int, bool]:
    """The tensor with the batch as a dimension of its own, which one, and whether what was beside it is one more."""
    at, is_cut = find_batch(graph, tensor)
    if not is_cut:
        return tensor, at, False
    own = join([Atom(BATCH, 1, graph.batch)])
    sizes = (*tensor.shape[:at], graph.batch, tensor.shape[at] // graph.batch, *tensor.shape[at + 1 :])
    dims = (*tensor.dims[:at], own, tensor.dims[at][len(own) :], *tensor.dims[at + 1 :])
    return Tensor(tensor.node, dims, sizes), at, True


def _rejoined(tensor: Tensor, at: int, is_cut: bool) -> Tensor:
    """The tensor before it was cut."""
    if not is_cut:
        return tensor
    joined = join([*tensor.dims[at], *tensor.dims[at + 1]])
    sizes = (*tensor.shape[:at], tensor.shape[at] * tensor.shape[at + 1], *tensor.shape[at + 2 :])
    return Tensor(tensor.node, (*tensor.dims[:at], joined, *tensor.dims[at + 2 :]), sizes)


def _batch_first(tensor: Tensor, at: int) -> Tensor:
    return permute(tensor, [at, *(dim for dim in range(len(tensor.shape)) if dim != at)])


def is_settled(graph: Graph, tensor: Tensor) -> bool:
    """Whether the elements of the node are in the order of the dimensions, the batch left out."""
    cut, at, _ = _cut(graph, tensor)
    atoms = join(atom for dim in _batch_first(cut, at).dims[1:] for atom in dim)
    return atoms == join(atom for dim in graph.tensor(cut.node).dims[1:] for atom in dim)


def settle(graph: Graph, tensor: Tensor) -> Tensor:
    """The same tensor as the output of a node that has its dimensions as axes, in their order; the batch is left out,
    and what is in one dimension with it is an axis of its own."""
    cut, at, is_cut = _cut(graph, tensor)
    return with_batch_at(graph, graph.materialize(_batch_first(cut, at)), at, is_cut)


def with_batch_at(graph: Graph, node: int, at: int, is_cut: bool) -> Tensor:
    """The output of a node with the batch as a dimension; with `is_cut` in one dimension with the axis after it."""
    whole = graph.tensor(node)
    return _rejoined(permute(whole, [*range(1, at + 1), 0, *range(at + 1, len(whole.shape))]), at, is_cut)
