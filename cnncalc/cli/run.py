"""`cnncalc run`."""

from typing import TYPE_CHECKING, Annotated

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.bounds import Bounds, MostMemory, MostOperations
from cnncalc.cli.data import read_weights
from cnncalc.cli.effective import EffectiveFieldOption, write_effective
from cnncalc.cli.explained import Explain, Through, UnitOption, write_explained
from cnncalc.cli.formats import TextFormat
from cnncalc.cli.gradients import Gradient, OutputGradient, Stats, write_gradients
from cnncalc.cli.input_data import GivenInputs
from cnncalc.cli.matrix import Matrix, write_matrix
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.outputs import Channel, Picture, SaveImage, write_image, write_outputs
from cnncalc.cli.precision import PrecisionOption, write_rounded
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Reads, Without
from cnncalc.cli.task import Task
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.reading import Reading

At = Annotated[
    str | None,
    options.option("--at", metavar="PATH", help="Show the output of this layer or group (default: of the network)."),
    Without("--all"),
]
All = Annotated[
    bool, options.option("--all", help="Show the output of every layer."), Without("--matrix", "--save-image")
]
INPUT_DATA_HELP = (
    "Numbers, '1 2 3; 4 5 6', a pattern (ramp, ones, noise, checker, digit), or a file: nested lists, CSV, PNG, PGM,"
    " PPM. For several inputs: NAME=DATA, repeatable."
)
InputData = Annotated[
    list[str] | None,
    options.option("--input-data", metavar="DATA", help=INPUT_DATA_HELP),
    Reads(named=True),
    Without("--matrix"),
]
KERNEL_HELP = (
    "Kernel of a convolution, for all its channels: sobel_x, blur, …, numbers, '1 0 -1; 2 0 -2; 1 0 -1', or a file. For"
    " one of several convolutions: PATH=KERNEL, repeatable."
)
KernelOption = Annotated[
    list[str] | None, options.option("--kernel", metavar="KERNEL", help=KERNEL_HELP), Reads(named=True)
]
Seed = Annotated[
    int | None,
    options.option("--seed", min=0, metavar="N", help="Seed of the random input and weights (default: 0)."),
]
Format = Annotated[options.TextFormatOption, Without("--save-image")]
Output = Annotated[options.Output, Without("--save-image")]
Width = Annotated[options.Width, Without("--save-image")]


def run(
    arch: options.Arch,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    input_data: InputData = None,
    weights: options.WeightsFile = None,
    kernel: KernelOption = None,
    seed: Seed = None,
    at: At = None,
    all_: All = False,
    picture: Picture = False,
    matrix: Matrix = False,
    gradient: Gradient = False,
    output_gradient: OutputGradient = None,
    stats: Stats = False,
    effective_field: EffectiveFieldOption = None,
    save_image: SaveImage = None,
    channel: Channel = 0,
    unit: UnitOption = None,
    explain: Explain = False,
    through: Through = 1,
    precision: PrecisionOption = None,
    max_multiplications: MostOperations = limits.RUN_OPERATIONS,
    max_memory: MostMemory = limits.MEMORY // 10**6,
    format: Format = TextFormat.text,
    output: Output = None,
    width: Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Execute a network on a small input and show its output.

    Inference is executed: dropout passes its input on, a batch norm uses its running statistics. Without --input-data
    the input is random, uniform from 0 to 1; with it, a chain of layers needs no --input. Without --weights (or
    `weights` in the file) the weights are random too: uniform within 1/sqrt(n) of 0, where n is the number of inputs of
    an output; factors and variances of norms within 1/2 of 1.
    """
    reading, given = _read(arch, inputs, settings, input_data or [])
    arrays = read_weights(reading, weights, seed, kernel or [])
    bounds = Bounds(max_multiplications, max_memory)
    task = Task(reading, given, arrays, seed, at, all_, bounds, format, make_view(output, width, color))
    text = (
        write_matrix(task) if matrix else
        write_effective(task, effective_field) if effective_field is not None else
        write_explained(task, unit, through) if unit is not None or explain else
        write_gradients(task, output_gradient, picture=picture, stats=stats) if gradient else
        write_rounded(task, precision, picture=picture) if precision is not None else
        write_image(task, channel, save_image) if save_image is not None else
        write_outputs(task, picture=picture)
    )  # fmt: skip
    emit(text, output if save_image is None else save_image)


def _read(
    arch: str, inputs: list[str] | None, settings: list[str] | None, input_data: list[str]
) -> "tuple[Reading, GivenInputs]":
    """The network, and the data for its inputs, which say the input of a chain that has none. Raises CnncalcError."""
    from cnncalc.reading import names_chain

    given = GivenInputs(input_data)
    if not inputs and given.texts and names_chain(arch):
        inputs = given.suggest_inputs()
    reading = read(arch, inputs, settings)
    net = reading.require_network()
    if not net.nodes:
        raise UsageError(f"{net.name} has no layers to run")
    return reading, given
