"""`cnncalc summary`."""

import sys
from typing import TYPE_CHECKING

from cnncalc.analysis.figures import Dtype
from cnncalc.cli import options
from cnncalc.cli.output import colored, emit, message, width_for
from cnncalc.cli.reading import read
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.render.columns import Column
    from cnncalc.render.table import View


def summary(
    arch: options.Arch,
    input: options.Input = None,
    settings: options.Settings = None,
    format: options.TableFormatOption = options.TableFormat.table,
    output: options.Output = None,
    depth: options.Depth = None,
    columns: options.Columns = None,
    human: options.Human = None,
    dtype: options.DtypeOption = Dtype.float32,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """The table of a network, layer by layer.

    Output size, parameters, multiplications and receptive field of every layer, and the totals by their conventions.
    """
    from cnncalc.render.table import View

    chosen = choose(columns) if columns is not None else None
    view = View(chosen, depth, human, dtype, width or width_for(output), colored(color, output))
    found = read(arch, input, settings)
    if found.report:
        _show(found.report, format, view, output)
    if found.problems:
        from cnncalc.render.problems import problems_text

        paint, width = colored(color, None, sys.stderr), width_for(None, sys.stderr)
        message(problems_text(found.problems, color=paint, width=width))
    return int(found.failed)


def _show(report: "Report", format: options.TableFormat, view: "View", output: str | None) -> None:
    """Write a report; one that stops at an error is shown, and never saved."""
    if report.complete or output is None:
        emit(write(report, format, view), output)
    else:
        message(f"cnncalc: {output} is not written, for the network has errors\n")


def write(report: "Report", format: options.TableFormat, view: "View") -> str:
    """A report in a format."""
    if format == "json":
        from cnncalc.render.json import summary_json

        return summary_json(report, view.dtype)
    if format == "csv":
        from cnncalc.render.csv import summary_csv

        return summary_csv(report, view.columns, view.dtype)
    if format == "markdown":
        from cnncalc.render.markdown import summary_markdown

        return summary_markdown(report, view)
    from cnncalc.render.table import table

    return table(report, view)


def choose(names: str) -> "tuple[Column, ...]":
    """The columns of a list `layer,output,macs`. Raises UsageError for one that is not there."""
    from cnncalc.nearest import did_you_mean
    from cnncalc.render.columns import COLUMNS

    wanted = [name.strip().lower().replace(" ", "_") for name in names.split(",") if name.strip()]
    known = f"the columns are {', '.join(COLUMNS)}"
    if not wanted:
        raise UsageError(f"--columns needs a name; {known}")
    for name in wanted:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS)
            raise UsageError(f"there is no column {name!r}{', ' * bool(hint)}{hint or ';'} {known}")
    return tuple(COLUMNS[name] for name in dict.fromkeys(wanted))
