"""Merges of branches: elementwise, e.g. a sum or a product, or one after another along an axis."""

from __future__ import annotations

from functools import partial, reduce
from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.layers.arguments import LayerError, format_value
from cnncalc.layers.base import (
    NO_WORK,
    SAVES_NOTHING,
    CarriesChannels,
    Example,
    Extra,
    Layer,
    Maps,
    Saved,
    Shape,
    Shapes,
    Weightless,
    Work,
    format_shape,
)
from cnncalc.layers.channels import Carried, Channels, Concatenated
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.reach import Reach, Rearranged
from cnncalc.layers.settings import axis, resolve_axis


class Merged(Layer):
    """Base of kinds that are written with branches."""

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `wrong-form` for another number of branches than it takes."""
        if self.branches and len(inputs) != self.branches:
            message = f"`{self.kind}` takes {self.branches} branches, in order, found {len(inputs)}"
            raise LayerError("wrong-form", message)


class _Merge(CarriesChannels, Merged, Weightless):
    """Base of kinds that merge branches, position by position."""

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise"

    def mismatch_error(
        self,
        inputs: Shapes,
        branch: int,
        *,
        before: Shape,
        channels_agree: bool,
        help: str = "",
        append: tuple[int, str] | None = None,
    ) -> LayerError:
        """The error for the first branch that does not fit the earlier ones, which together have the shape `before`."""
        measure = "branch 1 is" if before == inputs[0] else f"branches 1 to {branch} broadcast to"
        shape = inputs[branch]
        return LayerError(
            "shape-mismatch",
            f"the branches of `{self.kind}` disagree: {measure} {format_shape(before)},"
            f" branch {branch + 1} is {format_shape(shape)}",
            help=help,
            about="size" if channels_agree and len(shape) == len(before) > 1 else "channels",
            branch=branch,
            append=append,
        )


class _Elementwise(_Merge):
    """Base of kinds that merge element by element; axes of size 1 are broadcast, as in PyTorch: 64×1×1 and 64×28×28."""

    storage = "in place"
    broadcasts = True

    def result_shape(self, inputs: Shapes) -> Shape:
        result = inputs[0]
        for index, shape in enumerate(inputs):
            agree = [a == b or 1 in (a, b) for a, b in zip(shape, result, strict=False)]
            if len(shape) != len(result) or not all(agree):
                append, text = self.suggest_repair(result, shape, index)
                raise self.mismatch_error(
                    inputs, index, before=result, channels_agree=agree[0], help=text, append=append
                )
            result = tuple(map(max, result, shape))
        return result

    def suggest_repair(self, before: Shape, shape: Shape, index: int) -> tuple[tuple[int, str] | None, str]:
        """The repair of a branch that does not fit: the branch and the layer to append to it, and a text."""
        if len(before) < 2 or shape[1:] != before[1:]:
            return None, ""
        return None, f"add `conv({before[0]}, 1)` at the end of branch {index + 1}, so that it has {before[0]} channels"

    def join(self, ops: Ops, a: Values, b: Values) -> Values:
        """Merge two branches of the same shape, element by element."""
        raise NotImplementedError

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        shape = inputs[0].shape
        for x in inputs[1:]:
            shape = tuple(map(max, shape, x.shape))
        return Map(shape, reduce(partial(self.join, ops), (ops.broadcast(x, shape).values for x in inputs)))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((256, 56, 56), (256, 56, 56))),
            Example({}, ((3, 5), (3, 1))),
            Example({}, ((10,), (10,))),
        )


class Add(_Elementwise, kind="add"):
    """Sum of branches with equal numbers of axes; axes of size 1 are broadcast."""

    linear = True
    shares_gradient = True
    reference = "K. He et al., Deep Residual Learning for Image Recognition, arXiv:1512.03385"

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one addition fewer than branches
        return Work(additions=(len(inputs) - 1) * prod(output))

    def join(self, ops: Ops, a: Values, b: Values) -> Values:
        return ops.add(a, b)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((256, 56, 56), (256, 56, 56))),
            Example({}, ((3, 5), (3, 5), (3, 5))),
            Example({}, ((10,), (10,))),
            Example({}, ((4, 6, 6), (4, 1, 1))),
        )


class Subtract(_Elementwise, kind="subtract"):
    """Difference of two branches, the first minus the second; axes of size 1 are broadcast."""

    linear = True
    branches = 2
    passes_single = False
    reference = "PyTorch, torch.sub"

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one subtraction, which is an addition
        return Work(additions=prod(output))

    def join(self, ops: Ops, a: Values, b: Values) -> Values:
        return ops.subtract(a, b)


class Multiply(_Elementwise, kind="multiply"):
    """Product of branches with equal numbers of axes; axes of size 1 are broadcast."""

    reference = "J. Hu, L. Shen, G. Sun, Squeeze-and-Excitation Networks, arXiv:1709.01507"

    def suggest_repair(self, before: Shape, shape: Shape, index: int) -> tuple[tuple[int, str] | None, str]:
        return suggest_gate(before, shape, index)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_factors(inputs)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one multiplication fewer than branches
        return Work(multiplications=(len(inputs) - 1) * prod(output))

    def join(self, ops: Ops, a: Values, b: Values) -> Values:
        return ops.multiply(a, b)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((64, 28, 28), (64, 1, 1))),
            Example({}, ((1, 6), (4, 6), (4, 1))),
            Example({}, ((10,), (10,))),
        )


class Divide(_Elementwise, kind="divide"):
    """Quotient of two branches, the first divided by the second; axes of size 1 are broadcast."""

    branches = 2
    passes_single = False
    reference = "PyTorch, torch.div"

    def suggest_repair(self, before: Shape, shape: Shape, index: int) -> tuple[tuple[int, str] | None, str]:
        return suggest_gate(before, shape, index)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_factors(inputs)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one division
        return Work(divisions=prod(output))

    def join(self, ops: Ops, a: Values, b: Values) -> Values:
        return ops.divide(a, b)


class _Extreme(_Elementwise):
    """Base of kinds that select the largest or the smallest element of the branches."""

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return save_factors(inputs)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one comparison fewer than branches
        return Work(comparisons=(len(inputs) - 1) * prod(output))


class Maximum(_Extreme, kind="maximum"):
    """Largest element of the branches at each position; axes of size 1 are broadcast."""

    reference = "I. J. Goodfellow et al., Maxout Networks, arXiv:1302.4389"

    def join(self, ops: Ops, a: Values, b: Values) -> Values:
        return ops.maximum(a, b)


class Minimum(_Extreme, kind="minimum"):
    """Smallest element of the branches at each position; axes of size 1 are broadcast."""

    reference = "PyTorch, torch.minimum"

    def join(self, ops: Ops, a: Values, b: Values) -> Values:
        return ops.minimum(a, b)


class Mean(_Elementwise, kind="mean"):
    """Mean of the branches at each position; axes of size 1 are broadcast."""

    linear = True
    reference = "G. Larsson, M. Maire, G. Shakhnarovich, FractalNet, arXiv:1605.07648"

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one addition fewer than branches, and one multiplication, the scaling
        return Work(multiplications=prod(output), additions=(len(inputs) - 1) * prod(output))

    def join(self, ops: Ops, a: Values, b: Values) -> Values:
        return ops.add(a, b)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        total = super().execute(inputs, get_weight, ops)
        return Map(total.shape, ops.scale(total.values, 1 / len(inputs)))


def save_factors(inputs: Shapes) -> Saved:
    """What a product keeps: all branches, and the intermediate products if there are more than two."""
    shape, between = inputs[0], 0
    for other in inputs[1:-1]:
        shape = tuple(map(max, shape, other))
        between += prod(shape)
    return Saved(tuple(range(len(inputs))), extras=(Extra("maps", between),) if between else ())


def suggest_gate(before: Shape, shape: Shape, index: int) -> tuple[tuple[int, str] | None, str]:
    """The reshape that turns a flat branch into a gate, if that is enough: the branch and the call, and a text."""
    flat, other = (shape, before) if len(shape) == 1 else (before, shape)
    if len(flat) > 1 or len(other) == 1 or flat[0] not in (1, other[0]):
        return None, ""
    call = f"reshape({format_value((flat[0], *(1 for _ in other[1:])))})"
    if flat is shape:
        return (index, call), f"add `{call}` at the end of branch {index + 1} to use it as a gate"
    return (0, call) if index == 1 else None, f"add `{call}` at the end of the earlier branches to use them as gates"


class _Joined(_Merge):
    """Base of kinds that put branches one after another along an axis."""

    linear = True
    shares_gradient = True
    concatenates = True
    axis: int = axis(0, doc="the axis along which the branches are concatenated")

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return NO_WORK

    def chunks(self, inputs: Maps, axis: int) -> list[Any]:
        """The elements of the output: at each position of the axes before `axis`, one branch after another."""
        steps = [prod(x.shape[axis:]) for x in inputs]
        values: list[Any] = []
        for number in range(prod(inputs[0].shape[:axis])):
            for x, step in zip(inputs, steps, strict=True):
                values += x.values[number * step : (number + 1) * step]
        return values


class Concat(_Joined, kind="concat"):
    """Concatenation along an axis: [C_1, *I], [C_2, *I], … → [C_1 + C_2 + …, *I]."""

    reference = "C. Szegedy et al., Going Deeper with Convolutions, arXiv:1409.4842"

    def result_shape(self, inputs: Shapes) -> Shape:
        first = inputs[0]
        at = resolve_axis(self.kind, self.axis, len(first))
        for index, shape in enumerate(inputs):
            if len(shape) != len(first) or shape[:at] != first[:at] or shape[at + 1 :] != first[at + 1 :]:
                raise self.mismatch_error(inputs, index, before=first, channels_agree=at == 0 or shape[0] == first[0])
        return (*first[:at], sum(shape[at] for shape in inputs), *first[at + 1 :])

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried() if self.axis % len(output) else Concatenated()

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        at = self.axis % len(output)
        return Rearranged(len(output) - 1 - at) if at else "pointwise"

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        at = self.axis % len(inputs[0].shape)
        shape = list(inputs[0].shape)
        shape[at] = sum(x.shape[at] for x in inputs)
        return Map(tuple(shape), self.chunks(inputs, at))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((64, 28, 28), (128, 28, 28), (32, 28, 28), (32, 28, 28))),
            Example({}, ((3, 5), (3, 5))),
            Example({}, ((10,), (2,))),
            Example({"axis": 1}, ((4, 5, 6), (4, 2, 6))),
            Example({"axis": -1}, ((2, 3, 4, 5), (2, 3, 4, 1))),
        )


class Stack(_Joined, kind="stack"):
    """Branches of equal shapes along a new axis: n of [C, *I] → [n, C, *I]."""

    passes_single = False
    reference = "PyTorch, torch.stack"
    axis: int = axis(0, doc="the new axis of the output")

    def result_shape(self, inputs: Shapes) -> Shape:
        first = inputs[0]
        if len(first) == limits.AXES:
            raise LayerError("wrong-rank", f"the output of `{self.kind}` would have more than {limits.AXES} axes")
        at = resolve_axis(self.kind, self.axis, len(first) + 1)
        for index, shape in enumerate(inputs):
            if shape != first:
                raise self.mismatch_error(inputs, index, before=first, channels_agree=shape[0] == first[0])
        return (*first[:at], len(inputs), *first[at:])

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried() if self.axis % len(output) else Carried((1,))  # channels become positions: all are kept

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return Rearranged(0)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        shape = inputs[0].shape
        at = self.axis % (len(shape) + 1)
        return Map((*shape[:at], len(inputs), *shape[at:]), self.chunks(inputs, at))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((3, 8, 8), (3, 8, 8))),
            Example({"axis": 1}, ((4, 5), (4, 5), (4, 5))),
            Example({"axis": -1}, ((10,), (10,))),
        )
