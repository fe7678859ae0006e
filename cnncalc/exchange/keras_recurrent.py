"""Recurrent layers of Keras: sequences are [batch, positions, channels] there, here [channels, positions]."""

from __future__ import annotations

from functools import partial

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor, Unstated
from cnncalc.exchange.keras_layers import LAYERS, Call, layer, layout_of
from cnncalc.layers.arguments import Value

KINDS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}


def _recurrent(name: str, call: Call, *, both: bool = False, **more: Value) -> Tensor:
    """A layer that reads a sequence forwards, or in both directions: all states, or the last ones."""
    graph, hidden = call.graph, call.get("units", int, 0)
    if len(call.x.shape) != 3:
        raise Refusal("a recurrent layer of no sequence")
    for option in ("go_backwards", "return_state", "stateful"):
        if call.config.get(option):
            raise Refusal(f"a recurrent layer with `{option}`")
    settings = {"hidden": hidden, "bidirectional": both, **_settings(name, call), **more}
    sequence = graph.materialize(views.permute(call.x, (0, 2, 1)))
    made = graph.tensor(graph.add(KINDS[name], [sequence], Unstated(call.key), **settings))
    if call.get("return_sequences", bool, False):
        return views.permute(made, (0, 2, 1))
    positions = made.shape[2]
    parts = []
    for direction in range(2 if both else 1):
        at = 0 if direction else positions - 1
        one = views.take(graph, made, 2, at, at + 1)
        parts.append(views.take(graph, one, 1, direction * hidden, (direction + 1) * hidden))
    return views.drop(operations.concat(graph, parts, 1), 2)


def _settings(name: str, call: Call) -> dict[str, Value]:
    """The arguments of the kind. Raises Refusal for activations that it does not have."""
    activation = call.config.get("activation", "tanh")
    gates = call.config.get("recurrent_activation", "sigmoid")
    usual = ("tanh", "relu") if name == "SimpleRNN" else ("tanh",)
    if activation not in usual or gates != "sigmoid":
        raise Refusal(f"a recurrent layer with other activations: {str(activation)[:40]!r}, {str(gates)[:40]!r}")
    biases = 1 if call.get("use_bias", bool, True) else 0
    if name == "SimpleRNN":
        return {"biases": biases, "activation": activation}
    if name == "GRU":
        after = call.get("reset_after", bool, True)
        return {"biases": 2 * biases if after else biases, "reset_after": after}
    return {"biases": biases}


LAYERS.update({name: partial(_recurrent, name) for name in KINDS})
# The cells that exported files bring along, with the biases that those of Keras lack.
CELLS = {"TwoBiasLSTMCell": "LSTM", "TwoBiasRNNCell": "SimpleRNN", "BiasedGRUCell": "GRU"}


@layer("RNN")
def with_cell(call: Call, *, both: bool = False) -> Tensor:
    """A layer by its cell: one of Keras, or one of a file of ours."""
    cell = call.config.get("cell")
    cell = cell if isinstance(cell, dict) else {}
    kind, config = str(cell.get("class_name")), cell.get("config")
    known = {f"{name}Cell": name for name in KINDS}
    is_ours = layout_of(cell) is not None and kind in CELLS
    if not isinstance(config, dict) or not (is_ours or kind in known):
        raise Refusal(f"a recurrent layer with a cell {kind[:40]!r}")
    call = call._replace(config={**call.config, **config})
    if not is_ours:
        return _recurrent(known[kind], call, both=both)
    biases = call.get("biases", int, 1) if kind == "BiasedGRUCell" else 2
    return _recurrent(CELLS[kind], call, both=both, biases=biases)


@layer("Bidirectional")
def bidirectional(call: Call) -> Tensor:
    """A recurrent layer in both directions, the states of both one after the other."""
    inner = call.config.get("layer")
    inner = inner if isinstance(inner, dict) else {}
    name, config = inner.get("class_name"), inner.get("config")
    if name not in (*KINDS, "RNN") or not isinstance(config, dict):
        raise Refusal(f"a layer in both directions that is {str(name)[:40]!r}")
    if call.get("merge_mode", str, "concat") != "concat":
        raise Refusal(f"both directions are merged by {str(call.config.get('merge_mode'))[:40]!r}")
    if _essence(call.config.get("backward_layer", inner)) != _essence(inner):
        raise Refusal("both directions have different layers")
    call = call._replace(config=config)
    return with_cell(call, both=True) if name == "RNN" else _recurrent(str(name), call, both=True)


def _essence(value: object) -> object:
    """What must be equal of the layers of both directions."""
    config = value.get("config") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(config, dict):
        return value
    names = ("cell", "units", "activation", "recurrent_activation", "use_bias", "reset_after", "return_sequences")
    return value.get("class_name"), [config.get(name) for name in names]
