"""The colours of figures are told apart with any vision, and texts on them can be read."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from cnncalc.figure.palette import BOXES, HEAT, PALETTE, WHITE, mix

# Of linear RGB. Source: G. Machado, M. Oliveira and L. Fernandes, A Physiologically-based Model for Simulation of Color
# Vision Deficiency, IEEE TVCG 15 (2009), table 1, severity 1.0.
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
D65 = (0.95047, 1.0, 1.08883)
XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
LINES = {"line", "skip"}  # whose fill is that of their arrowheads, which no text is on
Color = tuple[float, ...]


def linear(color: str) -> Color:
    """The linear components of an sRGB colour (IEC 61966-2-1)."""
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def times(matrix: tuple[Color, ...], color: Color) -> Color:
    return tuple(sum(a * b for a, b in zip(row, color, strict=True)) for row in matrix)


def lab(color: Color) -> Color:
    """CIE L*a*b* (ISO/CIE 11664-4)."""
    x, y, z = (
        t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
        for t in (part / white for part, white in zip(times(XYZ, color), D65, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: str, other: str, vision: str) -> float:
    """ΔE*ab (1976) as someone with that vision sees two colours."""
    seen = [lab(tuple(min(max(part, 0), 1) for part in times(VISION[vision], linear(color)))) for color in (one, other)]
    return math.dist(*seen)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2."""
    low, high = sorted(times(XYZ, linear(color))[1] for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_measures_are_right() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)  # WCAG's own example
    assert lab(linear("#FF0000")) == pytest.approx((53.24, 80.09, 67.20), abs=0.02)  # B. Lindbloom's tables


@pytest.mark.parametrize("vision", VISION)
def test_kinds_are_told_apart(vision: str) -> None:
    close = {
        (one, other): round(difference(BOXES[one].fill, BOXES[other].fill, vision), 1)
        for one, other in combinations(BOXES, 2)
    }
    assert min(close.values()) >= 8, sorted(close.items(), key=lambda item: item[1])[:3]


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("role", ["conv", "depthwise", "linear", "upsampling"])
def test_the_strip_of_an_activation_is_told_from_its_box(role: str, vision: str) -> None:
    assert difference(PALETTE["activation"].fill, BOXES[role].fill, vision) >= 8


@pytest.mark.parametrize("vision", VISION)
def test_steps_of_a_heat_map_are_told_apart(vision: str) -> None:
    assert min(difference(one, other, vision) for one, other in combinations(HEAT, 2)) >= 4


@pytest.mark.parametrize("role", sorted({role for role, paint in PALETTE.items() if paint.fill and paint.line} - LINES))
def test_texts_can_be_read_on_every_box(role: str) -> None:
    assert contrast(PALETTE["text"].fill, PALETTE[role].fill) >= 4.5


def test_secondary_texts_can_be_read_on_the_page_and_in_groups() -> None:
    for color in (WHITE, PALETTE["group"].fill, PALETTE["inner"].fill):
        assert contrast(PALETTE["muted"].fill, color) >= 4.5


def test_faces_are_told_from_the_front() -> None:
    for paint in BOXES.values():
        assert linear(mix(paint.fill, 0.12)) < linear(paint.fill) < linear(mix(paint.fill, -0.35))
