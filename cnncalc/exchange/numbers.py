"""A tensor and a number: arithmetic with constants and bounds, for readers."""

from __future__ import annotations

from cnncalc import limits
from cnncalc.exchange import operations
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Graph, Tensor


def with_number(graph: Graph, kind: str, x: Tensor, number: float, *, first: bool) -> Tensor:
    """The merge `kind` of a tensor and a number; `first` is whether the number comes first. Raises Refusal."""
    if kind == "multiply":
        return operations.affine(graph, x, number)
    if kind == "add":
        return operations.affine(graph, x, 1, number)
    if kind == "subtract":
        return operations.affine(graph, x, -1, number) if first else operations.affine(graph, x, 1, -number)
    if kind in ("maximum", "minimum"):
        return bounded(graph, x, *((number, None) if kind == "maximum" else (None, number)))
    if kind != "divide":
        raise Refusal(f"`{kind}` of a tensor and a number")
    if first:
        return operations.affine(graph, operations.pointwise(graph, "power", x, n=-1), number)
    if number == 0:
        raise Refusal("a division by zero")
    return operations.affine(graph, x, 1 / number)


def bounded(graph: Graph, x: Tensor, low: float | None, high: float | None) -> Tensor:
    """min(max(x, low), high), where one of the bounds may be left out."""
    low = None if low is None or low < -limits.SIZE else low
    high = None if high is None or high > limits.SIZE else high
    if low is None and high is None:
        return x
    if low == 0 and high in (6, None):
        return operations.pointwise(graph, "relu6" if high == 6 else "relu", x)
    if low is not None and high is not None:
        return operations.pointwise(graph, "clip", x, low=low, high=high)
    bound, sign = (low, 1) if low is not None else (high, -1)  # low + relu(x − low), high − relu(high − x)
    assert bound is not None
    x = operations.affine(graph, x, sign, -sign * bound)
    return operations.affine(graph, operations.pointwise(graph, "relu", x), sign, bound)
