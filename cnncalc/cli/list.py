"""`cnncalc list`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.output import emit, make_view, write_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.analysis.report import Report
    from cnncalc.given import Published
    from cnncalc.network import Network
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
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """List the bundled architectures, grouped by family: a file and those that extend it."""
    from cnncalc.analysis.analyze import iterate_costs
    from cnncalc.analysis.report import Costs
    from cnncalc.errors import SpecError
    from cnncalc.reading import read
    from cnncalc.render.catalogue import Entry, arrange
    from cnncalc.spec.files import bundled, bundled_path

    entries, broken = [], []
    printed: dict[str, tuple[Published, ...]] = {}
    for name in bundled():
        try:
            reading = read(str(bundled_path(name)))
            network = reading.require_network()
            entries.append(Entry(name, network, Costs.together(iterate_costs(network))))
            printed[name] = reading.description.published if reading.description else ()
        except SpecError:
            broken.append(name)
    chosen = _filter_family(entries, family) if family is not None else entries
    arranged, view = arrange(chosen, sort), make_view(output, width, color)
    if published:
        emit(_write_published(_explain(arranged, printed), format, view), output)
    else:
        emit(_write(arranged, sort is None, format, view), output)
    for name in broken:
        write_message(f"cnncalc: {name} has errors, see cnncalc validate {name}\n")
    return int(bool(broken))


def _write(entries: "list[Entry]", grouped: bool, format: TableFormat, view: "View") -> str:
    from cnncalc.render import catalogue

    return write_table(
        format, view,
        document=lambda view: [catalogue.list_architectures(entries, grouped, view)],
        json=lambda: catalogue.dump_catalogue(entries),
        csv=lambda: catalogue.write_catalogue_csv(entries),
    )  # fmt: skip


def _explain(entries: "list[Entry]", printed: "Mapping[str, Sequence[Published]]") -> "list[Row]":
    """A row for each figure that is printed of each network, or one without any."""
    from cnncalc.conventions.published import explain
    from cnncalc.render.published import Row

    rows = []
    for name, network, totals in entries:
        macs = totals.work.macs
        found = [each for entry in printed[name] for each in explain(entry, _analyze(name, network, entry))]
        rows += [Row(name, macs, each) for each in found] or [Row(name, macs)]
    return rows


def _analyze(name: str, network: "Network", entry: "Published") -> "Report":
    """The report of a network at the input at which a figure is published."""
    from cnncalc.analysis.analyze import analyze
    from cnncalc.conventions.published import resize
    from cnncalc.reading import load
    from cnncalc.spec.files import bundled_path

    shape = resize(entry.input, network.input)
    return analyze(network if shape == network.input else load(str(bundled_path(name)), input=shape), fields=False)


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

    exact = {entry.network.family for entry in entries if family in (entry.name, entry.network.family)}
    meant = exact or {entry.network.family for entry in entries if family and entry.network.family.startswith(family)}
    if not meant:
        hint = did_you_mean(family, [entry.network.family for entry in entries])
        raise UsageError(f"there is no family {family!r}; {hint or 'see cnncalc list'}")
    return [entry for entry in entries if entry.network.family in meant]
