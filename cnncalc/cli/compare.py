"""`cnncalc compare`."""

import re
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc import limits
from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.cli import budgets, device, options
from cnncalc.cli.convention import Convention, count_by
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.messages import note
from cnncalc.cli.output import emit, make_view, write_message
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs, Reads, Without, Writes
from cnncalc.cli.variants import group_inputs, parse_vary, read_networks
from cnncalc.errors import CnncalcError, Source, SpecError, UsageError

if TYPE_CHECKING:
    from cnncalc.compare.separable import GivenValues, Rewriting
    from cnncalc.compare.side_by_side import ComparedNetwork, SideBySide
    from cnncalc.network import Network
    from cnncalc.reading import Reading
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
Stages = Annotated[
    bool,
    typer.Option("--stages", help="Show what the networks hold at each size of their maps, as the tables of papers."),
    Without("--separable", "--dense", "--depth", "--at", "--totals"),
]
Limits = Annotated[
    list[Any] | None,
    options.option("--limit", metavar="CONDITION", parser=budgets.parse, help=LIMIT_HELP),
    Without("--separable", "--dense"),
]
Columns = Annotated[options.Columns, Without("--dense")]
Human = Annotated[options.Human, Without("--dense")]
DtypeOption = Annotated[options.DtypeOption, Needs("--columns", "--limit")]
Counted = Annotated[Convention, Without("--separable", "--dense")]
Compute = Annotated[device.Compute, Without("--separable", "--dense")]
INPUTS_HELP = "Override the input size, e.g. 3x128x128, or NAME=SIZES; several sizes are compared."
Inputs = Annotated[list[str] | None, options.option("--input", metavar="SIZES", help=INPUTS_HELP)]
Settings = Annotated[
    list[str] | None,
    options.option(
        "--set", metavar="NAME=VALUE", help="Override a parameter of the file; several values are compared."
    ),
]


