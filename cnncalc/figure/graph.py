"""The style `graph`: a network as a block diagram in columns that fit a page."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from cnncalc import limits
from cnncalc.errors import UsageError
from cnncalc.figure.columns import (
    MOST_COLUMNS,
    Connectors,
    Page,
    assign_letters,
    cut_evenly,
    draw_page,
    fill_columns,
    measure_page,
)
from cnncalc.figure.kinds import TITLES, find_title, format_sizes
from cnncalc.figure.layout import Layout, Row, list_layers
from cnncalc.figure.legend import Entry, add_legend
from cnncalc.figure.look import PLAIN, Look
from cnncalc.figure.pieces import Pill
from cnncalc.figure.scene import MARGIN, Circle, Line, Rect, Scene, Text
from cnncalc.figure.stack import Link
from cnncalc.figure.text import SIZE, SMALLEST
from cnncalc.figure.tree import Chain, Frame, Step, chains_in, is_level
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report

PAGE = (504.0, 700.0)  # pt: the text of a page of two columns
LEAST = 6.8  # pt: the size of labels below which a figure is not made smaller to fit
SMALLEST_BOX = 30 * 23  # pt²: of a page, for each box
LEGEND_WIDTH = 240.0  # pt of a row, or more below a wider figure
LEGEND = 11.0  # pt: of a row, and above the first
BELOW = 4  # pieces at the end of a row that may be below all columns
MANY = 0.5  # share of the layers in closed groups from which on nothing is to be seen
FEW_PAGES = 8
MEANINGS = {"+": "sum", "×": "product", "‖": "concatenation"}


class Size(NamedTuple):
    """The page for which figures are made, in pt; one that is `tall` is as high as it must be."""

    width: float = PAGE[0]
    height: float = PAGE[1]
    tall: bool = False


class Graph(NamedTuple):
    """A laid-out diagram: the row of its pieces, and what is read from elsewhere."""

    layout: Layout
    row: Row
    needed: dict[int, int]


def draw_graph(
    report: Report, *, depth: int | None = None, size: Size | None = None, look: Look = PLAIN,
    tree: Chain | None = None, legend: bool = True, sizes: bool = False,
) -> list[Scene]:  # fmt: skip
    """The scenes of a network as a block diagram, one a page.

    `depth` counts the levels of groups that are shown, from 1; without it, it is the largest that fits on a page, or on
    a few where nothing would be to be seen. `tree` is that of the look, where it is made already. Raises UsageError if
    there would be too many boxes.
    """
    drawing = _Drawing(report, tree or look.make_tree(report), size or Size(), look, legend=legend, sizes=sizes)
    return drawing.draw(depth)


class _Drawing:
    def __init__(self, report: Report, tree: Chain, size: Size, look: Look, *, legend: bool, sizes: bool) -> None:
        self.report, self.tree, self.size, self.look = report, tree, size, look
        self.legend, self.sizes = legend, sizes

    def draw(self, depth: int | None) -> list[Scene]:
        pages = self._choose(depth)
        connectors = Connectors()
        assign_letters(pages, connectors)
        goes_on = [*(page.flows[0] for page in pages[1:]), False]
        return [
            self._finish(page, number, len(pages), connectors, goes_on=goes_on[number])
            for number, page in enumerate(pages)
        ]

    def _choose(self, depth: int | None) -> list[Page]:
        """The pages at a depth, or at the largest one that fits. Raises UsageError if texts would be too small."""
        pages = self._make_pages(self._lay_out(depth - 1)) if depth is not None else self._find_depth()
        largest = max(map(self._score, pages))
        if largest > SIZE / SMALLEST:
            wider = ceil(self.size.width * largest / (SIZE / SMALLEST))
            smaller = f", --depth {depth - 1}" if depth is not None and depth > 1 else ""
            raise UsageError(
                f"a part of the figure does not fit a page with texts of {SMALLEST:g} pt: try --page-width {wider}pt"
                f"{smaller}, --style volumes, or --at PATH for one group"
            )
        return pages

    def _find_depth(self) -> list[Page]:
        """The pages at the largest depth that fits one, or a few if nothing would be to be seen on one.

        A deeper level shows more, so that the largest is found by halving: there may be a hundred of them.
        """
        room = FEW_PAGES * self.size.width * self.size.height
        levels = sum(boxes * SMALLEST_BOX <= room for boxes in count_boxes(self.tree)[1:]) + 1
        pages: dict[int, list[Page]] = {}

        def make(level: int) -> list[Page]:
            if level not in pages:
                pages[level] = self._make_pages(self._lay_out(level))
            return pages[level]

        def exceeds(most: int, level: int) -> bool:
            return len(make(level)) > most or not self._fit(make(level))

        def find(most: int) -> int:
            """The largest level that takes at most so many pages, −1 if none does."""
            return bisect_left(range(levels), True, key=partial(exceeds, most)) - 1

        level = find(1)
        if level < 0 or (level == 0 and self._hides_much()):
            level = max(find(FEW_PAGES), 0)
        last = next(reversed(pages))
        return make(level) if level == last else self._make_pages(self._lay_out(level))

    def _make_pages(self, graph: Graph) -> list[Page]:
        """One page, if the network fits on it, or several."""
        page = self._find_page(graph)
        return [page] if page else self._cut_pages(graph)

    def _fit(self, pages: Sequence[Page]) -> bool:
        return self.size.tall or all(self._score(page) <= SIZE / LEAST for page in pages)

    def _hides_much(self) -> bool:
        """Whether most layers are in groups, so that nothing is seen if they are closed."""
        inside = sum(
            each.last - each.first
            for item in self.tree.items
            if isinstance(item, Frame)
            for each in (item, *item.others)
        )
        return inside > MANY * len(self.report.layers)

    def _lay_out(self, level: int) -> Graph:
        boxes = count_boxes(self.tree)
        here = boxes[min(level, len(boxes) - 1)]
        if here > limits.DRAWN_BOXES:
            raise UsageError(_refuse(here, boxes))
        self.look.prepare([*list_things(self.tree, level)])
        first = self._make_row(Layout(self.report, self.tree, level, look=self.look, sizes=self.sizes))
        wants = {want.sources for want in measure_page(first, [0, len(first.pieces)], {}).columns[0].wants}
        needed = dict(Counter(source for sources in wants for source in sources))
        layout = Layout(self.report, self.tree, level, needed=needed, look=self.look, sizes=self.sizes)
        self.shown = layout
        return Graph(layout, self._make_row(layout), needed)

    def _make_row(self, layout: Layout) -> Row:
        report, row = self.report, Row([], [], [])
        for index in report.input_labels:
            if len(report.inputs) == 1 or index in layout.needed:
                row.add(Link(None, flows=False), layout.make_pill(index), index)
        ends = [Pill(f"output {format_sizes(report.output)}")] if self._leads_out() else []
        flow = row.results[-1] if row.results else None
        more = layout.make_row(self.tree.items, flow, 0, pieces=ends)
        return Row(row.pieces + more.pieces, row.links + more.links, row.results + more.results)

    def _leads_out(self) -> bool:
        """Whether the end of the chain is an output, rather than the branches of its last item alone."""
        return bool(self.report.output) and self.tree.result in self.report.ends

    def _find_page(self, graph: Graph) -> Page | None:
        """The best page of all with another number of columns; None if the network does not fit on one."""
        heights = [piece.height for piece in graph.row.pieces]
        if not self.size.tall and sum(heights) > MOST_COLUMNS * self.size.height * SIZE / LEAST:
            return None
        best: tuple[float, Sequence[int], bool] | None = None
        for cuts, wide in self._list_cuts(heights):
            score = self._score(measure_page(graph.row, cuts, graph.needed, wide=wide))
            if best is None or score < best[0] - 0.01:
                best = score, cuts, wide
        if best and (best[0] <= SIZE / LEAST or self.size.tall):  # again, as the others made its frames even with more
            return measure_page(graph.row, best[1], graph.needed, wide=best[2])
        return None

    def _list_cuts(self, heights: Sequence[float]) -> Iterator[tuple[list[int], bool]]:
        """The ways to cut a row for one page: into columns, or with the last few pieces below all columns."""
        if self.size.tall:
            yield [0, len(heights)], False
            return
        for count in range(1, min(len(heights), MOST_COLUMNS) + 1):
            yield cut_evenly(heights, count), False
        for last in range(max(len(heights) - BELOW, 1), len(heights)):
            for count in range(2, min(last, MOST_COLUMNS) + 1):
                yield [*cut_evenly(heights[:last], count), len(heights)], True

    def _score(self, page: Page) -> float:
        """How many times as large as the page it is."""
        width = (page.width + 2 * MARGIN) / self.size.width
        rows = 2 * LEGEND if self.legend else 0
        return max(width, 0 if self.size.tall else (page.height + 2 * MARGIN + rows + LEGEND) / self.size.height)

    def _cut_pages(self, graph: Graph) -> list[Page]:
        """Pages of as many columns as fit."""
        row, pages, first = graph.row, list[Page](), 0
        room = self.size.height * SIZE / LEAST - 3 * LEGEND - 2 * MARGIN - 60
        while first < len(row.pieces):
            heights = [piece.height for piece in row.pieces[first:]]
            cuts = cut_at(heights, room, first)
            best = measure_page(row, cuts[:2], graph.needed)
            for count in range(2, len(cuts)):
                page = measure_page(row, cuts[: count + 1], graph.needed)
                if self._score(page) > SIZE / LEAST:
                    break
                best = page
            pages.append(best)
            first = cuts[len(best.columns)]
        return pages

    def _finish(self, page: Page, number: int, count: int, connectors: Connectors, *, goes_on: bool) -> Scene:
        name = self.report.name or "network"
        title = f"{name}: block diagram" + (f", page {number + 1} of {count}" if count > 1 else "")
        scene = Scene(title, describe(self.report))
        before = f"from page {number}" if number else ""
        after = f"to page {number + 2}" if goes_on else ""
        draw_page(scene, page, connectors, before, after)
        if self.legend:
            entries = list_entries(scene, self.look, self.shown)
            extent = scene.extent()
            width = max(extent.width, min(LEGEND_WIDTH, self.size.width - 2 * MARGIN))
            add_legend(scene, entries, extent.left - (width - extent.width) / 2, extent.bottom + LEGEND, width)
        scene.frame()
        factor = min(1.0, self.size.width / scene.canvas.width)
        factor = factor if self.size.tall else min(factor, self.size.height / scene.canvas.height)
        return scene.scale(factor) if factor < 1 else scene


def cut_at(heights: Sequence[float], most: float, first: int) -> list[int]:
    """Where to cut a row into columns of at most this height, or of one piece."""
    return [first, *(first + end for end in fill_columns(heights, most))]


def _refuse(here: int, boxes: Sequence[int]) -> str:
    for depth in range(len(boxes), 0, -1):
        if boxes[depth - 1] <= limits.DRAWN_BOXES:
            return (
                f"the figure would have {here:,} boxes, more than {limits.DRAWN_BOXES:,}; "
                f"--depth {depth} has {boxes[depth - 1]:,}"
            )
    return (
        f"the figure would have {here:,} boxes, more than {limits.DRAWN_BOXES:,}, at every depth; "
        "--at PATH draws one group or layer"
    )


def count_boxes(tree: Chain) -> list[int]:
    """How many boxes there are with 0, 1, … levels of frames open, up to all of them."""
    opened: list[int] = []  # boxes that are in so many frames
    closed: list[int] = []  # frames that are in so many frames

    def visit(chain: Chain, level: int) -> None:
        while len(opened) <= level:
            opened.append(0)
            closed.append(0)
        for item in chain.items:
            if isinstance(item, Frame) and is_level(item):
                closed[level] += 1
                visit(item.body, level + 1)
            else:
                opened[level] += 1
                for inner in chains_in(item):
                    visit(inner, level)

    visit(tree, 0)
    return [sum(opened[: level + 1]) + closed[level] for level in range(len(opened))]


def list_things(tree: Chain, level: int) -> Iterator[list[int]]:
    """The layers of each box, with so many levels of frames open."""
    for item in tree.items:
        if isinstance(item, Step) or (is_level(item) and not level):
            yield list_layers(item)
        else:
            for inner in chains_in(item):
                yield from list_things(inner, level - is_level(item))


def describe(report: Report) -> str:
    """What a figure shows, in a sentence."""
    inputs = ", ".join(map(format_sizes, report.inputs.values()))
    output = f", output {format_sizes(report.output)}" if report.output else ""
    return f"{report.name or 'A network'}, {len(report.layers):,} layers, input {inputs}{output}."


def list_entries(scene: Scene, look: Look, layout: Layout) -> list[Entry]:
    """The legend of what occurs in a scene."""
    roles = {item.role for item in scene.leaves() if isinstance(item, Rect)}
    return [*look.list_entries(roles)] or [*_list_kinds(scene, layout)]


def _list_kinds(scene: Scene, layout: Layout) -> Iterator[Entry]:
    roles, circles, skips, repeated = set[str](), False, False, False
    for item in scene.leaves():
        if isinstance(item, Rect):
            roles.add(item.role)
        elif isinstance(item, Circle):
            circles = circles or item.role == "merge"
        elif isinstance(item, Line):
            skips = skips or item.role == "skip"
        elif isinstance(item, Text):
            repeated = repeated or (item.bold and item.text[:1] == "×")
    for role, title in TITLES.items():
        if role == "activation" and role in roles:
            yield Entry("conv", title, "strip")
        elif role in roles:
            yield Entry(role, find_title(role, layout.kinds))
    for sign, title in MEANINGS.items():
        if circles and sign in layout.signs:
            yield Entry("merge", title, "circle", sign)
    if skips:
        yield Entry("skip", "skip", "arrow")
    if repeated:
        yield Entry("text", "repeated", "mark", "×n")
