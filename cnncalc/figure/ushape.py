"""A U-Net as a U: down where maps get smaller, up where they grow, with the skips straight across.

The form is that of O. Ronneberger, P. Fischer and T. Brox, U-Net (MICCAI 2015), figure 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise, takewhile
from math import prod

from cnncalc.figure.maps import FeatureMap, locate
from cnncalc.figure.scene import Scene, Text
from cnncalc.figure.solids import (
    CHANNELS,
    SIGN,
    Scale,
    Solid,
    add_channels,
    add_merge_sign,
    add_solid,
    format_channels,
    format_size,
    measure,
    place_text,
)
from cnncalc.figure.text import SMALL, SMALLEST, text_room

SMALLER, LARGER = 0.67, 1.5  # factors of a size from which a map is on another level
TALLS, FATS = (75.0, 66.0, 58.0, 50.0, 42.0), (1.0, 0.8, 0.62)
LEVEL = 22.0  # pt between levels, for texts and arrows
BELOW = 15.0  # pt from a box to below its texts
ABOVE = 14.0  # pt from boxes to a skip above them
SKIP = 36.0  # pt of the shortest skip


def lead_copies(maps: Sequence[FeatureMap]) -> list[FeatureMap]:
    """The maps with copies before what they are concatenated with, where that is the first of its level."""
    ordered: list[FeatureMap] = []
    for place, one in enumerate(maps):
        first = place - sum(1 for _ in takewhile(lambda each: each.copied, reversed(maps[:place]))) if one.copied else 0
        grown = first > 1 and _find_step(maps[first - 2], maps[first - 1]) < 0
        ordered.insert(len(ordered) - 1 if grown else len(ordered), one)
    return ordered


def _find_step(before: FeatureMap, one: FeatureMap) -> int:
    """1 if a map is on the level below that of the one before it, −1 if it is above, else 0."""
    ratio: float = (prod(one.sizes) / prod(before.sizes)) ** (1 / max(len(one.sizes), 1))
    return (ratio < SMALLER) - (ratio > LARGER)


def is_u(maps: Sequence[FeatureMap]) -> bool:
    """Whether the maps shrink and then grow, with nested skips between equal levels."""
    if any(one.flat for one in maps):
        return False
    levels, where = list_levels(maps), locate(maps)
    steps = [after - before for before, after in pairwise(levels)]
    turns = [step for step in steps if step]
    down = turns.index(-1) if -1 in turns else 0
    if not down or turns != [1] * down + [-1] * (len(turns) - down):
        return False
    skips = [(where[source], place) for place, one in enumerate(maps) for source in one.skips]
    nested = all(later < first for (first, _), (later, _) in pairwise(skips))
    return len(skips) >= 2 and nested and all(_is_straight(levels, maps, *skip) for skip in skips)


def _is_straight(levels: Sequence[int], maps: Sequence[FeatureMap], source: int, reader: int) -> bool:
    """Whether between a source and its reader are only maps of lower levels, or some at last with which it meets."""
    level = levels[source]
    between = [other == level for other in levels[source + 1 : reader]]
    return levels[reader] == level and not (between and between[0]) and between == sorted(between)


def list_levels(maps: Sequence[FeatureMap]) -> list[int]:
    """How often the map has halved, map by map; a copy is on the level of what it is concatenated with."""
    return [*accumulate((_find_step(before, one) for before, one in pairwise(maps)), initial=0)]


def _edges(solid: Solid) -> tuple[float, float]:
    half = max(text_room(format_channels(solid.map), SMALL), text_room(format_size(solid.map.sizes), SMALLEST)) / 2
    return min(solid.x, solid.middle - half), max(solid.right + solid.deep, solid.middle + half)


def arrange_u(maps: Sequence[FeatureMap], scale: Scale) -> list[Solid]:
    """The boxes of a U: each level below the one before, as high as its highest box."""
    levels = list_levels(maps)
    solids: list[Solid] = []
    ends: dict[int, float] = {}  # level → where its left arm ends
    for place, (one, level) in enumerate(zip(maps, levels, strict=True)):
        thick, high, deep = measure(one, scale)
        solids.append(Solid(one, _find_x(maps, levels, solids, place, thick, ends), 0, thick, high, deep))
        ends[level] = _edges(solids[-1])[1]
    heights = {
        level: max(solid.high + solid.deep for solid, own in zip(solids, levels, strict=True) if own == level)
        for level in sorted({*levels})
    }
    middles, y = {}, 0.0
    for level, height in heights.items():
        middles[level] = y + height / 2
        y += height + BELOW + LEVEL
    return [solid._replace(y=middles[level]) for solid, level in zip(solids, levels, strict=True)]


def _find_x(
    maps: Sequence[FeatureMap], levels: Sequence[int], solids: Sequence[Solid], place: int, thick: float,
    ends: dict[int, float],
) -> float:  # fmt: skip
    """Where a box begins: below or above the one before it, or beside it."""
    if not solids:
        return 0
    one, before = maps[place], solids[-1]
    step = levels[place] - levels[place - 1]
    if step > 0:
        return before.middle - thick / 2
    if step < 0:
        x = before.middle - thick / 2 - (thick + 1 if one.copied else 0)
        return max(x, ends.get(levels[place], -SKIP) + SKIP)
    half = text_room(format_channels(one), SMALL) / 2
    if one.copied or _leads(maps, levels, place - 1):
        beside = text_room(format_channels(before.map), SMALL) / 2
        return max(before.right + 1, before.middle + half + beside + 1 - thick / 2)
    own = max(half, text_room(format_size(one.sizes), SMALLEST) / 2)
    same = before.map.sizes == one.sizes
    beside = max(text_room(format_channels(before.map), SMALL), text_room(format_size(before.map.sizes), SMALLEST)) / 2
    if same:
        return max(before.right + 4, before.middle + beside + half + 1 - thick / 2)
    return max(before.right + before.deep + 7, before.middle + beside + own + 1 - thick / 2)


def _leads(maps: Sequence[FeatureMap], levels: Sequence[int], place: int) -> bool:
    """Whether a map is a copy before what it is concatenated with: the first of its level, or after such copies."""
    if not maps[place].copied:
        return False
    return levels[place] != levels[place - 1] or _leads(maps, levels, place - 1)


def draw_u(scene: Scene, solids: Sequence[Solid]) -> None:
    """Draw the boxes of a U with arrows, skips and texts."""
    levels = list_levels([solid.map for solid in solids])
    for solid in solids:
        add_solid(scene, solid)
    for place, (before, solid) in enumerate(pairwise(solids), 1):
        if not solid.map.copied:
            _draw_arrow(scene, _find_before(solids, place), before, solid, levels[place])
    where = locate([solid.map for solid in solids])
    for place, solid in enumerate(solids):
        for index in solid.map.skips:
            _draw_skip(scene, solids[where[index]], solid, solids[where[index] + 1 : place])
    for solid in solids:
        add_channels(scene, solid)
    _write_sizes(scene, solids)
    _write_kernels(scene, solids)


def _find_before(solids: Sequence[Solid], place: int) -> Solid:
    """The box whose map flows into one: that before the copies beside it."""
    at = place - 1
    while solids[at].map.copied:
        at -= 1
    return solids[at]


def _draw_arrow(scene: Scene, source: Solid, beside: Solid, solid: Solid, level: int) -> None:
    if source.y == solid.y:
        if source.map.sizes != solid.map.sizes:
            scene.line([(beside.right + beside.deep / 2, solid.y), (solid.x - 0.5, solid.y)])
        return
    if source.y < solid.y:
        x = solid.middle
        scene.line([(x, source.bottom + BELOW), (x, _find_top(solid, x) - 0.4)])
        return
    x = solid.middle
    bottom = solid.bottom + BELOW
    if x <= source.right + source.deep:
        scene.line([(x, _find_top(source, x) - 0.4), (x, bottom)])
    else:
        scene.line([(source.right + source.deep / 2, source.y), (x, source.y), (x, bottom)])


def _find_top(solid: Solid, x: float) -> float:
    """The upper edge of a box at some x."""
    return solid.top - min(solid.deep, max(x - solid.x, 0))


def _draw_skip(scene: Scene, source: Solid, reader: Solid, between: Sequence[Solid]) -> None:
    """A line straight across; or above boxes that are in the way."""
    sign = reader.map.merge
    beside = [solid for solid in between if solid.y == reader.y]
    if beside:
        top = min(solid.box.top for solid in (source, reader, *beside)) - ABOVE
        (start, _), (end, tip) = source.back, reader.back
        tip -= 2 * SIGN if sign else 0.4
        scene.line([(start, source.box.top), (start, top), (end, top), (end, tip)], "skip", stroke=0.9, radius=5)
        if sign:
            add_merge_sign(scene, end, tip + SIGN, sign)
        return
    end = reader.x - (2 * SIGN + 4 if sign else 0.5)
    scene.line([(source.right + source.deep / 2, reader.y), (end, reader.y)], "skip", stroke=0.9)
    if sign:
        scene.line([(end + 2 * SIGN, reader.y), (reader.x, reader.y)], "line", arrow=False)
        add_merge_sign(scene, end + SIGN, reader.y, sign)


def _write_sizes(scene: Scene, solids: Sequence[Solid]) -> None:
    """Write the size below each box whose size is not that of the box before it."""
    for place, solid in enumerate(solids):
        before = _find_before(solids, place) if place else None
        known = before and before.y == solid.y and before.map.sizes == solid.map.sizes
        if not solid.map.copied and not known:
            y = solid.bottom + CHANNELS + 6.5
            scene.text(solid.middle, y, format_size(solid.map.sizes), SMALLEST, "muted")


def _write_kernels(scene: Scene, solids: Sequence[Solid]) -> None:
    """Write the kernels where they change: above boxes, or beside the arrows between levels."""
    shown: dict[str, str] = {}
    for place, (before, solid) in enumerate(pairwise(solids), 1):
        one = solid.map
        if not one.kernel or one.block or shown.get(one.kind) == one.kernel:
            continue
        half = text_room(one.kernel, SMALLEST) / 2
        if before.y < solid.y:
            text = Text(solid.middle + half + 4, solid.box.top - 8, one.kernel, SMALLEST, "muted")
        elif before.y > solid.y or _find_before(solids, place).y > solid.y:
            text = Text(solid.middle + half + 4, solid.bottom + BELOW + 7, one.kernel, SMALLEST, "muted")
        else:
            text = Text(solid.back[0], solid.box.top - 5, one.kernel, SMALLEST, "muted")
        if place_text(scene, text, [(0, 0), (0, -7), (0, -14)]):
            shown[one.kind] = one.kernel
