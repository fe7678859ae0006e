"""Networks that torchvision does not have, layer by layer and by their outputs, beside the same in PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnncalc import analyze, load
from cnncalc.layers.base import Shape

from . import written, written_attention, written_cells
from .layerwise import BATCH, Written, assert_equal, doubles, our_leaves, run_ours

pytestmark = pytest.mark.torch

SMALL: dict[str, Shape] = {  # an input for numbers: small, and odd where the network takes it
    "yolov5s": (3, 64, 96),
    "yolov8n": (3, 64, 96),
    "edsr": (3, 7, 9),
    "unetpp": (1, 16, 32),
    "resnest50d": (3, 65, 90),
    "pspnet": (3, 57, 73),
    "pointnet": (3, 50),
    "segnet": (3, 45, 70),
    "enet": (3, 64, 48),
    "bisenet": (3, 64, 96),
    "crnn": (1, 32, 22),
    "deepspeech2": (1, 161, 9),
    "kws_lstm": (10, 7),
    "kws_gru": (10, 7),
    "nasnet_a_large": (3, 35, 50),
    "nasnet_a_mobile": (3, 40, 35),
    "pnasnet5_large": (3, 35, 50),
    "hardnet68": (3, 33, 48),
    "capsnet": (1, 28, 28),
    "vit_b_16": (3, 32, 48),
    "vit_tiny": (3, 32, 48),
    "deit_tiny": (3, 32, 48),
    "swin_t": (3, 224, 224),
    "maxvit_t": (3, 224, 224),
    "mobilevit_s": (3, 64, 128),
    "coatnet_0": (3, 64, 96),
    "convnext_v2_atto": (3, 64, 96),
}
WRITTEN = {**written_cells.WRITTEN, **written_attention.WRITTEN}
SETTINGS: dict[str, dict[str, Any]] = {  # of the numbers alone: their own take a gigabyte, or long
    "deepspeech2": {"hidden": 64},
    **written_cells.NARROWED,
    **written_attention.NARROWED,
}
SHORTER: dict[str, Shape] = {"deepspeech2": (1, 161, 101)}  # PyTorch takes the steps of its layers one by one
FILES = {"bisenet": str(Path(__file__).parents[1] / "gallery" / "good" / "bisenet.yaml")}  # what is not bundled


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def theirs(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = WRITTEN[name] if name in WRITTEN else getattr(written, name)
    return found


@pytest.mark.parametrize("name", SMALL)
def test_layer_by_layer(torch: Any, name: str) -> None:
    """Parameters, buffers, macs and output of every layer with parameters, in the order in which they run."""
    report = analyze(load(FILES.get(name, name), input=SHORTER.get(name)))
    net = Written(torch)
    with torch.device("meta"):
        theirs(name)(net, torch.empty(BATCH, *report.input))
    assert our_leaves(report) == net.leaves


@pytest.mark.parametrize("name", SMALL)
def test_outputs(torch: Any, name: str) -> None:
    """With the same weights and input the outputs are equal: the layers are joined alike."""
    with doubles(torch):
        x = torch.randn(BATCH, *SMALL[name])
        net = Written(torch)
        wanted = theirs(name)(net, x, **SETTINGS.get(name, {}))
        settings = [f"{param}={str(value).lower()}" for param, value in SETTINGS.get(name, {}).items()]
        ours = load(FILES.get(name, name), input=list(SMALL[name]), settings=settings)
        found = run_ours(torch, ours, net.arrays(), x)
    wanted = wanted if isinstance(wanted, dict) else {"": wanted}
    assert {*found} == {*wanted}
    for output in wanted:
        assert_equal(found[output], wanted[output])
