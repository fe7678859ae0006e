"""Block diagrams on pages: the row of pieces cut into columns of about equal height, connectors between columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from string import ascii_uppercase

from cnncalc.figure.layout import Row
from cnncalc.figure.pieces import APART, DISC, SKIP, Pill, Tap, Want, draw_connector
from cnncalc.figure.scene import Point, Scene
from cnncalc.figure.stack import GAP, Stack
from cnncalc.records import NamedTuple

GUTTER = 18.0  # pt: between columns
AROUND = 8.0  # above and below columns, of the lines between them
FIRST = 7.6  # from a point to its first connector
MOST_COLUMNS = 8


class Page(NamedTuple):
    """Columns, and how much room they take. If `wide`, the last one is below all others."""

    columns: tuple[Stack, ...]
    flows: tuple[bool, ...]  # whether the tensor of the column before enters each of them
    width: float
    height: float
    wide: bool = False


class Connectors:
    """The letters of tensors that are read in another column than where they are made, over all pages."""

    def __init__(self) -> None:
        self.letters: dict[tuple[int, ...], str] = {}
        self.made: set[int] = set()  # tensors that have a connector where they are made

    def get_letter(self, sources: tuple[int, ...]) -> str:
        """The letter of a tensor, or of those that are read together."""
        number = len(self.letters)
        letter = ascii_uppercase[number % 26] + (str(number // 26 + 1) if number >= 26 else "")
        return self.letters.setdefault(sources, letter)

    def list_letters(self, source: int) -> list[str]:
        """The letters that a tensor has."""
        return [letter for sources, letter in self.letters.items() if source in sources]


def measure_page(row: Row, cuts: Sequence[int], needed: dict[int, int], *, wide: bool = False) -> Page:
    """The page of a row that is cut before these pieces; the first cut is where the page begins."""
    columns, flows = [], []
    for first, last in pairwise(cuts):
        link = row.links[first]
        enters = bool(first) and link.flows and link.source is not None
        flow = row.results[first - 1] if enters else None
        links = [*row.links[first:last], row.links[last]._replace(note="")]
        pieces, results = row.pieces[first:last], row.results[first:last]
        columns.append(Stack(pieces, links, results, flow, needed, outermost=True))
        flows.append(enters)
    upper = columns[:-1] if wide else columns
    width = sum(column.left + column.right for column in upper) + GUTTER * (len(upper) - 1)
    height = max(column.height for column in upper) + (2 * AROUND if len(columns) > 1 or any(flows) else 0)
    if wide:
        width = max(width, columns[-1].left + columns[-1].right)
        height += 2 * AROUND + columns[-1].height
    return Page(tuple(columns), tuple(flows), width, height, wide)


def cut_evenly(heights: Sequence[float], count: int, first: int = 0) -> list[int]:
    """Where to cut a row into at most so many columns, the highest of them as low as possible; its ends included."""
    low, high = max(heights), sum(heights) + GAP * len(heights)
    for _ in range(12):
        middle = (low + high) / 2
        if len(fill_columns(heights, middle)) <= count:
            high = middle
        else:
            low = middle
    return [first, *(first + cut for cut in fill_columns(heights, high))]


def fill_columns(heights: Sequence[float], most: float) -> list[int]:
    """The ends of columns of at most this height."""
    ends, filled = [], 0.0
    for number, height in enumerate(heights):
        if filled and filled + GAP + height > most:
            ends.append(number)
            filled = 0.0
        filled += height + (GAP if filled else 0)
    return [*ends, len(heights)]


def draw_page(scene: Scene, page: Page, connectors: Connectors, before: str = "", after: str = "") -> None:
    """Draw the columns of a page; `before` and `after` are written where the row comes from another page or goes on."""
    x = top = 0.0
    leaving: tuple[float, float] | None = None
    found: list[tuple[Stack, float, float]] = []
    for number, (column, flows) in enumerate(zip(page.columns, page.flows, strict=True)):
        gutter = x - GUTTER / 2
        if page.wide and number == len(page.columns) - 1:
            x, gutter = 0.0, 0.0
            top = max(each.height for each in page.columns[:-1]) + 3 * AROUND
        spine = x + column.left
        if flows and leaving:
            _draw_passage(scene, leaving, gutter, (spine, top))
        elif flows and not number:
            _draw_end(scene, before, spine, -AROUND - Pill.height, below=0.0)
        column.draw(scene, spine, top)
        found.append((column, spine, top))
        leaving = (spine, top + column.height)
        x += column.left + column.right + GUTTER
    if after and leaving:
        ax, ay = leaving
        scene.line([(ax, ay), (ax, ay + AROUND)])
        Pill(after).draw(scene, ax, ay + AROUND)
    _draw_wants(scene, found, connectors)


def _draw_passage(scene: Scene, start: Point, gutter: float, end: Point) -> None:
    """Lead from the bottom of a column through a gutter to the top of the next, or of one below it."""
    (ax, ay), (bx, by) = start, end
    turns = [(ax, by - AROUND)] if by > ay else [(ax, ay + AROUND), (gutter, ay + AROUND), (gutter, by - AROUND)]
    scene.line([(ax, ay), *turns, (bx, by - AROUND), (bx, by)], arrow=False, radius=4)


def _draw_end(scene: Scene, text: str, x: float, top: float, below: float) -> None:
    pill = Pill(text)
    pill.draw(scene, x, top)
    scene.line([(x, top + pill.height), (x, below)], arrow=False)


def assign_letters(pages: Sequence[Page], connectors: Connectors) -> None:
    """Give letters to all that is read in another column, in the order in which it is read."""
    for page in pages:
        for column in page.columns:
            for want in sorted(column.wants, key=lambda want: (want.y, want.x)):
                connectors.get_letter(want.sources)


def _draw_wants(scene: Scene, columns: Sequence[tuple[Stack, float, float]], connectors: Connectors) -> None:
    """Draw the connectors of a page, where tensors are made and where they are read."""
    for column, x, y in columns:
        for want, beside in _number(column.wants):
            _draw_want(scene, want, beside, x, y, connectors.get_letter(want.sources))
        for tap in {tap.source: tap for tap in column.taps}.values():
            letters = connectors.list_letters(tap.source)
            if letters and tap.source not in connectors.made:
                connectors.made.add(tap.source)
                _draw_tap(scene, tap, letters, x, y)


def _number(wants: Sequence[Want]) -> Iterator[tuple[Want, int]]:
    """Wants, each with the number of those before it at the same point."""
    seen: dict[tuple[float, float], int] = {}
    for want in wants:
        point = want.x, want.y
        seen[point] = seen.get(point, -1) + 1
        yield want, seen[point]


def _draw_want(scene: Scene, want: Want, beside: int, x: float, y: float, letter: str) -> None:
    x, y = x + want.x, y + want.y
    if want.drop:
        scene.line([(x, y + DISC), (x, y + want.drop)], "skip", stroke=SKIP)
        draw_connector(scene, x, y, letter)
        return
    at = x + 1.5 + FIRST + APART * beside
    if not beside:
        scene.line([(at - DISC, y), (x, y)], "skip", stroke=SKIP)
    draw_connector(scene, at, y, letter)


def _draw_tap(scene: Scene, tap: Tap, letters: Sequence[str], x: float, y: float) -> None:
    x, y = x + tap.x, y + tap.y
    scene.line([(x, y), (x + FIRST - DISC, y)], "skip", stroke=SKIP, arrow=False)
    for number, letter in enumerate(letters):
        draw_connector(scene, x + FIRST + APART * number, y, letter)
