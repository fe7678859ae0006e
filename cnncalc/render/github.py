"""Problems as annotations, which a GitHub workflow shows beside the changed lines.

Source: GitHub's documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import Problem
from cnncalc.render.text import clean


def format_annotations(files: Sequence[tuple[str, Sequence[Problem]]]) -> str:
    """One line for each problem: `::error file=…,line=…,col=…,title=…::message`."""
    return "".join(_format_annotation(name, problem) for name, problems in files for problem in problems)


def _format_annotation(name: str, problem: Problem) -> str:
    properties = {"file": name}
    if problem.span and not problem.span.source.is_option:
        source = problem.span.source
        line, column = source.position(problem.span.start)
        last, end = source.position(max(problem.span.end - 1, problem.span.start))
        properties = {"file": source.name, "line": str(line), "endLine": str(last), "col": str(column)}
        if last == line:
            properties["endColumn"] = str(end + 1)
    properties["title"] = problem.code
    listed = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    text = "\n".join(part for part in (problem.message, problem.help) if part)
    return f"::{problem.severity} {listed}::{_escape_data(text)}\n"


def _escape_data(text: str) -> str:
    """A message on one line, with control characters and the commands of the runner escaped."""
    lines = (clean(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
