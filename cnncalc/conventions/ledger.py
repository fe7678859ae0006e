"""The ledger of a figure: what a tool counts more or less than we do, by kind of work, so that it adds up exactly."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc.conventions.calls import WORKS, Call
from cnncalc.conventions.counts import Count, Quantity
from cnncalc.records import NamedTuple


class Line(NamedTuple):
    """One difference between our figure and the tool's: `amount` is what the tool counts more.

    - `what`: the work, e.g. `batch norms`; "" for the factor of all multiply-accumulates.
    - `how`: it is counted, e.g. `2 for each of 11,113,984 input elements`; "" where `mistake` says it.
    - `mistake`: what the tool does wrong there, "" for what is a matter of convention.
    """

    what: str
    how: str
    amount: int
    mistake: str = ""

    @property
    def text(self) -> str:
        """What and how."""
        return ", ".join(filter(None, (self.what, self.how)))


class Ledger(NamedTuple):
    """From our figure to the tool's: `ours` plus the amounts of all lines is `theirs`."""

    ours: int
    lines: tuple[Line, ...]
    theirs: int


class _Entry(NamedTuple):
    """What is summed up in one line: a factor of a quantity, or all that differs for one kind of work."""

    work: str
    text: str
    factor: int
    noun: str
    mistake: str


def make_ledger(ours: int, counted: Iterable[tuple[Call, Count]], base: Quantity, factor: int = 1) -> Ledger:
    """The ledger of a figure.

    `base` is the quantity that `ours` is the sum of over all calls, of which the tool counts `factor` for each.
    """
    sums: dict[_Entry, int] = {}
    theirs = 0
    for call, count in counted:
        theirs += count.measure(call)
        own = base.measure(call)
        if own and count.factor_of(base) != factor:
            entry = _Entry(call.work, count.how, 1, "", count.mistake)
            sums[entry] = sums.get(entry, 0) + count.measure(call) - factor * own
            continue
        for each, quantity in count.terms:
            if quantity is not base:
                entry = _Entry(call.work, "", each, quantity.noun, count.mistake)
                sums[entry] = sums.get(entry, 0) + quantity.measure(call)
    order = {work: at for at, work in enumerate(WORKS)}
    lines = [Line("", f"{factor} operations for each {base.noun[:-1]}", (factor - 1) * ours)] if factor > 1 else []
    for entry, n in sorted(sums.items(), key=lambda item: order[item[0].work]):
        if n:
            amount = f"{n:,} {entry.noun}" if entry.factor > 1 else f"the {entry.noun}"
            how = f"{entry.factor} for each of {amount}" if entry.noun else entry.text
            lines.append(Line(WORKS[entry.work], how, n * entry.factor, entry.mistake))
    return Ledger(ours, tuple(lines), theirs)


def subtract(ledger: Ledger, other: Ledger) -> tuple[Line, ...]:
    """The lines that lead from the other's figure to the ledger's: those that only one of them has."""
    only = [line._replace(amount=-line.amount) for line in other.lines if line not in ledger.lines]
    return (*only, *(line for line in ledger.lines if line not in other.lines))
