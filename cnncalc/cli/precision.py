"""`cnncalc run --precision`: its option, the outputs in less precision, and the differences of the layers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.relations import Without
from cnncalc.cli.task import list_needed
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.cli.task import Task


class Precision(StrEnum):
    """The formats of numbers that are rounded to."""

    float32 = "float32"
    float16 = "float16"
    bfloat16 = "bfloat16"


PrecisionOption = Annotated[
    Precision | None,
    options.option("--precision", help="Round after every operation, and show the differences from float64."),
    Without("--matrix", "--save-image", "--unit", "--explain", "--gradient", "--effective-field"),
]


def write_rounded(task: Task, precision: Precision, *, picture: bool) -> str:
    """The chosen outputs by their paths, and the differences of all layers. Raises UsageError and CnncalcError."""
    from cnncalc.execution.effort import count_operations
    from cnncalc.execution.rounding import run_rounded
    from cnncalc.render import rounding as render

    net, chosen = task.net, task.choose_layers()
    task.refuse(chosen.values(), range(len(net.nodes)))
    starts = task.read_inputs()
    count = sum(map(count_operations, list_needed(net, chosen.values())))
    if count > limits.ROUNDED_OPERATIONS:
        most = f"{limits.ROUNDED_OPERATIONS:,}"
        raise UsageError(
            f"{net.name} takes {count:,} operations, and with --precision at most {most} are executed; use a smaller"
            " --input, or an earlier --at"
        )
    made, differences = run_rounded(net, starts, task.weights, precision, {*chosen.values()})
    maps = {path: made[index] for path, index in chosen.items()}
    return task.write(
        document=lambda view: render.describe_rounded(maps, differences, precision, view, picture=picture),
        json=lambda: render.dump_rounded(net.name, maps, differences, precision),
    )
