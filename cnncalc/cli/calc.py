"""`cnncalc calc`."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import device, options
from cnncalc.cli.explain import ExplainFormat, write_explained
from cnncalc.cli.formats import TableFormat
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs, Reads, Without
from cnncalc.cli.summary import make_summary_view, write
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.network import Network
    from cnncalc.reading import Reading
    from cnncalc.render.view import View

Chain = Annotated[
    str,
    typer.Argument(metavar="CHAIN", help="Layers, e.g. 'conv(64, 7, stride=2) -> relu'.", show_default=False),
    Reads(),
]
INPUT_HELP = "Input size, e.g. 3x224x224. For several inputs: NAME=SIZES, repeatable."
Inputs = Annotated[list[str], typer.Option("--input", metavar="SIZES", help=INPUT_HELP, show_default=False)]
# format of the table → the format of --explain, if there is one
EXPLAINED = {TableFormat.table: ExplainFormat.text} | {
    TableFormat(format.value): format for format in ExplainFormat if format is not ExplainFormat.text
}
ROOM = 4096  # added to every input size, so that all windows fit

Explain = Annotated[
    bool,
    typer.Option("--explain", help="Show the arithmetic instead of the table."),
    Needs(*(f"--format {name}" for name in EXPLAINED)),
]
Want = Annotated[
    str | None,
    options.option("--want", metavar="SIZES", help="Find the padding that gives this output size, e.g. 55x55."),
    Without("--explain"),
    Needs("--format table", "--format json"),
]
TABLE_ONLY = Without("--explain", "--want")
Columns = Annotated[options.Columns, TABLE_ONLY]
Human = Annotated[options.Human, TABLE_ONLY]
DtypeOption = Annotated[options.DtypeOption, TABLE_ONLY]
Compute = Annotated[device.Compute, TABLE_ONLY]
Shapes = Annotated[options.Shapes, TABLE_ONLY]
Lang = Annotated[options.Lang, TABLE_ONLY]


def _parse_free(text: str) -> str:
    """Check the names of --free. Raises UsageError for one that cannot be searched."""
    from cnncalc.analysis.wanted import FREE

    names = _split_names(text)
    if not set(names) <= set(FREE) or len(set(names)) < len(names):
        raise UsageError(f"--free takes some of {', '.join(FREE)}, not {text!r}")
    return text


def _split_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


Free = Annotated[
    str | None,
    options.option(
        "--free",
        metavar="A,B",
        parser=_parse_free,
        help="Arguments that --want may change: kernel, stride, padding (default: padding).",
    ),
    Needs("--want"),
]


def calc(
    chain: Chain,
    inputs: Inputs,
    settings: options.Settings = None,
    explain: Explain = False,
    want: Want = None,
    free: Free = None,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    columns: Columns = None,
    human: Human = None,
    dtype: DtypeOption = None,
    shapes: Shapes = options.ShapeOrder.chw,
    compute: Compute = None,
    bandwidth: device.Bandwidth = None,
    lang: Lang = options.Language.en,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Calculate a chain of layers without a file: sizes, parameters, macs, receptive fields.

    With --want, search for arguments that give an output size. Exit code 1 if there are none.
    """
    if want is not None:
        return _search(
            _read_network_to_search(chain, inputs, settings),
            want,
            free,
            format,
            output,
            make_view(output, width, color),
        )
    view = make_summary_view(format, output, None, columns, human, dtype, shapes, width, color)
    view = view._replace(language=lang)
    all_columns = view.columns is None and format in ("json", "csv")
    rates = device.choose_device(compute, bandwidth, view.columns or (), used=all_columns)
    reading = read(chain, inputs, settings, layers=True)
    if explain:
        emit(_explain(reading, format, view), output)
    else:
        emit(write(reading.require_report()._replace(device=rates), format, view), output)
    return 0


def _explain(reading: "Reading", format: TableFormat, view: "View") -> str:
    from cnncalc.analysis.explain import explain

    return write_explained(explain(reading.require_network(), reading.require_report()), EXPLAINED[format], view)


def _search(
    network: "Network", want: str, free: str | None, format: TableFormat, output: str | None, view: "View"
) -> int:
    from cnncalc.analysis.wanted import search
    from cnncalc.render.show import show
    from cnncalc.render.wanted import answer_wanted, dump_wanted

    found = search(network, _parse_sizes(want, network), _split_names(free or "padding"))
    emit(dump_wanted(found) if format == "json" else show(answer_wanted(found), view), output)
    return int(not found.answers)


def _read_network_to_search(chain: str, inputs: list[str], settings: list[str] | None) -> "Network":
    """The network of a chain whose windows may not fit as written, since --want finds what fits. Raises SpecError."""
    from cnncalc.reading import read
    from cnncalc.spec.load import parse_inputs

    reading = read(chain, inputs=inputs, settings=settings or (), layers=True)
    if reading.failed:
        shapes = dict(parse_inputs(inputs))
        larger = {
            name: "x".join(map(str, [c, *(size + ROOM for size in sizes)])) for name, (c, *sizes) in shapes.items()
        }
        texts = [f"{name}={text}" if name else text for name, text in larger.items()]
        roomy = read(chain, inputs=texts, settings=settings or (), layers=True)
        if not roomy.failed:
            network = roomy.require_network()
            return network._replace(inputs=dict(zip(network.inputs, shapes.values(), strict=True)))
    return reading.require_network()  # warnings would concern arguments that are about to change


def _parse_sizes(text: str, network: "Network") -> tuple[int, ...]:
    """Parse sizes such as `55x55`. Raises UsageError."""
    parts = text.lower().replace("×", "x").split("x")
    axes = len(network.input) - 1
    if not all(re.fullmatch("[0-9]{1,9}", part) and int(part) for part in parts) or len(parts) != axes:
        raise UsageError(
            f"--want takes the {axes} spatial sizes of the output, e.g. {'x'.join(['55'] * axes)}, not {text!r}"
        )
    return tuple(map(int, parts))
