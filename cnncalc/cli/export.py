"""`cnncalc export`."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, write_message
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs
from cnncalc.export.axes import Layout
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.network import Network
    from cnncalc.spec.family import Description


class Target(StrEnum):
    """What a network is written for."""

    pytorch = "pytorch"
    keras = "keras"


TO_HELP = "What the network is written for: the code of a PyTorch module or of a Keras 3 model."
To = Annotated[Target, typer.Option("--to", help=TO_HELP)]
LayoutOption = Annotated[
    Layout, typer.Option("--layout", help="Order of the axes, without the batch."), Needs("--to keras")
]


class Request(NamedTuple):
    """What is exported, and the options of single targets."""

    arch: str
    description: Description
    network: Network
    layout: Layout


class Exported(NamedTuple):
    """What is written, and notes for standard error."""

    text: str
    notes: tuple[str, ...] = ()


def export(
    arch: options.Arch,
    to: To,
    layout: LayoutOption = Layout.channels_last,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    output: options.Output = None,
) -> int:
    """Write a network as the code that one would have written.

    A block is a class or a function, a repeat a loop, params are keyword arguments, and layers are named by their
    paths. What has no counterpart is reported as a whole; then the exit code is 1 and nothing is written.
    """
    reading = read(arch, inputs, settings)
    network = reading.require_network()
    assert reading.description is not None
    exported = WRITERS[to](Request(arch, reading.description, network, layout))
    for note in exported.notes:
        write_message(f"cnncalc: note: {note}\n")
    emit(exported.text, output)
    return 0


def write_pytorch(request: Request) -> Exported:
    """The code of a PyTorch module."""
    from cnncalc.export.torch_module import write_module

    written = write_module(request.description, request.network)
    return Exported(written.text, note_flat(request, written.flat))


def write_keras(request: Request) -> Exported:
    """The code of a Keras model."""
    from cnncalc.export.keras_model import write_model

    written = write_model(request.description, request.network, request.layout)
    return Exported(written.text, note_flat(request, written.flat))


def note_flat(request: Request, reason: str) -> tuple[str, ...]:
    """The note of code that does not have the author's blocks; none without a reason."""
    return (f"{request.arch} is written a layer a line, without blocks: {reason}",) if reason else ()


WRITERS: dict[Target, Callable[[Request], Exported]] = {Target.pytorch: write_pytorch, Target.keras: write_keras}
