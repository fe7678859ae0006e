"""Pieces in a row from top to bottom, with the tensors that skip some of them in channels at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.figure.pieces import APART, DISC, SKIP, Leaf, Piece, Tap, Want
from cnncalc.figure.scene import Scene
from cnncalc.figure.text import SMALL, text_room
from cnncalc.records import NamedTuple

GAP = 9.0  # pt: an arrow between two pieces
LEAD = 6.0  # the arrow at the top of a frame or a branch
SHORT = 2.0  # a line to where branches part
TAPPED = 12.0  # the same with a tensor that leaves to the right
ARRIVING = 2 * DISC + 7  # where a tensor from elsewhere arrives from above
CHANNEL = 6.0  # from one channel to the next
ASIDE = 5.0  # from the pieces to the first channel


class Link(NamedTuple):
    """What is above a piece, or below the last: the tensor that arrives there.

    `flows` if it is the one that left the piece above; `source` None: none arrives. `note` is its shape, if shown.
    """

    source: int | None
    flows: bool
    note: str = ""


class _Channel(NamedTuple):
    taps: tuple[Tap, ...]
    want: Want
    level: int


class Stack(Piece):
    """Pieces in a row, `links[k]` above the k-th and the last one below all.

    `results` are the tensors that leave the pieces, `flow` is the one that enters; `needed` has the tensors that are
    read from elsewhere, each with the number of its connectors. `ends_tapped` unless the last of them is read below the
    frame that is around; `outermost` if nothing is.
    """

    def __init__(
        self, pieces: Sequence[Piece], links: Sequence[Link], results: Sequence[int], flow: int | None,
        needed: Mapping[int, int], *, ends_tapped: bool = True, outermost: bool = False,
    ) -> None:  # fmt: skip
        self.ends_tapped, self.outermost = ends_tapped, outermost
        self.pieces, self.links, self.needed = pieces, links, needed
        self.taps: list[Tap] = []
        self.wants: list[Want] = []
        self.channels: list[_Channel] = []
        self.tops: list[float] = []
        self.tapped: list[bool] = []  # whether the tensor above each link is read from elsewhere
        _make_even(pieces)
        self.left = max((piece.left for piece in pieces), default=0.0)
        self.right = max((piece.right for piece in pieces), default=0.0)
        wanted = {source for piece in pieces for want in piece.wants for source in want.sources}
        wanted |= {link.source for link in links if link.source is not None and not link.flows}
        self.entry_tapped = flow is not None and flow in wanted
        self.entered = bool(self.entry_tapped or (links and links[0].flows))
        self._place(results, flow)
        self._route()

    def _place(self, results: Sequence[int], flow: int | None) -> None:
        """Set the tops of the pieces, and collect taps and wants."""
        y = 0.0
        above = flow if self.entry_tapped else None
        for number, link in enumerate(self.links):
            last = number == len(self.pieces)
            self.tapped.append(above is not None)
            if above is not None:
                self._place_tap(above, link, y)
            pointed = not last and self.pieces[number].pointed
            y += self._measure_link(link, y, tapped=above is not None, last=last, pointed=pointed)
            if last:
                break
            piece = self.pieces[number]
            self.tops.append(y)
            self.taps += [tap.move(0, y) for tap in piece.taps]
            self.wants += [want.move(0, y) for want in piece.wants]
            y += piece.height
            above = results[number] if results[number] in self.needed else None
            above = None if number + 1 == len(self.pieces) and not self.ends_tapped else above
        self.height = y

    def gap(self, y: float) -> float:
        """The length of an arrow that begins at y."""
        return GAP if y or self.outermost else LEAD

    def _place_tap(self, source: int, link: Link, y: float) -> None:
        self.taps.append(Tap(source, 0, y + TAPPED / 2))
        self.right = max(self.right, DISC + 2 + APART * self.needed.get(source, 1))
        if link.note:
            self.left = max(self.left, text_room(link.note, SMALL) + 5)

    def _measure_link(self, link: Link, y: float, *, tapped: bool, last: bool, pointed: bool) -> float:
        """The height of what is between two pieces. A tensor that arrives from elsewhere is added to the wants."""
        if link.note and not tapped:
            self.right = max(self.right, text_room(link.note, SMALL) + 5)
        room = TAPPED if tapped else 0.0
        if link.source is None:
            return room or (0.0 if last else GAP / 2)
        if link.flows:
            return room or (0.0 if last else self.gap(y) if pointed or link.note else SHORT)
        self.wants.append(Want((link.source,), 0, y + room + DISC + 1, ARRIVING - DISC - 1))
        return room + ARRIVING

    def _route(self) -> None:
        """Lead tensors from where they can be read to where they are wanted through channels, where nothing is.

        All that arrive at one point do, or none.
        """
        points = {tap.source: tap for tap in self.taps if tap.clear}
        far = {(want.x, want.y) for want in self.wants if not _is_reached(want, points)}
        left = [want for want in self.wants if (want.x, want.y) in far]
        found = [
            (tuple(points[source] for source in want.sources), want)
            for want in self.wants
            if (want.x, want.y) not in far
        ]
        found.sort(key=lambda each: each[1].y - min(tap.y for tap in each[0]))
        taken: list[list[tuple[float, float]]] = []
        for taps, want in found:
            top, bottom = min(tap.y for tap in taps) - 2, want.y + 2
            levels = (number for number, spans in enumerate(taken) if all(b < top or a > bottom for a, b in spans))
            level = next(levels, len(taken))
            taken[level:] = taken[level:] or [[]]
            taken[level].append((top, bottom))
            self.channels.append(_Channel(taps, want, level))
        self.wants = left
        self.edge = self.right + ASIDE
        if taken:
            self.right = self.edge + CHANNEL * (len(taken) - 1) + 2

    def draw(self, scene: Scene, x: float, y: float) -> None:
        bottom = y
        for number, link in enumerate(self.links):
            top = y + (self.tops[number] if number < len(self.pieces) else self.height)
            self._draw_link(scene, number, link, x, bottom, top)
            if number < len(self.pieces):
                self.pieces[number].draw(scene, x, top)
                bottom = top + self.pieces[number].height
        for channel in self.channels:
            self._draw_channel(scene, channel, x, y)

    def _draw_link(self, scene: Scene, number: int, link: Link, x: float, above: float, below: float) -> None:
        if link.flows and link.source is not None and below > above:
            scene.line([(x, above), (x, below)], arrow=number < len(self.pieces) and self.pieces[number].pointed)
        elif self.tapped[number]:
            scene.line([(x, above), (x, above + TAPPED / 2)], arrow=False)
        if self.tapped[number]:
            scene.text(x - 4, above + TAPPED / 2, link.note, SMALL, "muted", anchor="end")
        else:
            scene.text(x + 4, (above + below) / 2 - 0.4, link.note, SMALL, "muted", anchor="start")

    def _draw_channel(self, scene: Scene, channel: _Channel, x: float, y: float) -> None:
        at = x + self.edge + CHANNEL * channel.level
        want = channel.want
        end = [(x + want.x, y + want.y)]
        if want.drop:
            end.append((x + want.x, y + want.y + want.drop))
        first, *others = sorted(channel.taps, key=lambda tap: tap.y)
        start = (x + first.x, y + first.y)
        scene.line([start, (at, start[1]), (at, y + want.y), *end], "skip", stroke=SKIP)
        for tap in others:
            scene.line([(x + tap.x, y + tap.y), (at, y + tap.y)], "skip", stroke=SKIP, arrow=False)


def _is_reached(want: Want, points: Mapping[int, Tap]) -> bool:
    """Whether a channel can lead to a point."""
    return want.clear and all(source in points and points[source].y < want.y for source in want.sources)


def _make_even(pieces: Sequence[Piece]) -> None:
    """Make the boxes of a stack equally wide, and its frames."""
    boxes = [piece for piece in pieces if isinstance(piece, Leaf)]
    widest = max((box.width for box in boxes), default=0.0)
    for box in boxes:
        box.widen(widest)
    frames = [piece for piece in pieces if piece.grows]
    if frames:
        left, right = (max(sides) for sides in zip(*(frame.natural for frame in frames), strict=True))
        for frame in frames:
            frame.grow(left, right)
