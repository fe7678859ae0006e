"""From ARCH to a report and problems, as every command needs it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.errors import Problem, Problems

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.network import Expectation


class Read(NamedTuple):
    """An architecture that was read: the report as far as it goes, and every problem."""

    report: "Report | None"
    problems: list[Problem]

    @property
    def failed(self) -> bool:
        """Whether a problem is an error."""
        return any(problem.severity == "error" for problem in self.problems)


def read(arch: str, input: str | None = None, settings: Sequence[str] | None = None, *, promises: bool = False) -> Read:
    """Read and analyze an architecture; with `promises`, hold it against its `expect` too."""
    from cnncalc.analysis.analyze import analyze
    from cnncalc.spec.load import open_architecture

    loaded = open_architecture(arch, input=input, settings=settings or ())
    if loaded.network is None:
        return Read(None, loaded.problems)
    found = Read(analyze(loaded.network), loaded.problems)
    return _held_to(loaded.expectations, found) if promises and not found.failed else found


def _held_to(expectations: "Sequence[Expectation]", found: Read) -> Read:
    """The same with the promises that are not kept among the problems."""
    from cnncalc.analysis.expect import check_expectations

    assert found.report is not None
    problems = Problems()
    problems.found = [*found.problems, *check_expectations(expectations, found.report)]
    return found._replace(problems=problems.sorted())
