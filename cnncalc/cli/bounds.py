"""The limits of what `run` executes, and refusing what exceeds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.errors import UsageError
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cnncalc.network import Network, Node

MostOperations = Annotated[
    int,
    typer.Option(
        "--max-multiplications", min=0, metavar="N", help="Refuse networks that need more operations of any kind."
    ),
]
MostMemory = Annotated[
    int,
    typer.Option("--max-memory", min=0, metavar="MB", help="Refuse networks that need more memory."),
]


class Bounds(NamedTuple):
    """At most so many operations of any kind, and so many megabytes."""

    operations: int
    megabytes: int

    def refuse(
        self, net: Network, nodes: Sequence[Node], shown: Collection[int], executed: Sequence[Node] | None = None
    ) -> None:
        """Raises UsageError if executing `nodes`, to show some of the outputs, exceeds one of the two limits.

        `executed` are executed in place of the network's layers.
        """
        executed = executed or net.nodes
        self._refuse_work(net, [executed[node.index] for node in nodes])
        from cnncalc.execution.memory import NUMBERS, compute_peak, format_megabytes

        found = compute_peak(net, executed, NUMBERS, wanted={node.index for node in nodes}, keep=shown)
        if found.bytes > self.megabytes * 10**6:
            where = f", most of it at {found.node.path}" if found.node else ""
            raise UsageError(
                f"{net.name} needs up to {format_megabytes(found.bytes)} of memory{where}, more than the limit of"
                f" {self.megabytes:,} MB; use a smaller --input, an earlier --at or --max-memory"
                f" {-(-found.bytes // 10**6)}"
            )

    def _refuse_work(self, net: Network, nodes: Sequence[Node]) -> None:
        from math import prod

        from cnncalc.execution.effort import count_border, count_tried
        from cnncalc.render.numbers import format_digits

        works = [node.layer.work(node.input_shapes, node.output) for node in nodes]
        elements = sum(map(prod, net.inputs.values())) + sum(prod(node.output) + count_border(node) for node in nodes)
        elements += sum(prod(weight.shape) for node in nodes for weight in node.layer.weights(node.input_shapes))
        figures = {
            "multiplications": sum(work.multiplications for work in works),
            "numbers to compute": elements,
            # the others go with a multiplication
            "additions": sum(max(work.additions - work.macs, 0) for work in works),
            "comparisons": sum(work.comparisons for work in works),
            "positions to examine": sum(map(count_tried, nodes)),
        }
        for what, figure in figures.items():
            if figure > self.operations:
                how = f"use a smaller --input, an earlier --at or --max-multiplications {max(figures.values())}"
                raise UsageError(
                    f"{net.name} needs {format_digits(figure)} {what}, more than the limit of"
                    f" {format_digits(self.operations)}; {how}"
                )
