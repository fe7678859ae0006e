"""What must not be in a drawing: texts on texts, on edges or under lines, boxes on boxes, lines through boxes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from cnncalc.figure.scene import Box, Circle, Line, Point, Rect, Scene, Text, bounds, segments

from .drawn import faults_of_texts, overlap, within

AROUND = frozenset(("group", "inner", "sheet"))  # roles of what boxes are in, or in front of
INSIDE = 0.8  # pt from its edge, from where on a line is in a box


def crosses(box: Box, start: Point, end: Point, by: float = INSIDE) -> bool:
    """Whether a straight line, upright or level, is in a rectangle by more than so much."""
    left, right = sorted((start[0], end[0]))
    top, bottom = sorted((start[1], end[1]))
    return (
        min(box.right - by, right) - max(box.left + by, left) >= 0
        and min(box.bottom - by, bottom) - max(box.top + by, top) >= 0
    )


def find_faults(scene: Scene) -> Iterator[str]:
    """All faults of a block diagram."""
    yield from faults_of_texts(scene)
    leaves = [(item, bounds(item)) for item in scene.leaves()]
    texts = [(item, box) for item, box in leaves if isinstance(item, Text)]
    boxes = [(item, box) for item, box in leaves if isinstance(item, Rect | Circle)]
    solid = [(item, box) for item, box in boxes if item.role not in AROUND and item.role != "activation"]
    discs = [box for item, box in boxes if item.role == "copy"]
    lines = [item for item, _ in leaves if isinstance(item, Line)]
    for text, box in texts:
        for item, around in boxes:
            if item.role != "sheet" and overlap(box, around) and not within(box, around):
                yield f"{text.text!r} is on the edge of a {item.role}"
    for line in lines:
        for start, end in segments(line):
            for text, box in texts:
                if crosses(box, start, end, 0.2) and not any(within(box, disc, 1) for disc in discs):
                    yield f"a line goes through {text.text!r}"
            for item, box in solid:
                if item.role == "copy":  # of a connector, which is drawn over lines
                    continue
                is_sign = isinstance(item, Circle) and item.role == "merge" and not line.arrow
                if not is_sign and crosses(box, start, end):
                    yield f"a line goes through a {item.role}"
    for (one, box), (other, beside) in combinations(solid, 2):
        if overlap(box, beside):
            yield f"a {one.role} is on a {other.role}"


def find_unreached(scene: Scene) -> Iterator[str]:
    """Boxes of layers at whose edge no line ends."""
    ends = [line.points[-1] for line in scene.leaves() if isinstance(line, Line)]
    for item in scene.leaves():
        if isinstance(item, Rect) and item.role not in AROUND | {"activation", "input"} and item.height > 8:
            box = bounds(item)
            reached = any(
                box.left - 0.1 <= x <= box.right + 0.1 and box.top - 0.1 <= y <= box.bottom + 0.1 for x, y in ends
            )
            if not reached:
                yield f"nothing leads to the {item.role} at {box}"
