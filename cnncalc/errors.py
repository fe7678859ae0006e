"""Problems found in an architecture file, the places where they stand, and the exceptions that carry them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

MOST_PROBLEMS = 500  # that are told of one architecture
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # YAML's own, so that lines agree with its marks


class Source:
    """A text that was read, by the name that messages give it, without the byte-order marks before it."""

    __slots__ = ("_starts", "name", "text", "unread", "words")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text.lstrip("\ufeff")
        self.words = 0  # that were read of its calls and expressions
        self.unread: Span | None = None  # the first text that was not, for there were too many
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """Offset at which each line begins."""
        if self._starts is None:
            self._starts = [0, *(found.end() for found in LINE_BREAK.finditer(self.text))]
        return self._starts

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, columns in characters."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line break."""
        starts = self.starts
        end = starts[number] if number < len(starts) else len(self.text)
        last = max(end - 2, starts[number - 1])  # a break is at the end, and a line may be a mebibyte
        return self.text[starts[number - 1] : last] + LINE_BREAK.sub("", self.text[last:end])


class Span(NamedTuple):
    """A piece of a source: offsets from `start` up to `end`, in characters."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """Line on which the span begins, from 1."""
        return self.source.place(self.start)[0]

    @property
    def column(self) -> int:
        """Column at which the span begins, from 1, in characters."""
        return self.source.place(self.start)[1]

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]


class Fix(NamedTuple):
    """A repair: `text` in place of what is at `span`, and the words that offer it.

    One that is a `guess` at a name is shown as a question even where it was not tried or does not hold.
    """

    span: Span
    text: str
    help: str
    guess: bool = False

    def applied(self) -> str:
        """The whole source with the repair made."""
        text = self.span.source.text
        return text[: self.span.start] + self.text + text[self.span.end :]


class Note(NamedTuple):
    """What else there is to see of a problem, and where."""

    text: str
    span: Span | None = None


class Problem(NamedTuple):
    """One thing that is wrong in a file, or worth a warning.

    `code` is a key of `CODES`, `path` the layer it was found at ("" where there is none), `help` advice in words,
    `fixes` repairs that may be right, the likeliest first; once they are tried, at most the one that is.
    """

    code: str
    message: str
    span: Span | None = None
    help: str = ""
    path: str = ""
    notes: tuple[Note, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def severity(self) -> str:
        """`error` or `warning`, by the code."""
        return CODES[self.code][0]

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it sorts: problems without a place come first."""
        return (self.span.source.name, self.span.start, self.span.end) if self.span else ("", -1, -1)


def failed(problems: Iterable[Problem]) -> bool:
    """Whether one of the problems is an error."""
    return any(problem.severity == "error" for problem in problems)


class Problems:
    """Problems as they are found: one for one cause, that is one for a code and a place."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._seen: set[tuple[str, str, int, int]] = set()

    def add(self, problem: Problem) -> None:
        """Note a problem, unless the same one stands there already."""
        key = (problem.code, *problem.place)
        refused = ("yaml-feature", *problem.place)  # of what is not read there, nothing else is told
        if self.full or (problem.span and not self._seen.isdisjoint((key, refused))):
            return
        self._seen.add(key)
        if len(self.found) == MOST_PROBLEMS and problem.severity == "warning":
            return  # so many of them are told that one more is no news
        if len(self.found) == MOST_PROBLEMS:
            problem = Problem("too-large", f"more than {MOST_PROBLEMS} problems; the rest is not told", problem.span)
        self.found.append(problem)

    @property
    def full(self) -> bool:
        """Whether no more are told: to look for their repairs would be in vain."""
        return len(self.found) > MOST_PROBLEMS

    @property
    def errors(self) -> bool:
        """Whether one of them is an error."""
        return failed(self.found)

    def sorted(self) -> list[Problem]:
        """All of them in the order of their places."""
        return sorted(self.found, key=lambda problem: problem.place)


class Mistake(Exception):
    """A problem on its way from where it was noticed to where it is noted."""

    def __init__(self, code: str, message: str, span: Span, help: str = "", *fixes: Fix) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, span, help, fixes=fixes)
        self.others: list[Mistake] = []  # noticed at the same time, each with a cause of its own

    def note(self, note: Note) -> None:
        """Add what else there is to see of it."""
        for one in (self, *self.others):
            one.problem = one.problem._replace(notes=(*one.problem.notes, note))

    @property
    def has_place(self) -> bool:
        """Whether there is a text to show; a file that cannot be read has none."""
        span = self.problem.span
        return span is not None and bool(span.source.text)


class CnncalcError(Exception):
    """The base of every exception that cnncalc raises on purpose."""


class UsageError(CnncalcError):
    """The command line asks for something that cannot be: exit code 2."""


class SpecError(CnncalcError):
    """An architecture cannot be used because of the problems found in it: exit code 1."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.code}: {problem.message}" for problem in problems))
        self.problems = problems


