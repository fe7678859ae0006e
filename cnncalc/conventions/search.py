"""Which conventions give a printed figure: the combinations of a tool with other departures that do, best first.

A variant is the network as its file has it, or with another input or param, or a bundled sibling: `reconciling` makes
them. Here each is counted by all conventions (`totals`), as a whole and without some of its layers, once and twice.
Nothing is guessed: each answer was computed, and its ledger leads to it from our figure of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from cnncalc.analysis.report import Report
from cnncalc.conventions import ALL, named
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.ledger import Ledger, Line
from cnncalc.conventions.totals import PARAMETERS, Total, Totals
from cnncalc.records import NamedTuple
from cnncalc.rounded import Fit, Rounded

ANSWERS = 5
DEPARTURES = 3  # at most
FURTHER = 1  # departures than the best answer has
BATCHES = (4, 8, 16, 32, 64, 128, 256)
TOOLS = [name for name in ALL if name not in ("torchvision", "papers")]  # which count as we do
TWICE, HALF = "× 2", "÷ 2"


class Variant(NamedTuple):
    """A network to count: its departures from the file in words, and its report; `name` is that of a bundled one."""

    departures: tuple[str, ...]
    make: Callable[[], Report | None]
    layers: int  # about how many it has
    name: str = ""


class Step(NamedTuple):
    """A departure within a variant, in words, and what it adds to the figure so far."""

    text: str
    amount: int


class Answer(NamedTuple):
    """A combination that was tried: what it counts, its departures, and the ledger from our figure of the file.

    `by_tool` if another tool counts; `others` are departures that give the same number.
    """

    counts: str  # PARAMETERS or OPERATIONS
    departures: tuple[str, ...]
    ledger: Ledger
    figure: Rounded  # in the unit in which it fits, or is nearest
    by_tool: bool = False
    others: tuple[tuple[str, ...], ...] = ()

    @property
    def fit(self) -> Fit | None:
        """How its number gives the figure; None if it does not."""
        return self.figure.fit(self.ledger.theirs)


class Outcome(NamedTuple):
    """The answers, the best first; without any the nearest. `tried` combinations; not `complete` if some were not."""

    answers: tuple[Answer, ...]
    nearest: Answer | None
    tried: int
    complete: bool


class _Try(NamedTuple):
    """A combination with its value, of which a ledger is only made for an answer."""

    variant: tuple[str, ...]  # its departures
    total: Total
    steps: tuple[Step, ...]
    figure: Rounded

    @property
    def value(self) -> int:
        return self.total.value + sum(step.amount for step in self.steps)

    @property
    def departures(self) -> tuple[str, ...]:
        tool = (self.total.title,) if self.total.title else ()
        return (*self.variant, *tool, *(step.text for step in self.steps))

    @property
    def cost(self) -> int:
        """Its departures; a factor that what the figure says it counts accounts for is none."""
        departures = self.departures
        return len(departures) - ({"flops": TWICE, "macs": HALF}.get(self.figure.what, "") in departures)

    @property
    def distance(self) -> Fraction:
        return abs(self.value - self.figure.number) / (self.figure.number or 1)

    @property
    def rank(self) -> tuple[int, bool, Fraction]:
        """The smaller the better: departures, then how far it is."""
        return self.cost, self.figure.fit(self.value) == Fit.coarse, self.distance

    def goes_further_than(self, other: _Try) -> bool:
        """Whether it departs as another does and further still, with the same tool; or with a tool where that has none.

        A tool alone is another answer than the file as it is.
        """
        if self.total.counts != other.total.counts:
            return False
        less, more = ({*each.variant, *(step.text for step in each.steps)} for each in (other, self))
        if self.total.tool == other.total.tool:
            return less < more
        return other.total.tool == "" and bool(less) and less <= more


def search(figure: Rounded, variants: Sequence[Variant], limit: int, tools: Sequence[str] = ()) -> Outcome:
    """Search for a figure among variants, of which the first is the file as it is.

    `limit` bounds the layers of all variants, as they are made and as others count them; `tools` are the conventions
    to try, all if there are none. Raises UsageError for the name of one that does not exist.
    """
    return _Search(figure, limit, list(map(named, tools or TOOLS))).run(variants)


class _Search:
    def __init__(self, figure: Rounded, limit: int, conventions: Sequence[Convention]) -> None:
        self.conventions = conventions
        self.scalings = [*figure.scalings()]
        self.what = figure.what
        self.left = limit
        self.tried = 0
        self.complete = True
        self.found: dict[tuple[object, ...], _Try] = {}
        self.nearest: _Try | None = None
        self.base: Report | None = None

    def run(self, variants: Sequence[Variant]) -> Outcome:
        """Try what has fewest departures first, as long as it may be among the answers."""
        made: list[tuple[Variant, Totals]] = []
        for departures in range(DEPARTURES + 1):
            if departures > self._most_departures:
                break
            for variant, totals in made:
                if len(variant.departures) == departures - 1:
                    self._try_all(variant, self._iterate_conventions(totals))
            for variant in variants:
                own = self._make(variant) if len(variant.departures) == departures else None
                if own:
                    made.append((variant, own))
                    self._try_all(variant, own.count_ours(self.what))
        answers = self._list_tries()[:ANSWERS]
        if answers or not self.nearest:
            found = tuple(self._answer(first, others) for first, *others in answers)
            return Outcome(found, None, self.tried, self.complete)
        return Outcome((), self._answer(self.nearest, ()), self.tried, self.complete)

    def _make(self, variant: Variant) -> Totals | None:
        """Make a variant, if the limit allows and it has no errors."""
        if self.base and not self._take(variant.layers):
            return None
        report = variant.make()
        if report is None or not report.complete:
            return None
        self.base = self.base or report
        return Totals(report, variant.name)

    def _iterate_conventions(self, totals: Totals) -> Iterator[Total]:
        if self._take(len(totals.report.layers)):
            for convention in self.conventions:
                yield from totals.count_by(convention, self.what)

    def _take(self, layers: int) -> bool:
        """Whether the limit allows to make or to count so many layers."""
        if layers > self.left:
            self.complete = False
            return False
        self.left -= layers
        return True

    def _try_all(self, variant: Variant, totals: Iterator[Total]) -> None:
        """Try totals as they are, without parts, twice, and of the file itself for a batch."""
        for total in totals:
            for part in ((), *((Step(text, amount),) for text, amount in total.parts)):
                value = total.value + sum(step.amount for step in part)
                self._try(variant, total, part)
                if total.per_mac == 1:
                    self._try(variant, total, (*part, Step(TWICE, value)))
                elif total.per_mac == 2 and value % 2 == 0:
                    self._try(variant, total, (*part, Step(HALF, -value // 2)))
                for batch in BATCHES if total.is_by_batch and not variant.departures else ():
                    self._try(variant, total, (*part, Step(f"a batch of {batch}", (batch - 1) * value)))

    def _try(self, variant: Variant, total: Total, steps: tuple[Step, ...]) -> None:
        """Keep a combination if it gives the figure, and the nearest of all."""
        self.tried += 1
        for figure in self.scalings:
            tried = _Try(variant.departures, total, steps, figure)
            if tried.cost > DEPARTURES:
                continue
            if figure.fit(tried.value) is not None:
                key = total.counts, total.tool, variant.departures, tuple(step.text for step in steps)
                known = self.found.get(key)
                if known is None or tried.distance < known.distance:
                    self.found[key] = tried
            if self.nearest is None or (tried.distance, tried.cost) < (self.nearest.distance, self.nearest.cost):
                self.nearest = tried

    @property
    def _most_departures(self) -> int:
        """With more than these, nothing can be among the answers any more."""
        answers = self._list_tries()
        last = answers[ANSWERS - 1][0].cost if len(answers) >= ANSWERS else DEPARTURES
        return min(last, answers[0][0].cost + FURTHER) if answers else DEPARTURES

    def _list_tries(self) -> list[list[_Try]]:
        """What gives the figure, the best first; those with the same number together.

        One that goes further than another explains no more, and is left out; so is what departs much further than the
        best.
        """
        most = min((each.cost for each in self.found.values()), default=0) + FURTHER
        kept: list[_Try] = []
        groups: dict[tuple[object, ...], list[_Try]] = {}
        for each in sorted(self.found.values(), key=lambda each: each.rank):
            if each.cost <= most and not any(each.goes_further_than(other) for other in kept):
                kept.append(each)
                groups.setdefault((each.total.counts, each.value), []).append(each)
        return list(groups.values())

    def _answer(self, tried: _Try, others: Sequence[_Try]) -> Answer:
        """The answer with its ledger: from our figure of the file to ours of the variant, to the tool's, by steps."""
        assert self.base
        own = tried.total.make_ledger()
        ours = self.base.totals.parameters if tried.total.counts == PARAMETERS else self.base.totals.work.macs
        moved = own.ours - ours
        lines = (
            *((Line("", ", ".join(tried.variant), moved),) if moved else ()),
            *own.lines,
            *(Line("", step.text, step.amount) for step in tried.steps),
        )
        ledger = Ledger(ours, lines, tried.value)
        same = tuple(other.departures for other in others)
        return Answer(tried.total.counts, tried.departures, ledger, tried.figure, bool(tried.total.tool), same)
