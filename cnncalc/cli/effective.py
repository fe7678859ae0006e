"""`cnncalc run --effective-field`: its option, and what it computes and shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.formats import TextFormat, write_text
from cnncalc.cli.gradients import Wanted
from cnncalc.cli.relations import Without
from cnncalc.errors import UsageError
from cnncalc.render.progress import Progress

if TYPE_CHECKING:
    from cnncalc.cli.input_data import GivenInputs
    from cnncalc.execution.effective import EffectiveField, Interval
    from cnncalc.execution.weights import Weights
    from cnncalc.layers.base import Shape
    from cnncalc.network import Network, Node
    from cnncalc.reading import Reading
    from cnncalc.render.view import View

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


class Averaged:
    """The effective receptive field of the middle unit of a layer, averaged over seeds."""

    def __init__(self, reading: Reading, node: Node) -> None:
        """Raises UsageError for a layer without positions, or an input with more than two axes of them."""
        self.net = reading.require_network()
        self.node = node
        start, *others = self.net.inputs.values()
        if others or len(node.output) < 2 or not 2 <= len(start) <= 3:
            raise UsageError(
                "--effective-field is that of a layer with positions, on one input with one or two axes of them, but"
                f" {node.path} is {_format(node.output)}, and the input {_format(start)}"
            )
        self.unit = tuple(size // 2 for size in node.output[1:])
        self.theoretical = _find_field(reading, node, self.unit)

    def compute(
        self, given: GivenInputs, weights: Weights, seed: int | None, seeds: int, operations: int, megabytes: int
    ) -> EffectiveField:
        """Go back for each seed. Raises UsageError and CnncalcError."""
        from cnncalc.execution.effective import EffectiveField, add_sizes, select_unit
        from cnncalc.execution.weights import Weights
        from cnncalc.network import INPUT

        wanted = Wanted(self.net, {self.node.path: self.node.index}, operations, megabytes, times=seeds)
        outputs = {self.node.index: select_unit(self.node.output, self.unit)}
        positions = self.net.input[1:]
        sizes = [0.0] * len(select_unit((1, *positions), tuple(0 for _ in positions)).values)
        progress = Progress()
        try:
            for number in range(seeds):
                own = (seed or 0) + number
                drawn = Weights(self.net, weights.given, own)
                found = wanted.go_back(given.read(self.net, own), drawn, outputs)
                sizes = add_sizes(sizes, found.inputs[INPUT], seeds)
                progress.report(f"seed {own}", number + 1, seeds)
        finally:
            progress.clear()
        return EffectiveField(self.node.path, self.unit, seeds, positions, sizes, self.theoretical)


def _format(shape: Shape) -> str:
    from cnncalc.layers.base import format_shape

    return format_shape(shape)


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


def write_effective(net: Network, found: EffectiveField, format: TextFormat, view: View) -> str:
    """The field in a format."""
    from cnncalc.render.effective import describe_effective, dump_effective

    return write_text(
        format, view,
        document=lambda view: describe_effective(found, view),
        json=lambda: dump_effective(net.name, found),
    )  # fmt: skip
