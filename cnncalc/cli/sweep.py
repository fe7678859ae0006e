"""`cnncalc sweep`."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, assert_never

from cnncalc.analysis.figures import FIGURES
from cnncalc.cli import budgets, device, options
from cnncalc.cli.ends import INTERRUPTED
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.output import emit, make_view, write_message
from cnncalc.cli.relations import Without
from cnncalc.cli.variants import parse_vary
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.compare.sweep import Axis, Point, Sweep
    from cnncalc.render.view import View


class SweepFormat(StrEnum):
    """A table, or a plot of it in the terminal or as a picture."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"
    plot = "plot"
    svg = "svg"


VARY_HELP = "Values of a param, or of `input`, all its spatial sizes: 1,2,4 or 96..256:32; several are a grid."
Vary = Annotated[list[Any] | None, options.option("--vary", metavar="NAME=VALUES", parser=parse_vary, help=VARY_HELP)]
LIMIT_HELP = "Keep what meets a condition, e.g. 'macs <= 100 M'; repeatable."
Limits = Annotated[
    list[Any] | None, options.option("--limit", metavar="CONDITION", parser=budgets.parse, help=LIMIT_HELP)
]
Minimize = Annotated[
    str | None,
    options.option("--minimize", metavar="FIGURE", help="Sort by a figure or param, the least first."),
    Without("--maximize", "--pareto"),
]
Maximize = Annotated[
    str | None,
    options.option("--maximize", metavar="FIGURE", help="Sort by a figure or param, the largest first."),
    Without("--pareto"),
]
PARETO_HELP = "Keep the points that no other beats in all of these figures or params."
Pareto = Annotated[str | None, options.option("--pareto", metavar="A,B", help=PARETO_HELP)]
COLUMNS_HELP = "Figures to show, comma-separated: parameters, macs, peak_memory, … (an unknown name lists all)."
Columns = Annotated[str | None, options.option("--columns", "-c", metavar="A,B,C", help=COLUMNS_HELP)]
Format = Annotated[SweepFormat, options.FORMAT]
Human = Annotated[options.Human, Without("--format plot", "--format svg")]


def sweep(
    arch: options.Arch,
    vary: Vary = None,
    limits: Limits = None,
    minimize: Minimize = None,
    maximize: Maximize = None,
    pareto: Pareto = None,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    columns: Columns = None,
    format: Format = SweepFormat.table,
    output: options.Output = None,
    human: Human = None,
    dtype: options.DtypeOption = None,
    compute: device.Compute = None,
    bandwidth: device.Bandwidth = None,
    lang: options.Lang = options.Language.en,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Show the figures of a network for many values of its params and input sizes.

    In a range without a step, width=0.25..2, the largest value within the limits is searched (with --minimize, the
    smallest). Exit code 1 if no point is without errors and within the limits.
    """
    from cnncalc.compare.sweep import arrange, count_points, iterate_points
    from cnncalc.sweeping import Evaluation

    axes = _require_axes(vary)
    names = tuple(axis.name for axis in axes)
    goals = _parse_goals(minimize, maximize, pareto, names)
    view = make_view(output, width, color)._replace(human=human, language=lang)
    view = view._replace(columns=_choose_columns(columns, names, goals))
    limited = [budget.figure.name for budget in limits or ()]
    figures = tuple(dict.fromkeys([*(view.columns or ()), *limited]))
    choice = options.choose_dtype(dtype, figures)
    rates = device.choose_device(compute, bandwidth, figures)
    wholes = budgets.measure_wholes(limits, choice, rates)
    evaluate = Evaluation(arch, axes, inputs or (), settings or (), figures, wholes, choice, rates)
    axes = evaluate.settle(limited=bool(limits))
    total = count_points(axes)
    found = iterate_points(axes, evaluate, largest=minimize is None, limited=limited)
    points, interrupted = _collect(found, total, evaluate.name)
    shown = arrange(evaluate.name, names, points, goals, pareto=pareto is not None, largest=maximize is not None)
    emit(_write(shown, goals, format, view), output)
    if interrupted:
        write_message(f"cnncalc: {len(points):,} of {total:,} points were computed\n")
        return INTERRUPTED
    return int(not any(point.held for point in points))


def _require_axes(vary: "list[Axis] | None") -> "list[Axis]":
    """What varies. Raises UsageError if it is nothing, or too many points."""
    from cnncalc.compare.sweep import count_points

    if not vary:
        raise UsageError("name what varies, e.g. --vary width=0.25..1:0.25 or --vary input=128,224")
    count_points(vary)
    return vary


def _parse_goals(minimize: str | None, maximize: str | None, pareto: str | None, names: tuple[str, ...]) -> list[str]:
    """The figures or params that the points are sorted by, or compared in. Raises UsageError."""
    from cnncalc.compare.sweep import check_names

    goals = [name.strip() for name in (pareto or minimize or maximize or "").split(",") if name.strip()]
    check_names(goals, names, "--pareto" if pareto else "--minimize" if minimize else "--maximize")
    return goals


def _choose_columns(columns: str | None, names: tuple[str, ...], goals: list[str]) -> tuple[str, ...]:
    """The figures that are shown: those asked for, or the default ones, and the goals. Raises UsageError."""
    from cnncalc.render.columns import find_columns
    from cnncalc.render.sweep import DEFAULT

    chosen = find_columns(columns, FIGURES) if columns is not None else DEFAULT
    return tuple(dict.fromkeys([*chosen, *(goal for goal in goals if goal not in names)]))


def _collect(points: "Iterable[Point]", total: int, name: str) -> "tuple[list[Point], bool]":
    """All points, or those before Ctrl-C, and whether there was one."""
    from cnncalc.render.progress import Progress

    progress = Progress()
    found: list[Point] = []
    try:
        for point in points:
            found.append(point)
            progress.report(f"sweep {name}", len(found), total)
    except KeyboardInterrupt:
        return found, True
    finally:
        progress.clear()
    return found, False


def _write(found: "Sweep", goals: list[str], format: SweepFormat, view: "View") -> str:
    from cnncalc.render import sweep as render

    match format:
        case SweepFormat.plot | SweepFormat.svg:
            from cnncalc.render import plot

            chart = render.make_chart(found, goals, view)
            return plot.draw_svg(chart) if format == SweepFormat.svg else plot.draw_text(chart, view)
        case SweepFormat.table | SweepFormat.json | SweepFormat.csv | SweepFormat.markdown | SweepFormat.latex:
            return write_table(
                TableFormat(format.value), view,
                document=lambda view: render.list_points(found, view),
                json=lambda: render.dump_sweep(found, view),
                csv=lambda: render.write_sweep_csv(found, view),
            )  # fmt: skip
        case _:
            assert_never(format)
