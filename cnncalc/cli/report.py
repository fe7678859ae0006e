"""`cnncalc report`."""

from pathlib import Path
from typing import Annotated

from cnncalc import __version__, limits
from cnncalc.cli import options
from cnncalc.cli.formats import OTHER_ENDING, TEXT_ENDINGS
from cnncalc.cli.output import emit_page
from cnncalc.cli.relations import Reads
from cnncalc.errors import CnncalcError, UsageError

ENDINGS = (".html", ".htm")
MOST = 2  # networks of a page
Archs = Annotated[
    list[str],
    options.argument(
        "ARCH...", "An architecture, or two that are compared; chains of layers with --input.",
        options.complete_architecture,
    ),
    Reads(),
]  # fmt: skip
INPUTS_HELP = "Override the input size, e.g. 3x128x128, or NAME=SIZES; two sizes are compared."
Inputs = Annotated[list[str] | None, options.option("--input", metavar="SIZES", help=INPUTS_HELP)]
SETTINGS_HELP = "Override a parameter of the file; two values are compared."
Settings = Annotated[list[str] | None, options.option("--set", metavar="NAME=VALUE", help=SETTINGS_HELP)]
INPUT_DATA_HELP = (
    "Picture on which receptive fields are shown: PNG, JPEG, PGM, PPM, at most 4 MiB; or the data of `run`: a pattern"
    " (digit, checker, …), numbers, nested lists."
)
InputData = Annotated[str | None, options.option("--input-data", metavar="DATA", help=INPUT_DATA_HELP), Reads()]


def report(
    archs: Archs,
    inputs: Inputs = None,
    settings: Settings = None,
    input_data: InputData = None,
    output: options.Output = None,
) -> None:
    """Write one page of HTML that explains a network: totals, charts, all layers with their arithmetic, a drawing.

    The page needs no other file and no connection. Of two networks it shows what differs, and both side by side.
    """
    from cnncalc.cli.variants import read_variants
    from cnncalc.render.page.document import write_page
    from cnncalc.render.page.subject import Subject

    _check_ending(output)
    refusal = "a report is of one network, or of two that are compared"
    networks = read_variants(archs, inputs or (), settings or (), most=MOST, refusal=refusal)
    layers = sum(len(each.report.layers) for each in networks)
    if layers > limits.PAGE_LAYERS:
        raise CnncalcError(f"a page shows at most {limits.PAGE_LAYERS:,} layers, and these are {layers:,}")
    subjects = []
    for number, each in enumerate(networks):
        assert each.network
        subject = Subject(number, each.label, each.network, each.report)
        if input_data is not None:
            from cnncalc.cli.photo import read_photo

            subject.photo = read_photo(input_data, each.network)
        subjects.append(subject)
    emit_page(write_page(subjects, f"cnncalc {__version__}"), output)


def _check_ending(output: str | None) -> None:
    """Raises UsageError for the ending of another format."""
    ending = Path(output or "").suffix.lower()
    if OTHER_ENDING.fullmatch(ending) and ending not in (*ENDINGS, *TEXT_ENDINGS):
        raise UsageError(f"--output {output!r}: a report is written as HTML: name a file that ends with .html")
