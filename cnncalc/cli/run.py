"""`cnncalc run`."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.data import read_weights
from cnncalc.cli.effective import EffectiveFieldOption
from cnncalc.cli.formats import TextFormat, write_text
from cnncalc.cli.gradients import Gradient, OutputGradient, Stats
from cnncalc.cli.input_data import GivenInputs
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.precision import Precision
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs, Reads, Without, Writes
from cnncalc.errors import UsageError
from cnncalc.render.progress import Progress

if TYPE_CHECKING:
    from cnncalc.execution.weights import FlatArray, Weights
    from cnncalc.layers.ops import Map
    from cnncalc.network import Network, Node
    from cnncalc.render.view import View


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
Picture = Annotated[
    bool,
    options.option("--picture", help="Show the feature maps as shades of grey."),
    Without("--matrix", "--save-image"),
    Needs("--format text"),
]
Matrix = Annotated[
    bool,
    options.option(
        "--matrix", help="Show the layer as the matrix that multiplies its flat input; of a chain the product."
    ),
    Without("--save-image"),
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
NUMBERS_ONLY = Without("--all", "--matrix", "--picture", "--save-image")
UnitOption = Annotated[
    str | None,
    options.option("--unit", metavar="C,Y,X", help="Write out the arithmetic of a unit: channel and position, from 0."),
    NUMBERS_ONLY,
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Write out the arithmetic of all units, or of the first ones of many."),
    NUMBERS_ONLY,
    Without("--unit"),
]
Through = Annotated[
    int,
    typer.Option("--through", min=1, metavar="N", help="Write out N layers in a row, backwards."),
    Needs("--unit", "--explain"),
]
PrecisionOption = Annotated[
    Precision | None,
    options.option("--precision", help="Round after every operation, and show the differences from float64."),
    Without("--matrix", "--save-image", "--unit", "--explain", "--gradient"),
]
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
    from cnncalc.reading import names_chain

    given = GivenInputs(input_data or [])
    if not inputs and given.texts and names_chain(arch):
        inputs = given.suggest_inputs()
    reading = read(arch, inputs, settings)
    net = reading.require_network()
    if not net.nodes:
        raise UsageError(f"{net.name} has no layers to run")
    arrays = read_weights(reading, weights, seed, kernel or [])
    view = make_view(output, width, color)
    if matrix:
        chain = _choose_for_matrix(net, at)
        _refuse(net, chain, (), max_multiplications, max_memory)
        emit(_show_matrix(net, chain, arrays, format, view), output)
        return
    chosen = _choose_layers(net, at, all_)
    if effective_field is not None:
        from cnncalc.cli.effective import Averaged, write_effective

        averaged = Averaged(reading, _choose_one(net, chosen))
        field = averaged.compute(given, arrays, seed, effective_field, max_multiplications, max_memory)
        emit(write_effective(net, field, format, view), output)
        return
    if unit is not None or explain:
        node = _choose_one(net, chosen)
        _refuse(net, _list_needed(net, [node.index]), (), max_multiplications, max_memory)
        emit(_explain(net, node, unit, through, given.read(net, seed), arrays, format, view), output)
        return
    _refuse(net, _list_needed(net, chosen.values()), chosen.values(), max_multiplications, max_memory)
    starts = given.read(net, seed)
    if gradient:
        from cnncalc.cli.gradients import Wanted, write_gradients

        wanted = Wanted(net, chosen, max_multiplications, max_memory, shown=not stats)
        found = wanted.compute(starts, arrays, output_gradient, seed)
        emit(write_gradients(net, found, format, view, picture=picture, stats=stats), output)
        return
    if precision is not None:
        from cnncalc.cli.precision import write_rounded

        _refuse(net, _list_needed(net, chosen.values()), range(len(net.nodes)), max_multiplications, max_memory)
        emit(write_rounded(net, chosen, starts, arrays, precision, format, view, picture=picture), output)
        return
    made = _execute(net, starts, arrays, chosen)
    if save_image is not None:
        emit(_make_image(made, channel), save_image)
    else:
        emit(_write(net, made, format, picture, view), output)


def _choose_layers(net: "Network", at: str | None, all_: bool) -> dict[str, int]:
    """The layers whose outputs are shown, by their paths; by default the network's outputs."""
    paths = {node.path: node.index for node in net.nodes}
    if all_:
        return paths
    if at is not None:
        return {net.nodes[index].path: index for index in _find(net, at, paths)}
    last = net.outputs.get("")
    ends = [index for index in net.outputs.values() if index >= 0] if last is None or last < 0 else [last]
    return {net.nodes[index].path: index for index in ends or [len(net.nodes) - 1]}


