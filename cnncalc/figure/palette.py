"""The colours of figures by the role of what is drawn, chosen to be told apart with any vision and in grey.

Source: M. Okabe and K. Ito, Color Universal Design (2008), for the hues. `tests/figure/test_palette.py` keeps the
differences and the contrast of texts; a kind is always written as well.
"""

from __future__ import annotations

from cnncalc.records import NamedTuple

WHITE, NONE = "#FFFFFF", ""


class Paint(NamedTuple):
    """The colours of the inside and of the edge, as `#RRGGBB`; "" for none. Lines have only an edge, texts a fill."""

    fill: str
    line: str


BOXES = {  # of layers, by what they do
    "conv": Paint("#FBD98A", "#8A6100"),
    "depthwise": Paint("#FFF3B8", "#8A6100"),
    "pool": Paint("#EDA27C", "#7A3300"),
    "linear": Paint("#D9A3C2", "#6E2E52"),
    "upsampling": Paint("#A9D8F2", "#0B5C8A"),
    "norm": Paint("#D4D4D4", "#5F5F5F"),
    "merge": Paint("#7CC8A8", "#00573F"),
    "softmax": Paint("#A593CF", "#4B3A66"),
    "reshape": Paint("#F4F4F4", "#7A7A7A"),
}
HEAT = ("#FFFFFF", "#FFF0DC", "#FEDDB5", "#FBC588", "#F4A75B", "#E68533", "#D2691E")  # least to most
PALETTE = {
    **BOXES,
    "activation": Paint("#E69F00", "#8A6100"),  # the strip on the box of a layer with weights
    "input": Paint("#E8E8E8", "#5F5F5F"),
    "copy": Paint(WHITE, "#5F5F5F"),  # a map that a skip brings
    "group": Paint("#F6F7F9", "#B9BEC7"),
    "inner": Paint("#ECEEF2", "#AEB4BF"),  # a group inside a group
    "sheet": Paint(WHITE, "#AEB4BF"),  # behind a group that is repeated
    "rule": Paint(NONE, "#AEB4BF"),  # thin lines beside texts
    "wall": Paint(NONE, "#8A6100"),  # inside a block
    "cell": Paint(NONE, "#6E2E52"),  # inside a vector
    "line": Paint("#3C3C3C", "#3C3C3C"),
    "skip": Paint("#0072B2", "#0072B2"),
    "window": Paint(NONE, "#0072B2"),
    "text": Paint("#1A1A1A", NONE),
    "muted": Paint("#5A5A5A", NONE),
    "added": Paint("#B7E4C7", "#1B6B3A"),  # in comparisons
    "removed": Paint("#F6C1C1", "#9B1C1C"),
    "changed": Paint("#FFE08A", "#7A5B00"),
    **{f"heat{step}": Paint(color, "#7A3300") for step, color in enumerate(HEAT)},
}


def mix(color: str, shade: float) -> str:
    """A colour with a share of white (below 0) or of black (above 0).

    >>> mix("#808080", -0.5), mix("#808080", 0.5), mix("", 0.5)
    ('#C0C0C0', '#404040', '')
    """
    if not color or not shade:
        return color
    target, share = (0 if shade > 0 else 255), abs(shade)
    parts = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (target - part) * share):02X}" for part in parts)
