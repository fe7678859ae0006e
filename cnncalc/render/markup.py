"""Markup of HTML and SVG made of elements: the one place that escapes texts and attributes."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape as escape_markup

from cnncalc.render.text import clean

VOID = frozenset(("meta", "input", "br"))  # elements of HTML that have no end


class Markup(str):
    """Text that is markup already; all other text is escaped when it becomes part of an element."""

    __slots__ = ()


LINE = Markup("\n")


def escape(text: str) -> str:
    """Escape a text for XML and HTML; characters that cannot be printed, and would not be allowed, as in a terminal.

    >>> escape('<b a="1">&\\x1b')
    '&lt;b a=&quot;1&quot;&gt;&amp;\\\\x1b'
    """
    return escape_markup(clean(text))


def element(tag: str, *children: str, **attributes: str | int | float | bool | None) -> Markup:
    """An element with its children, of which those that are not `Markup` are escaped.

    In the names of attributes `_` is `-`, and one at the end is left out. True gives an attribute without a value; None
    and False give none.

    >>> element("td", "a < b", class_="n", data_level=1, hidden=True, id=None)
    '<td class="n" data-level="1" hidden>a &lt; b</td>'
    """
    opened = f"<{tag}"
    for name, value in attributes.items():
        if value is not None and value is not False:
            name = name.rstrip("_").replace("_", "-")
            opened += f" {name}" if value is True else f' {name}="{escape(str(value))}"'
    return Markup(f"{opened}/>" if tag in VOID else f"{opened}>{join(children)}</{tag}>")


def join(children: Iterable[str], by: str = "") -> Markup:
    """Several children one after another."""
    return Markup(by.join(child if isinstance(child, Markup) else escape(child) for child in children))
