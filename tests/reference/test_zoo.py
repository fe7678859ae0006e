"""The bundled networks that torchvision does not have, and what holds for all bundled files.

Published figures are those of the implementation that a file names under `source`, or of the one named here; work is
added up here by hand, map by map, with none of the rules that are tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Report
from cnncalc.errors import Source
from cnncalc.network import Network
from cnncalc.reading import load, read, read_text
from cnncalc.render.catalogue import find_year
from cnncalc.spec.files import bundled, bundled_folder
from cnncalc.spec.write import write_network


@cache
def report(name: str) -> Report:
    return analyze(load(name))


# name: parameters, and who publishes the number
PARAMETERS = {
    "zfnet": 62357608,  # osmr/imgclsmob
    "nin": 7595176,  # by hand: below
    "mobilenet_v1": 4231976,  # Keras Applications: 4,253,864 with the 21,888 that are not trained
    "xception": 22855952,  # Keras Applications: 22,910,480 with the 54,528 that are not trained
    "darknet19": 20842376,  # PyTorch ports of darknet19.cfg
    "darknet53": 41609928,  # timm, osmr/imgclsmob
    "seresnet50": 28088024,  # timm, osmr/imgclsmob
    "preact_resnet18": 11171146,  # kuangliu/pytorch-cifar
    "unet": 31030658,  # ports with a 572×572 input, one channel and two classes
    "fcn_resnet50": 35322218,  # torchvision, with the auxiliary head
    "deeplabv3_resnet50": 42004074,  # torchvision, with the auxiliary head
    "lraspp_mobilenet_v3_large": 3221538,  # torchvision
    "dcgan_generator": 3576704,  # pytorch/examples
    "dcgan_discriminator": 2765568,  # pytorch/examples
    "c3d": 79991015,  # the Sports-1M model in Keras
    "wavenet": 1515968,  # by hand: below
    "convmixer": 21110248,  # locuslab/convmixer, timm
    "retinanet_resnet50_fpn": 34068119,  # torchvision, with batch norms that are not frozen
    "ssd300_vgg16": 35641826,  # torchvision
    "yolov5s": 7235389,  # ultralytics/yolov5, `YOLOv5s summary: 214 layers`
    "yolov8n": 3157200,  # ultralytics/ultralytics, in yolov8.yaml
    "edsr": 1369859,  # by hand: below
    "unetpp": 9041601,  # MrGiovanni/UNetPlusPlus, in its code for Keras
    "resnest50d": 27483240,  # osmr/imgclsmob, n2cholas/jax-resnet
    "pspnet": 49180908,  # by PyTorch: test_written.py
    "segnet": 29449355,  # by hand: below
    "enet": 364376,  # by PyTorch: test_written.py; the paper says 0.37 million
    "pointnet": 819624,  # by hand: below; 0.8 million in the paper
    "crnn": 8331301,  # by PyTorch: test_written.py; 8.3 million in the paper
    "deepspeech2": 86618400,  # by hand: below
    "kws_lstm": 62316,  # by hand: below
    "kws_gru": 78090,  # by hand: below
    "nasnet_a_large": 88753150,  # timm, Cadene's pretrainedmodels; the paper says 88.9 million
    "nasnet_a_mobile": 5289978,  # Cadene's pretrainedmodels; Keras says 5,326,716 with the 36,738 that are not trained
    "pnasnet5_large": 86057668,  # timm, Cadene's pretrainedmodels; the paper says 86.1 million
    "hardnet68": 17565348,  # the authors' code; their README says 17.6 million
    "capsnet": 6804224,  # XifengGuo/CapsNet-Keras: 8,215,568 with the decoder; 6.8 and 8.2 million in the paper
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    assert report(name).totals.parameters == PARAMETERS[name]


def test_parameters_that_keras_does_not_train() -> None:
    assert report("mobilenet_v1").totals.buffers == 4253864 - 4231976
    assert report("xception").totals.buffers == 22910480 - 22855952


def chain(channels: Iterable[int], kernel: int = 1) -> int:
    """Weights of square convolutions, one behind the other."""
    return sum(a * b * kernel * kernel for a, b in pairwise(channels))


def test_nin_by_hand() -> None:
    stages = [(3, 96, 11, 96, 54), (96, 256, 5, 256, 27), (256, 384, 3, 384, 13), (384, 1024, 3, 1000, 6)]
    weights = [a * b * k * k + b * b + b * last for a, b, k, last, _ in stages]
    biases = sum(2 * b + last for _, b, _, last, _ in stages)
    assert sum(weights) + biases == PARAMETERS["nin"]
    macs = sum(weight * size**2 for weight, (*_, size) in zip(weights, stages, strict=True))
    assert report("nin").totals.work.macs == macs == 1100188800


def test_zfnet_by_hand() -> None:
    convolutions = [(3, 96, 7, 110), (96, 256, 5, 26), (256, 384, 3, 13), (384, 384, 3, 13), (384, 256, 3, 13)]
    macs = sum(a * b * k * k * size**2 for a, b, k, size in convolutions) + chain([256 * 6 * 6, 4096, 4096, 1000])
    assert report("zfnet").totals.work.macs == macs == 1168032896


def test_mobilenet_v1_by_hand() -> None:
    """The paper says 569 million."""
    widths = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    sizes = [112, 56, 56, 28, 28, *[14] * 6, 7, 7]  # of the maps that each depthwise convolution puts out
    macs = 27 * 32 * 112**2 + 1024 * 1000
    for (ins, outs), size in zip(pairwise(widths), sizes, strict=True):
        macs += (9 * ins + ins * outs) * size**2
    assert report("mobilenet_v1").totals.work.macs == macs == 568740352


def test_xception_by_hand() -> None:
    def separable(ins: int, outs: int, size: int) -> int:
        return (9 * ins + ins * outs) * size**2

    macs = 27 * 32 * 149**2 + 9 * 32 * 64 * 147**2
    for ins, between, outs, size in (
        (64, 128, 128, 147),
        (128, 256, 256, 74),
        (256, 728, 728, 37),
        (728, 728, 1024, 19),
    ):
        macs += separable(ins, between, size) + separable(between, outs, size) + ins * outs * ((size + 1) // 2) ** 2
    macs += 24 * separable(728, 728, 19) + separable(1024, 1536, 10) + separable(1536, 2048, 10) + 2048 * 1000
    assert report("xception").totals.work.macs == macs == 8357403496


def test_darknet19_by_hand() -> None:
    """The paper says 5.58 billion operations, two for each multiply-accumulate."""
    macs = 27 * 32 * 224**2 + 1024 * 1000 * 7**2
    for before, wide, squeezes, size in (
        (32, 64, 0, 112),
        (64, 128, 1, 56),
        (128, 256, 1, 28),
        (256, 512, 2, 14),
        (512, 1024, 2, 7),
    ):
        half = wide // 2
        macs += (9 * before * wide + squeezes * (wide * half + 9 * half * wide)) * size**2
    assert report("darknet19").totals.work.macs == macs == 2790989824
    assert round(2 * macs / 1e9, 2) == 5.58


def test_preact_resnet18_by_hand() -> None:
    """0.56 GMACs, as others count ResNet-18 for CIFAR."""
    macs = 27 * 64 * 32**2 + 4 * 9 * 64 * 64 * 32**2 + 512 * 10
    for wide, size in ((128, 16), (256, 8), (512, 4)):
        half = wide // 2
        macs += (9 * half * wide + 3 * 9 * wide * wide + half * wide) * size**2  # four 3×3, and a projection
    assert report("preact_resnet18").totals.work.macs == macs == 555422720


def test_darknet53_by_hand() -> None:
    """timm says 9.3 GMACs."""
    macs = 27 * 32 * 256**2 + 1024 * 1000
    for wide, depth, size in ((64, 1, 128), (128, 2, 64), (256, 8, 32), (512, 8, 16), (1024, 4, 8)):
        half = wide // 2
        macs += (9 * half * wide + depth * (wide * half + 9 * half * wide)) * size**2
    assert report("darknet53").totals.work.macs == macs == 9285115904


def test_seresnet50_by_hand() -> None:
    """ResNet-50 and, for each block of C channels, two matrices of C × C/16."""
    plain, excited = report("resnet50").totals, report("seresnet50").totals
    blocks = [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3
    assert excited.work.macs - plain.work.macs == sum(2 * c * c // 16 for c in blocks)
    assert excited.parameters - plain.parameters == sum(2 * c * c // 16 + c // 16 + c for c in blocks)
    assert excited.buffers == plain.buffers


def test_unet_by_hand() -> None:
    weights, macs, size, before = 0, 0, 572, 1
    for wide in (64, 128, 256, 512, 1024):
        weights += chain([before, wide, wide], 3)
        macs += 9 * (before * wide * (size - 2) ** 2 + wide * wide * (size - 4) ** 2)
        size, before = (size - 4) // 2, wide
    size *= 2  # there is no pool behind the last
    for wide in (512, 256, 128, 64):
        weights += 4 * 2 * wide * wide + chain([2 * wide, wide, wide], 3)
        macs += 4 * 2 * wide * wide * size**2  # each input position once
        size *= 2
        macs += 9 * (2 * wide * wide * (size - 2) ** 2 + wide * wide * (size - 4) ** 2)
        size -= 4
    weights, macs = weights + 2 * 64, macs + 2 * 64 * size**2
    assert size == 388
    assert (report("unet").totals.weights, report("unet").totals.work.macs) == (weights, macs)
    assert macs == 150428424448


def test_dcgan_by_hand() -> None:
    weights = [a * b * 16 for a, b in pairwise([100, 512, 256, 128, 64, 3])]
    positions = [1, 4, 8, 16, 32]  # of the input: each meets the kernel once
    macs = sum(weight * size**2 for weight, size in zip(weights, positions, strict=True))
    assert report("dcgan_generator").totals.work.macs == macs == 104628224
    weights = [a * b * 16 for a, b in pairwise([3, 64, 128, 256, 512, 1])]
    macs = sum(weight * size**2 for weight, size in zip(weights, [32, 16, 8, 4, 1], strict=True))
    assert report("dcgan_discriminator").totals.work.macs == macs == 103817216


def test_c3d_by_hand() -> None:
    """38.5 GFLOPs in later papers."""
    maps = [16 * 112**2, 16 * 56**2, 8 * 28**2, 8 * 28**2, 4 * 14**2, 4 * 14**2, 2 * 7**2, 2 * 7**2]
    channels = pairwise([3, 64, 128, 256, 256, 512, 512, 512, 512])
    macs = sum(27 * a * b * size for (a, b), size in zip(channels, maps, strict=True)) + chain([8192, 4096, 4096, 487])
    assert report("c3d").totals.work.macs == macs == 38548959232


def test_wavenet_by_hand() -> None:
    """The variables that tensorflow-wavenet makes, and the receptive field that it computes."""
    first = 2 * 256 * 32
    layer = 2 * (2 * 32 * 32 + 32) + (32 * 32 + 32) + (32 * 512 + 512)
    last = 512 * 512 + 512 + 512 * 256 + 256
    found = report("wavenet")
    assert found.totals.parameters == first + 50 * layer + last == PARAMETERS["wavenet"]
    assert found.totals.work.macs == found.totals.weights * 16000
    field = found.layers[-1].receptive_field
    dilations = [2**i for i in range(10)] * 5
    assert field
    assert (field.size, field.start) == ((sum(dilations) + 2,), (-sum(dilations) - 1,))


def test_convmixer_by_hand() -> None:
    mixer = 768 * 49 + 768 * 768
    assert report("convmixer").totals.work.macs == (3 * 49 * 768 + 32 * mixer) * 32 * 32 + 768 * 1000


def test_auxiliary_heads() -> None:
    """torchvision says 27,161,264 of Inception v3 with its head, and has two in GoogLeNet."""
    assert analyze(load("inception_v3", settings=["auxiliary=true"])).totals.parameters == 27161264
    heads = sum(c * 128 + 2 * 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000 for c in (512, 528))
    with_heads = analyze(load("googlenet", settings=["auxiliary=true"])).totals.parameters
    assert with_heads == report("googlenet").totals.parameters + heads == 13004888


# name: the resolution a network was made for, by its paper, and the GMACs that torchvision publishes for it (`_ops` of
# its weights); for B2 torchvision evaluates at 288×288, and the paper says 1.0 billion at 260×260
RESOLUTIONS: dict[str, tuple[int, float | None]] = {
    "efficientnet_b0": (224, 0.386), "efficientnet_b1": (240, 0.687), "efficientnet_b2": (260, None),
    "efficientnet_b3": (300, 1.827), "efficientnet_b4": (380, 4.394), "efficientnet_b5": (456, 10.266),
    "efficientnet_b6": (528, 19.068), "efficientnet_b7": (600, 37.746), "efficientnet_v2_s": (384, 8.366),
    "efficientnet_v2_m": (480, 24.582), "efficientnet_v2_l": (480, 56.08), "inception_v3": (299, 5.713),
}  # fmt: skip


@pytest.mark.parametrize("name", RESOLUTIONS)
def test_resolution_a_network_was_made_for(name: str) -> None:
    size, published = RESOLUTIONS[name]
    found = report(name)
    assert found.input == (3, size, size)
    assert published is None or round(found.totals.work.macs / 1e9, 3) == published


def test_efficientnet_b2_where_torchvision_evaluates_it() -> None:
    assert round(analyze(load("efficientnet_b2", input="3x288x288")).totals.work.macs / 1e9, 3) == 1.088
    assert round(report("efficientnet_b2").totals.work.macs / 1e9, 1) == 1.0


def test_edsr_by_hand() -> None:
    """The paper says 43 million of the full network for ×4."""

    def parameters(features: int, depth: int, last: int) -> int:
        same = 9 * features * features + features
        return 27 * features + features + (2 * depth + 1) * same + last * same + 27 * features + 3

    def macs(features: int, depth: int) -> int:
        return 9 * (3 * features + (2 * depth + 1 + 4) * features**2) * 48**2 + 27 * features * 96**2

    assert report("edsr").totals.parameters == parameters(64, 16, 4)
    assert report("edsr").totals.work.macs == macs(64, 16) == 3162488832
    for factor, last in ((3, 9), (4, 8)):
        found = analyze(load("edsr", settings=[f"factor={factor}"]))
        assert found.totals.parameters == parameters(64, 16, last)
        assert found.output == (3, 48 * factor, 48 * factor)
    full = analyze(load("edsr", settings=["factor=4", "features=256", "depth=32", "shrink=0.1"])).totals
    assert full.parameters == parameters(256, 32, 8)
    assert round(full.parameters / 1e6) == 43


def test_segnet_by_hand() -> None:
    """All 3×3; the sizes of the maps are halved and rounded up."""
    maps = [360 * 480, 180 * 240, 90 * 120, 45 * 60, 23 * 30]
    down = [[3, 64, 64], [64, 128, 128], [128, 256, 256, 256], [256, 512, 512, 512], [512, 512, 512, 512]]
    up = [[64, 64, 11], [128, 128, 64], [256, 256, 256, 128], [512, 512, 512, 256], [512, 512, 512, 512]]
    convolutions = [chain(there, 3) + chain(back, 3) for there, back in zip(down, up, strict=True)]
    channels = sum(sum(each[1:]) for each in down + up)  # each with a bias
    normed = channels - 11
    totals = report("segnet").totals
    assert totals.parameters == sum(convolutions) + channels + 2 * normed == PARAMETERS["segnet"]
    assert totals.buffers == 2 * normed
    assert totals.work.macs == sum(weights * size for weights, size in zip(convolutions, maps, strict=True))


def test_pointnet_by_hand() -> None:
    points, dense = chain([3, 64, 64, 64, 128, 1024]), chain([1024, 512, 256, 40])
    biases, norms = 64 * 3 + 128 + 1024 + 512 + 256 + 40, 2 * (64 * 3 + 128 + 1024 + 512 + 256)
    totals = report("pointnet").totals
    assert (totals.parameters, totals.buffers) == (points + dense + biases + norms, norms)
    assert totals.work.macs == 1024 * points + dense == 151857152


def test_deepspeech2_by_hand() -> None:
    """1,312 = 32·41 channels enter the first of five layers, two vectors of biases for each of four gates."""
    convolutions, gates = [1 * 32 * 41 * 11, 32 * 32 * 21 * 11], 2 * 4 * 1024
    recurrent = [gates * (ins + 1024) for ins in (1312, *[1024] * 4)]
    others = 2 * 32 + 5 * 2 * gates + 2 * 2 * 32 + 5 * 2 * 1024 + 1024 * 29
    totals = report("deepspeech2").totals
    assert totals.parameters == sum(convolutions) + sum(recurrent) + others == PARAMETERS["deepspeech2"]
    maps = convolutions[0] * 81 * 500 + convolutions[1] * 41 * 500
    assert totals.work.macs == maps + (sum(recurrent) + 1024 * 29) * 500


def test_capsnet_by_hand() -> None:
    """Each of 32·6·6 capsules predicts 10 with a matrix of 8×16; a decoder of 160, 512, 1,024 and 784 elements."""
    convolutions, capsules = [81 * 256, 81 * 256 * 256], 32 * 6 * 6
    found = report("capsnet").totals
    assert found.parameters == sum(convolutions) + 2 * 256 + capsules * 10 * 8 * 16
    routing = 4 * capsules * 10 * 16  # two agreements, and as many sums but for the first
    assert found.work.macs == convolutions[0] * 400 + convolutions[1] * 36 + capsules * 10 * 8 * 16 + routing
    decoded = analyze(load("capsnet", settings=["reconstruction=true"]))
    assert decoded.totals.parameters == 8215568
    assert decoded.outputs["image"] == (784,)


@pytest.mark.parametrize(
    ("name", "gates", "hidden", "positions", "kilobytes", "operations"),
    [("kws_lstm", 4, 118, 49, 63.3, 5.9), ("kws_gru", 3, 154, 25, 78.8, 3.8)],
)
def test_keyword_spotting_by_hand(
    name: str, gates: int, hidden: int, positions: int, kilobytes: float, operations: float
) -> None:
    """As in the paper: a byte for each weight, number of the input and gate; two operations for each product."""
    weights, last = gates * hidden * (10 + hidden), hidden * 12
    totals = report(name).totals
    assert totals.parameters == weights + gates * hidden + last + 12 == PARAMETERS[name]
    assert round((totals.parameters + 10 * positions + gates * hidden) / 1000, 1) == kilobytes
    assert totals.work.macs == positions * weights + last
    assert round(2 * totals.work.macs / 1e6, 1) == operations


FUSED: list[tuple[str, list[str], int, float]] = [
    ("yolov5s", [], 7225885, 16.4),
    ("yolov5s", ["width=48", "depths=[2, 4, 6, 2]"], 21172173, 48.9),  # YOLOv5m
    ("yolov8n", [], 3151904, 8.7),
]


@pytest.mark.parametrize(("name", "settings", "parameters", "gflops"), FUSED)
def test_yolos_as_their_code_prints_them(name: str, settings: list[str], parameters: int, gflops: float) -> None:
    """`YOLOv8n summary (fused)`: each batch norm, of two numbers a channel, is folded into a bias."""
    found = analyze(load(name, settings=settings))
    channels = sum(layer.output[0] for layer in found.layers if layer.kind == "batch_norm")
    assert found.totals.parameters - channels == parameters
    assert round(2 * found.totals.work.macs / 1e9, 1) == gflops


def test_fixed_weights_of_yolov8n() -> None:
    """Its code says 3,157,200 parameters and 3,157,184 gradients."""
    fixed = next(layer for layer in report("yolov8n").layers if layer.path == "concat5.boxes.conv1")
    assert PARAMETERS["yolov8n"] - fixed.parameters == 3157184


# a bundled network and params → the parameters of a larger one, as osmr/imgclsmob, n2cholas/jax-resnet and yolov8.yaml
# of ultralytics give them
LARGER: list[tuple[str, list[str], int]] = [
    ("resnest50d", ["stem=64", "depths=[3, 4, 23, 3]"], 48275016),
    ("resnest50d", ["stem=64", "depths=[3, 24, 36, 3]"], 70201544),
    ("resnest50d", ["stem=64", "depths=[3, 30, 48, 8]"], 110929480),
    ("yolov8n", ["width=32"], 11166560),
]


@pytest.mark.parametrize(("name", "settings", "parameters"), LARGER)
def test_larger_ones(name: str, settings: list[str], parameters: int) -> None:
    assert analyze(load(name, settings=settings)).totals.parameters == parameters


# name → GMACs of the papers, and those of TensorFlow's code for the mobile one
CELLS = {"nasnet_a_large": 23.8, "nasnet_a_mobile": 0.564, "pnasnet5_large": 25.0, "hardnet68": 4.3}


@pytest.mark.parametrize("name", CELLS)
def test_macs_of_networks_of_cells(name: str) -> None:
    """As they are rounded there: HarDNet's 4.25 to 4.3, PNASNet's 24.94 to 25."""
    assert report(name).totals.work.macs / 1e9 == pytest.approx(CELLS[name], rel=0.013)


def wiring(network: Network) -> list[tuple[object, ...]]:
    """Every layer with what it reads: equal for networks that differ in their paths alone."""
    return [(repr(node.layer), node.inputs, node.input_shapes, node.shares) for node in network.nodes]


@pytest.mark.parametrize("name", [*CELLS, "unetpp"])
def test_repeats_with_a_memory_are_at_most_half_of_what_they_unroll_to(name: str) -> None:
    network, path = load(name), bundled_folder() / f"{name}.yaml"
    unrolled = write_network(network)
    assert wiring(read_text(Source("unrolled.yaml", unrolled)).require_network()) == wiring(network)
    assert 2 * len(path.read_text(encoding="utf-8").splitlines()) <= len(unrolled.splitlines())


def test_unetpp_with_deep_supervision() -> None:
    """Three more heads of 32 channels."""
    found = analyze(load("unetpp", settings=["deep_supervision=true"]))
    assert found.totals.parameters == PARAMETERS["unetpp"] + 3 * (32 + 1)
    assert found.outputs == {"1": (1, 96, 96), "2": (1, 96, 96), "3": (1, 96, 96)}


DETECTORS = {"retinanet_resnet50_fpn", "ssd300_vgg16", "yolov5s", "yolov8n"}
NOT_CLASSIFIERS = {"dcgan_generator", "dcgan_discriminator", "wavenet", "siamese", "edsr", "detr_encoder"}


@pytest.mark.parametrize("name", sorted({*bundled()} - NOT_CLASSIFIERS - DETECTORS))
def test_classes_are_a_param(name: str) -> None:
    """Every output, auxiliary ones included, has that many channels."""
    found = analyze(load(name, settings=["classes=7"]))
    assert {shape[0] for shape in (found.output, *found.outputs.values())} == {7}


@pytest.mark.parametrize(("name", "before", "axis"), [("yolov5s", 5, 1), ("yolov8n", 4, 0)])
def test_classes_of_detectors(name: str, before: int, axis: int) -> None:
    """After four numbers of the box, and whether there is one; torchvision's are in test_detection.py."""
    assert analyze(load(name, settings=["classes=7"])).output[axis] == before + 7


