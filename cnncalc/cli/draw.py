"""`cnncalc draw`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, assert_never

import typer

from cnncalc.analysis.figures import Dtype
from cnncalc.cli import options
from cnncalc.cli.formats import refuse_picture
from cnncalc.cli.output import STANDARD_OUTPUT, emit, find_width, write_message
from cnncalc.cli.page import Shown, parse_length
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs, Reads, Without
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.figure.look import Look
    from cnncalc.figure.scene import Scene
    from cnncalc.network import Network


class DrawFormat(StrEnum):
    """Output formats of figures."""

    text = "text"
    svg = "svg"
    latex = "latex"
    mermaid = "mermaid"
    dot = "dot"


class Style(StrEnum):
    """How a network is drawn."""

    graph = "graph"
    volumes = "volumes"
    flat = "flat"


class Background(StrEnum):
    """What is behind a figure."""

    white = "white"
    none = "none"


FIGURES = Needs("--format svg", "--format latex")
OF_GRAPH = Without("--style volumes", "--style flat")
DEFAULT_WIDTH = "178mm"
FORMAT_HELP = "Output format, also chosen by the ending of --output; latex is TikZ, text a silhouette."
Format = Annotated[DrawFormat, typer.Option("--format", "-f", help=FORMAT_HELP)]
STYLE_HELP = "A block diagram, feature maps as boxes (a U-Net as a U), or as stacks with windows."
StyleOption = Annotated[Style, typer.Option("--style", help=STYLE_HELP), FIGURES]
Depth = Annotated[
    int | None,
    options.option("--depth", "-d", min=1, metavar="N", help="Levels of groups to show (default: as many as fit)."),
    Needs("--format svg", "--format latex", "--format mermaid", "--format dot"),
    OF_GRAPH,
]
AT_HELP = "Draw this layer or group alone, with the sizes on its arrows."
At = Annotated[str | None, options.option("--at", metavar="PATH", help=AT_HELP)]
LABEL_HELP = "Colour the boxes by a figure and write it beside them, e.g. macs or peak_memory."
Label = Annotated[str | None, options.option("--label", metavar="FIGURE", help=LABEL_HELP), FIGURES]
DIFF_HELP = "Mark what is new, gone or changed against this architecture."
Diff = Annotated[
    str | None,
    options.option("--diff", metavar="ARCH", help=DIFF_HELP),
    Reads(),
    FIGURES,
    OF_GRAPH,
    Without("--at", "--label"),
]
PageWidth = Annotated[
    str, typer.Option("--page-width", metavar="LENGTH", help="Largest width, in mm, cm, in or pt."), FIGURES
]
Tall = Annotated[
    bool, options.option("--tall", help="One column on one page, as high as it must be."), FIGURES, OF_GRAPH
]
NoLegend = Annotated[bool, options.option("--no-legend", help="Leave the legend out."), FIGURES]
BackgroundOption = Annotated[Background, typer.Option("--background", help="What is behind the figure."), FIGURES]
Standalone = Annotated[
    bool,
    options.option("--standalone", help="Write a LaTeX document that compiles by itself."),
    Needs("--format latex"),
]
Width = Annotated[
    int | None,
    options.option("--width", min=1, metavar="N", help="Line width in characters (default: terminal width)."),
    Needs("--format text"),
]


def draw(
    arch: options.Arch,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    style: StyleOption = Style.graph,
    depth: Depth = None,
    at: At = None,
    label: Label = None,
    diff: Diff = None,
    page_width: PageWidth = DEFAULT_WIDTH,
    tall: Tall = False,
    no_legend: NoLegend = False,
    background: BackgroundOption = Background.white,
    standalone: Standalone = False,
    format: Format = DrawFormat.text,
    output: options.Output = None,
    width: Width = None,
) -> None:
    """Draw a network: a block diagram that fits a page, as SVG or TikZ; in the terminal a silhouette.

    Equal blocks are folded to ×n, and norms and activations are drawn with the layer before them. What does not fit on
    a page is written to FILE-1.svg, FILE-2.svg and so on.
    """
    refuse_picture(output)
    room = parse_length(page_width)
    reading = read(arch, inputs, settings)
    report = reading.require_report()
    if at is not None:
        report = _take_part(report, reading.require_network(), at)
    if format in (DrawFormat.svg, DrawFormat.latex):
        look = _choose_look(report, label, diff, inputs)
        shown = Shown(depth, room, tall=tall, legend=not no_legend, sizes=at is not None)
        scenes = _make_scenes(report, style, look, shown)
        _emit_pages([_write_scene(scene, format, background, standalone=standalone) for scene in scenes], output)
    else:
        emit(_write_text(report, format, depth, width or find_width(output)), output)


def _take_part(report: "Report", network: "Network", at: str) -> "Report":
    from cnncalc.figure.part import take_part
    from cnncalc.paths import find_paths

    paths = [node.path for node in network.nodes]
    wanted = find_paths(at, paths, former=network.former_paths, outputs=network.output_paths())
    return take_part(report, {*wanted}, at)


def _make_scenes(report: "Report", style: Style, look: "Look", shown: Shown) -> "list[Scene]":
    match style:
        case Style.graph:
            from cnncalc.figure.graph import Size, draw_graph

            size = Size(shown.room, tall=shown.tall)
            return draw_graph(report, depth=shown.depth, size=size, look=look, legend=shown.legend, sizes=shown.sizes)
        case Style.volumes:
            from cnncalc.figure.volumes import draw_volumes

            return [draw_volumes(report, shown.room, legend=shown.legend, look=look)]
        case Style.flat:
            from cnncalc.figure.flat import draw_flat

            return [draw_flat(report, shown.room, legend=shown.legend, look=look)]
        case _:
            assert_never(style)


def _choose_look(report: "Report", label: str | None, diff: str | None, inputs: list[str] | None) -> "Look":
    from cnncalc.figure.look import PLAIN

    if diff is not None:
        return _compare(report, read(diff, inputs).require_report())
    return _make_heat(report, label) if label is not None else PLAIN


def _compare(report: "Report", other: "Report") -> "Look":
    """The look of a block diagram that shows what has changed. Raises CnncalcError for too many layers."""
    from cnncalc.compare.rows import require_comparable
    from cnncalc.compare.side_by_side import align
    from cnncalc.render.changes import mark_changes

    require_comparable(len(report.layers) + len(other.layers))
    return mark_changes(other, report, align(other, report))


def _make_heat(report: "Report", name: str) -> "Look":
    """The look of a block diagram that shows a figure. Raises UsageError."""
    from cnncalc.analysis.figures import FIGURES as KNOWN
    from cnncalc.figure.heat import Heat
    from cnncalc.nearest import did_you_mean
    from cnncalc.render.numbers import format_figure

    possible = [
        figure.name
        for figure in KNOWN.values()
        if figure.is_column and figure.written != "sizes" and not figure.of_device
    ]
    possible.append("receptive_field")
    if name not in possible:
        hint = did_you_mean(name, possible)
        raise UsageError(f"there is no figure {name!r} of layers{f', {hint}' if hint else ''}: {', '.join(possible)}")
    figure = KNOWN[name]

    def write(value: Any) -> str:
        if figure.written == "sizes":
            sizes = value if isinstance(value, tuple) else (value,)
            return "×".join(map(str, sizes[:1] if len({*sizes}) == 1 else sizes))
        return format_figure(value, figure.written, units=True)

    return Heat(report, figure, Dtype.float32, write)


def _write_scene(scene: "Scene", format: DrawFormat, background: Background, *, standalone: bool) -> str:
    from cnncalc.figure.palette import WHITE

    color = WHITE if background is Background.white else None
    if format is DrawFormat.svg:
        from cnncalc.render.svg import write_svg

        return write_svg(scene, background=color)
    from cnncalc.render.tikz import write_tikz

    return write_tikz(scene, background=color, standalone=standalone)


def _emit_pages(texts: list[str], output: str | None) -> None:
    """Write a figure, or its pages to files of their own. Raises UsageError where there is only standard output."""
    if len(texts) == 1:
        emit(texts[0], output)
        return
    if output is None or output in STANDARD_OUTPUT:
        raise UsageError(
            f"the figure takes {len(texts)} pages: name a file with --output, choose another --depth, or --tall"
        )
    path = Path(output)
    names = [str(path.with_name(f"{path.stem}-{number}{path.suffix}")) for number in range(1, len(texts) + 1)]
    for text, name in zip(texts, names, strict=True):
        emit(text, name)
    write_message(
        f"cnncalc: note: the figure takes {len(texts)} pages, {names[0]} to {names[-1]}; a smaller --depth shows less,"
        " --tall makes one page\n"
    )


def _write_text(report: "Report", format: DrawFormat, depth: int | None, width: int | None) -> str:
    """The silhouette, or the folded graph for another program."""
    from cnncalc.figure.fold import make_tree

    tree = make_tree(report)
    if format is DrawFormat.text:
        from cnncalc.render.silhouette import draw_silhouette

        return draw_silhouette(report, tree, width)
    from cnncalc.figure.folded import make_graph

    graph = make_graph(report, tree, depth)
    if format is DrawFormat.mermaid:
        from cnncalc.render.mermaid import write_mermaid

        return write_mermaid(graph)
    from cnncalc.render.dot import write_dot

    return write_dot(graph)
