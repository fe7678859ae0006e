"""Activation functions."""

from __future__ import annotations

from math import pi, prod, sqrt
from typing import ClassVar

from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import (
    SAVES_INPUT,
    SAVES_OUTPUT,
    Example,
    Maps,
    SameShape,
    Saved,
    Shape,
    Shapes,
    Weight,
    Weightless,
    Work,
)
from cnncalc.layers.ops import GetWeight, Map, Ops, Values, map_values
from cnncalc.layers.per import PER, apply_numbers, number_shape
from cnncalc.layers.settings import flag, real, word

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def sigmoid(ops: Ops, x: Values) -> Values:
    """1/(1 + exp(−x)), element by element."""
    return ops.reciprocal(ops.shift(ops.apply("exp", ops.negate(x)), 1))


def relu6_of_x_plus_3(ops: Ops, x: Values) -> Values:
    """min(max(x + 3, 0), 6), element by element."""
    return ops.clamp_max(ops.clamp_min(ops.shift(x, 3), 0), 6)


class _OfElements(SameShape):
    """Base of functions of each element."""

    storage = "in place"
    folds = True

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT


class _Elementwise(_OfElements):
    """Base of elementwise functions: every kind defines its `cost`, the work for one element."""

    cost: ClassVar[Work]

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return self.cost.times(prod(output))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((64, 56, 56),)), Example({}, ((3, 7),)), Example({}, ((10,),))


class _Activation(_Elementwise, Weightless):
    """Base of activation functions without weights."""


class Relu(_Activation, kind="relu"):
    """Rectified linear unit, max(x, 0)."""

    reference = "V. Nair & G. E. Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML 2010"
    cost = Work(comparisons=1)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_OUTPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.clamp_min(x, 0), inputs[0])


class Relu6(_Activation, kind="relu6"):
    """Rectified linear unit limited to 6, min(max(x, 0), 6)."""

    reference = "A. Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010"
    cost = Work(comparisons=2)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.clamp_max(ops.clamp_min(x, 0), 6), inputs[0])


class LeakyRelu(_Activation, kind="leaky_relu"):
    """x where positive, else slope·x."""

    reference = "A. L. Maas, A. Y. Hannun, A. Y. Ng, Rectifier Nonlinearities Improve Acoustic Models, ICML 2013"
    slope: float = real(0.01, brief="slope {}", doc="factor for negative elements")
    cost = Work(comparisons=1, multiplications=1)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.where_positive(x, x, ops.scale(x, self.slope)), inputs[0])


