"""A drawing as data: shapes and texts in pt at print size, y downwards, with roles instead of colours.

A style builds a `Scene` from a network; `render.svg` and `render.tikz` write it, with the colours of `figure.palette`.
Later items are drawn over earlier ones. Tests read the geometry from the same items: see `bounds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import hypot
from typing import Literal, TypeAlias

from cnncalc.figure.text import ASCENT, BASELINE, DESCENT, SIZE, WIDER, text_width
from cnncalc.records import NamedTuple

Point: TypeAlias = tuple[float, float]
Anchor: TypeAlias = Literal["start", "middle", "end"]
STROKE = 0.6  # pt
HEAD, HEAD_WIDTH = 4.0, 0.38  # of an arrowhead of a line of 0.5 pt: its length, and half its width as a share of it
MARGIN = 4.0  # around a drawing


class Box(NamedTuple):
    """A rectangle by its edges."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


class Rect(NamedTuple):
    """A rectangle. `shade` mixes its fill with white (down to −1) or black (up to 1); a `stroke` of 0 draws no edge."""

    x: float
    y: float
    width: float
    height: float
    role: str
    radius: float = 0
    stroke: float = STROKE
    shade: float = 0
    dashed: bool = False


class Polygon(NamedTuple):
    """A closed polygon; see `Rect`."""

    points: tuple[Point, ...]
    role: str
    stroke: float = STROKE
    shade: float = 0
    dashed: bool = False


class Circle(NamedTuple):
    """A circle by its centre; see `Rect`."""

    x: float
    y: float
    radius: float
    role: str
    stroke: float = STROKE
    shade: float = 0


class Line(NamedTuple):
    """A line through points, its corners rounded by `radius`; with an `arrow` at its end."""

    points: tuple[Point, ...]
    role: str = "line"
    stroke: float = STROKE
    arrow: bool = True
    radius: float = 3
    dashed: bool = False


class Text(NamedTuple):
    """A text. `y` is the middle of its capitals' height; `upwards` turns it about (x, y) to be read from below."""

    x: float
    y: float
    text: str
    size: float = SIZE
    role: str = "text"
    anchor: Anchor = "middle"
    bold: bool = False
    upwards: bool = False


class Group(NamedTuple):
    """Items that are one thing, e.g. a layer's box and its label. `title` is shown where a pointer rests.

    `layers` are the indexes of the network's nodes that the thing stands for, () for frames and legends.
    """

    items: tuple[Item, ...]
    title: str = ""
    layers: tuple[int, ...] = ()


Leaf: TypeAlias = "Rect | Polygon | Circle | Line | Text"
Item: TypeAlias = "Leaf | Group"


class Scene:
    """A drawing: items in the order in which they are drawn. Methods add one and take the arguments of its class."""

    def __init__(self, title: str = "", description: str = "") -> None:
        self.title = title
        self.description = description
        self.items: list[Item] = []
        self.canvas = Box(0, 0, 0, 0)

    def add(self, items: Iterable[Item]) -> None:
        """Add items that are made already."""
        self.items.extend(items)

    def rect(
        self, x: float, y: float, width: float, height: float, role: str, *, radius: float = 0, stroke: float = STROKE,
        shade: float = 0, dashed: bool = False,
    ) -> None:  # fmt: skip
        """Add a rectangle."""
        self.items.append(Rect(x, y, width, height, role, radius, stroke, shade, dashed))

    def polygon(
        self, points: Iterable[Point], role: str, *, stroke: float = STROKE, shade: float = 0, dashed: bool = False
    ) -> None:
        """Add a polygon."""
        self.items.append(Polygon(tuple(points), role, stroke, shade, dashed))

    def circle(self, x: float, y: float, radius: float, role: str, *, stroke: float = STROKE, shade: float = 0) -> None:
        """Add a circle."""
        self.items.append(Circle(x, y, radius, role, stroke, shade))

    def line(
        self, points: Iterable[Point], role: str = "line", *, stroke: float = STROKE, arrow: bool = True,
        radius: float = 3, dashed: bool = False,
    ) -> None:  # fmt: skip
        """Add a line."""
        self.items.append(Line(tuple(points), role, stroke, arrow, radius, dashed))

    def text(
        self, x: float, y: float, text: str, size: float = SIZE, role: str = "text", *, anchor: Anchor = "middle",
        bold: bool = False, upwards: bool = False,
    ) -> None:  # fmt: skip
        """Add a text, if it has characters."""
        if text:
            self.items.append(Text(x, y, text, size, role, anchor, bold, upwards))

    @contextmanager
    def group(self, title: str = "", layers: Iterable[int] = ()) -> Iterator[None]:
        """Make one group of what is added inside the `with`."""
        outer, self.items = self.items, []
        try:
            yield
        finally:
            inner, self.items = self.items, outer
            self.items.append(Group(tuple(inner), title, tuple(layers)))

    def leaves(self) -> Iterator[Leaf]:
        """All items but groups, in the order in which they are drawn."""
        return _list_leaves(self.items)

    def extent(self) -> Box:
        """The smallest rectangle around all items, with the texts in the widest font."""
        return enclose(map(bounds, self.leaves()))

    def frame(self, margin: float = MARGIN) -> Scene:
        """Set the canvas to what is drawn and a margin around it."""
        left, top, right, bottom = self.extent()
        self.canvas = Box(left - margin, top - margin, right + margin, bottom + margin)
        return self

    def scale(self, factor: float) -> Scene:
        """The drawing in another size, its texts and lines included."""
        scene = Scene(self.title, self.description)
        scene.items = [scale_item(item, factor) for item in self.items]
        scene.canvas = Box(*(factor * edge for edge in self.canvas))
        return scene


