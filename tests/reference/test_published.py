"""Numbers that papers and textbooks print, for the bundled networks and for single layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Report
from cnncalc.reading import load

from ..networks import report as report_of

EXAMPLES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "worked-examples.yaml").read_text())


def bundled(name: str, **how: Any) -> Report:
    return analyze(load(name, **how))


# output sizes: each entry is a layer and its input

KINDS = {"conv (1x1)": "conv", "conv (3D)": "conv"}


@pytest.mark.parametrize("example", EXAMPLES["output-size"], ids=lambda e: f"{e['what']} {e['input']}")
def test_output_size(example: dict[str, Any]) -> None:
    kind = KINDS.get(example["what"], example["what"])
    settings: dict[str, Any] = {key: example[key] for key in ("kernel", "stride", "padding") if key in example}
    if kind in ("conv", "transposed_conv"):
        settings["out"] = example.get("out", 1)
    call = f"{kind}({', '.join(f'{key}={value}' for key, value in settings.items())})" if settings else kind
    output = list(report_of(f"input: {example['input']}\nlayers: ['{call}']").output)
    expected = example.get("correct", example["printed"])
    assert output[-len(expected) :] == expected
    if "correct" in example:  # the text slips: [16, 16, 11] for (21 − 5)/1 + 1 = 17, 17 and 11
        assert output[-len(expected) :] != example["printed"]


# multiplications, connections, parameters: by the name of the example


def totals(input: str, *calls: str) -> Any:
    return report_of(f"input: {input}\nlayers: ['{' -> '.join(calls)}']").totals


def layer_macs(input: str, *calls: str) -> list[int]:
    report = report_of(f"input: {input}\nlayers: ['{' -> '.join(calls)}']")
    return [layer.work.macs for layer in report.layers]


MULTIPLICATIONS: dict[str, Callable[[], list[int]]] = {
    "conv 3x3 on 6x6, one channel": lambda: layer_macs("[1, 6, 6]", "conv(1, 3)"),
    "the same as 3x1 then 1x3 (spatially separable)": lambda: layer_macs(
        "[1, 6, 6]", "conv(1, [3, 1])", "conv(1, [1, 3])"
    ),
    "conv 3x3, 8x8x3 -> 6x6x72": lambda: layer_macs("[3, 8, 8]", "conv(72, 3)"),
    "the same depthwise separable (one 3x3 a channel, then 1x1)": lambda: layer_macs(
        "[3, 8, 8]", "depthwise_conv(3, bias=false)", "conv(72, 1)"
    ),
}


@pytest.mark.parametrize("example", EXAMPLES["multiplications"], ids=lambda e: str(e["what"]))
def test_multiplications(example: dict[str, Any]) -> None:
    steps = MULTIPLICATIONS[example["what"]]()
    assert sum(steps) == example["printed"]
    assert steps == example.get("parts", [example["printed"]])


def test_separable_kinds_cost_what_their_steps_cost() -> None:
    assert totals("[1, 6, 6]", "spatial_separable_conv(1, 3)").work.macs == 72 + 48
    assert totals("[3, 8, 8]", "separable_conv(72, 3)").work.macs == 972 + 7776


PARAMETERS: dict[str, Callable[[], int]] = {
    "fully connected": lambda: totals("[1, 6, 6]", "flatten", "linear(16)").weights,
    "sparse: each output meets 9 inputs": lambda: totals("[1, 6, 6]", "conv(1, 3)").work.macs,
    "shared weights": lambda: totals("[1, 6, 6]", "conv(1, 3)").weights,
    "linear 1000 -> 1000, weights": lambda: totals("[1000, 1]", "flatten", "linear(1000)").weights,
    "each of 1000 units meets 10": lambda: totals("[1, 1000]", "conv(1, 10, padding=same)").work.macs,
    "flatten 6x6x72, linear 500, weights": lambda: totals("[72, 6, 6]", "flatten", "linear(500)").weights,
    **{
        f"AlexNet {kind}{number} weights": lambda path=path: weights_of("alexnet", path)  # type: ignore[misc]
        for kind, number, path in [
            *(("conv", n, f"conv{n}") for n in range(1, 6)),
            *(("fc", n, f"linear{n}") for n in range(1, 4)),
        ]
    },
    "AlexNet total": lambda: bundled("alexnet").totals.weights,
    "AlexNet input flattened, 227x227x3": lambda: totals("[3, 227, 227]", "flatten").activations,
    "VGG-16 total": lambda: bundled("vgg16").totals.parameters,
    "100x100 colour image flattened": lambda: totals("[3, 100, 100]", "flatten").activations,
}  # fmt: skip


def weights_of(name: str, path: str) -> int:
    return next(layer.weights for layer in bundled(name).layers if layer.path == path)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_and_connections(name: str) -> None:
    (example,) = (e for e in EXAMPLES["parameters"] + EXAMPLES["connections"] if e["what"] == name)
    assert PARAMETERS[name]() == example.get("correct", example["printed"])


def test_every_example_on_parameters_and_connections_is_tested() -> None:
    known = {example["what"] for example in EXAMPLES["parameters"] + EXAMPLES["connections"]}
    assert known - set(PARAMETERS) == {"AlexNet share of the convolutions"}  # which is a ratio: below


def test_share_of_the_convolutions_in_alexnet() -> None:
    """Printed: about 6 %. The reference's 0.0600601 is cut, and one off: 3,745,824 / 62,367,776 = 0.06006025."""
    report = bundled("alexnet")
    convolutions = sum(layer.weights for layer in report.layers if layer.kind == "conv")
    assert convolutions == 34848 + 614400 + 884736 + 1327104 + 884736
    assert round(convolutions / report.totals.weights, 8) == 0.06006025
    (example,) = (e for e in EXAMPLES["parameters"] if e["what"] == "AlexNet share of the convolutions")
    assert abs(convolutions / report.totals.weights - example["correct"]) < 2e-7