VARY_HELP = "Compare values of a param, or of `input`, all its spatial sizes: 1,2,4 or 96..256:32; several are a grid."
Vary = Annotated[
    list[Any] | None,
    options.option("--vary", metavar="NAME=VALUES", parser=parse_vary, help=VARY_HELP),
    Without("--separable", "--dense"),
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
    stages: Stages = False,
    columns: Columns = None,
    convention: Counted = None,
    human: Human = None,
    dtype: DtypeOption = None,
    limits: Limits = None,
    compute: Compute = None,
    bandwidth: device.Bandwidth = None,
    inputs: Inputs = None,
    settings: Settings = None,
    vary: Vary = None,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    lang: options.Lang = options.Language.en,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Compare architectures, or standard with separable or dense layers."""
    view = make_view(output, width, color)._replace(human=human, totals=totals, language=lang)
    view = _choose_columns(view, columns, dtype, limits, of_layers=separable is not None)
    if convention is not None:
        from cnncalc.render import side_by_side
        from cnncalc.render import stages as by_stage

        view = count_by(convention, view, by_stage.TOTALS if stages else side_by_side.TOTALS, programs=False)
    rates = device.choose_device(compute, bandwidth, view.columns or (), limits, used=format == "json")
    if separable is None and not dense:
        found = read_networks(archs, inputs or (), settings or (), vary or (), rates)
        for each in found[1:]:
            note(budgets.find_missed(limits, each.report, found[0].report, view.dtype, name=each.label))
        if stages:
            emit(_compare_stages(found, format, view), output)
        else:
            emit(_compare_side_by_side(_align(found, at, depth, totals=totals), format, view), output)
        return
    reading = _read_one(archs, inputs, settings)
    if separable is None:
        emit(_compare_dense(reading.require_network(), at, format, view), output)
    else:
        emit(_compare_separable(reading, separable, at, least_saving, write, format, view), output)


def _read_one(archs: list[str], inputs: list[str] | None, settings: list[str] | None) -> "Reading":
    """The architecture of which the layers are replaced. Raises UsageError and SpecError."""
    sizes = group_inputs(inputs or ())
    if len(archs) != 1 or len(sizes) > 1:
        raise UsageError("--separable and --dense take one architecture at one input size")
    return read(archs[0], sizes[0], settings)


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
        known = adding_up if of_layers else FIGURES
        view = view._replace(columns=find_columns(columns, known, foreign=not of_layers))
    figures = [*(view.columns or ()), *(limit.figure.name for limit in limits or ())]
    return view._replace(dtype=options.choose_dtype(dtype, figures))


def _compare_separable(
    reading: "Reading", form: Separable, at: str | None, least_saving: Fraction | None, write: str | None,
    format: TableFormat, view: "View",
) -> str:  # fmt: skip
    from cnncalc.compare.separable import list_convolutions, separate
    from cnncalc.paths import find_paths
    from cnncalc.render import compare as render

    network = reading.require_network()
    given = _find_given(reading)
    chosen = None
    if at is not None:
        chosen = find_paths(at, list_convolutions(network), what="convolution", former=network.former_paths)
    rewritten = separate(network, form, only=chosen, least_saving=least_saving, given=given)
    if write is not None:
        _write_network(rewritten, network.name, form, write)
    found = rewritten.comparison
    return write_table(
        format, view,
        document=lambda view: render.compare_separable(found, form, view),
        json=lambda: render.dump_comparison(found._replace(rows=()) if view.totals else found, separable=form.value),
        csv=lambda: render.write_comparison_csv(found, view),
    )  # fmt: skip


def _find_given(reading: "Reading") -> "GivenValues":
    """The arrays that the file gives, by path and name. Raises SpecError."""
    from cnncalc.spec.weights import find_weights

    written, problems = find_weights(reading.description)
    if not written and not problems:
        return {}
    from cnncalc.execution.weights import check_weights

    found, wrong = check_weights(reading.require_network(), written, complete=False)
    if problems or wrong:
        raise SpecError([*problems, *wrong])
    return {key: array.values for key, array in found.items()}


def _write_network(rewritten: "Rewriting", name: str, form: Separable, file: str) -> None:
    """The rewritten network as a file that expects its own totals, with the arrays that it keeps."""
    from cnncalc.analysis.analyze import analyze
    from cnncalc.spec.write import write_network

    network = rewritten.network
    report = analyze(network)
    names = ("parameters", "macs", "multiplications", "output")
    expected = {name: FIGURES[name].measure_network(report) for name in names}
    titled = network._replace(name=f"{name}, {form} separable")
    notes = f"Written by cnncalc compare --separable {form}. {network.notes}".strip()
    text = write_network(titled, notes=notes, expect=expected)
    if rewritten.weights:
        text += _write_weights(rewritten, text)
    if rewritten.dropped:
        paths = ", ".join(rewritten.dropped[: limits.LISTED_ARRAYS])
        write_message(f"cnncalc: note: the weights of {paths} are not kept, as the {form} form has others\n")
    emit(text, file)


def _write_weights(rewritten: "Rewriting", text: str) -> str:
    """The `weights` of the rewritten network, by the paths that its text gives its layers. Raises CnncalcError."""
    from cnncalc.reading import read_text
    from cnncalc.spec.write import write_weights

    again = read_text(Source("the rewritten network", text)).require_network()
    arrays: dict[str, dict[str, Any]] = {}
    for (index, name), values in rewritten.weights.items():
        node = again.nodes[index]
        shapes = {weight.name: weight.shape for weight in node.layer.weights(node.input_shapes)}
        arrays.setdefault(node.path, {})[name] = (shapes[name], values)
    written = write_weights(arrays)
    if len(text) + len(written) > limits.FILE_BYTES:
        raise CnncalcError("with its weights, the rewritten network is larger than the limit of a file")
    return written


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
        json=lambda: render.dump_side_by_side(found, view.convention),
        csv=lambda: render.write_side_by_side_csv(found, view),
    )  # fmt: skip


def _compare_stages(networks: "list[ComparedNetwork]", format: TableFormat, view: "View") -> str:
    from cnncalc.compare.stages import list_stages
    from cnncalc.render import stages as render

    rows = list_stages(networks)
    return write_table(
        format, view,
        document=lambda view: render.compare_stages(networks, rows, view),
        json=lambda: render.dump_stages(networks, rows, view.convention),
        csv=lambda: render.write_stages_csv(networks, rows, view),
    )  # fmt: skip
