"""What the handlers of PyTorch's functions have in common. Nothing here imports torch.

A handler takes the graph and what the call was given, tensors as Tensor, parameters as Known, and gives a Tensor or
several. They are in `torch_layers` and `torch_views`, by the names of the functions, `relu_` as `relu`, `__radd__` as
`radd`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

Handler = Callable[..., Any]
OPS: dict[str, Handler] = {}


class Known(NamedTuple):
    """A parameter or a buffer, or what is made of some; `array` is None where it is computed."""

    shape: Shape
    array: Array | None


def op(*names: str) -> Callable[[Handler], Handler]:
    """Declare a handler."""

    def declare(handler: Handler) -> Handler:
        OPS.update(dict.fromkeys(names, handler))
        return handler

    return declare


def array_of(value: object) -> Array:
    """A learned array. Raises Refusal where it depends on the input, or is computed."""
    if isinstance(value, Known) and value.array is not None:
        return value.array
    raise Refusal("its weights are computed" if isinstance(value, Known) else "its weights depend on the input")


def arrays_of(**given: object) -> dict[str, Array]:
    """Several, without those that are None."""
    return {name: array_of(value) for name, value in given.items() if value is not None}


def each(value: Any, axes: int) -> tuple[Any, ...]:
    """One value for each axis."""
    return tuple(value) * (axes if len(value) == 1 else 1) if isinstance(value, tuple | list) else (value,) * axes


def axis_of(dim: int, rank: int) -> int:
    """A dimension from 0."""
    return dim % rank
