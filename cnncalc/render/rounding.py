"""Outputs in less precision as a document, with the difference of each layer from float64."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncalc.execution.rounding import Difference
from cnncalc.layers.ops import Map
from cnncalc.render.document import BLANK, Block, Cell, Column, Table, elide_paths
from cnncalc.render.json import dump
from cnncalc.render.maps import describe_maps, format_number, record_maps
from cnncalc.render.view import View


def describe_rounded(
    maps: Mapping[str, Map], differences: Sequence[Difference], precision: str, view: View, *, picture: bool
) -> Iterator[Block]:
    """The maps, as numbers or as pictures, and a row for each layer with its difference."""
    if picture:
        from cnncalc.render.pictures import draw_pictures

        yield from draw_pictures(maps, view)
    else:
        yield from describe_maps(maps, view.width)
    yield BLANK
    yield elide_paths(_make_table(differences, precision), 0, view.width)


def _make_table(differences: Sequence[Difference], precision: str) -> Table:
    columns = [
        Column("layer", [Cell(each.node.path) for each in differences]),
        Column(f"|{precision} − float64|", [Cell(format_number(each.largest)) for each in differences], True),
        Column("relative", [Cell(format_number(get_relative(each))) for each in differences], True),
    ]
    if any(each.lost for each in differences):
        columns.append(Column("not finite", [Cell(str(each.lost or "")) for each in differences], True))
    return Table(columns)


def get_relative(each: Difference) -> float:
    """The largest difference as a share of the largest number."""
    return each.largest / each.scale if each.scale else 0.0


def dump_rounded(name: str, maps: Mapping[str, Map], differences: Sequence[Difference], precision: str) -> str:
    """The maps as JSON, and the difference of each layer."""
    found = [
        {"path": each.node.path, "largest": each.largest, "relative": get_relative(each), "lost": each.lost}
        for each in differences
    ]
    return dump({**record_maps(name, maps), "precision": precision, "differences": found})
