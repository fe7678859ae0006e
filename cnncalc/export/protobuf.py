"""Writes protobuf's wire format: messages as parts, of which large ones are made while they are written.

The lengths of messages come before them, so that all sizes are known first. `exchange.protobuf` reads the format.
Source: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator

from cnncalc.records import NamedTuple

VARINT, BYTES, FIXED32 = 0, 2, 5  # wire types
ONE_BYTE = [bytes([value]) for value in range(128)]  # the integers of one byte, which most are


class Payload(NamedTuple):
    """Bytes that are made when they are written: their number, and what makes them, part by part."""

    size: int
    chunks: Callable[[], Iterator[bytes]]


Message = list[bytes | Payload]  # the fields of a message, one after another


def size_of(message: Message) -> int:
    """The bytes of a message."""
    return sum(part.size if isinstance(part, Payload) else len(part) for part in message)


def chunks_of(message: Message) -> Iterator[bytes]:
    """The bytes of a message, part by part."""
    for part in message:
        if isinstance(part, Payload):
            yield from part.chunks()
        else:
            yield part


def varint(value: int) -> bytes:
    """An integer of 64 bits, 7 of them in each byte, the lowest first.

    >>> varint(300).hex(), varint(-1).hex()
    ('ac02', 'ffffffffffffffffff01')
    """
    if 0 <= value < 128:
        return ONE_BYTE[value]
    value &= 2**64 - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def integer(number: int, value: int) -> bytes:
    """A field with an integer."""
    return varint(number << 3 | VARINT) + varint(value)


def integers(number: int, values: Iterable[int]) -> bytes:
    """A repeated field with integers."""
    return b"".join(integer(number, value) for value in values)


def single(number: int, value: float) -> bytes:
    """A field with a number in single precision."""
    return varint(number << 3 | FIXED32) + struct.pack("<f", value)


TAGS = [varint(number << 3 | BYTES) for number in range(32)]  # of fields with bytes


def data(number: int, value: bytes) -> bytes:
    """A field with bytes, or with a message."""
    size = len(value)
    return TAGS[number] + (ONE_BYTE[size] if size < 128 else varint(size)) + value


def text(number: int, value: str) -> bytes:
    """A field with a string; of one that has no UTF-8, what is in the way is escaped."""
    return data(number, value.encode("utf-8", "backslashreplace"))


def message(number: int, parts: Message) -> Message:
    """A field with a message in parts."""
    return [TAGS[number] + varint(size_of(parts)), *parts]
