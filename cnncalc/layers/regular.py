"""Kinds that regularize training: dropout, stochastic depth, layer scale."""

from __future__ import annotations

from math import prod

from cnncalc.layers.base import Example, Maps, NoOperations, SameShape, Shape, Shapes, Weight, Work
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.settings import real


class _Drop(SameShape, NoOperations):
    """Base of kinds that drop elements in training and return the input at inference."""

    linear = True

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return inputs[0]

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"rate": 0.2}, ((4096,),)), Example({"rate": 0.1}, ((24, 56, 56),))


class Dropout(_Drop, kind="dropout"):
    """[C, *I] → [C, *I], elements dropped in training."""

    reference = "N. Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, JMLR 15, 2014"
    rate: float = real(0.5, minimum=0, maximum=1, brief="rate {}", doc="probability of being dropped")


class StochasticDepth(_Drop, kind="stochastic_depth"):
    """[C, *I] → [C, *I], whole branches dropped in training."""

    reference = "G. Huang et al., Deep Networks with Stochastic Depth, arXiv:1603.09382"
    rate: float = real(minimum=0, maximum=1, brief="rate {}", doc="probability of being dropped")


class Scale(SameShape, kind="scale"):
    """[C, *I] → [C, *I], a learned factor for each channel."""

    linear = True
    reference = "H. Touvron et al., Going Deeper with Image Transformers (LayerScale), arXiv:2103.17239"
    initial: float = real(1, doc="the factor before training")

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return (Weight("weight", inputs[0][:1], neutral=1),)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each element: one multiplication
        return Work(multiplications=prod(output))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        channels = inputs[0].channels()
        factors = get_weight("weight", (len(channels),))
        parts = [ops.scale(channel, factor) for channel, factor in zip(channels, factors, strict=True)]
        return Map.of_channels(parts, inputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"initial": 1e-6}, ((96, 56, 56),)), Example({}, ((5, 7),)), Example({}, ((10,),))
