"""`cnncalc explain`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read

if TYPE_CHECKING:
    from cnncalc.analysis.explain import Explained
    from cnncalc.render.view import View


class ExplainFormat(StrEnum):
    """Output formats of explanations."""

    text = "text"
    markdown = "markdown"
    latex = "latex"


Path = Annotated[
    str | None,
    typer.Argument(
        metavar="[PATH]", help="Path of a layer or a group as summary prints it, its ending, a pattern, or conv#7.",
        show_default=False,
    ),
]  # fmt: skip
Gradient = Annotated[
    bool, options.option("--gradient", help="Show how gradients are computed, and the macs of the backward pass.")
]
Format = Annotated[ExplainFormat, options.FORMAT]


def explain(
    arch: options.Arch,
    path: Path = None,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    gradient: Gradient = False,
    format: Format = ExplainFormat.text,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Explain the numbers of layers: the formula, the formula with numbers, the result.

    With PATH, the receptive field follows, layer by layer. Without it, all layers are explained.
    """
    from cnncalc.analysis.explain import explain as explained
    from cnncalc.paths import find_nth, find_paths

    reading = read(arch, inputs, settings)
    network = reading.require_network()
    wanted = None
    if path is not None:
        paths = [node.path for node in network.nodes]
        nth = find_nth(path, [node.layer.kind for node in network.nodes])
        if nth is not None:
            wanted = [paths[nth]]
        else:
            wanted = find_paths(path, paths, former=network.former_paths, outputs=network.output_paths())
    found = explained(network, reading.require_report(), wanted, gradient=gradient)
    emit(write_explained(found, format, make_view(output, width, color)), output)


def write_explained(found: "list[Explained]", format: ExplainFormat, view: "View") -> str:
    """Explanations in a format."""
    match format:
        case ExplainFormat.text:
            from cnncalc.render.explain import describe_explained
            from cnncalc.render.show import show

            return show(describe_explained(found), view)
        case ExplainFormat.markdown:
            from cnncalc.render.explain import explain_markdown

            return explain_markdown(found)
        case ExplainFormat.latex:
            from cnncalc.render.latex import explain_latex

            return explain_latex(found)
        case _:
            assert_never(format)
