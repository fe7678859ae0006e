"""The problems of all files that a command reads, reported once each, on standard error, after its results."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cnncalc.cli.output import find_width, uses_color, write_message
from cnncalc.errors import SpecError, failed

if TYPE_CHECKING:
    from cnncalc.errors import Problem

_noted: ContextVar[list[Problem]] = ContextVar("_noted")  # by the command that is running


def note(problems: Iterable[Problem]) -> None:
    """Report these problems after the command, unless they are noted already."""
    noted = _noted.get()
    known = set(map(_identify, noted))
    noted += [problem for problem in problems if _identify(problem) not in known]


def _identify(problem: Problem) -> object:
    """The identity of a problem, equal if its file is read twice."""
    span = problem.span
    position = span and (span.source.name, span.start, span.end)
    return problem.code, problem.message, problem.help, position, tuple(note.text for note in problem.notes)


def run_and_report(run: Callable[[], Any], color: str) -> Any:
    """Run a command and report what it noted; returns the exit code, 1 if there is an error. A SpecError is noted."""
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
        from cnncalc.render.problems import format_problems

        write_message(
            format_problems(noted, color=uses_color(color, None, sys.stderr), width=find_width(None, sys.stderr))
        )
    return code
