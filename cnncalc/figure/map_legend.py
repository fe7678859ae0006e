"""The legend of styles that draw feature maps, and the looks that colour them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.figure.kinds import find_title
from cnncalc.figure.legend import Entry, add_legend
from cnncalc.figure.look import Look
from cnncalc.figure.maps import FeatureMap
from cnncalc.figure.scene import Scene
from cnncalc.figure.text import SMALLEST, text_room

NARROWEST = 232.0  # pt: one column without its margins
ABOVE = 6.0  # pt
NOTE = "sides ∝ √size"
MEETINGS = {"+": "sum", "×": "product", "‖": "concatenation"}  # by the sign in a circle


def paint_maps(maps: Sequence[FeatureMap], look: Look) -> list[FeatureMap]:
    """The maps in the colours of a look, with its notes."""
    look.prepare([one.layers for one in maps if one.layers])
    return [_paint(one, look) if one.layers and not one.copied else one for one in maps]


def _paint(one: FeatureMap, look: Look) -> FeatureMap:
    role, note = look.paint(one.role, one.layers), look.note(one.layers)
    title = f"{one.title}, {note}" if note else one.title
    return one._replace(role=role, note=note, title=title, activated=one.activated and role == one.role)


def add_map_legend(scene: Scene, maps: Sequence[FeatureMap], look: Look, room: float) -> None:
    """Explain the colours and marks that occur, below the drawing and at most so wide."""
    extent = scene.extent()
    room = max(extent.width, min(room, NARROWEST))
    beside = text_room(NOTE, SMALLEST) + 10
    bottom = add_legend(scene, _list_entries(maps, look), extent.left, extent.bottom + ABOVE, room - beside)
    scene.text(extent.left + room, bottom - 5.5, NOTE, SMALLEST, "muted", anchor="end")


def _list_entries(maps: Sequence[FeatureMap], look: Look) -> Iterator[Entry]:
    yield Entry("input", "input")
    entries = look.list_entries({one.role for one in maps})
    yield from entries
    if not entries:
        kinds = [one.kind for one in maps if one.kind]
        roles = dict.fromkeys(one.role for one in maps if one.kind)
        yield from (Entry(role, find_title(role, kinds)) for role in roles)
        if any(one.block for one in maps):
            yield Entry("conv", "block", "walls")
    if any(one.activated for one in maps):
        yield Entry("activation", "activation")
    if any(one.copied for one in maps):
        yield Entry("copy", "copied by a skip")
    if any(one.skips for one in maps):
        yield Entry("skip", "skip", "arrow")
    for sign in dict.fromkeys(one.merge for one in maps if one.merge):
        yield Entry("merge", MEETINGS[sign], "circle", sign)
    if any(one.times > 1 for one in maps):
        yield Entry("text", "repeated", "mark", "×n")
