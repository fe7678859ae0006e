"""The totals of a network by ours and other conventions, and what its parts have of them, for `search`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from math import prod

from cnncalc.analysis.report import LayerReport, Report
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
    - `is_doubled`: whether others may count each multiply-accumulate as two; `is_by_batch`: whether it is
      proportional to the batch.
    """

    counts: str
    tool: str
    title: str
    value: int
    make_ledger: Callable[[], Ledger]
    parts: tuple[tuple[str, int], ...]
    is_doubled: bool = False
    is_by_batch: bool = False


class Totals:
    """Counts one network; `name` is that of a bundled one."""

    def __init__(self, report: Report, name: str = "") -> None:
        self.report = report
        self.name = name
        self._own: dict[str, Own | None] = {}  # by library
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
            of_layers = Counter({at: layer.parameters for at, layer in enumerate(layers)})
            parts = self._list_parts(of_layers, own.parameters)
            if own.biases:
                parts += ((BIASES, -own.biases),)
            yield Total(PARAMETERS, "", "", own.parameters, lambda: _same(own.parameters), parts)
        if what != "parameters":
            of_layers = Counter({at: _count_macs(layer) for at, layer in enumerate(layers)})
            macs = own.work.macs
            parts = self._list_parts(of_layers, macs)
            yield Total(OPERATIONS, "", "", macs, lambda: _same(macs), parts, is_doubled=True, is_by_batch=True)

    def count_by(self, convention: Convention, what: What) -> Iterator[Total]:
        """The totals by a convention; also on the code of the library that has the network, if that is known."""
        yield from self._count_calls(convention, what, convention.title, self._calls)
        library = find_library(convention)
        if self.name and library not in self._own:
            self._own[library] = own(convention, self.name, self.report)
        if written := self._own.get(library):
            title = f"{convention.title} on {written.library}'s own code"
            yield from self._count_calls(convention, what, title, written.calls)

    def _count_calls(self, convention: Convention, what: What, title: str, calls: Sequence[Call]) -> Iterator[Total]:
        prepared = convention.prepare([*calls], self.report) if convention.prepare else calls

        def make_ledger(counts: str) -> Ledger:
            counted = convention.apply(self.report, calls)
            ledger = counted.parameters if counts == PARAMETERS else counted.operations
            assert ledger
            return ledger

        if convention.parameters is not None and what in ("", "parameters"):
            of_layers = _sum_by_layer(prepared, convention.count_parameters)
            assert of_layers is not None
            value = sum(of_layers.values())
            parts = self._list_parts(of_layers, value)
            yield Total(PARAMETERS, convention.name, title, value, lambda: make_ledger(PARAMETERS), parts)
        if convention.per_mac and what != "parameters":
            of_layers = _sum_by_layer(prepared, convention.count_operations)
            if of_layers is None:
                return
            value = sum(of_layers.values())
            without = _sum_by_layer([_drop_bias(call) for call in prepared], convention.count_operations)
            parts = self._list_parts(of_layers, value)
            if without and (biases := value - sum(without.values())):
                parts += ((BIASES, -biases),)
            yield Total(
                OPERATIONS, convention.name, title, value, lambda: make_ledger(OPERATIONS), parts,
                is_doubled=convention.per_mac == 1, is_by_batch=convention.name not in DIVIDES,
            )  # fmt: skip

    def _list_parts(self, of_layers: Counter[int], total: int) -> tuple[tuple[str, int], ...]:
        """The parts that can be left out, where these have a share in a total."""
        amounts = ((text, sum(of_layers[at] for at in indexes)) for text, indexes in self.left_out.items())
        return tuple((text, -amount) for text, amount in amounts if 0 < amount < total)


def _same(value: int) -> Ledger:
    return Ledger(value, (), value)


def _count_macs(layer: LayerReport) -> int:
    return layer.work.macs


def _sum_by_layer(calls: Sequence[Call], count: Callable[[Call], Count | None]) -> Counter[int] | None:
    """The sums of calls by layer; None if one of them is not known. Calls that are alike are counted once."""
    known: dict[Call, int] = {}
    sums: Counter[int] = Counter()
    for call in calls:
        key = call._replace(layer=0)
        number = known.get(key)
        if number is None:
            found = count(call)
            if found is None:
                return None
            number = known[key] = found.measure(call)
        sums[call.layer] += number
    return sums


def _drop_bias(call: Call) -> Call:
    """A product without its bias."""
    return call._replace(biases=0, adds_bias=False) if call.work in PRODUCTS else call


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
