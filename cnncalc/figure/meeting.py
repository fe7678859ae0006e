"""Branches side by side: those that meet in a merge, and those with outputs of their own."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.figure.legend import add_sign
from cnncalc.figure.pieces import APART, BAR, DISC, SKIP, Piece, Tap, Want, measure_box
from cnncalc.figure.scene import Scene
from cnncalc.figure.stack import ARRIVING, GAP
from cnncalc.figure.text import SMALL, text_room
from cnncalc.records import NamedTuple

BETWEEN = 6.0  # pt: from one branch to the next
RADIUS = 4.6  # of the circle in which branches meet
FORK = 3.0  # from the top of a merge to where its branches part
DOWN = 4.0  # from there to the tops of the branches
ROUND = 4.0  # of the corners of the lines


class Branch(NamedTuple):
    """A branch of a merge: its pieces, or none if it passes a tensor on.

    `enters` if it begins with the current tensor; `source` is the tensor from elsewhere that a branch without pieces
    passes on.
    """

    piece: Piece | None
    enters: bool
    source: int | None = None


class Meeting(NamedTuple):
    """The layer in which branches meet: its sign in a circle, or its text in a box."""

    sign: str
    text: str
    title: str
    layers: tuple[int, ...]
    role: str
    beside: str = ""  # what joined it


class Stub(Piece):
    """A branch without pieces that passes a tensor from elsewhere on: it arrives at the top."""

    left = right = DISC + 1
    height = ARRIVING - 2
    entered = False

    def __init__(self, source: int) -> None:
        self.wants = [Want((source,), 0, DISC + 1, self.height - DISC - 1)]


class Through(Piece):
    """A branch without pieces that passes the current tensor on."""

    left = right = RADIUS


def _collect(piece: Piece, dx: float, dy: float, clear: bool) -> tuple[list[Tap], list[Want]]:
    return (
        [tap.move(dx, dy, clear=clear) for tap in piece.taps],
        [want.move(dx, dy, clear=clear) for want in piece.wants],
    )


class Side(Piece):
    """A main branch on the spine and others at its right; they end in a circle, or a box with a text."""

    pointed = False

    def __init__(self, branches: Sequence[Branch], meeting: Meeting, extra: Sequence[int] = ()) -> None:
        self.meeting = meeting
        main = _choose_main(branches, meeting.sign)
        others = [branch for number, branch in enumerate(branches) if number != main]
        direct = [branch.source for branch in others if branch.piece is None and branch.source is not None]
        if any(branch.piece for branch in others):  # the right of the circle is taken
            others = [
                branch._replace(piece=Stub(branch.source)) if branch.source is not None and not branch.piece else branch
                for branch in others
            ]
            direct = []
        else:
            others = [branch for branch in others if branch.source is None]
        self.main = branches[main] if branches else Branch(None, enters=False)
        self.half = RADIUS if meeting.sign else measure_box(meeting.text) / 2
        self._arrange(others, [*direct, *extra])

    def _arrange(self, others: list[Branch], direct: list[int]) -> None:
        main = self.main.piece or Through()
        self.start = FORK + DOWN if any(branch.enters for branch in others) else 0.0
        beside = text_room(self.meeting.beside, SMALL) + 4 if self.meeting.beside else 0.0
        self.left, edge = max(main.left, self.half + beside), max(main.right, self.half)
        self.taps, self.wants = _collect(main, 0, self.start, not any(branch.piece for branch in others))
        self.columns: list[tuple[Branch, float]] = []
        tallest = main.height
        for number, branch in enumerate(others):
            if branch.piece is None:
                edge += 8
                self.columns.append((branch, edge))
                edge += 2
                continue
            x = edge + BETWEEN + branch.piece.left
            edge = x + branch.piece.right
            self.columns.append((branch, x))
            tallest = max(tallest, branch.piece.height)
            found = _collect(branch.piece, x, self.start, number == len(others) - 1)
            self.taps, self.wants = [*self.taps, *found[0]], [*self.wants, *found[1]]
        plain = not self.main.piece and not self.columns  # only what comes from elsewhere
        self.pointed = plain
        self.middle = RADIUS if plain else self.start + max(tallest, 8) + GAP + RADIUS
        self.height = self.middle + RADIUS
        self.entered = self.main.enters or any(branch.enters for branch, _ in self.columns)
        if direct:
            together = len(direct) > 3
            many = 1 if together else len(direct)
            edge = max(edge, self.half + 5 + APART * many)
            groups = [tuple(direct)] if together else [(source,) for source in direct]
            self.wants = [*self.wants, *(Want(each, self.half, self.middle, 0, together=together) for each in groups)]
        self.right = edge

    def draw(self, scene: Scene, x: float, y: float) -> None:
        middle, bottom = y + self.middle, y + self.middle - RADIUS
        if self.main.piece:
            main = self.main.piece
            if main.entered:
                scene.line([(x, y), (x, y + self.start)], arrow=False)
            elif self.entered:
                scene.line([(x, y), (x, y + FORK)], arrow=False)
            main.draw(scene, x, y + self.start)
            scene.line([(x, y + self.start + main.height), (x, bottom)])
        elif self.main.enters and bottom > y:
            scene.line([(x, y), (x, bottom)])
        for branch, dx in self.columns:
            self._draw_other(scene, branch, x, y, x + dx)
        meeting = self.meeting
        with scene.group(meeting.title, meeting.layers):
            if meeting.sign:
                scene.circle(x, middle, RADIUS, meeting.role)
                add_sign(scene, meeting.sign, x, middle, 2.4)
            else:
                scene.rect(x - self.half, bottom, 2 * self.half, 2 * RADIUS, meeting.role, radius=2)
                scene.text(x, middle, meeting.text, SMALL)
        scene.text(x - self.half - 2, middle, meeting.beside, SMALL, "muted", anchor="end")

    def _draw_other(self, scene: Scene, branch: Branch, x: float, y: float, at: float) -> None:
        end = [(at, y + self.middle), (x + self.half, y + self.middle)]
        if branch.piece is None:
            scene.line([(x, y + FORK), (at, y + FORK), *end], "skip", stroke=SKIP, radius=ROUND)
            return
        top = y + self.start
        if branch.piece.entered:
            scene.line([(x, y + FORK), (at, y + FORK), (at, top)], arrow=False, radius=ROUND)
        branch.piece.draw(scene, at, top)
        scene.line([(at, top + branch.piece.height), *end], radius=ROUND)


def _choose_main(branches: Sequence[Branch], sign: str) -> int:
    """The branch on the spine: what is gated, or the longest that begins with the current tensor."""
    if sign == "×":
        for number, branch in enumerate(branches):
            if branch.piece is None and branch.enters:
                return number

    def rank(number: int) -> tuple[bool, float]:
        branch = branches[number]
        return branch.enters and branch.piece is not None, branch.piece.height if branch.piece else 0

    return max(range(len(branches)), key=rank, default=0)


class Fan(Piece):
    """Branches side by side that end in a bar with a text."""

    pointed = False

    def __init__(self, branches: Sequence[Branch], meeting: Meeting | None) -> None:
        self.meeting = meeting
        self.branches = [
            (branch, branch.piece or (Stub(branch.source) if branch.source is not None else Through()))
            for branch in branches
        ]
        width = sum(piece.left + piece.right for _, piece in self.branches) + BETWEEN * (len(self.branches) - 1)
        self.bar = max(width, measure_box(meeting.text)) if meeting else width
        self.left = self.right = self.bar / 2
        self.top = FORK + DOWN if any(branch.enters for branch in branches) else 0.0
        tallest = max(piece.height for _, piece in self.branches)
        self.below = self.top + tallest + (GAP if meeting else 0)
        self.height = self.below + (BAR if meeting else 0)
        self.entered = any(branch.enters for branch in branches)
        self.taps, self.wants = [], []
        self.xs: list[float] = []
        at = -width / 2
        for number, (_, piece) in enumerate(self.branches):
            x = at + piece.left
            self.xs.append(x)
            at = x + piece.right + BETWEEN
            taps, wants = _collect(piece, x, self.top, number == len(self.branches) - 1)
            self.taps, self.wants = [*self.taps, *taps], [*self.wants, *wants]

    def draw(self, scene: Scene, x: float, y: float) -> None:
        if self.entered:
            scene.line([(x, y), (x, y + FORK)], arrow=False)
        top, below = y + self.top, y + self.below
        for (branch, piece), dx in zip(self.branches, self.xs, strict=True):
            at = x + dx
            if branch.piece is None and branch.enters:
                scene.line([(x, y + FORK), (at, y + FORK), (at, below)], "skip", stroke=SKIP, radius=ROUND)
                continue
            if piece.entered:
                corner = [(x, y + FORK)] if abs(dx) > 0.01 else []
                scene.line([*corner, (at, y + FORK), (at, top)], arrow=False, radius=ROUND)
            piece.draw(scene, at, top)
            if self.meeting:
                scene.line([(at, top + piece.height), (at, below)])
        if self.meeting:
            with scene.group(self.meeting.title, self.meeting.layers):
                scene.rect(x - self.bar / 2, below, self.bar, BAR, self.meeting.role, radius=2)
                scene.text(x, below + BAR / 2, self.meeting.text)


class Beside(Piece):
    """Branches with outputs of their own at the right of the spine, on which the main path goes on."""

    pointed = False

    def __init__(self, branches: Sequence[Branch]) -> None:
        self.entered = True
        self.left, edge = 2.0, 2.0
        self.taps, self.wants = [], []
        self.columns: list[tuple[Piece, float]] = []
        for number, branch in enumerate(branches):
            piece = branch.piece or (Stub(branch.source) if branch.source is not None else Through())
            x = edge + BETWEEN + piece.left
            edge = x + piece.right
            self.columns.append((piece, x))
            taps, wants = _collect(piece, x, FORK + DOWN, number == len(branches) - 1)
            self.taps, self.wants = [*self.taps, *taps], [*self.wants, *wants]
        self.right = edge
        self.height = FORK + DOWN + max((piece.height for piece, _ in self.columns), default=0)

    def draw(self, scene: Scene, x: float, y: float) -> None:
        scene.line([(x, y), (x, y + self.height)], arrow=False)
        for piece, dx in self.columns:
            at = x + dx
            if piece.entered:
                scene.line([(x, y + FORK), (at, y + FORK), (at, y + FORK + DOWN)], arrow=False, radius=ROUND)
            piece.draw(scene, at, y + FORK + DOWN)
