"""Learned numbers: one for each channel, position or element, or one for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.layers.base import Shape, spatial_sizes
from cnncalc.layers.ops import Map, Values
from cnncalc.layers.settings import word

WORDS = ("channel", "all", "position", "element")
PER: Any = word("channel", words=WORDS, brief="per {}", doc="scope of each learned number")


def number_shape(kind: str, per: str, shape: Shape) -> Shape:
    """The shape of the array for a map of this shape. Raises LayerError `wrong-rank` for positions of a flat input."""
    if per == "position":
        return spatial_sizes(kind, shape)
    return {"channel": shape[:1], "all": (1,), "element": shape}[per]


def apply_numbers(x: Map, per: str, numbers: Sequence[float], function: Callable[[Values, float], Values]) -> Map:
    """Apply a function to elements and the learned number that belongs to them."""
    if per == "element":
        return Map(
            x.shape, [y for value, number in zip(x.values, numbers, strict=True) for y in function([value], number)]
        )
    if per == "all":
        return Map(x.shape, function(x.values, numbers[0]))
    parts, join = (x.channels(), Map.of_channels) if per == "channel" else (x.positions(), Map.of_positions)
    return join([function(part, number) for part, number in zip(parts, numbers, strict=True)], x.sizes)
