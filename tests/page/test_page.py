"""The page of a report as it is without its script: its structure, and that its numbers are those of `summary`."""

from __future__ import annotations

import re
from functools import partial
from itertools import takewhile
from math import prod

import pytest

from cnncalc.analysis.explain import explain
from cnncalc.reading import read
from cnncalc.render.explain import format_line
from cnncalc.render.page.bars import MOST_BARS
from cnncalc.spec.files import bundled

from ..networks import network
from .dom import Element, parse
from .pages import data_of, page, page_of, summary

USUAL = ["resnet50", "unet", "mobilenet_v2", "inception_v1", "lenet5"]
ALL = pytest.mark.sample(4)
SUMS = ("parameters", "macs", "activations")


def number(text: str) -> int:
    assert re.fullmatch(r"\d{1,3}(,\d{3})*", text), text
    return int(text.replace(",", ""))


def sizes(text: str) -> list[int]:
    return [int(size) for size in text.split("×")]


def rows_of(article: Element) -> list[Element]:
    return article.one("table", "layers").one("tbody").all("tr")


def is_deeper(row: Element, other: Element) -> bool:
    return int(other["data-level"]) > int(row["data-level"])


def cells(row: Element) -> list[str]:
    return [each.text for each in row.children if isinstance(each, Element)]


@ALL
@pytest.mark.parametrize("name", bundled())
def test_the_table_has_the_numbers_of_summary(name: str) -> None:
    wanted = summary(name)
    rows = [row for row in rows_of(page(name)) if "data-layer" in row.attributes]
    assert [int(row["data-layer"]) for row in rows] == list(range(len(wanted["layers"])))
    for row, layer in zip(rows, wanted["layers"], strict=True):
        label, _, output, *counts, _ = cells(row)
        assert label in f"{layer['path']} {layer['kind']}"
        assert sizes(output) == layer["output"]
        assert [number(text) for text in counts] == [layer[figure] for figure in SUMS]
    total = cells(page(name).one("table", "layers").one("tfoot").one("tr"))
    assert [number(text) for text in total[3:6]] == [wanted["totals"][figure] for figure in SUMS]


@ALL
@pytest.mark.parametrize("name", bundled())
def test_a_group_has_the_sums_of_its_layers(name: str) -> None:
    layers = summary(name)["layers"]
    rows = rows_of(page(name))
    for at, row in enumerate(rows):
        if "group" in row.classes:
            inside = list(takewhile(partial(is_deeper, row), rows[at + 1 :]))
            own = [layers[int(each["data-layer"])] for each in inside if "data-layer" in each.attributes]
            assert own
            assert [number(text) for text in cells(row)[3:6]] == [sum(each[figure] for each in own) for figure in SUMS]


@pytest.mark.parametrize("name", USUAL)
def test_the_facts_and_the_text_below_are_those_of_summary(name: str) -> None:
    wanted = summary(name)
    facts = page(name).one("dl", "facts")
    found = {group.one("dt").text: group.one("dd").text for group in facts.all("div")}
    assert sizes(found["input"]) == wanted["input"]
    assert sizes(found["output"]) == wanted["output"]
    for figure in ("parameters", "macs", "multiplications", "activations"):
        assert number(found[figure]) == wanted["totals"][figure]
    totals = page(name).one("dl", "totals").text
    assert f"{wanted['totals']['weights']:,}" in totals
    assert "multiply-accumulates of convolutions" in totals


@ALL
@pytest.mark.parametrize("name", bundled())
def test_the_data_have_what_summary_says_of_each_layer(name: str) -> None:
    wanted = summary(name)
    (data,) = data_of(page(name))["networks"]
    columns = data["layers"]
    for figure in ("parameters", "weights", "biases", "buffers", "macs", "multiplications", "activations"):
        assert columns[figure] == [layer[figure] for layer in wanted["layers"]]
        assert data["totals"][figure] == wanted["totals"][figure]
    labels = ["input"] if list(data["inputs"]) == ["input"] else [f"input.{each}" for each in data["inputs"]]
    for index, layer in enumerate(wanted["layers"]):
        record = data["records"][columns["record"][index]]
        sources = [columns["path"][at] if at >= 0 else labels[-1 - at] for at in columns["sources"][index]]
        assert (columns["path"][index], sources) == (layer["path"], layer["sources"])
        assert (record["kind"], record["inputs"], record["output"]) == (layer["kind"], layer["inputs"], layer["output"])
        elements = sum(prod(shape) for _, shape in record["weights"])
        assert elements == layer["weights"] + layer["biases"] + layer["buffers"] or layer["shares"]
        field = data["fields"][columns["field"][index]]
        assert field["by"] == {
            key: value and {part: value[part] for part in field["by"][key]}
            for key, value in layer["receptive_fields"].items()
        }
        assert field["whole"].keys() == {key for key, value in layer["whole_inputs"].items() if value}


