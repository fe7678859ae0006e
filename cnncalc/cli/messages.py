"""The problems that a command reports on standard error after its results: those of all that it reads, each once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cnncalc.cli.output import colored, message, width_for
from cnncalc.errors import SpecError, failed

if TYPE_CHECKING:
    from cnncalc.errors import Problem

_noted: ContextVar[list[Problem]] = ContextVar("_noted")  # by the command that is running


def note(problems: Iterable[Problem]) -> None:
    """Report these problems when the command has ended, unless they are noted already."""
    noted = _noted.get()
    known = set(map(_key, noted))
    noted += [problem for problem in problems if _key(problem) not in known]


def _key(problem: Problem) -> object:
    """What makes a problem another one, also in a file that is read twice."""
    span = problem.span
    position = span and (span.source.name, span.start, span.end)
    return problem.code, problem.message, problem.help, position, tuple(note.text for note in problem.notes)


def reporting(run: Callable[[], Any], color: str) -> Any:
    """Run a command and report what it noted; the exit code, 1 where an error is noted. A SpecError is noted."""
    token = _noted.set([])
    try:
        try:
            code = run()
        except SpecError as error:
            note(error.problems)
            code = 1
        noted = _noted.get()
        code = code or int(failed(noted))
    finally:
        _noted.reset(token)
    if noted:
        from cnncalc.render.problems import problems_text

        message(problems_text(noted, color=colored(color, None, sys.stderr), width=width_for(None, sys.stderr)))
    return code
