"""`cnncalc show`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.output import STANDARD_OUTPUT, emit, make_view, write_message
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

    On standard output control characters are escaped; --output copies the file exactly. Exit code 1 if the file has
    errors.
    """
    from cnncalc.render.show import show as show_blocks
    from cnncalc.render.source import highlight

    reading = read_partly(arch, inputs, settings)
    text = text_of(reading, expand=expand, overridden="--input" if inputs else "--set" if settings else "")
    if output is None or output in STANDARD_OUTPUT:
        text = show_blocks(highlight(text), make_view(output, None, color))
    emit(text, output)
    return int(reading.failed)


def text_of(reading: "Reading", *, expand: bool, overridden: str) -> str:
    """The text of what was read, or of its layers one by one. Raises UsageError where an override has no effect."""
    if not expand and not reading.is_chain and reading.graph is None and overridden:
        raise UsageError(f"`{overridden}` has an effect only with `--expand`, or on a chain of layers")
    if not expand and reading.flat:
        write_message(f"cnncalc: note: {reading.name} is written a layer a line, without blocks: {reading.flat}\n")
    return expand_network(reading) if expand else reading.text


def expand_network(reading: "Reading") -> str:
    """The network as a file without blocks, with what the original expects, allows, and gives as published.

    Published figures are of the network of the file, and left out where something is overridden.
    """
    from cnncalc.spec.load import NO_OVERRIDES
    from cnncalc.spec.write import write_network

    network, description = reading.require_network(), reading.description
    published = description.published if description and reading.overrides == NO_OVERRIDES else ()
    expect = {expectation.key: expectation.value for expectation in reading.expectations}
    codes = _find_codes(_check_size(write_network(network, expect=expect)))
    allow = {code: reason for code, reason in reading.reasons.items() if code in codes}  # others concern blocks
    return _check_size(write_network(network, expect=expect, allow=allow, published=published))


def _check_size(text: str) -> str:
    """Check the size of an expanded file. Raises CnncalcError if it is too large to be read again."""
    from cnncalc.errors import CnncalcError
    from cnncalc.spec.files import KIB

    if len(text.encode()) > limits.FILE_BYTES:
        raise CnncalcError(f"the expanded file would be larger than the limit of {KIB}")
    return text


def _find_codes(text: str) -> set[str]:
    """The codes of problems in an expanded file. Raises CnncalcError if it could not be read again."""
    from cnncalc.errors import CnncalcError, Source
    from cnncalc.reading import read_text

    problems = read_text(Source("", text)).problems
    for problem in problems:
        if problem.severity == "error":
            raise CnncalcError(f"the expanded file could not be read again: {problem.message}")
    return {problem.code for problem in problems}
