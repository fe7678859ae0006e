"""Dropout, stochastic depth, a learned scale, and a learned shift."""

from __future__ import annotations

from math import prod

from cnncalc.layers.base import (
    SAVES_INPUT,
    SAVES_NOTHING,
    Example,
    Extra,
    Maps,
    NoOperations,
    SameShape,
    Saved,
    Shape,
    Shapes,
    Weight,
    Work,
)
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.per import PER, apply_numbers, number_shape
from cnncalc.layers.settings import real


class _Drop(SameShape, NoOperations):
    """Base of kinds that drop elements in training and return the input at inference."""

    linear = True
    storage = "view"
    rate: float

    def dropped(self, output: Shape) -> int:
        """The number of elements, or of groups of elements, that are dropped independently."""
        return prod(output)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return Saved(extras=(Extra("masks", self.dropped(output)),)) if self.rate else SAVES_NOTHING

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

    def dropped(self, output: Shape) -> int:
        return 1


class _Learned(SameShape):
    """Base of kinds with learned numbers, whose scope is `per`."""

    linear = True
    storage = "in place"
    per: str
    initial: float

    def numbers(self, inputs: Shapes) -> Shape:
        """The shape of the array of numbers. Raises LayerError `wrong-rank`."""
        return number_shape(self.kind, self.per, inputs[0])

    def result_shape(self, inputs: Shapes) -> Shape:
        self.numbers(inputs)
        return inputs[0]


class Scale(_Learned, kind="scale"):
    """[C, *I] → [C, *I], a learned factor for each channel, for each position, for each element, or for all."""

    reference = "H. Touvron et al., Going Deeper with Image Transformers (LayerScale), arXiv:2103.17239"
    initial: float = real(1, doc="the factor before training")
    per: str = PER

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return (Weight("weight", self.numbers(inputs), neutral=1),)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each element: one multiplication
        return Work(multiplications=prod(output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        return apply_numbers(x, self.per, get_weight("weight", number_shape("", self.per, x.shape)), ops.scale)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"initial": 1e-6}, ((96, 56, 56),)),
            Example({"per": "position"}, ((5, 7),)),
            Example({"per": "element"}, ((4, 3),)),
            Example({"per": "all"}, ((10,),)),
        )


class Shift(_Learned, kind="shift"):
    """[C, *I] → [C, *I], a learned summand for each channel, for each position, for each element, or for all."""

    shares_gradient = True
    reference = "A. Dosovitskiy et al., An Image is Worth 16x16 Words (position embeddings), arXiv:2010.11929"
    initial: float = real(0, doc="the summand before training")
    per: str = PER

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return (Weight("bias", self.numbers(inputs), "bias", neutral=0),)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each element: one addition
        return Work(additions=prod(output))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        x = inputs[0]
        return apply_numbers(x, self.per, get_weight("bias", number_shape("", self.per, x.shape)), ops.shift)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({}, ((96, 56, 56),)),
            Example({"per": "element"}, ((5, 7),)),
            Example({"per": "position"}, ((4, 3),)),
            Example({"per": "all"}, ((10,),)),
        )
