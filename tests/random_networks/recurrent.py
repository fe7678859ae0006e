"""Recurrent layers as PyTorch computes them, on [batch, C, L]; by hand what it has not: one bias, and Keras's GRU."""

from __future__ import annotations

from typing import Any

CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def recurrent(
    torch: Any, kind: str, channels: int, hidden: int, layers: int = 1, *, bidirectional: bool = False,
    biases: int = 2, **own: Any,
) -> Any:  # fmt: skip
    """PyTorch's module with its arrays; of one bias vector, the one of the state is a constant 0."""
    after = own.pop("reset_after", True)
    more = {"nonlinearity": own["activation"]} if "activation" in own else {}
    cell: Any = getattr(torch.nn, CELLS[kind])

    class Module(cell):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            x = x.movedim(1, 2)
            if not after:
                return by_hand(torch, self, x).movedim(2, 1)
            if biases != 1:
                return super().forward(x)[0].movedim(2, 1)
            flat: list[Any] = []
            for name in self._flat_weights_names:
                own = self._parameters.get(name)
                flat.append(x.new_zeros(len(flat[-1])) if own is None else own)
            function = getattr(torch._VF, kind if kind != "rnn" else f"rnn_{self.nonlinearity}")
            start = x.new_zeros(layers * (1 + bidirectional), x.shape[0], hidden)
            state = (start, start) if kind == "lstm" else start
            return function(x, state, flat, True, layers, 0.0, False, bidirectional, True)[0].movedim(2, 1)

    made = Module(channels, hidden, layers, bias=biases > 0, batch_first=True, bidirectional=bidirectional, **more)
    if biases == 1:
        for name in made._flat_weights_names:
            if name.startswith("bias_hh"):
                del made._parameters[name]
    return made


def by_hand(torch: Any, module: Any, x: Any) -> Any:
    """A GRU that resets the state before the product, position by position, as Keras computes it."""
    arrays, h = module._parameters, module.hidden_size

    def pass_over(x: Any, end: str) -> Any:
        def product(name: str, value: Any, part: slice) -> Any:
            bias = arrays.get(f"bias_{name}_{end}")
            return torch.nn.functional.linear(
                value, arrays[f"weight_{name}_{end}"][part], bias if bias is None else bias[part]
            )

        state, found = x.new_zeros(x.shape[0], h), []
        for position in x.unbind(1):
            gates = torch.sigmoid(product("ih", position, slice(2 * h)) + product("hh", state, slice(2 * h)))
            reset, update = gates.chunk(2, dim=1)
            new = torch.tanh(
                product("ih", position, slice(2 * h, None)) + product("hh", reset * state, slice(2 * h, None))
            )
            state = update * state + (1 - update) * new
            found.append(state)
        return torch.stack(found, dim=1)

    for layer in range(module.num_layers):
        made = [pass_over(x, f"l{layer}")]
        if module.bidirectional:
            made.append(pass_over(x.flip(1), f"l{layer}_reverse").flip(1))
        x = torch.cat(made, dim=2)
    return x


def count_macs(module: Any, positions: int) -> int:
    """The matrix products of all positions, by the arrays of the module."""
    return sum(int(array.numel()) for name, array in module.named_parameters() if name.startswith("weight")) * positions
