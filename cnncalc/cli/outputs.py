"""What `cnncalc run` shows without another mode, the outputs of layers: their options, computing and writing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.relations import Needs, Without, Writes
from cnncalc.cli.task import list_needed
from cnncalc.errors import UsageError
from cnncalc.render.progress import Progress

if TYPE_CHECKING:
    from cnncalc.cli.task import Task
    from cnncalc.layers.ops import Map
    from cnncalc.network import Node

Picture = Annotated[
    bool,
    options.option("--picture", help="Show the feature maps as shades of grey."),
    Without("--matrix", "--save-image"),
    Needs("--format text"),
]
SaveImage = Annotated[
    str | None,
    options.option(
        "--save-image", metavar="FILE", help="Write one channel to FILE as a PGM picture, and print nothing."
    ),
    Writes(),
]
Channel = Annotated[
    int, typer.Option("--channel", min=0, metavar="N", help="Channel that --save-image writes."), Needs("--save-image")
]


def write_outputs(task: Task, *, picture: bool) -> str:
    """The outputs in a format. Raises UsageError and CnncalcError."""
    from cnncalc.render import maps, pictures

    made = _execute(task)
    return task.write(
        document=lambda view: pictures.draw_pictures(made, view) if picture else maps.describe_maps(made, view.width),
        json=lambda: maps.dump_maps(task.net.name, made),
    )


def write_image(task: Task, channel: int) -> str:
    """One channel of an output as a PGM picture. Raises UsageError and CnncalcError."""
    from cnncalc.execution.netpbm import format_pgm

    path, found = next(iter(_execute(task).items()))
    if len(found.sizes) != 2:
        raise UsageError(f"the output of {path} has no rows and columns; choose another with --at PATH")
    if channel >= found.shape[0]:
        raise UsageError(f"{path} has no channel {channel}: its channels are 0 to {found.shape[0] - 1}")
    return format_pgm(found.channels()[channel], *found.sizes)


def _execute(task: Task) -> dict[str, Map]:
    """The outputs of the chosen layers, by their paths."""
    from cnncalc.execution.interpretations import Numbers
    from cnncalc.execution.run import run

    net, chosen = task.net, task.choose_layers()
    task.refuse(chosen.values(), chosen.values())
    starts = task.read_inputs()
    progress = Progress()
    sizes = {
        node.index: 1 + node.layer.work(node.input_shapes, node.output).multiplications
        for node in list_needed(net, chosen.values())
    }
    total, done = sum(sizes.values()), 0

    def visit(node: Node, made: Map) -> None:
        nonlocal done
        done += sizes[node.index]
        progress.report(node.path, done, total)

    try:
        made = run(net, starts, task.weights, Numbers(), keep=set(chosen.values()), visit=visit)
    finally:
        progress.clear()
    return {path: made[index] for path, index in chosen.items()}
