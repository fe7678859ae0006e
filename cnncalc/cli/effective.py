"""`cnncalc run --effective-field`: its option, and what it computes and shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.gradients import Wanted
from cnncalc.cli.output import write_message
from cnncalc.cli.relations import Without
from cnncalc.errors import UsageError
from cnncalc.render.progress import Progress

if TYPE_CHECKING:
    from cnncalc.cli.task import Task
    from cnncalc.execution.effective import EffectiveField, Interval
    from cnncalc.layers.base import Shape
    from cnncalc.network import Network, Node
    from cnncalc.reading import Reading

EffectiveFieldOption = Annotated[
    int | None,
    options.option(
        "--effective-field",
        min=1,
        max=limits.EFFECTIVE_SEEDS,
        metavar="N",
        help="Show how much of the gradient of the middle unit each position of the input has: the mean of N seeds.",
    ),
    Without("--all", "--matrix", "--save-image", "--unit", "--explain", "--gradient", "--picture"),
]


def write_effective(task: Task, seeds: int) -> str:
    """The field of the chosen layer, averaged over seeds, in a format. Raises UsageError and CnncalcError."""
    from cnncalc.render.effective import describe_effective, dump_effective

    node = task.choose_layer()
    found = _average(task, node, seeds)
    if node.layer.kind == "softmax":
        write_message(
            f"cnncalc: note: the channels of {node.path} always add up to 1, so their gradient is 0 but for rounding:"
            " choose a layer before with --at\n"
        )
    return task.write(
        document=lambda view: describe_effective(found, view),
        json=lambda: dump_effective(task.net.name, found),
    )


def _average(task: Task, node: Node, seeds: int) -> EffectiveField:
    """The effective receptive field of the middle unit of a layer, averaged over seeds.

    Raises UsageError for a layer without positions, or an input with more than two axes of them.
    """
    from cnncalc.execution.effective import EffectiveField, add_sizes, select_unit
    from cnncalc.execution.weights import Weights
    from cnncalc.network import INPUT

    net = task.net
    _require_positions(net, node)
    unit = tuple(size // 2 for size in node.output[1:])
    theoretical = _find_field(task.reading, node, unit)
    wanted = Wanted(net, {node.path: node.index}, task.bounds, times=seeds)
    outputs = {node.index: select_unit(node.output, unit)}
    positions = net.input[1:]
    sizes = [0.0] * len(select_unit((1, *positions), tuple(0 for _ in positions)).values)
    progress = Progress()
    try:
        for number in range(seeds):
            own = (task.seed or 0) + number
            drawn = task._replace(seed=own, weights=Weights(net, task.weights.given, own))
            found = wanted.go_back(drawn.read_inputs(), drawn.weights, outputs)
            sizes = add_sizes(sizes, found.inputs[INPUT], seeds)
            progress.report(f"seed {own}", number + 1, seeds)
    finally:
        progress.clear()
    return EffectiveField(node.path, unit, seeds, positions, sizes, theoretical)


def _require_positions(net: Network, node: Node) -> None:
    from cnncalc.layers.base import format_shape

    start, *others = net.inputs.values()
    if others or len(node.output) < 2 or not 2 <= len(start) <= 3:
        raise UsageError(
            "--effective-field is that of a layer with positions, on one input with one or two axes of them, but"
            f" {node.path} is {format_shape(node.output)}, and the input {format_shape(start)}"
        )


def _find_field(reading: Reading, node: Node, unit: Shape) -> tuple[Interval, ...]:
    """What the unit sees by its receptive field, clipped to the input; all of it where every unit sees that."""
    layer = reading.require_report().layers[node.index]
    sizes = reading.require_network().input[1:]
    field = layer.receptive_field
    if field is None or not layer.is_local:
        return tuple((0, size - 1) for size in sizes)
    found = []
    for size, step, start, at, whole in zip(field.size, field.stride, field.start, unit, sizes, strict=True):
        first = int(start + at * step)
        found.append((min(max(first, 0), whole - 1), min(max(first + size - 1, 0), whole - 1)))
    return tuple(found)
