"""Geometry of scenes, and a drawing with everything that a scene can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from cnncalc.figure.scene import Box, Group, Line, Point, Scene, Text, bounds, segments
from cnncalc.figure.text import SMALLEST

SVG = "{http://www.w3.org/2000/svg}"
TOUCH = 0.3  # pt by which two things may overlap


def overlap(one: Box, other: Box, by: float = TOUCH) -> bool:
    return (
        min(one.right, other.right) - max(one.left, other.left) > by
        and min(one.bottom, other.bottom) - max(one.top, other.top) > by
    )


def within(one: Box, other: Box, by: float = TOUCH) -> bool:
    return (
        one.left >= other.left - by
        and one.top >= other.top - by
        and one.right <= other.right + by
        and one.bottom <= other.bottom + by
    )


def polygons_overlap(one: Sequence[Point], other: Sequence[Point], by: float = TOUCH) -> bool:
    """Whether two convex polygons overlap, by the theorem of the separating axis."""
    for points in (one, other):
        for (ax, ay), (bx, by_) in zip(points, [*points[1:], points[0]], strict=True):
            nx, ny = ay - by_, bx - ax
            length = (nx * nx + ny * ny) ** 0.5
            if not length:
                continue
            firsts, seconds = ([(x * nx + y * ny) / length for x, y in each] for each in (one, other))
            if min(max(firsts), max(seconds)) - max(min(firsts), min(seconds)) <= by:
                return False
    return True


def faults_of_texts(scene: Scene) -> Iterator[str]:
    """Texts that are on one another, outside the canvas or too small."""
    texts = [(item, bounds(item)) for item in scene.leaves() if isinstance(item, Text)]
    for item, box in texts:
        if item.size < SMALLEST:
            yield f"{item.text} is {item.size} pt"
        if not within(box, scene.canvas):
            yield f"{item.text} is outside"
    for (one, box), (other, beside) in combinations(texts, 2):
        if overlap(box, beside):
            yield f"{one.text} is on {other.text}"


def everything() -> Scene:
    """All classes of items, with hostile names."""
    name = '<b>&"\x1b\u202e</script>\\input{x}$%_#~^{}]] --> 網é'
    scene = Scene(name, name)
    with scene.group(name, (3, 4)):
        scene.rect(0, 0, 40, 14, "conv", radius=2, dashed=True)
        scene.text(20, 7, "3×3 conv")
    scene.polygon([(0, 20), (10, 20), (5, 30)], "pool", shade=0.2)
    scene.polygon([(0, 20), (10, 20), (5, 30)], "pool", shade=-0.2, stroke=0)
    scene.circle(50, 7, 4, "merge")
    scene.line([(60, 0), (60, 20), (80, 20)])
    scene.line([(60, 0), (60, 0), (80, 40)], "skip", arrow=False, dashed=True)
    scene.text(100, 50, name, 6, "muted", bold=True, anchor="start")
    scene.text(5, 60, "upwards", upwards=True, anchor="end")
    return scene.frame()


def things(scene: Scene) -> list[Group]:
    """The groups that stand for layers or the input, in order."""
    return [item for item in scene.items if isinstance(item, Group) and item.title]


def faults_of_lines(scene: Scene, fronts: Sequence[Box]) -> Iterator[str]:
    """Lines through texts, arrows and skips through fronts, and skips along one another."""
    yield from _faults_of_skips(scene)
    for line in scene.leaves():
        if isinstance(line, Line) and line.role in ("window", "line", "skip", "rule"):
            for text in scene.leaves():
                if isinstance(text, Text) and any(_meets(*ends, bounds(text, 1)) for ends in segments(line)):
                    yield f"a {line.role} crosses {text.text}"
            if line.role in ("line", "skip"):
                for start, end in segments(line):
                    inner = (Box(each.left + 1, each.top + 1, each.right - 1, each.bottom - 1) for each in fronts)
                    if any(_meets(start, end, front) for front in inner if front.width > 0 and front.height > 0):
                        yield f"a {line.role} crosses a front"


def _meets(start: Point, end: Point, box: Box) -> bool:
    corners = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)]
    return polygons_overlap((start, end), corners, 0)


def _faults_of_skips(scene: Scene) -> Iterator[str]:
    """Skips that cannot be told apart, since they are on one line from left to right."""
    parts = [
        (start[1], *sorted((start[0], end[0])))
        for line in scene.leaves()
        if isinstance(line, Line) and line.role == "skip"
        for start, end in segments(line)
        if start[1] == end[1]
    ]
    for (y, low, high), (other, left, right) in combinations(parts, 2):
        if abs(y - other) < 1 and min(high, right) - max(low, left) > 1:
            yield "skips overlap"


def drawn_layers(scene: Scene) -> list[int]:
    """The indexes of the layers that the things of a figure stand for."""
    return sorted(index for thing in things(scene) for index in thing.layers)
