"""The model of the output: a document is a sequence of paragraphs, lists of pairs, and tables of columns of cells.

Commands build documents; `plain`, `terminal`, `markdown` and `booktabs` write them, and each escapes the text of a
document, which is untrusted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from cnncalc.records import NamedTuple
from cnncalc.render.text import clean, count_cells, elide

GAP = 2  # blanks between columns
LEAST_PATH = 12  # cells of a path that is elided

# Only what is legible on dark and on light terminals: no white, black, yellow or blue.
STYLES = {
    "title": "bold",
    "head": "bold",
    "rule": "dim",
    "faint": "dim",
    "bar": "cyan",
    "large": "bold cyan",
    "mark": "magenta",
    "good": "green",
    "error": "bold red",
    "warning": "bold magenta",
}

Piece = tuple[str, str]  # a text and its style, "" for none


class Cell(NamedTuple):
    """A text with its style. Leading blanks show its depth in a hierarchy."""

    text: str
    style: str = ""


EMPTY = Cell("")


class Column(NamedTuple):
    """A header, a cell for each row, and a footer. A bar repeats another column as a drawing."""

    header: str
    cells: Sequence[Cell]
    right: bool = False
    footer: Cell | None = None
    bar: bool = False


class Table(NamedTuple):
    """Columns of equal length, all or none of them with a footer, and the rows that begin a section."""

    columns: Sequence[Column]
    sections: Collection[int] = ()


class Paragraph(NamedTuple):
    """Styled pieces. If it is wrapped, all lines but the first are indented."""

    pieces: Sequence[Piece]
    indent: int = 0
    wrapped: bool = True


class Pairs(NamedTuple):
    """Names with a text beside each; the texts begin in the same column and are wrapped there."""

    pairs: Sequence[tuple[str, str]]
    style: str = "head"  # of the names
    indent: int = 0
    gap: int = GAP
    least: int = 0  # cells of the column of names
    together: re.Pattern[str] | None = None  # parts of a text that are not broken between lines


Block = Paragraph | Pairs | Table
BLANK = Paragraph(())


def make_paragraph(text: str, style: str = "", indent: int = 0) -> Paragraph:
    """A paragraph in one style."""
    return Paragraph(((text, style),), indent)


def measure_columns(table: Table) -> list[int]:
    """The width of each column in cells of a terminal."""
    return [max(map(_measure_text, collect_texts(column))) for column in table.columns]


def measure_width(table: Table) -> int:
    """The width of a table."""
    widths = measure_columns(table)
    return sum(widths) + GAP * (len(widths) - 1)


def collect_texts(column: Column) -> set[str]:
    """The different texts of a column."""
    texts = {cell.text for cell in column.cells}
    return {column.header, *texts, *([column.footer.text] if column.footer else [])}


def _measure_text(text: str) -> int:
    return count_cells(clean(text))


def measure_excess(table: Table, width: int | None) -> int:
    """By how many cells a table is too wide, negative if there is room left; 0 without a width."""
    return 0 if width is None else measure_width(table) - width


def fit_table(candidates: Iterable[Table], width: int | None) -> Table:
    """The first of several tables, from the widest to the narrowest, that fits the width, or the last."""
    for table in candidates:
        if measure_excess(table, width) <= 0:
            break
    return table


def drop_columns(table: Table, headers: Sequence[str]) -> Iterator[Table]:
    """The table, and narrower ones: without the first of these columns, without the first two, and so on."""
    yield table
    for header in headers:
        table = table._replace(columns=[column for column in table.columns if column.header != header])
        yield table


def elide_paths(table: Table, at: int, width: int | None) -> Table:
    """The table with the paths in one of its columns elided so that it fits, if that is possible."""
    excess = measure_excess(table, width)
    if excess <= 0:
        return table
    column = table.columns[at]
    if not column.cells:
        return table
    room = max(max(count_cells(clean(cell.text)) for cell in column.cells) - excess, LEAST_PATH)
    cells = [cell._replace(text=elide(clean(cell.text), room)) for cell in column.cells]
    columns = [*table.columns[:at], column._replace(cells=cells), *table.columns[at + 1 :]]
    return table._replace(columns=columns)
