"""ONNX files written by hand, so that no test needs the package: nodes, arrays and sizes as protobuf."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

Attribute = int | float | str | Sequence[int] | Sequence[float] | bytes


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name: str, shape: Sequence[int], values: Sequence[float] | None = None) -> bytes:
    """An array of single precision, or of integers where all values are; without values, ramps, no two arrays alike."""
    if values is None:
        values = [(at + len(name) + 1) / 7 for at in range(prod(shape))]
    integers = all(isinstance(value, int) for value in values) and bool(values)
    data = struct.pack(f"<{len(values)}{'q' if integers else 'f'}", *values)
    sizes = b"".join(field(1, size) for size in shape)
    return sizes + field(2, 7 if integers else 1) + field(8, name) + field(9, data)


def attribute(name: str, value: Attribute) -> bytes:
    start = field(1, name)
    if isinstance(value, bytes):
        return start + field(5, value) + field(20, 4)
    if isinstance(value, str):
        return start + field(4, value) + field(20, 3)
    if isinstance(value, int):
        return start + field(3, value) + field(20, 2)
    if isinstance(value, float):
        return start + varint(2 << 3 | 5) + struct.pack("<f", value) + field(20, 1)
    return start + b"".join(field(8, int(each)) for each in value) + field(20, 7)


def node(op: str, inputs: str, outputs: str, *, name: str = "", domain: str = "", **attributes: Any) -> bytes:
    """A node; its inputs and outputs are separated by blanks, `-` is one that is left out."""
    names = b"".join(field(1, each.strip("-")) for each in inputs.split())
    names += b"".join(field(2, each) for each in outputs.split())
    more = b"".join(field(5, attribute(key, value)) for key, value in attributes.items())
    return names + field(3, name) + field(4, op) + more + (field(7, domain) if domain else b"")


def value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(field(1, field(1, size) if isinstance(size, int) else field(2, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, sizes)))


def model(
    nodes: Sequence[bytes],
    *,
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Sequence[str],
    tensors: Sequence[bytes] = (),
    between: Mapping[str, Sequence[int | str]] | None = None,
    opset: int = 17,
    producer: str = "by hand",
) -> bytes:
    graph = (
        b"".join(field(1, each) for each in nodes) + field(2, "graph") + b"".join(field(5, each) for each in tensors)
    )
    graph += b"".join(field(11, value(name, shape)) for name, shape in inputs.items())
    graph += b"".join(field(12, value(name, ())) for name in outputs)
    graph += b"".join(field(13, value(name, shape)) for name, shape in (between or {}).items())
    return field(1, 8) + field(2, producer) + field(7, graph) + field(8, field(1, "") + field(2, opset))
