"""The field of one layer in the output of another, and which positions of the input a unit sees."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc.analysis.explain import explain_between, explain_position
from cnncalc.analysis.fields_between import cut_between
from cnncalc.cli.app import run
from cnncalc.execution.interpretations import Provenance, trace_inputs
from cnncalc.execution.run import run as execute
from cnncalc.execution.weights import get_ones
from cnncalc.reading import load, read
from cnncalc.render.explain import format_line

from ..cli.running import cnncalc
from ..networks import network


def lines_between(name: str, source: str, target: str) -> dict[str, str]:
    (found,) = explain_between(load(name), source, target)
    return {line.label: format_line(line) for line in found.lines}


def test_the_field_of_alexnets_conv5_in_conv3() -> None:
    """Two kernels of 3: 3 + 2 = 5."""
    found = lines_between("alexnet", "conv3", "conv5")
    assert found["input"] == "the output of conv3, 384×13×13"
    assert found["receptive field"] == "r + (K − 1)·j = 3 + (3 − 1)·1 = 5;  step j = 1"


def test_only_what_comes_from_the_layer_counts() -> None:
    """The other branch sees 7 of the input, but only 3 of the first layer."""
    net = network(
        "layers:\n  - a = conv(3, 3, padding=1)\n  - add:\n      body: conv(3, 3, padding=1)\n      other:\n"
        "        - from(a)\n        - identity\n  - last = conv(3, 1)"
    )
    (found,) = explain_between(net, "a", "last")
    assert "3" in {line.label: format_line(line) for line in found.lines}["receptive field"]


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "mobilenet_v2"])
def test_fields_between_are_those_of_the_layers_by_themselves(name: str) -> None:
    """A stride of the layers before does not count: the field in an output is that of a network that begins there."""
    net, rng = load(name), Random(name)
    spatial = [node for node in net.nodes if len(node.output) == 3 and max(node.output[1:]) > 1]
    for _ in range(3):
        source, target = sorted(rng.sample(spatial[:40], 2), key=lambda node: node.index)
        part = cut_between(net, source, target)
        assert part.nodes[-1].path == target.path
        assert all(index < node.index for node in part.nodes for index in node.inputs)
        assert next(iter(part.inputs.values())) == source.output


def test_a_unit_of_alexnet_by_hand() -> None:
    """conv5: field 163, step 16, start −64; unit 0 sees −64 to 98, unit 12 sees 128 to 290 of 227."""
    reading = read("alexnet")
    (found,) = explain_position(reading.require_network(), reading.require_report(), "conv5", "0,12")
    texts = [format_line(line) for line in found.lines]
    assert texts[-1] == "sees rows 0–98, columns 128–226 of the input 227×227"
    assert texts[-2] == "first = a + u·j = −64 + 12·16 = 128;  last = first + r − 1 = 128 + 163 − 1 = 290"


CHAINS = (
    "conv(2, 3, stride=2, padding=1) -> max_pool(2) -> conv(1, 2)",
    "conv(1, 3, dilation=2) -> transposed_conv(1, 3, stride=2)",
    "conv(1, 2) -> upsample(2)",
)


@pytest.mark.parametrize("chain", CHAINS)
def test_units_see_what_is_traced(chain: str) -> None:
    """Every unit, by the executor's traces; upsampled units have fields that vary."""
    reading = read(chain, inputs=["1x9x11"])
    net = reading.require_network()
    made = execute(net, trace_inputs(net), get_ones, Provenance(), keep={len(net.nodes) - 1})
    last = net.nodes[-1]
    height, width = last.output[1:]
    for number, bits in enumerate(made[last.index].values[: height * width]):
        unit = f"{number // width},{number % width}"
        (found,) = explain_position(net, reading.require_report(), last.path, unit)
        rows = [at for at in range(9) if bits >> at & 1]
        columns = [at for at in range(11) if bits >> (9 + at) & 1]
        wanted = f"rows {rows[0]}–{rows[-1]}, columns {columns[0]}–{columns[-1]} of the input 9×11"
        assert found.lines[-1].remark == f"sees {wanted}"


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (("conv1", "--from", "conv3"), "conv3 does not lead to conv1"),
        (("conv1", "--from", "conv1"), "conv1 does not lead to conv1"),
        (("conv5", "--from", "conv?"), "--from is about one layer, not 5"),
        (("conv5", "--from", "conv9"), "did you mean"),
        (("conv5", "--unit", "0,13"), "conv5 has no unit 0,13: its units are 0,0 to 12,12"),
        (("conv5", "--unit", "1"), "--unit takes y,x of a unit of conv5 (256×13×13), not '1'"),
        (("conv5", "--unit", "-1,0"), "--unit takes y,x"),
        (("linear1", "--unit", "0"), "it has none"),
        (("--unit", "0,0"), "PATH"),
    ],
)
def test_what_is_wrong(args: tuple[str, ...], wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "alexnet", *args]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert wanted in err


def test_groups_are_their_outputs() -> None:
    done = cnncalc("explain", "resnet18", "conv3_x", "--from", "conv2_x")
    assert done.stdout.startswith("conv3_x.basic1.1.relu1")
    assert "the output of conv2_x.basic1.1.relu1, 64×56×56" in done.stdout
