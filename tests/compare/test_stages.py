"""The stages of networks, as the tables of papers print them."""

from __future__ import annotations

import json

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.cli.app import run
from cnncalc.compare.side_by_side import ComparedNetwork
from cnncalc.compare.stages import list_stages, split_stages
from cnncalc.reading import load
from cnncalc.spec.files import bundled

from ..cli.running import cnncalc
from ..networks import report

RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
# He et al., Deep Residual Learning for Image Recognition, Table 1: blocks of conv2_x to conv5_x
DEPTHS = {
    "resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3), "resnet50": (3, 4, 6, 3),
    "resnet101": (3, 4, 23, 3), "resnet152": (3, 8, 36, 3),
}  # fmt: skip


def contents(text: str) -> list[str]:
    return [str(stage) for stage in split_stages(report(text)).values()]


def test_table_1_of_resnet() -> None:
    networks = [ComparedNetwork(name, analyze(load(name))) for name in RESNETS]
    rows = list_stages(networks)
    assert [row.sizes for row in rows] == [(112, 112), (56, 56), (28, 28), (14, 14), (7, 7), (1, 1)]
    for number, name in enumerate(RESNETS):
        wanted = ["7×7, 64, stride 2"]
        for width, depth in zip((64, 128, 256, 512), DEPTHS[name], strict=True):
            basic, bottleneck = f"3×3, {width} → 3×3, {width}", f"1×1, {width} → 3×3, {width} → 1×1, {4 * width}"
            wanted.append(f"[{basic if number < 2 else bottleneck}] ×{depth}")
        wanted[1] = f"max pool 3×3, stride 2 → {wanted[1]}"
        wanted.append("global avg pool → linear 1000 → softmax")
        assert [str(row.stages[number]) for row in rows] == wanted


def test_stages_of_vgg_are_numbers_of_convolutions() -> None:
    """Simonyan & Zisserman, Table 1, D: 2, 2, 3, 3 and 3 convolutions, each row ending with a pool."""
    found = [str(stage) for stage in split_stages(analyze(load("vgg16"))).values()]
    pairs = zip((64, 128, 256, 512, 512), (2, 2, 3, 3, 3), strict=True)
    assert found[:5] == [f"3×3, {width} ×{count} → max pool 2×2, stride 2" for width, count in pairs]
    assert found[5] == "linear 4096 ×2 → linear 1000 → softmax"


def test_branches_of_inception_are_all_shown() -> None:
    """Szegedy et al., Table 1, inception (3a): 64, 96 → 128, 16 → 32, pool → 32."""
    stage = split_stages(analyze(load("inception_v1")))[(28, 28), 1]
    three_a = "1×1, 64 | 1×1, 96 → 3×3, 128 | 1×1, 16 → 5×5, 32 | max pool 3×3 → 1×1, 32"
    assert str(stage.parts[1]) == f"[{three_a}]"


def test_gates_and_groups_have_words() -> None:
    assert "[1×1, 96 → depthwise 3×3, 96, stride 2 → gate → 1×1, 24]" in str(
        split_stages(analyze(load("efficientnet_b0")))[(56, 56), 1]
    )
    assert contents("layers: ['conv(6, 3, padding=1, groups=3)']") == ["3×3, 6, 3 groups"]


def test_what_recurs_is_counted() -> None:
    assert contents("layers: ['(conv(3, 1) -> relu) * 4']") == ["1×1, 3 ×4"]
    assert contents("layers: ['(conv(3, 1) -> conv(3, 3, padding=1)) * 2']") == ["[1×1, 3 → 3×3, 3] ×2"]
    assert contents("layers: [relu]") == []


def test_sizes_that_only_one_network_has() -> None:
    networks = [
        ComparedNetwork("a", report("layers: ['conv(1, 1)', 'max_pool(2)', 'max_pool(2)']")),
        ComparedNetwork("b", report("layers: ['conv(1, 1)', 'conv(1, 3)', 'max_pool(3)']")),
    ]
    rows = list_stages(networks)
    assert [row.sizes for row in rows] == [(8, 8), (6, 6), (4, 4), (2, 2)]
    assert {row.sizes: tuple(stage is not None for stage in row.stages) for row in rows} == {
        (8, 8): (True, True), (6, 6): (False, True), (4, 4): (True, False), (2, 2): (True, True),
    }  # fmt: skip


@pytest.mark.sample(4)
@pytest.mark.parametrize("name", bundled())
def test_stages_of_every_architecture(name: str) -> None:
    """All layers with macs are in a stage, and none of its texts is empty."""
    made = analyze(load(name))
    stages = split_stages(made)
    assert all(part.text for stage in stages.values() for part in stage.parts)
    assert bool(stages) == any(layer.work.macs for layer in made.layers)


@pytest.mark.parametrize("format", ["table", "markdown", "latex", "csv"])
def test_every_format_has_the_stages(format: str) -> None:
    done = cnncalc("compare", "resnet18", "resnet50", "--stages", "--format", format)
    assert done.returncode == 0
    for text in ("conv5_x", "1000", "25,557,032"):
        assert text in done.stdout.replace("\\_", "_").replace("25557032", "25,557,032")


@pytest.mark.parametrize("options", [("--convention", "thop"), ("--columns", "macs(thop)")])
def test_figures_as_another_tool_counts_them(options: tuple[str, str]) -> None:
    """What thop prints of torchvision's ResNet-18, and the softmax after it: 1000 + 999 + 1000."""
    done = cnncalc("compare", "resnet18", "resnet50", "--stages", *options)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("thop MACs"))
    assert line.split()[2] == f"{1_824_033_792 + 2_999:,}"


def test_stages_as_json() -> None:
    done = cnncalc("compare", "resnet18", "resnet50", "--stages", "--format", "json")
    found = json.loads(done.stdout)
    assert [each["label"] for each in found["architectures"]] == ["resnet18", "resnet50"]
    assert found["stages"][2] == {
        "name": "conv3_x",
        "sizes": [28, 28],
        "networks": [
            {"name": "conv3_x", "output": [128, 28, 28], "parts": [{"text": "3×3, 128 → 3×3, 128", "count": 2}]},
            {"name": "conv3_x", "output": [512, 28, 28],
             "parts": [{"text": "1×1, 128 → 3×3, 128 → 1×1, 512", "count": 4}]},
        ],
    }  # fmt: skip


def test_a_narrow_terminal_has_one_network_below_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "resnet18", "resnet50", "--stages", "--width", "80"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "resnet18"
    assert "  conv3_x   28×28    [3×3, 128 → 3×3, 128] ×2" in lines
    assert max(map(len, lines)) <= 80


def test_blocks_have_a_column_with_what_they_hold() -> None:
    done = cnncalc("summary", "resnet50", "--columns", "layer,contents", "--depth", "2")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "bottleneck1 ×3 [1×1, 64 → 3×3, 64 → 1×1, 256] ×3" in lines
    assert "max_pool1 max pool 3×3, stride 2" in lines
    assert "relu1" in lines