def _find(net: "Network", at: str, paths: dict[str, int]) -> list[int]:
    """The layer of this path, of this named output, or with the output of this group; or all outputs in the group."""
    from cnncalc.paths import PathError, find_path

    try:
        return [paths[find_path(at, paths)]]
    except PathError:
        groups = {group.path: group for group in net.groups if group.path and _is_made(group.result)}
        found = find_path(at, {**groups, **paths}, former=net.former_paths, outputs=net.output_paths())
        group = groups.get(found)
        if group is None:
            return [paths[found]]
        if group.result is not None:
            return [group.result]
        inside = range(group.first, group.last)
        return [index for index in net.outputs.values() if index in inside] or [group.last - 1]


def _is_made(result: int | None) -> bool:
    """Whether the result of a group is computed by a layer, and not an input that is passed on."""
    return result is None or result >= 0


def _list_needed(net: "Network", chosen: "Collection[int]") -> "list[Node]":
    from cnncalc.execution.run import find_needed

    wanted = find_needed(net, chosen)
    return [node for node in net.nodes if node.index in wanted]


def _refuse(net: "Network", nodes: "Sequence[Node]", shown: "Collection[int]", operations: int, megabytes: int) -> None:
    """Raises UsageError if executing `nodes`, to show some of the outputs, exceeds one of the two limits."""
    _refuse_work(net, nodes, operations)
    from cnncalc.execution.memory import NUMBERS, compute_peak, format_megabytes

    found = compute_peak(net, net.nodes, NUMBERS, wanted={node.index for node in nodes}, keep=shown)
    if found.bytes > megabytes * 10**6:
        where = f", most of it at {found.node.path}" if found.node else ""
        raise UsageError(
            f"{net.name} needs up to {format_megabytes(found.bytes)} of memory{where}, more than the limit of"
            f" {megabytes:,} MB; use a smaller --input, an earlier --at or --max-memory {-(-found.bytes // 10**6)}"
        )


def _refuse_work(net: "Network", nodes: "Sequence[Node]", most: int) -> None:
    from math import prod

    from cnncalc.execution.effort import count_border, count_tried
    from cnncalc.render.numbers import format_digits

    works = [node.layer.work(node.input_shapes, node.output) for node in nodes]
    elements = sum(map(prod, net.inputs.values())) + sum(prod(node.output) + count_border(node) for node in nodes)
    elements += sum(prod(weight.shape) for node in nodes for weight in node.layer.weights(node.input_shapes))
    figures = {
        "multiplications": sum(work.multiplications for work in works),
        "numbers to compute": elements,
        "additions": sum(max(work.additions - work.macs, 0) for work in works),  # the others go with a multiplication
        "comparisons": sum(work.comparisons for work in works),
        "positions to examine": sum(map(count_tried, nodes)),
    }
    for what, figure in figures.items():
        if figure > most:
            how = f"use a smaller --input, an earlier --at or --max-multiplications {max(figures.values())}"
            raise UsageError(
                f"{net.name} needs {format_digits(figure)} {what}, more than the limit of {format_digits(most)}; {how}"
            )


