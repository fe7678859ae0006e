"""`cnncalc explain`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs, Without
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.analysis.explain import Explained
    from cnncalc.network import Network
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
From = Annotated[
    str | None,
    options.option("--from", metavar="PATH", help="Show the receptive field of PATH in the output of this layer."),
    Needs("PATH"),
    Without("--gradient", "--unit"),
]
UnitOption = Annotated[
    str | None,
    options.option("--unit", metavar="Y,X", help="Show which positions of the input the unit at this position sees."),
    Needs("PATH"),
    Without("--gradient"),
]
Format = Annotated[ExplainFormat, options.FORMAT]


def explain(
    arch: options.Arch,
    path: Path = None,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    gradient: Gradient = False,
    from_: From = None,
    unit: UnitOption = None,
    format: Format = ExplainFormat.text,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Explain the numbers of layers: the formula, the formula with numbers, the result.

    With PATH, the receptive field follows, layer by layer. Without it, all layers are explained.
    """
    from cnncalc.analysis import explain as explaining

    reading = read(arch, inputs, settings)
    network, report = reading.require_network(), reading.require_report()
    wanted = None if path is None else find_layers(network, path)
    if path is not None and from_ is not None:
        source, target = (_find_layer(network, each, "--from") for each in (from_, path))
        found = explaining.explain_between(network, source, target)
    elif path is not None and unit is not None:
        found = explaining.explain_position(network, report, _find_layer(network, path, "--unit"), unit)
    else:
        found = explaining.explain(network, report, wanted, gradient=gradient)
    emit(write_explained(found, format, make_view(output, width, color)), output)


def find_layers(network: "Network", path: str) -> list[str]:
    """The paths of the layers that a path, its ending, a group, a pattern or a number means. Raises UsageError."""
    from cnncalc.paths import find_nth, find_paths

    paths = [node.path for node in network.nodes]
    nth = find_nth(path, [node.layer.kind for node in network.nodes])
    if nth is not None:
        return [paths[nth]]
    return list(find_paths(path, paths, former=network.former_paths, outputs=network.output_paths()))


def _find_layer(network: "Network", path: str, option: str) -> str:
    """The path of one layer; of a group, of the layer whose output is the group's. Raises UsageError."""
    results = {group.path: group.result for group in network.groups if group.path}
    result = results.get(path)
    if result is not None and result >= 0:
        return network.nodes[result].path
    paths = find_layers(network, path)
    if len(paths) > 1:
        listed = ", ".join(paths[: limits.LISTED_PATHS]) + ", …" * (len(paths) > limits.LISTED_PATHS)
        raise UsageError(f"{option} is about one layer, not {len(paths)}: {listed}")
    return paths[0]


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
