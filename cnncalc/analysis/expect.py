"""Checking a report against the expectations that its file states under `expect`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from cnncalc.analysis.figures import FIGURES, Figure, Value, find_figure, is_figure, list_foreign_figures
from cnncalc.analysis.report import Report
from cnncalc.errors import Fix, Mistake, Problem, Span
from cnncalc.given import Expectation
from cnncalc.layers.arguments import format_value
from cnncalc.nearest import spell_out

OUTPUTS = "outputs."  # prefix of the name of an output, for its shape

Reference = Callable[[str, Span], Report]  # the report of an architecture by its name, and where that is written


def check_keys(expectations: Sequence[Expectation]) -> list[Problem]:
    """A problem `unknown-key` for each expectation of an unknown figure, `bad-value` for units that do not fit."""
    problems = []
    known = [*(name for name, figure in FIGURES.items() if not figure.of_device), "outputs"]
    for key, expected, span, value_span in expectations:
        if key in FIGURES and FIGURES[key].of_device:
            message = f"`{key}` depends on a device, which a file does not name"
            help_text = f"check it with --limit '{key} <= 5 ms' --compute 10T --bandwidth 100G"
            problems.append(Problem("unknown-key", message, span, help_text))
        elif key not in known and not key.startswith(OUTPUTS) and not is_figure(key):
            names = list_foreign_figures() if "(" in key else known
            fixes = _rename(key, names, span)
            help_text = "" if fixes else "the keys of `expect` are " + ", ".join(names)
            problems.append(Problem("unknown-key", f"unknown key `{key}` in `expect`", span, help_text, fixes=fixes))
        elif is_figure(key) and type(expected) not in (int, tuple):
            problems += _check_units(find_figure(key), expected, value_span)
    return problems


def _check_units(figure: Figure, expected: Value, span: Span) -> list[Problem]:
    from cnncalc.analysis.budgets import check_units  # for files with conditions
    from cnncalc.conditions import Condition, ConditionError

    try:
        if isinstance(expected, Condition):
            check_units(figure, expected)
    except ConditionError as error:
        return [Problem("bad-value", str(error), span)]
    return []


def _rename(key: str, known: Collection[str], span: Span) -> tuple[Fix, ...]:
    suggestion = spell_out(key, known)
    return (Fix(span, suggestion, f"did you mean `{suggestion}`?", guess=True),) if suggestion else ()


def check_expectations(expectations: Sequence[Expectation], report: Report, reference: Reference) -> list[Problem]:
    """Problems of expectations that the network does not meet, or that cannot be met. Those in bytes are as float32."""
    problems: list[Problem] = []
    for key, expected, key_span, span in expectations:
        name = key.removeprefix(OUTPUTS)
        if name == key:
            if is_figure(key) and not find_figure(key).of_device:
                problems += _check_figure(find_figure(key), expected, span, report, reference)
        elif name in report.outputs:
            problems += _compare(key, report.outputs[name], expected, span)
        else:
            known = f"its outputs: {', '.join(report.outputs) or 'none with a name'}"
            fixes = _rename(name, report.outputs, key_span)
            message = f"the network has no output `{name}`"
            problems.append(Problem("unknown-name", message, key_span, known, fixes=fixes))
    return problems


def _check_figure(figure: Figure, expected: Value, span: Span, report: Report, reference: Reference) -> list[Problem]:
    if type(expected) in (int, tuple):
        return _compare(figure.name, figure.measure_network(report), expected, span)
    from cnncalc.analysis.budgets import Budget, check_budget  # for files with conditions
    from cnncalc.conditions import Condition, ConditionError

    if not isinstance(expected, Condition):
        return _compare(figure.name, figure.measure_network(report), expected, span)
    if _check_units(figure, expected, span):  # reported with the keys
        return []
    try:
        return check_budget(Budget(figure, expected, span), report, reference)
    except ConditionError as error:
        return [Problem("bad-value", str(error), span)]
    except Mistake as mistake:
        return [mistake.problem]


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
