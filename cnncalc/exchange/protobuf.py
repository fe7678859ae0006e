"""Protobuf's wire format, as far as model files use it: fields of messages, without a schema and without copies.

A message is a range of bytes, and so is a field that is a message, a string or packed numbers; what is not asked for
is stepped over. Source: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from cnncalc import limits
from cnncalc.errors import CnncalcError
from cnncalc.records import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
WIDTHS = {FIXED64: 8, FIXED32: 4}
BLOCK = 4_096  # bytes read at once, at least
WHOLE = 65_536  # bytes of a message that is read whole; of a larger one the beginnings of its fields are
HEAD = 20  # bytes of the two numbers at the beginning of a field, at most


class WireError(CnncalcError):
    """The bytes are no message, or there are too many fields: the reason, as a clause."""


class Range(NamedTuple):
    """Bytes of the file, from `start` up to `end`."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """Their number."""
        return self.end - self.start


class Field(NamedTuple):
    """A field of a message: its number, and its value: an integer, or where the bytes of anything else are."""

    number: int
    value: int | Range


class Wire:
    """The fields of a file's messages. Raises WireError where they are none, and after limits.WIRE_FIELDS of them.

    The file is not mapped into memory: of weights that are stepped over not a page is touched.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = file.seek(0, 2)
        self.left = limits.WIRE_FIELDS
        self._block, self._start = b"", 0

    @property
    def whole(self) -> Range:
        """The message that the file is."""
        return Range(0, self.size)

    def read(self, start: int, end: int) -> tuple[bytes, int]:
        """Bytes that hold a part of the file, and where they begin in it."""
        if not self._start <= start <= end <= self._start + len(self._block):
            self.file.seek(start)
            self._block, self._start = self.file.read(max(end - start, BLOCK)), start
            if len(self._block) < min(end, self.size) - start:
                raise WireError("it became shorter while it was read")
        return self._block, self._start

    def bytes(self, part: Range) -> bytes:
        """A part of the file."""
        data, base = self.read(*part)
        return data[part.start - base : part.end - base]

    def fields(self, message: Range) -> Iterator[Field]:
        """The fields of a message, in order."""
        at, end = message
        large = message.size > WHOLE
        data, base = (b"", 0) if large else self.read(at, end)
        while at < end:
            self.left -= 1
            if self.left < 0:
                raise WireError(f"it has more than {limits.WIRE_FIELDS:,} fields")
            if large:
                data, base = self.read(at, min(at + HEAD, end))
            key, after = varint(data, at - base, end - base)
            number, wire = key >> 3, key & 7
            value: int | Range
            if number == 0:
                raise WireError(f"byte {at} begins no field")
            if wire == VARINT:
                value, after = varint(data, after, end - base)
                at = base + after
            elif wire == BYTES:
                size, after = varint(data, after, end - base)
                value = Range(base + after, base + after + size)
                at = value.end
            elif wire in WIDTHS:
                value = Range(base + after, base + after + WIDTHS[wire])
                at = value.end
            else:
                raise WireError(f"byte {at} begins no field")
            if at > end:
                raise WireError(f"a field ends at byte {at}, after its message, which ends at {end}")
            yield Field(number, value)

    def text(self, value: int | Range) -> str:
        """A string. What is no UTF-8 is replaced. Raises WireError for one that is too long."""
        found = as_range(value)
        if found.size > limits.STRING_CHARACTERS:
            raise WireError(f"a string is longer than {limits.STRING_CHARACTERS:,} bytes")
        return self.bytes(found).decode("utf-8", "replace")

    def integers(self, value: int | Range) -> list[int]:
        """One signed number of 64 bits, or packed ones."""
        if isinstance(value, int):
            return [signed(value)]
        if value.size > 10 * limits.WIRE_NUMBERS:
            raise WireError(f"a list has more than {limits.WIRE_NUMBERS:,} numbers")
        data, found, at = self.bytes(value), [], 0
        while at < len(data):
            number, at = varint(data, at, len(data))
            found.append(signed(number))
        if len(found) > limits.WIRE_NUMBERS:
            raise WireError(f"a list has more than {limits.WIRE_NUMBERS:,} numbers")
        return found

    def numbers(self, value: int | Range, code: str, most: int = limits.WIRE_NUMBERS) -> list[float]:
        """Numbers one after another, as `struct` names their type; a rest that is no whole number is left out."""
        start, end = as_range(value)
        width = struct.calcsize(f"<{code}")
        count = min((end - start) // width, most)
        return list(struct.unpack(f"<{count}{code}", self.bytes(Range(start, start + count * width))))


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of 1 to 10 bytes, and where the next byte is. Raises WireError."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        if byte < 128:
            return value | byte << shift, at
        value |= (byte & 127) << shift
        shift += 7
    raise WireError("a number does not end")


def as_range(value: int | Range) -> Range:
    """The bytes of a field. Raises WireError for a field that is a number."""
    if isinstance(value, int):
        raise WireError("a number is where a string or a message should be")
    return value


def as_integer(value: int | Range) -> int:
    """The number of a field, signed. Raises WireError for any other field."""
    if isinstance(value, int):
        return signed(value)
    raise WireError("a string or a message is where a number should be")


def signed(value: int) -> int:
    """The number of which these are the 64 bits.

    >>> signed(2**64 - 1), signed(3)
    (-1, 3)
    """
    value &= 2**64 - 1
    return value - 2**64 if value >> 63 else value
