"""`cnncalc explain`."""

from enum import StrEnum
from typing import Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read


class ExplainFormat(StrEnum):
    """How an explanation is written."""

    text = "text"
    markdown = "markdown"
    latex = "latex"


Path = Annotated[
    str | None,
    typer.Argument(
        metavar="[PATH]", help="A layer, as summary prints it; any ending or a pattern of it will do.",
        show_default=False,
    ),
]  # fmt: skip
Format = Annotated[ExplainFormat, typer.Option("--format", "-f", help="How to write it.")]


def explain(
    arch: options.Arch,
    path: Path = None,
    input: options.Input = None,
    settings: options.Settings = None,
    format: Format = ExplainFormat.text,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Where the numbers come from: each rule, the rule with the numbers put in, and the result.

    Of one layer, with the way of its receptive field from the input; of those that a pattern names; or of all.
    """
    from cnncalc.analysis.explain import explain as explained
    from cnncalc.paths import find_paths

    reading = read(arch, input, settings)
    network = reading.require_network()
    wanted = (
        None if path is None else find_paths(path, (node.path for node in network.nodes), former=network.former_paths)
    )
    found = explained(network, reading.require_report(), wanted)
    if format == "latex":
        from cnncalc.render.latex import explain_latex

        emit(explain_latex(found), output)
        return
    from cnncalc.render.explain import describe_explained, explain_markdown
    from cnncalc.render.show import show

    if format == "markdown":
        emit(explain_markdown(found), output)
    else:
        emit(show(describe_explained(found), make_view(output, width, color)), output)
