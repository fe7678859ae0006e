"""Standard against separable: closed forms, the executor's tally, and the file that is written."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.figures import FIGURES
from cnncalc.compare.rows import measure
from cnncalc.compare.separable import DenseComparison, list_dense_equivalents, separate
from cnncalc.errors import Source
from cnncalc.layers.conv import Conv
from cnncalc.reading import load, read_text
from cnncalc.spec.files import bundled
from cnncalc.spec.write import write_network
from tests.execution.one import count
from tests.networks import network

FIELD = FIGURES["receptive_field"]
FORMS = ("depthwise", "spatial")


def one(call: str, shape: str = "3, 8, 8") -> str:
    return f"input: [{shape}]\nlayers: ['{call}']\n"


def test_the_textbook_example() -> None:
    found = separate(network(one("conv(72, 3)")), "depthwise").comparison
    (row,) = found.rows
    assert row.before
    assert row.after
    assert row.closed
    assert (row.before.costs.work.multiplications, row.after.costs.work.multiplications) == (69_984, 8_748)
    assert row.ratio == row.closed.value == Fraction(1, 72) + Fraction(1, 9)
    assert row.closed.text == "1/72 + 1/9"


@pytest.mark.parametrize("form", FORMS)
def test_the_closed_form_is_the_measured_ratio(form: str) -> None:
    rng = Random(f"separable {form}")
    tried = 0
    while tried < 150:
        axes = 2 if form == "spatial" else rng.randint(1, 3)
        shape = (rng.randint(1, 6), *(rng.randint(3, 11) for _ in range(axes)))
        settings: dict[str, Any] = {
            "out": rng.randint(1, 9),
            "kernel": tuple(rng.randint(1, 4) for _ in range(axes)),
            "stride": tuple(rng.randint(1, 3) for _ in range(axes)),
            "padding": rng.choice(("same", "half", "full", 0, 1, ((1, 2),) * axes)),
            "dilation": rng.randint(1, 2) if form == "depthwise" else 1,
            "bias": rng.random() < 0.5,
        }
        call = repr(Conv(**settings))
        loaded = read_text(Source("t", f"input: [{', '.join(map(str, shape))}]\nlayers: ['{call}']\n"))
        if loaded.network is None or not loaded.network.complete:
            continue
        found = separate(loaded.network, form).comparison
        (row,) = found.rows
        if row.note:
            assert "1" in row.note
            continue
        tried += 1
        assert row.closed
        assert row.before
        assert row.after
        assert row.ratio == row.closed.value, call
        assert row.before.output == row.after.output, call
        assert measure(FIELD, row.before) == measure(FIELD, row.after), call


@pytest.mark.sample(20)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", bundled())
def test_what_is_written_gives_these_very_totals(name: str, form: str) -> None:
    found = separate(load(name), form)
    loaded = read_text(Source("written", write_network(found.network)))
    assert loaded.network
    report, after = analyze(loaded.network), found.comparison.after
    assert report.totals.parameters == after.totals.parameters
    assert report.totals.work.macs == after.totals.work.macs
    assert report.totals.work.multiplications == after.totals.work.multiplications
    assert report.output == after.output == found.comparison.before.output
    assert measure(FIELD, found.comparison.before) == measure(FIELD, after)
    for row in found.comparison.rows:
        if row.note:
            assert row.before == row.after


@pytest.mark.parametrize(
    ("call", "form", "note"),
    [
        ("conv(8, 1)", "depthwise", "1×1: nothing to split"),
        ("conv(9, 3, groups=3)", "depthwise", "grouped already (groups=3)"),
        ("depthwise_conv(3)", "depthwise", "depthwise already"),
        ("separable_conv(4, 3)", "spatial", "separable already"),
        ("transposed_conv(4, 3)", "depthwise", "transposed, not a standard convolution"),
        ("standardized_conv(4, 3)", "depthwise", "standardized_conv, not a standard convolution"),
        ("locally_connected(4, 3)", "spatial", "locally_connected, not a standard convolution"),
        ("table_conv([[0, 1], [2]], 3)", "depthwise", "table_conv, not a standard convolution"),
        ("conv(8, [3, 1])", "spatial", "3×1: nothing to split"),
        ("conv(8, 3, dilation=2)", "spatial", "dilated, which is not possible in this form"),
    ],
)
def test_what_cannot_be_split_stays_and_says_why(call: str, form: str, note: str) -> None:
    (row,) = separate(network(one(call)), form).comparison.rows
    assert row.note == note
    assert row.before == row.after


AROUND = """
    input: [4, 33, 46]
    layers:
      - standardized_conv(8, 3, padding=1) -> pad(1, mode=reflect) -> locally_connected(8, 3)
      - table_conv([[0, 1], [2, 3, 4], [5, 6, 7]], 3, padding=1)
      - skip = conv(8, 3, padding=1) -> relu
      - pool = max_pool(2)
      - conv(16, 3, padding=1) -> relu -> softmax(over=1) -> conv(8, 3, padding=1)
      - max_unpool(pool) -> crop(like=skip)
      - a = mean_over(0)
      - b = from(skip) -> max_over([0])
      - concat(a, b) -> conv(8, 3) -> upsample(like=input, mode=linear) -> layer_norm(over=[1, 2]) -> log_softmax
