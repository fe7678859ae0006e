"""How a result is shown: the display options of a command, for all renderers."""

from __future__ import annotations

from cnncalc.analysis.figures import Dtype
from cnncalc.records import NamedTuple


class View(NamedTuple):
    """How to show a result. None leaves the choice to the renderer."""

    columns: tuple[str, ...] | None = None  # by their names
    depth: int | None = None  # levels of groups, 1 for only the outermost; None for as many as are readable
    human: bool | None = None  # 25.6 M instead of all digits; None to decide by the width
    dtype: Dtype = Dtype.float32
    width: int | None = None  # characters of a line; None for no limit
    color: bool = False
    totals: bool = False  # only the totals of a comparison
    convention: str = ""  # of another tool, whose figures are shown
    language: str = "en"  # of headings and totals, see `languages`
    channels_last: bool = False  # 55×55×96 instead of 96×55×55, in text