def test_shared_weights_are_a_64th_of_the_connections() -> None:
    assert next(e["ratio"] for e in EXAMPLES["connections"] if e["what"] == "shared weights") == 576 // 9


# shapes of whole networks


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_shapes_of_windows_and_linear_layers(name: str) -> None:
    shapes = [list(layer.output) for layer in bundled(name).layers if re.search("conv|pool|linear", layer.kind)]
    assert shapes == EXAMPLES["shapes"][name]


def test_depth_of_inception_v1() -> None:
    """22 layers with parameters, 27 with the pools, along the longest path: in a module the path 3×3."""
    report = bundled("inception_v1")
    assert list(report.input) == EXAMPLES["shapes"]["inception_v1"]["input"]
    longest = [layer for layer in report.layers if not re.search(r"\.(1x1|5x5|pool)\.", layer.path)]
    with_parameters = [layer for layer in longest if layer.parameters]
    pools = [layer for layer in longest if "pool" in layer.kind]
    assert len(with_parameters) == EXAMPLES["shapes"]["inception_v1"]["layers-with-parameters"]
    assert len(with_parameters) + len(pools) == EXAMPLES["shapes"]["inception_v1"]["counting-pools"]


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_depth_of_resnets(depth: int) -> None:
    """The name counts the convolutions and the linear layer of the main path; projections are not counted."""
    about = EXAMPLES["shapes"]["resnet"]
    report = bundled(f"resnet{depth}")
    counted = [x for x in report.layers if x.kind in ("conv", "linear") and ".shortcut." not in x.path]
    assert len(counted) == depth
    block = next(name for name, depths in about["blocks"].items() if depth in depths)
    rounds = [
        len({x.path.split(".")[2] for x in report.layers if x.path.startswith(f"conv{stage}_x.{block}1.")})
        for stage in range(2, 6)
    ]
    assert rounds == about["depths"][depth]
    stages = {(x.output[1:]) for x in report.layers if len(x.output) == 3}
    assert sorted(stages, reverse=True) == [tuple(size) for size in about["stages"]]


def test_resnet50_ends_in_2048_channels() -> None:
    last = [layer.output[0] for layer in bundled("resnet50").layers if layer.kind == "conv"][-1]
    assert last == EXAMPLES["shapes"]["resnet"]["last-channels-of-50"]


def test_bytes_of_images() -> None:
    """The activations of a network that passes an image on, at one byte an element."""
    for example, shape in zip(EXAMPLES["images"], ([1, 512, 512], [3, 512, 512], [3, 1080, 1920]), strict=True):
        elements = report_of(f"input: {shape}\nlayers: [relu]").totals.activations
        assert elements == example.get("correct", example["printed"])
    assert 6220800 / 1024 == 6075  # KiB, which the text calls KB
    assert round(6220800 / 1024**2, 2) == 5.93  # MiB, which it calls MB


# totals that papers and implementations give


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("alexnet", 62378344, None),
        ("vgg16", 138357544, 15470264320),
        ("inception_v1", 6998552, 1582671872),
        ("resnet50", 25557032, 4089184256),
        ("resnet50_v1", 25557032, 3857973248),
    ],
)
def test_published_totals(name: str, parameters: int, macs: int | None) -> None:
    totals = bundled(name).totals
    assert totals.parameters == parameters
    assert macs is None or totals.work.macs == macs


def test_first_convolution_of_alexnet() -> None:
    conv1 = bundled("alexnet").layers[0]
    assert (conv1.path, conv1.work.multiplications, conv1.parameters) == ("conv1", 105415200, 34944)
    assert (conv1.weights, conv1.biases) == (34848, 96)


def test_lenet5_by_hand() -> None:
    report = bundled("lenet5")
    assert [layer.parameters for layer in report.layers if layer.parameters] == [
        6 * (25 + 1), 16 * (6 * 25 + 1), 120 * (16 * 25 + 1), 84 * 121, 10 * 85
    ]  # fmt: skip
    assert [layer.work.macs for layer in report.layers if layer.work.macs] == [
        28 * 28 * 6 * 25, 10 * 10 * 16 * 150, 120 * 400, 84 * 120, 10 * 84
    ]  # fmt: skip


def test_auxiliary_heads_of_inception_v1() -> None:
    """Each: 5×5 average pool to 4×4, 128 maps, 1024 units, 1000 classes; from 512 and from 528 channels."""
    with_heads = bundled("inception_v1", settings=["auxiliary=true"])
    without = bundled("inception_v1")
    added = sum((channels + 1) * 128 + (2048 + 1) * 1024 + (1024 + 1) * 1000 for channels in (512, 528))
    assert with_heads.totals.parameters - without.totals.parameters == added
    assert with_heads.outputs == {"auxiliary_1": (1000,), "auxiliary_2": (1000,)}
    assert with_heads.output == without.output == (1000,)
    assert without.outputs == {}
