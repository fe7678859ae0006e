"""The output formats of tables and of text.

A command provides a document of blocks, JSON and CSV; each format is written from one of them. To add a format, add its
name, its case and its file ending here, and a writer in `render`.
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
    """Output formats of tables."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


class TextFormat(StrEnum):
    """Output formats of text."""

    text = "text"
    json = "json"


# Ending of --output → the format that it chooses, if the command has it.
ENDINGS = {
    ".csv": "csv",
    ".json": "json",
    ".md": "markdown",
    ".tex": "latex",
    ".svg": "svg",
    ".mmd": "mermaid",
    ".dot": "dot",
}
FOR_PROGRAMS = ("json", "csv")  # always with all digits and all rows


def write_table(
    format: TableFormat, view: View, *, document: Document, json: Text, csv: Text, page: Document | None = None
) -> str:
    """Write a table in a format; `page` is the document for formats without a line width."""
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
    """Write text in a format."""
    match format:
        case TextFormat.text:
            from cnncalc.render.show import show

            return show(document(view), view)
        case TextFormat.json:
            return json()
        case _:
            assert_never(format)
