"""Reductions over axes: the mean, maximum, sum or variance of the elements along them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import SAVES_INPUT, SAVES_NOTHING, Example, Layer, Maps, Saved, Shape, Shapes, Weightless, Work
from cnncalc.layers.channels import Carried, Channels, Chosen
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.over import Axes, axes, count_sets, resolve_axes, sets_over
from cnncalc.layers.reach import AdaptiveWindow, Reach, Window
from cnncalc.layers.settings import integer


class _Reduction(Weightless):
    """Base of kinds that reduce some axes to size 1."""

    axes: Axes = axes(brief="over {}", doc="the axes to reduce; 0 = channels, −1 = the last")

    def over(self, shape: Shape) -> tuple[int, ...]:
        """The axes, numbered from 0. Raises LayerError `wrong-rank` and similar."""
        return resolve_axes(self.kind, self.axes, len(shape), "axes")

    def result_shape(self, inputs: Shapes) -> Shape:
        over = self.over(inputs[0])
        return tuple(1 if at in over else size for at, size in enumerate(inputs[0]))

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Chosen(fixed=True) if 0 in self.over(inputs[0]) else Carried()

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        over = self.over(inputs[0])
        if len(inputs[0]) == 1:
            return "whole"
        if not any(over):
            return "pointwise"
        sizes = enumerate(inputs[0][1:], 1)
        return tuple(AdaptiveWindow(size, 1) if at in over else Window(1) for at, size in sizes)

    def reduce(self, ops: Ops, values: Values) -> Values:
        """The result of one set, as a list of one element."""
        raise NotImplementedError

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        over = [axis % len(x.shape) for axis in (self.axes if isinstance(self.axes, tuple) else (self.axes,))]
        reduced = [value for elements in sets_over(x.shape, over).take(x) for value in self.reduce(ops, elements)]
        return Map(tuple(1 if at in over else size for at, size in enumerate(x.shape)), reduced)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"axes": 0}, ((64, 28, 28),)),
            Example({"axes": (1, -1)}, ((4, 5, 6),)),
            Example({"axes": 1}, ((3, 7),)),
            Example({"axes": 0}, ((10,),)),
        )


class MeanOver(_Reduction, kind="mean_over"):
    """[…, n, …] → […, 1, …], the mean along one or several axes."""

    linear = True
    reference = "PyTorch, torch.mean with keepdim"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each set of n: n − 1 additions and one multiplication, the scaling by 1/n
        return Work(multiplications=prod(output), additions=prod(inputs[0]) - prod(output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def reduce(self, ops: Ops, values: Values) -> Values:
        return ops.scale([ops.total(values)], 1 / len(values))


class SumOver(_Reduction, kind="sum_over"):
    """[…, n, …] → […, 1, …], the sum along one or several axes."""

    linear = True
    reference = "PyTorch, torch.sum with keepdim"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each set of n: n − 1 additions
        return Work(additions=prod(inputs[0]) - prod(output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def reduce(self, ops: Ops, values: Values) -> Values:
        return [ops.total(values)]


class MaxOver(_Reduction, kind="max_over"):
    """[…, n, …] → […, 1, …], the maximum along one or several axes."""

    reference = "PyTorch, torch.amax with keepdim"

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each set of n: n − 1 comparisons
        return Work(comparisons=prod(inputs[0]) - prod(output))

    def reduce(self, ops: Ops, values: Values) -> Values:
        return [ops.largest(values)]


class VarianceOver(_Reduction, kind="variance_over"):
    """[…, n, …] → […, 1, …], the variance along one or several axes: Σ(x − mean)²/(n − correction)."""

    reference = "PyTorch, torch.var with keepdim, whose default is correction=1"
    correction: int = integer(
        0, minimum=0, symbol="c", brief="n − {}", doc="number subtracted from n, 1 for a sample variance"
    )

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `bad-argument` if the divisor would not be positive."""
        _, n = count_sets(inputs[0], self.over(inputs[0]))
        if n <= self.correction:
            text = f"`correction` is {self.correction}, but the variance is of {n} element{'s' * (n > 1)}"
            suggest = {"correction": 0}
            raise LayerError("bad-argument", text, argument="correction", suggest=suggest, about="size")

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        _, n = count_sets(inputs[0], self.over(inputs[0]))
        return self.replace(correction=min(self.correction, n - 1))

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each set of n: the mean by n − 1 additions and a multiplication, n subtractions, n squares, n − 1 additions
        # and a multiplication
        elements, sets = prod(inputs[0]), prod(output)
        return Work(multiplications=elements + 2 * sets, additions=3 * elements - 2 * sets)

    def scratch_elements(self, inputs: Shapes) -> int:
        return 2 * count_sets(inputs[0], self.over(inputs[0]))[1]  # one set, centred and squared

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def reduce(self, ops: Ops, values: Values) -> Values:
        n = len(values)
        mean = ops.scale([ops.total(values)], 1 / n)
        centred = ops.subtract(values, mean * n)
        return ops.scale([ops.total(ops.multiply(centred, centred))], 1 / (n - self.correction))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (*super().examples(), Example({"axes": (0, 1), "correction": 1}, ((2, 3, 4, 5),)))
