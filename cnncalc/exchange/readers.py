"""The readers of files of other programs, each known by the first bytes of its files, and imported when it has one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import PurePath

from cnncalc.errors import Mistake, Source, Span
from cnncalc.exchange.graph import Graph
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple


class Reader(NamedTuple):
    """`pattern` matches the first bytes of a file; `module` has `read(path, inputs) -> Graph`, which raises Mistake.

    `inputs` are the sizes that the user gives, by the name of the input, "" for an only one.
    """

    pattern: re.Pattern[bytes]
    module: str


READERS = (
    Reader(re.compile(rb"\x08[\x03-\x20][\x12\x1a\x22\x28\x32\x3a\x42]"), "from_onnx"),
    Reader(re.compile(rb"PK\x03\x04.{26}(?:metadata|config)\.json", re.DOTALL), "from_keras"),
    Reader(re.compile(rb"\x89HDF\r\n\x1a\n"), "from_keras"),
    Reader(re.compile(rb"\s*\{.{0,200}\"class_name\"", re.DOTALL), "from_keras"),
)


ENDINGS = {".onnx": "an ONNX file", ".keras": "a Keras file"}  # of names, and what such files are


def read_file(path: str, head: bytes, inputs: Mapping[str, Shape]) -> Graph | None:
    """The graph of a file, by its first bytes; None where no reader knows it. Raises Mistake."""
    for reader in READERS:
        if reader.pattern.match(head):
            found: Graph = import_module(f"cnncalc.exchange.{reader.module}").read(path, inputs)
            return found
    kind = ENDINGS.get(PurePath(path).suffix.lower())
    if kind:
        raise Mistake("unreadable", f"{path}: it does not begin as {kind} does", Span(Source(path, ""), 0, 0))
    return None
