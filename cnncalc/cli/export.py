"""`cnncalc export`."""

from enum import StrEnum
from typing import Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, write_message
from cnncalc.cli.reading import read


class Target(StrEnum):
    """What a network is written for."""

    pytorch = "pytorch"


To = Annotated[Target, typer.Option("--to", help="What the network is written for: the code of a PyTorch module.")]


def export(
    arch: options.Arch,
    to: To,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    output: options.Output = None,
) -> int:
    """Write a network as the code that one would have written.

    A block is a class, a repeat a loop, params are keyword arguments, and the keys of the module's state are the paths
    of the layers. What has no counterpart is reported as a whole; then the exit code is 1 and nothing is written.
    """
    from cnncalc.export.torch_module import write_module

    reading = read(arch, inputs, settings)
    network = reading.require_network()
    assert reading.description is not None
    written = write_module(reading.description, network)
    if written.flat:
        write_message(f"cnncalc: note: {arch} is written a layer a line, without blocks: {written.flat}\n")
    emit(written.text, output)
    return 0
