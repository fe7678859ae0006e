"""The guide's pages in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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

    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    console = Console(
        file=StringIO(), force_terminal=color, color_system="standard" if color else None,
        width=min(width or WIDEST, WIDEST), legacy_windows=False, theme=Theme(STYLES),
    )  # fmt: skip
    with console.capture() as captured:
        console.print(Markdown(markdown, code_theme="ansi_light"))
    lines = captured.get().splitlines()
    return "".join(line.rstrip() + "\n" for line in lines)
