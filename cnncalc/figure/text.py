"""Widths of texts in figures, in Helvetica, of which Arial, Liberation Sans and Nimbus Sans have the metrics.

A viewer without any of them takes a wider font: DejaVu Sans, which is up to 18 % wider. What must not touch its
neighbours is therefore measured by `text_room`, not by `text_width`.

Source: the widths of Adobe's Helvetica and Helvetica-Bold, in thousandths of the font size, from space to tilde.
"""

from __future__ import annotations

from functools import lru_cache

SIZE, SMALL, SMALLEST = 7.0, 6.0, 5.0  # pt: of labels, of secondary texts, and of no text less
WIDER = 1.18  # how much wider the widest usual font is
ASCENT, DESCENT, BASELINE = 0.74, 0.21, 0.35  # of the font size; the baseline below the middle of the text
REGULAR = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
    556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
    280, 389, 584,
)  # fmt: skip
OTHERS = {"×": 584, "−": 584, "·": 333, "–": 556, "²": 333, "³": 333}  # others that figures contain
LETTER, WIDE = 722, 1000  # of other letters of Europe, as wide as an H; and of all characters beyond


@lru_cache(maxsize=10_000)
def text_width(text: str, size: float = SIZE, bold: bool = False) -> float:
    """The width of a text in pt. Characters that cannot be printed are measured as the escapes that are written.

    >>> text_width("3×3 conv", 10), text_width("\\x1b")
    (40.86, 13.23)
    """
    widths = BOLD if bold else REGULAR
    return round(sum(_measure(char, widths) for char in text) * size / 1000, 3)


def _measure(char: str, widths: tuple[int, ...]) -> int:
    if " " <= char <= "~":
        return widths[ord(char) - 32]
    if not char.isprintable():
        return sum(_measure(each, widths) for each in char.encode("unicode_escape").decode("ascii"))
    return OTHERS.get(char) or (LETTER if char < "\u0250" else WIDE)


def text_room(text: str, size: float = SIZE, bold: bool = False) -> float:
    """The width in pt that a text takes in the widest font: no other text may be within it."""
    return text_width(text, size, bold) * WIDER


def fit_text(text: str, room: float, size: float = SIZE, bold: bool = False) -> str:
    """Shorten a text to a `text_room` of at most `room` pt by leaving out its middle; of a path, mostly the end stays.

    >>> fit_text("conv4_x.bottleneck.conv1", 60), fit_text("conv1", 60)
    ('conv…ck.conv1', 'conv1')
    """
    if text_room(text, size, bold) <= room:
        return text
    left = min(len(text) - 1, round(room / size * 4))  # no text has more characters in this room
    while left > 1:
        head = left // 3
        shorter = f"{text[:head]}…{text[len(text) - (left - head) :]}"
        if text_room(shorter, size, bold) <= room:
            return shorter
        left -= 1
    return "…"
