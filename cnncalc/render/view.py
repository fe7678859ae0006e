"""How a result is to be shown: what the options of a command come to, for all renderers."""

from __future__ import annotations

from cnncalc.analysis.figures import Dtype
from cnncalc.records import NamedTuple


class View(NamedTuple):
    """How to show a result. What an option leaves open is None, and then the renderer's own choice."""

    columns: tuple[str, ...] | None = None  # by their names
    depth: int | None = None  # levels of groups, 1 for the outermost alone; None for as many as are readable
    human: bool | None = None  # 25.6 M in place of all digits; None where only a lack of room decides
    dtype: Dtype = Dtype.float32
    width: int | None = None  # characters of a line; None where lines may be as long as they like
    color: bool = False
    totals: bool = False  # of a comparison, the totals alone
