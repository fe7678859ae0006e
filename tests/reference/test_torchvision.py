"""The bundled networks against torchvision's, layer by layer: a total can be right by luck.

`torchvision-classifiers.json` lists every leaf module in the order in which it runs, with shapes, parameters and macs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.layers.window import Windowed
from cnncalc.reading import load

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "torchvision-classifiers.json").read_text())
BUNDLED = {name: "alexnet_torchvision" if name == "alexnet" else name for name in REFERENCE}  # by torchvision's name

TYPES = {
    "conv": "Conv2d", "depthwise_conv": "Conv2d", "linear": "Linear", "batch_norm": "BatchNorm2d",
    "layer_norm": "LayerNorm", "relu": "ReLU", "relu6": "ReLU6", "silu": "SiLU", "gelu": "GELU", "sigmoid": "Sigmoid",
    "hard_swish": "Hardswish", "hard_sigmoid": "Hardsigmoid", "max_pool": "MaxPool2d", "avg_pool": "AvgPool2d",
    "global_avg_pool": "AdaptiveAvgPool2d", "dropout": "Dropout", "stochastic_depth": "StochasticDepth",
}  # fmt: skip

# What only we have as a layer. torchvision adds, multiplies, concatenates, splits and shuffles in Python, flattens in
# a function, ends before the softmax, and keeps ConvNeXt's factors as parameters of the block.
OURS_ALONE = {"add", "multiply", "concat", "channel_split", "channel_shuffle", "flatten", "softmax", "scale"}
# What its networks do in functions, by our paths: GoogLeNet's and Inception's activations, DenseNet's last one, the
# pools in Inception's modules, and the last pools of several.
FUNCTIONS = {
    "googlenet": r"relu\d+$",
    "inception_v3": r"relu\d+$|\.avg_pool\d+$|\.pool\.max_pool\d+$",
    "densenet": r"^relu2$|^global_avg_pool1$",
    "mobilenet_v2": r"^global_avg_pool1$",
    "mnasnet": r"^global_avg_pool1$",
    "shufflenet": r"^global_avg_pool1$",
}
# What only torchvision has: ConvNeXt turns its maps to channels-last and back, and flattens in a module.
THEIRS_ALONE = {"Permute", "Flatten"}
TYPES_THERE = {"LayerNorm2d": "LayerNorm"}  # of the same rule, on maps

Line = tuple[Any, ...]
Layer = dict[str, Any]  # a layer of the reference


def of_reference(reference: dict[str, Any]) -> Iterator[Layer]:
    """Its leaf layers as we have them: channels first, a linear layer on a map as a 1×1 convolution."""
    channels_last = False
    for layer in reference["layers"]:
        ins, outs = layer["in"], layer["out"]
        if layer["type"] == "Permute":
            channels_last = not channels_last
        if layer["type"] in THEIRS_ALONE or (layer["type"] == "AdaptiveAvgPool2d" and ins == outs):
            continue
        if channels_last:
            layer = {**layer, "in": [ins[-1], *ins[:-1]], "out": [outs[-1], *outs[:-1]]}
            if layer["type"] == "Linear":
                biases = layer["params"] - ins[-1] * outs[-1]
                layer |= {"type": "Conv2d", "kernel": [1, 1], "stride": [1, 1], "padding": [0, 0]}
                layer |= {"dilation": [1, 1], "groups": 1, "bias": biases == outs[-1]}
        yield layer


def of_ours(name: str, report: Report) -> Iterator[LayerReport]:
    """Our layers that torchvision has as modules."""
    functions = next((pattern for start, pattern in FUNCTIONS.items() if name.startswith(start)), "^$")
    for layer in report.layers:
        if layer.kind not in OURS_ALONE and not re.search(functions, layer.path):
            yield layer
        else:
            assert layer.parameters == 0 or layer.kind == "scale"
            assert layer.work.macs == layer.buffers == 0


@cache
def our_report(name: str) -> Report:
    """At the reference's input: EfficientNets were recorded at 224×224, whatever they were made for."""
    return analyze(load(BUNDLED[name], input="x".join(map(str, REFERENCE[name]["input"]))))


@pytest.fixture(params=REFERENCE)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_totals(name: str) -> None:
    report, reference = our_report(name), REFERENCE[name]
    assert report.output == tuple(reference["output"])
    assert report.totals.parameters == reference["parameters"]
    assert report.totals.buffers == reference["buffers"]
    assert report.totals.work.macs == reference["macs"]


def test_every_layer_in_order(name: str) -> None:
    """Type, shapes, parameters, buffers and macs."""
    theirs = [
        (TYPES_THERE.get(each["type"], each["type"]), tuple(each["in"]), tuple(each["out"]), each["params"],
         each.get("buffers", 0), each.get("macs", 0))
        for each in of_reference(REFERENCE[name])
    ]  # fmt: skip
    ours = [
        (TYPES[each.kind], each.inputs[0], each.output, each.parameters, each.buffers, each.work.macs)
        for each in of_ours(name, our_report(name))
    ]
    assert ours == theirs


def test_every_window(name: str) -> None:
    """Kernel, stride, padding, dilation and groups of the convolutions; of the pools how they round, too."""
    theirs = [window_of_reference(layer) for layer in of_reference(REFERENCE[name]) if "kernel" in layer]
    ours = [window(layer) for layer in of_ours(name, our_report(name)) if isinstance(layer.layer, Windowed)]
    assert ours == theirs


def window_of_reference(layer: Layer) -> Line:
    axes = [layer[key] if isinstance(layer[key], list) else [layer[key]] * 2 for key in ("kernel", "stride", "padding")]
    if "ceil_mode" in layer:
        return *axes, [1, 1], layer["ceil_mode"], None
    return *axes, layer["dilation"], layer["groups"], layer["bias"]


def window(report: LayerReport) -> Line:
    assert isinstance(report.layer, Windowed)
    axes = report.layer.axes(report.inputs)
    assert all(axis.before == axis.after for axis in axes)
    sides = [[getattr(axis, key) for axis in axes] for key in ("kernel", "stride", "before", "dilation")]
    if report.kind == "depthwise_conv":
        return *sides, report.inputs[0][0], vars(report.layer)["bias"]
    return *sides, vars(report.layer).get("groups", vars(report.layer).get("ceil")), vars(report.layer).get("bias")