def _execute(net: "Network", starts: "list[FlatArray]", weights: "Weights", chosen: dict[str, int]) -> "dict[str, Map]":
    from cnncalc.execution.interpretations import Numbers
    from cnncalc.execution.run import run
    from cnncalc.layers.ops import Map

    progress = Progress()
    sizes = {
        node.index: 1 + node.layer.work(node.input_shapes, node.output).multiplications
        for node in _list_needed(net, chosen.values())
    }
    total, done = sum(sizes.values()), 0

    def visit(node: "Node", made: Map) -> None:
        nonlocal done
        done += sizes[node.index]
        progress.report(node.path, done, total)

    try:
        made = run(net, [Map(*start) for start in starts], weights, Numbers(), keep=set(chosen.values()), visit=visit)
    finally:
        progress.clear()
    return {path: made[index] for path, index in chosen.items()}


def _choose_for_matrix(net: "Network", at: str | None) -> "list[Node]":
    """The layer whose matrix is shown, or all layers if they are a chain, whose matrices are multiplied."""
    from cnncalc.paths import find_path

    if at is not None:
        paths = {node.path: node for node in net.nodes}
        return [paths[find_path(at, paths, former=net.former_paths)]]
    if any(node.inputs != (node.index - 1,) for node in net.nodes):
        raise UsageError("--matrix shows one layer, or a chain of linear layers: choose one with --at PATH")
    return list(net.nodes)


def _show_matrix(net: "Network", chain: "Sequence[Node]", weights: "Weights", format: TextFormat, view: "View") -> str:
    from cnncalc.execution.matrix import multiply_matrices
    from cnncalc.render import maps

    rows = multiply_matrices(chain, weights)
    path = chain[0].path if len(chain) == 1 else f"{chain[0].path} → {chain[-1].path}"
    return write_text(
        format, view,
        document=lambda view: maps.describe_matrix(path, rows, view.width, product=len(chain)),
        json=lambda: maps.dump_matrix(net.name, path, rows),
    )  # fmt: skip


def _choose_one(net: "Network", chosen: dict[str, int]) -> "Node":
    """The layer whose units are written out. Raises UsageError if there are several."""
    if len(chosen) > 1:
        raise UsageError(f"one layer is written out: choose it with --at PATH, e.g. --at {next(iter(chosen))}")
    (index,) = chosen.values()
    return net.nodes[index]


def _explain(
    net: "Network", node: "Node", unit: str | None, through: int, starts: "list[FlatArray]", weights: "Weights",
    format: TextFormat, view: "View",
) -> str:  # fmt: skip
    from cnncalc.execution.explained import explain_numbers, list_explained_nodes, parse_unit
    from cnncalc.layers.ops import Map
    from cnncalc.render import terms

    units = None if unit is None else [parse_unit(unit, node)]
    nodes = list_explained_nodes(net, node, through)
    digits = repr if format is TextFormat.json else terms.format_term
    found = explain_numbers(net, [Map(*start) for start in starts], weights, nodes, units, digits)
    return write_text(
        format, view,
        document=lambda view: terms.describe_numbers(found, net, view.width),
        json=lambda: terms.dump_numbers(found, net),
    )  # fmt: skip


def _make_image(made: "dict[str, Map]", channel: int) -> str:
    from cnncalc.execution.netpbm import format_pgm

    path, found = next(iter(made.items()))
    if len(found.sizes) != 2:
        raise UsageError(f"the output of {path} has no rows and columns; choose another with --at PATH")
    if channel >= found.shape[0]:
        raise UsageError(f"{path} has no channel {channel}: its channels are 0 to {found.shape[0] - 1}")
    return format_pgm(found.channels()[channel], *found.sizes)


def _write(net: "Network", made: "dict[str, Map]", format: TextFormat, picture: bool, view: "View") -> str:
    from cnncalc.render import maps, pictures

    return write_text(
        format, view,
        document=lambda view: pictures.draw_pictures(made, view) if picture else maps.describe_maps(made, view.width),
        json=lambda: maps.dump_maps(net.name, made),
    )  # fmt: skip
