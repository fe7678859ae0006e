"""What accounts for a published figure: the convention and the input that it names, and what they give."""

from __future__ import annotations

from fractions import Fraction

from cnncalc.analysis.report import Report
from cnncalc.conventions import named
from cnncalc.conventions.convention import Convention, Counted
from cnncalc.conventions.ledger import Ledger
from cnncalc.given import Published
from cnncalc.records import NamedTuple
from cnncalc.rounded import Fit, Rounded


class Explained(NamedTuple):
    """One published figure with what is computed for it.

    - `name`: `parameters`, `macs` or `flops`.
    - `value`: by the convention that it names at its input; None if that is not known.
    - `ours`: the same by our convention, at that input.
    - `ledger`: from ours to the convention's, None where it names none.
    """

    name: str
    figure: Rounded
    entry: Published
    value: Fraction | None
    ours: int
    ledger: Ledger | None

    @property
    def fit(self) -> Fit | None:
        """How the value gives the figure, None if it does not."""
        return None if self.value is None else self.figure.fit(self.value)


def resize(input: int | tuple[int, ...] | None, own: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the input at which a figure is published, for one of this shape in the file.

    >>> resize(None, (3, 224, 224)), resize(480, (3, 224, 224)), resize((1, 28, 28), (3, 224, 224))
    ((3, 224, 224), (3, 480, 480), (1, 28, 28))
    """
    if isinstance(input, int):
        return own[:1] + (input,) * len(own[1:]) if len(own) > 1 else (input,)
    return input or own


def explain(entry: Published, report: Report) -> list[Explained]:
    """The figures of an entry, with the report of the network at its input. Raises UsageError for its convention."""
    convention = named(entry.convention.value) if entry.convention else None
    counted = convention.apply(report) if convention else None
    found = []
    for name, figure in entry.figures.items():
        factor = 2 if name == "flops" else 1
        ours = report.totals.parameters if name == "parameters" else factor * report.totals.work.macs
        value: Fraction | None = Fraction(ours)
        ledger = None
        if convention and counted:
            ledger = counted.parameters if name == "parameters" else counted.operations
            value = _scale(convention, counted, name) if ledger else None
        found.append(Explained(name, figure, entry, value, ours, ledger))
    return found


def _scale(convention: Convention, counted: Counted, name: str) -> Fraction:
    """A total in the unit of a published figure: macs as one each, flops as two."""
    if name == "parameters":
        assert counted.parameters
        return Fraction(counted.parameters.theirs)
    assert counted.operations
    per = Fraction(2 if name == "flops" else 1, convention.per_mac)
    return counted.operations.theirs * per
