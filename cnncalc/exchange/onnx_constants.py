"""Constants of an ONNX graph and what is computed of them: exporters write shapes as graphs of Shape, Gather, Concat.

Of a small array all numbers are known; of a large one, a weight, only its sizes and its name.
"""

from __future__ import annotations

import math
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


Values = Sequence[Constant | None]
LEAST_INPUTS = {
    "Gather": 2,
    "Range": 3,
    "Expand": 2,
    "Reshape": 2,
    "Where": 3,
    "ConstantOfShape": 1,
    "Constant": 0,
} | dict.fromkeys(("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Equal", "Less", "Greater", "And", "Or"), 2)


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


def fold(node: OnnxNode, inputs: Values) -> Constant | None:
    """What a node computes of constants; None where it is no op that is computed here. Raises Refusal."""
    least = LEAST_INPUTS.get(node.op, 1)
    if len(inputs) < least or None in inputs[:least]:
        raise Refusal(f"`{node.op}` lacks an input")
    if node.op in _VIEWS:
        return _VIEWS[node.op](node, inputs)
    function = _FUNCTIONS.get(node.op)
    if function is None or any(each is not None and each.values is None for each in inputs):
        return None
    try:
        return function(node, inputs)
    except (ArithmeticError, ValueError, TypeError):  # of the numbers, which may be anything
        raise Refusal(f"`{node.op}` of constants has no value") from None


# Views, of large arrays too


def _reshape(node: OnnxNode, inputs: Values) -> Constant:
    (x, wanted, *_) = inputs
    assert x is not None
    sizes = require_integers(wanted, "a shape")
    return x._replace(shape=resized(x.shape, sizes, keep_zeros=bool(node.attributes.get("allowzero"))))


def _squeeze(node: OnnxNode, inputs: Values) -> Constant:
    x = inputs[0]
    assert x is not None
    return x._replace(shape=squeezed(x.shape, axes_of(node, inputs)))


def _unsqueeze(node: OnnxNode, inputs: Values) -> Constant:
    x = inputs[0]
    assert x is not None
    return x._replace(shape=unsqueezed(x.shape, axes_of(node, inputs) or ()))


def _flatten(node: OnnxNode, inputs: Values) -> Constant:
    x = inputs[0]
    assert x is not None
    at = node.attributes.get("axis", 1)
    if not isinstance(at, int):
        raise Refusal("its attribute `axis` is of another type")
    return x._replace(shape=(prod(x.shape[:at]), prod(x.shape[at:])))


def _transpose(node: OnnxNode, inputs: Values) -> Constant:
    x = inputs[0]
    assert x is not None
    return permuted(x, permutation(node, len(x.shape)))


def permuted(x: Constant, order: Sequence[int]) -> Constant:
    """The array with its axes in another order; its numbers are turned when they are asked for."""

    def load() -> list[Any] | None:
        values = x.load()
        strides = [prod(x.shape[at + 1 :]) for at in range(len(x.shape))]
        places = product(*(range(0, x.shape[at] * strides[at], strides[at]) for at in order))
        return None if values is None else [values[sum(place)] for place in places]

    return x._replace(shape=tuple(x.shape[at] for at in order), load=load)


def permutation(node: OnnxNode, rank: int) -> list[int]:
    """The order of the axes that Transpose makes. Raises Refusal."""
    order = node.attributes.get("perm") or list(range(rank))[::-1]
    if not isinstance(order, list) or sorted(order) != list(range(rank)):
        raise Refusal(f"{order} is no order of {rank} axes")
    return order


def _same(node: OnnxNode, inputs: Values) -> Constant:
    """Identity: how PyTorch's exporter writes equal arrays once; they are different ones all the same."""
    x = inputs[0]
    assert x is not None
    return x._replace(key=(x.key, node.outputs[0])) if x.key is not None and node.op == "Identity" else x


def _cast(node: OnnxNode, inputs: Values) -> Constant:
    x = inputs[0]
    assert x is not None
    if node.attributes.get("to") in (6, 7) and x.key is None and x.values is not None:
        return of_list([int(value) for value in x.values if math.isfinite(value)], x.shape)
    return x


# Functions of small arrays


def selected(x: Constant, axis: int, positions: Sequence[int]) -> Constant:
    """The given positions of an axis, in that order. Raises Refusal for one that is not there."""
    values, size, inner = x.values or [], x.shape[axis], prod(x.shape[axis + 1 :])
    if any(not 0 <= position < size for position in positions):
        raise Refusal("an index is outside of its array")
    found = []
    for start in range(0, len(values), size * inner):
        for position in positions:
            found += values[start + position * inner : start + (position + 1) * inner]
    return of_list(found, (*x.shape[:axis], len(positions), *x.shape[axis + 1 :]))


