"""Figures as other tools count them, by names like `macs(thop)`, for columns, `expect` and `--limit`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from cnncalc.analysis.figures import Dtype, Figure, Value
from cnncalc.analysis.report import Report
from cnncalc.conventions import ALL, named
from cnncalc.conventions.convention import Convention, Counted

NAME = re.compile(r"(parameters|macs|flops)\(([\w-]+)\)")


def list_figures(convention: Convention) -> Iterator[str]:
    """The names of the figures that a tool has: `macs(…)`, or `flops(…)` where a multiply-accumulate is two."""
    if convention.parameters is not None:
        yield f"parameters({convention.name})"
    if convention.per_mac:
        yield f"{'flops' if convention.per_mac > 1 else 'macs'}({convention.name})"


def list_names() -> list[str]:
    """The names of all these figures."""
    return [name for each in ALL for name in list_figures(named(each))]


class _Last:
    """Counts with a convention; the last report is counted once for its layers and its totals."""

    def __init__(self, convention: Convention) -> None:
        self.convention = convention
        self.report: Report | None = None
        self.counted: Counted | None = None

    def count(self, report: Report) -> Counted:
        if self.counted is None or self.report is not report:
            self.report, self.counted = report, self.convention.apply(report)
        return self.counted


@cache
def make_figure(name: str) -> Figure:
    """The figure of a name. Raises KeyError for one that there is not."""
    found = NAME.fullmatch(name)
    if found is None or found[2] not in ALL:
        raise KeyError(name)
    convention = named(found[2])
    if name not in list_figures(convention):
        raise KeyError(name)
    which = 0 if found[1] == "parameters" else 1
    last = _last_of(convention.name)

    def of_layers(report: Report, dtype: Dtype) -> Sequence[Value]:
        return [layer[which] for layer in last.count(report).layers]

    def of_report(report: Report, dtype: Dtype) -> Value:
        return last.count(report).totals[which]

    unit = convention.unit if which else "parameters"
    about = f"by the rules of {convention.title} {convention.version}".rstrip()
    title = f"{convention.name} {unit}"
    return Figure(name, title, title, unit, about, of_layers=of_layers, of_report=of_report)


@cache
def _last_of(name: str) -> _Last:
    return _Last(named(name))
