"""Pictures as PGM (grey) and PPM (colour), plain and binary: read as maps, and a map written.

Source: https://netpbm.sourceforge.net/doc/pgm.html and ppm.html.
"""

from __future__ import annotations

import re
from math import isfinite

from cnncalc.errors import CnncalcError
from cnncalc.execution.weights import Shaped

MAGIC = {b"P2": (1, False), b"P5": (1, True), b"P3": (3, False), b"P6": (3, True)}  # channels, binary
MOST_PIXELS = 10**8
_TOKEN = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*([^\s#]+)")


class PictureError(CnncalcError):
    """A file is no picture that can be read."""


def is_picture(data: bytes) -> bool:
    """Whether a file begins as a PGM or PPM picture does."""
    return data[:2] in MAGIC and data[2:3].isspace()


def read_picture(data: bytes) -> Shaped:
    """The brightness of every pixel from 0 to 1, [1, H, W] or [3, H, W]. Raises PictureError."""
    channels, binary = MAGIC[data[:2]]
    at = 2
    header = []
    for name in ("width", "height", "largest value"):
        number, at = _number(data, at, name)
        header.append(number)
    width, height, largest = header
    if not (0 < width * height <= MOST_PIXELS and 0 < largest < 65536):
        raise PictureError(f"a picture of {width}×{height} pixels with values up to {largest} cannot be read")
    count = width * height * channels
    samples = _binary(data[at + 1 :], count, largest) if binary else _plain(data[at:], count)
    if len(samples) < count:
        raise PictureError(f"the picture should have {count:,} values, but ends after {len(samples):,}")
    if max(samples) > largest:
        raise PictureError(f"the picture has a value of {max(samples)}, but says that {largest} is the largest")
    values = [samples[at] / largest for channel in range(channels) for at in range(channel, count, channels)]
    return Shaped((channels, height, width), values)


def _number(data: bytes, at: int, name: str) -> tuple[int, int]:
    found = _TOKEN.match(data, at)
    if not found or not found[1].isdigit() or len(found[1]) > 9:
        raise PictureError(f"the picture's {name} cannot be read")
    return int(found[1]), found.end()


def _binary(data: bytes, count: int, largest: int) -> list[int]:
    if largest < 256:
        return list(data[:count])
    return [data[at] << 8 | data[at + 1] for at in range(0, min(2 * count, len(data) // 2 * 2), 2)]


def _plain(data: bytes, count: int) -> list[int]:
    texts = re.sub(rb"#[^\r\n]*", b"", data).split(maxsplit=count)[:count]
    if not all(text.isdigit() and len(text) < 10 for text in texts):
        raise PictureError("the picture has something that is no whole number of at most 9 digits")
    return [int(text) for text in texts]


def greys(values: list[float]) -> list[int]:
    """Shades from 0, the least, to 255, the largest; all the same is 0 if it is 0, else 255."""
    kept = [value for value in values if isfinite(value)]
    low, high = min(kept, default=0.0), max(kept, default=0.0)
    if low == high:
        return [255 if value and value == value else 0 for value in values]
    if not isfinite(high - low):  # the half of each is as far apart in proportion
        return greys([value / 2 for value in values])
    return [round((min(max(value, low), high) - low) / (high - low) * 255) if value == value else 0 for value in values]


def pgm(values: list[float], height: int, width: int) -> str:
    """A map of one channel as a plain PGM, from black for the least to white for the largest."""
    shades = greys(values)
    rows = (shades[at : at + width] for at in range(0, height * width, width))
    return f"P2\n{width} {height}\n255\n" + "".join(_wrapped(row) for row in rows)


def _wrapped(row: list[int]) -> str:
    """A row in lines of at most 70 characters, as the format asks."""
    return "".join(" ".join(map(str, row[at : at + 17])) + "\n" for at in range(0, len(row), 17))
