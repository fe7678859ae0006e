"""The parts of a block diagram that have no parts: boxes of layers and of closed groups, ends, connectors.

A piece lies on a vertical spine, at which the current tensor enters at its top and leaves at its bottom. `left` and
`right` are how far it reaches from the spine, so that pieces are stacked and set side by side before they are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.figure.scene import Scene
from cnncalc.figure.text import SIZE, SMALL, text_room
from cnncalc.records import NamedTuple

BOX, BAR, CLOSED = 14.0, 11.0, 23.0  # pt: the heights of a layer's box, of a concat's bar, of a closed group
PADDING = 1.0  # beside the text of a box, in the widest font
NARROWEST = 30.0  # box of a layer
SHEET = 2.2  # from one of the sheets behind a repeated group to the next
SHEETS = 2
DISC = 4.4  # the radius of a connector
APART = 10.6  # from one connector to the next
ROW = 2 * DISC + 1  # from one row of connectors to the next
SKIP = 0.9  # stroke
ASIDE = 12.0  # from the spine to what is gone


class Tap(NamedTuple):
    """A point, from the spine and the top of a piece, at which a tensor can be read by what is elsewhere.

    It is `clear` if nothing is beside it up to the right edge of the piece.
    """

    source: int
    x: float
    y: float
    clear: bool = True

    def move(self, dx: float, dy: float, *, clear: bool = True) -> Tap:
        """The same point from the spine and the top of a piece around."""
        return Tap(self.source, self.x + dx, self.y + dy, self.clear and clear)


class Want(NamedTuple):
    """A point at which tensors from elsewhere arrive, from the right; then `drop` down, if they enter from above.

    `together` if they are the many inputs of one merge, which share a connector.
    """

    sources: tuple[int, ...]
    x: float
    y: float
    drop: float = 0
    clear: bool = True
    together: bool = False

    def move(self, dx: float, dy: float, *, clear: bool = True) -> Want:
        """See `Tap.move`."""
        return self._replace(x=self.x + dx, y=self.y + dy, clear=self.clear and clear)


class Piece:
    """A part of a diagram with its extent, and where tensors can be read (`taps`) and are missing (`wants`) in it."""

    left = right = height = 0.0
    grows = False  # whether it is a frame, which is as wide as those above and below it
    pointed = True  # whether an arrow ends at its top, rather than a line that goes on in it
    entered = True  # whether the current tensor enters at its top
    natural = (0.0, 0.0)  # of a frame: how far it reaches to both sides by itself
    taps: Sequence[Tap] = ()
    wants: Sequence[Want] = ()

    def draw(self, scene: Scene, x: float, y: float) -> None:
        """Draw it with its spine at x and its top at y."""

    def grow(self, left: float, right: float) -> None:
        """Make it reach further."""


class Boxed(Piece):
    """A box with a text, ×n and a note beside it, and below those what it reads from elsewhere, or is read of it."""

    text_height = 0.0  # of the box without what is attached

    def __init__(
        self,
        width: float,
        title: str,
        layers: Sequence[int],
        role: str,
        times: str,
        note: str,
    ) -> None:
        self.title, self.layers, self.role = title, tuple(layers), role
        self.times, self.note = times, note
        self.behind = 0.0  # of the sheets
        self.connectors = 0
        self.height = self.text_height
        self.widen(width)

    def widen(self, width: float) -> None:
        """Set the width of the box."""
        self.width = width
        self.left = width / 2
        beside = measure_beside(self.times, self.note)
        self.right = width / 2 + self.behind + max(beside, 5 + APART * self.connectors if self.connectors else 0)
        self.wants = [want._replace(x=width / 2 + self.behind) for want in self.wants]
        self.taps = [tap._replace(x=width / 2 + self.behind) for tap in self.taps]

    def attach(self, wanted: Sequence[tuple[int, ...]], read: Mapping[int, int]) -> None:
        """Add what it reads from elsewhere, and tensors inside it that are read there, with their connectors."""
        beside = bool(self.times or self.note or (wanted and read) or len(read) > 1)
        y = self.text_height + DISC - 2 if beside else self.text_height / 2
        for sources in wanted:
            self.wants = [*self.wants, Want(sources, 0, y, 0, together=len(sources) > 1)]
        y += ROW if wanted else 0
        for source in read:
            self.taps = [*self.taps, Tap(source, 0, y)]
            y += ROW
        if wanted or read:
            self.connectors = max(len(wanted), *read.values(), 1)
            self.height = max(y - ROW + DISC + 1, self.text_height) + self.behind
            self.widen(self.width)

    def draw(self, scene: Scene, x: float, y: float) -> None:
        half = self.width / 2
        with scene.group(self.title, self.layers):
            self.draw_box(scene, x, y, self.height - self.behind)
        draw_beside(scene, x + half + self.behind, y + min(self.text_height / 2, 7.7), self.times, self.note)

    def draw_box(self, scene: Scene, x: float, y: float, height: float) -> None:
        """Draw the box and its text."""


class Leaf(Boxed):
    """The box of a step."""

    text_height = BOX

    def __init__(
        self, text: str, title: str, layers: Sequence[int], role: str, *, times: str = "", note: str = "",
        strip: bool = False,
    ) -> None:  # fmt: skip
        self.text, self.strip = text, strip
        super().__init__(measure_box(text), title, layers, role, times, note)

    def draw_box(self, scene: Scene, x: float, y: float, height: float) -> None:
        half = self.width / 2
        scene.rect(x - half, y, self.width, height, self.role, radius=2)
        if self.strip:
            scene.rect(x - half + 2, y + height - 2.2, self.width - 4, 1.4, "activation", stroke=0)
        scene.text(x, y + BOX / 2 - (0.5 if self.strip else 0), self.text)


class Closed(Boxed):
    """A group as one box: its name, the shape that leaves it, sheets behind it if it is repeated."""

    text_height = CLOSED

    def __init__(
        self, head: str, shape: str, title: str, layers: Sequence[int], role: str, *, times: str = "", note: str = "",
    ) -> None:  # fmt: skip
        self.head, self.shape = head, shape
        width = max(text_room(head, SIZE, True), text_room(shape, SMALL)) + 8 * PADDING
        super().__init__(width, title, layers, role, times, note)
        self.behind = SHEET * SHEETS if times else 0.0
        self.height += self.behind
        self.widen(width)

    def draw_box(self, scene: Scene, x: float, y: float, height: float) -> None:
        half = self.width / 2
        if self.times:
            draw_sheets(scene, x - half, y, self.width, height)
        scene.rect(x - half, y, self.width, height, self.role, radius=3)
        scene.text(x, y + 7.7, self.head, bold=True)
        scene.text(x, y + 16.3, self.shape, SMALL, "muted")
        if self.behind:
            scene.line([(x, y + height), (x, y + height + self.behind)], arrow=False)


class Gone(Piece):
    """Boxes beside the spine, of what another network has here."""

    pointed = False

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.width = max(map(measure_box, texts))
        self.left, self.right = 1.0, ASIDE + self.width
        self.height = len(texts) * (BOX + 2) + 2

    def draw(self, scene: Scene, x: float, y: float) -> None:
        scene.line([(x, y), (x, y + self.height)], arrow=False)
        for number, text in enumerate(self.texts):
            top = y + 2 + number * (BOX + 2)
            scene.line([(x, top + BOX / 2), (x + ASIDE, top + BOX / 2)], arrow=False, dashed=True)
            scene.rect(x + ASIDE, top, self.width, BOX, "removed", radius=2, dashed=True)
            scene.text(x + ASIDE + self.width / 2, top + BOX / 2, text)


class Pill(Piece):
    """An input or an output of the network."""

    height = BOX

    def __init__(self, text: str) -> None:
        self.text = text
        self.width = text_room(text) + 10 * PADDING
        self.left = self.right = self.width / 2

    def draw(self, scene: Scene, x: float, y: float) -> None:
        scene.rect(x - self.width / 2, y, self.width, BOX, "input", radius=BOX / 2)
        scene.text(x, y + BOX / 2, self.text)


def measure_box(text: str) -> float:
    """The width of a box around a text."""
    return max(text_room(text) + 2 * PADDING, NARROWEST)


def measure_beside(times: str, note: str) -> float:
    """The room for ×n and a note beside a box."""
    room = (3 + text_room(times, SIZE, True) if times else 0.0) + (3 + text_room(note, SMALL) if note else 0.0)
    return room + 1 if room else 0.0


def draw_beside(scene: Scene, x: float, y: float, times: str, note: str) -> None:
    """Write ×n and a note beside a box whose right edge is at x."""
    if times:
        scene.text(x + 3, y, times, bold=True, anchor="start")
        x += 3 + text_room(times, SIZE, True)
    scene.text(x + 3, y, note, SMALL, "muted", anchor="start")


def draw_sheets(scene: Scene, left: float, top: float, width: float, height: float) -> None:
    """Draw the sheets behind a repeated group; the group is drawn over them."""
    for sheet in range(SHEETS, 0, -1):
        scene.rect(left + SHEET * sheet, top + SHEET * sheet, width, height, "sheet", radius=3)


def draw_connector(scene: Scene, x: float, y: float, text: str) -> None:
    """Draw the disc of a connector with its letter."""
    scene.circle(x, y, DISC, "copy")
    scene.text(x, y, text, SMALL if len(text) == 1 else 5.0, bold=True)
