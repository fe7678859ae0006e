"""`run --precision`: the outputs of a network in less precision, and the differences of its layers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cnncalc import limits
from cnncalc.cli.formats import TextFormat, write_text
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.execution.weights import FlatArray, Weights
    from cnncalc.network import Network
    from cnncalc.render.view import View


class Precision(StrEnum):
    """The formats of numbers that are rounded to."""

    float32 = "float32"
    float16 = "float16"
    bfloat16 = "bfloat16"


def write_rounded(
    net: Network,
    chosen: dict[str, int],
    starts: list[FlatArray],
    weights: Weights,
    precision: Precision,
    format: TextFormat,
    view: View,
    *,
    picture: bool,
) -> str:
    """The chosen outputs by their paths, and the differences of all layers. Raises UsageError if there are too many."""
    from cnncalc.execution.effort import count_operations
    from cnncalc.execution.rounding import run_rounded
    from cnncalc.execution.run import find_needed
    from cnncalc.layers.ops import Map
    from cnncalc.render import rounding as render

    count = sum(count_operations(net.nodes[index]) for index in find_needed(net, chosen.values()))
    if count > limits.ROUNDED_OPERATIONS:
        most = f"{limits.ROUNDED_OPERATIONS:,}"
        raise UsageError(
            f"{net.name} takes {count:,} operations, and with --precision at most {most} are executed; use a smaller"
            " --input, or an earlier --at"
        )
    made, differences = run_rounded(net, [Map(*start) for start in starts], weights, precision, {*chosen.values()})
    maps = {path: made[index] for path, index in chosen.items()}
    return write_text(
        format, view,
        document=lambda view: render.describe_rounded(maps, differences, precision, view, picture=picture),
        json=lambda: render.dump_rounded(net.name, maps, differences, precision),
    )  # fmt: skip
