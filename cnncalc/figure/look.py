"""What a block diagram shows of each thing beside its name: its colour, a note, and what is gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from cnncalc.figure.fold import make_tree

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.figure.legend import Entry
    from cnncalc.figure.tree import Chain


class Look:
    """The plain look: the colour of a box is that of its kind. Others are subclasses.

    `layers` are the indexes of all layers that a thing stands for, those that are folded into it included.
    """

    def list_entries(self, roles: Collection[str]) -> Sequence[Entry]:
        """The legend of a figure with boxes of these roles; none: that of the kinds of layers."""
        return ()

    def make_tree(self, report: Report) -> Chain:
        """The tree that is drawn."""
        return make_tree(report)

    def prepare(self, things: Sequence[Sequence[int]]) -> None:
        """Learn what is drawn, before it is."""

    def paint(self, role: str, layers: Sequence[int]) -> str:
        """The role of a box in the palette."""
        return role

    def note(self, layers: Sequence[int]) -> str:
        """What is written beside a box of layers."""
        return ""

    def summarize(self, layers: Sequence[int]) -> str:
        """What is written beside a closed group."""
        return self.note(layers)

    def head(self, layers: Sequence[int]) -> str:
        """What is written in the head of an open group."""
        return ""

    def list_gone(self, index: int) -> Sequence[str]:
        """What another network has after a layer, −1 at the beginning, and this one has not."""
        return ()


PLAIN = Look()
