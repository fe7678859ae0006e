"""PNG pictures: written here with every filter, depth and type of colour by the specification, and read back."""

from __future__ import annotations

import zlib
from itertools import product
from random import Random
from typing import Any

import pytest

from cnncalc import limits
from cnncalc.execution.netpbm import PictureError
from cnncalc.execution.pictures import DRAWN, is_picture, make_pattern, read_picture, read_shape
from cnncalc.execution.png import DEPTHS, SAMPLES, SIGNATURE

CASES = [(color, depth) for color, depths in DEPTHS.items() for depth in depths]


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def header(width: int, height: int, depth: int, color: int, interlaced: int = 0) -> bytes:
    return chunk(
        b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, color, 0, 0, interlaced])
    )


def pack(samples: list[int], depth: int) -> bytes:
    """A row: the samples one after the other, the first bit the most significant, up to a whole byte."""
    bits = "".join(f"{sample:0{depth}b}" for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def filtered(rows: list[bytes], step: int, rng: Random) -> bytes:
    """Rows with a filter each, as section 9 of the specification defines them: what is left of a prediction."""
    above, found = bytes(len(rows[0])), b""
    for row in rows:
        kind = rng.randrange(5)
        line = []
        for at, byte in enumerate(row):
            a = row[at - step] if at >= step else 0
            b = above[at]
            c = above[at - step] if at >= step else 0
            paeth = min((a, b, c), key=lambda each: abs(a + b - c - each))  # the first of those that are equally near
            line.append((byte - (0, a, b, (a + b) // 2, paeth)[kind]) % 256)
        found += bytes([kind, *line])
        above = row
    return found


def make_png(width: int, height: int, color: int, depth: int, rng: Random) -> tuple[bytes, list[list[int]], bytes]:
    """A picture, its samples row by row, and its palette."""
    per = SAMPLES[color]
    samples = [[rng.randrange(1 << depth) for _ in range(width * per)] for _ in range(height)]
    palette = rng.randbytes(3 << depth) if color == 3 else b""
    raw = filtered([pack(row, depth) for row in samples], max(per * depth // 8, 1), rng)
    body = zlib.compress(raw)
    cut = rng.randrange(len(body))
    parts = [header(width, height, depth, color), *([chunk(b"PLTE", palette)] if palette else [])]
    parts += [chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", body[:cut]), chunk(b"IDAT", body[cut:]), chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(parts), samples, palette


@pytest.mark.parametrize(("color", "depth"), CASES)
def test_every_depth_and_type_of_colour_is_read(color: int, depth: int) -> None:
    rng = Random(f"{color} {depth}")
    for _ in range(20):
        width, height = rng.randint(1, 13), rng.randint(1, 9)
        data, samples, palette = make_png(width, height, color, depth, rng)
        channels, per = (3 if color in (2, 3, 6) else 1), SAMPLES[color]
        assert is_picture(data)
        assert read_shape(data) == (channels, height, width)
        for (channel, row, column), value in zip(
            product(range(channels), range(height), range(width)), read_picture(data).values, strict=True
        ):
            sample = samples[row][column * per + (0 if color == 3 else channel)]
            expected = palette[3 * sample + channel] / 255 if color == 3 else sample / ((1 << depth) - 1)
            assert value == expected


def test_what_is_damaged_is_refused() -> None:
    rng = Random(0)
    data, _, _ = make_png(9, 7, 2, 8, rng)
    for at in range(len(SIGNATURE), len(data) - 1):
        for broken in (data[:at], data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]):
            with pytest.raises(PictureError):
                read_picture(broken)


def one(*parts: bytes) -> bytes:
    return SIGNATURE + b"".join(parts) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (one(header(30_000, 30_000, 8, 2)), "a PNG of 30000×30000 pixels is larger than the limit"),
        (one(header(0, 1, 8, 2)), "a PNG of 0×1 pixels"),
        (one(header(2, 2, 3, 0)), "a PNG of 3 bits with colours of type 0 cannot be read"),
        (one(header(2, 2, 8, 5)), "a PNG of 8 bits with colours of type 5 cannot be read"),
        (one(header(2, 2, 8, 0, interlaced=1)), "interlaced PNGs are not read; save it without interlacing"),
        (one(header(2, 2, 8, 0), chunk(b"IDAT", zlib.compress(b"\0\1\2"))), "6 bytes of pixels, but ends after 3"),
        (one(header(1, 1, 8, 0), chunk(b"IDAT", zlib.compress(b"\7\1"))), "a row with an unknown filter, 7"),
        (one(header(1, 1, 8, 3), chunk(b"IDAT", zlib.compress(b"\0\1"))), "a colour of number 1, which its palette"),
        (one(header(1, 1, 8, 0), chunk(b"IDAT", b"no")), "the PNG is damaged"),
        (SIGNATURE, "the PNG has no header"),
    ],
)
def test_problems_are_reported(data: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        read_picture(data)


def test_a_bomb_is_not_decompressed_beyond_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Watched:
        def decompress(self, data: bytes, most: int) -> bytes:
            asked.append(most)
            return zlib.decompress(data)[:most]

    bomb = one(header(2, 2, 8, 0), chunk(b"IDAT", zlib.compress(bytes(10**6))))
    fake: Any = lambda: Watched()  # noqa: E731
    monkeypatch.setattr(zlib, "decompressobj", fake)
    assert read_picture(bomb).values == [0.0] * 4
    assert asked == [6]


def test_the_limit_of_a_png_is_that_of_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    data, _, _ = make_png(9, 7, 2, 8, Random(1))
    monkeypatch.setattr(limits, "PNG_BYTES", 7 * (1 + 3 * 9))
    assert read_shape(data) == (3, 7, 9)
    monkeypatch.setattr(limits, "PNG_BYTES", 7 * (1 + 3 * 9) - 1)
    with pytest.raises(PictureError, match="larger than the limit of 195 bytes"):
        read_shape(data)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 4), (2, 7, 1)])
def test_patterns_fill_any_map(name: str, shape: tuple[int, ...]) -> None:
    found = make_pattern(name, shape, 0, "input")
    assert (found.shape, len(found.values)) == (shape, shape[0] * shape[1] * shape[2])
    if name in ("checker", "digit"):
        assert all(0 <= value <= 1 for value in found.values)


def test_a_checkerboard_alternates_along_both_axes() -> None:
    values = make_pattern("checker", (2, 3, 4), 0, "input").values
    for channel, row, column in product(range(2), range(3), range(4)):
        assert values[channel * 12 + row * 4 + column] == 1 - (row + column) % 2


def test_the_digit_is_light_on_dark_and_empty_at_its_edges() -> None:
    values = make_pattern("digit", (1, 28, 28), 0, "input").values
    rows = [values[at : at + 28] for at in range(0, 784, 28)]
    assert not any(rows[0] + rows[-1] + [row[0] for row in rows] + [row[-1] for row in rows])
    assert 1.0 in values
    assert 0.05 < sum(values) / 784 < 0.3
