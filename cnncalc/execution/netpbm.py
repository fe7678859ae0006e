"""PGM (grey) and PPM (colour) images, plain and binary: reading them as maps, and writing a map.

Source: https://netpbm.sourceforge.net/doc/pgm.html and ppm.html.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Sequence
from math import isfinite, prod

from cnncalc import limits
from cnncalc.errors import CnncalcError
from cnncalc.execution.weights import FlatArray
from cnncalc.records import NamedTuple

MAGIC = {b"P2": (1, False), b"P5": (1, True), b"P3": (3, False), b"P6": (3, True)}  # channels, binary
_TOKEN = re.compile(rb"(?:\s|#[^\r\n]*+[\r\n])*+([^\s#]+)")
_BETWEEN_COMMENTS = re.compile(rb"[^#]++|(?:#[^\r\n]*+\s*+)++")  # or comments, all that follow one another


class PictureError(CnncalcError):
    """A file is not a picture that can be read."""


def is_picture(data: bytes) -> bool:
    """Whether a file begins like a PGM or PPM picture."""
    return data[:2] in MAGIC and data[2:3].isspace()


class Header(NamedTuple):
    """The header of a picture."""

    shape: tuple[int, int, int]  # (1 or 3, height, width)
    largest: int  # the sample of full brightness
    binary: bool
    end: int  # bytes of the header


def read_header(data: bytes) -> Header:
    """Read the header, which gives the shape before any pixel is decoded. Raises PictureError."""
    channels, binary = MAGIC[data[:2]]
    at = 2
    header = []
    begin = data[: limits.PICTURE_HEADER]
    for name in ("width", "height", "largest value"):
        number, at = _read_number(begin, at, name)
        header.append(number)
    width, height, largest = header
    if not (0 < width * height <= limits.PICTURE_PIXELS and 0 < largest < 65536):
        raise PictureError(f"a picture of {width}×{height} pixels with values up to {largest} cannot be read")
    return Header((channels, height, width), largest, binary, at)


def read_picture(data: bytes) -> FlatArray:
    """Read the brightness of every pixel, 0 to 1, as [1, H, W] or [3, H, W]. Raises PictureError."""
    shape, largest, binary, end = read_header(data)
    channels, count = shape[0], prod(shape)
    samples = _read_binary(data, end + 1, count, largest) if binary else _read_plain(data, end, count)
    if len(samples) < count:
        raise PictureError(f"the picture should have {count:,} values, but ends after {len(samples):,}")
    if max(samples) > largest:
        raise PictureError(f"the picture has a value of {max(samples)}, but its header gives {largest} as the maximum")
    brightness = [sample / largest for sample in range(largest + 1)]  # equal pixels share their float
    values = [brightness[sample] for channel in range(channels) for sample in samples[channel::channels]]
    return FlatArray(shape, values)


def _read_number(data: bytes, at: int, name: str) -> tuple[int, int]:
    found = _TOKEN.match(data, at)
    if not found or not found[1].isdigit() or len(found[1]) > 9:
        raise PictureError(f"the picture's {name} cannot be read")
    return int(found[1]), found.end()


def _read_binary(data: bytes, start: int, count: int, largest: int) -> Sequence[int]:
    """One or two bytes per sample, the more significant first."""
    if largest < 256:
        return data[start : start + count]
    samples = array("H", data[start : start + min(2 * count, (len(data) - start) // 2 * 2)])
    if sys.byteorder == "little":
        samples.byteswap()
    return samples


def _read_plain(data: bytes, start: int, count: int) -> Sequence[int]:
    """At most `count` decimal numbers, with comments between them."""
    samples = array("L")
    for part in _BETWEEN_COMMENTS.finditer(data, start):
        left = count - len(samples)
        texts = part[0].split(maxsplit=left)[:left] if not part[0].startswith(b"#") else ()
        if not all(text.isdigit() and len(text) < 10 for text in texts):
            raise PictureError("the picture has something that is not an integer of at most 9 digits")
        samples.extend(map(int, texts))
        if len(samples) == count:
            break
    return samples


def to_greys(values: list[float]) -> list[int]:
    """Scale values to shades from 0, the smallest, to 255, the largest; equal values are 0 if zero, else 255."""
    kept = [value for value in values if isfinite(value)]
    low, high = min(kept, default=0.0), max(kept, default=0.0)
    if low == high:
        return [255 if value and value == value else 0 for value in values]
    if not isfinite(high - low):  # halved to avoid overflow; the proportions are the same
        return to_greys([value / 2 for value in values])
    return [round((min(max(value, low), high) - low) / (high - low) * 255) if value == value else 0 for value in values]


def format_pgm(values: list[float], height: int, width: int) -> str:
    """Format a channel as a plain PGM, from black for the smallest to white for the largest."""
    shades = to_greys(values)
    rows = (shades[at : at + width] for at in range(0, height * width, width))
    return f"P2\n{width} {height}\n255\n" + "".join(_wrap_row(row) for row in rows)


def _wrap_row(row: list[int]) -> str:
    """Wrap a row in lines of at most 70 characters, as the format requires."""
    return "".join(" ".join(map(str, row[at : at + 17])) + "\n" for at in range(0, len(row), 17))
