"""What a page is about: a network with its report, its drawing and the memory of its tensors."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cnncalc.analysis.liveness import Mode
from cnncalc.analysis.memory import Dtypes, InMode, Memory
from cnncalc.figure.look import PLAIN, Look
from cnncalc.figure.on_screen import draw_for_screen
from cnncalc.render.page.bars import Bar, make_bars

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.figure.scene import Scene
    from cnncalc.figure.tree import Chain
    from cnncalc.network import Network
    from cnncalc.render.page.picture import Photo


class Subject:
    """A network of a page, the `number`-th from 0; `label` is what it is called on the command line.

    Receptive fields are shown on the photo; without one, on a drawn picture. `look` is that of the drawing,
    and `caption` explains it.
    """

    def __init__(self, number: int, label: str, network: Network, report: Report) -> None:
        self.number = number
        self.label = label
        self.network = network
        self.report = report
        self.photo: Photo | None = None
        self.look: Look = PLAIN
        self.caption = ""

    @property
    def title(self) -> str:
        """Its name, or what it is called on the command line."""
        return self.report.name or self.label

    def name(self, text: str) -> str:
        """The id of an element of this network."""
        return f"n{self.number}-{text}"

    @cached_property
    def memory(self) -> Memory:
        """The memory at inference, in float32."""
        return Memory(self.report, Dtypes())

    @cached_property
    def tensors(self) -> InMode:
        """The tensors alive while each layer runs, each in memory of its own."""
        return self.memory.mode(Mode.separate)

    @property
    def peak(self) -> int:
        """The most bytes of tensors alive at one time."""
        return self.memory.bytes_of(self.tensors.peak.elements)

    @cached_property
    def tree(self) -> Chain:
        """What the block diagram is made of."""
        return self.look.make_tree(self.report)

    @cached_property
    def scene(self) -> Scene | None:
        """The block diagram; None of too many boxes."""
        return draw_for_screen(self.report, self.tree, self.look)

    @cached_property
    def bars(self) -> list[Bar]:
        """The bars of the charts."""
        return make_bars(self.report)
