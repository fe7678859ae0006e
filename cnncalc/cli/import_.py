"""`cnncalc import`."""

from typing import Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import STANDARD_OUTPUT, emit, make_view
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Reads

SOURCE_HELP = "An ONNX or Keras file, a PyTorch module (mynet.py:Net), whose code is run, or any other ARCH."
Source = Annotated[str, options.argument("SOURCE", SOURCE_HELP, options.complete_architecture), Reads()]
Expand = Annotated[bool, typer.Option("--expand", help="Write every layer on a line of its own, without blocks.")]


def import_(
    source: Source,
    expand: Expand = False,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Write a network of another program as an architecture file.

    What has no layer kind is reported as a whole, each with its module, the operation and its shapes; then the exit
    code is 1 and nothing is written. Sizes that the source leaves open are given by --input. Weights are not read.
    """
    from cnncalc.cli.show import text_of
    from cnncalc.render.show import show
    from cnncalc.render.source import highlight

    reading = read(source, inputs, settings)
    text = text_of(reading, expand=expand, overridden="--input" if inputs else "--set" if settings else "")
    if output is None or output in STANDARD_OUTPUT:
        text = show(highlight(text), make_view(output, None, color))
    emit(text, output)
    return int(reading.failed)
