"""The style `volumes`: feature maps as boxes, thick by their channels, in a row; a U-Net as a U.

The form is that of H. Iqbal's PlotNeuralNet (2018). Where a row is too wide, equal maps are folded, then boxes get
thinner and smaller; what does not fit then is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, TypeAlias

from cnncalc.figure.kinds import format_sizes
from cnncalc.figure.look import PLAIN, Look
from cnncalc.figure.map_legend import add_map_legend, paint_maps
from cnncalc.figure.maps import FeatureMap, FigureError, describe_runs, fold_maps, format_page, list_maps, locate
from cnncalc.figure.scene import MARGIN, Scene, Text
from cnncalc.figure.solids import (
    ROW,
    SIGN,
    Scale,
    Solid,
    add_channels,
    add_merge_sign,
    add_solid,
    find_longest,
    format_channels,
    measure,
    place_text,
)
from cnncalc.figure.text import SMALL, fit_text, text_room
from cnncalc.figure.ushape import arrange_u, draw_u, is_u, lead_copies

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report

Draw: TypeAlias = Callable[[Scene, Sequence[Solid]], None]
PAGE_WIDTH = 504.0  # pt: two columns
TALLS, SMALL_TALLS, TALLS_OF_U = (120.0, 106.0, 94.0, 82.0, 72.0), (62.0, 52.0, 44.0), (75.0, 66.0, 58.0, 50.0, 42.0)
FATS, LEVELS = (1.0, 0.8, 0.62), (0, 1, 2)
HIGHEST = 620.0  # pt of a drawing
NAME = 70.0  # pt of the name of a stage
MOST_MAPS = 80  # of a row that is tried
MOST_ARCS = 5  # levels of skips above a row
OPERATION = 5.5  # pt of the kernels above boxes
PACKED, GLUED, APART = 4.0, 0.6, 8.0  # pt between fronts of equal sizes, and from a side to another size
ARC, ARC_GAP = 8.0, 14.0  # pt between levels of skips, and from the boxes to the first


def draw_volumes(report: Report, width: float = PAGE_WIDTH, *, legend: bool = True, look: Look = PLAIN) -> Scene:
    """Draw a network as volumes, at most `width` pt wide. Raises FigureError where that is not possible."""
    maps = list_maps(report, "volumes")
    scene = Scene(
        f"{report.name}: feature maps as volumes",
        f"{report.name}, input {format_sizes(report.input)}, output {format_sizes(report.output)}. "
        "Sides grow with the square root of the size.",
    )
    room = width - 2 * MARGIN
    drawing, drawn = _fit(maps, room, look)
    scene.add(drawing.items)
    if legend:
        add_map_legend(scene, drawn, look, room)
    return scene.frame()


def _fit(maps: Sequence[FeatureMap], room: float, look: Look) -> tuple[Scene, list[FeatureMap]]:
    """The first drawing that fits, with the maps in it."""
    narrowest: list[Solid] = []
    for solids, draw in _list_attempts(maps, look):
        if not narrowest or _measure(solids) <= _measure(narrowest):
            narrowest, draw_narrowest = solids, draw
        if _measure(solids) <= room:
            scene = Scene()
            draw(scene, solids)
            extent = scene.extent()
            if extent.width <= room and extent.height <= HIGHEST:
                return scene, [solid.map for solid in solids]
    if not narrowest:
        raise FigureError("there are too many volumes, or too many skips between them: use `--style graph`")
    scene = Scene()
    draw_narrowest(scene, narrowest)
    needed = scene.extent().width
    if needed <= room:
        raise FigureError("the volumes are too high for a page: use `--style graph`")
    message = f"the volumes need a page {format_page(needed + 2 * MARGIN)} wide"
    raise FigureError(f"{message}: use `--style graph`, or a wider page with --page-width")


def _list_attempts(maps: Sequence[FeatureMap], look: Look) -> Iterator[tuple[list[Solid], Draw]]:
    """Drawings as a U or in a row: the least folded first, of these the thickest, of these the tallest.

    Very small boxes are tried when nothing else fits.
    """
    foldings = [fold_maps(maps, level) for level in LEVELS]
    for folded in map(lead_copies, foldings[:2]):
        if is_u(folded):
            folded = paint_maps(folded, look)
            yield from ((arrange_u(folded, scale), draw_u) for scale in _list_scales(folded, TALLS_OF_U))
    rows = [folded for folded in foldings if len(folded) <= MOST_MAPS and _count_arcs(folded) <= MOST_ARCS]
    for talls in (TALLS, SMALL_TALLS):
        for folded in rows:
            painted = paint_maps(folded, look)
            yield from ((_line_up(painted, scale), _draw_row) for scale in _list_scales(painted, talls))


def _list_scales(maps: Sequence[FeatureMap], talls: Sequence[float]) -> Iterator[Scale]:
    longest = find_longest(maps)
    yield from (Scale(longest, tall, fat) for fat in FATS for tall in talls)


def _line_up(maps: Sequence[FeatureMap], scale: Scale) -> list[Solid]:
    """The boxes of a row, centred on one axis."""
    solids: list[Solid] = []
    edge = 0.0  # to which the texts below the sizes before reach
    for one, first in zip(maps, _list_firsts(maps), strict=True):
        thick, high, deep = measure(one, scale)
        x = 0.0
        if solids:
            before = solids[-1]
            x = before.right + _find_gap(before, one)
            beside = (text_room(format_channels(before.map), SMALL) + text_room(format_channels(one), SMALL)) / 2 + 2
            x = max(x, before.middle + beside - thick / 2)
            if first and not one.flat:
                x = max(x, edge)
        if first and not one.flat:
            edge = x + text_room(format_sizes(one.sizes), SMALL) + 3
        solids.append(Solid(one, x, 0, thick, high, deep))
    return solids


def _list_firsts(maps: Sequence[FeatureMap]) -> Iterator[bool]:
    """Whether each map is the first of its spatial size."""
    yield True
    for before, one in pairwise(maps):
        yield before.sizes != one.sizes or one.flat


def _find_gap(before: Solid, one: FeatureMap) -> float:
    if one.copied:
        return GLUED
    return PACKED if before.map.sizes == one.sizes and not one.flat else before.deep + APART


def _measure(solids: Sequence[Solid]) -> float:
    lefts = (solid.middle - text_room(format_channels(solid.map), SMALL) / 2 for solid in solids)
    rights = (solid.middle + text_room(format_channels(solid.map), SMALL) / 2 for solid in solids)
    left, right = min(solids[0].x, *lefts), max(max(solid.right + solid.deep for solid in solids), *rights)
    return right - left


def _list_arcs(maps: Sequence[FeatureMap]) -> list[tuple[int, int, int]]:
    """The skips: places of the source and of the reader, and the level above the row on which each is free."""
    where = locate(maps)
    pairs = {(where[source], place) for place, one in enumerate(maps) for source in one.skips}
    levels: list[list[tuple[int, int]]] = []
    arcs = []
    for first, last in sorted(pairs, key=lambda pair: (pair[1] - pair[0], pair)):
        level = next(
            (at for at, taken in enumerate(levels) if all(last <= low or first >= high for low, high in taken)),
            len(levels),
        )
        if level == len(levels):
            levels.append([])
        levels[level].append((first, last))
        arcs.append((first, last, level))
    return arcs


def _count_arcs(maps: Sequence[FeatureMap]) -> int:
    return max((level for *_, level in _list_arcs(maps)), default=-1) + 1


def _draw_row(scene: Scene, solids: Sequence[Solid]) -> None:
    for before, solid in pairwise([None, *solids]):
        assert solid
        if before and _has_arrow(before, solid):
            add_solid(scene, solid)
            scene.line([(before.right + before.deep / 2, solid.y), (solid.x - 0.4, solid.y)])
        else:
            add_solid(scene, solid)
    _draw_arcs(scene, solids)
    for solid in solids:
        add_channels(scene, solid)
    _write_sizes(scene, solids)
    _write_kernels(scene, solids)


def _has_arrow(before: Solid, solid: Solid) -> bool:
    apart = before.map.sizes != solid.map.sizes or solid.map.flat
    return apart and not solid.map.copied


def _draw_arcs(scene: Scene, solids: Sequence[Solid]) -> None:
    above = min(solid.box.top for solid in solids)
    arcs = _list_arcs([solid.map for solid in solids])
    sources = {first for first, *_ in arcs}
    for first, last, level in arcs:
        source, reader = solids[first], solids[last]
        start, end = (solid.back[0] for solid in (source, reader))
        start += min(source.thick / 4, 2) if source.map.skips else 0  # beside one that ends there
        end -= min(reader.thick / 4, 2) if last in sources else 0
        y = above - ARC_GAP - ARC * level
        sign = reader.map.merge
        tip = reader.box.top - (2 * SIGN if sign else 0.4)
        scene.line([(start, source.box.top), (start, y), (end, y), (end, tip)], "skip", stroke=0.9, radius=5)
        if sign:
            add_merge_sign(scene, end, reader.box.top - SIGN + 0.4, sign)


def _write_sizes(scene: Scene, solids: Sequence[Solid]) -> None:
    """Write the size below all boxes that have it, and the stages below that."""
    y = max(solid.bottom for solid in solids) + 13
    firsts = [place for place, first in enumerate(_list_firsts([solid.map for solid in solids])) if first]
    for place, after in pairwise([*firsts, len(solids)]):
        first, last = solids[place], solids[after - 1]
        if first.map.flat:
            continue
        size = format_sizes(first.map.sizes)
        if after - place > 1:
            scene.line([(first.x, y), (last.right, y)], "rule", stroke=0.5, arrow=False)
        half = text_room(size, SMALL) / 2
        scene.text(max((first.x + last.right) / 2, first.x + half - 4), y + 5.2, size, SMALL, "muted")
    for stage, place, end in describe_runs([solid.map for solid in solids]):
        middle = (solids[place].x + solids[end].right) / 2
        if end > place:
            scene.line([(solids[place].x, y + 11), (solids[end].right, y + 11)], "rule", stroke=0.5, arrow=False)
        place_text(
            scene, Text(middle, y + 16.2, fit_text(stage, NAME, SMALL, True), SMALL, bold=True), [(0, 0), (0, ROW + 1)]
        )


def _write_kernels(scene: Scene, solids: Sequence[Solid]) -> None:
    """Write the kernels above the boxes, where they change."""
    shown: dict[str, str] = {}
    for solid in solids:
        one = solid.map
        if not one.kernel or one.block or shown.get(one.kind) == one.kernel:
            continue
        x, top = solid.back
        half = text_room(one.kernel, OPERATION) / 2
        shifts = [(dx, _find_top(solids, x + dx, half + 1) - top) for dx in (0, half + 2, -half - 2)]
        offsets = [(dx, dy - 5 - ROW * row) for row in range(3) for dx, dy in shifts]
        if place_text(scene, Text(x, top, one.kernel, OPERATION, "muted"), offsets):
            shown[one.kind] = one.kernel


def _find_top(solids: Sequence[Solid], x: float, half: float) -> float:
    """The upper edge of all boxes that are near a position."""
    boxes = [solid.box for solid in solids]
    return min((box.top for box in boxes if box.left < x + half and box.right > x - half), default=inf)
