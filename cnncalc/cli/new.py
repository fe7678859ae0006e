"""`cnncalc new`."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import STANDARD_OUTPUT, OutputError, emit
from cnncalc.cli.relations import Writes
from cnncalc.errors import UsageError

File = Annotated[
    str, typer.Argument(metavar="FILE", help="The file to write; an existing file is not changed."), Writes()
]
Like = Annotated[
    str,
    typer.Option(
        "--like",
        metavar="NAME",
        help="The bundled architecture to start from.",
        autocompletion=options.complete_architecture,
    ),
]
# Code of a warning about an unused definition → the key under which it is defined.
UNUSED = {"unused-block": "blocks", "unused-param": "params", "unused-allow": "allow"}
HEADLINE = "Started from the bundled {}. Next steps:"
NEXT = {
    "summary {}": "the table of its layers",
    "validate {}": "its errors and warnings, with their positions",
    "layers": "the layer kinds; `cnncalc layers conv` describes one",
    "schema": "the JSON Schema, for completion in an editor",
}


def new(file: File, like: Like) -> None:
    """Start an architecture file from a bundled one: all in one file, with comments that explain the language."""
    from cnncalc.spec.files import bundled, bundled_path

    path = bundled_path(like)
    if path is None:
        from cnncalc.nearest import did_you_mean

        hint = did_you_mean(like, bundled()) or "see cnncalc list"
        raise UsageError(f"there is no bundled architecture {like!r}; {hint}")
    if file not in STANDARD_OUTPUT and os.path.lexists(file):
        raise OutputError(f"'{file}' already exists and is not overwritten")
    emit(merge_family(str(path), file), file)


def _make_head(name: str, file: str) -> str:
    """The comment at the top: the origin of the file, and commands for it."""
    shown = file if file.isprintable() and file not in STANDARD_OUTPUT else "FILE"
    commands = {f"cnncalc {command.format(shown)}": does for command, does in NEXT.items()}
    widest = max(map(len, commands))
    lines = [f"  {command:{widest}}   {does}" for command, does in commands.items()]
    return "\n".join([HEADLINE.format(name), *lines])


def merge_family(path: str, file: str) -> str:
    """Merge a file and those that it extends, without definitions that only other members of the family use."""
    from cnncalc.errors import Source, SpecError
    from cnncalc.reading import read, read_text
    from cnncalc.spec.merged import merged

    reading = read(path)
    if reading.description is None:
        raise SpecError(reading.problems)
    head = _make_head(Path(path).stem, file)
    without: set[tuple[str, str]] = set()
    while True:
        text = merged(reading.description, without=without, head=head)
        problems = read_text(Source(file, text), check_expect=True).problems
        unused = {
            (UNUSED[problem.code], re.split(r"[\s(:]", problem.span.text)[0])
            for problem in problems
            if problem.code in UNUSED and problem.span
        }
        if unused <= without:
            return text
        without |= unused
