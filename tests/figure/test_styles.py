"""What is common to all styles: the bytes of every run, names of any characters, TikZ that compiles."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.figure.heat import Heat
from cnncalc.figure.maps import FigureError
from cnncalc.figure.palette import HEAT
from cnncalc.figure.scene import Group, Scene, Text
from cnncalc.reading import load
from cnncalc.render.svg import write_svg
from cnncalc.render.tikz import write_tikz
from cnncalc.spec.files import bundled

from .. import processes
from ..networks import report
from .drawn import SVG, faults_of_texts, things
from .styles import LOOKS, STYLES

ROOT = Path(__file__).parent.parent.parent
NAMES = ("alexnet", "resnet50", "unet", "c3d")  # whose bytes are compared
HOSTILE = '<b>&"\x1b[31m\u202e</script><svg onload=alert(1)>\\input{x}$%_#~^{}]]> =cmd()'
BRACE = re.compile(r"(?<!\\)[{}]")
HASH = """
from hashlib import sha256
from tests.figure.test_styles import NAMES, draw
from tests.figure.styles import STYLES
from cnncalc.render.svg import write_svg
from cnncalc.render.tikz import write_tikz
for name in NAMES:
    for style in STYLES:
        for scene in draw(name, style):
            print(name, style, sha256((write_svg(scene) + write_tikz(scene)).encode()).hexdigest())
"""


def draw(name: str, style: str) -> list[Scene]:
    """The pages of a bundled network, none if the style refuses it."""
    try:
        return STYLES[style](analyze(load(name)))
    except FigureError:
        return []


def test_bytes_are_equal_under_two_hash_seeds() -> None:
    runs = [
        processes.run(
            [sys.executable, "-c", HASH], cwd=ROOT, capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].splitlines()) >= 2 * len(NAMES)


@pytest.mark.parametrize("style", STYLES)
def test_hostile_names_are_text(style: str) -> None:
    network = report("layers: (stem = conv(8, 3)) -> relu -> flatten -> linear(2)")._replace(name=HOSTILE)
    for scene in STYLES[style](network):
        text = write_svg(scene)
        root = ElementTree.fromstring(text)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg", "title", "desc", "g", "rect", "circle", "polygon", "path", "text",
        }  # fmt: skip
        title = root.findtext(f"{SVG}title") or ""
        assert title.startswith('<b>&"\\x1b[31m\\u202e</script>')
        assert "\\input" not in write_tikz(scene).partition("\n")[2].replace("\\textbackslash{}input", "")


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("style", STYLES)
def test_texts_of_tikz_balance(name: str, style: str) -> None:
    for scene in draw(name, style):
        text = write_tikz(scene, standalone=True)
        braces = BRACE.findall(text.replace("\\\\", ""))
        assert braces.count("{") == braces.count("}")
        assert text.count("\\begin{") == text.count("\\end{")
        defined = re.findall(r"\\definecolor\{(\w+)\}", text)
        assert len({*defined}) == len(defined)
        used = {*re.findall(r"cnncalc\w+", text)}
        assert used == {*defined}


@pytest.mark.skipif(not which("pdflatex"), reason="pdflatex is not installed; braces are balanced")
@pytest.mark.sample(1)
@pytest.mark.parametrize("part", range(8))
def test_tikz_compiles(part: int, tmp_path: Path) -> None:
    """An eighth of the bundled networks in all styles, in one document."""
    page = ["\\documentclass{article}\\usepackage{tikz}\\begin{document}\n"]
    for name in bundled()[part::8]:
        for style in STYLES:
            for number, scene in enumerate(draw(name, style)):
                file = f"{name}-{style}-{number}.tex"
                (tmp_path / file).write_text(write_tikz(scene), encoding="utf-8")
                page.append(f"\\input{{{file}}}\\clearpage\n")
    (tmp_path / "page.tex").write_text("".join([*page, "\\end{document}\n"]))
    done = processes.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("style", ["volumes", "flat"])
def test_maps_are_coloured_by_a_figure(style: str) -> None:
    """Weights and biases: 3·3·3·8 + 8 = 224, 3·3·8·8 + 8 = 584, none, 8·2·2·4 + 4 = 132 of a scale to 584."""
    network = report("layers: conv(8, 3) -> relu -> conv(8, 3) -> max_pool(2) -> flatten -> linear(4)")
    look = Heat(network, FIGURES["parameters"], Dtype.float32, str)
    (scene,) = LOOKS[style](network, look)
    fronts = [thing.items[-1 if style == "volumes" else 0] for thing in things(scene)]
    last = len(HEAT) - 1
    steps = [min(last, number * len(HEAT) // 584) for number in (224, 584, 0, 132)]
    assert [front.role for front in fronts if not isinstance(front, Group)][1:] == [f"heat{step}" for step in steps]
    assert [thing.title.rpartition(", ")[2] for thing in things(scene)][1:3] == ["224", "584"]
    written = [item.text for item in scene.leaves() if isinstance(item, Text)]
    assert "≤ 584" in written
    assert ("224" in written) == (style == "flat")
    assert [*faults_of_texts(scene)] == []


def test_a_map_that_is_flattened_has_the_receptive_field_of_its_pool() -> None:
    """3 of the convolution and 1 more of the pool, in a legend of whole numbers."""
    network = report("layers: conv(8, 3) -> max_pool(2) -> flatten -> linear(4)")
    (scene,) = LOOKS["flat"](network, Heat(network, FIGURES["receptive_field"], Dtype.float32, str))
    conv, pool = [thing.title for thing in things(scene)][1:3]
    assert (conv[-6:], pool[-6:]) == ("(3, 3)", "(4, 4)")
    bounds = [item.text for item in scene.leaves() if isinstance(item, Text) and "≤" in item.text]
    assert all(text.rpartition(" ")[2].isdecimal() for text in bounds)
