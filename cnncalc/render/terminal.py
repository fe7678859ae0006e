"""Documents by Rich: tables and styled text for a terminal, a notebook, or other renderables of Rich.

`document` is the model, `plain` the other back end; the layout is decided before either of them is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO

from rich.box import Box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.jupyter import JupyterMixin
from rich.segment import Segment
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text
from rich.theme import Theme

from cnncalc.render.document import GAP, STYLES, Block, Cell, Column, Table, collect_texts, measure_columns
from cnncalc.render.plain import RULE, lay_out
from cnncalc.render.text import clean

THEME = Theme(STYLES, inherit=False)
RULES = Box("\n".join(f" {RULE if row in (2, 4, 5) else ' '}{RULE if row in (2, 4, 5) else ' '} " for row in range(8)))
SIMPLE = frozenset("–…→†‡✓✗−≤≥⌊⌋█▏▎▍▌▋▊▉")
WIDEST = 100_000  # characters of a line, so that Rich does not wrap or cut what is already laid out


def write_terminal(blocks: Iterable[Block], width: int | None) -> str:
    """Write a document as text with the escape codes of a terminal."""
    console = make_console()
    for block in blocks:
        console.print(_Trimmed(to_rich(block, width)), soft_wrap=True, end="")
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def make_console(*, width: int = WIDEST, record: bool = False) -> Console:
    """A console that writes to a string, with colours that every terminal supports."""
    return Console(
        file=StringIO(), force_terminal=True, color_system="256", no_color=False, legacy_windows=False,
        highlight=False, width=width, record=record,
    )  # fmt: skip


def to_rich(block: Block, width: int | None) -> RenderableType:
    """Convert a block to a renderable of Rich."""
    if isinstance(block, Table):
        return draw_table(block)
    lines = [Text.assemble(*((text, _get_style(style)) for text, style in line)) for line in lay_out(block, width)]
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def draw_table(table: Table) -> RichTable:
    """Convert a table to a table of Rich."""
    made = RichTable(
        box=RULES, show_edge=False, pad_edge=False, padding=(0, GAP - 1), collapse_padding=True,
        show_footer=table.columns[0].footer is not None, border_style=_get_style("rule"),
    )  # fmt: skip
    for column, width in zip(table.columns, measure_columns(table), strict=True):
        made.add_column(
            Text(clean(column.header), _get_style("head")), _make_text(column.footer) if column.footer else "",
            justify="right" if column.right else "left", no_wrap=True, width=width if _is_simple(column) else None,
        )  # fmt: skip
    texts: dict[Cell, Text] = {}
    for number, row in enumerate(zip(*(column.cells for column in table.columns), strict=True), 1):
        made.add_row(*(texts.get(cell) or texts.setdefault(cell, _make_text(cell)) for cell in row))
        made.rows[-1].end_section = number in table.sections
    return made


def _is_simple(column: Column) -> bool:
    """Whether all characters of a column have the same width for Rich and for us, so that Rich need not measure it."""
    return all(char < "\u0300" or char in SIMPLE for text in collect_texts(column) for char in text)


def _make_text(cell: Cell) -> Text:
    return Text(clean(cell.text), _get_style(cell.style))


def _get_style(name: str) -> Style:
    """A style by its name in the theme, or in the notation of Rich: `color(240) on color(250)`."""
    return (THEME.styles.get(name) or Style.parse(name)) if name else Style.null()


class Fitted(JupyterMixin):
    """A document that is laid out when it is printed, for the width of the console."""

    def __init__(self, lay_out: Callable[[int], Iterable[Block]]) -> None:
        self.lay_out = lay_out

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for block in self.lay_out(options.max_width):
            yield to_rich(block, options.max_width)


class _Trimmed:
    """A renderable without trailing blanks."""

    def __init__(self, renderable: RenderableType) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in Segment.split_lines(console.render(self.renderable, options)):
            while line and not line[-1].text.strip(" "):
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(" "), line[-1].style)
            yield from line
            yield Segment.line()
