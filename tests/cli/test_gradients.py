"""`cnncalc run --gradient` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnncalc import limits, load
from cnncalc.cli.app import run

from .running import cnncalc

LECTURE = """\
input: [1, 3, 3]
layers:
  - conv(1, 2, bias=false)
weights:
  conv1: {weight: [[[[1, 2], [3, 4]]]]}
"""


@pytest.fixture
def lecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(LECTURE)
    Path("gradient.json").write_text("[[[10, 20], [30, 40]]]")
    return "net.yaml"


def test_the_example_of_the_lecture(lecture: str) -> None:
    """I = 1…9, K = [[1, 2], [3, 4]], dO = [[10, 20], [30, 40]]."""
    given = ("--input-data", "1 2 3; 4 5 6; 7 8 9", "--gradient")
    done = cnncalc("run", lecture, *given, "--output-gradient", "gradient.json")
    assert done.stderr == ""
    assert done.stdout == (
        "conv1  conv\n"
        "  dL/dK = input ∗ dL/dO   weight 1×1×2×2\n"
        "    370  470\n"
        "    670  770\n"
        "\n"
        "input  1×3×3\n"
        "  dL/dI = dL/dO fully convolved with the kernel turned by 180°   through conv1\n"
        "    10   40   40\n"
        "    60  200  160\n"
        "    90  240  160\n"
    )
    assert cnncalc("run", lecture, *given, "--output-gradient", "10 20; 30 40").stdout == done.stdout


def test_json_has_the_gradients_by_path_and_name(lecture: str) -> None:
    done = cnncalc("run", lecture, "--input-data", "ones", "--gradient", "--format", "json")
    assert json.loads(done.stdout) == {
        "format": 1,
        "name": "net",
        "inputs": {"input": {"shape": [1, 3, 3], "values": [[[1, 3, 2], [4, 10, 6], [3, 7, 4]]]}},
        "weights": {"conv1": {"weight": {"shape": [1, 1, 2, 2], "values": [[[[4, 4], [4, 4]]]]}}},
    }


def test_sizes_of_gradients_as_json() -> None:
    """A unit of four is dead."""
    done = cnncalc("run", "relu", "--input-data", "-1 1 2 3", "--gradient", "--stats", "--format", "json")
    assert json.loads(done.stdout)["stats"] == [
        {"path": "input", "output": {"mean": 0.75, "largest": 1, "zeros": 0.25}, "weights": None},
        {"path": "relu1", "output": {"mean": 1, "largest": 1, "zeros": 0}, "weights": None},
    ]


def test_gradients_of_a_layer_before_the_last() -> None:
    done = cnncalc("run", "affine(3) -> affine(5)", "--input-data", "1 2", "--gradient", "--at", "affine1")
    assert done.stdout.splitlines()[-1].split() == ["3", "3"]


def test_the_softmax_has_a_note() -> None:
    done = cnncalc("run", "linear(2) -> softmax", "--input-data", "1 2", "--gradient")
    assert "always add up to 1" in done.stderr
    assert cnncalc("run", "softmax", "--input-data", "1 2", "--gradient", "--output-gradient", "1 0").stderr == ""


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (("--output-gradient", "1 2 3"), "1 2 3: the gradient is [3], but the output of conv1 is 1×2×2"),
        (("--output-gradient", "1 2; 3"), "1 2; 3: "),
        (("--output-gradient", "none.json"), "cannot read none.json: "),
        (("--at", "conv2"), "did you mean `conv1`?"),
    ],
)
def test_what_is_wrong(args: tuple[str, ...], wanted: str, lecture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", lecture, "--gradient", *args]) in (1, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert wanted in err


def test_a_gradient_of_several_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = tmp_path / "net.yaml"
    net.write_text("input: [2]\nlayers:\n  - outputs:\n      a: linear(2)\n      b: linear(3)\n")
    assert run(["run", str(net), "--gradient", "--output-gradient", "1 2", "--at", "outputs1"]) == 2
    assert "choose one with --at PATH" in capsys.readouterr().err
    assert run(["run", str(net), "--gradient", "--at", "outputs1"]) == 0


@pytest.mark.parametrize("value", ["1e308", "-1e308"])
def test_large_numbers_pass(value: str) -> None:
    for layers in (
        "conv(2, 2) -> batch_norm -> gelu",
        "layer_norm -> softmax",
        "exp -> log",
        "log -> softplus",
    ):
        rows = "; ".join([f"{value} {value} 1"] * 3)
        for more in ((), ("--stats",), ("--picture",)):
            done = cnncalc("run", layers, "--input-data", rows, "--gradient", "--output-gradient", "ones", *more)
            assert done.returncode == 0, done.stderr
            assert done.stdout


def test_operations_of_a_layer(
    lecture: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """16 multiplications and 12 additions."""
    monkeypatch.setattr(limits, "GRADIENT_OPERATIONS", 28)
    assert run(["run", lecture, "--gradient"]) == 0
    monkeypatch.setattr(limits, "GRADIENT_OPERATIONS", 27)
    capsys.readouterr()
    assert run(["run", lecture, "--gradient"]) == 2
    assert "conv1 takes 28 operations, and gradients are computed of layers with at most 27" in capsys.readouterr().err


def test_steps_of_all_layers(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten units with a comparison each are a hundred steps."""
    chain = ["run", "relu -> relu", "--input", "10", "--gradient", "--max-multiplications"]
    assert run([*chain, str(2 * 10 * limits.GRADIENT_STEPS)]) == 0
    capsys.readouterr()
    assert run([*chain, str(2 * 10 * limits.GRADIENT_STEPS - 1)]) == 2
    assert "take 200 steps, more than the limit of 199" in capsys.readouterr().err


def test_memory_of_a_tape(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "layer_norm -> gelu", "--input", "30000", "--gradient", "--stats", "--max-memory", "12"]) == 2
    assert "the gradients of gelu1 need more than the limit of 12 MB of memory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("layers", "input"),
    [
        ("sigmoid", "1x182x182"),
        ("gelu", "1x140x140"),
        ("batch_norm", "16x50x50"),
        ("layer_norm", "100x132"),
        ("max_pool(3, 1)", "1x111x111"),
        ("avg_pool(3, 1)", "1x107x107"),
        ("softmax", "8x51x51"),
        ("conv(4, 3)", "1x38x38"),
        ("linear(223)", "223"),
    ],
)
def test_operations_are_the_limit_and_not_memory(layers: str, input: str) -> None:
    """A layer with the 20th part of the operations that are allowed takes no more than the 20th part of the memory."""
    most = limits.MEMORY // 10**6 // 20
    node = load(layers, input=input).nodes[0]
    work = node.layer.work(node.input_shapes, node.output)
    assert 0.8 <= 20 * (sum(work) - work.macs - work.attention_macs) / limits.GRADIENT_OPERATIONS <= 1
    assert run(["run", layers, "--input", input, "--gradient", "--stats", "--max-memory", str(most)]) == 0
