"""The numbers of a small network, as `run --weights` takes them: by the paths of the text that was written."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, prod
from typing import Any

from cnncalc import limits
from cnncalc.errors import CnncalcError
from cnncalc.exchange.graph import Graph
from cnncalc.layers.base import Shape
from cnncalc.network import Network

CHARACTERS = 8  # of a number in JSON, at least


def weights_of(graph: Graph, order: Sequence[int], network: Network) -> dict[str, dict[str, Any]]:
    """All arrays, nested, by path and name.

    Raises CnncalcError where there are too many numbers, none in the source, or one that JSON cannot write.
    """
    found: dict[str, dict[str, Any]] = {}
    left = limits.DATA_BYTES // CHARACTERS
    for index, node in zip(order, network.nodes, strict=True):
        if node.shares is not None:
            continue
        arrays = graph.nodes[index].arrays
        for weight in node.layer.weights(node.input_shapes):
            left -= prod(weight.shape)
            if left < 0:
                raise CnncalcError(f"there are more weights than `run` reads: {limits.DATA_BYTES // 2**20} MiB of text")
            numbers = arrays[weight.name].load()
            if numbers is None or len(numbers) != prod(weight.shape):
                raise CnncalcError(f"the source holds no numbers for `{weight.name}` of {node.path}")
            if not all(map(isfinite, numbers)):
                raise CnncalcError(
                    f"`{weight.name}` of {node.path} has an infinite number or NaN, which `run` does not read"
                )
            found.setdefault(node.path, {})[weight.name] = _nested(numbers, weight.shape)
    return found


def _nested(numbers: list[float], shape: Shape) -> Any:
    """The numbers as nested lists.

    >>> _nested([1, 2, 3, 4], (2, 2))
    [[1, 2], [3, 4]]
    """
    for size in shape[:0:-1]:
        numbers = [numbers[at : at + size] for at in range(0, len(numbers), size)]  # type: ignore[misc]
    return numbers
