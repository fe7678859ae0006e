"""Scenes and their writers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

import pytest

from cnncalc.figure.scene import Box, Line, Rect, Text, arrowhead, bounds, round_corners
from cnncalc.figure.text import WIDER, fit_text, text_room, text_width
from cnncalc.render.svg import write_svg
from cnncalc.render.tikz import write_tikz

from .. import processes
from .drawn import SVG, everything, faults_of_texts, overlap, polygons_overlap, within

FORBIDDEN = {"style", "marker", "clipPath", "filter", "foreignObject", "script", "image", "use"}
BRACE = re.compile(r"(?<!\\)[{}]")


def test_bounds_by_hand() -> None:
    assert bounds(Rect(1, 2, 3, 4, "conv")) == (1, 2, 4, 6)
    assert bounds(Line(((0, 0), (10, 5)), arrow=False)) == (0, 0, 10, 5)
    # "ab" in Helvetica: 556 + 556 thousandths of 10 pt, its capitals 0.35 em above and below the middle
    assert bounds(Text(0, 0, "ab", 10), wider=1) == pytest.approx((-5.56, -3.9, 5.56, 5.6))
    assert bounds(Text(0, 0, "ab", 10, upwards=True), wider=1) == pytest.approx((-3.9, -5.56, 5.6, 5.56))
    assert bounds(Text(0, 0, "ab", 10, anchor="end"), wider=1).right == 0


def test_an_arrowhead_ends_at_the_point() -> None:
    points, head = arrowhead(Line(((0, 0), (20, 0)), stroke=0.5))
    assert points == ((0, 0), (16, 0))
    assert head[0] == (20, 0)
    assert {x for x, _ in head[1:]} == {16}


def test_corners_are_rounded_by_no_more_than_half_a_part() -> None:
    (first,), (corner, end), (last,) = round_corners([(0, 0), (2, 0), (2, 10)], 3)
    assert (first, corner, end, last) == ((1, 0), (2, 0), (2, 1), (2, 10))


def test_polygons_overlap_only_with_a_common_area() -> None:
    square = [(0, 0), (2, 0), (2, 2), (0, 2)]
    assert polygons_overlap(square, [(1, 1), (3, 1), (3, 3)])
    assert not polygons_overlap(square, [(2, 0), (4, 0), (4, 2)])
    assert not polygons_overlap(square, [(3, 1), (4, 2), (1, 4)])  # their boxes do
    assert not polygons_overlap(square, [(2, 3), (3, 2), (3, 3)])


def test_scaling_scales_all() -> None:
    scene = everything()
    twice = scene.scale(2)
    assert twice.extent() == pytest.approx([2 * edge for edge in scene.extent()])
    assert twice.canvas == pytest.approx([2 * edge for edge in scene.canvas])
    sizes = [[item.size for item in each.leaves() if isinstance(item, Text)] for each in (scene, twice)]
    assert sizes[1] == [2 * size for size in sizes[0]]


def test_texts_are_shortened_to_their_room() -> None:
    for room in (10, 30, 60, 200):
        for text in ("conv4_x.bottleneck.conv1", "網" * 100, "\x1b" * 50, "a" * 100_000):
            assert text_room(fit_text(text, room)) <= room


def test_widths_are_those_of_the_fonts_file() -> None:
    """Helvetica's own table (phvr8a.afm): H 722, e 556, l 222, v 500, t 278, i 222, c 500, a 556."""
    assert text_width("Helvetica", 1000) == 722 + 556 + 222 + 500 + 556 + 278 + 222 + 500 + 556
    assert text_room("Helvetica", 1000) == pytest.approx(4112 * WIDER)


def test_svg_has_presentation_attributes_only() -> None:
    text = write_svg(everything())
    root = ElementTree.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not tags & FORBIDDEN
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not attributes & {"style", "class", "dominant-baseline", "textLength", "href", "onclick"}
    assert all(name.startswith("cnncalc-") for element in root.iter() if (name := element.get("id")))
    assert next(each.text for each in root.iter(f"{SVG}text")) == "3×3 conv"
    assert {root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")} != {""}


def test_svg_without_background() -> None:
    rects = [
        len(ElementTree.fromstring(write_svg(everything(), background=each)).findall(f"{SVG}rect"))
        for each in ("#FFFFFF", None)
    ]
    assert rects == [1, 0]


def test_hostile_names_stay_text() -> None:
    text = write_svg(everything())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "</script>" not in text
    assert "\\x1b\\u202e" in text


def test_tikz_defines_its_colors_and_balances() -> None:
    text = write_tikz(everything())
    assert BRACE.findall(text).count("{") == BRACE.findall(text).count("}")
    used = set(re.findall(r"\b(?:text=|fill=|draw=|fill\[|draw\[)(cnncalc\w+)", text))
    assert used
    assert used == set(re.findall(r"\\definecolor\{(\w+)\}", text)) & used
    head, _, _ = text.partition("\\begin{tikzpicture}")
    assert head.count("\\definecolor") == text.count("\\definecolor")
    assert "documentclass" not in text


@pytest.mark.skipif(not which("pdflatex"), reason="pdflatex is not installed; braces are balanced")
@pytest.mark.parametrize("standalone", [False, True])
def test_tikz_compiles(tmp_path: Path, standalone: bool) -> None:
    (tmp_path / "figure.tex").write_text(write_tikz(everything(), standalone=standalone), encoding="utf-8")
    if standalone:
        file = "figure.tex"
    else:
        file = "page.tex"
        page = "\\documentclass{article}\\usepackage{tikz}\\begin{document}\\input{figure.tex}\\end{document}\n"
        (tmp_path / file).write_text(page)
    done = processes.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", file],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]


def test_bytes_are_equal_in_every_run() -> None:
    code = (
        "from tests.figure.drawn import everything\nfrom cnncalc.render.svg import write_svg\n"
        "from cnncalc.render.tikz import write_tikz\nprint(write_svg(everything()), write_tikz(everything()))"
    )
    root = Path(__file__).parent.parent.parent
    runs = [
        processes.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] != b""


def test_faults_are_found() -> None:
    scene = everything()
    assert not [*faults_of_texts(scene)]
    scene.text(100, 52, "on another")
    scene.text(-500, 52, "away", 4)
    assert len([*faults_of_texts(scene)]) == 3


def test_boxes_touch_or_overlap() -> None:
    assert not overlap(Box(0, 0, 1, 1), Box(1, 0, 2, 1))
    assert overlap(Box(0, 0, 1, 1), Box(0.5, 0, 2, 1))
    assert within(Box(0, 0, 1, 1), Box(0, 0, 2, 1))
    assert not within(Box(0, 0, 1, 2), Box(0, 0, 2, 1))
