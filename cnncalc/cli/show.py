"""`cnncalc show`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.output import STANDARD_OUTPUT, emit, make_view
from cnncalc.cli.reading import read_partly
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.reading import Reading

Expand = Annotated[bool, typer.Option("--expand", help="Write every layer on a line of its own, without blocks.")]


def show(
    arch: options.Arch,
    expand: Expand = False,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Print an architecture file as it is, or written out without blocks and expressions.

    On standard output control characters are escaped; --output copies the file exactly. Exit code 1 where the file has
    errors.
    """
    from cnncalc.render.show import show as show_blocks
    from cnncalc.render.source import highlight

    reading = read_partly(arch, inputs, settings)
    if not expand and not reading.is_chain and reading.graph is None and (inputs or settings):
        name = "--input" if inputs else "--set"
        raise UsageError(f"`{name}` has an effect only with `--expand`, or on a chain of layers")
    text = _expanded(reading) if expand else reading.text
    if output is None or output in STANDARD_OUTPUT:
        text = show_blocks(highlight(text), make_view(output, None, color))
    emit(text, output)
    return int(reading.failed)


def _expanded(reading: "Reading") -> str:
    """The network as a file without blocks, with the promises of the original and the warnings that it allows."""
    from cnncalc.spec.write import write_network

    network = reading.require_network()
    expect = {promise.key: promise.value for promise in reading.expectations}
    codes = _codes_of(_sized(write_network(network, expect=expect)))
    allow = {code: reason for code, reason in reading.reasons.items() if code in codes}  # others went with blocks
    return _sized(write_network(network, expect=expect, allow=allow))


def _sized(text: str) -> str:
    """A network that is written out. Raises CnncalcError where it has become too large to be read again."""
    from cnncalc.errors import CnncalcError
    from cnncalc.spec.files import KIB

    if len(text.encode()) > limits.FILE_BYTES:
        raise CnncalcError(f"written out, the network would be larger than the {KIB} that are read")
    return text


def _codes_of(text: str) -> set[str]:
    """What is reported of a network that is written out. Raises CnncalcError where it is too large to be read."""
    from cnncalc.errors import CnncalcError, Source
    from cnncalc.reading import read_text

    problems = read_text(Source("", text)).problems
    for problem in problems:
        if problem.severity == "error":
            raise CnncalcError(f"written out, the network could not be read again: {problem.message}")
    return {problem.code for problem in problems}
