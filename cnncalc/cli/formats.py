"""The formats of tables and of text, and what writes each.

A command says what it has to show as a document of blocks, as JSON and as CSV; each format of the enum is written from
one of them. A new format is a name here, with its case and the ending that chooses it, and a writer in `render`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from cnncalc.render.document import Block
    from cnncalc.render.view import View

    Document = Callable[[View], Iterable[Block]]
    Text = Callable[[], str]


class TableFormat(StrEnum):
    """How a table is written."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


class TextFormat(StrEnum):
    """How text is written."""

    text = "text"
    json = "json"


# The format that the ending of --output asks for, where the command has it.
ENDINGS = {".csv": "csv", ".json": "json", ".md": "markdown", ".tex": "latex"}
FOR_PROGRAMS = ("json", "csv")  # with all digits and all rows, always


def write_table(
    format: TableFormat, view: View, *, document: Document, json: Text, csv: Text, page: Document | None = None
) -> str:
    """A table in a format; `page` is the document for a page, where lines may be as long as they like."""
    page, on_page = page or document, view._replace(width=None)
    match format:
        case TableFormat.table:
            from cnncalc.render.show import show

            return show(document(view), view)
        case TableFormat.json:
            return json()
        case TableFormat.csv:
            return csv()
        case TableFormat.markdown:
            from cnncalc.render.markdown import write_markdown

            return write_markdown(page(on_page))
        case TableFormat.latex:
            from cnncalc.render.booktabs import write_latex

            return write_latex(page(on_page))
        case _:
            assert_never(format)


def write_text(format: TextFormat, view: View, *, document: Document, json: Text) -> str:
    """Text in a format."""
    match format:
        case TextFormat.text:
            from cnncalc.render.show import show

            return show(document(view), view)
        case TextFormat.json:
            return json()
        case _:
            assert_never(format)
