"""What a page gives away: files that programs read, and paper."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .. import processes
from ..cli.running import cnncalc
from .browser import Page

pytestmark = pytest.mark.chromium

PAPERS = {"A4": (210 / 25.4, 297 / 25.4), "Letter": (8.5, 11.0)}  # inches
ROW = re.compile(r"([\d,]+)\s+([\d,]+)\s+([\d,]+)\s+\S+$")  # parameters, macs, activations, receptive field
HEADS = ["layer", "settings", "output", "parameters", "macs", "activations", "field"]
HOSTILE = """\
name: "=1+1"
input: [3, 16, 16]
layers:
  - a_b = conv(4, 3, padding=1)
  - relu
"""


def export(page: Page, kind: str, within: str = "") -> Path:
    return page.download(lambda: page.click(f"{within} button[data-export={kind}]"))


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


@pytest.mark.parametrize("name", ["resnet50", "unet", "wavenet", "googlenet"])
def test_csv_is_that_of_summary(name: str, make: Callable[..., Path], page: Page) -> None:
    page.open(make(name).as_uri())
    path = export(page, "csv")
    assert path.name == f"{name}.csv"
    found = read_csv(path.read_text("utf-8"))
    wanted = read_csv(cnncalc("summary", name, "--format", "csv").stdout)
    common = [column for column in wanted[0] if column in found[0]]
    assert len(common) == len(found[0]) == 16
    assert found == [{column: row[column] for column in common} for row in wanted]


@pytest.mark.parametrize("name", ["resnet50", "unet", "googlenet"])
def test_json_is_that_of_summary(name: str, make: Callable[..., Path], page: Page) -> None:
    page.open(make(name).as_uri())
    found: dict[str, Any] = json.loads(export(page, "json").read_text("utf-8"))
    wanted: dict[str, Any] = json.loads(cnncalc("summary", name, "--format", "json").stdout)
    assert {key: found[key] for key in ("format", "name", "input", "inputs", "output")}.items() <= wanted.items()
    assert found["totals"].items() <= wanted["totals"].items()
    assert len(found["layers"]) == len(wanted["layers"])
    for layer, other in zip(found["layers"], wanted["layers"], strict=True):
        assert layer.keys() <= other.keys()
        assert layer == {key: other[key] for key in layer}


def test_numbers_that_javascript_rounds_keep_their_digits(
    make: Callable[..., Path], page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "huge.yaml"
    path.write_text("input: [30000000]\nlayers:\n  - linear(600000001) -> relu\n", encoding="utf-8")
    macs = 30_000_000 * 600_000_001
    assert macs > 2**53
    page.open(make(str(path)).as_uri())
    row = read_csv(export(page, "csv").read_text("utf-8"))[0]
    assert int(row["macs"]) == macs
    document: dict[str, Any] = json.loads(export(page, "json").read_text("utf-8"))
    assert document["layers"][0]["macs"] == macs
    page.write("input.search", "linear")
    assert f"{macs:,} macs (100.0%)" in page.text(".count")


def test_the_drawing_is_a_picture_of_its_own(make: Callable[..., Path], page: Page) -> None:
    page.open(make("resnet50").as_uri())
    page.click("tr[data-path=conv_bn1] th")
    page.click("tr[data-layer='0'] th")
    text = export(page, "svg").read_text("utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    ids = {each.get("id") for each in root.iter() if each.get("id")}
    assert {"n0-layer-0"} <= ids
    assert "chosen" not in text
    assert not [each for each in root.iter() if each.get("class")]


def compile_latex(text: str, folder: Path) -> None:
    """Compile a table where pdflatex is; else its braces and environments balance."""
    packages = re.findall(r"usepackage\{([\w,]+)\}", text)
    document = f"\\documentclass{{article}}\\usepackage[T1]{{fontenc}}\\usepackage{{{','.join(packages)}}}"
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    assert text.count("\\begin") == text.count("\\end{") > 0
    tool = shutil.which("pdflatex")
    if tool is None:
        return
    (folder / "x.tex").write_text(f"{document}\\begin{{document}}\n{text}\\end{{document}}\n", "utf-8")
    done = processes.run([tool, "-interaction=nonstopmode", "-halt-on-error", "x.tex"], capture_output=True, cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:]


def test_latex_is_the_table_as_it_is_shown(make: Callable[..., Path], page: Page, tmp_path: Path) -> None:
    page.open(make("resnet50").as_uri())
    page.click("button.fold")
    page.click("tr[data-path=conv3_x] th")
    shown = page.evaluate(
        "[...document.querySelectorAll('tbody tr[data-level]:not([hidden])')].map(row => row.cells[0].textContent)"
    )
    text = export(page, "latex").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.endswith("\\\\")][1:-1]
    names = [re.sub(r"\\quad |\\textbf\{|^\{\}|\}$", "", line.split(" & ")[0]).replace("\\_", "_") for line in lines]
    assert names == shown
    assert "\\quad \\textbf{bottleneck1.0} & bottleneck(128, 2) & 512$\\times$28$\\times$28 & 379,392 & " in text
    compile_latex(text, tmp_path)


def test_hostile_names_are_harmless_in_files(make: Callable[..., Path], page: Page, tmp_path: Path) -> None:
    path = tmp_path / "=2+2, $x$ & 50%.yaml"
    path.write_text(HOSTILE, encoding="utf-8")
    page.open(make(str(path)).as_uri())
    table = export(page, "csv")
    assert re.fullmatch(r"[\w.-]+", table.name)
    assert not [
        cell
        for row in csv.reader(StringIO(table.read_text("utf-8")))
        for cell in row
        if cell.startswith(("=", "+", "@"))
    ]
    text = export(page, "latex").read_text("utf-8")
    assert "a\\_b" in text
    compile_latex(text, tmp_path)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
@pytest.mark.parametrize(("name", "paper"), [("resnet50", "A4"), ("resnet50", "Letter"), ("densenet121", "A4")])
def test_a_printed_table_has_all_rows_and_its_head_on_every_page(
    name: str, paper: str, make: Callable[..., Path], page: Page, tmp_path: Path
) -> None:
    page.open(make(name).as_uri())
    page.click("button.unfold")
    rows = page.evaluate(
        "[...document.querySelectorAll('table.layers tbody tr')].map(row => [...row.cells].slice(3, 6)"
        ".map(cell => Number(cell.textContent.replaceAll(',', ''))))"
    )
    page.print(tmp_path / "page.pdf", *PAPERS[paper])
    command = ["pdftotext", "-layout", str(tmp_path / "page.pdf"), "-"]
    text = str(processes.run(command, capture_output=True, encoding="utf-8", check=True).stdout)
    printed: list[list[int]] = []
    for each in text.split("\f"):
        lines = each.splitlines()
        found = [[int(part.replace(",", "")) for part in row.groups()] for line in lines if (row := ROW.search(line))]
        here = [row for row in found if row in rows]  # the facts have several numbers in a line as well
        if here:
            assert [line.split() for line in lines if line.split()[:1] == ["layer"]] == [HEADS]
        printed += here
    assert printed[: len(rows)] == rows
    assert len(rows) > 176
    totals = page.evaluate("[...document.querySelector('tfoot tr').cells].map(cell => cell.textContent)")
    assert any(line.split() == [cell for cell in totals if cell] for line in text.splitlines())
