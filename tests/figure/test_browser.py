"""Figures as viewers show them: texts measured in Chromium with two fonts, pictures made by rsvg-convert.

Fonts are told apart by their names in the figure itself: the narrow one has the metrics of Helvetica, the wide one is
what viewers without Helvetica take.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import struct
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from cnncalc.figure.scene import Box, Circle, Rect, Scene, bounds
from cnncalc.figure.text import ASCENT, DESCENT
from cnncalc.render.svg import FONT, write_svg
from cnncalc.spec.files import bundled

from .. import processes
from .drawn import TOUCH, overlap, within
from .geometry import AROUND
from .styles import STYLES
from .test_styles import draw

pytestmark = pytest.mark.chromium

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MEASURE = """
const found = [...document.querySelectorAll('svg')].map(svg => [...svg.querySelectorAll('text')].map(text => {
  const box = text.getBBox(), size = parseFloat(getComputedStyle(text).fontSize);
  return [text.textContent, box.x, box.x + box.width, parseFloat(text.getAttribute('y')), size];
}));
const widths = ['monospace', '"FAMILY", monospace'].map(family => {
  const span = document.createElement('span');
  span.style.fontFamily = family;
  span.textContent = 'illegal width';
  document.body.append(span);
  return span.getBoundingClientRect().width;
});
const fonts = widths[0] !== widths[1];
document.body.innerHTML = '';
document.body.textContent = JSON.stringify({fonts, found});
"""


def measure(scenes: list[Scene], family: str, folder: Path) -> list[list[tuple[str, Box]]]:
    """The texts of figures with the boxes that they have in Chromium, in pt."""
    assert CHROMIUM
    figures = [write_svg(scene).replace(FONT, html.escape(f"'{family}'")) for scene in scenes]
    page = folder / "page.html"
    script = MEASURE.replace("FAMILY", family)
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{''.join(figures)}<script>{script}</script>", "utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()]
    done = processes.run(command, capture_output=True, encoding="utf-8", check=True)
    body = re.search(r"<body>(.*)</body>", done.stdout, re.DOTALL)
    assert body, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(html.unescape(body[1]))
    if not answer["fonts"]:
        pytest.skip(f"the font {family} is not installed")
    return [
        [
            (text, Box(left, baseline - ASCENT * size, right, baseline + DESCENT * size))
            for text, left, right, baseline, size in each
        ]
        for each in answer["found"]
    ]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("family", ["Liberation Sans", "DejaVu Sans"])
@pytest.mark.parametrize("style", STYLES)
def test_texts_touch_nothing_in_chromium(style: str, family: str, tmp_path: Path) -> None:
    names = [(name, scene) for name in bundled() for scene in draw(name, style)]
    faults = []
    for (name, scene), texts in zip(names, measure([scene for _, scene in names], family, tmp_path), strict=True):
        assert texts
        boxes = [bounds(item) for item in scene.leaves() if isinstance(item, Rect | Circle) and item.role not in AROUND]
        for text, box in texts:
            if not within(box, scene.canvas):
                faults.append(f"{name}: {text!r} is outside")
            if any(overlap(box, other) and not within(box, other, TOUCH) for other in boxes):
                faults.append(f"{name}: {text!r} is on an edge")
        faults += [
            f"{name}: {one!r} is on {other!r}"
            for (one, box), (other, beside) in combinations(texts, 2)
            if overlap(box, beside)
        ]
    assert faults == []


@pytest.mark.skipif(not shutil.which("rsvg-convert"), reason="rsvg-convert is not installed")
@pytest.mark.parametrize("style", STYLES)
def test_pictures_have_the_size_of_the_canvas(style: str) -> None:
    for name in bundled():
        for scene in draw(name, style):
            done = processes.run(
                ["rsvg-convert", "--format=png"],
                input=write_svg(scene).encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
            )  # fmt: skip
            assert not done.stderr
            width, height = struct.unpack(">II", done.stdout[16:24])  # of the PNG's first chunk
            wanted = [scene.canvas.width * 96 / 72, scene.canvas.height * 96 / 72]  # pixels of CSS
            assert [width, height] == pytest.approx(wanted, abs=1.01), name
