"""Legends: what the colours and marks of a figure mean, of those that occur in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from cnncalc.figure.scene import Scene
from cnncalc.figure.text import SMALL, text_room
from cnncalc.records import NamedTuple

Swatch: TypeAlias = Literal["box", "strip", "walls", "circle", "arrow", "mark"]
WIDTH, HEIGHT, GAP, BETWEEN, ROW = 9.0, 6.4, 3.0, 10.0, 11.0  # pt

SIGNS = {  # lines in a square from −1 to 1
    "+": ((-1, 0, 1, 0), (0, -1, 0, 1)),
    "×": ((-0.7, -0.7, 0.7, 0.7), (-0.7, 0.7, 0.7, -0.7)),
    "‖": ((-0.45, -1, -0.45, 1), (0.45, -1, 0.45, 1)),
}


class Entry(NamedTuple):
    """A swatch in the colour of a role, and what it means.

    A `strip` is a box with the strip of an activation, `walls` a box with inner walls, and a `mark` is a text, `×n`.
    """

    role: str
    text: str
    swatch: Swatch = "box"
    mark: str = ""


def measure_entry(entry: Entry) -> float:
    """The width of an entry."""
    return WIDTH + GAP + text_room(entry.text, SMALL)


def add_legend(scene: Scene, entries: Iterable[Entry], left: float, top: float, width: float) -> float:
    """Add a legend of as many rows as it needs within a width; returns the bottom of the last."""
    x, y = left, top + ROW / 2
    for entry in entries:
        room = measure_entry(entry)
        if x > left and x + room > left + width:
            x, y = left, y + ROW
        _add_swatch(scene, entry, x, y)
        scene.text(x + WIDTH + GAP, y, entry.text, SMALL, "muted", anchor="start")
        x += room + BETWEEN
    return y + ROW / 2


def _add_swatch(scene: Scene, entry: Entry, x: float, y: float) -> None:
    top = y - HEIGHT / 2
    if entry.swatch == "arrow":
        scene.line([(x, y), (x + WIDTH, y)], entry.role, stroke=0.9)
    elif entry.swatch == "circle":
        scene.circle(x + WIDTH / 2, y, HEIGHT / 2, entry.role)
    elif entry.swatch == "mark":
        scene.text(x + WIDTH / 2, y, entry.mark, SMALL, bold=True)
    else:
        scene.rect(x, top, WIDTH, HEIGHT, entry.role, stroke=0.45, radius=1 if entry.swatch == "strip" else 0)
    if entry.swatch == "strip":
        scene.rect(x + 1, top + HEIGHT - 1.7, WIDTH - 2, 1.2, "activation", stroke=0)
    elif entry.swatch == "walls":
        for at in (x + WIDTH / 3, x + 2 * WIDTH / 3):
            scene.line([(at, top), (at, top + HEIGHT)], "wall", stroke=0.35, arrow=False)
    if entry.mark and entry.swatch == "circle":
        add_sign(scene, entry.mark, x + WIDTH / 2, y)


def add_sign(scene: Scene, mark: str, x: float, y: float, half: float = 1.8) -> None:
    """A sign in the circle of a merge: `+`, `×`, or `‖` of a concatenation; drawn, since fonts differ."""
    for ax, ay, bx, by in SIGNS.get(mark, ()):
        scene.line([(x + ax * half, y + ay * half), (x + bx * half, y + by * half)], stroke=0.7, arrow=False)
