"""Styled text for a terminal, by rich; plain text where there is no colour."""

from __future__ import annotations

from collections.abc import Iterable

Piece = tuple[str, str]  # a text and its style, "" for none
Line = list[Piece]

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
}


def paint(lines: Iterable[Line], *, color: bool) -> str:
    """The lines as one text. They are laid out already and neither wrapped nor cut."""
    trimmed = map(_trimmed, lines)
    if not color:
        return "".join("".join(text for text, _ in line) + "\n" for line in trimmed)
    from rich.color import ColorSystem
    from rich.style import Style

    styles = {name: Style.parse(style) for name, style in STYLES.items()}

    def shown(piece: Piece) -> str:
        text, name = piece
        style = styles.get(name)
        return style.render(text, color_system=ColorSystem.STANDARD) if style and text.strip() else text

    return "".join("".join(map(shown, line)) + "\n" for line in trimmed)


def _trimmed(line: Line) -> Line:
    """The line without the blanks at its end."""
    end = len(line)
    while end and not line[end - 1][0].strip():
        end -= 1
    return [*line[: end - 1], (line[end - 1][0].rstrip(), line[end - 1][1])] if end else []
