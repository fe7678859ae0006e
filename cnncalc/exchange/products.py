"""Products of tensors of the source, and learned arrays as tensors: what attention is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isqrt, prod

from cnncalc.exchange import views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, Graph, Tensor, permuted
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Shape
from cnncalc.layers.learned import offsets_of

TABLE = "relative_position_bias_table"


def product(graph: Graph, a: Tensor, b: Tensor) -> Tensor:
    """The product of the matrices of the last two dimensions."""
    swapped = [views.swap_last(each) for each in (a, b)]
    if not views.is_settled(graph, b) and views.is_settled(graph, swapped[1]):
        found = _multiply(graph, a, swapped[1], "second")
    elif not views.is_settled(graph, a) and views.is_settled(graph, swapped[0]):
        found = _multiply(graph, swapped[0], b, "first")
    else:
        found = _multiply(graph, a, b, "none")
    return found


def _multiply(graph: Graph, a: Tensor, b: Tensor, transpose: str) -> Tensor:
    """The product, where the batch is at the same place of both."""
    a, b = (views.settle(graph, views.unexpanded(each)) for each in (a, b))
    place = views.find_batch(graph, a)
    if place != views.find_batch(graph, b):
        raise Refusal("a product of tensors whose batch is at different places")
    node = graph.add("matmul", [a.node, b.node], transpose=transpose)  # its axes are the dimensions of both
    return views.with_batch_at(graph, node, *place)


def einsum(graph: Graph, equation: str, a: Tensor, b: Tensor) -> Tensor:
    """A sum over one index of two tensors, as a product of matrices. Raises Refusal for other sums."""
    left, _, out = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != 2 or "." in equation or not out or any(len({*term}) != len(term) for term in (*terms, out)):
        raise Refusal(f"einsum of {equation!r}")
    first, second = terms
    if (len(first), len(second)) != (len(a.shape), len(b.shape)):
        raise Refusal(f"einsum of {equation!r} of tensors of other ranks")
    lead = [each for each in first if each in second and each in out]
    rows = [each for each in first if each not in second]
    columns = [each for each in second if each not in first]
    summed = [each for each in first if each in second and each not in out]
    if not {*rows, *columns} <= {*out} or not rows or not columns or len(summed) != 1:
        raise Refusal(f"einsum of {equation!r}")
    sizes = {**dict(zip(first, a.shape, strict=True)), **dict(zip(second, b.shape, strict=True))}

    def laid(x: Tensor, term: str, order: list[list[str]]) -> Tensor:
        moved = views.permute(x, [term.index(name) for name in [*lead, *order[0], *order[1]]])
        counts = (prod(sizes[name] for name in names) for names in order)
        return views.view(moved, [*(sizes[name] for name in lead), *counts])

    made = product(graph, laid(a, first, [rows, summed]), laid(b, second, [summed, columns]))
    names = [*lead, *rows, *columns]
    made = views.view(made, [sizes[name] for name in names])
    return views.permute(made, [names.index(name) for name in out])


def learned_tensor(graph: Graph, array: Array, shape: Shape, rank: int = 0) -> Tensor:
    """A learned array as a tensor that is the same for all examples of the batch, [1, …] or expanded to its size.

    With a `rank`, dimensions of size 1 are added before its own, as broadcasting has it.
    """
    first, *sizes = [1] * (rank - len(shape)) + list(shape) or [1]
    if first not in (1, graph.batch) or not sizes or prod(array.shape) != prod(sizes):
        sizes_text = "×".join(map(str, shape)) or "one number"
        raise Refusal(f"a learned array of {sizes_text} that is no tensor of an example")
    own = array._replace(shape=tuple(sizes))
    if len(sizes) != 2:
        return graph.tensor(graph.add("learned", [], {"weight": own}, shape=own.shape))
    node = graph.add("learned", [], {"weight": permuted(own, (1, 0))}, shape=own.shape[::-1])
    return views.permute(graph.tensor(node), (0, 2, 1))


# Position biases


def find_windows(pairs: int, offsets: int | None = None) -> Iterator[Shape]:
    """The windows, on 1 to 3 axes, of so many pairs of positions and so many offsets, None for any.

    >>> list(find_windows(49 ** 2, 169))
    [(7, 7), (1, 7, 7), (7, 1, 7), (7, 7, 1)]
    """
    positions = isqrt(pairs)
    divisors = [size for size in range(1, positions + 1) if positions % size == 0] if positions**2 == pairs else []
    sizes: Iterator[Shape] = ((size,) for size in divisors if size == positions)
    for window in [
        *sizes,
        *((a, positions // a) for a in divisors),
        *((a, b, positions // a // b) for a in divisors for b in divisors if positions // a % b == 0),
    ]:
        if offsets in (None, prod(2 * size - 1 for size in window)):
            yield window


def find_window(numbers: Sequence[float], offsets: int) -> Shape | None:
    """The window for whose pairs of positions these are the numbers of their offsets, as Swin counts them."""
    known = list(numbers)
    return next((window for window in find_windows(len(known), offsets) if offsets_of(window) == known), None)


def position_bias(
    graph: Graph, kind: str, arrays: Mapping[str, Array], window: Shape, pairs: Shape, **settings: Value
) -> Tensor:
    """A bias for each pair of positions of a window, [*pairs, heads]."""
    node = graph.add(kind, [], arrays, window=window, **settings)
    whole = views.permute(graph.tensor(node), (0, 2, 3, 1))
    return views.view(Tensor(node, whole.dims[1:], whole.shape[1:]), (*pairs, whole.shape[-1]))
