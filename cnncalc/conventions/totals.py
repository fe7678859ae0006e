"""The totals of a network by ours and other conventions, and what its parts have of them, for `search`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from math import prod

from cnncalc.analysis.report import Report
from cnncalc.conventions import find_library, own
from cnncalc.conventions.calls import PRODUCTS, Call
from cnncalc.conventions.convention import Convention, Own
from cnncalc.conventions.counts import Count
from cnncalc.conventions.ledger import Ledger
from cnncalc.conventions.written import calls_of
from cnncalc.records import NamedTuple
from cnncalc.rounded import What

PARAMETERS, OPERATIONS = "parameters", "operations"
DIVIDES = ("ptflops",)  # which divides what its modules do by the batch
BIASES = "without biases"


class Total(NamedTuple):
    """A total of a network by one convention.

    - `counts`: PARAMETERS or OPERATIONS; `tool`, `title`: of the convention, "" for ours.
    - `parts`: what is subtracted without some layers or numbers, each in words.
    - `per_mac`: how many operations a multiply-accumulate is, 0 for parameters: others may count it as two, or as one.
    - `is_by_batch`: whether it is proportional to the batch.
    """

    counts: str
    tool: str
    title: str
    value: int
    make_ledger: Callable[[], Ledger]
    parts: tuple[tuple[str, int], ...]
    per_mac: int
    is_by_batch: bool


class Tally(NamedTuple):
    """Calls that differ in their layers only, with how often they occur: in all layers, and in each part of these."""

    call: Call
    times: list[int]


class Sums(NamedTuple):
    """What a convention counts of all layers, of each part, and of biases alone."""

    total: int
    parts: tuple[int, ...]
    biases: int


class Totals:
    """Counts one network; `name` is that of a bundled one.

    Calls that are alike are counted once, and tallied once for all conventions that change none of them.
    """

    def __init__(self, report: Report, name: str = "") -> None:
        self.report = report
        self.name = name
        self._own: dict[str, Own | None] = {}  # by library
        self._tallies: list[tuple[list[Call], list[Tally]]] = []  # of the lists that conventions begin with
        self.left_out = {
            "without the classifier": find_classifier(report),
            "without the heads": find_heads(report),
        }

    @cached_property
    def _calls(self) -> list[Call]:
        return calls_of(self.report)

    def count_ours(self, what: What) -> Iterator[Total]:
        """Our own totals, of parameters if these are asked for."""
        layers, own = self.report.layers, self.report.totals
        if what in ("", "parameters"):
            parts = [sum(layers[at].parameters for at in indexes) for indexes in self.left_out.values()]
            sums = Sums(own.parameters, tuple(parts), own.biases)
            yield self._make(PARAMETERS, None, "", sums, lambda: _same(own.parameters))
        if what != "parameters":
            parts = [sum(layers[at].work.macs for at in indexes) for indexes in self.left_out.values()]
            sums = Sums(own.work.macs, tuple(parts), 0)
            yield self._make(OPERATIONS, None, "", sums, lambda: _same(own.work.macs))

    def count_by(self, convention: Convention, what: What) -> Iterator[Total]:
        """The totals by a convention; also on the code of the library that has the network, if that is known."""
        yield from self._count_calls(convention, what, convention.title, self._calls)
        library = find_library(convention)
        if self.name and library not in self._own:
            self._own[library] = own(convention, self.name, self.report)
        if written := self._own.get(library):
            title = f"{convention.title} on {written.library}'s own code"
            yield from self._count_calls(convention, what, title, written.calls)

    def _count_calls(self, convention: Convention, what: What, title: str, calls: list[Call]) -> Iterator[Total]:
        tallies = self._tally(calls, convention.prepare(calls, self.report) if convention.prepare else calls)

        def make_ledger(counts: str) -> Ledger:
            counted = convention.apply(self.report, calls)
            ledger = counted.parameters if counts == PARAMETERS else counted.operations
            assert ledger
            return ledger

        if convention.parameters is not None and what in ("", "parameters"):
            sums = self._sum_up(tallies, convention.count_parameters)
            assert sums
            yield self._make(PARAMETERS, convention, title, sums._replace(biases=0), lambda: make_ledger(PARAMETERS))
        if convention.per_mac and what != "parameters":
            sums = self._sum_up(tallies, convention.count_operations)
            if sums:
                yield self._make(OPERATIONS, convention, title, sums, lambda: make_ledger(OPERATIONS))

    def _make(
        self, counts: str, tool: Convention | None, title: str, sums: Sums, make_ledger: Callable[[], Ledger]
    ) -> Total:
        """A total, with the parts that have a share in it."""
        amounts = zip(self.left_out, sums.parts, strict=True)
        parts = tuple((text, -amount) for text, amount in amounts if 0 < amount < sums.total)
        if sums.biases:
            parts += ((BIASES, -sums.biases),)
        per_mac = tool.per_mac if tool else 1
        name = tool.name if tool else ""
        is_by_batch = counts == OPERATIONS and name not in DIVIDES
        factor = per_mac if counts == OPERATIONS else 0
        return Total(counts, name, title, sums.total, make_ledger, parts, factor, is_by_batch)

    def _tally(self, calls: list[Call], prepared: list[Call]) -> list[Tally]:
        """The calls that a convention has prepared from others, as tallies: known ones if it has changed nothing."""
        if prepared is not calls:
            return self._count_alike(prepared)
        for known, tallies in self._tallies:
            if known is calls:
                return tallies
        tallies = self._count_alike(calls)
        self._tallies.append((calls, tallies))
        return tallies

    def _count_alike(self, calls: list[Call]) -> list[Tally]:
        found: dict[tuple[object, ...], Tally] = {}
        parts = [*self.left_out.values()]
        for call in calls:
            key = call[1:]
            tally = found.get(key)
            if tally is None:
                tally = found[key] = Tally(call, [0] * (1 + len(parts)))
            tally.times[0] += 1
            for at, indexes in enumerate(parts, 1):
                if call.layer in indexes:
                    tally.times[at] += 1
        return [*found.values()]

    def _sum_up(self, tallies: Sequence[Tally], count: Callable[[Call], Count | None]) -> Sums | None:
        """What is counted of all calls; None if one of them is not known."""
        sums = [0] * (1 + len(self.left_out))
        biases = 0
        for call, times in tallies:
            found = count(call)
            if found is None:
                return None
            number = found.measure(call)
            if not number:
                continue
            if call.bias and call.work in PRODUCTS:
                biases += times[0] * (number - found.measure(call._replace(biases=0, adds_bias=False)))
            for at, n in enumerate(times):
                sums[at] += n * number
        return Sums(sums[0], tuple(sums[1:]), biases)


def _same(value: int) -> Ledger:
    return Ledger(value, (), value)


def find_classifier(report: Report) -> frozenset[int]:
    """The layers after the last map, from the first with parameters on, by index; none if the output is a map."""
    last = next((at for at in reversed(range(len(report.layers))) if prod(report.layers[at].output[1:]) > 1), -1)
    after = range(last + 1, len(report.layers))
    first = next((at for at in after if report.layers[at].parameters), len(report.layers))
    return frozenset(range(first, len(report.layers)))


def find_heads(report: Report) -> frozenset[int]:
    """The layers that only named outputs need, beside one without a name; none if there is no such output."""
    if not report.outputs or len(report.ends) == len(report.outputs):
        return frozenset()
    needed: set[int] = set()
    waiting = [report.ends[0]]  # the output without a name is the first
    while waiting:
        at = waiting.pop()
        if at >= 0 and at not in needed:
            needed.add(at)
            waiting += report.layers[at].sources
    return frozenset(range(len(report.layers))) - needed
