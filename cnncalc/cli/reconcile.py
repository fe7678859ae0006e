"""`cnncalc reconcile`."""

from typing import TYPE_CHECKING, Annotated

from cnncalc.cli import options
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.analysis.report import Report
    from cnncalc.reading import Reading
    from cnncalc.render.reconcile import Side

CONVENTION_HELP = "Only this tool, e.g. thop; repeatable."
Conventions = Annotated[
    list[str] | None,
    options.option("--convention", metavar="NAME", help=CONVENTION_HELP, autocompletion=options.complete_convention),
]


def reconcile(
    arch: options.Arch,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    conventions: Conventions = None,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Show what other tools count, and why it is not what cnncalc counts.

    Beneath each figure is a ledger from ours to the tool's, which adds up exactly. What a tool gets wrong is called a
    mistake. Nothing is run: the rules are read from the sources of the tools.
    """
    view = make_view(output, width, color)
    reading = read(arch, inputs, settings)
    report = reading.require_report()
    sides = _count(reading, report, conventions)
    from cnncalc.render import reconcile as of_sides

    text = write_table(
        format, view,
        document=lambda view: of_sides.describe_sides(report, sides, view),
        json=lambda: of_sides.dump_sides(report, sides),
        csv=lambda: of_sides.write_sides_csv(sides),
    )  # fmt: skip
    emit(text, output)


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
