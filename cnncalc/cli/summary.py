"""`cnncalc summary`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, assert_never

from cnncalc.analysis.figures import Dtype
from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view, message
from cnncalc.cli.reading import read_partly

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.render.view import View


class SummaryFormat(StrEnum):
    """How a summary is written."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


Format = Annotated[SummaryFormat, options.FORMAT]


def summary(
    arch: options.Arch,
    input: options.Input = None,
    settings: options.Settings = None,
    format: Format = SummaryFormat.table,
    output: options.Output = None,
    depth: options.Depth = None,
    columns: options.Columns = None,
    human: options.Human = None,
    dtype: options.DtypeOption = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Show a network layer by layer: sizes, parameters, macs, receptive fields.

    The totals follow, each with the convention by which it is counted. Of a network with an error, the layers before
    it are shown. Exit code 1 where there is one.
    """
    view = make_summary_view(format, output, depth, columns, human, dtype, width, color)
    reading = read_partly(arch, input, settings)
    if reading.report:
        _show(reading.report, format, view, output)
    return int(reading.failed)


def make_summary_view(
    format: SummaryFormat, output: str | None, depth: int | None, columns: str | None, human: bool | None,
    dtype: Dtype | None, width: int | None, color: str,
) -> "View":  # fmt: skip
    """How to show a summary, by what the options say. Raises UsageError."""
    from cnncalc.render.columns import COLUMNS, find_columns

    chosen = find_columns(columns, COLUMNS) if columns is not None else None
    if chosen and format == "csv":  # elsewhere memory is shown beside the columns
        dtype = options.choose_dtype(dtype, chosen)
    view = make_view(output, width, color)
    return view._replace(columns=chosen, depth=depth, human=human, dtype=dtype or Dtype.float32)


def _show(report: "Report", format: SummaryFormat, view: "View", output: str | None) -> None:
    """Write a report; one that stops at an error is shown, and never saved."""
    if report.complete or output is None:
        emit(write(report, format, view), output)
    else:
        message(f"cnncalc: {output} is not written, for the network has errors\n")


def write(report: "Report", format: SummaryFormat, view: "View") -> str:
    """A report in a format."""
    match format:
        case SummaryFormat.json:
            from cnncalc.render.json import summary_json

            return summary_json(report, view.dtype)
        case SummaryFormat.csv:
            from cnncalc.render.csv import summary_csv

            return summary_csv(report, view)
        case SummaryFormat.table:
            from cnncalc.render.show import show
            from cnncalc.render.summary import summarize

            return show(summarize(report, view), view)
        case SummaryFormat.markdown:
            from cnncalc.render.markdown import write_markdown
            from cnncalc.render.summary import describe

            return write_markdown(describe(report, view))
        case SummaryFormat.latex:
            from cnncalc.render.booktabs import write_latex
            from cnncalc.render.summary import describe

            return write_latex(describe(report, view))
        case _:
            assert_never(format)