# Every code a problem can have: its severity and one sentence.
CODES: dict[str, tuple[str, str]] = {
    # reading the file
    "unreadable": ("error", "The file cannot be opened or read."),
    "not-text": ("error", "The file is not UTF-8 text."),
    "too-large": ("error", "A bound on size, depth or number is exceeded."),
    "yaml-syntax": ("error", "The file is not well-formed YAML."),
    "yaml-feature": ("error", "Anchors, aliases, merge keys, tags and several documents are not part of the language."),
    "duplicate-key": ("error", "A key is given twice in one mapping."),
    # the document
    "unknown-key": ("error", "The document has a key that the language does not know."),
    "missing-key": ("error", "The document lacks a key it needs."),
    "wrong-form": ("error", "A list, a mapping or a text stands where something else is expected."),
    "extends-missing": ("error", "The architecture to be extended is not there."),
    "extends-cycle": ("error", "An architecture extends itself."),
    # the grammar of calls
    "syntax": ("error", "A call, a chain or an expression is not written by the grammar."),
    "ambiguous-if": ("error", "An item with `if` stands in a chain without parentheses."),
    "bad-name": ("error", "A name is not allowed there."),
    "duplicate-name": ("error", "A name is given twice in one block."),
    "unknown-kind": ("error", "No layer kind and no block has this name."),
    "unknown-name": ("error", "No parameter, output, param or word has this name."),
    "unused-param": ("error", "A param is written and nothing reads it."),
    # arguments and values
    "missing-argument": ("error", "A call leaves out an argument that has no default."),
    "unknown-argument": ("error", "A call gives an argument that the kind does not have."),
    "duplicate-argument": ("error", "A call gives an argument twice."),
    "bad-argument": ("error", "An argument's value is not one the kind can take."),
    "bad-value": ("error", "An expression cannot be evaluated, or gives a value of the wrong type."),
    "bad-count": ("error", "A repeat needs a whole number, 0 or more."),
    "recursion": ("error", "Blocks call one another without end."),
    # structure
    "empty-branch": ("error", "A branch, a block or a merge has nothing in it."),
    "reuse-mismatch": ("error", "A layer cannot be applied again with the same weights."),
    # shapes
    "bad-input": ("error", "The input shape is not one a network can have."),
    "wrong-rank": ("error", "A layer gets an input with the wrong number of axes."),
    "kernel-too-large": ("error", "A window is larger than its padded input."),
    "padding-too-large": ("error", "A pool's padding is more than half its window."),
    "groups-mismatch": ("error", "Groups or parts do not divide the channels."),
    "shape-mismatch": ("error", "Shapes that must agree do not."),
    "size-runs-out": ("error", "A layer's output would have no elements."),
    # the file's own promises
    "expect-mismatch": ("error", "The network does not have what `expect` promises."),
    # advice
    "shadows-kind": ("warning", "A block has the name of a built-in kind, and wins."),
    "idle-branch": ("warning", "All items of a branch of `concat` are switched off: it passes its input on."),
    "unused-block": ("warning", "A block is declared and never used."),
    "unread-output": ("warning", "An output is named, and nothing reads it."),
    "lost-value": ("warning", "What flows into a `from` is used nowhere."),
    "unseen-edge": ("warning", "A window never sees the last rows or columns of its input."),
    "bias-before-norm": ("warning", "A bias before a batch norm, which takes it away again."),
    "linear-pair": ("warning", "Two linear layers with nothing non-linear between are no more than one."),
    "wide-padding": ("warning", "A padding is as wide as the window, so that outputs see nothing else."),
    "small-field": ("warning", "At the classifier a unit sees less than the image."),
    "stride-disagreement": ("warning", "Branches that meet step over the input at different rates."),
    "input-channels-first": ("warning", "The first argument of a convolution is what flows in, not what flows out."),
    "batch-in-input": ("warning", "The input looks as if it held a batch."),
    "channels-last": ("warning", "The input looks as if its channels stood last."),
    "unused-allow": ("warning", "A warning is allowed that does not occur."),
}
