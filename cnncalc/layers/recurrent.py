"""Recurrent layers: the positions of a sequence are read one after another, with the state left by those before.

The matrix products of all positions are macs, the products of gates multiplications. Of the state, which begins as
zeros, only the output is a map; the gates and the cell state of a position are not counted as activations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, ClassVar

from cnncalc import limits
from cnncalc.layers.activation import sigmoid
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Example, Extra, Layer, Maps, Saved, Shape, Shapes, Weight, Work, format_shape
from cnncalc.layers.channels import Channels, Chosen
from cnncalc.layers.ops import GetWeight, Map, Ops, Values
from cnncalc.layers.reach import EveryPosition, Reach
from cnncalc.layers.settings import flag, integer, word
from cnncalc.records import NamedTuple

HIDDEN: Any = integer(symbol="H", doc="elements of the state, and output channels of a direction")
DIRECTIONS = ("", "_reverse")  # how the arrays of both directions end, as in PyTorch
Rows = list[list[float]]


class Arrays(NamedTuple):
    """The arrays of one direction of one layer: a row for each element of each gate, and the biases of both products.

    A bias is empty if there is none.
    """

    input: Rows
    state: Rows
    input_bias: list[float]
    state_bias: list[float]


class _Recurrent(Layer):
    """Base of recurrent layers. A kind defines its gates, and how one position changes the state."""

    gated = True
    gates: ClassVar[int]  # matrix products of the input, and as many of the state
    kept: ClassVar[int]  # elements that training keeps for each element of the state and position
    hidden: int = HIDDEN
    layers: int = integer(
        1, symbol="N", brief="{} layers", doc="stacked layers, each of which reads the outputs of the one before"
    )
    bidirectional: bool = flag(False, brief="bidirectional", doc="read in both directions; channels of both, in order")
    biases: int = integer(2, minimum=0, brief="biases {}", doc="bias vectors of a gate: 2 as PyTorch, 1 as Keras, or 0")

    def check_arguments(self) -> None:
        if self.biases > 2:
            text = f"`biases` must be 0, 1 or 2, found {self.biases}"
            raise LayerError("bad-argument", text, argument="biases", found=self.biases, suggest={"biases": 2})
        if self.layers > limits.RECURRENT_LAYERS:
            text = f"`layers` is {self.layers}: more than {limits.RECURRENT_LAYERS} are not supported"
            raise LayerError("bad-argument", text, argument="layers", found=self.layers)

    @property
    def directions(self) -> int:
        """1, or 2 in both directions."""
        return 2 if self.bidirectional else 1

    @property
    def consecutive(self) -> int:  # type: ignore[override]
        """The layers, for the depth of a network."""
        return self.layers

    def per_element(self) -> Work:
        """The work for each element of the state at a position, besides the matrix products and the biases."""
        raise NotImplementedError

    def bias_additions(self) -> int:
        """Additions of biases for each element of the state; two vectors that are added to the same sum are one."""
        return self.gates if self.biases else 0

    def result_shape(self, inputs: Shapes) -> Shape:
        shape = inputs[0]
        if len(shape) != 2:
            raise LayerError(
                "wrong-rank",
                f"`{self.kind}` needs a sequence (channels × positions), but its input"
                f" {'is flat' if len(shape) == 1 else 'has more axes'}: {format_shape(shape)}",
                help="put `reshape([channels, positions])` before it, or `transpose` if the positions come first",
                insert_before="" if len(shape) == 1 else f"reshape([{shape[0]}, rest])",
            )
        return (self.directions * self.hidden, shape[1])

    def input_channels(self, channels: int) -> Iterator[int]:
        """The input channels of each layer."""
        yield channels
        for _ in range(1, self.layers):
            yield self.directions * self.hidden

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        rows = self.gates * self.hidden
        found = []
        for number, channels in enumerate(self.input_channels(inputs[0][0])):
            for direction in DIRECTIONS[: self.directions]:
                end = f"l{number}{direction}"
                found += [Weight(f"weight_ih_{end}", (rows, channels)), Weight(f"weight_hh_{end}", (rows, self.hidden))]
                names = (f"bias_ih_{end}", f"bias_hh_{end}")[: self.biases]
                found += [Weight(name, (rows,), "bias", neutral=0) for name in names]
        return tuple(found)

    def work(self, inputs: Shapes, output: Shape) -> Work:
        # each position of each direction: G products of both the input and the state, whose additions are one fewer,
        # and which are added; then the gates
        channels, positions = inputs[0]
        found = self._work_of_layer(channels, positions)
        if self.layers > 1:
            more = self._work_of_layer(self.directions * self.hidden, positions)
            found = found.plus(more.times(self.layers - 1))
        return found

    def _work_of_layer(self, channels: int, positions: int) -> Work:
        h, own = self.hidden, self.per_element()
        macs = self.directions * (self.gates * h * (channels + h)) * positions
        times = self.directions * h * positions
        additions = macs + (own.additions + self.bias_additions() - self.gates) * times
        return Work(macs, macs + own.multiplications * times, additions, *(each * times for each in own[3:]))

    def inner_elements(self, inputs: Shapes, output: Shape) -> int:
        return (self.layers - 1) * output[0] * output[1] if self.layers > 1 else 0

    def scratch_elements(self, inputs: Shapes) -> int:
        # the positions of the input and of the layer before, and all gates of a position
        return 2 * inputs[0][0] * inputs[0][1] + 3 * self.directions * self.hidden * (inputs[0][1] + 4 * self.gates)

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        """What PyTorch keeps where no library has a kernel of its own: gates and states of all positions.

        Each direction reads a copy of the input, in which the positions come first; further layers read the outputs
        before them. cuDNN and oneDNN keep a reserve of a size of their own instead.
        """
        channels, positions = inputs[0]
        read = (self.layers - 1) * output[0] * positions
        states = self.layers * self.directions * self.hidden * self.kept_of(positions)
        if positions == 1:  # in the order that is read
            return Saved((0,), extras=(Extra("maps", read + states),))
        return Saved(extras=(Extra("maps", self.directions * channels * positions + read + states),))

    def kept_of(self, positions: int) -> int:
        """Numbers that training keeps for each element of the state, of all positions."""
        return self.kept * positions

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        positions = inputs[0][1]
        return (EveryPosition(positions, causal=positions > 1 and not self.bidirectional),)

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Chosen(parts=self.directions)

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self.replace(hidden=divide(self.hidden))

    def begin(self, ops: Ops) -> tuple[Values, ...]:
        """The state before the first position; its first part is the output."""
        return (ops.constant(0.0, self.hidden),)

    def advance(self, x: Values, state: tuple[Values, ...], arrays: Arrays, ops: Ops) -> tuple[Values, ...]:
        """The state after a position x."""
        raise NotImplementedError

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        sequence = inputs[0].positions()
        for layer in range(self.layers):
            parts = []
            for direction in DIRECTIONS[: 1 + self.bidirectional]:
                arrays = self._arrays(get_weight, f"l{layer}{direction}", len(sequence[0]))
                state, made = self.begin(ops), []
                for x in reversed(sequence) if direction else sequence:
                    state = self.advance(x, state, arrays, ops)
                    made.append(state[0])
                parts.append(made[::-1] if direction else made)
            sequence = [list(chain(*outputs)) for outputs in zip(*parts, strict=True)]
        return Map.of_positions(sequence, inputs[0].sizes)

    def _arrays(self, get_weight: GetWeight, end: str, channels: int) -> Arrays:
        """The arrays of a direction of a layer, by the end of their names."""
        count = self.gates * self.hidden
        weights = (
            get_weight(f"weight_ih_{end}", (count, channels)),
            get_weight(f"weight_hh_{end}", (count, self.hidden)),
        )
        both = [
            [array[at : at + len(array) // count] for at in range(0, len(array), len(array) // count)]
            for array in weights
        ]
        biases = [get_weight(name, (count,)) for name in (f"bias_ih_{end}", f"bias_hh_{end}")[: self.biases]]
        return Arrays(both[0], both[1], *biases, *([[]] * (2 - self.biases)))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"hidden": 256}, ((512, 26),)),
            Example({"hidden": 3, "layers": 2, "bidirectional": True, "biases": 1}, ((4, 5),)),
            Example({"hidden": 2, "biases": 0}, ((3, 1),)),
        )


def join_biases(first: Sequence[float], second: Sequence[float]) -> list[float] | None:
    """The sum of two bias vectors, which is the same for all inputs; None if there is none."""
    if first and second:
        return [a + b for a, b in zip(first, second, strict=True)]
    return list(first or second) or None


def parts_of(values: Values, size: int) -> list[Values]:
    """Lists of so many elements each."""
    return [values[at : at + size] for at in range(0, len(values), size)]


class Lstm(_Recurrent, kind="lstm"):
    """Long short-term memory: [C, L] → [hidden·directions, L]. c ← f⊙c + i⊙g and h = o⊙tanh(c).

    The gates i, f and o are sigmoids and g is a tanh of W·x + b + U·h + b', with the h of the position before.
    """

    reference = (
        "S. Hochreiter & J. Schmidhuber, Long Short-Term Memory, 1997; PyTorch, torch.nn.LSTM (order i, f, g, o)"
    )
    gates = 4
    kept = 7  # four gates, tanh(c), and the c and h before

    def per_element(self) -> Work:
        # three products of gates and a sum; three sigmoids of an exponential, an addition and a division, two tanh
        return Work(multiplications=3, additions=1 + 3, divisions=3, exponentials=3 + 2)

    def begin(self, ops: Ops) -> tuple[Values, ...]:
        return ops.constant(0.0, self.hidden), ops.constant(0.0, self.hidden)

    def advance(self, x: Values, state: tuple[Values, ...], arrays: Arrays, ops: Ops) -> tuple[Values, ...]:
        h, c = state
        of_input = ops.dots(x, arrays.input, join_biases(arrays.input_bias, arrays.state_bias))
        i, f, g, o = parts_of(ops.add(of_input, ops.dots(h, arrays.state, None)), self.hidden)
        c = ops.add(ops.multiply(sigmoid(ops, f), c), ops.multiply(sigmoid(ops, i), ops.apply("tanh", g)))
        return ops.multiply(sigmoid(ops, o), ops.apply("tanh", c)), c


class Gru(_Recurrent, kind="gru"):
    """Gated recurrent unit: [C, L] → [hidden·directions, L]. h ← (1 − z)⊙n + z⊙h.

    The gates r and z are sigmoids of W·x + b + U·h + b', and n = tanh(W·x + b + r⊙(U·h + b')). Without `reset_after`,
    as in the first paper, n = tanh(W·x + b + U·(r⊙h) + b').
    """

    reference = "K. Cho et al., arXiv:1406.1078; PyTorch, torch.nn.GRU (order r, z, n); Keras, GRU, reset_after"
    gates = 3
    kept = 7
    reset_after: bool = flag(
        True, brief="reset after", doc="apply the reset gate after the product, as PyTorch and Keras"
    )

    def per_element(self) -> Work:
        # three products of gates, 1 − z and a sum; two sigmoids and a tanh
        return Work(multiplications=3, additions=2 + 2, divisions=2, exponentials=2 + 1)

    def bias_additions(self) -> int:
        # n has its second bias within the product of the reset gate
        return super().bias_additions() + (self.biases == 2 and self.reset_after)

    def kept_of(self, positions: int) -> int:
        # the h before, r, z, n and h − n; and the products of the state, or r⊙h
        return (self.kept if self.reset_after else 6) * positions

    def advance(self, x: Values, state: tuple[Values, ...], arrays: Arrays, ops: Ops) -> tuple[Values, ...]:
        h, two = state[0], 2 * self.hidden
        joined = join_biases(arrays.input_bias, arrays.state_bias)
        inside = self.reset_after and arrays.state_bias
        bias = joined and joined[:two] + (arrays.input_bias if inside else joined)[two:]
        of_input = ops.dots(x, arrays.input, bias)
        gates = ops.add(of_input[:two], ops.dots(h, arrays.state[:two], None))
        r, z = parts_of(sigmoid(ops, gates), self.hidden)
        if self.reset_after:
            own = ops.multiply(r, ops.dots(h, arrays.state[two:], arrays.state_bias[two:] or None))
        else:
            own = ops.dots(ops.multiply(r, h), arrays.state[two:], None)
        n = ops.apply("tanh", ops.add(of_input[two:], own))
        rest = ops.shift(ops.negate(z), 1)
        return (ops.add(ops.multiply(rest, n), ops.multiply(z, h)),)


class Rnn(_Recurrent, kind="rnn"):
    """Simple recurrent layer: [C, L] → [hidden·directions, L]. h ← activation(W·x + b + U·h + b')."""

    reference = "J. L. Elman, Finding Structure in Time, 1990; PyTorch, torch.nn.RNN"
    gates = 1
    kept = 1
    activation: str = word("tanh", words=("tanh", "relu"), brief="{}", doc="activation")

    def per_element(self) -> Work:
        return Work(exponentials=1) if self.activation == "tanh" else Work(comparisons=1)

    def kept_of(self, positions: int) -> int:
        return positions + 1  # with the state before the first

    def advance(self, x: Values, state: tuple[Values, ...], arrays: Arrays, ops: Ops) -> tuple[Values, ...]:
        of_input = ops.dots(x, arrays.input, join_biases(arrays.input_bias, arrays.state_bias))
        total = ops.add(of_input, ops.dots(state[0], arrays.state, None))
        return (ops.apply("tanh", total) if self.activation == "tanh" else ops.clamp_min(total, 0),)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (*super().examples(), Example({"hidden": 2, "activation": "relu"}, ((3, 4),)))
