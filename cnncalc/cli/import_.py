"""`cnncalc import`."""

from typing import Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import STANDARD_OUTPUT, emit, make_view
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Reads, Without, Writes
from cnncalc.errors import UsageError

SOURCE_HELP = "An ONNX or Keras file, a PyTorch module (mynet.py:Net), whose code is run, or any other ARCH."
Source = Annotated[str, options.argument("SOURCE", SOURCE_HELP, options.complete_architecture), Reads()]
Expand = Annotated[bool, typer.Option("--expand", help="Write every layer on a line of its own, without blocks.")]


SaveWeights = Annotated[
    str | None,
    options.option("--save-weights", metavar="FILE", help="Write the numbers of a small network, for run --weights."),
    Writes(),
    Without("--expand"),  # which gives layers other paths
]


def import_(
    source: Source,
    expand: Expand = False,
    save_weights: SaveWeights = None,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Write a network of another program as an architecture file.

    What has no layer kind is reported as a whole, each with its module, the operation and its shapes; then the exit
    code is 1 and nothing is written. Sizes that the source leaves open are given by --input.
    """
    from cnncalc.cli.show import text_of
    from cnncalc.render.show import show
    from cnncalc.render.source import highlight

    reading = read(source, inputs, settings)
    if save_weights is not None and reading.graph is None:
        raise UsageError("`--save-weights` has an effect only with the weights of another program's file")
    text = text_of(reading, expand=expand, overridden="--input" if inputs else "--set" if settings else "")
    if output is None or output in STANDARD_OUTPUT:
        text = show(highlight(text), make_view(output, None, color))
    if save_weights is not None:
        assert reading.graph is not None
        from cnncalc.exchange.weights import weights_of
        from cnncalc.render.json import encode

        emit(encode(weights_of(reading.graph, reading.order, reading.require_network())) + "\n", save_weights)
    emit(text, output)
    return int(reading.failed)
