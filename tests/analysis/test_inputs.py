"""Networks with several inputs: what each layer sees of each of them, and flat inputs. The numbers are by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnncalc import analyze, load
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.errors import UsageError
from cnncalc.execution.verify import verify

from ..networks import network

LATE_FUSION = """
input: {rgb: [3, 32, 32], flow: [2, 32, 32]}
blocks:
  stream(out):
    - conv(out, 3, stride=2, padding=1) -> relu -> conv(out, 3, padding=1) -> relu
layers:
  - a = from(rgb) -> stream(8)
  - b = from(flow) -> conv(4, 1) -> stream(8)
  - add: [from(a), from(b)]
  - conv(8, 3) -> relu -> global_avg_pool -> flatten -> linear(10)
"""


def sizes(report: Report, path: str) -> dict[str, tuple[int, ...]]:
    """The receptive field of a layer on each input that reaches it."""
    seen = by_path(report, path).seen
    return {name: each.receptive_field.size for name, each in seen.items() if each.receptive_field}


def by_path(report: Report, path: str) -> LayerReport:
    return next(layer for layer in report.layers if layer.path == path)


def test_each_input_has_a_field_of_its_own() -> None:
    """3; then 3 + 2·2 = 7; and 7 + 2·2 = 11, the same for both, since a 1×1 adds nothing."""
    report = analyze(network(LATE_FUSION))
    assert sizes(report, "a.stream1.conv1") == {"rgb": (3, 3)}
    assert sizes(report, "b.conv1") == {"flow": (1, 1)}
    assert sizes(report, "b.stream1.conv2") == {"flow": (7, 7)}
    assert sizes(report, "add1") == {"rgb": (7, 7), "flow": (7, 7)}
    assert sizes(report, "conv1") == {"rgb": (11, 11), "flow": (11, 11)}
    linear = by_path(report, "linear1").seen
    assert all(seen.whole and seen.whole.all for seen in linear.values())


def test_only_the_inputs_that_reach_a_layer_are_in_its_report() -> None:
    """3·3·3·8 + 8 and 3·3·8·8 + 8; 1·1·2·4 + 4 and 3·3·4·8 + 8 and again 584; 584 and 90."""
    report = analyze(network(LATE_FUSION))
    assert report.inputs == {"rgb": (3, 32, 32), "flow": (2, 32, 32)}
    assert report.input == (3, 32, 32)
    assert report.totals.parameters == 224 + 584 + 12 + 296 + 584 + 584 + 90
    assert [*by_path(report, "b.stream1.relu2").seen] == ["flow"]
    assert [*by_path(report, "add1").seen] == ["rgb", "flow"]
    assert by_path(report, "b.conv1").sources == (-2,)


def test_a_gate_from_another_input_is_seen_whole() -> None:
    """The map sees 3×3 of its input; all of its units see all of the other one."""
    report = analyze(
        network(
            "input: {image: [4, 8, 8], guide: [1, 6, 6]}\nlayers:\n"
            "  - gate = from(guide) -> conv(4, 3) -> global_avg_pool\n"
            '  - multiply: {image: "from(image) -> conv(4, 3, padding=1)", gate: from(gate)}\n'
        )
    )
    image, guide = by_path(report, "multiply1").seen.values()
    assert image.receptive_field is not None
    assert (image.receptive_field.size, image.whole) == ((3, 3), None)
    assert guide.whole is not None


def test_a_concatenation_claims_nothing_of_channels_that_an_input_does_not_reach() -> None:
    """Half of a vector sees all of each input; neither is claimed for every element, until a layer mixes them."""
    report = analyze(
        network(
            "input: {a: [10], b: [6]}\nlayers:\n"
            "  - concat: [from(a) -> linear(4), from(b) -> linear(4)]\n  - relu -> linear(3)\n"
        )
    )
    assert all(seen.whole is None for seen in by_path(report, "relu1").seen.values())
    assert [seen.whole and seen.whole.size for seen in by_path(report, "linear1").seen.values()] == [(10,), (6,)]


@pytest.mark.parametrize(
    "layers",
    [
        "  - add: ['from(a) -> conv(4, 3)', 'from(b) -> conv(4, 3)']\n  - conv(2, 3, padding=1)\n",
        "  - concat: ['from(a) -> conv(4, 5, padding=2)', from(b)]\n  - max_pool(2) -> upsample(2) -> conv(2, 3)\n",
        "  - concat: [from(a), from(b)]\n  - channel_split(2, 0) -> conv(2, 3)\n",
        "  - concat: [from(a), from(b)]\n  - conv(8, 3, groups=2) -> channel_shuffle(2) -> conv(8, 1, groups=4)\n",
        "  - from(b) -> global_avg_pool\n  - multiply: [identity, 'from(a) -> conv(4, 3, stride=2)']\n",
        "  - concat: [from(a) -> flatten -> linear(6), from(b) -> flatten]\n  - relu -> linear(5)\n",
        "  - subtract(a, b)\n  - abs -> flatten -> linear(1) -> sigmoid\n",
        "  - from(a) -> conv(3, 3)\n  - outputs:\n      x: relu\n      y: from(b) -> conv(2, 1)\n",
    ],
)
def test_the_fields_of_each_input_are_those_that_the_executor_traces(layers: str) -> None:
    found = verify(network("input: {a: [4, 9, 9], b: [4, 9, 9]}\nlayers:\n" + layers))
    assert [check for layer in found.layers for check in layer.differences] == []
    assert any("of the input b" in check.what for layer in found.layers for check in layer.checks)


def test_that_an_input_reaches_no_layer_it_should_not_is_checked() -> None:
    found = verify(network(LATE_FUSION))
    unreached = [check for layer in found.layers for check in layer.checks if check.declared == "nothing"]
    assert len(unreached) == 4 + 5  # the layers of either stream, of the other input
    assert all(check.held for check in unreached)


def test_elements_of_a_flat_input_are_its_positions() -> None:
    report = analyze(network("input: [20]\nlayers:\n  - relu -> reshape([1, 20]) -> conv(2, 5, stride=2) -> flatten\n"))
    assert sizes(report, "conv1") == {"input": (5,)}
    perceptron = analyze(network("input: [784]\nlayers:\n  - linear(300) -> batch_norm -> relu -> linear(10)\n"))
    assert perceptron.totals.parameters == 784 * 300 + 300 + 600 + 300 * 10 + 10
    assert [seen.whole and seen.whole.size for seen in perceptron.layers[0].seen.values()] == [(784,)]


@pytest.mark.parametrize(
    "layers", ["linear(5) -> relu -> linear(3)", "reshape([1, 6, 6]) -> conv(2, 3)", "reshape([1, 36]) -> conv(2, 3)"]
)
def test_flat_inputs_are_verified(layers: str) -> None:
    assert verify(network(f"input: [36]\nlayers:\n  - relu -> {layers}\n")).held


def test_inputs_are_overridden_by_name(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(LATE_FUSION)
    net = load(path, input={"rgb": (3, 64, 64), "flow": "2x64x64"})
    assert net.inputs == {"rgb": (3, 64, 64), "flow": (2, 64, 64)}
    with pytest.raises(UsageError, match=r"has several inputs \(rgb, flow\): write --input NAME=SIZES"):
        load(path, input=(3, 64, 64))
    with pytest.raises(UsageError, match="has no input 'rgbb'; did you mean `rgb`"):
        load(path, input={"rgbb": (3, 64, 64)})
    with pytest.raises(UsageError, match="has an input without a name"):
        load("lenet5", input={"image": (1, 32, 32)})


def test_an_only_input_may_have_a_name(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: {image: [3, 8, 8]}\nlayers:\n  - conv(3, 1)\n  - add: [identity, from(image)]\n")
    assert load(path, input=(3, 9, 9)).inputs == load(path, input={"image": (3, 9, 9)}).inputs == {"image": (3, 9, 9)}


def test_json_has_the_fields_of_each_input() -> None:
    from cnncalc.analysis.figures import Dtype
    from cnncalc.render.json import dump_summary

    found = json.loads(dump_summary(analyze(network(LATE_FUSION)), Dtype.float32))
    assert (found["input"], found["inputs"]) == ([3, 32, 32], {"rgb": [3, 32, 32], "flow": [2, 32, 32]})
    layers = {layer["path"]: layer for layer in found["layers"]}
    assert layers["b.conv1"]["sources"] == ["input.flow"]
    assert layers["b.conv1"]["receptive_field"]["size"] == [1, 1]
    assert {name: field["size"] for name, field in layers["add1"]["receptive_fields"].items()} == {
        "rgb": [7, 7], "flow": [7, 7],
    }  # fmt: skip
    single = json.loads(dump_summary(analyze(load("lenet5")), Dtype.float32))
    assert single["inputs"] == {"input": single["input"]}
    assert single["layers"][0]["receptive_fields"] == {"input": single["layers"][0]["receptive_field"]}
