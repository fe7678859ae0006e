"""Merges of branches: sum, product, concatenation along the channels."""

from __future__ import annotations

from functools import reduce
from math import prod

from cnncalc.layers.base import NO_WORK, CarriesChannels, Example, Maps, Shape, Shapes, Weightless, Work, format_shape
from cnncalc.layers.channels import Channels, Concatenated
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import LayerError, format_value


class _Merge(CarriesChannels, Weightless):
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
        """The error for the first branch that does not fit those before it, which together have the shape `before`."""
        measure = "branch 1 is" if before == inputs[0] else "those before make"
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


class Add(_Merge, kind="add"):
    """Sum: equal shapes → the same shape."""

    linear = True
    reference = "K. He et al., Deep Residual Learning for Image Recognition, arXiv:1512.03385"

    def result_shape(self, inputs: Shapes) -> Shape:
        first = inputs[0]
        for index, shape in enumerate(inputs):
            if shape != first:
                only_channels = len(first) > 1 and shape[1:] == first[1:]
                text = f"`conv({first[0]}, 1)` at the end of branch {index + 1} gives it {first[0]} channels"
                agree = shape[0] == first[0]
                raise self.mismatch_error(
                    inputs, index, before=first, channels_agree=agree, help=text if only_channels else ""
                )
        return first

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one addition fewer than branches
        return Work(additions=(len(inputs) - 1) * prod(output))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return Map(inputs[0].shape, reduce(ops.add, (x.values for x in inputs)))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((256, 56, 56), (256, 56, 56))),
            Example({}, ((3, 5), (3, 5), (3, 5))),
            Example({}, ((10,), (10,))),
        )


class Multiply(_Merge, kind="multiply"):
    """Product with broadcasting: shapes of equal rank, each axis equal or 1 → the larger of each axis."""

    reference = "J. Hu, L. Shen, G. Sun, Squeeze-and-Excitation Networks, arXiv:1709.01507"

    def result_shape(self, inputs: Shapes) -> Shape:
        result = inputs[0]
        for index, shape in enumerate(inputs):
            agree = [a == b or 1 in (a, b) for a, b in zip(shape, result, strict=False)]
            if len(shape) != len(result) or not all(agree):
                append, text = suggest_gate(result, shape, index)
                raise self.mismatch_error(
                    inputs, index, before=result, channels_agree=agree[0], help=text, append=append
                )
            result = tuple(map(max, result, shape))
        return result

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: one multiplication fewer than branches
        return Work(multiplications=(len(inputs) - 1) * prod(output))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        shape = tuple(map(max, *(x.shape for x in inputs))) if len(inputs) > 1 else inputs[0].shape
        return Map(shape, reduce(ops.multiply, (ops.broadcast(x, shape).values for x in inputs)))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((64, 28, 28), (64, 1, 1))),
            Example({}, ((1, 6), (4, 6), (4, 1))),
            Example({}, ((10,), (10,))),
        )


def suggest_gate(before: Shape, shape: Shape, index: int) -> tuple[tuple[int, str] | None, str]:
    """The repair that makes a flat branch a gate: the branch and a `reshape` call, and the help; (None, "") if none."""
    flat, other = (shape, before) if len(shape) == 1 else (before, shape)
    if len(flat) > 1 or len(other) == 1 or flat[0] not in (1, other[0]):
        return None, ""
    call = f"reshape({format_value((flat[0], *(1 for _ in other[1:])))})"
    if flat is shape:
        return (index, call), f"`{call}` at the end of branch {index + 1} makes a gate of it"
    return (0, call) if index == 1 else None, f"`{call}` at the end of the branches before it makes a gate of it"


class Concat(_Merge, kind="concat"):
    """Concatenation along the channels: [C_1, *I], [C_2, *I], … → [C_1 + C_2 + …, *I]."""

    linear = True
    concatenates = True
    reference = "C. Szegedy et al., Going Deeper with Convolutions, arXiv:1409.4842"

    def result_shape(self, inputs: Shapes) -> Shape:
        first = inputs[0]
        for index, shape in enumerate(inputs):
            if len(shape) != len(first) or shape[1:] != first[1:]:
                raise self.mismatch_error(inputs, index, before=first, channels_agree=True)
        return (sum(shape[0] for shape in inputs), *first[1:])

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Concatenated()

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return NO_WORK

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return Map.of_channels([channel for x in inputs for channel in x.channels()], inputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((64, 28, 28), (128, 28, 28), (32, 28, 28), (32, 28, 28))),
            Example({}, ((3, 5), (3, 5))),
            Example({}, ((10,), (2,))),
        )
