"""The guide's pages in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import ClassVar

from cnncalc.render.document import BLANK, Block, Pairs, make_paragraph

WIDEST = 100  # characters of a line of prose: longer ones are hard to read

# Rich's own have a black background or blue, which a light or a dark terminal does not show well.
STYLES = {"markdown.code": "cyan", "markdown.h1": "bold", "markdown.h2": "bold underline", "markdown.link_url": "cyan"}


def list_topics(topics: Mapping[str, str]) -> Iterator[Block]:
    """The list of topics, each with the subject of its page."""
    yield make_paragraph("Pages of the guide, e.g. `cnncalc guide counting`:")
    yield BLANK
    yield Pairs(list(topics.items()), indent=2)


def format_page(markdown: str, width: int | None, *, color: bool, formatted: bool) -> str:
    """A page, formatted by Rich or as its Markdown source."""
    if not formatted:
        return markdown
    from io import StringIO

    from rich.cells import chop_cells
    from rich.console import Console, ConsoleOptions
    from rich.markdown import CodeBlock, Markdown
    from rich.syntax import Syntax
    from rich.text import Text
    from rich.theme import Theme

    class Code(CodeBlock):
        """Code as it is, without blanks around it, so that a table as wide as the terminal is not broken."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
            code = str(self.text).rstrip()
            for line in Syntax(code, self.lexer_name, theme=self.theme).highlight(code).split(allow_blank=True):
                *ends, _ = accumulate(map(len, chop_cells(line.plain, options.max_width) or [""]))
                yield from line.divide(ends)

    class Page(Markdown):
        elements: ClassVar = {**Markdown.elements, "fence": Code}

    console = Console(
        file=StringIO(), force_terminal=color, color_system="standard" if color else None,
        width=min(width or WIDEST, WIDEST), legacy_windows=False, theme=Theme(STYLES),
    )  # fmt: skip
    with console.capture() as captured:
        console.print(Page(markdown, code_theme="ansi_light"))
    lines = captured.get().splitlines()
    return "".join(line.rstrip() + "\n" for line in lines)
