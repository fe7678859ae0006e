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
        "--like", metavar="NAME", help="The bundled architecture to start from.", autocompletion=options.architectures
    ),
]
# What the one file has no use for, once the family is put together: the code that tells, and where it stands.
UNUSED = {"unused-block": "blocks", "unused-param": "params", "unused-allow": "allow"}
HEADLINE = "Begun as the bundled {}. To go on:"
NEXT = {
    "summary {}": "the table of its layers",
    "validate {}": "what is wrong or unwise in it, and where",
    "layers": "the kinds of layers; `cnncalc layers conv` tells all about one",
    "schema": "what an editor needs to complete what you write",
}


def new(file: File, like: Like) -> None:
    """Start an architecture file from a bundled one: all in one file, with comments that teach the language."""
    from cnncalc.spec.files import bundled, bundled_path

    path = bundled_path(like)
    if path is None:
        from cnncalc.nearest import did_you_mean

        hint = did_you_mean(like, bundled()) or "see cnncalc list"
        raise UsageError(f"there is no bundled architecture {like!r}; {hint}")
    if file not in STANDARD_OUTPUT and os.path.lexists(file):
        raise OutputError(f"'{file}' is there already and is left as it is")
    emit(_text(str(path), file), file)


def _head(name: str, file: str) -> str:
    """What stands at the top: where the file is from, and the commands for it."""
    shown = file if file.isprintable() and file not in STANDARD_OUTPUT else "FILE"
    commands = {f"cnncalc {command.format(shown)}": does for command, does in NEXT.items()}
    widest = max(map(len, commands))
    lines = [f"  {command:{widest}}   {does}" for command, does in commands.items()]
    return "\n".join([HEADLINE.format(name), *lines])


def _text(path: str, file: str) -> str:
    """The family of a file as one text, without what only other members use."""
    from cnncalc.errors import Source, SpecError
    from cnncalc.reading import read, read_text
    from cnncalc.spec.merged import merged

    reading = read(path)
    if reading.description is None:
        raise SpecError(reading.problems)
    head = _head(Path(path).stem, file)
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
