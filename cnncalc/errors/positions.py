"""Sources of text, and positions in them."""

from __future__ import annotations

import re
from bisect import bisect_right

from cnncalc.records import NamedTuple

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # those of YAML, so that line numbers agree with PyYAML's


class Amount:
    """How much was read of a file, those that it extends and those it is held against: they share their limits."""

    __slots__ = ("bytes", "evaluated", "layers", "nodes", "sizes_read", "steps", "unread", "words")

    def __init__(self) -> None:
        self.bytes = 0
        self.nodes = 0  # strings, lists and mappings
        self.words = 0  # of calls and expressions
        self.evaluated = 0  # parts of expressions, and elements of lists
        self.steps = 0  # of expansions
        self.layers = 0
        self.sizes_read = False  # whether an expression used a spatial size of a tensor
        self.unread: Span | None = None  # the first string that was not read because there were too many words


class Source:
    """A text, and its name in messages. Byte-order marks at its start are removed.

    `amount` is shared by the files of a family.
    """

    __slots__ = ("_starts", "amount", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text.lstrip("\ufeff")
        self.amount = Amount()
        self._starts: list[int] | None = None

    @property
    def is_option(self) -> bool:
        """Whether the text is the value of a command-line option: the name of its source is that of the option."""
        return self.name.startswith("--")

    @property
    def starts(self) -> list[int]:
        """The offset at which each line begins."""
        if self._starts is None:
            self._starts = [0, *(found.end() for found in LINE_BREAK.finditer(self.text))]
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1; columns are in characters."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line break."""
        starts = self.starts
        end = starts[number] if number < len(starts) else len(self.text)
        last = max(end - 2, starts[number - 1])  # the break is at the end, and a line may be as long as a mebibyte
        return self.text[starts[number - 1] : last] + LINE_BREAK.sub("", self.text[last:end])


class Span(NamedTuple):
    """A part of a source: from the offset `start` up to, not including, `end`, in characters."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """Line on which the span begins, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column at which the span begins, from 1, in characters."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The text of the span."""
        return self.source.text[self.start : self.end]
