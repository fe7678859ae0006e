"""The fully connected layer."""

from __future__ import annotations

from math import prod

from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import SAVES_INPUT, Example, Maps, Saved, Shape, Shapes, Weight, Work, format_shape
from cnncalc.layers.groups import ChoosesChannels
from cnncalc.layers.kernel import kernel_weights
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import flag, integer


class Linear(ChoosesChannels, kind="linear"):
    """Fully connected layer: [N_in] → [out], every output reads every input.

    Applied to the channels of each position of a map or a sequence, it is `conv(out, 1)`, with the same parameters.
    """

    linear = True
    flat = True
    reference = "PyTorch, torch.nn.Linear"
    out: int = integer(symbol="N_out", doc="output elements")
    bias: bool = flag(True, brief="bias", doc="add a learned bias to each output")

    def result_shape(self, inputs: Shapes) -> Shape:
        if len(inputs[0]) > 1:
            raise LayerError(
                "wrong-rank",
                f"`{self.kind}` needs a flat input, but its input is a map",
                detail=f" of {format_shape(inputs[0])} ({prod(inputs[0]):,} elements)",
                help="put `flatten` before it; for each position by itself, use `conv(out, 1)`",
                insert_before="flatten",
            )
        return (self.out,)

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return kernel_weights((self.out, inputs[0][0]), self.out, self.bias)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each output: a dot product of N_in, whose additions are one fewer, and one for the bias
        macs = inputs[0][0] * self.out
        return Work(macs, macs, macs if self.bias else macs - self.out)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "whole"

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        values = inputs[0].values
        n = len(values)
        weight = get_weight("weight", (self.out, n))
        rows = [weight[at : at + n] for at in range(0, len(weight), n)]
        return Map((self.out,), ops.dots(values, rows, get_weight("bias", (self.out,)) if self.bias else None))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example({"out": 4096}, ((9216,),)), Example({"out": 3, "bias": False}, ((5,),))
