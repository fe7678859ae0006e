"""ONNX ops that rearrange elements, take some of them or join them."""

from __future__ import annotations

from math import prod

from cnncalc import limits
from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor
from cnncalc.exchange.onnx_constants import (
    Constant,
    axes_of,
    axis_in,
    permutation,
    require_integers,
    require_number,
    resized,
    slices,
    squeezed,
    unsqueezed,
)
from cnncalc.exchange.onnx_context import (
    Context,
    Inputs,
    Parts,
    TensorList,
    attribute,
    input_at,
    op,
    shorten,
    tensor_of,
)
from cnncalc.exchange.onnx_file import OnnxNode


@op("Reshape")
def reshape(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, wanted = tensor_of(inputs), require_integers(input_at(inputs, 1), "a shape")
    return views.view(x, resized(x.shape, wanted, keep_zeros=bool(attribute(node, "allowzero", 0))))


@op("Flatten")
def flatten(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    axis = attribute(node, "axis", 1)
    at = axis + len(x.shape) if axis < 0 else axis
    return views.view(x, (prod(x.shape[:at]), prod(x.shape[at:])))


@op("Transpose")
def transpose(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    return views.permute(x, permutation(node, len(x.shape)))


@op("Squeeze")
def squeeze(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    return views.view(x, squeezed(x.shape, axes_of(node, inputs)))


@op("Unsqueeze")
def unsqueeze(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    return views.view(x, unsqueezed(x.shape, axes_of(node, inputs) or ()))


@op("Expand")
def expand(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, wanted = tensor_of(inputs), require_integers(input_at(inputs, 1), "a shape")
    rank = max(len(wanted), len(x.shape))
    if rank > limits.ONNX_AXES:
        raise Refusal(f"a tensor has more than {limits.ONNX_AXES} axes")
    sizes = zip((*[1] * (rank - len(x.shape)), *x.shape), (*[1] * (rank - len(wanted)), *wanted), strict=True)
    return views.expand(context.graph, x, [max(size, want) for size, want in sizes])


@op("Concat")
def concat(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    tensors = [context.tensor(each, node) for each in inputs]
    axis = axis_in(node.attributes.get("axis"), len(tensors[0].shape))
    return operations.concat(context.graph, tensors, axis)


@op("Split")
def split(context: Context, node: OnnxNode, inputs: Inputs) -> Parts:
    x, given = tensor_of(inputs), input_at(inputs, 1)
    axis = axis_in(attribute(node, "axis", 0), len(x.shape))
    size = x.shape[axis]
    sizes = attribute(node, "split", []) if given is None else require_integers(given, "a split")
    if given is None and "split" not in node.attributes:
        if attribute(node, "num_outputs", len(node.outputs)) != len(node.outputs):
            raise Refusal("it has another number of outputs than it says")
        part = -(-size // len(node.outputs))
        sizes = [min(part, size - start) for start in range(0, size, part)]
    if len(sizes) != len(node.outputs):
        raise Refusal(f"{size} positions cannot be split into {sizes[:8]}")
    return [*_parts(context, x, axis, sizes)]


def _parts(context: Context, x: Tensor, axis: int, sizes: list[int]) -> list[Tensor]:
    """A tensor cut along an axis. Raises Refusal where the sizes of the parts are not those of the whole."""
    size = x.shape[axis]
    if sum(sizes) != size or min(sizes, default=-1) < 0:
        raise Refusal(f"{size} positions cannot be split into {sizes[:8]}")
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    return [views.take(context.graph, x, axis, start, start + part) for start, part in zip(starts, sizes, strict=True)]


# Sequences


@op("SplitToSequence")
def split_to_sequence(context: Context, node: OnnxNode, inputs: Inputs) -> TensorList:
    x, given = tensor_of(inputs), input_at(inputs, 1)
    axis = axis_in(attribute(node, "axis", 0), len(x.shape))
    size = x.shape[axis]
    if isinstance(given, Constant) and given.shape:
        sizes = require_integers(given, "a split")
    else:
        part = 1 if given is None else int(require_number(given, "a split"))
        if not part >= 1 or -(-size // part) > limits.LAYERS:
            raise Refusal(f"{size} positions cannot be split into parts of {part}")
        sizes = [min(part, size - start) for start in range(0, size, part)]
    parts = _parts(context, x, axis, sizes)
    keep = given is not None or attribute(node, "keepdims", 1)
    return TensorList(parts if keep else [views.drop(part, axis) for part in parts])


@op("SequenceConstruct")
def sequence(context: Context, node: OnnxNode, inputs: Inputs) -> TensorList:
    return TensorList([tensor_of(inputs, at) for at in range(len(inputs))])


@op("SequenceAt")
def sequence_at(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    items, at = _items(inputs), int(require_number(input_at(inputs, 1), "an index"))
    if not -len(items) <= at < len(items):
        raise Refusal(f"there is no item {at} of {len(items)}")
    return items[at]


@op("ConcatFromSequence")
def concat_from_sequence(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    items, new = _items(inputs), attribute(node, "new_axis", 0)
    axis = axis_in(node.attributes.get("axis"), len(items[0].shape) + bool(new))
    return (operations.stack if new else operations.concat)(context.graph, items, axis)


def _items(inputs: Inputs) -> list[Tensor]:
    found = input_at(inputs, 0)
    if not isinstance(found, TensorList) or not found.items:
        raise Refusal("its input is no list of tensors")
    return found.items


@op("Slice")
def slice_(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    for axis, start, stop, step in slices(node, inputs, len(x.shape)):
        if not all(type(each) is int for each in (start, stop, step)) or step < -1 or step == 0:
            raise Refusal("a slice backwards, in steps")
        first, last, _ = slice(start, stop, step).indices(x.shape[axis])
        if step == -1:
            x = views.take(context.graph, x, axis, last + 1, first + 1)
            x = operations.apply(context.graph, "flip", x, axis=_own_axis(axis))
        else:
            x = views.take(context.graph, x, axis, first, last, step)
    return x


def _own_axis(axis: int) -> int:
    """An axis of an example. Raises Refusal for the batch."""
    if axis == 0:
        raise Refusal("examples of the batch in reverse order")
    return axis - 1


@op("Gather")
def gather(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    if isinstance(input_at(inputs, 0), Constant):
        raise Refusal("a table whose rows are chosen by the input (an embedding) has no layer kind")
    x, chosen = tensor_of(inputs), input_at(inputs, 1)
    wanted = require_integers(chosen, "an index")
    axis = axis_in(attribute(node, "axis", 0), len(x.shape))
    size = x.shape[axis]
    if any(not isinstance(each, int) or not -size <= each < size for each in wanted) or not wanted:
        raise Refusal("an index is outside of its axis")
    wanted = [each % size for each in wanted]
    assert isinstance(chosen, Constant)
    if not chosen.shape:
        return views.drop(views.take(context.graph, x, axis, wanted[0], wanted[0] + 1), axis)
    step = wanted[1] - wanted[0] if len(wanted) > 1 else 1
    if step < 1 or wanted != list(range(wanted[0], wanted[-1] + 1, step)):
        raise Refusal("positions are chosen in an order of their own")
    part = views.take(context.graph, x, axis, wanted[0], wanted[-1] + 1, step)
    return views.view(part, (*x.shape[:axis], *chosen.shape, *x.shape[axis + 1 :]))


# mode of a border → that of the layer kind
BORDERS = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@op("Pad")
def pad(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, rank = tensor_of(inputs), len(tensor_of(inputs).shape)
    mode = attribute(node, "mode", "constant")
    if mode not in BORDERS:
        raise Refusal(f"a border in mode {mode!r} has no layer kind")
    amounts = require_integers(input_at(inputs, 1), "a border") if len(inputs) > 1 else attribute(node, "pads", [])
    given = input_at(inputs, 2)
    value = attribute(node, "value", 0.0) if given is None else shorten(require_number(given, "a border"))
    axes = axes_of(node, inputs, 3) or list(range(rank))
    if len(amounts) != 2 * len(axes):
        raise Refusal(f"a border of {len(amounts)} amounts for {len(axes)} axes")
    sides = [(0, 0)] * rank
    for at, axis in enumerate(axes):
        sides[axis_in(axis, rank)] = (amounts[at], amounts[len(axes) + at])
    value = min(max(value, -limits.SIZE), limits.SIZE) if mode == "constant" else 0
    return operations.pad(context.graph, x, sides, value, BORDERS[mode])
