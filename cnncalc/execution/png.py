"""PNG pictures, read as maps or written with the standard library alone: `zlib` for the data, five filters of a row.

Source: W3C, Portable Network Graphics (PNG) Specification, Third Edition, https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain

from cnncalc import limits
from cnncalc.execution.netpbm import PictureError
from cnncalc.execution.weights import FlatArray
from cnncalc.records import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOR, PALETTE, GREY_ALPHA, COLOR_ALPHA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, COLOR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOR_ALPHA: 4}  # of a pixel, by the type of colour
DEPTHS = {
    GREY: (1, 2, 4, 8, 16), PALETTE: (1, 2, 4, 8), COLOR: (8, 16), GREY_ALPHA: (8, 16), COLOR_ALPHA: (8, 16),
}  # fmt: skip


class PngHeader(NamedTuple):
    """The header of a PNG: `depth` is the bits of a sample, `color` the type of colour."""

    width: int
    height: int
    depth: int
    color: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the map: 1 channel of grey or 3 of colour; an alpha channel is left out."""
        return (1 if self.color in (GREY, GREY_ALPHA) else 3, self.height, self.width)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, without that of its filter."""
        return (self.width * SAMPLES[self.color] * self.depth + 7) // 8

    @property
    def pixel_bytes(self) -> int:
        """The distance in bytes to the pixel on the left, at least 1."""
        return max(SAMPLES[self.color] * self.depth // 8, 1)


def is_png(data: bytes) -> bool:
    """Whether a file begins like a PNG."""
    return data.startswith(SIGNATURE)


def read_png_header(data: bytes) -> PngHeader:
    """Read the header, which gives the shape before any pixel is decoded. Raises PictureError."""
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise PictureError("the PNG has no header")
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    depth, color, compression, filtering, interlaced = data[24:29]
    if depth not in DEPTHS.get(color, ()) or compression or filtering or interlaced > 1:
        raise PictureError(f"a PNG of {depth} bits with colours of type {color} cannot be read")
    header = PngHeader(width, height, depth, color)
    if not (width and height) or (header.row_bytes + 1) * height > limits.PNG_BYTES:
        raise PictureError(f"a PNG of {width}×{height} pixels is larger than the limit of {limits.PNG_BYTES:,} bytes")
    if interlaced:
        raise PictureError("interlaced PNGs are not read; save it without interlacing")
    return header


def read_png(data: bytes) -> FlatArray:
    """Read the brightness of every pixel, 0 to 1, as [1, H, W] or [3, H, W]; alpha is left out. Raises PictureError."""
    header = read_png_header(data)
    chunks = list(_iterate_chunks(data))
    raw = _decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"), header)
    palette = next((body for kind, body in chunks if kind == b"PLTE"), b"")
    rows = [_unpack(row, header) for row in _iterate_rows(raw, header)]
    samples = [*chain.from_iterable(rows)]
    if header.color == PALETTE:
        if 3 * max(samples) + 3 > len(palette):
            raise PictureError(f"the PNG has a colour of number {max(samples)}, which its palette lacks")
        channels = [[palette[3 * number + channel] / 255 for number in samples] for channel in range(3)]
    else:
        largest, per = (1 << header.depth) - 1, SAMPLES[header.color]
        brightness = [number / largest for number in range(largest + 1)]
        channels = [[brightness[number] for number in samples[at::per]] for at in range(header.shape[0])]
    return FlatArray(header.shape, [*chain.from_iterable(channels)])


def _iterate_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the content of each chunk, up to the end. Raises PictureError."""
    at = len(SIGNATURE)
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        if len(data) < at + 12 + size or zlib.crc32(kind + body) != int.from_bytes(
            data[at + 8 + size : at + 12 + size], "big"
        ):
            raise PictureError("the PNG is damaged")
        yield kind, body
        if kind == b"IEND":
            return
        at += 12 + size
    raise PictureError("the PNG is cut off")


def _decompress(data: bytes, header: PngHeader) -> bytes:
    """The rows with their filters; no more than the header announces is decompressed. Raises PictureError."""
    size = (header.row_bytes + 1) * header.height
    try:
        raw = zlib.decompressobj().decompress(data, size)
    except zlib.error:
        raise PictureError("the PNG is damaged") from None
    if len(raw) < size:
        raise PictureError(f"the PNG should have {size:,} bytes of pixels, but ends after {len(raw):,}")
    return raw


def _iterate_rows(raw: bytes, header: PngHeader) -> Iterator[bytearray]:
    """The rows without their filters, each of which predicts a byte by its neighbours. Raises PictureError."""
    size, step = header.row_bytes, header.pixel_bytes
    above = bytearray(size)
    for start in range(0, len(raw), size + 1):
        row = bytearray(raw[start + 1 : start + 1 + size])
        match raw[start]:
            case 0:
                pass
            case 1:
                for at in range(step, size):
                    row[at] = row[at] + row[at - step] & 255
            case 2:
                row = bytearray(one + other & 255 for one, other in zip(row, above, strict=True))
            case 3:
                for at in range(size):
                    left = row[at - step] if at >= step else 0
                    row[at] = row[at] + (left + above[at]) // 2 & 255
            case 4:
                for at in range(size):
                    left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
                    row[at] = row[at] + _predict(left, above[at], corner) & 255
            case filter:
                raise PictureError(f"the PNG has a row with an unknown filter, {filter}")
        yield row
        above = row


def _predict(left: int, above: int, corner: int) -> int:
    """Paeth's predictor: of three neighbours the one nearest to left + above − corner."""
    a, b, c = abs(above - corner), abs(left - corner), abs(left + above - 2 * corner)
    if a <= b and a <= c:
        return left
    return above if b <= c else corner


def _unpack(row: bytearray, header: PngHeader) -> list[int]:
    """The samples of a row."""
    count = header.width * SAMPLES[header.color]
    if header.depth == 8:
        return list(row)
    if header.depth == 16:
        return [high << 8 | low for high, low in zip(row[::2], row[1::2], strict=True)]
    per, mask = 8 // header.depth, (1 << header.depth) - 1
    shifts = [header.depth * number for number in reversed(range(per))]
    return [byte >> shift & mask for byte in row for shift in shifts][:count]


def write_png(shape: tuple[int, int, int], samples: bytes) -> bytes:
    """A picture of (1 or 3, height, width) as a PNG; its samples are those of one pixel after another, in rows."""
    channels, height, width = shape
    row = channels * width
    raw = b"".join(b"\0" + samples[at * row : (at + 1) * row] for at in range(height))
    header = b"".join(size.to_bytes(4, "big") for size in (width, height))
    header += bytes((8, COLOR if channels == 3 else GREY, 0, 0, 0))
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_write_chunk(*chunk) for chunk in chunks)


def _write_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
