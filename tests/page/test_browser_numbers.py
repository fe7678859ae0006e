"""What a page shows in Chromium is what the program computes: totals, rows, arithmetic, receptive fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.analysis.explain import explain
from cnncalc.analysis.report import Report
from cnncalc.render.explain import format_heading, format_line

from ..cli.running import cnncalc as command
from .browser import Page
from .choosing import choose

pytestmark = pytest.mark.chromium

ROWS = """[...document.querySelectorAll('table.layers tbody tr')].map(row => ({
  layer: row.dataset.layer ?? null, path: row.dataset.path ?? null, level: row.dataset.level,
  cells: [...row.cells].map(cell => cell.textContent)}))"""
PANEL = """(() => {
  const rows = name => [...document.querySelectorAll(`.panel table.${name} tbody tr`)]
    .map(row => [...row.cells].map(cell => cell.textContent));
  return {path: document.querySelector('.panel .path').textContent, lines: rows('lines'),
          call: document.querySelector('.panel .call').textContent, arguments: rows('arguments'),
          weights: rows('weights')};
})()"""
RECTANGLE = """['x', 'y', 'width', 'height'].map(name =>
  Number(document.querySelector('.picture .seen').getAttribute(name)))"""


def move(page: Page, slider: str, value: int) -> None:
    """Move a slider, which tells the page so."""
    page.evaluate(
        f"(slider => {{slider.value = {value}; slider.dispatchEvent(new Event('input', {{bubbles: true}}));}})"
        f"(document.querySelector('input.{slider}'))"
    )


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("name", ["lenet5", "resnet50", "unet"])
def test_totals_and_rows_are_those_of_summary(name: str, make: Callable[..., Path], page: Page) -> None:
    page.open(make(name).as_uri())
    summary: dict[str, Any] = json.loads(command("summary", name, "--format", "json").stdout)
    facts = dict(
        page.evaluate(
            "[...document.querySelectorAll('dl.facts div')].map(fact => [...fact.children].map(e => e.textContent))"
        )
    )
    for figure in ("parameters", "macs", "multiplications", "activations"):
        assert number(facts[figure]) == summary["totals"][figure]
    rows = page.evaluate(ROWS)
    layers = [row for row in rows if row["layer"] is not None]
    assert [int(row["layer"]) for row in layers] == list(range(len(summary["layers"])))
    for row, layer in zip(layers, summary["layers"], strict=True):
        assert row["cells"][2] == "×".join(map(str, layer["output"]))
        found = [number(cell) for cell in row["cells"][3:6]]
        assert found == [layer["parameters"], layer["macs"], layer["activations"]]


@pytest.mark.parametrize("name", ["resnet50", "googlenet"])
def test_the_sums_of_groups_are_those_of_their_layers(name: str, make: Callable[..., Path], page: Page) -> None:
    page.open(make(name).as_uri())
    rows = page.evaluate(ROWS)
    groups = 0
    for at, row in enumerate(rows):
        if row["layer"] is not None:
            continue
        groups += 1
        sums = [0, 0, 0]
        for below in rows[at + 1 :]:
            if int(below["level"]) <= int(row["level"]):
                break
            if below["layer"] is not None:
                sums = [one + number(cell) for one, cell in zip(sums, below["cells"][3:6], strict=True)]
        assert [number(cell) for cell in row["cells"][3:6]] == sums, row["path"]
    assert groups > 5


def test_the_panel_has_the_lines_of_explain(make: Callable[..., Path], page: Page) -> None:
    page.open(make("mobilenet_v2").as_uri())
    network = cnncalc.load("mobilenet_v2")
    report = cnncalc.analyze(network)
    for layer, explained in list(zip(report.layers, explain(network, report), strict=True))[::7]:
        choose(page, layer.path)
        panel = page.evaluate(PANEL)
        assert panel["path"] == layer.path
        assert panel["call"] == format_heading(explained)
        assert panel["lines"] == [[line.label, format_line(line)] for line in explained.lines]
        assert {name for name, _ in panel["arguments"]} == {*layer.arguments}
        weights = [[each.name, "×".join(map(str, each.shape))] for each in layer.layer.weights(layer.inputs)]
        assert panel["weights"] == weights


def expected(report: Report, index: int, unit: tuple[int, ...]) -> list[list[int]]:
    """The start and the size on each axis."""
    field = report.layers[index].receptive_field
    assert field
    axes = zip(unit, field.start, field.stride, field.size, strict=True)
    return [[start + floor(each * Fraction(step)), size] for each, start, step, size in axes]


@pytest.mark.parametrize("name", ["alexnet", "resnet50", "googlenet", "unet"])
def test_the_rectangle_is_the_receptive_field(name: str, make: Callable[..., Path], page: Page) -> None:
    page.open(make(name).as_uri())
    report = cnncalc.analyze(cnncalc.load(name))
    local = [index for index, layer in enumerate(report.layers) if layer.is_local]
    for index in [*local[:: max(1, len(local) // 8)], local[-1]]:
        layer = report.layers[index]
        choose(page, layer.path)
        _, height, width = layer.output
        for unit in [(0, 0), (height // 2, width // 2), (height - 1, 0), (height // 3, width - 1)]:
            move(page, "unit-y", unit[0])
            move(page, "unit-x", unit[1])
            (top, down), (left, across) = expected(report, index, unit)
            assert page.evaluate(RECTANGLE) == [left, top, across, down], (layer.path, unit)
            text = page.text(".field figcaption")
            assert f"Unit ({unit[0]}, {unit[1]}) of {height}×{width} " in text
            assert f"rows {top} to {top + down - 1}, columns {left} to {left + across - 1}.".replace("-", "−") in text


def test_the_share_and_the_padding_are_counted(make: Callable[..., Path], page: Page) -> None:
    """Of unit (0, 0) only what is right of and below the picture's corner is inside."""
    page.open(make("alexnet").as_uri())
    choose(page, "conv2")
    for slider in ("unit-x", "unit-y"):
        move(page, slider, 0)
    report = cnncalc.analyze(cnncalc.load("alexnet"))
    (index,) = (at for at, layer in enumerate(report.layers) if layer.path == "conv2")
    (start, size), _ = expected(report, index, (0, 0))
    inside = size + start
    assert start < 0
    text = page.text(".field figcaption")
    assert f"{100 * inside**2 / 227**2:.1f}% of the input, and {size**2 - inside**2:,} positions of padding." in text


