"""`cnncalc summary`."""

from typing import TYPE_CHECKING

from cnncalc.analysis.figures import Dtype
from cnncalc.cli import budgets, device, options
from cnncalc.cli.convention import Convention, count_by
from cnncalc.cli.formats import FOR_PROGRAMS, TableFormat, write_table
from cnncalc.cli.output import emit, make_view, write_message
from cnncalc.cli.reading import read_partly

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnncalc.analysis.report import Report
    from cnncalc.render.document import Block
    from cnncalc.render.view import View


def summary(
    arch: options.Arch,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    depth: options.Depth = None,
    columns: options.Columns = None,
    human: options.Human = None,
    dtype: options.DtypeOption = None,
    shapes: options.Shapes = options.ShapeOrder.chw,
    convention: Convention = None,
    limits: budgets.Limits = None,
    compute: device.Compute = None,
    bandwidth: device.Bandwidth = None,
    lang: options.Lang = options.Language.en,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Show a network layer by layer: sizes, parameters, macs, receptive fields.

    The totals follow, each with the convention by which it is counted. If the network has an error, the layers before
    it are shown, and the exit code is 1.
    """
    view = make_summary_view(format, output, depth, columns, human, dtype, shapes, width, color)
    if convention is not None:
        from cnncalc.render.columns import DEFAULT

        view = count_by(convention, view, DEFAULT, programs=format in FOR_PROGRAMS)
    view = view._replace(language=lang)
    all_columns = view.columns is None and format in ("json", "csv")
    rates = device.choose_device(compute, bandwidth, view.columns or (), limits, used=all_columns)
    reading = read_partly(arch, inputs, settings)
    if reading.report:
        report = reading.report._replace(device=rates)
        _show(report, format, view, output)
        if not reading.failed:
            budgets.note_missed(limits, report, view.dtype)
    return int(reading.failed)


def make_summary_view(
    format: TableFormat, output: str | None, depth: int | None, columns: str | None, human: bool | None,
    dtype: Dtype | None, shapes: options.ShapeOrder, width: int | None, color: str,
) -> "View":  # fmt: skip
    """How to show a summary, by the options. Raises UsageError."""
    from cnncalc.render.columns import COLUMNS, find_columns

    chosen = find_columns(columns, COLUMNS, foreign=True) if columns is not None else None
    if chosen and format == "csv":  # the other formats show memory below the table
        dtype = options.choose_dtype(dtype, chosen)
    view = make_view(output, width, color)
    last = shapes == options.ShapeOrder.hwc
    return view._replace(columns=chosen, depth=depth, human=human, dtype=dtype or Dtype.float32, channels_last=last)


def _show(report: "Report", format: TableFormat, view: "View", output: str | None) -> None:
    """Write a report; one that ends at an error is shown, but not saved."""
    if report.complete or output is None:
        emit(write(report, format, view), output)
    else:
        write_message(f"cnncalc: {output} is not written because the network has errors\n")


def write(report: "Report", format: TableFormat, view: "View") -> str:
    """Write a report in a format."""

    def json() -> str:
        from cnncalc.render.json import dump_summary

        return dump_summary(report, view.dtype, view.convention)

    def csv() -> str:
        from cnncalc.render.csv import write_summary_csv

        return write_summary_csv(report, view)

    def document(view: "View") -> "Iterable[Block]":
        from cnncalc.render.summary import summarize

        return summarize(report, view)

    def page(view: "View") -> "Iterable[Block]":
        from cnncalc.render.summary import describe

        return describe(report, view)

    return write_table(format, view, document=document, json=json, csv=csv, page=page)
