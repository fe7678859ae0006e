"""The output formats of tables and of text.

A command provides a document of blocks, JSON and CSV; each format is written from one of them. To add a format, add its
name, its case and its file ending here, and a writer in `render`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from cnncalc.errors import UsageError

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
    ".html": "html",
    ".svg": "svg",
    ".mmd": "mermaid",
    ".dot": "dot",
}
TEXT_ENDINGS = (".txt", ".text", ".log", ".out")  # of any text
OTHER_ENDING = re.compile(r"\.(?=[0-9]*[a-z])[a-z0-9]{1,5}")  # of a format that is meant; not of `$(mktemp)`
PICTURES = {  # endings of files that other programs make of an SVG
    ".png": "rsvg-convert -z 3 {svg} -o {name}", ".pdf": "rsvg-convert -f pdf {svg} -o {name}",
    ".eps": "rsvg-convert -f eps {svg} -o {name}",
}  # fmt: skip
FOR_PROGRAMS = ("json", "csv")  # always with all digits and all rows


def refuse_picture(output: str | None) -> None:
    """Raises UsageError for formats that other programs write."""
    path = Path(output or "")
    command = PICTURES.get(path.suffix.lower())
    if command:
        svg = path.with_suffix(".svg").name
        raise UsageError(
            f"{output!r}: write an SVG, and let another program make a picture of it: -o {svg}, then"
            f" `{command.format(svg=svg, name=path.name)}` (librsvg), or Inkscape"
        )


def write_table(
    format: TableFormat, view: View, *, document: Document, json: Text, csv: Text, page: Document | None = None
) -> str:
    """Write a table in a format; `page` is the document for formats without a line width."""
    page, on_page = page or document, view._replace(width=None)
    if view.language != "en":
        document, page = _translated(document), _translated(page)
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


def _translated(document: Document) -> Document:
    """A document in the language of the view; a table that its headings make too wide is fitted to fewer characters."""
    from cnncalc.render.document import Table, measure_excess
    from cnncalc.render.languages import translate

    def make(view: View) -> list[Block]:
        blocks = list(translate(document(view), view.language))
        excess = max((measure_excess(block, view.width) for block in blocks if isinstance(block, Table)), default=0)
        if excess > 0 and view.width:
            blocks = list(translate(document(view._replace(width=view.width - excess)), view.language))
        return blocks

    return make


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
