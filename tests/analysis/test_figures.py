"""The table of figures, and that everything that lists figures follows from it."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import NoReturn

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.expect import check_expectations, check_keys
from cnncalc.analysis.figures import COUNTS, FIGURES, Dtype, Figure
from cnncalc.analysis.report import Costs
from cnncalc.compare.side_by_side import align
from cnncalc.errors import Span
from cnncalc.layers.base import Work
from cnncalc.reading import load
from cnncalc.render.columns import COLUMNS
from cnncalc.render.compare import record_side
from cnncalc.render.csv import write_summary_csv
from cnncalc.render.json import dump_summary
from cnncalc.render.schema import make_schema
from cnncalc.render.view import View

from ..networks import read, report

MADE = report("layers: ['conv(4, 3, padding=1)', relu, 'max_pool(2)', flatten, 'linear(10)']")
# conv: 3·3·3·4 = 108 weights, 4 biases, 108·8·8 = 6,912 macs; linear: 64·10 = 640 weights, 10 biases, 640 macs;
# outputs: 256 + 256 + 64 + 64 + 10 = 650 elements
KNOWN = {
    "parameters": 762, "weights": 748, "biases": 14, "buffers": 0, "macs": 7552, "flops": 15104,
    "multiplications": 7552, "activations": 650, "activation_bytes": 2600, "parameter_bytes": 3048,
    # the conv and its relu are alive together; in place the input with the conv; 748 + 14 numbers of 4 bytes; moved are
    # 192 + 112 + 256, 256 + 256, 256 + 64, nothing by flatten, 64 + 650 + 10 elements of 4 bytes
    "peak_memory": 2048, "peak_memory_in_place": 1792, "weights_memory": 3048, "bytes_moved": 4 * 2116,
    "intensity": 1.78, "layers": 5, "input": (3, 8, 8), "output": (10,), "receptive_field": (4, 4), "depth": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_a_figure_by_hand(name: str) -> None:
    assert FIGURES[name].measure_network(MADE) == KNOWN[name]


@pytest.mark.parametrize("figure", FIGURES.values(), ids=lambda figure: figure.name)
def test_a_figure_of_the_network_combines_those_of_its_layers(figure: Figure) -> None:
    if figure.together == "sum" and not figure.of_device:
        layers = [figure.measure_layer(layer, Dtype.int8) for layer in MADE.layers]
        assert figure.combine(layers) == figure.measure_network(MADE, Dtype.int8)


def test_every_count_is_a_figure() -> None:
    assert {*Costs._fields, *Work._fields} - {"work"} <= set(FIGURES)


@pytest.mark.parametrize(
    ("together", "expected"), [("sum", 9), ("max", 5), ("last", 1), ("none", None)]
)  # fmt: skip
def test_how_several_values_are_combined(together: str, expected: int | None) -> None:
    figure = Figure("x", "x", "x", "", "", together)  # type: ignore[arg-type]
    assert figure.combine([3, 5, None, 1]) == expected
    assert figure.combine([]) == (0 if together == "sum" else None)


def test_the_largest_of_the_layers() -> None:
    figure = Figure("widest", "widest", "widest", "", "", "max", of_layer=lambda layer: layer.output[0])
    assert figure.measure_network(MADE) == 64  # the flattened map


def test_every_figure_is_a_column() -> None:
    """But for what a layer does not have: a depth, a training; its input is a column of its own.

    All are shown but the least time, where there is no device.
    """
    assert set(FIGURES) - set(COLUMNS) == {"depth", "training_memory"}
    (header, *rows) = csv.reader(StringIO(write_summary_csv(MADE, View())))
    assert set(FIGURES) - set(header) == {"depth", "training_memory", "least_time"}
    shares = [float(row[header.index("macs_share")]) for row in rows]
    assert shares == [6912 / 7552, 0, 0, 0, 640 / 7552]


def test_json_has_every_count() -> None:
    found = json.loads(dump_summary(MADE, Dtype.float16))
    assert {figure.name for figure in COUNTS} < set(found["totals"])
    assert {figure.name for figure in COUNTS} < set(found["layers"][0])
    assert found["totals"]["flops"] == 15104
    assert found["totals"]["parameter_bytes"] == 2 * 762


def refuse(name: str, _: Span) -> NoReturn:
    raise AssertionError(f"{name} is named by no condition")


@pytest.mark.parametrize("name", [name for name, figure in FIGURES.items() if not figure.of_device])
def test_every_figure_can_be_expected(name: str) -> None:
    value = FIGURES[name].measure_network(MADE)
    shown = list(value) if isinstance(value, tuple) else value
    assert name in make_schema()["properties"]["expect"]["properties"]
    expectations = read(f"layers: [relu]\nexpect: {{{name}: {shown}}}").expectations
    assert len(expectations) == 1
    assert check_keys(expectations) == check_expectations(expectations, MADE, refuse) == []
    (problem,) = check_expectations([expectations[0]._replace(value=77_777)], MADE, refuse)
    assert problem.code == "expect-mismatch"


def test_a_figure_of_a_device_cannot_be_expected() -> None:
    assert "least_time" not in make_schema()["properties"]["expect"]["properties"]
    expectations = read("layers: [relu]\nexpect: {least_time: <= 5 ms}").expectations
    (problem,) = check_keys(expectations)
    assert "device" in problem.message
    assert "--compute" in problem.help
    assert check_expectations(expectations, MADE, refuse) == []


def test_a_comparison_has_every_count() -> None:
    record = record_side(align(MADE, MADE)[0].after)
    assert record
    assert {figure.name for figure in COUNTS} < set(record)
    assert record["receptive_field"] == (3, 3)


def test_flops_of_a_paper() -> None:
    """ResNet-50: torchvision states 4.09 GFLOPS, which are multiply-accumulates: 4,089,184,256 of them."""
    assert FIGURES["flops"].measure_network(analyze(load("resnet50"))) == 2 * 4_089_184_256


def test_macs_of_the_backward_pass_of_alexnet() -> None:
    """Each mac is one to an input and one to a weight: together twice those of the forward pass."""
    report = analyze(load("alexnet"))
    for name in ("macs", "input_gradient_macs", "weight_gradient_macs"):
        assert FIGURES[name].measure_network(report) == 1_135_256_096


def test_macs_of_the_backward_pass_of_a_product() -> None:
    """Of ViT-B/16's 16,848,500,736 + 715,327,488 macs, the latter are of products of two tensors, without weights."""
    report = analyze(load("vit_b_16"))
    assert FIGURES["input_gradient_macs"].measure_network(report) == 16_848_500_736 + 2 * 715_327_488
    assert FIGURES["weight_gradient_macs"].measure_network(report) == 16_848_500_736
