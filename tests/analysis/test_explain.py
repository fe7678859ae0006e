"""The arithmetic shown is the arithmetic done: printed lines are evaluated and compared with the report."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.explain import Explained, explain, explain_layer
from cnncalc.analysis.report import LayerReport
from cnncalc.errors import Source, Span
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shapes
from cnncalc.layers.conv import Conv
from cnncalc.layers.reshape import Flatten
from cnncalc.network import INPUT, Network, Node
from cnncalc.reading import load
from cnncalc.render.explain import describe_explained, explain_markdown, format_line, format_step, format_sum
from cnncalc.render.latex import explain_latex
from cnncalc.render.show import show
from cnncalc.render.view import View
from cnncalc.spec.files import bundled
from tests.layers.cases import random_cases
from tests.layers.test_formulas import evaluate
from tests.networks import network as network_of

CASES = 25
HERE = Span(Source("test", ""), 0, 0)


def behind_a_conv(layer: Layer, inputs: Shapes) -> Network:
    """A layer that reads maps of fields 5 wide, 3 apart, from −1; a flat one is after `flatten`."""
    output = layer.output_shape(inputs)
    if not inputs:
        node = Node(0, "x", layer, (), (), output, HERE)
        return Network("test", "", "", {"input": (1, 2)}, (node,), (), {"": 0})
    shape = (1, *(3 * size for size in inputs[0][1:]))
    if len(shape) == 1:
        shape = (*inputs[0], 1)
        first = Node(0, "flatten1", Flatten(), (INPUT,), (shape,), inputs[0], HERE)
        node = Node(1, "x", layer, (0,) * len(inputs), inputs, output, HERE)
        return Network("test", "", "", {"input": shape}, (first, node), (), {"": 1})
    first = Node(0, "conv1", Conv(out=inputs[0][0], kernel=5, stride=3, padding=1), (INPUT,), (shape,), inputs[0], HERE)
    node = Node(1, "x", layer, (0,) * len(inputs), inputs, output, HERE)
    return Network("test", "", "", {"input": shape}, (first, node), (), {"": 1})


def cases(kind: str, count: int) -> list[tuple[Layer, Shapes]]:
    """Random cases that may follow a convolution, on up to 3 spatial axes."""
    return [case for case in random_cases(kind, count) if len(next(iter(case[1]), ())) <= 4]


def evaluate_shown(numbers: str) -> Any:
    """What arithmetic comes to; of many branches only the ends are shown, the widest of them last."""
    return evaluate(numbers.replace("…, ", ""))


def printed(explained: Explained) -> dict[str, list[int]]:
    """The results of the lines by their labels; the arithmetic before each is evaluated and must give it."""
    found: dict[str, list[int]] = {}
    for line in explained.lines:
        for each in line.sums:
            text = format_sum(each).replace("−", "-")
            assert text in format_line(line).replace("−", "-")
            *_, last = parts = text.split(" = ")
            result = int(last.replace(",", ""))
            if each.numbers:
                assert evaluate_shown(parts[-2].removeprefix("step ")) == result, text
            found.setdefault(line.label, []).append(result)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_gives_the_number_that_is_reported(kind: str) -> None:
    for layer, inputs in cases(kind, CASES):
        network = behind_a_conv(layer, inputs)
        report = analyze(network)
        last = report.layers[-1]
        found = printed(explain(network, report, ["x"])[0])
        wanted = {
            "weights": last.weights, "biases": last.biases, "buffers": last.buffers,
            "activations": last.activations, **last.work._asdict(),
        }  # fmt: skip
        reported = {name: value[0] for label, value in found.items() for name in label.split(", ")}
        for name, value in wanted.items():
            assert reported.get(name, 0) == value, (layer, name)
        if last.weights and last.biases:
            assert reported["parameters"] == last.parameters
        check_field(last, found)


def check_field(last: LayerReport, found: dict[str, list[int]]) -> None:
    """The field's lines against the field that the analysis follows interval by interval."""
    if last.receptive_field is None or len(last.inputs[0]) == 1:
        return
    axes = {1: [""], 2: [" height", " width"], 3: [" depth", " height", " width"]}[len(last.inputs[0]) - 1]
    for axis, name in enumerate(axes):
        sums = found.get("receptive field") or found.get(f"field{name}")
        if sums is None:
            continue
        all_see = last.whole is not None and last.whole.all and last.kind != "multiply"  # else clipped to the image
        wide = last.whole.size if last.whole and all_see else last.receptive_field.size
        assert sums[0] == wide[axis], last
        if len(sums) > 1:
            assert sums[1] == last.receptive_field.stride[axis], last
        start = found.get("field start") or found.get(f"start{name}")
        assert start is None or start[0] == last.receptive_field.start[axis], last


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_every_line_and_every_way_of_a_bundled_network(name: str) -> None:
    network = load(name)
    report = analyze(network)
    for each in explain(network, report):
        printed(each)
    some = {*range(0, len(network.nodes), 25), len(network.nodes) - 1}
    some |= {node.index for node in network.nodes[-8:] if len(node.inputs) > 1}
    for index in some:
        each, layer = explain_layer(network, report, index, chain=True), report.layers[index]
        for step in each.chain:
            if step.numbers:
                assert evaluate_shown(step.numbers) == step.result, format_step(step)
        if each.chain and layer.receptive_field:
            assert each.chain[-1].result in layer.receptive_field.size, each.path


