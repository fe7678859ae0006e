"""`cnncalc reconcile`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.analysis.report import Report
    from cnncalc.reading import Reading
    from cnncalc.render.reconcile import Side
    from cnncalc.render.view import View

CONVENTION_HELP = "Only this tool, e.g. thop; repeatable."
Conventions = Annotated[
    list[str] | None,
    options.option("--convention", metavar="NAME", help=CONVENTION_HELP, autocompletion=options.complete_convention),
]


Figure = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FIGURE]", help="A printed figure, e.g. 4.13G or 8.2 GFLOPs: which conventions give it."),
]


def reconcile(
    arch: options.Arch,
    figure: Figure = None,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    conventions: Conventions = None,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Show what other tools count, and why it is not what cnncalc counts.

    Beneath each figure is a ledger from ours to the tool's, which adds up exactly. What a tool gets wrong is called a
    mistake. Nothing is run: the rules are read from the sources of the tools. With FIGURE, as a paper or a README
    prints it, show which tools give it to its digits, for this network, other inputs, without its classifier, heads or
    biases, for a batch, or for bundled siblings: those with fewest departures. The exit code is 1 if none does.
    """
    view = make_view(output, width, color)
    reading = read(arch, inputs, settings)
    report = reading.require_report()
    if figure:
        return _find(reading, " ".join(figure), (inputs or (), settings or (), conventions or ()), format, view, output)
    sides = _count(reading, report, conventions)
    from cnncalc.render import reconcile as of_sides

    text = write_table(
        format, view,
        document=lambda view: of_sides.describe_sides(report, sides, view),
        json=lambda: of_sides.dump_sides(report, sides),
        csv=lambda: of_sides.write_sides_csv(sides),
    )  # fmt: skip
    emit(text, output)
    return 0


def _find(
    reading: "Reading", text: str, given: "tuple[Sequence[str], ...]", format: TableFormat, view: "View",
    output: str | None,
) -> int:  # fmt: skip
    """Show which conventions give a figure. Raises UsageError if it is none."""
    from cnncalc.errors import UsageError
    from cnncalc.reconciling import reconcile
    from cnncalc.render import search
    from cnncalc.rounded import RoundedError, parse_figure

    try:
        figure = parse_figure(text)
    except RoundedError as error:
        raise UsageError(str(error)) from None
    outcome = reconcile(reading, figure, *given)
    report = reading.require_report()
    entries = reading.description.published if reading.description else ()
    sources = [
        entry.source.value
        for entry in entries
        if entry.source and any(figure.number == printed.number for printed in entry.figures.values())
    ]
    shown = write_table(
        format, view,
        document=lambda view: search.describe_outcome(report, figure.text, outcome, sources),
        json=lambda: search.dump_outcome(report, figure.text, outcome, sources),
        csv=lambda: search.write_outcome_csv(outcome),
    )  # fmt: skip
    emit(shown, output)
    return int(not outcome.answers)


def _count(reading: "Reading", report: "Report", names: "Sequence[str] | None") -> "list[Side]":
    """What the tools count, all or those of these names. Raises UsageError."""
    from cnncalc.conventions import NAMES, named, own
    from cnncalc.conventions.written import calls_of
    from cnncalc.render.reconcile import Side

    calls = calls_of(report)
    sides = []
    for convention in [named(name) for name in names or NAMES]:
        counted = convention.apply(report, calls)
        written = own(convention, reading.bundled, report) if reading.bundled else None
        of_own = convention.apply(report, written.calls) if written else None
        differs = of_own is not None and of_own.totals != counted.totals
        sides.append(Side(counted, written, of_own) if differs else Side(counted))
    return sides
