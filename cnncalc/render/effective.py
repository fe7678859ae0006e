"""The effective receptive field as two pictures, beside the theoretical one, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.execution.effective import EffectiveField
from cnncalc.execution.weights import nest
from cnncalc.layers.ops import Map
from cnncalc.render.columns import join
from cnncalc.render.document import BLANK, Block, Pairs, Paragraph
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.pictures import draw_beside
from cnncalc.render.view import View

SHARES = (0.5, 0.95)


def describe_effective(found: EffectiveField, view: View) -> Iterator[Block]:
    """Both fields side by side, and in how small a box most of the gradient is."""
    unit = ", ".join(map(str, found.unit))
    about = f"  unit {unit}; gradient on the input, mean of {found.seeds} seed{'s' * (found.seeds > 1)}"
    yield Paragraph(((found.path, "title"), (about, "faint")), 2)
    yield from draw_beside([Map((1, *found.shape), each) for each in (scale(found), found.is_inside())], view)
    yield BLANK
    sizes = tuple(high - low + 1 for low, high in found.theoretical)
    pairs = [("receptive field", f"{join(sizes)} of {join(found.shape)} positions (right)")]
    if not any(found.sizes):
        pairs.append(("gradient", "0 at every position (left)"))
    for share in SHARES if any(found.sizes) else ():
        pairs.append(
            (f"{share:.0%} of the gradient", f"within {join(found.measure_box(share))} around its middle (left)")
        )
    yield Pairs(pairs)


def scale(found: EffectiveField) -> list[float]:
    """The sizes relative to the largest, to the power ½, so that small ones are seen."""
    most = max(found.sizes) or 1.0
    return [(size / most) ** 0.5 for size in found.sizes]


def dump_effective(name: str, found: EffectiveField) -> str:
    """The field as JSON: sizes of the gradient by position."""
    return dump(
        {
            "format": FORMAT,
            "name": name,
            "path": found.path,
            "unit": found.unit,
            "seeds": found.seeds,
            "receptive_field": {
                "start": [low for low, _ in found.theoretical],
                "size": [high - low + 1 for low, high in found.theoretical],
            },
            "within": {f"{share:g}": found.measure_box(share) for share in SHARES},
            "gradient": nest(found.shape, found.sizes),
        }
    )
