"""Attention with its projections, of one sequence or of a sequence and a memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from cnncalc.layers.arguments import LayerError, Value
from cnncalc.layers.base import Example, Extra, Layer, Maps, Saved, Shape, Shapes, Weight, Work, format_shape
from cnncalc.layers.channels import OUTPUT, Apart, Channels
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.products import attend, check_sequence, count_attention
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import Setting, flag, integer, is_integer, to_integer


class MemorySetting(Setting):
    """The shape of a named output; files contain its name."""

    expects = "the name of an output"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, tuple) and len(value) == 2 and all(is_integer(to_integer(size), 1) for size in value):
            return value
        raise ValueError


def memory(doc: str) -> Any:
    return MemorySetting(None, brief="of a memory", doc=doc)


class MultiHeadAttention(Layer, kind="multi_head_attention"):
    """Attention with projections: [C, L] → [C, L], W_o·attention(W_q·x, W_k·y, W_v·y), where y is x or the memory.

    The projections map all channels of a position to others, as `conv(C, 1)`.
    """

    reference = "A. Vaswani et al., Attention Is All You Need, arXiv:1706.03762; PyTorch, torch.nn.MultiheadAttention"
    consecutive = 2  # the projection before the attention, and the one after it
    heads: int = integer(symbol="H", brief="{} heads", doc="parts that the channels are divided into")
    memory: Shape | None = memory(
        doc="a named output [C, L] from which keys and values are computed (default: the input)"
    )
    bias: bool = flag(True, brief="bias", doc="add a learned bias to each channel of the projections")

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `bad-argument` for a memory that is not an output."""
        if self.memory is not None and len(inputs) != 2:
            text = f"`memory` must be the name of an output, found {format_shape(self.memory)}"
            raise LayerError("bad-argument", text, argument="memory", found=self.memory)

    def result_shape(self, inputs: Shapes) -> Shape:
        check_sequence(self.kind, inputs[0], self.heads)
        if len(inputs[-1]) != 2:
            check_sequence(self.kind, inputs[-1], 1)
        return inputs[0]

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        channels, others = inputs[0][0], inputs[-1][0]
        if others == channels:
            found = [Weight("in_proj_weight", (3 * channels, channels))]
        else:
            sizes = {"q": channels, "k": others, "v": others}
            found = [Weight(f"{name}_proj_weight", (channels, size)) for name, size in sizes.items()]
        found += [Weight("in_proj_bias", (3 * channels,), "bias", neutral=0)] if self.bias else []
        found += [Weight("out_proj.weight", (channels, channels))]
        found += [Weight("out_proj.bias", (channels,), "bias", neutral=0)] if self.bias else []
        return tuple(found)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # the projections: for each output a dot product of all channels, whose additions are one fewer, and one for
        # the bias
        (channels, positions), (others, length) = inputs[0], inputs[-1]
        macs = 2 * channels * channels * positions + 2 * others * channels * length
        added = macs if self.bias else macs - 2 * channels * (positions + length)
        keys = (channels, length)
        return Work(macs, macs, added).plus(count_attention(self.heads, inputs[0], keys, keys))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "anywhere"

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        own = inputs[0][0] // self.heads
        if len(inputs) == 1:
            return Apart(((0, OUTPUT),), (own,))
        return Apart(((0, OUTPUT), (1,)), (own, inputs[1][0]))

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self.replace(memory=inputs[1]) if len(inputs) > 1 else self

    def inner_elements(self, inputs: Shapes, output: Shape) -> int:
        channels, positions = inputs[0]
        return 2 * channels * positions + 2 * channels * inputs[-1][1]  # queries, their sums, keys and values

    def scratch_elements(self, inputs: Shapes) -> int:
        return sum(map(prod, inputs)) + 3 * inputs[-1][1]

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        # the inputs of the projections and of the attention, and the logarithm of each query's sum of exponentials;
        # a memory of other channels is copied for each of its projections
        statistics = Extra("statistics", self.heads * inputs[0][1], 4)
        copies = prod(inputs[-1]) if inputs[-1][0] != inputs[0][0] else 0
        maps = Extra("maps", self.inner_elements(inputs, output) + copies)
        return Saved(tuple(range(len(inputs))), extras=(maps, statistics))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        query, other = inputs[0].positions(), inputs[-1].positions()
        n, m = len(query[0]), len(other[0])
        if n == m:
            rows = rows_of(get_weight("in_proj_weight", (3 * n, n)), n)
            projections = [rows[:n], rows[n : 2 * n], rows[2 * n :]]
        else:
            names = (("q", n), ("k", m), ("v", m))
            projections = [rows_of(get_weight(f"{name}_proj_weight", (n, size)), size) for name, size in names]
        biases = get_weight("in_proj_bias", (3 * n,)) if self.bias else None
        parts = []
        for at, (positions, kernel) in enumerate(zip((query, other, other), projections, strict=True)):
            own = biases[at * n : (at + 1) * n] if biases else None
            parts.append([ops.dots(position, kernel, own) for position in positions])
        made = attend(ops, self.heads, *parts)
        kernel = rows_of(get_weight("out_proj.weight", (n, n)), n)
        bias = get_weight("out_proj.bias", (n,)) if self.bias else None
        return Map.of_positions([ops.dots(position, kernel, bias) for position in made], inputs[0].sizes)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"heads": 3}, ((192, 197),)),
            Example({"heads": 2, "bias": False}, ((4, 5),)),
            Example({"heads": 2, "memory": (6, 7)}, ((4, 5), (6, 7))),
        )


def rows_of(weight: Sequence[float], size: int) -> list[Sequence[float]]:
    """The rows of a matrix."""
    return [weight[at : at + size] for at in range(0, len(weight), size)]
