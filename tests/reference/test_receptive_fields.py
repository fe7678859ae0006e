"""Receptive fields that TensorFlow-Slim publishes, and those that the recurrence gives for the bundled networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import LayerReport, ReceptiveField, Report
from cnncalc.reading import load

from ..networks import report as report_of

REFERENCE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "receptive-fields.yaml").read_text())

# conv1 11×11/4 VALID, pools 3×3/2 VALID, the rest SAME
ALEXNET_V2 = """
input: [3, 224, 224]
layers:
  - conv(64, 11, stride=4) -> max_pool(3, stride=2)
  - conv(192, 5, padding=half) -> max_pool(3, stride=2)
  - conv(384, 3, padding=half) -> conv(384, 3, padding=half) -> conv(256, 3, padding=half)
  - max_pool(3, stride=2)
"""
NAMED_LIKE_OURS = {"pool1": "max_pool1", "pool2": "max_pool2", "pool5": "max_pool3"}


def triple(field: ReceptiveField | None) -> list[Any]:
    """[size, stride, padding] as the reference has it, padding = −start; the same on both axes."""
    assert field is not None
    assert field.size[0] == field.size[1]
    assert field.start[0] == field.start[1]
    return [field.size[0], field.stride[0], -field.start[0]]


def last_map(report: Report) -> LayerReport:
    return [layer for layer in report.layers if layer.receptive_field and not layer.whole][-1]


def test_alexnet_v2_of_slim() -> None:
    found = {layer.path: triple(layer.receptive_field) for layer in report_of(ALEXNET_V2).layers}
    expected = {NAMED_LIKE_OURS.get(name, name): value for name, value in REFERENCE["slim"]["alexnet_v2"].items()}
    assert {path: found[path] for path in expected} == expected


@pytest.mark.parametrize(("name", "network"), [("vgg_16", "vgg16"), ("vgg_11", "vgg11")])
def test_vgg_of_slim(name: str, network: str) -> None:
    """Slim's VGG is the paper's: its pool n ends our n-th block."""
    found = {
        layer.path: triple(layer.receptive_field) for layer in analyze(load(network)).layers if "pool" in layer.path
    }
    expected = {f"vgg{pool[-1]}.max_pool1": value for pool, value in REFERENCE["slim"][name].items()}
    assert {path: found[path] for path in expected} == expected


SLIM_RESNET = """
extends: resnet50_v1
params: {{depths: {}}}
layers:
  - conv_bn(64, 7, 2) -> relu -> max_pool(3, stride=2, padding=same)
  - stage(64, depths[0], 1)
  - stage(128, depths[1], 2)
  - stage(256, depths[2], 2)
  - stage(512, depths[3], 2)
"""


@pytest.mark.parametrize(("name", "depths"), [("resnet_v1_50", "[3, 4, 6, 3]"), ("resnet_v1_101", "[3, 4, 23, 3]")])
def test_resnet_v1_of_slim(name: str, depths: str) -> None:
    """Slim strides in a stage's last unit; at the end it agrees with the stride on the 1×1 of each first unit.

    Its first pool is SAME, which at even sizes puts the one odd row after: there it starts 2 further right than ours.
    """
    report = report_of(SLIM_RESNET.format(depths))
    assert triple(last_map(report).receptive_field) == REFERENCE["slim"][name]["last"]
    ours = triple(last_map(analyze(load("resnet50_v1", settings=[f"depths={depths}"]))).receptive_field)
    assert ours == [size + extra for size, extra in zip(REFERENCE["slim"][name]["last"], (0, 0, 2), strict=True)]


@pytest.mark.parametrize(
    ("name", "network", "settings"),
    [
        ("resnet50-v1", "resnet50_v1", []),
        ("resnet101-v1", "resnet50_v1", ["depths=[3, 4, 23, 3]"]),
        ("resnet152-v1", "resnet50_v1", ["depths=[3, 8, 36, 3]"]),
        ("resnet50-v1.5", "resnet50", []),
        ("resnet101-v1.5", "resnet101", []),
        ("resnet152-v1.5", "resnet152", []),
    ],
)
def test_resnet_by_recurrence(name: str, network: str, settings: list[str]) -> None:
    assert (
        triple(last_map(analyze(load(network, settings=settings))).receptive_field)[0] == REFERENCE["recurrence"][name]
    )


PADDED_POOLS = """
extends: inception_v1
blocks:
  halve(kernel=3):
    - max_pool(kernel, stride=2, padding=1)
"""


def test_inception_v1_by_recurrence() -> None:
    """The entry pads the four pools by 1; Caffe's have no padding and start j further right: 2 + 4 + 8 + 16."""
    size, stride, padding = REFERENCE["recurrence"]["inception_v1 (true 5x5 branch)"]
    assert triple(last_map(report_of(PADDED_POOLS)).receptive_field) == [size, stride, padding]
    published = analyze(load("inception_v1"))
    assert triple(last_map(published).receptive_field) == [size, stride, padding - (2 + 4 + 8 + 16)]


def test_googlenet_as_torchvision_builds_it() -> None:
    """3×3 in the 5×5 branch, so that no path is wider than the 3×3 one."""
    report = report_of("""
        extends: inception_v1
        blocks:
          inception(c1, r3, c3, r5, c5, proj):
            - concat:
                1x1:  conv_relu(c1, 1)
                3x3:  conv_relu(r3, 1) -> conv_relu(c3, 3)
                5x5:  conv_relu(r5, 1) -> conv_relu(c5, 3)
                pool: max_pool(3, stride=1, padding=1) -> conv_relu(proj, 1)
    """)
    expected = REFERENCE["recurrence"]["googlenet as torchvision builds it (3x3 in the 5x5 branch)"]
    assert triple(last_map(report).receptive_field)[0] == expected


# The geometry of Slim's inception_v3, one channel wide: VALID in the stem and where the map halves, SAME elsewhere.
INCEPTION_V3 = """
input: [3, 299, 299]
blocks:
  same(kernel):
    - conv(1, kernel, padding=half)
  pool:
    - avg_pool(3, stride=1, padding=1) -> same(1)
  seven_wide:
    - same([1, 7]) -> same([7, 1])
  mixed_5:
    - concat:
        - same(1)
        - same(1) -> same(5)
        - same(1) -> same(3) -> same(3)
        - pool
  mixed_6:
    - concat:
        - same(1)
        - same(1) -> seven_wide
        - same(1) -> same([7, 1]) -> same([1, 7]) -> same([7, 1]) -> same([1, 7])
        - pool
  mixed_7:
    - concat:
        - same(1)
        - same(1) -> cross
        - same(1) -> same(3) -> cross
        - pool
  cross:
    - concat:
        - same([1, 3])
        - same([3, 1])
layers:
  - conv(1, 3, stride=2) -> conv(1, 3) -> same(3) -> max_pool(3, stride=2)
  - conv(1, 1) -> conv(1, 3) -> max_pool(3, stride=2)
  - mixed_5 * 3
  - concat:
      - conv(1, 3, stride=2)
      - same(1) -> same(3) -> conv(1, 3, stride=2)
      - max_pool(3, stride=2)
  - mixed_6 * 4
  - concat:
      - same(1) -> conv(1, 3, stride=2)
      - same(1) -> seven_wide -> conv(1, 3, stride=2)
      - max_pool(3, stride=2)
  - mixed_7 * 2
"""


def test_inception_v3_of_slim() -> None:
    assert triple(last_map(report_of(INCEPTION_V3)).receptive_field) == REFERENCE["slim"]["inception_v3"]["last"]
