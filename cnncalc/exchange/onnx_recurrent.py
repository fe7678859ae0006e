"""ONNX's recurrent ops: sequences are [positions, batch, channels] there, here [channels, positions] of an example."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, Tensor
from cnncalc.exchange.onnx_constants import Constant
from cnncalc.exchange.onnx_context import Context, Inputs, Parts, attribute, input_at, op, tensor_of
from cnncalc.exchange.onnx_file import OnnxNode
from cnncalc.layers.arguments import Value
from cnncalc.layers.frameworks import ONNX_GATES

# op → the kind, and for each gate of ours its number in ONNX
GATES: dict[str, tuple[str, tuple[int, ...]]] = {
    op: (kind, tuple(ONNX_GATES[kind].index(gate) for gate in range(len(ONNX_GATES[kind]))))
    for op, kind in (("LSTM", "lstm"), ("GRU", "gru"), ("RNN", "rnn"))
}
ACTIVATIONS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
DIRECTIONS = {"forward": 1, "bidirectional": 2}


@op(*GATES)
def recurrent(context: Context, node: OnnxNode, inputs: Inputs) -> Parts:
    graph, x, (kind, _) = context.graph, tensor_of(inputs), GATES[node.op]
    directions = DIRECTIONS.get(attribute(node, "direction", "forward"))
    is_batch_first = bool(attribute(node, "layout", 0))
    if directions is None or len(x.shape) != 3:
        raise Refusal("a recurrent layer that only reads backwards, or of no sequences")
    _check(node, inputs)
    arrays, hidden = _arrays(context, node, inputs, directions)
    settings: dict[str, Value] = {"hidden": hidden, "bidirectional": directions == 2, **_settings(node, directions)}
    sequence = graph.materialize(views.permute(x, (0, 2, 1) if is_batch_first else (1, 2, 0)))
    made = graph.tensor(graph.add(kind, [sequence], arrays, biases=_biases(arrays), **settings))
    batch, _, positions = made.shape
    parts = views.view(made, (batch, directions, hidden, positions))
    output = views.permute(parts, (0, 3, 1, 2) if is_batch_first else (3, 1, 0, 2))
    if len(node.outputs) < 2 or not node.outputs[1]:
        return [output]
    return [output, _last(context, parts, is_batch_first=is_batch_first)]


def _biases(arrays: dict[str, Array]) -> int:
    """The bias vectors of a gate."""
    return sum(name in arrays for name in ("bias_ih_l0", "bias_hh_l0"))


def _last(context: Context, parts: Tensor, *, is_batch_first: bool) -> Tensor:
    """The state after the last position that is read, of each direction."""
    _, directions, _, positions = parts.shape
    found = []
    for direction in range(directions):
        at = 0 if direction else positions - 1
        one = views.take(context.graph, parts, 3, at, at + 1)
        found.append(views.take(context.graph, one, 1, direction, direction + 1))
    states = views.drop(operations.concat(context.graph, found, 1), 3)
    return states if is_batch_first else views.permute(states, (1, 0, 2))


def _check(node: OnnxNode, inputs: Inputs) -> None:
    """Raises Refusal for what the kinds do not have."""
    if attribute(node, "clip", 0.0) or attribute(node, "input_forget", 0) or input_at(inputs, 7) is not None:
        raise Refusal("a recurrent layer with bounds, coupled gates or peepholes")
    if input_at(inputs, 4) is not None:
        raise Refusal("a recurrent layer with sequences of different lengths")
    for at in (5, 6):
        state = input_at(inputs, at)
        if state is not None and not _is_zero(state):
            raise Refusal("a recurrent layer with a first state of its own")


def _is_zero(state: object) -> bool:
    if not isinstance(state, Constant):
        return False
    first = state.tensor.first(1) if state.tensor is not None and state.tensor.uniform else state.values
    return bool(first) and set(first or ()) == {0}


def _settings(node: OnnxNode, directions: int) -> dict[str, Value]:
    """The arguments that one kind alone has. Raises Refusal for activations that it does not have."""
    usual = ACTIVATIONS[node.op] * directions
    given = node.attributes.get("activations", usual)
    if node.op == "RNN" and given == ["Relu"] * directions:
        return {"activation": "relu"}
    if given != usual:
        raise Refusal(f"a recurrent layer with other activations: {str(given)[:60]}")
    return {"reset_after": bool(attribute(node, "linear_before_reset", 0))} if node.op == "GRU" else {}


def _arrays(context: Context, node: OnnxNode, inputs: Inputs, directions: int) -> tuple[dict[str, Array], int]:
    """The arrays of each direction, in the order of our gates, and the number of channels of a state."""
    order = GATES[node.op][1]
    own, state = (context.array(input_at(inputs, at), node) for at in (1, 2))
    if len(own.shape) != 3 or len(state.shape) != 3 or own.shape[:2] != state.shape[:2] or own.shape[0] != directions:
        raise Refusal("weights of other sizes than those of a recurrent layer")
    hidden = state.shape[2]
    if own.shape[1] != len(order) * hidden:
        raise Refusal("weights of other sizes than those of a recurrent layer")
    given = input_at(inputs, 3)
    bias = None if given is None else context.array(given, node)
    if bias is not None and bias.shape not in [(directions, count * own.shape[1]) for count in (1, 2)]:
        raise Refusal("biases of other sizes than those of a recurrent layer")
    names = ("bias_ih", "bias_hh")[: 0 if bias is None else bias.shape[1] // own.shape[1]]
    found = {}
    for direction in range(directions):
        end = "l0_reverse" if direction else "l0"
        for name, array in (("weight_ih", own), ("weight_hh", state)):
            found[f"{name}_{end}"] = _part(array, direction, 0, order, hidden * array.shape[2], array.shape[1:])
        for number, name in enumerate(names):
            assert bias is not None
            shape = (len(order) * hidden,)
            found[f"{name}_{end}"] = _part(bias, direction, number * shape[0], order, hidden, shape)
    return found, hidden


def _part(array: Array, direction: int, start: int, order: Sequence[int], size: int, shape: tuple[int, ...]) -> Array:
    """The gates of a direction, each of so many numbers, from a number of it on."""
    first = direction * prod(array.shape[1:]) + start

    def load() -> list[float] | None:
        numbers = array.load()
        if numbers is None:
            return None
        return [number for gate in order for number in numbers[first + gate * size : first + (gate + 1) * size]]

    return Array((array.key, direction, start), shape, load)
