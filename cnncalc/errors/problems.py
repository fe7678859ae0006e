"""Problems of an architecture: what is wrong, where it is written, and the repairs that may be right."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc import limits
from cnncalc.errors.positions import Span
from cnncalc.records import NamedTuple


class Fix(NamedTuple):
    """A repair: `text` replaces the text at `span`; `help` describes it.

    A `guess` at a name is shown as a question even if it was not tried or does not work. An `alternative` is tried and
    offered beside other repairs that work.
    """

    span: Span
    text: str
    help: str
    guess: bool = False
    alternative: bool = False

    def apply(self) -> str:
        """The text of the repaired source."""
        text = self.span.source.text
        return text[: self.span.start] + self.text + text[self.span.end :]


class Note(NamedTuple):
    """More about a problem, with its position."""

    text: str
    span: Span | None = None


class Problem(NamedTuple):
    """One error or warning about a file.

    `code` is in the catalogue, `path` is the path of the layer concerned ("" if there is none), `help` is advice for
    the user, `fixes` are possible repairs, the likeliest first; after they are tried, only the first that works and the
    alternatives that work.
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
        return severity_of(self.code)

    @property
    def sort_key(self) -> tuple[str, int, int]:
        """The sort key of its position; problems without a position come first."""
        return (self.span.source.name, self.span.start, self.span.end) if self.span else ("", -1, -1)


def severity_of(code: str) -> str:
    """`error` or `warning`."""
    from cnncalc.errors.codes.warnings import NAMES  # only needed when something is wrong

    return "warning" if code in NAMES else "error"


def failed(problems: Iterable[Problem]) -> bool:
    """Whether one of the problems is an error."""
    return any(problem.severity == "error" for problem in problems)


class Problems:
    """Collects problems, at most one for each code and position."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._seen: set[tuple[str, str, int, int]] = set()

    def add(self, problem: Problem) -> None:
        """Add a problem, unless one with this code and position is known."""
        key = (problem.code, *problem.sort_key)
        refused = ("yaml-feature", *problem.sort_key)  # text that is not read is only reported once
        if self.full or (problem.span and not self._seen.isdisjoint((key, refused))):
            return
        self._seen.add(key)
        if len(self.found) == limits.PROBLEMS and problem.severity == "warning":
            return  # errors are still worth reporting
        if len(self.found) == limits.PROBLEMS:
            problem = Problem("too-large", f"only the first {limits.PROBLEMS} problems are reported", problem.span)
        self.found.append(problem)

    @property
    def full(self) -> bool:
        """Whether the limit is reached, so that looking for further problems or repairs is useless."""
        return len(self.found) > limits.PROBLEMS

    @property
    def errors(self) -> bool:
        """Whether one of them is an error."""
        return failed(self.found)

    def sorted(self) -> list[Problem]:
        """All problems in the order of their positions."""
        return sorted(self.found, key=lambda problem: problem.sort_key)
