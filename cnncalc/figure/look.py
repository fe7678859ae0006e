"""What a block diagram shows of each thing beside its name: its colour, a note, a dashed edge."""

from __future__ import annotations

from collections.abc import Sequence


class Look:
    """The plain look: the colour of a box is that of its kind. Others are subclasses.

    `layers` are the indexes of all layers that a thing stands for, those that are folded into it included.
    """

    legend: Sequence[object] = ()

    def prepare(self, things: Sequence[Sequence[int]]) -> None:
        """Learn what is drawn, before it is."""

    def paint(self, role: str, layers: Sequence[int]) -> str:
        """The role of a box in the palette."""
        return role

    def note(self, layers: Sequence[int]) -> str:
        """What is written beside a box."""
        return ""

    def is_dashed(self, layers: Sequence[int]) -> bool:
        """Whether the edge of a box is dashed."""
        return False


PLAIN = Look()