@pytest.mark.parametrize("name", ["inception_v1", "inception_v3", "googlenet"])
def test_auxiliary_heads_have_the_classes_too(name: str) -> None:
    found = analyze(load(name, settings=["classes=7", "auxiliary=true"]))
    assert found.outputs
    assert set(found.outputs.values()) == {(7,)}


# what holds for every bundled file


@pytest.mark.parametrize("name", bundled())
def test_every_file_is_clean_and_says_where_it_comes_from(name: str) -> None:
    found = read(name, check_expect=True)
    assert [problem.code for problem in found.problems] == []
    assert found.report
    assert find_year(found.report.source) or name == "two_conv"
    text = (bundled_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    assert re.search(r"^expect:\n  parameters: \d+", text, re.MULTILINE)


def blocks(path: Path) -> set[str]:
    """The blocks that a file declares, each as its text."""
    found = re.search(r"^blocks:\n((?:(?: .*)?\n)+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {block.strip() for block in re.split(r"^  (?=\S)", found[1], flags=re.MULTILINE)} - {""} if found else set()


def test_no_two_files_share_a_block() -> None:
    files = {path.name: blocks(path) for path in sorted(bundled_folder().glob("*.yaml"))}
    assert any(files.values())
    shared = {(a, b): files[a] & files[b] for a, b in combinations(files, 2) if files[a] & files[b]}
    assert shared == {}


def test_the_folder_is_small() -> None:
    """All of it is less than a few of the sources that it restates."""
    assert sum(path.stat().st_size for path in bundled_folder().glob("*.yaml")) < 128 * 1024