def test_the_first_layer_of_alexnet_as_in_a_lecture() -> None:
    network = load("alexnet")
    text = show(describe_explained(explain(network, analyze(network), ["conv1"])), View())
    assert text.startswith(
        """\
conv1   conv 11×11, stride 4: 3×227×227 → 96×55×55
output size       O = (I − K + 2P)/S + 1 = (227 − 11 + 2·0)/4 + 1 = 55
weights           K·K·C_in·C_out = 11·11·3·96 = 34,848
biases            C_out = 96
multiplications   K·K·C_in·C_out·O·O = 11·11·3·96·55·55 = 105,415,200
receptive field   r + (K − 1)·j = 1 + (11 − 1)·1 = 11;  step j·S = 1·4 = 4
"""
    )


GATE = "b = global_avg_pool -> reshape([2, 2]) -> softmax -> reshape([4, 1, 1])"  # no positions for a while


@pytest.mark.parametrize(
    ("layers", "path", "result"),
    [
        (f"['a = conv(4, 3)', '{GATE}', 'multiply(a, b)']", "multiply1", 3),  # 1 + (3 − 1)
        ("['conv(4, 3) -> transpose([1, 2, 0])']", "transpose1", 8),  # all 8 rows of the input
    ],
)
def test_steps_go_on_where_positions_are_rearranged(layers: str, path: str, result: int) -> None:
    read = network_of(f"input: [4, 8, 8]\nlayers: {layers}")
    index = next(node.index for node in read.nodes if node.path == path)
    steps = explain_layer(read, analyze(read), index, chain=True).chain
    assert steps[-1].result == result


def test_where_branches_meet_the_widest_is_named() -> None:
    network = load("inception_v1")
    (found,) = explain(network, analyze(network), ["3a.concat1"])
    assert "widest by 5x5; 1x1 27, 3x3 43, pool 43" in [step.remark for step in found.chain]
    assert found.chain[-1].numbers == "1 + (7 − 1)·1 + (3 − 1)·2 + (3 − 1)·4 + (3 − 1)·4 + (5 − 1)·8"


@pytest.mark.parametrize("kind", KINDS)
def test_for_a_handout(kind: str) -> None:
    for layer, inputs in cases(kind, 5):
        network = behind_a_conv(layer, inputs)
        explained = explain(network, analyze(network))
        latex = explain_latex(explained)
        assert latex.isascii()
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\left") == latex.count(r"\right")
        assert latex.count(r"\begin") == latex.count(r"\end")
        assert not re.search(r"(?<!\\)_(?!\{)", latex)
        markdown = explain_markdown(explained)
        assert markdown.count("### ") == len(explained)
