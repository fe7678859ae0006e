"""The picture on which a receptive field is shown: a drawn one, or a file that is part of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.records import NamedTuple
from cnncalc.render.markup import Markup, element, join
from cnncalc.render.svg import number

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report

STRIP = 8  # the picture of a signal is so many times wider than high
SKY, SUN, FAR, NEAR = "#BFDDF2", "#F7D154", "#8DBB6E", "#6E9E55"
WALL, ROOF, WOOD, GLASS, LEAVES = "#E9D8BE", "#A8573E", "#6B4A33", "#7FA6C9", "#3F7A47"


class Canvas(NamedTuple):
    """The input on which fields are shown, and the size of its picture, where a position is 1 wide.

    `axes` are those of the input that the picture has: 2, or 1 for a signal, whose picture has a height of its own. Of
    an input with more axes they are the last two.
    """

    input: str
    width: int
    height: float
    axes: int


def find_canvas(report: Report) -> Canvas | None:
    """The canvas for the first input; None for one without positions."""
    name, shape = next(iter(report.inputs.items()))
    if len(shape) < 2:
        return None
    if len(shape) == 2:
        return Canvas(name, shape[1], shape[1] / STRIP, 1)
    return Canvas(name, shape[-1], shape[-2], 2)


def draw_picture(canvas: Canvas) -> Markup:
    """A drawn landscape with a house and a tree: something to look at below the field."""
    width, height = canvas.width, canvas.height

    def path(fill: str, text: str) -> Markup:
        """A closed shape; numbers of the text are thousandths of the width and of the height in turn."""
        parts, axis = [], 0
        for word in text.split():
            if word.isdigit():
                parts.append(number(int(word) * (height if axis else width) / 1000))
                axis = 1 - axis
            else:
                parts.append(word)
        return element("path", d=" ".join(parts), fill=fill)

    def disc(fill: str, x: int, y: int, radius: int) -> Markup:
        sizes = {"rx": radius * width / 1000, "ry": radius * height / 1000}
        return element(
            "ellipse", cx=number(x * width / 1000), cy=number(y * height / 1000),
            rx=number(sizes["rx"]), ry=number(sizes["ry"]), fill=fill,
        )  # fmt: skip

    return join([
        path(SKY, "M 0 0 L 1000 0 L 1000 1000 L 0 1000 Z"),
        disc(SUN, 800, 200, 80),
        path(FAR, "M 0 620 Q 300 400 550 620 T 1000 560 L 1000 1000 L 0 1000 Z"),
        path(NEAR, "M 0 800 Q 500 680 1000 840 L 1000 1000 L 0 1000 Z"),
        path(WALL, "M 200 780 L 200 550 L 330 430 L 460 550 L 460 780 Z"),
        path(ROOF, "M 170 570 L 330 400 L 490 570 Z"),
        path(WOOD, "M 290 630 L 370 630 L 370 780 L 290 780 Z M 690 600 L 725 600 L 725 800 L 690 800 Z"),
        path(GLASS, "M 235 600 L 280 600 L 280 660 L 235 660 Z M 385 600 L 430 600 L 430 660 L 385 660 Z"),
        disc(LEAVES, 708, 530, 110),
    ])  # fmt: skip


class Photo(NamedTuple):
    """A picture that replaces the drawn one: a file in a data URL; `sharp` if its pixels are the input's positions."""

    url: str
    sharp: bool

    def draw(self, canvas: Canvas) -> Markup:
        """The picture, stretched to the input."""
        return element(
            "image", href=self.url, width=number(canvas.width), height=number(canvas.height),
            preserveAspectRatio="none", class_="sharp" if self.sharp else None,
        )  # fmt: skip
