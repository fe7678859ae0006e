"""`cnncalc compare`."""

import re
from enum import StrEnum
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.cli import budgets, device, options
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.messages import note
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read, read_partly
from cnncalc.cli.relations import Needs, Reads, Without, Writes
from cnncalc.errors import SpecError, UsageError

if TYPE_CHECKING:
    from cnncalc.analysis.roofline import Device
    from cnncalc.compare.side_by_side import ComparedNetwork, SideBySide
    from cnncalc.network import Network
    from cnncalc.render.view import View


class Separable(StrEnum):
    """How a convolution is factorized."""

    depthwise = "depthwise"
    spatial = "spatial"


def _parse_share(text: str) -> Fraction:
    """Parse a share, e.g. `30%` or `0.3`. Raises UsageError."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?%?", text):
        share = Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if share <= 1:
            return share
    raise UsageError(f"--least-saving takes a share from 0% to 100%, e.g. 30%, not {text!r}")


Archs = Annotated[
    list[str],
    options.argument("ARCH...", "Architectures, or chains of layers with --input.", options.complete_architecture),
    Reads(),
]
Form = Annotated[
    Separable | None,
    options.option(
        "--separable", help="Compare each convolution with its separable form: K×K by channel and 1×1, or K×1 and 1×K."
    ),
]
Dense = Annotated[
    bool,
    typer.Option("--dense", help="Compare each convolution with the fully connected layer that it replaces."),
    Without("--separable"),
]
At = Annotated[
    str | None,
    options.option("--at", "--only", metavar="PATH", help="Show only these layers: a path, a group or a pattern."),
]
Least = Annotated[
    Fraction | None,
    options.option(
        "--least-saving",
        metavar="SHARE",
        parser=_parse_share,
        help="Leave convolutions that would save less than this share, e.g. 30%.",
    ),
    Needs("--separable"),
]
WriteTo = Annotated[
    str | None,
    options.option("--write", metavar="FILE", help="Write the rewritten network to FILE (atomically)."),
    Needs("--separable"),
    Writes(),
]
Totals = Annotated[bool, typer.Option("--totals", help="Show the totals only."), Without("--dense", "--depth", "--at")]
Depth = Annotated[
    int | None,
    options.option("--depth", "-d", min=1, metavar="N", help="Levels of groups to compare (default: single layers)."),
    Without("--separable", "--dense"),
]
LIMIT_HELP = "A condition on all but the first, e.g. 'macs <= +5%' of the first's, or 'macs <= 300 M'; repeatable."
Limits = Annotated[
    list[Any] | None,
    options.option("--limit", metavar="CONDITION", parser=budgets.parse, help=LIMIT_HELP),
    Without("--separable", "--dense"),
]
Columns = Annotated[options.Columns, Without("--dense")]
Human = Annotated[options.Human, Without("--dense")]
DtypeOption = Annotated[options.DtypeOption, Needs("--columns", "--limit")]
Compute = Annotated[device.Compute, Without("--separable", "--dense")]
INPUTS_HELP = "Override the input size, e.g. 3x128x128, or NAME=SIZES; several sizes are compared."
Inputs = Annotated[list[str] | None, options.option("--input", metavar="SIZES", help=INPUTS_HELP)]
Settings = Annotated[
    list[str] | None,
    options.option(
        "--set", metavar="NAME=VALUE", help="Override a parameter of the file; several values are compared."
    ),
]


def compare(
    archs: Archs,
    separable: Form = None,
    dense: Dense = False,
    at: At = None,
    least_saving: Least = None,
    write: WriteTo = None,
    totals: Totals = False,
    depth: Depth = None,
    columns: Columns = None,
    human: Human = None,
    dtype: DtypeOption = None,
    limits: Limits = None,
    compute: Compute = None,
    bandwidth: device.Bandwidth = None,
    inputs: Inputs = None,
    settings: Settings = None,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Compare architectures, or standard with separable or dense layers."""
    view = make_view(output, width, color)._replace(human=human, totals=totals)
    view = _choose_columns(view, columns, dtype, limits, of_layers=separable is not None)
    rates = device.choose_device(compute, bandwidth, view.columns or (), limits, used=format == "json")
    if separable is None and not dense:
        found = _read_networks(archs, inputs, settings, rates)
        for each in found[1:]:
            note(budgets.find_missed(limits, each.report, found[0].report, view.dtype, name=each.label))
        emit(_compare_side_by_side(_align(found, at, depth, totals=totals), format, view), output)
        return
    sizes = _group_inputs(inputs or [])
    if len(archs) != 1 or len(sizes) > 1:
        raise UsageError("--separable and --dense take one architecture at one input size")
    network = read(archs[0], sizes[0], settings).require_network()
    if separable is None:
        emit(_compare_dense(network, at, format, view), output)
    else:
        emit(_compare_separable(network, separable, at, least_saving, write, format, view), output)


