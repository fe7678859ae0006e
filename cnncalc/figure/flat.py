"""The style `flat`: stacks of feature maps, each with the window in one map and the unit that it makes in the next.

The form is that of Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document
recognition (1998), figure 2. Rows wrap, evenly; where there are too many, equal maps are folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING

from cnncalc.figure.kinds import format_sizes, name_kind
from cnncalc.figure.look import PLAIN, Look
from cnncalc.figure.map_legend import add_map_legend, paint_maps
from cnncalc.figure.maps import FeatureMap, FigureError, fold_maps, list_maps
from cnncalc.figure.scene import MARGIN, Line, Point, Scene, segments
from cnncalc.figure.solids import LONGEST_BAR, Scale, find_longest
from cnncalc.figure.text import SMALL, fit_text, text_room
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report

PAGE_WIDTH = 504.0  # pt: two columns
TALLS = (64.0, 57.0, 50.0, 44.0)  # pt of the longest side
MOST_ROWS, LEVELS = 4, (0, 1, 2)
MOST_MAPS = 60  # that are tried
EXACT, MOST_SHEETS = 6, 12  # channels that are drawn one by one; sheets at most
STEP = 2.3  # pt from a sheet to the one behind it, to the right and upwards
BAR, SHORTEST_BAR, CELLS = 5.5, 12.0, 6  # of vectors: width and least height in pt, and parts
GAP, BETWEEN = 18.0, 3.0  # pt between stacks, and between texts
LABEL, OPERATION, LINE = 6.0, 8.0, 6.8  # pt to the labels above and to those below, and between lines of text
NAME = 60.0  # pt of the name of a block
CHANNEL = 14.0  # pt between rows, for the line from one to the next
SHADE = -0.25  # of the sheets behind
SMALLEST_WINDOW, LARGEST_WINDOW = 2.4, 0.85  # in pt, and in shares of a sheet
WINDOW_AT, UNIT_AT = (0.62, 0.45), (0.35, 0.55)  # where in a sheet
UNIT = 1.8  # pt


class Stack(NamedTuple):
    """A map with its place: the front sheet's left and top edge, its size, and how many sheets there are."""

    map: FeatureMap
    x: float
    y: float
    wide: float
    high: float
    sheets: int
    leans: bool = False  # whether its label begins at its left edge, beside lines from a taller one

    @property
    def spread(self) -> float:
        """How far the last sheet is to the right and above."""
        return STEP * (self.sheets - 1)

    @property
    def right(self) -> float:
        """The right edge of the last sheet."""
        return self.x + self.wide + self.spread

    @property
    def top(self) -> float:
        """The upper edge of the last sheet."""
        return self.y - self.spread

    @property
    def bottom(self) -> float:
        """The lower edge of the front sheet."""
        return self.y + self.high

    @property
    def middle(self) -> float:
        """Halfway between its edges."""
        return (self.x + self.right) / 2

    @property
    def label(self) -> float:
        """Where the middle of its label is."""
        return self.x + _label_room(self.map) / 2 if self.leans else self.middle


def draw_flat(report: Report, width: float = PAGE_WIDTH, *, legend: bool = True, look: Look = PLAIN) -> Scene:
    """Draw a network as stacks of maps, at most `width` pt wide. Raises FigureError where that is not possible."""
    maps = [one._replace(activated=False) for one in list_maps(report, "flat")]  # no strips
    for one in maps:
        if one.skips:
            path = report.layers[one.layers[0]].path
            raise FigureError(f"flat shows no skips, as at `{path}`: use `--style volumes` or `--style graph`")
    rows = _choose(maps, width - 2 * MARGIN, look)
    scene = Scene(
        f"{report.name}: feature maps",
        f"{report.name}, input {format_sizes(report.input)}, output {format_sizes(report.output)}. "
        "Sides grow with the square root of the size.",
    )
    _draw_rows(scene, rows)
    if legend:
        add_map_legend(scene, [stack.map for row in rows for stack in row], look, width - 2 * MARGIN)
    return scene.frame()


def _choose(maps: Sequence[FeatureMap], room: float, look: Look) -> list[list[Stack]]:
    """The fewest rows; then the least folded, then the largest; and the narrowest of as many rows."""
    foldings = [folded for folded in (fold_maps(maps, level) for level in LEVELS) if len(folded) <= MOST_MAPS]
    for count in range(1, MOST_ROWS + 1):
        for folded in foldings:
            painted = paint_maps(folded, look)
            for tall in TALLS:
                scale = Scale(find_longest(folded), tall)
                rows = _wrap(painted, scale, room)
                if len(rows) == count:
                    return _even_out(painted, scale, room, rows)
    raise FigureError(
        f"flat has no room for {len(maps)} stacks: use `--style graph`, or a wider page with --page-width"
    )


