"""Pictures as maps: files of a few formats, and those that the program draws itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from math import hypot, prod

from cnncalc.errors import CnncalcError, UsageError
from cnncalc.execution import netpbm, png
from cnncalc.execution.netpbm import PictureError
from cnncalc.execution.numerals import find_no_number
from cnncalc.execution.weights import FlatArray, sample_input
from cnncalc.layers.base import Shape, format_shape
from cnncalc.nearest import did_you_mean

DIGIT = (1, 28, 28)  # the shape of the digit where no other is asked for: that of the pictures of MNIST
# The digit 4, as lines between points (down, right) on a picture of size 1.
STROKES = (((0.15, 0.55), (0.62, 0.2), (0.62, 0.8)), ((0.38, 0.63), (0.86, 0.63)))
THICKNESS = 0.05  # half of the width of a line


def is_picture(data: bytes) -> bool:
    """Whether a file begins like a picture that can be read."""
    return png.is_png(data) or netpbm.is_picture(data)


def read_shape(data: bytes) -> tuple[int, int, int]:
    """The shape of a picture, (1 or 3, height, width), before any pixel is decoded. Raises PictureError."""
    return png.read_png_header(data).shape if png.is_png(data) else netpbm.read_header(data).shape


def read_picture(data: bytes) -> FlatArray:
    """The brightness of every pixel, 0 to 1. Raises PictureError."""
    return png.read_png(data) if png.is_png(data) else netpbm.read_picture(data)


def make_pattern(name: str, shape: Shape, seed: int, label: str) -> FlatArray:
    """The pattern of a name of PATTERNS in a shape; `noise` is that of `sample_input`. Raises PictureError."""
    return sample_input(seed, shape, label) if name == "noise" else FlatArray(shape, DRAWN[name](shape))


def _draw_ramp(shape: Shape) -> list[float]:
    """1, 2, 3, …, element by element."""
    return [float(number) for number in range(1, prod(shape) + 1)]


def _draw_checker(shape: Shape) -> list[float]:
    """1 and 0 in turn, along every axis but that of the channels; the first is 1."""
    channels, sizes = (shape[0], shape[1:]) if len(shape) > 1 else (1, shape)
    return [float((sum(place) + 1) % 2) for place in product(*map(range, sizes))] * channels


def _draw_digit(shape: Shape) -> list[float]:
    """A 4 in every channel: 1 on its lines, 0 away from them. Raises PictureError."""
    if len(shape) != 3:
        raise PictureError(f"it is a picture, and the input {format_shape(shape)} has no rows and columns")
    channels, height, width = shape
    soft = 1 / max(height, width)  # of a pixel, over which the edge of a line fades
    made = []
    for row, column in product(range(height), range(width)):
        point = ((row + 0.5) / height, (column + 0.5) / width)
        distance = min(_measure_distance(point, *ends) for stroke in STROKES for ends in pairwise(stroke))
        made.append(min(max((THICKNESS - distance) / soft + 0.5, 0.0), 1.0))
    return made * channels


def _measure_distance(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    """The distance of a point from a line between two others."""
    along = (end[0] - start[0], end[1] - start[1])
    share = ((point[0] - start[0]) * along[0] + (point[1] - start[1]) * along[1]) / (along[0] ** 2 + along[1] ** 2)
    share = min(max(share, 0.0), 1.0)
    return hypot(point[0] - start[0] - share * along[0], point[1] - start[1] - share * along[1])


DRAWN: dict[str, Callable[[Shape], list[float]]] = {
    "ramp": _draw_ramp,
    "ones": lambda shape: [1.0] * prod(shape),
    "checker": _draw_checker,
    "digit": _draw_digit,
}
PATTERNS = (*DRAWN, "noise")


def suggest_data(text: str) -> CnncalcError | None:
    """The error for a text that is no file, and looks like numbers or the name of a pattern; else None."""
    if word := find_no_number(text):
        return CnncalcError(f"{text}: numbers are expected, found {word[:40]!r}")
    if not text.isidentifier():
        return None
    known = f"patterns are {', '.join(PATTERNS)}"
    return UsageError(f"there is no pattern and no file {text!r}; {did_you_mean(text, PATTERNS) or known}")
