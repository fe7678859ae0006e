"""`cnncalc export`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, write_message
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs
from cnncalc.errors import UsageError
from cnncalc.export.axes import Layout
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.layers.base import Shape
    from cnncalc.network import Network, Node
    from cnncalc.reading import Reading
    from cnncalc.spec.family import Description


class Target(StrEnum):
    """What a network is written for."""

    pytorch = "pytorch"
    keras = "keras"
    onnx = "onnx"


TO_HELP = "What the network is written for: the code of a PyTorch module or of a Keras 3 model, or an ONNX file."
To = Annotated[Target, typer.Option("--to", help=TO_HELP)]
LayoutOption = Annotated[
    Layout, typer.Option("--layout", help="Order of the axes, without the batch."), Needs("--to keras")
]
Weights = Annotated[options.WeightsFile, Needs("--to onnx")]
RandomWeights = Annotated[
    bool,
    options.option("--random-weights", help="Fill arrays that are not given, as `run` does with the same seed."),
    Needs("--to onnx"),
]
Seed = Annotated[
    int | None,
    options.option("--seed", min=0, metavar="N", help="Seed of the random weights (default: 0)."),
    Needs("--random-weights"),
]


class Request(NamedTuple):
    """What is exported, and the options of single targets."""

    arch: str
    reading: Reading
    description: Description
    network: Network
    layout: Layout
    output: str | None
    weights: str | None
    seed: int | None  # of random weights; None without them


class Exported(NamedTuple):
    """What is written, and notes for standard error."""

    content: str | Iterable[bytes]
    notes: tuple[str, ...] = ()


def export(
    arch: options.Arch,
    to: To,
    layout: LayoutOption = Layout.channels_last,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    weights: Weights = None,
    random_weights: RandomWeights = False,
    seed: Seed = None,
    output: options.Output = None,
) -> int:
    """Write a network as the code that one would have written, or as a model file.

    In code, a block is a class or a function, a repeat a loop, params are keyword arguments, and layers are named by
    their paths. An ONNX file has the weights of ARCH or of --weights; --random-weights fills what is not given. What
    has no counterpart is reported as a whole; then the exit code is 1 and nothing is written.
    """
    reading = read(arch, inputs, settings)
    network = reading.require_network()
    assert reading.description is not None
    chosen = (seed or 0) if random_weights else None
    request = Request(arch, reading, reading.description, network, layout, output, weights, chosen)
    exported = WRITERS[to](request)
    for note in exported.notes:
        write_message(f"cnncalc: note: {note}\n")
    emit(exported.content, output)
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


def write_onnx(request: Request) -> Exported:
    """An ONNX file. Raises UsageError without --output, since it is no text."""
    from cnncalc import __version__
    from cnncalc.cli.data import read_weights
    from cnncalc.execution.weights import sample_blocks
    from cnncalc.export.onnx_model import write_model

    if request.output is None:
        raise UsageError("an ONNX file is not text: name it with --output FILE, or - for standard output")
    arrays = read_weights(request.reading, request.weights, request.seed)

    def find_numbers(node: Node, name: str, shape: Shape) -> Iterable[Sequence[float]] | None:
        if node.path in arrays.owners:
            return [arrays(node, name, shape)]
        return None if request.seed is None else sample_blocks(request.seed, node, name, shape)

    model = write_model(request.network, find_numbers, __version__)
    return Exported(model.chunks, note_inputs(model.without_numbers))


def note_inputs(count: int) -> tuple[str, ...]:
    """The note of an ONNX file with arrays that have no numbers."""
    if not count:
        return ()
    which = "an array has" if count == 1 else f"{count:,} arrays have"
    return (f"{which} no numbers, inputs of the graph instead; --weights FILE or --random-weights gives them numbers",)


WRITERS: dict[Target, Callable[[Request], Exported]] = {
    Target.pytorch: write_pytorch,
    Target.keras: write_keras,
    Target.onnx: write_onnx,
}
