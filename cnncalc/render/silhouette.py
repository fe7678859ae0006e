"""A network as a silhouette of half blocks, within the width of a terminal: how maps shrink and channels grow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from cnncalc.figure.kinds import find_role, format_sizes
from cnncalc.figure.tree import Chain, Frame, Merge, Outputs, Step, count_of, result_of
from cnncalc.records import NamedTuple
from cnncalc.render.text import clean

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.layers.base import Shape

ROWS = 7  # lines of the silhouette
WIDEST = 80  # cells without a limit
SHADES = {"input": "░", "pool": "▒", "upsampling": "▓", "reshape": "░"}  # by role; others are full
VECTOR = 4_096  # elements of a vector as high as the highest map


class Slab(NamedTuple):
    """One or several equal maps: their shape, the role of what makes them, how many there are."""

    shape: Shape
    role: str
    times: int = 1


def draw_silhouette(report: Report, tree: Chain, width: int | None) -> str:
    """The silhouette of a network, at most `width` cells wide."""
    width = width or WIDEST
    inputs = [Slab(shape, "input") for shape in report.inputs.values()]
    slabs = inputs
    for level in (*range(8, -1, -1), -1):
        slabs = [*inputs, *_join(_list_slabs(report, tree, level), sizes_only=level < 0)]
        if _measure(_list_cells(slabs)) <= width:
            break
    while _measure(_list_cells(slabs)) > width and len(slabs) > 1:
        del slabs[len(slabs) // 2]
    sizes = ", ".join(map(format_sizes, report.inputs.values()))
    head = f"{clean(report.name)}  {sizes} → {format_sizes(report.output)}".strip()[:width].rstrip()
    return "\n".join([head, "", *_draw(slabs, width)]) + "\n"


def _list_slabs(report: Report, chain: Chain, level: int) -> Iterator[Slab]:
    """The maps along the main path, groups as one below a level."""
    for item in chain.items:
        if isinstance(item, Outputs):
            continue
        if isinstance(item, Frame) and level > 0 and not item.others:
            yield from _list_slabs(report, item.body, level - 1)
            continue
        result = result_of(item)
        if result < 0:
            continue
        kind = report.layers[item.main].kind if isinstance(item, Step) else ""
        role = find_role(kind) if kind else "merge" if isinstance(item, Merge) else "conv"
        yield Slab(report.layers[result].output, role, count_of(item))


def _join(slabs: Iterator[Slab], *, sizes_only: bool) -> Iterator[Slab]:
    """Equal neighbours as one; or all of one spatial size."""

    def key(slab: Slab) -> object:
        return (slab.shape[1:], len(slab.shape)) if sizes_only else slab[:2]

    for _, run in groupby(slabs, key):
        alike = [*run]
        yield alike[-1]._replace(times=sum(slab.times for slab in alike))


def _list_cells(slabs: Sequence[Slab], *, roomy: bool = False) -> list[int]:
    """The widths of slabs: for maps by their channels, and as wide as what is written below; if `roomy`, sizes too."""
    cells = []
    for _, run in groupby(slabs, lambda slab: slab.shape[1:]):
        members = [*run]
        widths = [_count_cells(slab) for slab in members]
        missing = len(_format_size(members[0])) - sum(widths) - len(widths) + 1
        widths[-1] += max(missing, 0) if roomy else 0
        cells += widths
    return cells


def _count_cells(slab: Slab) -> int:
    times = f"×{slab.times}" if slab.times > 1 else ""
    thick = max(round(slab.shape[0] ** 0.42 / 3.2), 1) if len(slab.shape) > 1 else 1
    return max(thick, len(str(slab.shape[0])), len(times))


def _format_size(slab: Slab) -> str:
    sizes = slab.shape[1:]
    return f"{sizes[0]}²" if len(sizes) == 2 and sizes[0] == sizes[1] else format_sizes(sizes)


def _measure(cells: Sequence[int]) -> int:
    return sum(cells) + len(cells) - 1


def _draw(slabs: Sequence[Slab], width: int) -> Iterator[str]:
    roomy = _list_cells(slabs, roomy=True)
    cells = roomy if _measure(roomy) <= width else _list_cells(slabs)
    highest = max((max(slab.shape[1:]) for slab in slabs if len(slab.shape) > 1), default=1)
    heights = [_height(slab, highest) for slab in slabs]
    thick = [_count_cells(slab) for slab in slabs]

    def place(texts: Iterable[str]) -> str:
        """A line with a text below each slab."""
        columns = zip(texts, thick, cells, strict=True)
        return " ".join(text.center(wide).ljust(room) for text, wide, room in columns).rstrip()

    for row in range(ROWS):
        blocks = (_find_block(slab, height, row) for slab, height in zip(slabs, heights, strict=True))
        yield place(block * wide for block, wide in zip(blocks, thick, strict=True))
    yield place(str(slab.shape[0]) for slab in slabs)
    yield " ".join(_write_sizes(slabs, cells))[:width].rstrip()
    if any(slab.times > 1 for slab in slabs):
        yield place(f"×{slab.times}" if slab.times > 1 else "" for slab in slabs)


def _height(slab: Slab, highest: int) -> int:
    """Half blocks: by the square root of the size."""
    share = max(slab.shape[1:]) / highest if len(slab.shape) > 1 else min(slab.shape[0] / VECTOR, 1)
    return max(round(math.sqrt(share) * ROWS * 2), 1)


def _find_block(slab: Slab, height: int, row: int) -> str:
    low = (2 * ROWS - height) / 2
    upper, lower = (low <= at + 0.5 < low + height for at in (2 * row, 2 * row + 1))
    if upper and lower:
        return SHADES.get(slab.role, "█")
    return "▀" if upper else "▄" if lower else " "


def _write_sizes(slabs: Sequence[Slab], cells: Sequence[int]) -> Iterator[str]:
    """The spatial sizes below all slabs that have them."""
    for _, run in groupby(zip(slabs, cells, strict=True), lambda each: each[0].shape[1:]):
        members = [*run]
        room, text = _measure([wide for _, wide in members]), _format_size(members[0][0])
        yield text.center(room) if len(text) <= room else " " * room
