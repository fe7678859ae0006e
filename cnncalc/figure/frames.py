"""Open groups of a block diagram: a frame with a head around a stack."""

from __future__ import annotations

from cnncalc.figure.labels import fit_call
from cnncalc.figure.pieces import SHEET, SHEETS, Piece, draw_sheets
from cnncalc.figure.scene import Scene
from cnncalc.figure.stack import Stack
from cnncalc.figure.text import SIZE, SMALL, text_room

HEAD = 11.5  # pt: the height of the head
PADDING = 5.0
RADIUS = 4.0
ROOM = 150.0  # for a head; a frame is not made wider for it
LEAST = 25.0  # for a call; in less it is left out


class FramePiece(Piece):
    """A frame around a stack: a name and a call in its head, ×n and sheets behind it if it is repeated."""

    grows = True

    def __init__(
        self, stack: Stack, head: tuple[str, str], title: str, *, inner: bool, times: str = "", note: str = "",
        role: str = "",
    ) -> None:  # fmt: skip
        self.stack, self.title, self.times, self.note = stack, title, times, note
        self.role = role or ("inner" if inner else "group")
        self.behind = SHEET * SHEETS if times else 0.0
        self.left, self.right = stack.left + PADDING, stack.right + PADDING + self.behind
        self.head = self._fit_head(head)
        missing = self._measure_head() - self.left - self.right + self.behind
        if missing > 0:
            self.left, self.right = self.left + missing / 2, self.right + missing / 2
        self.natural = self.left, self.right
        self.top = HEAD
        self.bottom = self.top + stack.height + PADDING
        self.height = self.bottom + self.behind
        self.entered = stack.entered
        self.taps = [tap.move(0, self.top) for tap in stack.taps]
        self.wants = [want.move(0, self.top) for want in stack.wants]

    def _fit_head(self, head: tuple[str, str]) -> tuple[str, str]:
        """The head, shortened to the width of the stack, or to a usual one."""
        room = max(self.left + self.right - self.behind, ROOM) - self._measure_right() - 9
        name = fit_call(head[0], room, SIZE, bold=True)
        rest = room - text_room(name, SIZE, True) - 3
        return name, fit_call(head[1], rest, SMALL) if head[1] and rest > LEAST else ""

    def _measure_right(self) -> float:
        """The room for what is at the right of the head."""
        room = 8 + text_room(self.times, SIZE, True) if self.times else 0.0
        return room + (6 + text_room(self.note, SMALL) if self.note else 0.0)

    def _measure_head(self) -> float:
        name, call = self.head
        return text_room(name, SIZE, True) + (3 + text_room(call, SMALL) if call else 0) + self._measure_right() + 9

    def grow(self, left: float, right: float) -> None:
        self.left, self.right = left, right

    def draw(self, scene: Scene, x: float, y: float) -> None:
        left, right = x - self.left, x + self.right - self.behind
        with scene.group(self.title):
            if self.times:
                draw_sheets(scene, left, y, right - left, self.bottom)
            scene.rect(left, y, right - left, self.bottom, self.role, radius=RADIUS)
        after = self._draw_head(scene, left + 4, right - 4, y + HEAD / 2 + 0.6)
        if self.entered:
            below_head = left + 2 <= x <= after + 2 or bool(self.times and x >= right - 6 - text_room(self.times))
            scene.line([(x, y + (HEAD if below_head else 0)), (x, y + self.top)], arrow=False)
        self.stack.draw(scene, x, y + self.top)
        scene.line([(x, y + self.top + self.stack.height), (x, y + self.height)], arrow=False)

    def _draw_head(self, scene: Scene, left: float, right: float, y: float) -> float:
        """Write the head; returns where its left part ends."""
        name, call = self.head
        scene.text(left, y, name, bold=True, anchor="start")
        after = left + text_room(name, SIZE, True)
        if call:
            scene.text(after + 3, y, call, SMALL, "muted", anchor="start")
            after += 3 + text_room(call, SMALL)
        scene.text(right, y, self.times, bold=True, anchor="end")
        if self.note:
            at = right - (text_room(self.times, SIZE, True) + 5 if self.times else 0)
            scene.text(at, y, self.note, SMALL, "muted", anchor="end")
        return after
