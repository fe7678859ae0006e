"""The memory of training: the numbers of eager PyTorch for 18 networks, and small cases by hand."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path

import pytest

from cnncalc.analysis.figures import Dtype
from cnncalc.analysis.optimizers import Optimizer
from cnncalc.analysis.report import Report
from cnncalc.analysis.training import Settings, Training
from cnncalc.layers import KINDS, kind_class
from cnncalc.reading import read

from ..layers.cases import random_cases
from ..networks import report

REFERENCE = Path(__file__).parent.parent / "reference"
KEPT = json.loads((REFERENCE / "torch-training.json").read_text(encoding="utf-8"))
STEPS = json.loads((REFERENCE / "torch-steps.json").read_text(encoding="utf-8"))
# What torchvision's networks keep besides ours, in bytes for each image: the map that an adaptive pool to its own size
# reads, and ours besides theirs: the output of a softmax at the end, the mask of a stochastic depth of rate 0.
HEADS = {
    "resnet50": 4000, "resnet18": 4000, "resnext50_32x4d": 4000, "googlenet": 4000, "vgg16": 4000 - 4 * 512 * 7 * 7,
    "vgg16_bn": 4000 - 4 * 512 * 7 * 7, "alexnet_torchvision": -4 * 256 * 6 * 6, "convnext_tiny": 4,
    "efficientnet_v2_s": 4,
}  # fmt: skip


def load(name: str) -> Report:
    """A network at the resolution of the reference."""
    inputs = ("3x224x224",) if name == "efficientnet_v2_s" else ()
    return read(name, inputs=inputs).require_report()


@pytest.mark.parametrize("name", [name for name in KEPT if name != "inception_v3"])
def test_what_is_kept_is_what_pytorch_keeps_but_for_heads(name: str) -> None:
    for batch in (1, 32):
        kept = Training(load(name), Settings(batch=batch)).kept
        measured, _, _, extras = KEPT[name][f"batch{batch}"]
        assert kept.total - measured == HEADS.get(name, 0) * batch
        assert {kind: size for kind, size in kept.extras.items() if size} == extras


def test_resnet50_without_its_softmax() -> None:
    """2,749,316,608 bytes at a batch of 32, and 86.1 MB for one image, of which torchinfo says 177.83."""
    for batch, expected in ((32, 2_749_316_608), (1, 86_121_984)):
        assert Training(load("resnet50"), Settings(batch=batch)).kept.total - batch * 4000 == expected
    assert Training(load("mobilenet_v2"), Settings(batch=32)).kept.total == 2_502_841_600
    assert Training(load("densenet121"), Settings(batch=32)).kept.total == 4_171_897_600


@pytest.mark.parametrize("name", STEPS)
def test_the_peak_of_a_step_is_within_8_bytes_of_pytorch(name: str) -> None:
    """Those of the loss; but for ConvNeXt, of which a channels-last convolution is copied, and EfficientNet v2."""
    for batch in (2, 32):
        found = Training(load(name), Settings(batch=batch)).step_peak.bytes
        expected = STEPS[name][str(batch)]
        assert found == expected["simulated"]
        if name not in ("convnext_tiny", "efficientnet_v2_s"):
            assert expected["torch_peak_step"] - found == 8


def test_kept_by_hand() -> None:
    """Of 2·6·6 inputs: conv keeps its input, relu its output, max pool that and 3·3 indices, linear its input."""
    found = Training(
        report("input: [2, 6, 6]\nlayers: ['conv(4, 3, padding=1) -> relu -> max_pool(2) -> flatten -> linear(5)']"),
        Settings(),
    )
    assert found.kept.tensors == 4 * (2 * 36 + 4 * 36 + 4 * 9)
    assert found.kept.extras["indices"] == 8 * 4 * 9
    assert found.kept.total == 4 * (2 * 36 + 4 * 36 + 4 * 9) + 8 * 4 * 9


def test_a_step_by_hand() -> None:
    """conv -> relu on 1·4·4, no bias, with the input and the output to the end."""
    found = Training(report("input: [1, 4, 4]\nlayers: ['conv(1, 1, bias=false) -> relu']"), Settings())
    # backward of the conv: the input, the output, the gradient of the conv's output, and that of the weight
    assert found.step_peak == (4 * (3 * 16 + 1), 0, True)


def test_a_second_gradient_is_added_out_of_place() -> None:
    one = "'conv(1, 1, bias=false)'"
    text = f"input: [1, 4, 4]\nlayers: [{one}, add: [{one}, {one}]]"
    found = Training(report(text), Settings())
    # in the backward pass of the first branch: input, conv's output (kept by the other branch's conv until then), the
    # sum; the gradient from the second branch, that from the first, and their sum; and two gradients of weights
    assert found.step_peak.is_backward
    assert found.step_peak.bytes == 4 * (16 * 5 + 2)


@pytest.mark.parametrize(("optimizer", "states"), [("sgd", 0), ("momentum", 1), ("adam", 2), ("adamw", 2)])
def test_the_state_of_the_optimizer(optimizer: str, states: int) -> None:
    found = Training(load("lenet5"), Settings(Optimizer(optimizer)))
    assert found.state == states * found.gradients == states * 4 * 61_706


def test_mixed_keeps_half_of_the_activations_and_a_copy_of_the_weights() -> None:
    whole, mixed = (Training(load("vgg16"), Settings(batch=8, mixed=mixed)) for mixed in (False, True))
    assert 2 * mixed.kept.tensors == whole.kept.tensors
    assert mixed.kept.extras["indices"] == whole.kept.extras["indices"]
    assert 4 * mixed.parameters == 6 * whole.parameters
    assert mixed.gradients == whole.gradients


def test_statistics_are_once_for_a_batch_and_in_double_precision_of_8_bytes() -> None:
    one, many = (Training(load("resnet18"), Settings(batch=batch)).kept for batch in (1, 32))
    assert one.extras["statistics"] == many.extras["statistics"] == 38_400
    assert many.tensors == 32 * one.tensors
    assert Training(load("resnet18"), Settings(dtype=Dtype.float64)).kept.extras["statistics"] == 2 * 38_400


def test_a_checkpoint_keeps_the_input_of_its_block_in_place_of_what_is_inside() -> None:
    text = """\
    input: [2, 8, 8]
    blocks:
      pair(out): conv(out, 3, padding=1) -> sigmoid -> conv(out, 3, padding=1) -> sigmoid
    layers: ['conv(4, 1)', 'pair(6)', 'pair(6)']
    """
    found = Training(report(text), Settings()).list_checkpoints()
    map_ = 4 * 6 * 8 * 8
    # of the first pair the first sigmoid; its input and its output are kept by layers outside; of the second the same,
    # for its output is the network's
    assert found == [("pair1", map_), ("pair2", map_)]


def test_what_has_nothing_to_train_keeps_nothing() -> None:
    found = Training(report("layers: ['relu -> max_pool(2)']"), Settings())
    assert found.kept.total == 0
    assert found.total == found.step_peak.bytes


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_is_there(kind: str) -> None:
    """Inputs that a layer has, each once, and extras of some size, whose names are known."""
    for layer, shapes in random_cases(kind, 12):
        saved = layer.saved(shapes, layer.output_shape(shapes))
        assert set(saved.inputs) <= set(range(len(shapes)))
        assert len(set(saved.inputs)) == len(saved.inputs)
        output = layer.output_shape(shapes)
        sizes = [*map(prod, (*shapes, output)), layer.inner_elements(shapes, output)]
        for extra in saved.extras:
            assert extra.name in ("indices", "masks", "statistics", "maps")
            assert 0 < extra.elements <= 8 * sum(sizes) + 64  # of an lstm, gates and states
        if kind_class(kind).storage == "view" and not saved.extras:
            assert saved == ((), False, ())
