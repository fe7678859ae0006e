"""`cnncalc show`."""

from typing import Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.relations import STANDARD_OUTPUT

Expand = Annotated[bool, typer.Option("--expand", help="As a plain file: every layer on a line of its own, no blocks.")]


def show(
    arch: options.Arch,
    expand: Expand = False,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """An architecture file as it is written, or with all that it calls written out.

    On standard output control characters are escaped; with --output the file is the same to the last sign.
    """
    from cnncalc.render.show import show as show_blocks
    from cnncalc.render.source import highlight

    text = _expanded(arch) if expand else _written(arch)
    if output is None or output in STANDARD_OUTPUT:
        text = show_blocks(highlight(text), make_view(output, None, color))
    emit(text, output)


def _written(arch: str) -> str:
    from cnncalc.errors import Mistake, SpecError
    from cnncalc.spec.files import find, read_source

    try:
        return read_source(find(arch)).text
    except Mistake as mistake:
        problem = mistake.problem
        raise SpecError([problem if mistake.has_place else problem._replace(span=None)]) from None


def _expanded(arch: str) -> str:
    """The network as a file without blocks, with the promises of the original and the warnings that it allows."""
    from cnncalc.errors import CnncalcError, SpecError
    from cnncalc.review import review_loaded
    from cnncalc.spec.files import LARGEST_FILE
    from cnncalc.spec.load import open_architecture
    from cnncalc.spec.write import write_network

    loaded = open_architecture(arch)
    found = review_loaded(loaded, promises=False)
    if found.failed or found.network is None or found.report is None:
        raise SpecError([problem for problem in found.problems if problem.severity == "error"])
    expect = {promise.key: promise.value for promise in loaded.expectations}
    codes = _codes_of(write_network(found.network, expect=expect))
    allow = {code: reason.text for code, reason in loaded.allow.items() if code in codes}  # others went with the blocks
    text = write_network(found.network, expect=expect, allow=allow)
    if len(text.encode()) > LARGEST_FILE:
        raise CnncalcError(
            f"written out, the network would be larger than the {LARGEST_FILE // 1024:,} KiB that are read"
        )
    return text


def _codes_of(text: str) -> set[str]:
    """What is said of a network that is written out. Raises CnncalcError where it has become too large to be read."""
    from cnncalc.errors import CnncalcError, Source
    from cnncalc.review import review_loaded
    from cnncalc.spec.load import load_source

    problems = review_loaded(load_source(Source("", text)), promises=False).problems
    for problem in problems:
        if problem.severity == "error":
            raise CnncalcError(f"written out, the network could not be read again: {problem.message}")
    return {problem.code for problem in problems}
