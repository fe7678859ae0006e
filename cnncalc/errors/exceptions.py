"""The exceptions of the package. Each is a `CnncalcError`."""

from __future__ import annotations

from cnncalc.errors.positions import Span
from cnncalc.errors.problems import Fix, Note, Problem


class CnncalcError(Exception):
    """The base of every exception that cnncalc raises on purpose."""


class UsageError(CnncalcError):
    """Wrong usage of a command or a function: exit code 2."""


class SpecError(CnncalcError):
    """An architecture cannot be used because of its problems: exit code 1."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.code}: {problem.message}" for problem in problems))
        self.problems = problems


class Mistake(CnncalcError):
    """Carries a problem from the code that finds it to the code that collects it."""

    def __init__(self, code: str, message: str, span: Span, help: str = "", *fixes: Fix) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, span, help, fixes=fixes)
        self.others: list[Mistake] = []  # found at the same time, with other causes

    def note(self, note: Note) -> None:
        """Add a note to the problem."""
        for one in (self, *self.others):
            one.problem = one.problem._replace(notes=(*one.problem.notes, note))

    @property
    def has_position(self) -> bool:
        """Whether there is an excerpt to show; a file that cannot be read has none."""
        span = self.problem.span
        return span is not None and bool(span.source.text)
