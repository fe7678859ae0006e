"""What `cnncalc run` shows without another mode, the outputs of layers: their options, computing and writing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.relations import Needs, Without, Writes
from cnncalc.cli.task import list_needed
from cnncalc.errors import UsageError
from cnncalc.render.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnncalc.cli.task import Task
    from cnncalc.layers.ops import Map
    from cnncalc.network import Node

OTHER_PICTURES = (".jpg", ".jpeg", ".gif", ".bmp", ".svg", ".webp", ".tif", ".tiff", ".ppm", ".pdf")
Picture = Annotated[
    bool,
    options.option("--picture", help="Show the feature maps as shades of grey."),
    Without("--matrix", "--save-image"),
    Needs("--format text"),
]
SaveImage = Annotated[
    str | None,
    options.option(
        "--save-image", metavar="FILE", help="Write one channel to FILE, a PGM or PNG picture, and print nothing."
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


def write_image(task: Task, channel: int, name: str) -> str | Iterable[bytes]:
    """One channel of an output as a picture, a PNG if the name of the file says so, else a PGM.

    Raises UsageError and CnncalcError.
    """
    from cnncalc.execution.netpbm import format_pgm, to_greys
    from cnncalc.execution.png import write_png

    ending = Path(name).suffix.lower()
    if ending in OTHER_PICTURES:
        raise UsageError(f"--save-image writes PGM and PNG pictures, not {ending}: write {Path(name).stem}.png")
    path, found = next(iter(_execute(task).items()))
    if len(found.sizes) != 2:
        raise UsageError(f"the output of {path} has no rows and columns; choose another with --at PATH")
    if channel >= found.shape[0]:
        raise UsageError(f"{path} has no channel {channel}: its channels are 0 to {found.shape[0] - 1}")
    height, width = found.sizes
    values = found.channels()[channel]
    if ending == ".png":
        return (write_png((1, height, width), bytes(to_greys(values))),)
    return format_pgm(values, height, width)


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
