"""What the handlers of ONNX ops have in common: their table, and how inputs and attributes are taken.

A handler takes a Context, the node and its inputs, and gives its outputs: a Tensor, a Constant, or a list of them.
They are in `onnx_layers`, `onnx_arithmetic`, `onnx_views` and `onnx_resize`, sources: https://onnx.ai/onnx/operators,
opsets 7 and later. `layers.frameworks.ONNX` says what ops and their attributes are called here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, Graph, Tensor
from cnncalc.exchange.onnx_constants import Constant
from cnncalc.exchange.onnx_file import OnnxNode
from cnncalc.exchange.products import learned_tensor
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Shape
from cnncalc.layers.frameworks import ONNX, UNSUPPORTED
from cnncalc.records import NamedTuple

Pairs = list[tuple[int, int]]


class TensorList(NamedTuple):
    """A sequence of tensors, as SplitToSequence makes it."""

    items: list[Tensor]


class Indices(NamedTuple):
    """The positions of the elements that a max pool takes: the node of the pool, and their sizes."""

    pool: int
    shape: Shape


NEUTRAL = {"weight": 1, "bias": 0}
Input = Tensor | Constant | TensorList | Indices | None
Inputs = Sequence[Input]
Parts = list[Tensor | Constant | Indices]
Outputs = Tensor | Constant | TensorList | Parts


class Context(NamedTuple):
    """What handlers need beside a node: the graph, the opset, and the array that is added to an output at once."""

    graph: Graph
    opset: int
    take_summand: Callable[[OnnxNode, int], Constant | None]  # of a product of so many channels, which it then has

    def array(self, value: object, node: OnnxNode) -> Array:
        """An input as a learned array. Raises Refusal where it is made of the network's input, or computed."""
        if not isinstance(value, Constant):
            raise Refusal("its weights depend on the input")
        if value.key is None or value.tensor is None:
            raise Refusal("its weights are computed by other nodes")
        # equal numbers all over an array are written once by exporters, although layers have arrays of their own
        key = (value.key, node.outputs[0]) if value.tensor.uniform else value.key
        return Array(key, value.shape, value.load)

    def tensor(self, value: object, node: OnnxNode, rank: int = 0) -> Tensor:
        """An input as a tensor; a learned array is one that no input goes into. Raises Refusal."""
        if isinstance(value, Tensor):
            return value
        array = self.array(value, node)
        return learned_tensor(self.graph, array, array.shape, rank)

    def bias(self, value: object, node: OnnxNode) -> dict[str, Array]:
        """The bias of a layer, which may be left out, or be zeros that other nodes compute. Raises Refusal."""
        return self.arrays(node, {"bias": value})

    def arrays(self, node: OnnxNode, given: Mapping[str, object]) -> dict[str, Array]:
        """Several, by our names; those that are left out, or have no effect, are not in it."""
        return {
            name: self.array(value, node)
            for name, value in given.items()
            if value is not None and not _has_no_effect(value, name)
        }


def _has_no_effect(value: object, name: str) -> bool:
    """Whether an array is computed, and only ones that are multiplied, or zeros that are added."""
    if not isinstance(value, Constant) or value.key is not None or name not in NEUTRAL:
        return False
    return prod(value.shape) <= limits.WIRE_NUMBERS and set(value.load() or ()) == {NEUTRAL[name]}


def sides(arrays: Mapping[str, Array]) -> dict[str, Value]:
    """The arguments of a norm that say which of its two learned arrays it has."""
    scale, shift = "weight" in arrays, "bias" in arrays
    return {"affine": scale or shift, "scale": scale or not shift, "shift": shift or not scale}


Handler = Callable[[Context, OnnxNode, Inputs], Outputs]
OPS: dict[str, Handler] = {}


def op(*names: str) -> Callable[[Handler], Handler]:
    """Declare a handler."""

    def declare(handler: Handler) -> Handler:
        OPS.update(dict.fromkeys(names, handler))
        return handler

    return declare


def tensor_of(inputs: Inputs, at: int = 0) -> Tensor:
    """An input that depends on the network's. Raises Refusal for a constant, and where there is none."""
    found = inputs[at] if len(inputs) > at else None
    if isinstance(found, Tensor):
        return found
    if found is None:
        raise Refusal("it lacks an input")
    if isinstance(found, Indices):
        raise Refusal("its input is the indices of a max pool")
    raise Refusal("its input is a constant" if isinstance(found, Constant) else "its input is a list of tensors")


def input_at(inputs: Inputs, at: int) -> Input:
    """An input that may be left out."""
    return inputs[at] if len(inputs) > at else None


def shorten(value: float) -> float:
    """A number as it was written, of which single precision has left a little less: 0.009999999776… is 0.01."""
    try:
        wanted = struct.pack("<f", value)
        texts = (f"{value:.{digits}g}" for digits in range(1, 10))
        return next((float(text) for text in texts if struct.pack("<f", float(text)) == wanted), value)
    except (OverflowError, ValueError):
        return value


def attribute(node: OnnxNode, name: str, default: Any) -> Any:
    """An attribute of the type of its default. Raises Refusal for another type."""
    found = node.attributes.get(name, default)
    if type(found) is not type(default) or (isinstance(found, list) and not all(type(each) is int for each in found)):
        raise Refusal(f"its attribute `{name}` is of another type")
    return shorten(found) if isinstance(found, float) else found


def attribute_numbers(node: OnnxNode, name: str) -> list[Any]:
    """An attribute that is a list of numbers, empty where it is left out. Raises Refusal for another type."""
    found = node.attributes.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, int | float) for each in found):
        raise Refusal(f"its attribute `{name}` is of another type")
    return found


def arguments(node: OnnxNode) -> dict[str, Value]:
    """Our arguments for the attributes of a node, by the table. Raises Refusal for what has no counterpart."""
    signature = ONNX[node.op]
    found: dict[str, Value] = {name: float(text) for name, text in signature.defaults.items()}
    for name, value in node.attributes.items():
        ours = signature.parameters.get(name, "")
        if ours == UNSUPPORTED and value:
            raise Refusal(f"its attribute `{name}` has no counterpart")
        if ours in signature_settings(signature.kind):
            found[ours] = shorten(value) if isinstance(value, float) else value
    return found


def signature_settings(kind: str) -> Mapping[str, object]:
    """The arguments of a kind."""
    from cnncalc.layers import kind_class

    return kind_class(kind).settings
