"""`cnncalc list`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from cnncalc.cli import options
from cnncalc.cli.formats import TableFormat, write_table
from cnncalc.cli.output import emit, make_view, write_message

if TYPE_CHECKING:
    from cnncalc.render.catalogue import Entry
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


def list_(
    sort: SortOption = None,
    family: Family = None,
    format: options.TableFormatOption = TableFormat.table,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """List the bundled architectures, grouped by family: a file and those that extend it."""
    from cnncalc.analysis.analyze import iterate_costs
    from cnncalc.analysis.report import Costs
    from cnncalc.errors import SpecError
    from cnncalc.reading import load
    from cnncalc.render.catalogue import Entry, arrange
    from cnncalc.spec.files import bundled, bundled_path

    entries, broken = [], []
    for name in bundled():
        try:
            network = load(str(bundled_path(name)))
            entries.append(Entry(name, network, Costs.together(iterate_costs(network))))
        except SpecError:
            broken.append(name)
    chosen = _filter_family(entries, family) if family is not None else entries
    emit(_write(arrange(chosen, sort), sort is None, format, make_view(output, width, color)), output)
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
