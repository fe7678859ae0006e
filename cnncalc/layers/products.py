"""Products of two tensors: of matrices, as in attention."""

from __future__ import annotations

from math import prod

from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Example, Extra, Maps, Saved, Shape, Shapes, Weightless, Work, format_shape
from cnncalc.layers.channels import OUTPUT, Apart, Carried, Channels
from cnncalc.layers.merge import Merged
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import word

TRANSPOSES = ("none", "first", "second")


class Matmul(Merged, Weightless, kind="matmul"):
    """Product of two branches as matrices: […, M, K], […, K, N] → […, M, N]; `transpose` swaps two axes of one first.

    The other axes are equal or 1, which is broadcast.
    """

    branches = 2
    passes_single = False
    reference = "PyTorch, torch.matmul"
    transpose: str = word(
        "none", words=TRANSPOSES, brief="{} transposed", doc="the branch whose last two axes are swapped"
    )

    def matrices(self, inputs: Shapes) -> tuple[Shape, Shape]:
        """The sizes (M, K) and (K, N) of the two matrices as they are multiplied. Raises LayerError `wrong-rank`."""
        first, second = inputs
        for shape in inputs:
            if len(shape) < 2:
                text = f"`{self.kind}` needs branches with two axes or more, found {format_shape(shape)}"
                raise LayerError("wrong-rank", text)
        return (
            first[-2:] if self.transpose != "first" else first[:-3:-1],
            second[-2:] if self.transpose != "second" else second[:-3:-1],
        )

    def result_shape(self, inputs: Shapes) -> Shape:
        (rows, summed), (other, columns) = self.matrices(inputs)
        first, second = inputs
        pairs = list(zip(first[:-2], second[:-2], strict=False))
        if summed != other:
            raise self.product_error(inputs)
        if len(first) != len(second) or not all(a == b or 1 in (a, b) for a, b in pairs):
            text = f"the branches of `{self.kind}` must have equal axes before the last two, or axes of 1"
            raise LayerError("shape-mismatch", f"{text}: {format_shape(first)} and {format_shape(second)}")
        return (*(max(pair) for pair in pairs), rows, columns)

    def product_error(self, inputs: Shapes) -> LayerError:
        """The error for matrices that cannot be multiplied, with the transposition with which they can."""
        (_, summed), (other, _) = self.matrices(inputs)
        shapes = f"{format_shape(inputs[0])} and {format_shape(inputs[1])}"
        text = f"`{self.kind}` cannot multiply {shapes}: it would sum over {summed} positions of one and {other}"
        for transpose in TRANSPOSES:
            (_, own), (_, *_) = found = self.replace(transpose=transpose).matrices(inputs)  # type: ignore[attr-defined]
            if own == found[1][0]:
                suggest = {"transpose": transpose}
                return LayerError("shape-mismatch", f"{text} of the other", suggest=suggest, argument="transpose")
        return LayerError("shape-mismatch", f"{text} of the other", about="size")

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: a dot product of K elements, whose additions are one fewer
        (_, summed), _ = self.matrices(inputs)
        macs = prod(output) * summed
        return Work(macs, macs, macs - prod(output), attention_macs=macs)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "anywhere"

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        if len(output) > 2:
            return Carried()
        if self.transpose == "first":
            return Apart(((0, 1),), (inputs[0][0],))
        return Apart(((0, OUTPUT), (1,)), (inputs[0][0], 1))  # the channels of the second are summed, or positions

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        # of a branch that is broadcast, PyTorch makes a copy for each product
        equal = tuple(at for at, shape in enumerate(inputs) if shape[:-2] == output[:-2])
        copies = sum(prod((*output[:-2], *shape[-2:])) for at, shape in enumerate(inputs) if at not in equal)
        return Saved(equal, extras=(Extra("maps", copies),) if copies else ())

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        others = tuple(map(max, inputs[0].shape[:-2], inputs[1].shape[:-2]))
        rows, columns = (
            matrices_of(ops.broadcast(x, (*others, *x.shape[-2:])), by_rows=by_rows)
            for x, by_rows in zip(inputs, (self.transpose != "first", self.transpose == "second"), strict=True)
        )
        values = [value for pair in zip(rows, columns, strict=True) for value in ops.products(*pair)]
        return Map((*others, len(rows[0]), len(columns[0])), values)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"transpose": "second"}, ((3, 197, 64), (3, 197, 64))),
            Example({}, ((3, 4), (4, 5))),
            Example({"transpose": "first"}, ((6, 5), (6, 7))),
            Example({}, ((2, 1, 3, 4), (1, 5, 4, 2))),
        )


def matrices_of(x: Map, *, by_rows: bool) -> list[list[Values]]:
    """The rows, or the columns, of each matrix of the last two axes."""
    height, width = x.shape[-2:]
    found = []
    for start in range(0, len(x.values), height * width):
        matrix = x.values[start : start + height * width]
        lines = [matrix[at : at + width] for at in range(0, len(matrix), width)]
        found.append(lines if by_rows else [list(column) for column in zip(*lines, strict=True)])
    return found
