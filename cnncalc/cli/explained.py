"""`cnncalc run --unit` and `--explain`: their options, and the arithmetic of units with their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.formats import TextFormat
from cnncalc.cli.relations import Needs, Without

if TYPE_CHECKING:
    from cnncalc.cli.task import Task

NUMBERS_ONLY = Without("--all", "--matrix", "--picture", "--save-image")
UnitOption = Annotated[
    str | None,
    options.option("--unit", metavar="C,Y,X", help="Write out the arithmetic of a unit: channel and position, from 0."),
    NUMBERS_ONLY,
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Write out the arithmetic of all units, or of the first ones of many."),
    NUMBERS_ONLY,
    Without("--unit"),
]
Through = Annotated[
    int,
    typer.Option("--through", min=1, metavar="N", help="Write out N layers in a row, backwards."),
    Needs("--unit", "--explain"),
]


def write_explained(task: Task, unit: str | None, through: int) -> str:
    """The arithmetic of one unit, or of the first ones, in a format. Raises UsageError and CnncalcError."""
    from cnncalc.execution.explained import explain_numbers, make_plan, parse_unit
    from cnncalc.render import terms

    net, node = task.net, task.choose_layer()
    plan = make_plan(net, node, None if unit is None else parse_unit(unit, node), through)
    task.refuse([node.index], (), plan.cut_nodes(net))
    starts = task.read_inputs()
    digits = repr if task.format is TextFormat.json else terms.format_term
    found = explain_numbers(net, starts, task.weights, plan, digits)
    return task.write(
        document=lambda view: terms.describe_numbers(found, net, view.width),
        json=lambda: terms.dump_numbers(found, net),
    )