def _even_out(maps: Sequence[FeatureMap], scale: Scale, room: float, rows: list[list[Stack]]) -> list[list[Stack]]:
    """As many rows, as narrow as possible."""
    if len(rows) == 1:
        return rows
    narrower = (_wrap(maps, scale, room * share / 40) for share in range(20, 40))
    return next((each for each in narrower if len(each) == len(rows)), rows)


def _wrap(maps: Sequence[FeatureMap], scale: Scale, room: float) -> list[list[Stack]]:
    """The stacks in rows at most so wide; each row is centred on y = 0."""
    rows: list[list[Stack]] = [[]]
    for one in maps:
        stack = _make_stack(one, scale)
        stack = _follow(rows[-1], stack)
        if rows[-1] and max(stack.right, stack.label + _label_room(one) / 2) > room - CHANNEL:
            rows.append([])
            stack = _follow([], stack)
        rows[-1].append(stack)
    return rows


def _make_stack(one: FeatureMap, scale: Scale) -> Stack:
    if one.flat:
        share = (one.shape[0] / LONGEST_BAR) ** 0.5
        high = max(min(scale.tall * 1.5 * share, scale.tall * 1.5), SHORTEST_BAR)
        return Stack(one, 0, -high / 2, BAR, high, 1)
    channels = one.shape[0]
    sheets = channels if channels <= EXACT else min(4 + round(0.75 * log2(channels)), MOST_SHEETS)
    wide = scale.side(one.sizes[-1]) if len(one.sizes) > 1 else BAR
    high = scale.side(one.sizes[-2 if len(one.sizes) > 1 else -1])
    return Stack(one, 0, (STEP * (sheets - 1) - high) / 2, wide, high, sheets)


def _follow(row: Sequence[Stack], stack: Stack) -> Stack:
    """A stack after those in a row, far enough from them for all texts."""
    own = max(stack.wide + stack.spread, _label_room(stack.map))
    if not row:
        x = max((_label_room(stack.map) - stack.wide - stack.spread) / 2, 0) + CHANNEL
        return stack._replace(x=max(x, (_operation_room(stack.map) - stack.wide - stack.spread) / 2))
    before = row[-1]
    stack = stack._replace(leans=stack.map.flat and before.high + before.spread > stack.high)
    x = before.right + GAP
    beside = (_label_room(before.map) + own) / 2 + BETWEEN
    x = max(x, before.label + beside - stack.label)
    around = _operation_middle(row[-2] if len(row) > 1 else None, before)
    needed = (_operation_room(before.map) + _operation_room(stack.map)) / 2 + BETWEEN
    return stack._replace(x=max(x, 2 * (around + needed) - before.right))


def _operation_middle(before: Stack | None, stack: Stack) -> float:
    """Where the operation is written that makes a stack: between it and the one before, or below the first of a row."""
    return (before.right + stack.x) / 2 if before else stack.middle


def _label(one: FeatureMap) -> str:
    return f"{one.shape[0]}@{format_sizes(one.sizes)}" if not one.flat else str(one.shape[0])


def _label_room(one: FeatureMap) -> float:
    times = text_room(f" ×{one.times}", SMALL, True) if one.times > 1 else 0
    return text_room(_label(one), SMALL) + times


def _operation(one: FeatureMap) -> list[str]:
    """The operation that makes a map, in one or two lines, and its note: `2×2, /2` and `max pool`."""
    name = name_kind(one.kind)
    lines = [one.kernel, name] if one.kernel else name.split(" ", 1)
    return [*([fit_text(one.block, NAME, SMALL)] if one.block else lines), *([one.note] if one.note else [])]


def _operation_room(one: FeatureMap) -> float:
    return max(text_room(line, SMALL) for line in _operation(one))


def _draw_rows(scene: Scene, rows: Sequence[Sequence[Stack]]) -> None:
    y, last = 0.0, None
    for row in rows:
        above, below = -min(stack.top for stack in row), max(stack.bottom for stack in row)
        middle = y + above + LABEL + SMALL
        placed = [stack._replace(y=stack.y + middle) for stack in row]
        for stack in placed:
            _draw_stack(scene, stack)
        for before, stack in pairwise(placed):
            _link(scene, before, stack)
        for stack in placed:
            _write_label(scene, stack)
        if last:
            _connect(scene, last, placed[0], y - CHANNEL / 2)
        for place, stack in enumerate(placed):
            at = _operation_middle(placed[place - 1] if place else None, stack)
            for number, line in enumerate(_operation(stack.map)):
                scene.text(at, middle + below + OPERATION + LINE * number, line, SMALL, "muted")
        last = placed[-1]
        lines = max(len(_operation(stack.map)) for stack in placed)
        y = middle + below + OPERATION + LINE * lines + CHANNEL


