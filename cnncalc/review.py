"""Collecting the problems of an architecture: errors, warnings, failed expectations, and the repairs that hold."""

from __future__ import annotations

from collections.abc import Collection

from cnncalc import limits
from cnncalc.analysis.advice import find_warnings
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.expect import Reference, check_expectations, check_keys
from cnncalc.analysis.report import Report
from cnncalc.errors import Problem, Problems, Source, Span
from cnncalc.network import Network
from cnncalc.spec.family import Description
from cnncalc.spec.load import Loaded, Overrides, load_source
from cnncalc.spec.repairs import COST_OF_STEP, EVALUATED_PER_BYTE, confirm_repairs


def review(loaded: Loaded, report: Report | None, overrides: Overrides, *, check_expect: bool) -> list[Problem]:
    """All problems of an architecture read with these overrides, in the order of the file.

    With `check_expect`, expectations are checked too. Repairs are offered only if they were tried and hold.
    """
    references: dict[str, Report] | None = {} if check_expect else None
    found = _look_over(loaded, report, references)
    source = loaded.source
    if source is None or len(source.text) > limits.REPAIR_CHARACTERS:
        return [problem._replace(fixes=()) for problem in found]
    own = [
        problem._replace(fixes=tuple(fix for fix in problem.fixes if fix.span.source is source)) for problem in found
    ]

    def read_again(text: str) -> tuple[list[Problem], int]:
        read = load_source(Source(source.name, text), loaded.path, overrides)
        return _look_over(read, read.network and analyze(read.network), references), _estimate_cost(read)

    return confirm_repairs(own, _estimate_cost(loaded), read_again)


def _estimate_cost(loaded: Loaded) -> int:
    """What a reading took, in bytes of all its files; more than is allowed where the network is too large."""
    if loaded.network and len(loaded.network.nodes) > limits.REPAIR_LAYERS:
        return limits.REPAIR_COST + 1
    assert loaded.source
    amount = loaded.source.amount
    return amount.bytes + COST_OF_STEP * loaded.steps + amount.evaluated // EVALUATED_PER_BYTE


def _look_over(loaded: Loaded, report: Report | None, references: dict[str, Report] | None) -> list[Problem]:
    """All problems; expectations and warnings are checked only if the file has no errors.

    `references` are the architectures that conditions name, as far as they are read; None if `expect` is not checked.
    """
    problems = _Allowing(loaded.allow)
    for problem in loaded.problems:
        problems.add(problem)
    sound = not problems.errors
    for problem in check_keys(loaded.expectations) if references is not None else ():
        problems.add(problem)
    network = loaded.network
    if network is not None and report is not None and network.complete and sound:
        for problem in find_warnings(network, report):
            problems.add(problem)
        for problem in (*_check_weights(network, loaded.description), *_check_published(loaded.description)):
            problems.add(problem)
        if references is not None:
            for problem in check_expectations(loaded.expectations, report, _reader(loaded, references)):
                problems.add(problem)
    if not problems.errors:
        for code, reason in loaded.own_allow.items():  # an entry that silences nothing
            if code not in problems.silenced:
                message = f"`{code}` is allowed, but there is no such warning here"
                problems.add(Problem("unused-allow", message, reason.span, "remove it"))
    return problems.sorted()


def _reader(loaded: Loaded, known: dict[str, Report]) -> Reference:
    """Return a function that reads the reports of the architectures that the conditions of a file name."""

    def read(name: str, span: Span) -> Report:
        if name not in known:
            from cnncalc.spec.references import read_reference  # few files name any

            known[name] = analyze(read_reference(name, span, loaded, known))
        return known[name]

    return read


def _check_weights(network: Network, description: Description | None) -> list[Problem]:
    """The problems of the arrays under `weights`."""
    if description is None or all(document.weights is None for document in description.documents):
        return []
    from cnncalc.execution.weights import check_weights  # few files have any
    from cnncalc.spec.weights import find_weights

    given, unread = find_weights(description)
    return [*unread, *check_weights(network, given, complete=False)[1]]


def _check_published(description: Description | None) -> list[Problem]:
    """The problems of conventions that are named under `published`."""
    given = [entry.convention for entry in (description.published if description else ()) if entry.convention]
    if not given:
        return []
    from cnncalc.conventions import ALL  # few files name any
    from cnncalc.spec.repairs import rename

    return [
        Problem(
            "unknown-name", f"unknown convention `{text.value}`", span, f"the conventions are {', '.join(ALL)}",
            fixes=rename(span, text.value, ALL),
        )
        for text in given for span in [text.span] if text.value not in ALL
    ]  # fmt: skip


class _Allowing(Problems):
    """Problems without the warnings that a file allows."""

    def __init__(self, allow: Collection[str]) -> None:
        super().__init__()
        self.allow = allow
        self.silenced: set[str] = set()

    def add(self, problem: Problem) -> None:
        if problem.code in self.allow:
            self.silenced.add(problem.code)
        else:
            super().add(problem)