def _gather(node: OnnxNode, inputs: Values) -> Constant:
    x, indices = inputs[0], inputs[1]
    assert x is not None
    assert indices is not None
    axis = axis_in(node.attributes.get("axis", 0), len(x.shape))
    size = x.shape[axis]
    wanted = [index + size if index < 0 else index for index in require_integers(indices, "an index")]
    found = selected(x, axis, wanted)
    return found._replace(shape=(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _concat(node: OnnxNode, inputs: Values) -> Constant:
    arrays = [each for each in inputs if each is not None]
    rank = len(arrays[0].shape)
    axis = axis_in(node.attributes.get("axis"), rank)
    if any((len(each.shape), each.shape[:axis]) != (rank, arrays[0].shape[:axis]) for each in arrays):
        raise Refusal("arrays of other sizes are joined")
    steps = [prod(each.shape[axis:]) for each in arrays]
    values = [each.values or [] for each in arrays]
    found = [
        value
        for number in range(prod(arrays[0].shape[:axis]))
        for each, step in zip(values, steps, strict=True)
        for value in each[number * step : (number + 1) * step]
    ]
    size = sum(each.shape[axis] for each in arrays)
    return of_list(found, (*arrays[0].shape[:axis], size, *arrays[0].shape[axis + 1 :]))


def _slice(node: OnnxNode, inputs: Values) -> Constant:
    x = inputs[0]
    assert x is not None
    for axis, start, stop, step in slices(node, inputs, len(x.shape)):
        x = selected(x, axis, range(x.shape[axis])[start:stop:step])
    return x


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


def _filled(node: OnnxNode, inputs: Values) -> Constant:
    shape = tuple(require_integers(inputs[0], "a shape"))
    given = node.attributes.get("value")
    value = (given.values or [0.0])[0] if isinstance(given, OnnxTensor) else 0.0
    if min(shape, default=1) < 0 or prod(shape) > limits.ONNX_ELEMENTS:
        raise Refusal(f"a constant of {list(shape)}")
    return of_list([value] * prod(shape), shape)


def _range(node: OnnxNode, inputs: Values) -> Constant:
    (start,), (stop,), (step,) = (require_integers(each, "a range") or [0] for each in inputs[:3])
    if not step:
        raise Refusal("a range without a step")
    found = range(start, stop, step)
    if len(found) > limits.ONNX_ELEMENTS:
        raise Refusal(f"a range of {len(found):,} numbers")
    return of_list(found)


def _expand(node: OnnxNode, inputs: Values) -> Constant | None:
    x, wanted = inputs[0], require_integers(inputs[1], "a shape")
    assert x is not None
    if prod(x.shape) != 1 or min(wanted, default=1) < 0 or prod(wanted) > limits.ONNX_ELEMENTS:
        return None
    return of_list((x.values or []) * prod(wanted), tuple(wanted))


def _elementwise(function: Callable[..., Any]) -> Callable[[OnnxNode, Values], Constant | None]:
    """A function of numbers, on arrays of equal sizes or of one number."""

    def compute(node: OnnxNode, inputs: Values) -> Constant | None:
        given = [each for each in inputs if each is not None]
        most = max(given, key=lambda each: (prod(each.shape), len(each.shape)))
        count = prod(most.shape)
        columns = []
        for each in given:
            values = each.values or []
            if len(values) not in (1, count) or (len(values) == count > 1 and each.shape != most.shape):
                return None
            columns.append(values * count if len(values) == 1 else values)
        return of_list([function(*row) for row in zip(*columns, strict=True)], most.shape)

    return compute


def _divide(a: Any, b: Any) -> Any:
    return int(a / b) if isinstance(a, int) and isinstance(b, int) else a / b


def _power(a: Any, b: Any) -> float:
    return math.pow(a, b)  # never an integer of millions of digits


def _bounded(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A function whose integers stay in 64 bits, as they do in ONNX."""

    def compute(a: Any, b: Any) -> Any:
        found = function(a, b)
        if isinstance(found, int) and abs(found) >= 2**63:
            raise ArithmeticError
        return found

    return compute


def _reduced(function: Callable[[list[Any]], Any]) -> Callable[[OnnxNode, Values], Constant]:
    """A reduction of all numbers to one."""

    def compute(node: OnnxNode, inputs: Values) -> Constant:
        x = inputs[0]
        assert x is not None
        found = function(x.values or [])
        if isinstance(found, int) and abs(found) >= 2**63:
            raise ArithmeticError
        return of_list([found], (1,) * len(x.shape) if node.attributes.get("keepdims", 1) else ())

    return compute


_VIEWS = {
    "Reshape": _reshape, "Squeeze": _squeeze, "Unsqueeze": _unsqueeze, "Flatten": _flatten, "Transpose": _transpose,
    "Identity": _same, "Cast": _cast, "CastLike": _cast, "Dropout": _same,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[OnnxNode, Values], Constant | None]] = {
    "Gather": _gather, "Concat": _concat, "Slice": _slice, "ConstantOfShape": _filled, "Range": _range,
    "Expand": _expand, "ReduceProd": _reduced(prod), "ReduceMax": _reduced(max), "ReduceMin": _reduced(min),
    "ReduceSum": _reduced(sum),
    "Add": _elementwise(_bounded(lambda a, b: a + b)), "Sub": _elementwise(_bounded(lambda a, b: a - b)),
    "Mul": _elementwise(_bounded(lambda a, b: a * b)), "Div": _elementwise(_divide), "Pow": _elementwise(_power),
    "Mod": _elementwise(lambda a, b: a % b), "Max": _elementwise(lambda *each: max(each)),
    "Min": _elementwise(lambda *each: min(each)), "Neg": _elementwise(lambda a: -a),
    "Floor": _elementwise(lambda a: float(math.floor(a))), "Ceil": _elementwise(lambda a: float(math.ceil(a))),
    "Round": _elementwise(lambda a: float(round(a))), "Sqrt": _elementwise(math.sqrt), "Abs": _elementwise(abs),
    "Exp": _elementwise(math.exp), "Log": _elementwise(math.log), "Reciprocal": _elementwise(lambda a: 1 / a),
    "Equal": _elementwise(lambda a, b: a == b), "Less": _elementwise(lambda a, b: a < b),
    "Greater": _elementwise(lambda a, b: a > b), "Not": _elementwise(lambda a: not a),
    "And": _elementwise(lambda a, b: bool(a and b)), "Or": _elementwise(lambda a, b: bool(a or b)),
    "Where": _elementwise(lambda c, a, b: a if c else b),
}  # fmt: skip
