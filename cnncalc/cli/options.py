"""The options that commands share, each declared once."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from cnncalc.analysis.figures import Dtype
from cnncalc.cli.relations import Needs, Reads, Writes


class Color(StrEnum):
    """When to colour."""

    auto = "auto"
    always = "always"
    never = "never"


class TableFormat(StrEnum):
    """How a table is written."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


class TextFormat(StrEnum):
    """How a text is written."""

    text = "text"
    json = "json"


class ProblemFormat(StrEnum):
    """How problems are written; github is what a workflow shows beside the lines of a change."""

    text = "text"
    json = "json"
    github = "github"


def architectures(incomplete: str) -> list[str]:
    from cnncalc.spec.files import bundled

    return [name for name in bundled() if name.startswith(incomplete)]


def _kinds(incomplete: str) -> list[str]:
    from cnncalc.layers import KINDS

    return [name for name in KINDS if name.startswith(incomplete)]


def _last_of_list(names: Callable[[], list[str]]) -> Callable[[str], list[str]]:
    """Completion of the last name of `a,b,c`."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [before + comma + name for name in names() if name.startswith(last)]

    return complete


def _columns() -> list[str]:
    from cnncalc.render.columns import COLUMNS

    return list(COLUMNS)


def argument(metavar: str, help: str, complete: Callable[[str], list[str]]) -> Any:
    return typer.Argument(metavar=metavar, help=help, autocompletion=complete, show_default=False)


def option(*names: str, help: str, metavar: str | None = None, **more: Any) -> Any:
    """An option that is off unless given."""
    return typer.Option(*names, help=help, metavar=metavar, show_default=False, **more)


ARCH_HELP = "A file, a bundled architecture, or - for standard input."
Arch = Annotated[str, argument("ARCH", ARCH_HELP, architectures), Reads()]
ARCHS_HELP = "Files, folders of them, bundled architectures, or - for standard input."
Archs = Annotated[list[str], argument("ARCH...", ARCHS_HELP, architectures), Reads()]
Kind = Annotated[str | None, argument("[KIND]", "A layer kind, as conv.", _kinds)]
Input = Annotated[str | None, option("--input", metavar="SIZES", help="Another input, as 3x128x128.")]
Settings = Annotated[
    list[str] | None, option("--set", metavar="NAME=VALUE", help="Turn one of the file's params; repeatable.")
]
Output = Annotated[str | None, option("--output", "-o", metavar="FILE", help="Write to FILE (atomically)."), Writes()]
ColorOption = Annotated[Color, typer.Option("--color", help="When to colour; auto also heeds NO_COLOR.")]
TableFormatOption = Annotated[TableFormat, typer.Option("--format", "-f", help="How to write it.")]
TextFormatOption = Annotated[TextFormat, typer.Option("--format", "-f", help="How to write it.")]
ProblemFormatOption = Annotated[ProblemFormat, typer.Option("--format", "-f", help="How to write it.")]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings count as errors do.")]
Width = Annotated[
    int | None,
    option("--width", min=1, metavar="N", help="Line width in characters (default: terminal width)."),
    Needs("--format table", "--format text"),
]
Depth = Annotated[
    int | None,
    option("--depth", "-d", min=1, metavar="N", help="Levels of groups to show; else as many as are readable."),
    Needs("--format table", "--format markdown"),
]
Columns = Annotated[
    str | None,
    option("--columns", "-c", metavar="A,B,C", help="Which columns.", autocompletion=_last_of_list(_columns)),
    Needs("--format table", "--format csv", "--format markdown"),
]
Human = Annotated[
    bool | None,
    option("--human/--exact", help="Numbers as 25.6 M, or all digits; else as there is room."),
    Needs("--format table", "--format markdown"),
]
DtypeOption = Annotated[Dtype, typer.Option("--dtype", help="What a number is kept in, for bytes.")]
