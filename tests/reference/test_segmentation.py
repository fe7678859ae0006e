"""Segmentation networks against torchvision: they hold for every input, since they take sizes from other maps."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from cnncalc import analyze, load
from cnncalc.layers.base import Shape

from .layerwise import BATCH, our_leaves, record

# name → the macs of its convolutions at each input, as torchvision's own modules have them on the meta device. At
# 520×520 torchvision publishes 152.717, 178.722 and 2.086 GMACs.
MACS: dict[str, dict[Shape, int]] = {
    "fcn_resnet50": {
        (3, 520, 520): 152716512000,
        (3, 513, 513): 152638268352,
        (3, 321, 481): 90339625920,
    },
    "deeplabv3_resnet50": {
        (3, 520, 520): 178721945088,
        (3, 513, 513): 178643701440,
        (3, 321, 481): 105733825216,
    },
    "lraspp_mobilenet_v3_large": {
        (3, 520, 520): 2086219688,
        (3, 513, 513): 2081283536,
        (3, 321, 481): 1241342560,
    },
}
CASES = [(name, shape) for name, found in MACS.items() for shape in found]


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_they_hold_at_every_input(name: str, shape: Shape) -> None:
    found = analyze(load(name, input=list(shape)))
    assert found.totals.work.macs == MACS[name][shape]
    assert found.output == (21, *shape[1:])
    assert all(output == (21, *shape[1:]) for output in found.outputs.values())


@pytest.mark.torch
@pytest.mark.parametrize(("name", "shape"), CASES)
def test_layer_by_layer_as_torchvision(name: str, shape: Shape) -> None:
    """By parameters, buffers, macs and output; the auxiliary head is run later there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
        models: Any = pytest.importorskip("torchvision.models.segmentation", reason="torchvision is not installed")
    more = {} if name.startswith("lraspp") else {"aux_loss": True}
    with torch.device("meta"):
        model = getattr(models, name)(weights=None, weights_backbone=None, num_classes=21, **more).eval()
        seen = record(torch, model)
        model(torch.empty(BATCH, *shape))
    assert sorted(our_leaves(analyze(load(name, input=list(shape))))) == sorted(seen.leaves)
