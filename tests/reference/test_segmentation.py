"""Segmentation networks against torchvision: they hold for every input, since they take sizes from other maps."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from cnncalc import analyze, load
from cnncalc.layers.base import Shape

# name → the macs of its convolutions at each input, as torchvision's own modules have them on the meta device. At
# 520×520 torchvision publishes 178.722 and 2.086 GMACs.
MACS: dict[str, dict[Shape, int]] = {
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
    """Convolutions and batch norms by parameters, macs and outputs; the auxiliary head is run later there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
        models: Any = pytest.importorskip("torchvision.models.segmentation", reason="torchvision is not installed")
    more = {"aux_loss": True} if name.startswith("deeplab") else {}
    theirs: list[tuple[int, int, Shape]] = []

    def look(module: Any, inputs: Any, output: Any) -> None:
        is_conv = isinstance(module, torch.nn.Conv2d)
        macs = output.numel() * module.weight[0].numel() if is_conv else 0
        theirs.append((sum(p.numel() for p in module.parameters()), macs, tuple(output.shape[1:])))

    with torch.device("meta"):
        model = getattr(models, name)(weights=None, weights_backbone=None, num_classes=21, **more).eval()
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d | torch.nn.BatchNorm2d):
                module.register_forward_hook(look)
        model(torch.empty(1, *shape))
    ours = [
        (layer.parameters, layer.work.macs, layer.output)
        for layer in analyze(load(name, input=list(shape))).layers
        if layer.parameters
    ]
    assert sorted(ours) == sorted(theirs)
