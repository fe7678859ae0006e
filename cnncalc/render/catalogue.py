"""The list of architectures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from cnncalc.analysis.report import Costs
from cnncalc.layers.base import Shapes
from cnncalc.network import Network
from cnncalc.records import NamedTuple
from cnncalc.render.columns import Value, format_shapes, join
from cnncalc.render.document import EMPTY, Cell, Column, Table, fit_table
from cnncalc.render.numbers import format_units
from cnncalc.render.view import View

YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!\.\d)")  # an arXiv number is no year
HEADER = ("family", "name", "title", "year", "input", "parameters", "macs")
COUNTS = ("parameters", "macs")
DROPPED = ("input", "title", "year", "family")  # columns that are dropped at a narrow width, in this order


class Entry(NamedTuple):
    """What is listed of a network, in the order of the columns; `inputs` is the shape of each input."""

    family: str
    name: str  # on the command line
    title: str
    year: int | None
    inputs: Shapes
    parameters: int
    macs: int


Entries = Sequence[Entry]


def make_entry(name: str, network: Network, totals: Costs) -> Entry:
    """The entry of a network, with its total costs."""
    year, inputs = find_year(network.source), tuple(network.inputs.values())
    return Entry(network.family, name, network.name, year, inputs, totals.parameters, totals.work.macs)


def find_year(source: str) -> int | None:
    """The last year in a source, None if it names none."""
    found = YEAR.findall(source)
    return int(found[-1]) if found else None


def order_naturally(name: str) -> list[tuple[int, str]]:
    """The sort key of a name: numbers in it are compared as numbers.

    >>> sorted(["resnet101", "resnet18", "resnet"], key=order_naturally)
    ['resnet', 'resnet18', 'resnet101']
    """
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.findall(r"[0-9]+|[^0-9]+", name)]


def arrange(entries: Iterable[Entry], key: str | None) -> list[Entry]:
    """Sort by a column, entries without a value last; without a key, by family."""
    if key is None:
        return sorted(entries, key=lambda entry: (order_naturally(entry.family), order_naturally(entry.name)))

    def rank(entry: Entry) -> tuple[bool, int, list[tuple[int, str]]]:
        value = record(entry)[key]
        number = value if isinstance(value, int) else 0
        return value is None, number, order_naturally(value if isinstance(value, str) else entry.name)

    return sorted(entries, key=rank)


def record(entry: Entry) -> dict[str, Value]:
    """The values of an entry, by the names of `HEADER`; of several inputs the first."""
    family, name, title, year, inputs, parameters, macs = entry
    values: tuple[Value, ...] = (family, name, title, year, inputs[0], parameters, macs)
    return dict(zip(HEADER, values, strict=True))


def list_architectures(entries: Entries, grouped: bool, view: View) -> Table:
    """A row for each architecture; if they are grouped, each family is named once."""
    kept = ([name for name in HEADER if name not in DROPPED[:dropped]] for dropped in range(len(DROPPED) + 1))
    return fit_table((_draw(entries, grouped, names) for names in kept), view.width)


def _draw(entries: Entries, grouped: bool, names: Sequence[str]) -> Table:
    columns = []
    for name in names:
        cells = [Cell(_format_cell(name, entry), "title" if name == "name" else "") for entry in entries]
        if name == "family" and grouped:
            same = [before.family == entry.family for before, entry in pairwise(entries)]
            cells = [EMPTY if again else cell for again, cell in zip([False, *same], cells, strict=True)]
        columns.append(Column(name, cells, name == "year" or name in COUNTS))
    return Table(columns)


def _format_cell(name: str, entry: Entry) -> str:
    if name == "input":
        return format_shapes(entry.inputs)
    value = record(entry)[name]
    return format_units(value) if name in COUNTS else join(value)


def dump_catalogue(entries: Entries) -> str:
    """The list as JSON."""
    from cnncalc.render.json import FORMAT, dump

    return dump({"format": FORMAT, "architectures": list(map(record, entries))})


def write_catalogue_csv(entries: Entries) -> str:
    """The list as CSV."""
    from cnncalc.render.csv import write_csv

    return write_csv(list(HEADER), (list(record(entry).values()) for entry in entries))
