"""Checking a report against the expectations that its file states under `expect`."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.analysis.figures import FIGURES, Value
from cnncalc.analysis.report import Report
from cnncalc.errors import Fix, Problem
from cnncalc.given import Expectation
from cnncalc.layers.settings import show
from cnncalc.nearest import nearest

# What a file can expect: every figure of a network that depends on nothing but the network.
EXPECTABLE = {name: figure for name, figure in FIGURES.items() if figure.written != "bytes"}


def check_keys(expectations: Sequence[Expectation]) -> list[Problem]:
    """A problem `unknown-key` for each expectation of something that is no figure."""
    problems = []
    for key, _, span, _ in expectations:
        if key not in EXPECTABLE:
            meant = nearest(key, EXPECTABLE)
            fixes = (Fix(span, meant, f"did you mean `{meant}`?", guess=True),) if meant else ()
            help_text = "the keys of `expect` are " + ", ".join(EXPECTABLE)
            problems.append(Problem("unknown-key", f"unknown key `{key}` in `expect`", span, help_text, fixes=fixes))
    return problems


def check_expectations(expectations: Sequence[Expectation], report: Report) -> list[Problem]:
    """A problem `expect-mismatch` for each expectation that the network does not meet."""
    problems = []
    for key, expected, _, span in expectations:
        if key not in EXPECTABLE:
            continue
        found = EXPECTABLE[key].measure_network(report)
        if found != expected:
            difference = ""
            if isinstance(found, int) and isinstance(expected, int):
                difference = f", {abs(found - expected):,} {'more' if found > expected else 'fewer'}"
            message = f"`{key}` is {_format_value(found)}, but {_format_value(expected)} is expected{difference}"
            problems.append(Problem("expect-mismatch", message, span))
    return problems


def _format_value(value: Value) -> str:
    if value is None:
        return "undefined"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else show(value)
