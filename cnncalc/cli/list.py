"""`cnncalc list`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.jobs import map_in_order
from cnncalc.cli.output import emit, make_view, write_message

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.given import Published
    from cnncalc.reading import Reading
    from cnncalc.render.catalogue import Entry
    from cnncalc.render.published import Row
    from cnncalc.render.view import View


class Sort(StrEnum):
    """Sort keys."""

    name = "name"
    by_title = "title"
    year = "year"
    parameters = "parameters"
    macs = "macs"


SortOption = Annotated[Sort | None, options.option("--sort", help="Sort key (default: group by family).")]
Family = Annotated[
    str | None,
    options.option(
        "--family", metavar="NAME", help="Show families whose names begin with NAME, or the family of this network.",
        autocompletion=options.complete_architecture,
    ),
]  # fmt: skip

PublishedOption = Annotated[
    bool, typer.Option("--published", help="Show figures that papers and READMEs print, beside the computed ones.")
]


def list_(
    sort: SortOption = None,
    family: Family = None,
    published: PublishedOption = False,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    lang: options.Lang = options.Language.en,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """List the bundled architectures, grouped by family: a file and those that extend it."""
    from cnncalc.render.catalogue import arrange
    from cnncalc.spec.files import bundled

    names = bundled()
    read = list(map_in_order(_read, names, None))
    entries = [entry for entry in read if entry is not None]
    arranged = arrange(_filter_family(entries, family) if family is not None else entries, sort)
    view = make_view(output, width, color)._replace(language=lang)
    if published:
        rows = [row for found in map_in_order(_explain, arranged, None, weight=2) for row in found]
        emit(_write_published(rows, format, view), output)
    else:
        emit(_write(arranged, sort is None, format, view), output)
    for name, entry in zip(names, read, strict=True):
        if entry is None:
            write_message(f"cnncalc: {name} has errors, see cnncalc validate {name}\n")
    return int(None in read)


def _read(name: str) -> "Entry | None":
    """What is listed of a network, None if it has errors."""
    from cnncalc.analysis.analyze import iterate_costs
    from cnncalc.analysis.report import Costs
    from cnncalc.errors import SpecError
    from cnncalc.reading import load
    from cnncalc.render.catalogue import make_entry
    from cnncalc.spec.files import bundled_path

    try:
        network = load(str(bundled_path(name)))
    except SpecError:
        return None
    return make_entry(name, network, Costs.together(iterate_costs(network)))


def _write(entries: "list[Entry]", grouped: bool, format: TableFormat, view: "View") -> str:
    from cnncalc.render import catalogue

    return write_table(
        format, view,
        document=lambda view: [catalogue.list_architectures(entries, grouped, view)],
        json=lambda: catalogue.dump_catalogue(entries),
        csv=lambda: catalogue.write_catalogue_csv(entries),
    )  # fmt: skip


def _explain(entry: "Entry") -> "list[Row]":
    """A row for each figure that is printed of a network, or one without any."""
    from cnncalc.conventions.published import explain
    from cnncalc.reading import read
    from cnncalc.render.published import Row
    from cnncalc.spec.files import bundled_path

    reading = read(str(bundled_path(entry.name)))
    printed = reading.description.published if reading.description else ()
    found = [each for published in printed for each in explain(published, _analyze(reading, published))]
    return [Row(entry.name, entry.macs, each) for each in found] or [Row(entry.name, entry.macs)]


def _analyze(reading: "Reading", published: "Published") -> "Report":
    """The report of a network at the input at which a figure is published."""
    from cnncalc.analysis.analyze import analyze
    from cnncalc.conventions.published import resize
    from cnncalc.reading import load

    network = reading.require_network()
    shape = resize(published.input, network.input)
    return analyze(network if shape == network.input else load(reading.path, input=shape), fields=False)


def _write_published(rows: "list[Row]", format: TableFormat, view: "View") -> str:
    from cnncalc.render import published

    return write_table(
        format, view,
        document=lambda view: [published.list_published(rows, view)],
        json=lambda: published.dump_published(rows),
        csv=lambda: published.write_published_csv(rows),
    )  # fmt: skip


def _filter_family(entries: "list[Entry]", family: str) -> "list[Entry]":
    """The entries of a network's family, or of families whose names begin with this. Raises UsageError if none."""
    from cnncalc.errors import UsageError
    from cnncalc.nearest import did_you_mean

    exact = {entry.family for entry in entries if family in (entry.name, entry.family)}
    meant = exact or {entry.family for entry in entries if family and entry.family.startswith(family)}
    if not meant:
        hint = did_you_mean(family, [entry.family for entry in entries])
        raise UsageError(f"there is no family {family!r}; {hint or 'see cnncalc list'}")
    return [entry for entry in entries if entry.family in meant]
