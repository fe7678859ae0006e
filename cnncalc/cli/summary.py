"""`cnncalc summary`."""

from typing import TYPE_CHECKING

from cnncalc.analysis.figures import Dtype
from cnncalc.cli import options
from cnncalc.cli.output import colored, emit, message, width_for
from cnncalc.cli.reading import read_partly

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.render.view import View


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
    from cnncalc.render.columns import COLUMNS, find_columns
    from cnncalc.render.view import View

    chosen = find_columns(columns, COLUMNS) if columns is not None else None
    view = View(chosen, depth, human, dtype, width or width_for(output), colored(color, output))
    reading = read_partly(arch, input, settings)
    if reading.report:
        _show(reading.report, format, view, output)
    return int(reading.failed)


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

        return summary_csv(report, view)
    from cnncalc.render.summary import describe, summarize

    if format == "markdown":
        from cnncalc.render.markdown import write_markdown

        return write_markdown(describe(report, view))
    if format == "latex":
        from cnncalc.render.booktabs import write_latex

        return write_latex(describe(report, view))
    from cnncalc.render.show import show

    return show(summarize(report, view), view)
