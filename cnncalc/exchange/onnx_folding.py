"""What ONNX nodes compute of constants: views of arrays of any size, and functions of small ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.onnx_constants import (
    Constant,
    axes_of,
    axis_in,
    dequantized,
    integer,
    of_list,
    permutation,
    permuted,
    require_integers,
    resized,
    slices,
    squeezed,
    unsqueezed,
)
from cnncalc.exchange.onnx_file import OnnxNode, OnnxTensor

Values = Sequence[Constant | None]
LEAST_INPUTS = {
    "Gather": 2,
    "Range": 3,
    "Expand": 2,
    "Reshape": 2,
    "DequantizeLinear": 2,
    "Where": 3,
    "ConstantOfShape": 1,
    "Constant": 0,
} | dict.fromkeys(("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Equal", "Less", "Greater", "And", "Or"), 2)


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
    return x._replace(shape=resized(x.shape, sizes, keep_zeros=bool(integer(node, "allowzero", 0))))


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
    at = integer(node, "axis", 1)
    return x._replace(shape=(prod(x.shape[:at]), prod(x.shape[at:])))


def _transpose(node: OnnxNode, inputs: Values) -> Constant:
    x = inputs[0]
    assert x is not None
    return permuted(x, permutation(node, len(x.shape)))


def _same(node: OnnxNode, inputs: Values) -> Constant:
    """Identity: how PyTorch's exporter writes equal arrays once; they are different ones all the same."""
    x = inputs[0]
    assert x is not None
    return x._replace(key=(x.key, node.outputs[0])) if x.key is not None and node.op == "Identity" else x


def _cast(node: OnnxNode, inputs: Values) -> Constant:
    """Numbers of another type; of floating types all are one here, as of integers and truth values."""
    x = inputs[0]
    assert x is not None
    to = integer(node, "to", 0) if node.op == "Cast" else 0
    change = next((change for types, change in _TYPES.items() if to in types), None)
    if node.op == "Cast" and change is None:
        raise Refusal(f"numbers become the type {to}, which is not read")

    def load() -> list[Any] | None:
        values = x.load()
        return values if values is None or change is None else [change(value) for value in values]

    return x._replace(load=load)


def _dequantize(node: OnnxNode, inputs: Values) -> Constant:
    x, scale = inputs[:2]
    assert x is not None
    assert scale is not None
    if integer(node, "block_size", 0):
        raise Refusal("scales of blocks of its numbers")
    zero = inputs[2] if len(inputs) > 2 else None
    return dequantized(x, [scale], zero, integer(node, "axis", 1) if prod(scale.shape) > 1 else 0)


def _quantize(node: OnnxNode, inputs: Values) -> Constant:
    """An array whose numbers are rounded, as training for integers does: they are not computed."""
    x = inputs[0]
    assert x is not None
    return x._replace(load=lambda: None)


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


def _filled(node: OnnxNode, inputs: Values) -> Constant:
    shape = tuple(require_integers(inputs[0], "a shape"))
    given = node.attributes.get("value", [0.0])
    values = given.values if isinstance(given, OnnxTensor) else given
    if not isinstance(values, list) or len(values) != 1:
        raise Refusal("its attribute `value` is not one number")
    (value,) = values
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
    rank = max(len(wanted), len(x.shape))
    sizes = [[1] * (rank - len(each)) + [*each] for each in (x.shape, wanted)]
    if rank <= limits.ONNX_AXES and all(want in (1, size) for size, want in zip(*sizes, strict=True)):
        return x._replace(shape=tuple(sizes[0]))  # nothing is repeated
    if prod(x.shape) != 1 or min(wanted, default=1) < 0 or prod(wanted) > limits.WIRE_NUMBERS:
        return None
    return Constant(tuple(wanted), lambda: (x.load() or []) * prod(wanted))


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


def _reduced(function: Callable[[list[Any]], Any]) -> Callable[[OnnxNode, Values], Constant | None]:
    """A reduction of all numbers to one."""

    def compute(node: OnnxNode, inputs: Values) -> Constant | None:
        x = inputs[0]
        assert x is not None
        rank = len(x.shape)
        axes = {axis_in(axis, rank) for axis in axes_of(node, inputs) or ()}
        if len(axes) < (rank if axes or integer(node, "noop_with_empty_axes", 0) else 0):
            return None
        found = function(x.values or [])
        if isinstance(found, int) and abs(found) >= 2**63:
            raise ArithmeticError
        return of_list([found], (1,) * rank if integer(node, "keepdims", 1) else ())

    return compute


def _integer(value: float) -> int:
    if not math.isfinite(value):
        raise Refusal("an infinite number or NaN becomes an integer")
    return int(value)


# types of ONNX → what makes a number one of them
_TYPES: dict[tuple[int, ...], Callable[[Any], Any]] = {
    (1, 10, 11, 16): float, (2, 3, 4, 5, 6, 7, 12, 13): _integer, (9,): bool,
}  # fmt: skip
_VIEWS = {
    "Reshape": _reshape, "Squeeze": _squeeze, "Unsqueeze": _unsqueeze, "Flatten": _flatten, "Transpose": _transpose,
    "Identity": _same, "Expand": _expand, "Cast": _cast, "CastLike": _cast, "Dropout": _same,
    "DequantizeLinear": _dequantize, "QuantizeLinear": _quantize,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[OnnxNode, Values], Constant | None]] = {
    "Gather": _gather, "Concat": _concat, "Slice": _slice, "ConstantOfShape": _filled, "Range": _range,
    "ReduceProd": _reduced(prod), "ReduceMax": _reduced(max), "ReduceMin": _reduced(min),
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
COMPUTED = {*_VIEWS, *_FUNCTIONS, "Shape"}
