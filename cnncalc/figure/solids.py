"""Feature maps as boxes in oblique projection: their sizes, their faces, and the texts beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import sqrt

from cnncalc.figure.kinds import format_sizes
from cnncalc.figure.legend import add_sign
from cnncalc.figure.maps import FeatureMap
from cnncalc.figure.scene import Box, Leaf, Line, Point, Scene, Text, bounds, enclose, segments
from cnncalc.figure.text import SMALL
from cnncalc.records import NamedTuple

DEPTH = 0.30  # share of the width that goes to the back, at 45°
THICKNESS = 0.75  # pt for a map of one channel; that of others grows with the square root
THINNEST, SHORTEST = 2.2, 3.5  # pt
BAR, BAR_DEPTH, LONGEST_BAR = 4.2, 3.0, 4096  # of vectors; the last in elements
EDGE = 0.45  # pt of the lines around faces
LIGHT, DARK = -0.35, 0.12  # of the top and of the side
STRIP, WIDEST_STRIP = 0.32, 3.2  # of an activation, in shares of the thickness and in pt
SIGN = 3.4  # radius of the circle of a merge
CHANNELS, ROW = 5.0, 7.0  # pt from a box to the middle of its number of channels, and between rows of texts


class Scale(NamedTuple):
    """How sizes become lengths: the longest side has `tall` pt; `fat` is a factor of the thickness."""

    longest: int
    tall: float
    fat: float = 1.0

    def side(self, size: int) -> float:
        """The length of a side."""
        return max(self.tall * sqrt(size / self.longest), SHORTEST)


class Solid(NamedTuple):
    """A map with its place: x of the front's left edge, y of its middle; thickness, height and depth."""

    map: FeatureMap
    x: float
    y: float
    thick: float
    high: float
    deep: float

    @property
    def top(self) -> float:
        """The upper edge of the front."""
        return self.y + (self.deep - self.high) / 2

    @property
    def bottom(self) -> float:
        """The lower edge of the front."""
        return self.y + (self.deep + self.high) / 2

    @property
    def right(self) -> float:
        """The right edge of the front."""
        return self.x + self.thick

    @property
    def middle(self) -> float:
        """The middle of the front."""
        return self.x + self.thick / 2

    @property
    def back(self) -> Point:
        """The middle of the back edge of the top."""
        return self.middle + self.deep, self.top - self.deep

    @property
    def box(self) -> Box:
        """The rectangle around all faces."""
        return Box(self.x, self.top - self.deep, self.right + self.deep, self.bottom)

    @property
    def faces(self) -> tuple[tuple[Point, ...], ...]:
        """The polygons of the top, the side and the front."""
        left, right, top, bottom, deep = self.x, self.right, self.top, self.bottom, self.deep
        return (
            ((left, top), (left + deep, top - deep), (right + deep, top - deep), (right, top)),
            ((right, top), (right + deep, top - deep), (right + deep, bottom - deep), (right, bottom)),
            ((left, top), (right, top), (right, bottom), (left, bottom)),
        )


def find_longest(maps: Iterable[FeatureMap]) -> int:
    """The largest size that is drawn; 1 if there are only vectors."""
    return max((max(one.sizes[-2:]) for one in maps if not one.flat), default=1)


def measure(one: FeatureMap, scale: Scale) -> tuple[float, float, float]:
    """Thickness, height and depth of a map: of three spatial axes, the last two; the length of one is the height."""
    if one.flat:
        return BAR, max(min(scale.tall * sqrt(one.shape[0] / LONGEST_BAR), scale.tall), 8.0), BAR_DEPTH
    thick = max(THICKNESS * scale.fat * sqrt(one.shape[0]), THINNEST)
    if len(one.sizes) == 1:
        return thick, scale.side(one.sizes[0]), BAR_DEPTH
    return thick, scale.side(one.sizes[-2]), scale.side(one.sizes[-1]) * DEPTH


def add_solid(scene: Scene, solid: Solid) -> None:
    """Draw the faces of a box, an activation as a strip and the walls in a block."""
    one = solid.map
    top, side, front = solid.faces
    with scene.group(one.title, one.layers):
        scene.polygon(top, one.role, stroke=EDGE, shade=LIGHT)
        scene.polygon(side, one.role, stroke=EDGE, shade=DARK)
        scene.polygon(front, one.role, stroke=EDGE)
        if one.activated and solid.thick > 3:
            wide = min(solid.thick * STRIP, WIDEST_STRIP)
            scene.rect(solid.right - wide, solid.top, wide, solid.high, "activation", stroke=0)
        if one.block:
            walls = min(max(int(solid.thick // 4), 1), 3)
            for at in range(1, walls + 1):
                x = solid.x + solid.thick * at / (walls + 1)
                line = [(x, solid.bottom), (x, solid.top), (x + solid.deep, solid.top - solid.deep)]
                scene.line(line, "wall", stroke=0.35, arrow=False, radius=0)


def format_channels(one: FeatureMap) -> str:
    """The number of channels, or of elements of a vector."""
    return str(one.shape[0])


def format_size(sizes: Sequence[int]) -> str:
    """Spatial sizes in short: `572²`, `64³`, `360×480`."""
    if len(sizes) in (2, 3) and len({*sizes}) == 1:
        return f"{sizes[0]}{'²' if len(sizes) == 2 else '³'}"
    return format_sizes(tuple(sizes))


def add_channels(scene: Scene, solid: Solid) -> None:
    """Write the channels below a box, and above it how often it is repeated."""
    scene.text(solid.middle, solid.bottom + CHANNELS, format_channels(solid.map), SMALL)
    if solid.map.times > 1:
        x, y = solid.back
        text = Text(x, y - CHANNELS, f"×{solid.map.times}", SMALL, bold=True)
        place_text(scene, text, [(0, 0), (9, 0), (-9, 0), *((0, -ROW * row) for row in range(1, 9))])


def add_merge_sign(scene: Scene, x: float, y: float, sign: str) -> None:
    """Draw the circle in which a skip meets a map."""
    scene.circle(x, y, SIGN, "merge")
    add_sign(scene, sign, x, y, 1.6)


def place_text(scene: Scene, text: Text, offsets: Iterable[Point], apart: float = 1.0) -> bool:
    """Add a text at the first of some offsets where it touches no other text and no line; False if there is none."""
    taken = [box for item in scene.leaves() for box in _list_taken(item)]
    for dx, dy in offsets:
        moved = text._replace(x=text.x + dx, y=text.y + dy)
        box = bounds(moved)
        if not any(
            min(box.right, other.right) - max(box.left, other.left) > -apart
            and min(box.bottom, other.bottom) - max(box.top, other.top) > -apart / 2
            for other in taken
        ):
            scene.add([moved])
            return True
    return False


def _list_taken(item: Leaf) -> Iterator[Box]:
    """Where a text must not be: on a text, or on a part of a line."""
    if isinstance(item, Text):
        yield bounds(item)
    elif isinstance(item, Line):
        yield from (enclose([Box(*start, *start), Box(*end, *end)]) for start, end in segments(item))
