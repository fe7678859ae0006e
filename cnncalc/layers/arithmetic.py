"""Elementwise functions with constants; nothing is learned."""

from __future__ import annotations

from math import prod

from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import (
    SAVES_INPUT,
    SAVES_NOTHING,
    SAVES_OUTPUT,
    Example,
    Maps,
    SameShape,
    Saved,
    Shape,
    Shapes,
    Weightless,
    Work,
)
from cnncalc.layers.ops import GetWeight, Map, Ops, Values, map_values
from cnncalc.layers.settings import real


class _Arithmetic(SameShape, Weightless):
    """Base of kinds that apply a function to each element."""

    storage = "in place"

    def cost(self) -> Work:
        """The work for one element."""
        raise NotImplementedError

    def compute(self, ops: Ops, x: Values) -> Values:
        """Apply the function to elements."""
        raise NotImplementedError

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return self.cost().times(prod(output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: self.compute(ops, x), inputs[0])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((64, 56, 56),)), Example({}, ((3, 7),)), Example({}, ((10,),))


class Affine(_Arithmetic, kind="affine"):
    """factor·x + offset with constants, e.g. 0.17·x, or 1 − x as `affine(-1, 1)`."""

    linear = True
    reference = "C. Szegedy et al., Inception-v4, arXiv:1602.07261, 3.3 (scaling of the residuals)"
    factor: float = real(1, brief="×{}", doc="constant factor")
    offset: float = real(0, brief="offset {}", doc="constant summand")

    def cost(self) -> Work:
        # a factor of 1 or −1 takes no multiplication, an offset of 0 no addition
        return Work(multiplications=int(abs(self.factor) != 1), additions=int(self.offset != 0))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def compute(self, ops: Ops, x: Values) -> Values:
        if self.factor == -1:
            x = ops.negate(x)
        elif self.factor != 1:
            x = ops.scale(x, self.factor)
        elif not self.offset:
            return x.copy()  # never a view of its input, whatever the arguments
        return ops.shift(x, self.offset) if self.offset else x

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"factor": 0.17}, ((320, 35, 35),)),
            Example({"factor": -1, "offset": 1}, ((3, 7),)),
            Example({"factor": 2, "offset": -1}, ((10,),)),
        )


class Power(_Arithmetic, kind="power"):
    """x to the power of a constant n; a square is counted as one multiplication, any other power as one function."""

    reference = "PyTorch, torch.pow"
    n: float = real(brief="to the {}", doc="the exponent")

    def cost(self) -> Work:
        return Work(multiplications=1) if self.n == 2 else Work(exponentials=1)

    def compute(self, ops: Ops, x: Values) -> Values:
        return ops.multiply(x, x) if self.n == 2 else ops.power(x, self.n)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"n": 2}, ((64, 56, 56),)), Example({"n": -0.5}, ((3, 7),)), Example({"n": 3}, ((10,),))


class Sqrt(_Arithmetic, kind="sqrt"):
    """The square root of x; NaN for negative x."""

    reference = "PyTorch, torch.sqrt"

    def cost(self) -> Work:
        return Work(exponentials=1)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_OUTPUT

    def compute(self, ops: Ops, x: Values) -> Values:
        return ops.apply("root", x)


class Abs(_Arithmetic, kind="abs"):
    """The absolute value of x, max(x, −x)."""

    reference = "PyTorch, torch.abs"

    def cost(self) -> Work:
        return Work(comparisons=1)

    def compute(self, ops: Ops, x: Values) -> Values:
        return ops.abs(x)


class Exp(_Arithmetic, kind="exp"):
    """e to the power of x."""

    reference = "PyTorch, torch.exp"

    def cost(self) -> Work:
        return Work(exponentials=1)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_OUTPUT

    def compute(self, ops: Ops, x: Values) -> Values:
        return ops.apply("exp", x)


class Log(_Arithmetic, kind="log"):
    """The natural logarithm of x; −∞ for 0, NaN for negative x."""

    reference = "PyTorch, torch.log"

    def cost(self) -> Work:
        return Work(exponentials=1)

    def compute(self, ops: Ops, x: Values) -> Values:
        return ops.apply("log", x)


class Clip(_Arithmetic, kind="clip"):
    """min(max(x, low), high)."""

    reference = "PyTorch, torch.clamp"
    low: float = real(brief="from {}", doc="the smallest value")
    high: float = real(brief="to {}", doc="the largest value")

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `bad-argument` if `low` is more than `high`: all elements would be `high`."""
        if self.low > self.high:
            text = f"`low` is {self.low:g}, more than `high`, {self.high:g}: every element would be {self.high:g}"
            raise LayerError("bad-argument", text, argument="low", found=self.low)

    def cost(self) -> Work:
        return Work(comparisons=2)

    def compute(self, ops: Ops, x: Values) -> Values:
        return ops.clamp_max(ops.clamp_min(x, self.low), self.high)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"low": 0, "high": 6}, ((64, 56, 56),)),
            Example({"low": -1, "high": 1}, ((3, 7),)),
            Example({"low": 0, "high": 1}, ((10,),)),
        )
