"""The order of the axes of a tensor in a framework: the channels after the positions, or before them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.layers.base import Shape


class Layout(StrEnum):
    """Which axis of a tensor is the channels; the batch is before all of them."""

    channels_last = "channels_last"
    channels_first = "channels_first"

    @property
    def is_last(self) -> bool:
        return self is Layout.channels_last

    def axis(self, axis: int, rank: int) -> int:
        """The axis of a Keras tensor for one of ours, of a shape with `rank` sizes; the channels may be -1."""
        at = axis % rank
        if self.is_last:
            return at or -1
        return at + 1

    def shape(self, shape: Shape) -> Shape:
        """The sizes of a shape in this order."""
        return (*shape[1:], shape[0]) if self.is_last else shape

    def channels(self) -> int:
        """The axis of the channels."""
        return -1 if self.is_last else 1