def _draw_stack(scene: Scene, stack: Stack) -> None:
    one = stack.map
    with scene.group(one.title, one.layers):
        for sheet in reversed(range(stack.sheets)):
            shade = SHADE * sheet / stack.sheets
            place = stack.x + STEP * sheet, stack.y - STEP * sheet
            scene.rect(*place, stack.wide, stack.high, one.role, stroke=0.45, shade=shade)
        if one.flat:
            for cell in range(1, CELLS):
                y = stack.y + stack.high * cell / CELLS
                scene.line([(stack.x, y), (stack.x + stack.wide, y)], "cell", stroke=0.35, arrow=False)
        if one.block:
            for share in (1 / 3, 2 / 3):
                x = stack.x + stack.wide * share
                scene.line([(x, stack.y), (x, stack.bottom)], "wall", stroke=0.35, arrow=False)


def _write_label(scene: Scene, stack: Stack) -> None:
    """Write the shape above a stack, and how often it is repeated; above lines that would cross it."""
    label, times = _label(stack.map), f"×{stack.map.times}" if stack.map.times > 1 else ""
    half = text_room(label, SMALL) / 2
    x, y = stack.label - (text_room(f" {times}", SMALL, True) / 2 if times else 0), stack.top - LABEL
    if stack.map.flat:
        lines = [ends for item in scene.leaves() if isinstance(item, Line) for ends in segments(item)]
        while any(_find_line(ends, x - half, x + half, y) for ends in lines):
            y -= 1
    scene.text(x, y, label, SMALL)
    scene.text(x + half + 1.5, y, times, SMALL, anchor="start", bold=True)


def _find_line(ends: tuple[Point, Point], left: float, right: float, y: float) -> bool:
    """Whether a line comes near a text of one line."""
    (ax, ay), (bx, by) = sorted(ends)
    low, high = max(ax, left), min(bx, right)
    if low > high or ax == bx:
        return False
    ys = [ay + (by - ay) * (x - ax) / (bx - ax) for x in (low, high)]
    return min(ys) < y + SMALL / 2 and max(ys) > y - SMALL / 2


def _link(scene: Scene, before: Stack, stack: Stack) -> None:
    """Lines from corner to corner to a vector, a window with its cone to a map, an arrow to a block."""
    one = stack.map
    if one.flat or before.map.flat:
        ends = ((before.right, before.top), (stack.x, stack.y)), (
            (before.x + before.wide, before.bottom), (stack.x, stack.bottom),
        )  # fmt: skip
        for line in ends:
            scene.line(line, "window", stroke=0.4, arrow=False)
    elif one.block or not one.window:
        y = (before.top + before.bottom) / 2
        scene.line([(before.right + 1.5, y), (stack.x - 1, y)])
    else:
        _draw_window(scene, before, stack)


def _draw_window(scene: Scene, before: Stack, stack: Stack) -> None:
    """The window of a kernel in the map before, true to scale where it can be seen, and the unit that it makes."""
    sizes, window = before.map.sizes[-2:], stack.map.window[-2:]
    lengths = [before.high, before.wide][-len(sizes) :] if len(sizes) > 1 else [before.high]
    shown = [
        min(max(length * span / size, SMALLEST_WINDOW), length * LARGEST_WINDOW)
        for length, span, size in zip(lengths, window, sizes, strict=True)
    ]
    high, wide = (shown[0], shown[1]) if len(shown) > 1 else (shown[0], before.wide * 0.7)
    x = min(before.x + before.wide * WINDOW_AT[0] - wide / 2, before.x + max(before.wide - wide - 0.8, 0.2))
    y = max(before.y + before.high * WINDOW_AT[1] - high / 2, before.y + 0.8)
    unit = stack.x + stack.wide * UNIT_AT[0], stack.y + stack.high * UNIT_AT[1]
    scene.rect(x, y, wide, high, "window", stroke=0.7)
    for corner in ((x + wide, y), (x + wide, y + high)):
        scene.line([corner, unit], "window", stroke=0.45, arrow=False, radius=0)
    scene.rect(unit[0] - UNIT / 2, unit[1] - UNIT / 2, UNIT, UNIT, "skip", stroke=0)


def _connect(scene: Scene, last: Stack, first: Stack, y: float) -> None:
    """The line from the end of a row to the beginning of the next."""
    left, middle = first.x - CHANNEL / 2, (first.top + first.bottom) / 2
    right, start = last.right + CHANNEL / 2, (last.top + last.bottom) / 2
    points = [(last.right + 1, start), (right, start), (right, y), (left, y), (left, middle), (first.x - 1, middle)]
    scene.line(points, radius=4)