def _choose_columns(
    view: "View", columns: str | None, dtype: Dtype | None, limits: list[Any] | None, *, of_layers: bool
) -> "View":
    """The view with the chosen columns, and the data type that they and the limits are in. Raises UsageError."""
    if columns is not None:
        from cnncalc.render.columns import find_columns

        adding_up = [
            name for name, figure in FIGURES.items()
            if figure.together == "sum" and not figure.of_device and name != "layers"
        ]  # fmt: skip
        view = view._replace(columns=find_columns(columns, adding_up if of_layers else FIGURES))
    figures = [*(view.columns or ()), *(limit.figure.name for limit in limits or ())]
    return view._replace(dtype=options.choose_dtype(dtype, figures))


def _compare_separable(
    network: "Network", form: Separable, at: str | None, least_saving: Fraction | None, write: str | None,
    format: TableFormat, view: "View",
) -> str:  # fmt: skip
    from cnncalc.compare.separable import list_convolutions, separate
    from cnncalc.paths import find_paths
    from cnncalc.render import compare as render

    chosen = None
    if at is not None:
        chosen = find_paths(at, list_convolutions(network), what="convolution", former=network.former_paths)
    rewritten = separate(network, form, only=chosen, least_saving=least_saving)
    if write is not None:
        _write_network(rewritten.network, network.name, form, write)
    found = rewritten.comparison
    return write_table(
        format, view,
        document=lambda view: render.compare_separable(found, form, view),
        json=lambda: render.dump_comparison(found._replace(rows=()) if view.totals else found, separable=form.value),
        csv=lambda: render.write_comparison_csv(found, view),
    )  # fmt: skip


def _write_network(network: "Network", name: str, form: Separable, file: str) -> None:
    """The rewritten network as a file that expects its own totals."""
    from cnncalc.analysis.analyze import analyze
    from cnncalc.spec.write import write_network

    report = analyze(network)
    names = ("parameters", "macs", "multiplications", "output")
    expected = {name: FIGURES[name].measure_network(report) for name in names}
    titled = network._replace(name=f"{name}, {form} separable")
    notes = f"Written by cnncalc compare --separable {form}. {network.notes}".strip()
    emit(write_network(titled, notes=notes, expect=expected), file)


def _compare_dense(network: "Network", at: str | None, format: TableFormat, view: "View") -> str:
    from cnncalc.analysis.analyze import analyze
    from cnncalc.compare.separable import list_dense_equivalents
    from cnncalc.paths import find_paths
    from cnncalc.render import compare as render

    found = list_dense_equivalents(analyze(network).layers)
    if at is not None:
        paths = [each.path for each in found]
        chosen = find_paths(at, paths, what="convolution", former=network.former_paths)
        found = [each for each in found if each.path in chosen]
    return write_table(
        format, view,
        document=lambda view: render.compare_dense(found, network.name, view),
        json=lambda: render.dump_dense(found, network.name),
        csv=lambda: render.write_dense_csv(found),
    )  # fmt: skip