def test_layers_that_see_everything_say_so(make: Callable[..., Path], page: Page) -> None:
    page.open(make("resnet50").as_uri())
    choose(page, "linear1")
    assert page.text(".field figcaption") == "Every unit sees the whole input."
    assert page.evaluate(RECTANGLE) == [0, 0, 224, 224]
    assert page.evaluate("document.querySelector('.sliders').hidden")


def test_sliders_say_which_unit_they_choose(make: Callable[..., Path], page: Page) -> None:
    page.open(make("alexnet").as_uri())
    choose(page, "conv1")
    page.evaluate("document.querySelector('input.unit-x').focus()")
    page.press("ArrowRight")
    said = page.evaluate("document.querySelector('input.unit-x').getAttribute('aria-valuetext')")
    assert said == "column 28 of 55"
    assert "Unit (27, 28) of 55×55" in page.text(".field figcaption")


def test_a_click_in_the_picture_chooses_the_unit_there(make: Callable[..., Path], page: Page) -> None:
    page.open(make("alexnet").as_uri())
    choose(page, "conv1")
    page.click(".picture .photo", (0.25, 0.75))
    report = cnncalc.analyze(cnncalc.load("alexnet"))
    row, column = (round((part * 227 - 5.5) / 4) for part in (0.75, 0.25))  # 11×11 in steps of 4 from (0, 0)
    (top, down), (left, across) = expected(report, 0, (row, column))
    assert page.evaluate(RECTANGLE) == [left, top, across, down]


def test_a_layer_of_another_input_is_shown_on_its_size(make: Callable[..., Path], page: Page) -> None:
    page.open(make("siamese").as_uri())
    report = cnncalc.analyze(cnncalc.load("siamese"))
    first, second = report.inputs
    for index, layer in enumerate(report.layers):
        if layer.is_local and len(layer.seen) == 1:
            choose(page, layer.path)
            (top, down), (left, across) = expected(report, index, (layer.output[1] // 2, layer.output[2] // 2))
            assert page.evaluate(RECTANGLE) == [left, top, across, down]
            (name,) = layer.seen
            assert f"% of the input {name}" in page.text(".field figcaption")
    assert {name for layer in report.layers for name in layer.seen} == {first, second}
