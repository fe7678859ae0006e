"""Documents as a fragment of HTML without scripts: with styles for notebooks, or with classes for the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.render.document import Block, Cell, Column, Pairs, Table
from cnncalc.render.markup import LINE, Markup, element, join

BOLD = ("head", "title")  # styles
SIDES = {False: "text-align: left", True: "text-align: right"}
INDENT = 1.2  # em for each level of a hierarchy, which is two blanks


def write_html(blocks: Iterable[Block], *, classes: bool = False) -> Markup:
    """Write a document as one `div`. With `classes`, `right` and the styles of cells are classes of the page's CSS."""
    parts = (part for block in blocks for part in _write(block, classes=classes))
    return Markup(element("div", LINE, join(Markup(f"{part}\n") for part in parts)) + "\n")


def _write(block: Block, *, classes: bool) -> Iterator[Markup]:
    if isinstance(block, Table):
        yield _write_table(block, classes=classes)
    elif isinstance(block, Pairs):
        lines = (join((element("strong", name), " ", text)) for name, text in block.pairs)
        yield element("p", join(lines, element("br")))
    else:
        text = join(_emphasize(text, style) for text, style in block.pieces).strip()
        if text:
            yield element("p", Markup(text))


def _write_table(table: Table, *, classes: bool) -> Markup:
    columns = [column for column in table.columns if not column.bar]
    heads = (_write_head(column, classes=classes) for column in columns)
    rows = zip(*(column.cells for column in columns), strict=True)
    parts = [
        element("thead", element("tr", *heads)), LINE,
        element("tbody", LINE, *(Markup(f"{_write_row(columns, row, classes=classes)}\n") for row in rows)), LINE,
    ]  # fmt: skip
    if columns[0].footer:
        footers = [column.footer or Cell("") for column in columns]
        parts += [element("tfoot", _write_row(columns, footers, classes=classes)), LINE]
    return element("table", LINE, *parts)


def _write_head(column: Column, *, classes: bool) -> Markup:
    """The head of a column; a column without one has an empty cell."""
    attributes = _align(column, "", 0, classes=classes)
    return element("th", column.header, scope="col", **attributes) if column.header else element("td", **attributes)


def _write_row(columns: Iterable[Column], cells: Iterable[Cell], *, classes: bool) -> Markup:
    return element("tr", *(_write_cell(*pair, classes=classes) for pair in zip(columns, cells, strict=True)))


def _write_cell(column: Column, cell: Cell, *, classes: bool) -> Markup:
    text = cell.text.lstrip(" ")
    level = (len(cell.text) - len(text)) // 2 if text else 0
    return element("td", _emphasize(text, cell.style), **_align(column, cell.style, level, classes=classes))


def _align(column: Column, style: str, level: int, *, classes: bool) -> dict[str, str | None]:
    """The attributes of a cell: the side to which its text is moved, and its depth in a hierarchy."""
    if classes:
        return {"class_": " ".join(filter(None, ["right" * column.right, style])) or None}
    indent = f"; padding-left: {INDENT * (level + 1):g}em" if level else ""
    return {"style": SIDES[column.right] + indent}


def _emphasize(text: str, style: str) -> Markup:
    return element("strong", text) if style in BOLD and text.strip() else join([text])