def _read_networks(
    archs: list[str], inputs: list[str] | None, settings: list[str] | None, rates: "Device | None"
) -> "list[ComparedNetwork]":
    """Read each architecture at each input and with each of the values of --set. Raises SpecError."""
    from cnncalc.compare.rows import require_comparable
    from cnncalc.compare.side_by_side import ComparedNetwork

    networks = []
    sizes, variants = _group_inputs(inputs or []), _combine_settings(settings or [])
    broken = False
    layers = 0
    for arch, own, chosen in product(archs, sizes, variants):
        size, varied = _select_varied(own, sizes), _select_varied(chosen, variants)
        options = [f"--input {text}" for text in size] + [f"--set {text}" for text in varied]
        reading = read_partly(arch, own, chosen, where=f"with {' '.join(options)}" if options else "")
        broken = broken or reading.failed
        if not broken:
            network = reading.require_network()
            layers += len(network.nodes)
            require_comparable(layers)
            label = " ".join([arch, *size, *varied])
            report = reading.require_report()._replace(device=rates)
            networks.append(ComparedNetwork(label, report, network.former_paths))
    if broken:
        raise SpecError([])  # the problems of all of them are noted already
    if len(networks) < 2:
        raise UsageError("name two architectures, or one with --separable or --dense, or several --input or --set")
    return networks


def _align(networks: "list[ComparedNetwork]", at: str | None, depth: int | None, *, totals: bool) -> "SideBySide":
    """The networks, and of two the layers aligned. Raises UsageError."""
    from cnncalc.compare.side_by_side import SideBySide, align
    from cnncalc.paths import find_paths

    if len(networks) > 2 and (totals or at is not None or depth is not None):
        option = "--totals" if totals else "--at" if at is not None else "--depth"
        raise UsageError(f"`{option}` has an effect only with two architectures: for more, only the totals are shown")
    if len(networks) > 2 or totals:
        return SideBySide(tuple(networks))
    rows = align(networks[0].report, networks[1].report, depth)
    if at is not None:
        paths = [{side.path for side in (row.before, row.after) if side is not None} for row in rows]
        chosen = set(find_paths(at, sorted(set().union(*paths)), former=lambda: _unite_former_paths(networks)))
        rows = [row for row, own in zip(rows, paths, strict=True) if own & chosen]
    return SideBySide(tuple(networks), tuple(rows))


def _unite_former_paths(networks: "list[ComparedNetwork]") -> dict[str, list[str]]:
    """The former paths of all networks, each with the paths of today in any of them."""
    found: dict[str, list[str]] = {}
    for network in networks:
        for former, paths in network.former_paths().items():
            found.setdefault(former, []).extend(path for path in paths if path not in found[former])
    return found


def _compare_side_by_side(found: "SideBySide", format: TableFormat, view: "View") -> str:
    from cnncalc.render import side_by_side as render

    return write_table(
        format, view,
        document=lambda view: render.compare_side_by_side(found, view),
        json=lambda: render.dump_side_by_side(found),
        csv=lambda: render.write_side_by_side_csv(found, view),
    )  # fmt: skip


def _select_varied(chosen: list[str], variants: list[list[str]]) -> list[str]:
    """The settings of one variant that differ between the variants."""
    return [text for at, text in enumerate(chosen) if len({other[at] for other in variants}) > 1]


def _group_inputs(inputs: list[str]) -> list[list[str]]:
    """The input sizes of each variant: the first size of each input, then the second of each, and so on.

    An input with one size has it in all variants. Raises UsageError if it is unclear which sizes belong together.
    """
    values: dict[str, list[str]] = {}
    for text in inputs:
        values.setdefault(text.rpartition("=")[0].strip(), []).append(text)
    if "" in values and len(values) > 1:
        raise UsageError("--input takes SIZES for a single input, or NAME=SIZES for each of several, not both")
    counts = {len(sizes) for sizes in values.values() if len(sizes) > 1}
    if len(counts) > 1:
        each = ", ".join(f"{name} {len(sizes)}" for name, sizes in values.items())
        raise UsageError(f"--input gives different numbers of sizes ({each}): give each input one, or equally many")
    return [[sizes[at % len(sizes)] for sizes in values.values()] for at in range(max(counts, default=1))]


def _combine_settings(settings: list[str]) -> list[list[str]]:
    """The settings of each variant: all combinations of the values given for each name."""
    values: dict[str, list[str]] = {}
    for text in settings:
        values.setdefault(text.partition("=")[0], []).append(text)
    return [list(chosen) for chosen in product(*values.values())]