@pytest.mark.parametrize("name", USUAL)
def test_the_lines_of_a_layer_are_those_of_explain(name: str) -> None:
    reading = read(name)
    (data,) = data_of(page(name))["networks"]
    texts, lines = data["texts"], data["lines"]
    for each, at in zip(
        explain(reading.require_network(), reading.require_report()), data["layers"]["lines"], strict=True
    ):
        own = [texts[text] for text in lines[at]]
        assert list(zip(own[::2], own[1::2], strict=True)) == [(line.label, format_line(line)) for line in each.lines]


def test_equal_arithmetic_is_stored_once() -> None:
    (data,) = data_of(page("resnet50"))["networks"]
    for pool in ("records", "fields", "lines", "texts"):
        kept = [repr(each) for each in data[pool]]
        assert len(kept) == len(set(kept)) or pool == "fields"  # which are told apart by their identity
    assert len(data["records"]) < len(data["layers"]["path"]) / 2


@ALL
@pytest.mark.parametrize("name", bundled())
def test_the_bars_are_in_proportion_and_have_their_numbers(name: str) -> None:
    layers = summary(name)["layers"]
    (data,) = data_of(page(name))["networks"]
    firsts = data["bars"] or list(range(len(layers)))
    assert len(firsts) <= MOST_BARS
    for figure in SUMS:
        chart = page(name).one("figure", "chart", data_figure=figure).one("svg")
        values = [
            sum(layer[figure] for layer in layers[first:end])
            for first, end in zip(firsts, [*firsts[1:], len(layers)], strict=True)
        ]
        bars = {int(float(bar["x"])): bar for bar in chart.all("rect")}
        assert sorted(bars) == [at for at, value in enumerate(values) if value]
        for at, bar in bars.items():
            assert bar.one("title").text.endswith(f": {values[at]:,}")
            assert float(bar["height"]) == pytest.approx(max(100 * values[at] / max(values), 1), abs=0.01)
            assert float(bar["y"]) + float(bar["height"]) == pytest.approx(100, abs=0.02)
        if any(values):
            assert f"{max(values):,}" in chart["aria-label"]


@pytest.mark.parametrize("name", USUAL)
def test_memory_over_time_has_its_peak(name: str) -> None:
    (data,) = data_of(page(name))["networks"]
    peak = summary(name)["totals"]["peak_memory"]
    assert max(data["layers"]["memory"]) == data["totals"]["peak_memory"] == peak
    chart = page(name).one("figure", "chart", data_figure="memory").one("svg")
    at = data["layers"]["path"][data["layers"]["memory"].index(peak)]
    assert f"({peak:,} bytes) at {at}" in chart["aria-label"]
    heights = [100 - float(height) for height in re.findall(r"V([\d.]+)H", chart.one("path", "area")["d"])]
    ends = [int(end) for end in re.findall(r"H(\d+)", chart.one("path", "area")["d"])]
    for index, alive in enumerate(data["layers"]["memory"]):
        height = next(height for height, end in zip(heights, ends, strict=True) if index < end)
        assert height == pytest.approx(100 * alive / peak, abs=0.01)


def test_the_peak_of_resnet50_is_that_of_three_maps() -> None:
    """Where the shortcut of the first block is normalized: its input, its output and the body's, 256×56×56 each."""
    (data,) = data_of(page("resnet50"))["networks"]
    assert data["totals"]["peak_memory"] == 3 * 256 * 56 * 56 * 4


def test_many_layers_share_bars_and_their_sums_are_kept() -> None:
    for text in ("layers: conv(4, 1) * 1000", "blocks:\n  b(out): conv(out, 1) -> relu\nlayers: b(4) * 1000"):
        html = parse(page_of(network(text)))
        (data,) = data_of(html)["networks"]
        bars = html.one("figure", "chart", data_figure="macs").one("svg").all("rect")
        assert len(bars) <= len(data["bars"]) <= MOST_BARS
        assert sum(number(bar.one("title").text.rpartition(" ")[2]) for bar in bars) == data["totals"]["macs"]
        assert "1,000 layers in" in html.text or "2,000 layers in" in html.text


