"""`cnncalc calc`."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs, Reads, Without
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.network import Network
    from cnncalc.render.view import View

Chain = Annotated[
    str,
    typer.Argument(metavar="CHAIN", help="Layers, e.g. 'conv(64, 7, stride=2) -> relu'.", show_default=False),
    Reads(),
]
Input = Annotated[
    str, typer.Option("--input", metavar="SIZES", help="What flows in, as 3x224x224.", show_default=False)
]
ROOM = 4096  # positions more on every side, in which any window that is meant has room

Explain = Annotated[
    bool,
    typer.Option("--explain", help="The arithmetic in place of the table."),
    Needs("--format table", "--format markdown"),
]
Want = Annotated[
    str | None,
    options.option("--want", metavar="SIZES", help="Which padding gives this output, as 55x55?"),
    Without("--explain"),
    Needs("--format table", "--format json"),
]


def _free(text: str) -> str:
    """Raises UsageError where a name is not among those that can be searched."""
    from cnncalc.analysis.wanted import FREE

    names = _names(text)
    if not set(names) <= set(FREE) or len(set(names)) < len(names):
        raise UsageError(f"--free takes some of {', '.join(FREE)}, not {text!r}")
    return text


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


Free = Annotated[
    str | None,
    options.option(
        "--free",
        metavar="A,B",
        parser=_free,
        help="Arguments that --want may change, of kernel, stride, padding (default: padding).",
    ),
    Needs("--want"),
]


def calc(
    chain: Chain,
    input: Input,
    explain: Explain = False,
    want: Want = None,
    free: Free = None,
    format: options.TableFormatOption = options.TableFormat.table,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """A chain of layers without a file: output, parameters, multiplications, receptive field.

    With --want, the other way round: which settings give the output that is wanted. Exit code 1 where none does.
    """
    network = _asked_about(chain, input) if want is not None else read(chain, input).require_network()
    view = make_view(output, width, color)
    if want is not None:
        return _wanted(network, want, free, format, output, view)
    emit(_explained(network, format, view) if explain else _table(network, format, view), output)
    return 0


def _table(network: "Network", format: options.TableFormat, view: "View") -> str:
    from cnncalc.analysis.analyze import analyze
    from cnncalc.cli.summary import write

    return write(analyze(network), format, view)


def _explained(network: "Network", format: options.TableFormat, view: "View") -> str:
    from cnncalc.analysis.analyze import analyze
    from cnncalc.analysis.explain import explain
    from cnncalc.render.explain import describe_explained, explain_markdown
    from cnncalc.render.show import show

    found = explain(network, analyze(network))
    return explain_markdown(found) if format == "markdown" else show(describe_explained(found), view)


def _wanted(
    network: "Network", want: str, free: str | None, format: options.TableFormat, output: str | None, view: "View"
) -> int:
    from cnncalc.analysis.wanted import search
    from cnncalc.render.show import show
    from cnncalc.render.wanted import answer_wanted, wanted_json

    found = search(network, _sizes(want, network), _names(free or "padding"))
    emit(wanted_json(found) if format == "json" else show(answer_wanted(found), view), output)
    return int(not found.answers)


def _asked_about(chain: str, input: str) -> "Network":
    """A network whose windows may not fit as they are written: that is what is asked. Raises SpecError."""
    from cnncalc.reading import read
    from cnncalc.spec.load import parse_sizes

    reading = read(chain, input=input)
    if reading.failed:
        channels, *sizes = parse_sizes(input)
        roomy = read(chain, input="x".join(map(str, [channels, *(size + ROOM for size in sizes)])))
        if not roomy.failed:
            return roomy.require_network()._replace(input=(channels, *sizes))
    return reading.require_network()  # warnings are of what is written, and it is asked what to write


def _sizes(text: str, network: "Network") -> tuple[int, ...]:
    """`55x55`. Raises UsageError."""
    parts = text.lower().replace("×", "x").split("x")
    axes = len(network.input) - 1
    if not all(re.fullmatch("[0-9]{1,9}", part) and int(part) for part in parts) or len(parts) != axes:
        raise UsageError(
            f"--want takes the {axes} spatial sizes of the output, as {'x'.join(['55'] * axes)}, not {text!r}"
        )
    return tuple(map(int, parts))
