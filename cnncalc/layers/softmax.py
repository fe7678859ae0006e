"""The softmax and its logarithm, over the channels or another axis, in parts."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import SAVES_OUTPUT, Example, Layer, Maps, SameShape, Saved, Shape, Shapes, Weightless, Work
from cnncalc.layers.channels import Carried, Channels
from cnncalc.layers.groups import Grouped, check_groups
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.over import count_sets, reach_through, sets_over
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import axis, integer, resolve_axis


def softmax(ops: Ops, x: Values) -> Values:
    """exp(x)/Σexp(x), with the largest x subtracted from all, so that no exponential overflows."""
    exponentials = ops.apply("exp", ops.subtract(x, [ops.largest(x)] * len(x)))
    return ops.divide(exponentials, [ops.total(exponentials)] * len(x))


class _Softmax(Grouped, SameShape, Weightless):
    """Base of the softmax and its logarithm, over an axis, separately for each of `groups` parts of the channels."""

    groups: int = integer(1, symbol="G", brief="g{}", doc="parts that the channels are divided into")
    over: int = axis(0, brief="over {}", doc="the axis along which the elements sum to 1; 0 = channels")

    def at(self, shape: Shape) -> int:
        """The axis, numbered from 0. Raises LayerError `wrong-rank`, and `bad-argument` for groups of positions."""
        at = resolve_axis(self.kind, self.over, len(shape), "over")
        if at and self.groups > 1:
            text = f"`groups` divides the channels, but the softmax is over axis {self.over}"
            raise LayerError("bad-argument", text, argument="groups", suggest={"groups": 1})
        return at

    def result_shape(self, inputs: Shapes) -> Shape:
        self.at(inputs[0])
        check_groups(self.kind, self.groups, inputs[0][0])
        return inputs[0]

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried() if self.at(output) else super().channels(inputs, output)

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self if self.at(before[0]) else super().narrow(before, inputs, divide)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_OUTPUT

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return reach_through(output, (self.at(output),))

    def compute(self, ops: Ops, x: Values) -> Values:
        """Apply the function to the elements of one part."""
        raise NotImplementedError

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        sets = sets_over(x.shape, (self.over % len(x.shape),)).split(self.groups)
        return sets.put(x.shape, (self.compute(ops, elements) for elements in sets.take(x)))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((1000,),)),
            Example({}, ((21, 8, 9),)),
            Example({"groups": 2}, ((6, 5),)),
            Example({"over": -1}, ((3, 4, 5),)),
            Example({"over": 1}, ((2, 3, 4, 5),)),
        )


class Softmax(_Softmax, kind="softmax"):
    """exp(x)/Σexp(x) over the channels of each position or another axis, separately for each of `groups` groups."""

    reference = "PyTorch, torch.nn.Softmax"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each part of n elements: n − 1 comparisons for the largest, n additions that subtract it, n exponentials,
        # n − 1 additions for the sum, n divisions
        elements = prod(output)
        remaining = elements - self.groups * count_sets(output, (self.at(output),))[0]
        return Work(additions=elements + remaining, comparisons=remaining, divisions=elements, exponentials=elements)

    def compute(self, ops: Ops, x: Values) -> Values:
        return softmax(ops, x)


class LogSoftmax(_Softmax, kind="log_softmax"):
    """x − log Σexp(x) over the channels of each position or another axis, separately for each of `groups` groups."""

    reference = "PyTorch, torch.nn.LogSoftmax"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each part of n elements: n − 1 comparisons for the largest, n additions that subtract it, n exponentials,
        # n − 1 additions for the sum, its logarithm, n additions that subtract that
        elements = prod(output)
        parts = self.groups * count_sets(output, (self.at(output),))[0]
        return Work(additions=3 * elements - parts, comparisons=elements - parts, exponentials=elements + parts)

    def compute(self, ops: Ops, x: Values) -> Values:
        shifted = ops.subtract(x, [ops.largest(x)] * len(x))
        total = ops.total(ops.apply("exp", shifted))
        return ops.subtract(shifted, ops.apply("log", [total]) * len(x))
