"""A convention: the rules of one tool, and what they give for a report, with ledgers from our figures to the tool's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import Call
from cnncalc.conventions.counts import COUNTED_HERE, MACS, OWN, Count, Rules
from cnncalc.conventions.ledger import Ledger, make_ledger
from cnncalc.conventions.written import calls_of
from cnncalc.records import NamedTuple


class LayerCount(NamedTuple):
    """What a tool counts for one layer of the report; None for what it does not count, or if it is not known."""

    parameters: int | None = None
    operations: int | None = None


class Counted(NamedTuple):
    """The figures of a convention for a network.

    - `layers`: those of each layer of the report, in its order, so that columns add up to the totals.
    - `parameters`, `operations`: the totals with their ledgers; None for a figure that the tool does not have, or if
      something in it is not known.
    - `unknown`: the layers whose operations are not known, by their index in the report.
    """

    convention: Convention
    layers: tuple[LayerCount, ...]
    parameters: Ledger | None
    operations: Ledger | None
    unknown: tuple[int, ...] = ()

    @property
    def totals(self) -> tuple[int | None, int | None]:
        """The totals of parameters and operations."""
        return self.parameters and self.parameters.theirs, self.operations and self.operations.theirs


class Own(NamedTuple):
    """How a library builds a network itself: the calls, and how they differ from those of `export`, as a clause."""

    library: str
    calls: list[Call]
    text: str


class Convention(NamedTuple):
    """The rules of one tool.

    - `name`: as `--convention` takes it; `title`: as it is printed; `version`: that the rules were read from.
    - `url`: of the source at that version; the places of rules are in it.
    - `unit`: what it calls its operations; `per_mac`: how many of them a multiply-accumulate is. "" and 0 for a tool
      that counts no operations.
    - `operations`: a rule for each kind of work; one without a rule is not known.
    - `parameters`: rules for the kinds of work whose parameters it does not count as they are; None if it counts none.
    - `prepare`: changes the calls as the tool's own steps change the network, e.g. folds batch norms; it returns the
      same list if nothing changes.
    - `notes`: where it crashes, and what its figure depends on.
    """

    name: str
    title: str
    version: str
    url: str
    unit: str
    per_mac: int
    operations: Rules
    parameters: Rules | None
    prepare: Callable[[list[Call], Report], list[Call]] | None = None
    notes: Sequence[str] = ()

    def count_operations(self, call: Call) -> Count | None:
        """How the operations of a call are counted; None if it is not known."""
        rule = self.operations.get(call.work)
        return rule.count_of(call) if rule else None

    def count_parameters(self, call: Call) -> Count:
        """How the parameters of a call are counted."""
        rule = (self.parameters or {}).get(call.work)
        return (rule.count_of(call) if rule else None) or OWN

    def apply(self, report: Report, calls: Sequence[Call] | None = None) -> Counted:
        """The figures for a report; `calls` are those of another way to write it than that of `export`."""
        found = calls_of(report) if calls is None else [*calls]
        if self.prepare:
            found = self.prepare(found, report)
        parameters = None if self.parameters is None else [(call, self.count_parameters(call)) for call in found]
        operations = [(call, self.count_operations(call)) for call in found] if self.per_mac else None
        known = [(call, count) for call, count in operations or () if count is not None]
        unknown = {call.layer for call, count in operations or () if count is None}
        columns = [
            _by_layer(counts, len(report.layers), () if counts is parameters else unknown)
            for counts in (parameters, None if operations is None else known)
        ]
        own = report.totals
        return Counted(
            self,
            tuple(map(LayerCount, *columns)),
            None if parameters is None else make_ledger(own.parameters, parameters, COUNTED_HERE),
            None if operations is None or unknown else make_ledger(own.work.macs, known, MACS, self.per_mac),
            tuple(sorted(unknown)),
        )


def _by_layer(counted: Sequence[tuple[Call, Count]] | None, layers: int, unknown: Collection[int]) -> list[int | None]:
    """The sums of calls by their layers; None for all if nothing is counted, and for layers that are not known."""
    if counted is None:
        return [None] * layers
    sums = [0] * layers
    for call, count in counted:
        sums[call.layer] += count.measure(call)
    return [None if at in unknown else number for at, number in enumerate(sums)]
