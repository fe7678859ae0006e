"""The bundled networks against torchvision's, layer by layer: a total can be right by luck.

`torchvision-classifiers.json` lists every leaf module in the order in which it runs, with shapes, parameters and macs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.spec.load import load

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "torchvision-classifiers.json").read_text())
NAMES = ["vgg11", "vgg13", "vgg16", "vgg19", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]

TYPES = {
    "conv": "Conv2d", "linear": "Linear", "batch_norm": "BatchNorm2d", "relu": "ReLU", "max_pool": "MaxPool2d",
    "global_avg_pool": "AdaptiveAvgPool2d", "dropout": "Dropout",
}  # fmt: skip
# What only one side has as a layer: torchvision adds in Python, flattens in a function, ends before the softmax, and
# pools VGG's 7×7 map to 7×7, which changes nothing at this input.
OURS_ALONE = {"add", "flatten", "softmax"}
SAME_SIZE_POOL = {"type": "AdaptiveAvgPool2d", "in": [512, 7, 7], "out": [512, 7, 7]}


def of_reference(layer: dict[str, Any]) -> tuple[Any, ...]:
    return layer["type"], tuple(layer["in"]), tuple(layer["out"]), layer["params"], layer.get("macs", 0)


def of_ours(layer: LayerReport) -> tuple[Any, ...]:
    return TYPES[layer.kind], layer.inputs[0], layer.output, layer.parameters, layer.work.macs


@pytest.fixture(params=NAMES)
def pair(request: pytest.FixtureRequest) -> tuple[Report, dict[str, Any]]:
    return analyze(load(request.param)), REFERENCE[request.param]


def test_totals(pair: tuple[Report, dict[str, Any]]) -> None:
    report, reference = pair
    assert report.input == tuple(reference["input"])
    assert report.output == tuple(reference["output"])
    assert report.totals.parameters == reference["parameters"]
    assert report.totals.buffers == reference["buffers"]
    assert report.totals.work.macs == reference["macs"]


def test_every_layer_in_order(pair: tuple[Report, dict[str, Any]]) -> None:
    report, reference = pair
    theirs = [layer for layer in reference["layers"] if not SAME_SIZE_POOL.items() <= layer.items()]
    ours = [layer for layer in report.layers if layer.kind not in OURS_ALONE]
    assert [of_ours(layer) for layer in ours] == [of_reference(layer) for layer in theirs]


def test_every_window(pair: tuple[Report, dict[str, Any]]) -> None:
    """Kernel, stride, padding, dilation and groups of the convolutions."""
    report, reference = pair
    theirs = [
        (layer["kernel"], layer["stride"], layer["padding"], layer["dilation"], layer["groups"], layer["bias"])
        for layer in reference["layers"]
        if layer["type"] == "Conv2d"
    ]
    ours = []
    for layer in report.layers:
        if layer.kind == "conv":
            set_ = vars(layer.layer)
            padding = set_["kernel"] // 2 if set_["padding"] == "half" else set_["padding"]
            ours.append(
                ([set_["kernel"]] * 2, [set_["stride"]] * 2, [padding] * 2, [1, 1], set_["groups"], set_["bias"])
            )
            assert set_["dilation"] == 1
    assert ours == theirs
