"""An architecture read and looked over: its report, and everything that is wrong or unwise in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from cnncalc.analysis.advice import advice
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.expect import check_expectations, check_keys
from cnncalc.analysis.report import Report
from cnncalc.errors import Problem, Problems, Source, failed
from cnncalc.network import Network
from cnncalc.spec.load import Loaded, load_source, open_architecture
from cnncalc.spec.repairs import COST_OF_STEP, LARGEST_TRIED, LONGEST_SOURCE, MOST_TRIED, confirmed


class Review(NamedTuple):
    """`report` goes as far as the network does, None where there is none; `problems` are in the order of the file."""

    report: Report | None
    problems: list[Problem]
    network: Network | None = None

    @property
    def failed(self) -> bool:
        """Whether a problem is an error."""
        return failed(self.problems)


def review(name: str, *, input: str | None = None, settings: Sequence[str] = (), promises: bool = True) -> Review:
    """Read an architecture (a path, a bundled name, "-") and look it over; `promises` says whether `expect` is checked.

    Repairs are offered where they were tried and hold. Raises UsageError for a wrong `input` or setting.
    """
    loaded = open_architecture(name, input=input, settings=settings)
    return review_loaded(loaded, input=input, settings=settings, promises=promises)


def review_loaded(
    loaded: Loaded, *, input: str | None = None, settings: Sequence[str] = (), promises: bool = True
) -> Review:
    """Look over what was read with these settings."""
    found = _look_over(loaded, promises)
    source = loaded.source
    if source is None or len(source.text) > LONGEST_SOURCE:
        return found._replace(problems=[problem._replace(fixes=()) for problem in found.problems])
    own = [
        problem._replace(fixes=tuple(fix for fix in problem.fixes if fix.span.source is source))
        for problem in found.problems
    ]

    def again(text: str) -> tuple[list[Problem], int]:
        reading = load_source(Source(source.name, text), loaded.path, input=input, settings=settings)
        return _look_over(reading, promises).problems, _cost(reading)

    return found._replace(problems=confirmed(own, _cost(loaded), again))


def _cost(loaded: Loaded) -> int:
    """What a reading took, in characters; more than there is room for where the network is too large to try repairs."""
    if loaded.network and len(loaded.network.nodes) > LARGEST_TRIED:
        return MOST_TRIED + 1
    return (len(loaded.source.text) if loaded.source else 0) + COST_OF_STEP * loaded.steps


def _look_over(loaded: Loaded, promises: bool) -> Review:
    """What can be said of what was read: promises and advice only where nothing is wrong so far."""
    problems = _Allowing(loaded.allow)
    for problem in loaded.problems:
        problems.add(problem)
    for problem in check_keys(loaded.expectations) if promises else ():
        problems.add(problem)
    report = None
    if loaded.network is not None:
        report = analyze(loaded.network)
        if loaded.network.complete and not problems.errors:
            for problem in advice(loaded.network, report):
                problems.add(problem)
            for problem in _weights(loaded.network, loaded):
                problems.add(problem)
            if promises:
                for problem in check_expectations(loaded.expectations, report):
                    problems.add(problem)
    return Review(report, _told(problems, loaded), loaded.network)


def _weights(network: Network, loaded: Loaded) -> list[Problem]:
    """What is wrong with the arrays that the file gives under `weights`."""
    if not loaded.has_weights or loaded.source is None:
        return []
    from cnncalc.execution.weights import check  # few files have any
    from cnncalc.spec.weights import weights_in

    given, unread = weights_in(loaded.source, loaded.path)
    return [*unread, *check(network, given, complete=False)[1]]


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


def _told(problems: _Allowing, loaded: Loaded) -> list[Problem]:
    """The problems in order; a reason that silences nothing is one of them."""
    if not problems.errors:
        for code, reason in loaded.own_allow.items():
            if code not in problems.silenced:
                message = f"`{code}` is allowed, but there is no such warning here"
                problems.add(Problem("unused-allow", message, reason.span, "leave it out"))
    return problems.sorted()