def _list_leaves(items: Iterable[Item]) -> Iterator[Leaf]:
    for item in items:
        if isinstance(item, Group):
            yield from _list_leaves(item.items)
        else:
            yield item


def enclose(boxes: Iterable[Box]) -> Box:
    """The smallest rectangle around rectangles."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def bounds(item: Leaf, wider: float = WIDER) -> Box:
    """The rectangle around an item, without its stroke; of a text in a font that much wider than Helvetica."""
    if isinstance(item, Rect):
        return Box(item.x, item.y, item.x + item.width, item.y + item.height)
    if isinstance(item, Circle):
        return Box(item.x - item.radius, item.y - item.radius, item.x + item.radius, item.y + item.radius)
    if isinstance(item, Text):
        return _bound_text(item, text_width(item.text, item.size, item.bold) * wider)
    points = item.points
    if isinstance(item, Line) and item.arrow:
        points += tuple(arrowhead(item)[1])
    xs, ys = zip(*points, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def _bound_text(item: Text, width: float) -> Box:
    before = {"start": 0.0, "middle": width / 2, "end": width}[item.anchor]
    above, below = (ASCENT - BASELINE) * item.size, (DESCENT + BASELINE) * item.size
    if item.upwards:
        return Box(item.x - above, item.y + before - width, item.x + below, item.y + before)
    return Box(item.x - before, item.y - above, item.x - before + width, item.y + below)


def arrowhead(line: Line) -> tuple[tuple[Point, ...], tuple[Point, Point, Point]]:
    """The points of a line up to its arrowhead, and the corners of the head, a triangle whose first is the tip."""
    (ax, ay), (bx, by) = line.points[-2:]
    length = hypot(bx - ax, by - ay) or 1
    ux, uy = (bx - ax) / length, (by - ay) / length
    head = HEAD * (0.8 + 0.4 * line.stroke)
    half = head * HEAD_WIDTH
    x, y = bx - ux * head, by - uy * head
    return (*line.points[:-1], (x, y)), ((bx, by), (x - uy * half, y + ux * half), (x + uy * half, y - ux * half))


def round_corners(points: Sequence[Point], radius: float) -> Iterator[tuple[Point, ...]]:
    """The parts of a line after its first point: (end,) of a straight one, (corner, end) of a quadratic curve."""
    for (ax, ay), corner, (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        bx, by = corner
        one, other = hypot(ax - bx, ay - by), hypot(cx - bx, cy - by)
        cut = min(radius, one / 2, other / 2)
        if cut < 0.01:
            yield (corner,)
            continue
        yield ((bx + (ax - bx) * cut / one, by + (ay - by) * cut / one),)
        yield corner, (bx + (cx - bx) * cut / other, by + (cy - by) * cut / other)
    yield (points[-1],)


def scale_item(item: Item, factor: float, dx: float = 0, dy: float = 0) -> Item:
    """An item in another size, moved by so much afterwards."""

    def at(x: float, y: float) -> Point:
        return x * factor + dx, y * factor + dy

    if isinstance(item, Group):
        return item._replace(items=tuple(scale_item(each, factor, dx, dy) for each in item.items))
    if isinstance(item, Text):
        x, y = at(item.x, item.y)
        return item._replace(x=x, y=y, size=item.size * factor)
    stroke = item.stroke * factor
    if isinstance(item, Rect):
        x, y = at(item.x, item.y)
        return item._replace(
            x=x, y=y, width=item.width * factor, height=item.height * factor, radius=item.radius * factor, stroke=stroke
        )
    if isinstance(item, Circle):
        x, y = at(item.x, item.y)
        return item._replace(x=x, y=y, radius=item.radius * factor, stroke=stroke)
    points = tuple(at(*point) for point in item.points)
    if isinstance(item, Line):
        return item._replace(points=points, stroke=stroke, radius=item.radius * factor)
    return item._replace(points=points, stroke=stroke)


def segments(line: Line) -> Iterator[tuple[Point, Point]]:
    """The straight parts of a line, its corners not rounded."""
    return pairwise(line.points)
