"""Detectors against torchvision: parameters, macs, sizes and outputs of their heads, a row for each anchor.

`torchvision-detectors.json` lists the leaf modules with parameters of torchvision 0.28 in the order in which they run,
each as in `Leaf`, as `record` finds them; where torchvision is installed, it is asked again.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from cnncalc import analyze, load
from cnncalc.layers.base import Shape

from .layerwise import BATCH, Leaf, assert_equal, doubles, our_leaves, record, run_ours

# name → input → the macs of torchvision's own modules, and the number of anchors. torchvision publishes 34,014,999
# parameters and 151.54 GMACs, 35,641,826 and 34.858 GMACs; RetinaNet with batch norms whose 53,120 parameters are
# frozen and not counted.
FOUND: dict[str, dict[Shape, tuple[int, int]]] = {
    "retinanet_resnet50_fpn": {
        (3, 800, 800): (151540437248, 120087),
        (3, 800, 1088): (206004161024, 163206),
    },
    "ssd300_vgg16": {(3, 300, 300): (34858153472, 8732)},
}
CASES = [(name, shape) for name, found in FOUND.items() for shape in found]
LEAVES = {
    name: [Leaf(parameters, buffers, macs, tuple(output)) for parameters, buffers, macs, output in leaves]
    for name, leaves in json.loads((Path(__file__).parent / "torchvision-detectors.json").read_text()).items()
}
SMALL: dict[str, Shape] = {"retinanet_resnet50_fpn": (3, 97, 70), "ssd300_vgg16": (3, 300, 300)}
KEYS = {"classes": "cls_logits", "boxes": "bbox_regression"}


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        return pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.fixture(scope="module")
def models() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torchvision.models.detection", reason="torchvision is not installed")


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_macs_and_anchors(name: str, shape: Shape) -> None:
    macs, anchors = FOUND[name][shape]
    found = analyze(load(name, input=list(shape)))
    assert found.totals.work.macs == macs
    assert found.outputs == {"classes": (anchors, 91), "boxes": (anchors, 4)}


def test_parameters() -> None:
    assert analyze(load("retinanet_resnet50_fpn")).totals.parameters == 34014999 + 53120
    assert analyze(load("ssd300_vgg16")).totals.parameters == 35641826


@pytest.mark.parametrize("name", FOUND)
def test_classes_are_a_param(name: str) -> None:
    found = analyze(load(name, settings=["classes=7"])).outputs
    assert (found["classes"][1], found["boxes"][1]) == (7, 4)


def layers_there(name: str, shape: Shape) -> list[Leaf]:
    """Our layers that are leaf modules there: SSD's factors of conv4_3, without macs and buffers, belong to none."""
    ours = our_leaves(analyze(load(name, input=list(shape))))
    return [layer for layer in ours if layer.macs or layer.buffers]


@pytest.mark.parametrize("name", FOUND)
def test_layer_by_layer(name: str) -> None:
    """All layers with parameters in the order in which they run, the shared heads at all levels."""
    assert layers_there(name, next(iter(FOUND[name]))) == LEAVES[name]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "shape"), CASES)
def test_layer_by_layer_as_torchvision(torch: Any, models: Any, name: str, shape: Shape) -> None:
    with torch.device("meta"):
        model = getattr(models, name)(weights=None, weights_backbone=None).eval()
        seen = record(torch, model)
        model.head([*model.backbone(torch.empty(BATCH, *shape)).values()])
    assert layers_there(name, shape) == seen.leaves
    assert shape != next(iter(FOUND[name])) or seen.leaves == LEAVES[name]


@pytest.mark.torch
@pytest.mark.parametrize("name", SMALL)
def test_outputs_as_torchvision(torch: Any, models: Any, name: str) -> None:
    with doubles(torch):
        model = getattr(models, name)(weights=None, weights_backbone=None).eval()
        x = torch.randn(BATCH, *SMALL[name])
        seen = record(torch, model)
        wanted = model.head([*model.backbone(x).values()])
        arrays = seen.arrays()
        if name == "ssd300_vgg16":
            arrays.insert(10, [model.backbone.scale_weight])  # after the ten convolutions up to conv4_3
        found = run_ours(torch, load(name, input=list(SMALL[name])), arrays, x)
    for output, key in KEYS.items():
        assert_equal(found[output], wanted[key])
