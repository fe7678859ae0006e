"""`cnncalc show`."""

from typing import Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import STANDARD, colored, emit

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
    from cnncalc.render.source import source_text

    text = _expanded(arch) if expand else _written(arch)
    if output is None or output in STANDARD:
        text = source_text(text, color=colored(color, output))
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
    from cnncalc.errors import Source, SpecError
    from cnncalc.review import review_loaded
    from cnncalc.spec.load import load_source, open_architecture
    from cnncalc.spec.write import write_network

    loaded = open_architecture(arch)
    found = review_loaded(loaded, promises=False)
    if found.failed or found.network is None or found.report is None:
        raise SpecError([problem for problem in found.problems if problem.severity == "error"])
    expect = {promise.key: promise.value for promise in loaded.expectations}
    bare = load_source(Source(arch, write_network(found.network, expect=expect)))
    given = {problem.code for problem in review_loaded(bare).problems}  # some warnings went with the blocks
    allow = {code: reason.text for code, reason in loaded.allow.items() if code in given}
    return write_network(found.network, expect=expect, allow=allow)