"""


@pytest.mark.parametrize(("form", "saved"), [("depthwise", 4), ("spatial", 4)])
def test_what_takes_sizes_and_indices_of_others_is_kept_around_what_is_split(form: str, saved: int) -> None:
    """Written again, `like` and the max pool are names, so that the file holds for other inputs too."""
    before = network(AROUND)
    found = separate(before, form)
    assert sum(row.ratio is not None and not row.note for row in found.comparison.rows) == saved
    again = network(write_network(found.network))
    report = analyze(again)
    assert report.totals == found.comparison.after.totals
    kinds = [node.layer.kind for node in before.nodes]
    assert [node.layer.kind.replace("spatial_", "").replace("separable_", "") for node in again.nodes] == kinds
    larger = network(write_network(found.network), input="4x65x50")
    assert larger.nodes[-1].output == (8, 65, 50)


def test_the_bias_stays_on_the_last_step() -> None:
    for form in FORMS:
        (row,) = separate(network(one("conv(5, 3)")), form).comparison.rows
        (bare,) = separate(network(one("conv(5, 3, bias=false)")), form).comparison.rows
        assert row.after
        assert bare.after
        assert row.after.costs.parameters - bare.after.costs.parameters == 5


def test_only_some_and_only_what_saves() -> None:
    text = "layers: ['a = conv(64, 3)', 'b = conv(1, 3)', 'c = conv(64, 3)']"
    found = separate(network(text), "depthwise", only=["a", "b"], least_saving=Fraction(3, 10))
    assert [(row.path, row.note) for row in found.comparison.rows] == [("a", ""), ("b", "saves nothing")]
    loses = separate(network(text), "depthwise", only=["b"]).comparison.rows[0]
    assert loses.ratio == 1 + Fraction(1, 9)
    assert [node.layer.kind for node in found.network.nodes] == ["separable_conv", "conv", "conv"]


def test_shared_weights_are_split_together() -> None:
    text = "layers: ['a = conv(3, 3, padding=1)', 'reuse(a)']"
    found = separate(network(text), "depthwise", only=["a"])
    assert [node.layer.kind for node in found.network.nodes] == ["separable_conv"] * 2


def test_dense_beside_kernels_that_are_not_shared_by_all() -> None:
    """6·6 to 4·4 with windows of 9, of which each has its kernel; of a table, 3 of 2·2 pairs of channels."""
    (found,) = list_dense_equivalents(analyze(network(one("locally_connected(1, 3)", "1, 6, 6"))).layers)
    assert (found.dense, found.sparse, found.weights) == (576, 144, 144)
    table = one("table_conv([[0], [0, 1]], 3)", "2, 6, 6")
    (found,) = list_dense_equivalents(analyze(network(table)).layers)
    assert (found.dense, found.sparse, found.weights) == (72 * 32, 3 * 9 * 16, 27)


def test_dense_sparse_shared() -> None:
    (found,) = list_dense_equivalents(analyze(network(one("conv(1, 3)", "1, 6, 6"))).layers)
    assert (found.dense, found.sparse, found.weights) == (576, 144, 9)


def test_padded_zeros_are_no_connections() -> None:
    (found,) = list_dense_equivalents(analyze(network(one("conv(1, 3, padding=1)", "1, 6, 6"))).layers)
    assert isinstance(found, DenseComparison)
    windows = sum(1 for y in range(6) for x in range(6) for k in range(9)
                  if 0 <= y + k // 3 - 1 < 6 and 0 <= x + k % 3 - 1 < 6)  # fmt: skip
    assert found.sparse == windows == 256


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("call", ["conv(4, 3)", "conv(3, [3, 2], stride=2, padding=1, bias=false)"])
def test_the_executors_tally_has_the_closed_ratio(call: str, form: str) -> None:
    before = network(one(call, "2, 7, 8"))
    found = separate(before, form)
    (row,) = found.comparison.rows
    assert row.closed
    one_way, other = (count(each.nodes[0].layer, each.nodes[0].input_shapes) for each in (before, found.network))
    assert one_way.shape == other.shape
    assert Fraction(other.work.multiplications, one_way.work.multiplications) == row.closed.value
