"""Holding a report against what its file promises under `expect`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnncalc.analysis.report import Report
from cnncalc.errors import Fix, Problem
from cnncalc.layers.fields import Value, show
from cnncalc.nearest import nearest
from cnncalc.network import Expectation


def _receptive_field(report: Report) -> Value:
    """Size on every axis at the last map that has one, what sees the whole input through a global pool left out."""
    for layer in reversed(report.layers):
        if layer.receptive_field and not layer.whole:
            return layer.receptive_field.size
    return ()


# What a file can promise: each key with the value that the report has for it.
PROMISES: dict[str, Callable[[Report], Value]] = {
    "parameters": lambda report: report.totals.parameters,
    "weights": lambda report: report.totals.weights,
    "biases": lambda report: report.totals.biases,
    "buffers": lambda report: report.totals.buffers,
    "macs": lambda report: report.totals.work.macs,
    "multiplications": lambda report: report.totals.work.multiplications,
    "activations": lambda report: report.totals.activations,
    "layers": lambda report: len(report.layers),
    "output": lambda report: report.output,
    "receptive_field": _receptive_field,
}


def unknown_promises(expectations: Sequence[Expectation]) -> list[Problem]:
    """A problem `unknown-key` for each promise that is none."""
    problems = []
    for key, _, span, _ in expectations:
        if key not in PROMISES:
            meant = nearest(key, PROMISES)
            fixes = (Fix(span, meant, f"did you mean `{meant}`?"),) if meant else ()
            help_text = "it can be one of " + ", ".join(PROMISES)
            problems.append(Problem("unknown-key", f"`expect` knows no `{key}`", span, help_text, fixes=fixes))
    return problems


def check_expectations(expectations: Sequence[Expectation], report: Report) -> list[Problem]:
    """A problem `expect-mismatch` for each promise that the network does not keep."""
    problems = []
    for key, promised, _, span in expectations:
        if key not in PROMISES:
            continue
        found = PROMISES[key](report)
        if found != promised:
            difference = ""
            if isinstance(found, int) and isinstance(promised, int):
                difference = f", {abs(found - promised):,} {'more' if found > promised else 'fewer'}"
            message = f"`{key}` is {_shown(found)}, but {_shown(promised)} is expected{difference}"
            problems.append(Problem("expect-mismatch", message, span))
    return problems


def _shown(value: Value) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else show(value)