def test_the_panel_shows_a_layer_with_its_field() -> None:
    panel = page("resnet50").one("section", "panel")
    (data,) = data_of(page("resnet50"))["networks"]
    layers = summary("resnet50")["layers"]
    index = data["layers"]["path"].index(panel.one("span", "path").text)
    field = layers[index]["receptive_field"]
    column = int(panel.one("input", "unit-x")["value"])
    row = int(panel.one("input", "unit-y")["value"])
    seen = panel.one("rect", "seen")
    for axis, (name, size, unit) in enumerate((("y", "height", row), ("x", "width", column))):
        assert float(seen[name]) == field["start"][axis] + unit * field["stride"][axis]
        assert float(seen[size]) == field["size"][axis]
        assert int(panel.one("input", f"unit-{name}")["max"]) == layers[index]["output"][axis + 1] - 1
    lines = data["lines"][data["layers"]["lines"][index]]
    texts = [data["texts"][at] for at in lines]
    shown = [each.text for each in panel.one("table", "lines").all() if each.tag in ("th", "td")]
    assert shown == texts


@ALL
@pytest.mark.parametrize("name", bundled())
def test_the_picture_has_the_input_and_the_field_in_it(name: str) -> None:
    panel = page(name).one("section", "panel")
    (data,) = data_of(page(name))["networks"]
    if data["picture"] is None:
        assert not panel.all("svg")
        return
    left, top, width, height = map(float, panel.one("svg", "picture")["viewbox"].split())
    assert left <= 0
    assert top <= 0
    assert left + width >= data["picture"]["width"]
    assert top + height >= data["picture"]["height"]
    seen = panel.one("rect", "seen")
    if "hidden" not in seen.attributes:
        assert left <= float(seen["x"]) <= float(seen["x"]) + float(seen["width"]) <= left + width
        assert top <= float(seen["y"]) <= float(seen["y"]) + float(seen["height"]) <= top + height


@ALL
@pytest.mark.parametrize("name", bundled())
def test_each_layer_is_shown_by_an_element_of_the_drawing(name: str) -> None:
    (data,) = data_of(page(name))["networks"]
    drawing = page(name).one("section", "drawing")
    ids = {each["id"] for each in drawing.all("g") if "id" in each.attributes}
    drawn = data["drawn"]
    assert {f"n0-layer-{at}" for at in drawn if at >= 0} == ids
    for index, at in enumerate(drawn):  # of a fold, one with the same kinds of layers
        if at >= 0 and at > index:
            pytest.fail(f"layer {index} is shown by one after it, {at}")
    assert sum(at >= 0 for at in drawn) > 0


def test_all_layers_of_a_fold_are_shown_by_one_of_their_kind() -> None:
    (data,) = data_of(page("resnet50"))["networks"]
    kinds = [record["kind"] for record in (data["records"][at] for at in data["layers"]["record"])]
    assert min(data["drawn"]) >= 0
    for index, at in enumerate(data["drawn"]):
        group = [kinds[other] for other in range(at, len(kinds)) if data["drawn"][other] == at]
        assert kinds[index] in group
    convolutions = {at for index, at in enumerate(data["drawn"]) if kinds[index] == "conv"}
    assert 20 < len(convolutions) < 53  # repeated blocks are drawn once


def test_numbers_that_javascript_rounds_are_strings() -> None:
    (data,) = data_of(parse(page_of(network("input: [1000000, 100000]\nlayers: conv(1000000, 3)"))))["networks"]
    assert data["layers"]["macs"] == [str(10**6 * 10**6 * 3 * 99998)]
    assert data["layers"]["weights"] == [3 * 10**12]


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        ("input: [2, 64]\nlayers: conv(4, 3)", 1),
        ("input: [3, 8, 16, 16]\nlayers: conv(4, 3)", 2),
        ("input: [7]\nlayers: linear(4)", None),
        ("input: {left: [3, 8, 8], right: [3, 6, 6]}\nlayers:\n- a = from(left) -> conv(4, 3)\n"
         "- b = from(right) -> conv(4, 1)\n- add(a, b)", 2),
    ],
)  # fmt: skip
def test_signals_and_volumes_and_vectors_and_several_inputs_have_pages(text: str, axes: int | None) -> None:
    (data,) = data_of(parse(page_of(network(text))))["networks"]
    assert (data["picture"] and data["picture"]["axes"]) == axes


def test_a_network_without_layers_has_a_page() -> None:
    html = parse(page_of(network("layers: relu * 0")))
    (data,) = data_of(html)["networks"]
    assert data["layers"]["path"] == []
    assert data["totals"]["macs"] == 0
    assert rows_of(html) == []
    assert not html.all("section", "panel")
