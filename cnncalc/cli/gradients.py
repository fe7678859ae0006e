"""`cnncalc run --gradient`: its options, its limits, and what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.output import write_message
from cnncalc.cli.relations import Needs, Reads, Without
from cnncalc.cli.task import list_needed
from cnncalc.errors import UsageError
from cnncalc.render.progress import Progress

if TYPE_CHECKING:
    from cnncalc.cli.bounds import Bounds
    from cnncalc.cli.task import Task
    from cnncalc.execution.backward import Gradients, LayerGradients, Visit
    from cnncalc.execution.weights import Weights
    from cnncalc.layers.ops import Map
    from cnncalc.network import Network, Node
    from cnncalc.render.document import Block
    from cnncalc.render.view import View

Gradient = Annotated[
    bool,
    options.option(
        "--gradient", help="Show the gradients of the weights and of the input: those of the sum of the outputs."
    ),
    Without("--all", "--matrix", "--save-image", "--unit", "--explain"),
]
OutputGradient = Annotated[
    str | None,
    options.option(
        "--output-gradient", metavar="DATA", help="The gradient of the output, as data or a file (default: ones)."
    ),
    Reads(),
    Needs("--gradient"),
]
Stats = Annotated[
    bool,
    options.option("--stats", help="Show the size of the gradients of each layer, and how many are zero."),
    Needs("--gradient"),
    Without("--picture"),
]


class Wanted:
    """What is wanted of a network's gradients, and in which bounds: at most so many bytes for all."""

    def __init__(
        self,
        net: Network,
        chosen: Mapping[str, int],
        bounds: Bounds,
        *,
        times: int = 1,
        shown: bool = False,
    ) -> None:
        """Raises UsageError if that is more than the limits, the operations `times` as many as of one gradient.

        `shown` is whether all numbers are written.
        """
        self.net, self.chosen = net, chosen
        self.shown = shown
        self.bounds = bounds
        self.times = times
        self.nodes = self._refuse_work()
        self.room = self._refuse_memory(self.nodes)

    def compute(self, starts: Sequence[Map], weights: Weights, gradient: str | None, seed: int | None) -> Gradients:
        """The gradients from that of the output, as it is given. Raises UsageError and CnncalcError."""
        outputs = self._read_gradient(gradient, seed)
        progress = Progress()
        done = 0

        def visit(node: Node, found: LayerGradients) -> None:
            nonlocal done
            done += 1
            progress.report(node.path, done, len(self.nodes))

        try:
            return self.go_back(starts, weights, outputs, visit)
        finally:
            progress.clear()

    def go_back(
        self,
        starts: Sequence[Map],
        weights: Weights,
        outputs: Mapping[int, Map],
        visit: Visit | None = None,
    ) -> Gradients:
        """The gradients from those of outputs, by index. Raises UsageError."""
        from cnncalc.execution.backward import go_back, ignore
        from cnncalc.execution.tape import TapeError

        try:
            return go_back(self.net, starts, weights, outputs, most=self.room, visit=visit or ignore)
        except TapeError as error:
            raise UsageError(
                f"the gradients of {error.path} need more than the limit of {self.bounds.megabytes:,} MB of memory; use"
                " a smaller --input, an earlier --at or a larger --max-memory"
            ) from None

    def _refuse_work(self) -> list[Node]:
        """The layers that are executed. Raises UsageError if one of them, or all together, take too many operations."""
        from cnncalc.execution.effort import count_operations
        from cnncalc.render.numbers import format_digits

        nodes = list_needed(self.net, self.chosen.values())
        most = limits.GRADIENT_OPERATIONS
        for node in nodes:
            if (count := count_operations(node)) > most:
                raise UsageError(
                    f"{node.path} takes {format_digits(count)} operations, and gradients are computed of layers with at"
                    f" most {format_digits(most)}; use a smaller --input, fewer channels or an earlier --at"
                )
        works = [node.layer.work(node.input_shapes, node.output) for node in nodes]
        macs = sum(work.macs for work in works)
        # an operation that is no mac is a record by itself
        steps = self.times * (macs + limits.GRADIENT_STEPS * max(sum(map(count_operations, nodes)) - 2 * macs, 0))
        if steps > self.bounds.operations:
            raise UsageError(
                f"the gradients of {self.net.name} take {format_digits(steps)} steps, more than the limit of"
                f" {format_digits(self.bounds.operations)}; use a smaller --input, an earlier --at or"
                f" --max-multiplications {steps}"
            )
        return nodes

    def _refuse_memory(self, nodes: Sequence[Node]) -> int:
        """The bytes that are left for a tape. Raises UsageError if the outputs of all layers do not fit."""
        from math import prod

        from cnncalc.execution.memory import NUMBERS, POINTER, SHOWN, format_megabytes

        arrays = sum(prod(weight.shape) for node in nodes for weight in node.layer.weights(node.input_shapes))
        start = sum(map(prod, self.net.inputs.values()))
        # of each map its numbers, or its gradient when these are no longer needed; and gradients that come in between
        maps = start + sum(prod(node.output) for node in nodes) + self._count_waiting(nodes)
        found = (maps + arrays) * (NUMBERS.bytes + POINTER)
        written = (arrays + start) * SHOWN if self.shown else 0  # when the tapes are gone
        if (most := found + written) > self.bounds.megabytes * 10**6:
            raise UsageError(
                f"the gradients of {self.net.name} need {format_megabytes(most)} of memory besides those of one layer,"
                f" more than the limit of {self.bounds.megabytes:,} MB; use a smaller --input, an earlier --at or a"
                " larger --max-memory"
            )
        return self.bounds.megabytes * 10**6 - found

    def _count_waiting(self, nodes: Sequence[Node]) -> int:
        """The most elements at one time of which the gradients are known or summed, and not gone on from."""
        from math import prod

        waiting: set[int] = set()
        most = 0
        for node in reversed(nodes):
            waiting.add(node.index)
            most = max(most, sum(prod(self.net.shape_at(index)) for index in waiting))
            waiting = {*waiting, *node.inputs} - {node.index}
        return most

    def _note_softmax(self) -> None:
        """A note where the gradients of the sum of the outputs are 0, as the sum is always 1."""
        for path, index in self.chosen.items():
            if self.net.nodes[index].layer.kind == "softmax":
                write_message(
                    f"cnncalc: note: the outputs of {path} always add up to 1, so the gradients of their sum are 0 but"
                    " for rounding: give --output-gradient, or --at a layer before\n"
                )

    def _read_gradient(self, text: str | None, seed: int | None) -> dict[int, Map]:
        """The gradients of the outputs, by index. Raises UsageError and CnncalcError."""
        from cnncalc.cli.input_data import Data
        from cnncalc.errors import CnncalcError
        from cnncalc.layers.base import format_shape
        from cnncalc.layers.ops import Map, fill_map

        if text is None:
            self._note_softmax()
            return {index: fill_map(self.net.nodes[index].output, 1.0) for index in self.chosen.values()}
        if len(self.chosen) > 1:
            paths = ", ".join(self.chosen)
            raise UsageError(f"--output-gradient is that of one output, not of {paths}: choose one with --at PATH")
        [(path, index)] = self.chosen.items()
        wanted, data = self.net.nodes[index].output, Data(text)
        if not data.fits(wanted):
            raise CnncalcError(
                f"{text}: the gradient is {format_shape(data.shape)}, but the output of {path} is"
                f" {format_shape(wanted)}"
            )
        return {index: Map(*data.take(wanted, seed or 0, "--output-gradient", path))}


def write_gradients(task: Task, gradient: str | None, *, picture: bool, stats: bool) -> str:
    """The gradients of the chosen outputs in a format. Raises UsageError and CnncalcError."""
    from cnncalc.render import gradients

    net, chosen = task.net, task.choose_layers()
    task.refuse(chosen.values(), ())
    starts = task.read_inputs()
    wanted = Wanted(net, chosen, task.bounds, shown=not stats)
    found = wanted.compute(starts, task.weights, gradient, task.seed)

    def document(view: View) -> Iterator[Block]:
        if picture:
            from cnncalc.render.pictures import draw_pictures

            return draw_pictures({gradients.name_input(net, at): each for at, each in found.inputs.items()}, view)
        return (
            gradients.describe_stats(net, found, view.width)
            if stats
            else gradients.describe_gradients(net, found, view.width)
        )

    return task.write(document=document, json=lambda: gradients.dump_gradients(net, found, stats=stats))
