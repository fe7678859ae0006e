"""Constants of an ONNX graph: exporters write shapes as graphs of Shape, Gather, Concat, which `onnx_folding` computes.

Of a small array all numbers are known; of a large one, a weight, only its sizes and its name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import product
from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.onnx_file import OnnxNode, OnnxTensor
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple


class Constant(NamedTuple):
    """An array: its sizes, what gives all its numbers (None where they are not in the file), and its array of the file.

    `key` is what makes it the same array elsewhere, in any order of its axes; None where it was computed. `tensor` is
    the array of the file of which it is a view.
    """

    shape: Shape
    load: Callable[[], list[Any] | None]
    key: Hashable = None
    tensor: OnnxTensor | None = None

    @property
    def values(self) -> list[Any] | None:
        """All numbers, None where they are many or are not in the file."""
        return self.load() if prod(self.shape) <= limits.ONNX_ELEMENTS else None


def of_tensor(tensor: OnnxTensor) -> Constant:
    """An array of the file."""
    return Constant(tensor.shape, tensor.load, tensor.name, tensor)


def of_list(numbers: Sequence[Any], shape: Shape | None = None) -> Constant:
    """Numbers that are known: a vector, or an array of the given sizes."""
    known = list(numbers)
    return Constant((len(known),) if shape is None else shape, lambda: known)


def require_values(constant: object, what: str) -> list[Any]:
    """The numbers of an argument. Raises Refusal where they depend on the input, or are not known."""
    values = constant.values if isinstance(constant, Constant) else None
    if values is None:
        raise Refusal(f"{what} depends on values that are not known before the network runs")
    return values


def require_integers(constant: object, what: str) -> list[int]:
    """The same of integers. Raises Refusal for other numbers."""
    values = require_values(constant, what)
    if not all(type(each) is int for each in values):
        raise Refusal(f"{what} has numbers that are no integers")
    return values


def require_number(constant: object, what: str) -> float:
    """The same of one number. Raises Refusal for several."""
    values = require_values(constant, what)
    if len(values) != 1:
        raise Refusal(f"{what} has {len(values)} numbers")
    return float(values[0])


def axis_in(axis: Any, rank: int) -> int:
    """An axis from 0. Raises Refusal where there is no such axis."""
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise Refusal(f"there is no axis {axis} of {rank}")
    return axis % rank


def resized(shape: Shape, wanted: Sequence[int], *, keep_zeros: bool = False) -> Shape:
    """The sizes that Reshape makes: 0 keeps a size, −1 takes what the others leave. Raises Refusal."""
    sizes = [shape[at] if size == 0 and not keep_zeros and at < len(shape) else size for at, size in enumerate(wanted)]
    elements, known = prod(shape), prod(size for size in sizes if size != -1)
    if sizes.count(-1) > 1 or (-1 in sizes and (not known or elements % known)):
        raise Refusal(f"{list(shape)} cannot be reshaped to {list(wanted)}")
    found = tuple(elements // known if size == -1 else size for size in sizes)
    if prod(found) != elements or min(found, default=1) < 0:
        raise Refusal(f"{list(shape)} cannot be reshaped to {list(wanted)}")
    return found


def squeezed(shape: Shape, axes: Sequence[int] | None) -> Shape:
    """The sizes without axes of size 1. Raises Refusal for another size."""
    rank = len(shape)
    gone = (
        [at for at, size in enumerate(shape) if size == 1] if axes is None else [axis_in(axis, rank) for axis in axes]
    )
    if any(shape[at] != 1 for at in gone):
        raise Refusal(f"{list(shape)} cannot be squeezed along {list(axes or ())}")
    return tuple(size for at, size in enumerate(shape) if at not in gone)


def unsqueezed(shape: Shape, axes: Sequence[int]) -> Shape:
    """The sizes with new axes of size 1. Raises Refusal."""
    rank = len(shape) + len(axes)
    if rank > limits.ONNX_AXES:
        raise Refusal(f"a tensor has more than {limits.ONNX_AXES} axes")
    new = {axis_in(axis, rank) for axis in axes}
    if len(new) < len(axes):
        raise Refusal(f"an axis is inserted twice: {list(axes)}")
    left = iter(shape)
    return tuple(1 if at in new else next(left) for at in range(rank))


def axes_of(node: OnnxNode, inputs: Sequence[object], at: int = 1) -> list[int] | None:
    """The axes of an op: an input in later opsets, an attribute before; None where they are left out."""
    if len(inputs) > at and inputs[at] is not None:
        return require_integers(inputs[at], "a list of axes")
    found = node.attributes.get("axes")
    if found is not None and not (isinstance(found, list) and all(type(each) is int for each in found)):
        raise Refusal("its attribute `axes` is of another type")
    return found


def integer(node: OnnxNode, name: str, default: int) -> int:
    """An attribute that is an integer. Raises Refusal for another type."""
    found = node.attributes.get(name, default)
    if type(found) is not int:
        raise Refusal(f"its attribute `{name}` is of another type")
    return found


def permuted(x: Constant, order: Sequence[int]) -> Constant:
    """The array with its axes in another order; its numbers are turned when they are asked for."""

    def load() -> list[Any] | None:
        values = x.load()
        strides = [prod(x.shape[at + 1 :]) for at in range(len(x.shape))]
        places = product(*(range(0, x.shape[at] * strides[at], strides[at]) for at in order))
        return None if values is None else [values[sum(place)] for place in places]

    return x._replace(shape=tuple(x.shape[at] for at in order), load=load)


def dequantized(x: Constant, scales: Sequence[Constant], zero: Constant | None, axis: int) -> Constant:
    """The numbers (x − zero) · the product of the scales, which are one number each, or one for each place of an axis.

    Raises Refusal for others, as those of blocks are.
    """
    rank = len(x.shape)
    size = x.shape[axis_in(axis, rank)] if rank else 1
    inner = prod(x.shape[axis_in(axis, rank) + 1 :]) if rank else 1
    given = [*scales, *([zero] if zero is not None else [])]
    if any(prod(each.shape) not in (1, size) for each in given):
        raise Refusal("scales of blocks of its numbers")

    def load() -> list[Any] | None:
        loaded = [each.load() for each in (x, *given)]
        numbers, *factors = [each for each in loaded if each is not None]
        if len(factors) < len(given):
            return None
        zeros = factors.pop() if zero is not None else [0]

        def at(values: list[Any], place: int) -> Any:
            return values[place % len(values)]

        places = ((number, index // inner % size) for index, number in enumerate(numbers))
        return [(number - at(zeros, place)) * prod(at(each, place) for each in factors) for number, place in places]

    return x._replace(load=load)


def permutation(node: OnnxNode, rank: int) -> list[int]:
    """The order of the axes that Transpose makes. Raises Refusal."""
    order = node.attributes.get("perm", list(range(rank))[::-1])
    if not isinstance(order, list) or sorted(order) != list(range(rank)):
        raise Refusal(f"{order} is no order of {rank} axes")
    return order


def slices(node: OnnxNode, inputs: Sequence[object], rank: int) -> list[tuple[int, int, int, int]]:
    """What Slice takes: of each axis the start, the stop and the step, as they are given."""
    given: list[Any]
    if len(inputs) > 1:
        found = (inputs[at] if len(inputs) > at else None for at in range(1, 5))
        given = [None if each is None else require_integers(each, "a slice") for each in found]
    else:
        given = [node.attributes.get(name) for name in ("starts", "ends", "axes", "steps")]
    starts, stops, axes, steps = given
    if not isinstance(starts, list) or not isinstance(stops, list):
        raise Refusal("a slice without a start or an end")
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(stops) == len(axes) == len(steps):
        raise Refusal("a slice with lists of different lengths")
    return [
        (axis_in(axis, rank), start, stop, step)
        for axis, start, stop, step in zip(axes, starts, stops, steps, strict=True)
    ]
