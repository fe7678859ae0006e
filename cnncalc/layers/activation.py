"""Activation functions: what each costs an element."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from cnncalc.layers.base import Example, SameShape, Shape, Shapes, Weight, Weightless, Work
from cnncalc.layers.conv import check_groups
from cnncalc.layers.fields import flag, real, whole
from cnncalc.layers.reach import Reach


class _Elementwise(SameShape):
    """A function of each element by itself: every kind states its `cost`, the work for one element."""

    cost: ClassVar[Work]

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return self.cost.times(prod(output))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((64, 56, 56),)), Example({}, ((3, 7),)), Example({}, ((10,),))


class _Activation(_Elementwise, Weightless):
    """An activation function without weights."""


class Relu(_Activation, kind="relu"):
    """Rectified linear unit, max(x, 0)."""

    reference = "V. Nair & G. E. Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML 2010"
    cost = Work(comparisons=1)


class Relu6(_Activation, kind="relu6"):
    """Rectified linear unit that ends at 6, min(max(x, 0), 6)."""

    reference = "A. Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010"
    cost = Work(comparisons=2)


class LeakyRelu(_Activation, kind="leaky_relu"):
    """x where it is positive, else slope·x."""

    reference = "A. L. Maas, A. Y. Hannun, A. Y. Ng, Rectifier Nonlinearities Improve Acoustic Models, ICML 2013"
    slope: float = real(0.01, brief="slope {}", doc="factor of what is negative")
    cost = Work(comparisons=1, multiplications=1)


class Prelu(_Elementwise, kind="prelu"):
    """x where it is positive, else a learned slope·x, a slope for each channel or one for all."""

    reference = "K. He et al., Delving Deep into Rectifiers, arXiv:1502.01852"
    shared: bool = flag(False, brief="shared", doc="one slope for all channels")
    cost = Work(comparisons=1, multiplications=1)

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return (Weight("weight", (1,) if self.shared else inputs[0][:1]),)


class Elu(_Activation, kind="elu"):
    """x where it is positive, else alpha·(exp(x) − 1)."""

    reference = "D.-A. Clevert, T. Unterthiner, S. Hochreiter, Exponential Linear Units, arXiv:1511.07289"
    alpha: float = real(1, brief="alpha {}", doc="how far below zero it goes")
    cost = Work(comparisons=1, exponentials=1, additions=1, multiplications=1)


class Selu(_Activation, kind="selu"):
    """scale·x where it is positive, else scale·alpha·(exp(x) − 1), both constants fixed."""

    reference = "G. Klambauer et al., Self-Normalizing Neural Networks, arXiv:1706.02515"
    cost = Work(comparisons=1, exponentials=1, additions=1, multiplications=2)


class Gelu(_Activation, kind="gelu"):
    """x·½·(1 + erf(x/√2)), the exact form: x·(1/√2), erf, 1 + …, ·x, ·½."""

    reference = "D. Hendrycks & K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415"
    cost = Work(multiplications=3, additions=1, exponentials=1)


class Silu(_Activation, kind="silu"):
    """x·sigmoid(x), also called swish."""

    reference = "S. Elfwing, E. Uchibe, K. Doya, Sigmoid-Weighted Linear Units, arXiv:1702.03118"
    cost = Work(exponentials=1, additions=1, divisions=1, multiplications=1)


class HardSwish(_Activation, kind="hard_swish"):
    """x·relu6(x + 3)·(1/6)."""

    reference = "A. Howard et al., Searching for MobileNetV3, arXiv:1905.02244"
    cost = Work(additions=1, comparisons=2, multiplications=2)


class HardSigmoid(_Activation, kind="hard_sigmoid"):
    """relu6(x + 3)·(1/6)."""

    reference = "PyTorch, torch.nn.Hardsigmoid"
    cost = Work(additions=1, comparisons=2, multiplications=1)


class Sigmoid(_Activation, kind="sigmoid"):
    """1/(1 + exp(−x))."""

    reference = "PyTorch, torch.nn.Sigmoid"
    cost = Work(exponentials=1, additions=1, divisions=1)


class Tanh(_Activation, kind="tanh"):
    """Hyperbolic tangent, counted as one function."""

    reference = "PyTorch, torch.nn.Tanh"
    cost = Work(exponentials=1)


class Softplus(_Activation, kind="softplus"):
    """log(1 + exp(x))."""

    reference = "PyTorch, torch.nn.Softplus"
    cost = Work(exponentials=2, additions=1)


class Mish(_Activation, kind="mish"):
    """x·tanh(log(1 + exp(x)))."""

    reference = "D. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, arXiv:1908.08681"
    cost = Work(exponentials=3, additions=1, multiplications=1)


class Softmax(SameShape, Weightless, kind="softmax"):
    """exp(x)/Σexp(x) over the channels of each position, in `groups` parts."""

    reference = "PyTorch, torch.nn.Softmax"
    groups: int = whole(1, symbol="G", brief="g{}", doc="parts that the channels are divided into")

    def result_shape(self, inputs: Shapes) -> Shape:
        check_groups(self.kind, self.groups, inputs[0][0])
        return inputs[0]

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each part of n channels: n − 1 comparisons for the largest, n additions that subtract it, n exponentials,
        # n − 1 additions for the sum, n divisions
        elements = prod(output)
        others = elements - self.groups * prod(output[1:])
        return Work(additions=elements + others, comparisons=others, divisions=elements, exponentials=elements)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise" if len(output) > 1 else "whole"

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({}, ((1000,),)), Example({}, ((21, 8, 9),)), Example({"groups": 2}, ((6, 5),))