class Prelu(_Elementwise, kind="prelu"):
    """x where positive, else slope·x with a learned slope for each channel, position or element, or one for all."""

    reference = "K. He et al., Delving Deep into Rectifiers, arXiv:1502.01852"
    shared: bool = flag(False, brief="shared", doc="one slope for all, like `per=all`")
    per: str = PER
    cost = Work(comparisons=1, multiplications=1)

    def slopes(self, shape: Shape) -> Shape:
        """The shape of the array of slopes. Raises LayerError `wrong-rank`."""
        return number_shape(self.kind, "all" if self.shared else self.per, shape)

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `bad-argument` if `shared` and `per` contradict each other."""
        if self.shared and self.per in ("position", "element"):
            text = f"`shared` means one slope for all, but `per` is {self.per}"
            raise LayerError("bad-argument", text, argument="shared", suggest={"shared": False})

    def result_shape(self, inputs: Shapes) -> Shape:
        self.slopes(inputs[0])
        return inputs[0]

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return (Weight("weight", self.slopes(inputs[0]), neutral=1),)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        per = "all" if self.shared else self.per
        return apply_numbers(
            x,
            per,
            get_weight("weight", number_shape("", per, x.shape)),
            lambda part, slope: ops.where_positive(part, part, ops.scale(part, slope)),
        )

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (*super().examples(), Example({"per": "position"}, ((5, 7),)), Example({"per": "element"}, ((2, 3),)))


class Elu(_Activation, kind="elu"):
    """x where positive, else alpha·(exp(x) − 1)."""

    reference = "D.-A. Clevert, T. Unterthiner, S. Hochreiter, Exponential Linear Units, arXiv:1511.07289"
    alpha: float = real(1, brief="alpha {}", doc="the limit for negative elements is −alpha")
    cost = Work(comparisons=1, exponentials=1, additions=1, multiplications=1)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.where_positive(x, x, ops.scale(ops.apply("expm1", x), self.alpha)), inputs[0])


class Selu(_Activation, kind="selu"):
    """scale·x where positive, else scale·alpha·(exp(x) − 1), with fixed constants."""

    reference = "G. Klambauer et al., Self-Normalizing Neural Networks, arXiv:1706.02515"
    cost = Work(comparisons=1, exponentials=1, additions=1, multiplications=2)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        def selu(x: Values) -> Values:
            below = ops.scale(ops.apply("expm1", x), SELU_SCALE * SELU_ALPHA)
            return ops.where_positive(x, ops.scale(x, SELU_SCALE), below)

        return map_values(selu, inputs[0])


class Gelu(_OfElements, Weightless, kind="gelu"):
    """x·½·(1 + erf(x/√2)), or with `approximate=tanh` x·½·(1 + tanh(√(2/π)·(x + 0.044715·x³))).

    The exact form is computed as x·(1/√2), erf, 1 + …, x·½ and their product; the other as x·x, …·x, …·0.044715,
    x + …, …·√(2/π), tanh, 1 + …, x·½ and their product.
    """

    reference = "D. Hendrycks & K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415"
    approximate: str = word("none", words=("none", "tanh"), brief="{}", doc="approximation of erf")

    def work(self, inputs: Shapes, output: Shape) -> Work:
        exact = Work(multiplications=3, additions=1, exponentials=1)
        by_tanh = Work(multiplications=6, additions=2, exponentials=1)
        return (exact if self.approximate == "none" else by_tanh).times(prod(output))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        def gelu(x: Values) -> Values:
            if self.approximate == "none":
                factor = ops.shift(ops.apply("erf", ops.scale(x, sqrt(0.5))), 1)
            else:
                cube = ops.multiply(ops.multiply(x, x), x)
                inner = ops.scale(ops.add(x, ops.scale(cube, 0.044715)), sqrt(2 / pi))
                factor = ops.shift(ops.apply("tanh", inner), 1)
            return ops.multiply(ops.scale(x, 0.5), factor)  # in PyTorch's order, no overflow for large x

        return map_values(gelu, inputs[0])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (*_Elementwise.examples(), Example({"approximate": "tanh"}, ((5, 7),)))


class Silu(_Activation, kind="silu"):
    """x·sigmoid(x), also called swish."""

    reference = "S. Elfwing, E. Uchibe, K. Doya, Sigmoid-Weighted Linear Units, arXiv:1702.03118"
    cost = Work(exponentials=1, additions=1, divisions=1, multiplications=1)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.multiply(x, sigmoid(ops, x)), inputs[0])


class HardSwish(_Activation, kind="hard_swish"):
    """x·relu6(x + 3)·(1/6)."""

    reference = "A. Howard et al., Searching for MobileNetV3, arXiv:1905.02244"
    cost = Work(additions=1, comparisons=2, multiplications=2)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.scale(ops.multiply(x, relu6_of_x_plus_3(ops, x)), 1 / 6), inputs[0])


class HardSigmoid(_Activation, kind="hard_sigmoid"):
    """relu6(x + 3)·(1/6)."""

    reference = "PyTorch, torch.nn.Hardsigmoid"
    cost = Work(additions=1, comparisons=2, multiplications=1)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.scale(relu6_of_x_plus_3(ops, x), 1 / 6), inputs[0])


class Sigmoid(_Activation, kind="sigmoid"):
    """1/(1 + exp(−x))."""

    reference = "PyTorch, torch.nn.Sigmoid"
    cost = Work(exponentials=1, additions=1, divisions=1)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_OUTPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: sigmoid(ops, x), inputs[0])


class Tanh(_Activation, kind="tanh"):
    """Hyperbolic tangent, counted as one function."""

    reference = "PyTorch, torch.nn.Tanh"
    cost = Work(exponentials=1)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_OUTPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.apply("tanh", x), inputs[0])


class Softplus(_Activation, kind="softplus"):
    """log(1 + exp(x))."""

    reference = "PyTorch, torch.nn.Softplus"
    cost = Work(exponentials=2, additions=1)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.apply("softplus", x), inputs[0])


class Mish(_Activation, kind="mish"):
    """x·tanh(log(1 + exp(x)))."""

    reference = "D. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, arXiv:1908.08681"
    cost = Work(exponentials=3, additions=1, multiplications=1)

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return map_values(lambda x: ops.multiply(x, ops.apply("tanh", ops.apply("softplus", x))), inputs[0])
