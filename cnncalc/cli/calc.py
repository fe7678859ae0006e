"""`cnncalc calc`."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import colored, emit, width_for
from cnncalc.cli.reading import whole
from cnncalc.errors import SpecError, UsageError

if TYPE_CHECKING:
    from cnncalc.network import Network

Chain = Annotated[
    str, typer.Argument(metavar="CHAIN", help="Layers, as 'conv(64, 7, stride=2) -> relu'.", show_default=False)
]
Input = Annotated[
    str, typer.Option("--input", metavar="SIZES", help="What flows in, as 3x224x224.", show_default=False)
]
ROOM = 4096  # positions more on every side, in which any window that is meant has room

Explain = Annotated[bool, typer.Option("--explain", help="The arithmetic in place of the table.")]
Want = Annotated[
    str | None, options.option("--want", metavar="SIZES", help="Which padding gives this output, as 55x55?")
]
Free = Annotated[
    str | None,
    options.option("--free", metavar="A,B", help="What may change for --want: of kernel, stride, padding."),
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
    if free is not None and want is None:
        raise UsageError("--free goes with --want")
    if want is not None and explain:
        raise UsageError("--want and --explain are two questions: choose one")
    network = _asked_about(chain, input) if want is not None else whole(chain, input)
    room = width or width_for(output), colored(color, output)
    if want is not None:
        return _wanted(network, want, free, format, output, *room)
    emit(_explained(network, format, *room) if explain else _table(network, format, *room), output)
    return 0


def _table(network: "Network", format: options.TableFormat, width: int | None, color: bool) -> str:
    from cnncalc.analysis.analyze import analyze
    from cnncalc.cli.summary import write
    from cnncalc.render.table import View

    return write(analyze(network), format, View(width=width, color=color))


def _explained(network: "Network", format: options.TableFormat, width: int | None, color: bool) -> str:
    from cnncalc.analysis.analyze import analyze
    from cnncalc.analysis.explain import explain
    from cnncalc.render.explain import explain_markdown, explain_text

    found = explain(network, analyze(network))
    if format == "table":
        return explain_text(found, width, color=color)
    if format == "markdown":
        return explain_markdown(found)
    raise UsageError("--explain is written as a text or with --format markdown")


def _wanted(
    network: "Network", want: str, free: str | None, format: options.TableFormat, output: str | None,
    width: int | None, color: bool,
) -> int:  # fmt: skip
    from cnncalc.analysis.wanted import FREE, search
    from cnncalc.render.wanted import wanted_json, wanted_text

    names = [name.strip() for name in (free or "padding").split(",")]
    if not set(names) <= set(FREE) or len(set(names)) < len(names):
        raise UsageError(f"--free takes some of {', '.join(FREE)}, not {free!r}")
    if format not in ("table", "json"):
        raise UsageError("--want is answered as a text or with --format json")
    found = search(network, _sizes(want, network), names)
    emit(wanted_json(found) if format == "json" else wanted_text(found, width, color=color), output)
    return int(not found.answers)


def _asked_about(chain: str, input: str) -> "Network":
    """A network whose windows may not fit as they are written: that is what is asked. Raises SpecError."""
    try:
        return whole(chain, input)
    except SpecError:
        channels, *sizes = map(int, re.findall("[0-9]+", input))
        roomy = "x".join(map(str, [channels, *(size + ROOM for size in sizes)]))
        try:
            network = whole(chain, roomy)
        except SpecError:
            network = None
        if network is None:
            raise
        return network._replace(input=(channels, *sizes))


def _sizes(text: str, network: "Network") -> tuple[int, ...]:
    """`55x55`. Raises UsageError."""
    parts = text.lower().replace("×", "x").split("x")
    axes = len(network.input) - 1
    if not all(re.fullmatch("[0-9]{1,9}", part) and int(part) for part in parts) or len(parts) != axes:
        raise UsageError(
            f"--want takes the {axes} spatial sizes of the output, as {'x'.join(['55'] * axes)}, not {text!r}"
        )
    return tuple(map(int, parts))
