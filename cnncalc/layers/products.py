"""Products of tensors: of matrices, and scaled dot-product attention, which consists of two of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt

from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Example, Extra, Maps, Saved, Shape, Shapes, Weightless, Work, format_shape
from cnncalc.layers.channels import OUTPUT, Apart, Carried, Channels
from cnncalc.layers.groups import check_groups
from cnncalc.layers.merge import Merged
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import integer, word
from cnncalc.layers.softmax import softmax

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


def check_sequence(kind: str, shape: Shape, heads: int) -> None:
    """Raises LayerError unless a tensor is [C, L], of channels that the heads divide."""
    if len(shape) != 2:
        text = f"`{kind}` needs a sequence [channels, positions], found {format_shape(shape)}"
        before = "reshape([channels, rest])" if len(shape) > 2 else ""
        raise LayerError("wrong-rank", text, insert_before=before)
    check_groups(kind, heads, shape[0], argument="heads")


def count_attention(heads: int, queries: Shape, keys: Shape, values: Shape) -> Work:
    """The work of attention, of [C, L] tensors.

    Each element of the queries is scaled by a multiplication. Each head has for each pair of a query and a key a dot
    product of C/heads elements, a softmax over the keys for each query, and a dot product of the weights of all keys
    for each output.
    """
    positions, others = queries[1], keys[1]
    pairs = heads * positions * others
    scores, sums = positions * others * queries[0], positions * others * values[0]
    macs = scores + sums
    remaining = pairs - heads * positions  # a maximum and a sum of n elements take n − 1
    return Work(
        macs,
        macs + queries[0] * positions,
        (scores - pairs) + (pairs + remaining) + (sums - values[0] * positions),
        comparisons=remaining,
        divisions=pairs,
        exponentials=pairs,
        attention_macs=macs,
    )


def attend(
    ops: Ops, heads: int, queries: Sequence[Values], keys: Sequence[Values], values: Sequence[Values]
) -> list[Values]:
    """The weighted sums of the values for each query, position by position; one row of weights at a time."""
    made: list[Values] = [[] for _ in queries]
    size, width = len(queries[0]) // heads, len(values[0]) // heads
    for head in range(heads):
        own_keys = [key[head * size : (head + 1) * size] for key in keys]
        own_values = [value[head * width : (head + 1) * width] for value in values]
        columns = [list(column) for column in zip(*own_values, strict=True)]
        for query, position in zip(queries, made, strict=True):
            scaled = ops.scale(query[head * size : (head + 1) * size], 1 / sqrt(size))
            weights = softmax(ops, ops.products([scaled], own_keys))
            position += ops.products([weights], columns)
    return made


class Attention(Merged, Weightless, kind="attention"):
    """softmax(queryᵀ·key/√d)·valueᵀ in heads of d channels: [C, L_q], [C, L], [V, L] → [V, L_q].

    The branches are `query`, `key` and `value`, in this order if they have no names.
    """

    branches = 3
    branch_names = ("query", "key", "value")
    passes_single = False
    reference = "A. Vaswani et al., Attention Is All You Need, arXiv:1706.03762; PyTorch, scaled_dot_product_attention"
    heads: int = integer(1, symbol="H", brief="{} heads", doc="parts that the channels are divided into")

    def result_shape(self, inputs: Shapes) -> Shape:
        query, key, value = inputs
        for shape in inputs:
            check_sequence(self.kind, shape, self.heads)
        if query[0] != key[0] or key[1] != value[1]:
            text = f"`{self.kind}` needs a query and a key of equal channels, and a key and a value of equal positions"
            shapes = ", ".join(map(format_shape, inputs))
            raise LayerError("shape-mismatch", f"{text}, found {shapes}")
        return (value[0], query[1])

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return count_attention(self.heads, *inputs)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "anywhere"

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Apart(((0, 1), (2, OUTPUT)), (inputs[0][0] // self.heads, inputs[2][0] // self.heads))

    def scratch_elements(self, inputs: Shapes) -> int:
        return sum(map(prod, inputs)) + 3 * inputs[1][1]  # lists of positions, and a row of weights

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        # a fused kernel computes the weights again, from the logarithm of each query's sum; it has equal channels only
        if inputs[0][0] == inputs[2][0]:
            return Saved((0, 1, 2), output=True, extras=(Extra("statistics", self.heads * inputs[0][1], 4),))
        return Saved((0, 1, 2), extras=(Extra("maps", self.heads * inputs[0][1] * inputs[1][1]),))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        query, key, value = (x.positions() for x in inputs)
        return Map.of_positions(attend(ops, self.heads, query, key, value), inputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"heads": 3}, ((192, 197), (192, 197), (192, 197))),
            Example({}, ((4, 5), (4, 7), (6, 7))),
            Example({"heads": 2}, ((8, 3), (8, 6), (4, 6))),
        )
