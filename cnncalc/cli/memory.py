"""`cnncalc memory`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc import limits
from cnncalc.analysis.optimizers import Optimizer
from cnncalc.cli import device, options
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs, Without
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnncalc.analysis.figures import Dtype
    from cnncalc.analysis.memory import Dtypes, Memory
    from cnncalc.analysis.roofline import Device
    from cnncalc.analysis.training import Training
    from cnncalc.network import Network
    from cnncalc.render.view import View

DTYPES_HELP = "Data type of what is stored, or of each: activations=int8,biases=int32 (default: float32)."
DtypesOption = Annotated[str | None, options.option("--dtype", metavar="TYPES", help=DTYPES_HELP)]
TRAINING_HELP = "Show the memory of training: kept activations, gradients, optimizer, the peak of a step."
TrainingOption = Annotated[bool, typer.Option("--training", help=TRAINING_HELP)]
OptimizerOption = Annotated[
    Optimizer, typer.Option("--optimizer", help="Optimizer, whose state is counted."), Needs("--training")
]
Mixed = Annotated[
    bool,
    typer.Option("--mixed", help="Activations and a copy of the weights in float16."),
    Needs("--training"),
]
Batch = Annotated[int, typer.Option("--batch", min=1, max=limits.SIZE, metavar="N", help="Examples in a batch.")]
Arena = Annotated[
    bool,
    typer.Option("--arena", help="Show an arena: an offset for each tensor, norms and activations fused."),
    Without("--training"),
]
Depth = Annotated[options.Depth, Without("--arena", "--training")]
AT_HELP = "A layer or a group, of which to show what is alive at its most; the peak's otherwise."
At = Annotated[
    str | None,
    options.option("--at", metavar="PATH", help=AT_HELP),
    Without("--arena", "--training", "--compute", "--format csv"),
]
Joins = Annotated[
    bool,
    typer.Option("--join-concats", help="Let branches write into the output of their concat."),
    Without("--arena", "--training", "--compute"),
]
Compute = Annotated[device.Compute, Without("--arena", "--training")]


def memory(
    arch: options.Arch,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    dtype: DtypesOption = None,
    batch: Batch = 1,
    arena: Arena = False,
    training: TrainingOption = False,
    optimizer: OptimizerOption = Optimizer.adam,
    mixed: Mixed = False,
    compute: Compute = None,
    bandwidth: device.Bandwidth = None,
    at: At = None,
    join_concats: Joins = False,
    depth: Depth = None,
    human: options.Human = None,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Show the memory that a network takes: the peak, where it is, and the tensors alive there.

    A tensor is alive from the layer that makes it to its last reader, the input from the beginning, an output to the
    end. Weights are counted apart.
    """
    from cnncalc.analysis.memory import Memory

    dtypes = parse_dtypes(dtype)
    view = make_view(output, width, color)._replace(depth=depth, human=human)
    type = _require_float(dtypes) if training else dtypes.activations
    used = compute is not None and bandwidth is not None
    rates = device.parse_device(compute or "", bandwidth or "") if used else None
    reading = read(arch, inputs, settings)
    report = reading.require_report()
    where = _find_layers(at, reading.require_network()) if at is not None else ()
    found = Memory(report, dtypes, batch, joins=join_concats, where=where)
    if training:
        from cnncalc.analysis.training import Settings, Training

        emit(_write_training(found, Training(report, Settings(optimizer, batch, mixed, type)), format, view), output)
    elif rates:
        emit(_write_roofline(found, rates, format, view), output)
    else:
        emit(_write(found, format, view, arena=arena), output)


def _find_layers(at: str, network: "Network") -> frozenset[int]:
    """The indexes of a layer or of those of a group. Raises UsageError."""
    from cnncalc.paths import find_paths

    paths = [node.path for node in network.nodes]
    wanted = {*find_paths(at, paths, former=network.former_paths, outputs=network.output_paths())}
    return frozenset(index for index, path in enumerate(paths) if path in wanted)


def _write(found: "Memory", format: TableFormat, view: "View", *, arena: bool) -> str:
    from cnncalc.render import arena as of_arena
    from cnncalc.render import memory as of_memory

    return write_table(
        format, view,
        document=lambda view: (of_arena.describe_arena if arena else of_memory.describe_memory)(found, view),
        json=lambda: of_memory.dump_memory(found, **({"arena": of_arena.record_arena(found)} if arena else {})),
        csv=lambda: (of_arena.write_arena_csv if arena else of_memory.write_memory_csv)(found),
    )  # fmt: skip


def _write_training(found: "Memory", training: "Training", format: TableFormat, view: "View") -> str:
    from cnncalc.render import memory as of_memory
    from cnncalc.render import training as of_training

    return write_table(
        format, view,
        document=lambda view: of_training.describe_training(training, view),
        json=lambda: of_memory.dump_memory(found, training=of_training.record_training(training)),
        csv=lambda: of_training.write_training_csv(training),
    )  # fmt: skip


def _write_roofline(found: "Memory", device: "Device", format: TableFormat, view: "View") -> str:
    from cnncalc.render import memory as of_memory
    from cnncalc.render import roofline as of_roofline

    return write_table(
        format, view,
        document=lambda view: of_roofline.describe_roofline(found, device, view),
        json=lambda: of_memory.dump_memory(found, roofline=of_roofline.record_roofline(found, device)),
        csv=lambda: of_roofline.write_roofline_csv(found, device),
    )  # fmt: skip


def _require_float(dtypes: "Dtypes") -> "Dtype":
    """The one data type in which a network is trained. Raises UsageError."""
    if len(set(dtypes)) > 1 or "float" not in dtypes.activations:
        raise UsageError("--training takes one floating-point type for --dtype, e.g. float32, or --mixed")
    return dtypes.activations


def parse_dtypes(text: str | None) -> "Dtypes":
    """`int8`, or `activations=int8,weights=int8,biases=int32`; what is left out is float32. Raises UsageError."""
    from cnncalc.analysis.figures import Dtype
    from cnncalc.analysis.memory import Dtypes

    if text is None:
        return Dtypes()
    if "=" not in text:
        return Dtypes.all(_find_dtype(text))
    found: dict[str, Dtype] = {}
    for part in text.split(","):
        name, _, dtype = (each.strip() for each in part.partition("="))
        if name not in Dtypes._fields:
            raise UsageError(
                f"--dtype has no part {name!r}{_hint(name, Dtypes._fields)} the parts are {', '.join(Dtypes._fields)}"
            )
        if name in found:
            raise UsageError(f"--dtype gives {name} twice")
        found[name] = _find_dtype(dtype)
    return Dtypes(**found)


def _find_dtype(name: str) -> "Dtype":
    from cnncalc.analysis.figures import Dtype

    known = [dtype.value for dtype in Dtype]
    if name not in known:
        raise UsageError(f"there is no data type {name!r}{_hint(name, known)} the types are {', '.join(known)}")
    return Dtype(name)


def _hint(name: str, known: "Iterable[str]") -> str:
    from cnncalc.nearest import did_you_mean

    hint = did_you_mean(name, known)
    return f", {hint}" if hint else ";"
