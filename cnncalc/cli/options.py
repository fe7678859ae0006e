"""The options that commands share, each declared once."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer

from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.cli.formats import FOR_PROGRAMS, TableFormat, TextFormat
from cnncalc.cli.relations import Needs, Reads, Writes
from cnncalc.errors import UsageError


class Color(StrEnum):
    """When to use colour."""

    auto = "auto"
    always = "always"
    never = "never"


class ShapeOrder(StrEnum):
    """The order of a tensor's sizes in tables."""

    chw = "chw"
    hwc = "hwc"


class Language(StrEnum):
    """The language of headings and totals."""

    en = "en"
    zh = "zh"


def complete_architecture(incomplete: str) -> list[str]:
    from cnncalc.spec.files import bundled

    return [name for name in bundled() if name.startswith(incomplete)]


def _complete_list(names: Callable[[], list[str]]) -> Callable[[str], list[str]]:
    """A function that completes the last name of `a,b,c`."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [before + comma + name for name in names() if name.startswith(last)]

    return complete


def complete_convention(incomplete: str) -> list[str]:
    from cnncalc.conventions import ALL

    return [name for name in ALL if name.startswith(incomplete)]


def _list_columns() -> list[str]:
    from cnncalc.render.columns import COLUMNS

    return list(COLUMNS)


def argument(metavar: str, help: str, complete: Callable[[str], list[str]]) -> Any:
    return typer.Argument(metavar=metavar, help=help, autocompletion=complete, show_default=False)


def option(*names: str, help: str, metavar: str | None = None, **more: Any) -> Any:
    """An option without a default."""
    return typer.Option(*names, help=help, metavar=metavar, show_default=False, **more)


ARCH_HELP = (
    "A file (also ONNX, Keras), a bundled architecture, a chain of layers with --input, a PyTorch module, whose code is"
    " run (mynet.py:Net), or - for standard input."
)
Arch = Annotated[str, argument("ARCH", ARCH_HELP, complete_architecture), Reads()]
INPUT_HELP = "Override the input size, e.g. 3x128x128. For several inputs: NAME=SIZES, repeatable."
Inputs = Annotated[list[str] | None, option("--input", metavar="SIZES", help=INPUT_HELP)]
Settings = Annotated[
    list[str] | None,
    option("--set", metavar="NAME=VALUE", help="Override a parameter of the file, e.g. width=32; repeatable."),
]
WeightsFile = Annotated[
    str | None,
    option("--weights", metavar="FILE", help="Arrays by path in JSON or YAML, shaped as in PyTorch."),
    Reads(),
]
FORMAT = typer.Option("--format", "-f", help="Output format, also chosen by the ending of --output.")
TableFormatOption = Annotated[TableFormat, FORMAT]
TextFormatOption = Annotated[TextFormat, FORMAT]
Output = Annotated[str | None, option("--output", "-o", metavar="FILE", help="Write to FILE (atomically)."), Writes()]
ColorOption = Annotated[Color, typer.Option("--color", help="When to use colour; auto respects NO_COLOR.")]
Width = Annotated[
    int | None,
    option("--width", min=1, metavar="N", help="Line width in characters (default: terminal width)."),
    Needs("--format table", "--format text", "--format plot"),
]
FOR_PEOPLE = Needs(*(f"--format {name}" for name in TableFormat if name not in FOR_PROGRAMS))
Depth = Annotated[
    int | None,
    option("--depth", "-d", min=1, metavar="N", help="Levels of groups to show (default: as many as are readable)."),
    FOR_PEOPLE,
]
LANGUAGE_HELP = "Language of headings and totals; messages, codes and JSON stay in English."
LANGUAGE = typer.Option("--lang", help=LANGUAGE_HELP)
Lang = Annotated[Language, LANGUAGE, FOR_PEOPLE]
SHAPES_HELP = "Order of the sizes of tensors: chw, channels first, or hwc, as 55×55×96."
Shapes = Annotated[ShapeOrder, typer.Option("--shapes", help=SHAPES_HELP), FOR_PEOPLE]
COLUMNS_HELP = "Columns to show, comma-separated: layer, settings, macs, … (an unknown name lists all)."
Columns = Annotated[
    str | None,
    option("--columns", "-c", metavar="A,B,C", help=COLUMNS_HELP, autocompletion=_complete_list(_list_columns)),
    Needs(*(f"--format {name}" for name in TableFormat if name != "json")),  # which has all columns
]
Human = Annotated[
    bool | None,
    option("--human/--exact", help="Write numbers as 25.6 M, or with all digits (default: by the line width)."),
    FOR_PEOPLE,
]
DtypeOption = Annotated[
    Dtype | None,
    option(
        "--dtype",
        metavar="TYPE",
        help="Data type assumed for memory sizes: float32, float16, int8, … (an unknown one lists all).",
    ),
]


def choose_dtype(dtype: Dtype | None, columns: Iterable[str]) -> Dtype:
    """The data type of a table of these columns. Raises UsageError if it is given and no column depends on it."""
    if dtype is not None and not any(name in FIGURES and FIGURES[name].written == "bytes" for name in columns):
        raise UsageError("`--dtype` has an effect only with a column in bytes, e.g. `--columns activation_bytes`")
    return dtype or Dtype.float32
