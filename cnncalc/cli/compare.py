"""`cnncalc compare`."""

import re
from enum import StrEnum
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Needs, Reads, Without, Writes
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cnncalc.network import Network
    from cnncalc.render.document import Block
    from cnncalc.render.view import View


class Separable(StrEnum):
    """How a convolution is taken apart."""

    depthwise = "depthwise"
    spatial = "spatial"


Form = Annotated[
    Separable | None,
    options.option("--separable", help="Beside each convolution its separable form: K×K by channel, 1×1; or K×1, 1×K."),
]
Dense = Annotated[
    bool,
    typer.Option("--dense", help="Beside each convolution the fully connected layer it replaces."),
    Without("--separable"),
]
Only = Annotated[
    str | None,
    options.option("--only", metavar="PATTERN", help="Only the layers of this path or pattern."),
    Needs("--separable"),
]


def _share(text: str) -> Fraction:
    """`30%` or 0.3. Raises UsageError."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?%?", text):
        share = Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if share <= 1:
            return share
    raise UsageError(f"--least-saving takes a share from 0% to 100%, e.g. 30%, not {text!r}")


Least = Annotated[
    Fraction | None,
    options.option(
        "--least-saving",
        metavar="SHARE",
        parser=_share,
        help="Leave convolutions that would save less than this share, e.g. 30%.",
    ),
    Needs("--separable"),
]
WriteTo = Annotated[
    str | None,
    options.option("--write", metavar="FILE", help="Write the rewritten network to FILE (atomically)."),
    Needs("--separable"),
    Writes(),
]

Archs = Annotated[
    list[str],
    options.argument("ARCH...", "Architectures, or chains of layers with --input.", options.architectures),
    Reads(),
]
Inputs = Annotated[
    list[str] | None,
    options.option("--input", metavar="SIZES", help="Another input, as 3x128x128; several to compare them."),
]
Settings = Annotated[
    list[str] | None,
    options.option("--set", metavar="NAME=VALUE", help="Turn a param; one several times to compare its values."),
]


def compare(
    archs: Archs,
    separable: Form = None,
    dense: Dense = False,
    only: Only = None,
    least_saving: Least = None,
    write: WriteTo = None,
    inputs: Inputs = None,
    settings: Settings = None,
    format: options.TableFormatOption = options.TableFormat.table,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """What it would cost another way: separable or dense forms, or architectures side by side."""
    view = make_view(output, width, color)
    if separable is None and not dense:
        emit(_side_by_side(archs, inputs, settings, format, view), output)
        return
    if len(archs) != 1 or len(inputs or ()) > 1:
        raise UsageError("--separable and --dense are for one architecture at one input")
    network = read(archs[0], inputs[0] if inputs else None, settings).require_network()
    if separable is None:
        emit(_dense(network, format, view), output)
    else:
        emit(_separable(network, separable, only, least_saving, write, format, view), output)


def _separable(
    network: "Network", form: Separable, only: str | None, least_saving: Fraction | None, write: str | None,
    format: options.TableFormat, view: "View",
) -> str:  # fmt: skip
    from cnncalc.compare.separable import convolutions, separated
    from cnncalc.paths import find_paths
    from cnncalc.render import compare as render

    chosen = None
    if only is not None:
        chosen = find_paths(only, convolutions(network), what="convolution", former=network.former_paths)
    found = separated(network, form, only=chosen, least_saving=least_saving)
    if write is not None:
        _write(found.network, network.name, form, write)
    if format == "json":
        return render.comparison_json(found.comparison, separable=form.value)
    if format == "csv":
        return render.comparison_csv(found.comparison, view)
    return _show(lambda view: render.compare_separable(found.comparison, form, view), format, view)


def _show(document: "Callable[[View], Iterable[Block]]", format: options.TableFormat, view: "View") -> str:
    """A document for a terminal, or for a page, where lines may be as long as they like."""
    from cnncalc.render.booktabs import write_latex
    from cnncalc.render.markdown import write_markdown
    from cnncalc.render.show import show

    if format == "table":
        return show(document(view), view)
    write = write_latex if format == "latex" else write_markdown
    return write(document(view._replace(width=None)))


def _write(network: "Network", name: str, form: Separable, file: str) -> None:
    """The rewritten network as a file that expects its own totals."""
    from cnncalc.analysis.analyze import analyze
    from cnncalc.analysis.figures import FIGURES
    from cnncalc.spec.write import write_network

    report = analyze(network)
    names = ("parameters", "macs", "multiplications", "output")
    expected = {name: FIGURES[name].measure_network(report) for name in names}
    titled = network._replace(name=f"{name}, {form} separable")
    notes = f"Written by cnncalc compare --separable {form}. {network.notes}".strip()
    emit(write_network(titled, notes=notes, expect=expected), file)


def _dense(network: "Network", format: options.TableFormat, view: "View") -> str:
    from cnncalc.analysis.analyze import analyze
    from cnncalc.compare.separable import dense
    from cnncalc.render import compare as render

    found = dense(analyze(network).layers)
    if format == "json":
        return render.dense_json(found, network.name)
    if format == "csv":
        return render.dense_csv(found)
    return _show(lambda view: render.compare_dense(found, network.name, view), format, view)


def _side_by_side(
    archs: list[str], inputs: list[str] | None, settings: list[str] | None, format: options.TableFormat,
    view: "View",
) -> str:  # fmt: skip
    from cnncalc.compare.side_by_side import SideBySide, align, subject
    from cnncalc.render import side_by_side as render

    subjects = []
    each: list[str | None] = [*inputs] if inputs else [None]
    variants = _variants(settings or [])
    for arch, input, chosen in product(archs, each, variants):
        reading = read(arch, input, chosen)
        varied = [text for at, text in enumerate(chosen) if len({other[at] for other in variants}) > 1]
        label = " ".join([arch, *([input] if input and len(each) > 1 else []), *varied])
        subjects.append(subject(label, reading.require_network(), reading.require_report()))
    if len(subjects) < 2:
        raise UsageError("name two architectures, or one with --separable or --dense, or several --input or --set")
    rows = align(subjects[0].report, subjects[1].report) if len(subjects) == 2 else []
    found = SideBySide(tuple(subjects), tuple(rows))
    if format == "json":
        return render.side_by_side_json(found)
    if format == "csv":
        return render.side_by_side_csv(found, view)
    return _show(lambda view: render.compare_side_by_side(found, view), format, view)


def _variants(settings: list[str]) -> list[list[str]]:
    """The settings of each architecture: a name that is given several times takes each of its values in turn."""
    values: dict[str, list[str]] = {}
    for text in settings:
        values.setdefault(text.partition("=")[0], []).append(text)
    return [list(chosen) for chosen in product(*values.values())]
