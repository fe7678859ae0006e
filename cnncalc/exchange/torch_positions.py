"""Learned arrays of PyTorch as tensors: learned numbers, and biases of the offsets of positions in a window."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Graph, Tensor
from cnncalc.exchange.products import TABLE, find_window, find_windows, learned_tensor, position_bias
from cnncalc.exchange.torch_arrays import Known, array_of, numbers_of
from cnncalc.layers.base import Shape
from cnncalc.layers.learned import LARGEST_BIAS, logarithms_of, offsets_of

SPREAD = 0.01  # of numbers by which windows can be told apart
NEAR = 1e-4  # of numbers of single precision, at most 16


def as_tensor(graph: Graph, value: Any, rank: int = 0) -> Tensor:
    """A tensor, or what no input goes into as one: learned numbers, or a number for all elements of each example."""
    if isinstance(value, Known) and len(value.sources) > 1:
        found = _continuous(graph, value)
        if found is not None:
            return found
    if isinstance(value, Known) and value.number is not None and value.shape[:1] == (graph.batch,):
        return operations.uniform(graph, value.shape, value.number)
    return value if isinstance(value, Tensor) else learned_tensor(graph, array_of(value), value.shape, rank)


def is_table(title: str, given: Sequence[Any]) -> bool:
    """Whether a call takes elements of a parameter at constant positions."""
    if title != "getitem" or not isinstance(given[0], Known) or given[1] is None:
        return False
    return given[0].array is not None and not given[0].is_constant


def relative_positions(graph: Graph, table: Known, index: Any) -> Tensor:
    """A table of offsets at the offsets of all pairs of positions of a window, [pairs…, heads]."""
    array = array_of(table)
    numbers = numbers_of(index.real) if isinstance(index, Known) and index.real is not None else None
    if len(array.shape) != 2 or numbers is None:
        raise Refusal("elements of a parameter are taken at positions that are computed")
    window = find_window(numbers, array.shape[0])
    if window is None:
        raise Refusal("elements of a parameter are taken at positions that are no offsets in a window")
    return position_bias(graph, "relative_position_bias", {TABLE: array}, window, index.shape, heads=array.shape[1])


def _continuous(graph: Graph, value: Known) -> Tensor | None:
    """The bias that a small network makes of the offsets of positions, as Swin Transformer V2 has it; None of others.

    It is known by its numbers, however they are computed.
    """
    by_rank = sorted(value.sources, key=lambda each: (len(each.shape), each.shape[-1:]))
    if [len(each.shape) for each in by_rank] != [1, 2, 2] or len(value.shape) < 2:
        return None
    bias, first, second = by_rank
    (hidden,), (heads, width) = bias.shape, second.shape
    pairs, rest = divmod(prod(value.shape[1:]), heads)
    if width != hidden or rest or value.shape[0] not in (1, graph.batch):
        return None
    if any(each.real is None for each in (value, *by_rank)):
        return None
    wanted = value.real[0].double().reshape(heads, -1)
    if wanted.max() - wanted.min() < SPREAD:
        return None
    weights = [each.real.double() for each in (first, bias, second)]
    for window in find_windows(pairs):
        if len(window) == first.shape[1] and (_bias(window, *weights) - wanted).abs().max() < NEAR:
            names = ("cpb_mlp.0.weight", "cpb_mlp.0.bias", "cpb_mlp.2.weight")
            arrays = {name: array_of(each) for name, each in zip(names, (first, bias, second), strict=True)}
            made = graph.add("continuous_position_bias", [], arrays, heads=heads, window=window, hidden=hidden)
            found = views.view(graph.tensor(made), (graph.batch, *value.shape[1:]))
            return found if value.shape[0] == graph.batch else Tensor(made, ((), *found.dims[1:]), value.shape)
    return None


def _bias(window: Shape, first: Any, bias: Any, second: Any) -> Any:
    """What the kind `continuous_position_bias` gives, for each head and pair of positions."""
    offsets = bias.new_tensor(logarithms_of(window)).reshape(-1, len(window))
    hidden = (offsets @ first.T + bias).relu()
    table = LARGEST_BIAS * (hidden @ second.T).sigmoid()
    return table[offsets_of(window)].T
