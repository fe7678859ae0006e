"""Checking a report against the expectations that its file states under `expect`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cnncalc.analysis.figures import FIGURES, Value
from cnncalc.analysis.report import Report
from cnncalc.errors import Fix, Problem, Span
from cnncalc.given import Expectation
from cnncalc.layers.arguments import format_value
from cnncalc.nearest import nearest

# The figures that a file can expect: those that depend only on the network.
EXPECTABLE = {name: figure for name, figure in FIGURES.items() if figure.written != "bytes"}


OUTPUTS = "outputs."  # prefix of the name of an output, for its shape


def check_keys(expectations: Sequence[Expectation]) -> list[Problem]:
    """A problem `unknown-key` for each expectation of an unknown figure."""
    problems = []
    known = (*EXPECTABLE, "outputs")
    for key, _, span, _ in expectations:
        if key not in EXPECTABLE and not key.startswith(OUTPUTS):
            help_text = "the keys of `expect` are " + ", ".join(known)
            fixes = _rename(key, known, span)
            problems.append(Problem("unknown-key", f"unknown key `{key}` in `expect`", span, help_text, fixes=fixes))
    return problems


def _rename(key: str, known: Collection[str], span: Span) -> tuple[Fix, ...]:
    suggestion = nearest(key, known)
    return (Fix(span, suggestion, f"did you mean `{suggestion}`?", guess=True),) if suggestion else ()


def check_expectations(expectations: Sequence[Expectation], report: Report) -> list[Problem]:
    """Problems `expect-mismatch` and `unknown-name` of expectations that the network does not meet."""
    problems = []
    for key, expected, key_span, span in expectations:
        name = key.removeprefix(OUTPUTS)
        if name == key:
            if key in EXPECTABLE:
                problems += _compare(key, EXPECTABLE[key].measure_network(report), expected, span)
        elif name in report.outputs:
            problems += _compare(key, report.outputs[name], expected, span)
        else:
            known = f"its outputs: {', '.join(report.outputs) or 'none with a name'}"
            fixes = _rename(name, report.outputs, key_span)
            message = f"the network has no output `{name}`"
            problems.append(Problem("unknown-name", message, key_span, known, fixes=fixes))
    return problems


def _compare(key: str, found: Value, expected: Value, span: Span) -> list[Problem]:
    if found == expected:
        return []
    difference = ""
    if isinstance(found, int) and isinstance(expected, int):
        difference = f", {abs(found - expected):,} {'more' if found > expected else 'fewer'}"
    message = f"`{key}` is {_format_value(found)}, but {_format_value(expected)} is expected{difference}"
    return [Problem("expect-mismatch", message, span)]


def _format_value(value: Value) -> str:
    if value is None:
        return "undefined"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else format_value(value)
