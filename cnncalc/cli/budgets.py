"""`--limit`: conditions that the figures of a network must meet, or the command ends with exit code 1."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cnncalc.analysis.figures import Dtype
from cnncalc.cli import options
from cnncalc.cli.messages import note

if TYPE_CHECKING:
    from cnncalc.analysis.budgets import Budget
    from cnncalc.analysis.report import Report
    from cnncalc.analysis.roofline import Device
    from cnncalc.errors import Problem, Span


def parse(text: str) -> Any:
    """A condition with its figure. Raises UsageError."""
    from cnncalc.analysis.budgets import parse_budget

    return parse_budget(text)


LIMIT_HELP = "A condition that must hold, e.g. 'macs <= 300 M', else exit code 1; repeatable."
Limits = Annotated[list[Any] | None, options.option("--limit", metavar="CONDITION", parser=parse, help=LIMIT_HELP)]


def find_missed(
    budgets: Sequence[Any] | None,
    report: "Report",
    first: "Report | None" = None,
    dtype: Dtype = Dtype.float32,
    *,
    name: str = "",
) -> "list[Problem]":
    """The budgets that a network misses; shares without a name are of `first`.

    `name` is added if several networks are checked against them. Raises UsageError for a share of nothing.
    """
    if not budgets:
        return []
    from cnncalc.analysis.budgets import check_budget
    from cnncalc.conditions import ConditionError
    from cnncalc.errors import Note, UsageError

    found = []
    try:
        for budget in budgets:
            found += check_budget(budget, report, _read_reference, first, dtype)
    except ConditionError as error:
        raise UsageError(f"--limit: {error}") from None
    return [problem._replace(notes=(*problem.notes, Note(f"of {name}"))) for problem in found] if name else found


def note_missed(budgets: Sequence[Any] | None, report: "Report", dtype: Dtype) -> None:
    """Report the budgets that a network misses after the command."""
    note(find_missed(budgets, report, dtype=dtype))


def _read_reference(name: str, _: "Span") -> "Report":
    from cnncalc.cli.reading import read

    return read(name).require_report()


def measure_wholes(budgets: Sequence[Any] | None, dtype: Dtype, device: "Device | None") -> "list[tuple[Budget, Any]]":
    """Conditions, each with the figure that its shares are of, None without shares. Raises UsageError."""
    if not budgets:
        return []
    from cnncalc.analysis.budgets import measure_whole
    from cnncalc.conditions import ConditionError
    from cnncalc.errors import UsageError

    try:
        return [(budget, measure_whole(budget, _read_reference, None, dtype, device)) for budget in budgets]
    except ConditionError as error:
        raise UsageError(f"--limit: {error}") from None
