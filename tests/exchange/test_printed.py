"""Modules that PyTorch printed: chains of Sequentials are read as the module itself, all else is refused as before."""

from __future__ import annotations

import warnings
from pathlib import Path
from random import Random
from typing import Any

import pytest

import cnncalc
from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.exchange.from_printed import parse
from cnncalc.exchange.printed_layers import LAYERS
from cnncalc.layers.frameworks import PYTORCH
from cnncalc.reading import read

PRINTED = """\
Sequential(
  (features): Sequential(
    (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)
    (1): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
    (2): ReLU(inplace=True)
    (3): Conv2d(8, 16, kernel_size=(3, 3), stride=(1, 1), padding=same, groups=2)
  )
  (1): AdaptiveAvgPool2d(output_size=(1, 1))
  (2): Flatten(start_dim=1, end_dim=-1)
  (3): Linear(in_features=16, out_features=10, bias=True)
)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_chain_of_sequentials_is_read(folder: Path) -> None:
    """Parameters by arithmetic: 8·3·9 + 2·8, 16·(8/2)·9 + 16, 10·16 + 10."""
    (folder / "net.txt").write_text(PRINTED)
    network = cnncalc.load("net.txt", input="3x32x32")
    assert [node.output for node in network.nodes][::3] == [(8, 16, 16), (16, 16, 16), (10,)]
    report = read("net.txt", inputs=["3x32x32"]).require_report()
    assert report.totals.parameters == 8 * 27 + 16 + 16 * 4 * 9 + 16 + 160 + 10
    assert "share weights" in network.notes


def test_a_byte_order_mark_and_line_ends_of_windows_are_read(folder: Path) -> None:
    (folder / "net.txt").write_bytes(b"\xef\xbb\xbf" + PRINTED.replace("\n", "\r\n").encode())
    assert len(cnncalc.load("net.txt", input="3x32x32").nodes) == 7


@pytest.mark.parametrize("text", ["1if 1else 2", "'\\d'", "1 is 1", "0x1for x in y"])
def test_python_has_no_say_about_what_is_read(text: str) -> None:
    """Its parser warns on standard error, which has messages of ours only."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert parse(f"Sequential(\n  (0): ReLU(inplace={text})\n)\n") is None or text.startswith("'")
    assert caught == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(2): ReLU(inplace=True)", "(2): MyBlock()"),
        ("(features): Sequential(", "(features): Features("),
        ("Sequential(\n  (features)", "Net(\n  (features)"),
        ("bias=True)\n)", "bias=True)"),
        ("bias=True)\n)", "bias=True)\n)\n)"),
        ("bias=True)\n)", "bias=True)\n)\nSequential(\n)"),
        ("(2): ReLU(inplace=True)", "(2): ReLU(inplace=open('/etc/passwd'))"),
        ("(2): ReLU(inplace=True)", "(2): ReLU(True)(True)"),
        ("(2): ReLU(inplace=True)", "(1): ReLU(inplace=True)"),
        ("(2): ReLU(inplace=True)", "(2-3): 2 x ReLU(inplace=True)"),
        ("(2): ReLU(inplace=True)", "(2): ReLU(inplace=" + "(" * 900 + ")" * 900 + ")"),
        ("(2): ReLU(inplace=True)", "(2): ReLU(inplace=" + "-" * 900 + "1)"),
        ("(2): ReLU(inplace=True)", "(2): ReLU(" + " " * limits.PRINTED_LINE + ")"),
    ],
)
def test_all_else_is_refused_with_the_way_by_the_module(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    assert old in PRINTED
    (folder / "net.txt").write_text(PRINTED.replace(old, new, 1))
    assert run(["import", "net.txt", "--input", "3x32x32", "-o", "net.yaml"]) == 1
    err = capsys.readouterr().err
    assert "net.txt is a printed PyTorch module" in err
    assert "cnncalc import mynet.py:Net" in err
    assert not (folder / "net.yaml").exists()


def test_sequentials_that_are_nested_too_deep_are_no_chain() -> None:
    def nested(depth: int) -> str:
        return "Sequential(\n" + "(0): Sequential(\n" * depth + "(0): ReLU()\n" + ")\n" * (depth + 1)

    found = parse(nested(limits.NESTING - 1))
    assert found is not None
    assert len(found) == limits.NESTING
    assert parse(nested(limits.NESTING)) is None


def test_a_text_of_too_many_lines_is_no_chain() -> None:
    def printed(lines: int) -> str:
        return "Sequential(\n" + "".join(f"({at}): ReLU()\n" for at in range(lines - 2)) + ")\n"

    assert len(parse(printed(limits.PRINTED_LINES)) or []) == limits.PRINTED_LINES - 2
    assert parse(printed(limits.PRINTED_LINES + 1)) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Conv2d(4, 8, kernel_size=(3, 3))", "its input has the size 3, not 4 as printed (Conv2d, 3×9×9, line 2)"),
        ("Conv2d(3, 8, kernel_size=(3, 3), groups=2)", "not divisible by 2 groups"),
        ("Conv2d(3, 8, kernel_size=(3, 3), groups=0)", "arguments that are not known"),
        ("Conv2d(3, 8, kernel_size=(3, 3), padding_mode=circular)", "a padding that is not zeros"),
        ("Conv2d(3, 8)", "arguments that are not known"),
        ("Conv2d(3, None, kernel_size=(3, 3))", "arguments that are not known"),
        ("AvgPool2d(kernel_size=2, stride=2, padding=0)", "depends on ceil_mode, which is not printed"),
        ("BatchNorm2d(3, affine=True, track_running_stats=False)", "the statistics of its batch"),
        ("Flatten(start_dim=0, end_dim=-1)", "batch"),
        ("Unflatten(dim=1, unflattened_size=(3, 1))", "a printed PyTorch module"),
    ],
)
def test_layers_that_cannot_be_said_are_refused_with_their_line(
    folder: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    (folder / "net.txt").write_text(f"Sequential(\n  (0): {line}\n)\n")
    assert run(["import", "net.txt", "--input", "3x9x9"]) == 1
    assert message in capsys.readouterr().err


def test_the_size_of_the_input_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.txt").write_text(PRINTED)
    assert run(["summary", "net.txt"]) == 1
    assert "--input 3x224x224" in capsys.readouterr().err
    (folder / "mlp.txt").write_text("Sequential(\n  (0): Linear(in_features=784, out_features=2, bias=True)\n)\n")
    assert cnncalc.load("mlp.txt").inputs == {"input": (784,)}  # a linear layer says it


@pytest.mark.sample(60)
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(
    "values", [["'x'"], ["None"], ["-1", "0"], ["10**9"], ["999999999999"] * 3, ["(1,)", "(2, 2)"]]
)
def test_values_of_other_types_are_refused_without_a_traceback(folder: Path, kind: str, values: list[str]) -> None:
    signature = PYTORCH.get(kind.rstrip("d").rstrip("123"))
    named = [f"{name}={values[at % len(values)]}" for at, name in enumerate(signature.parameters if signature else ())]
    for args in (", ".join(values), ", ".join(named)):
        (folder / "net.txt").write_text(f"Sequential(\n  (0): {kind}({args})\n)\n")
        found = read("net.txt", inputs=["3x9x9"])
        assert found.failed or found.require_network().nodes is not None


@pytest.mark.torch
def test_what_pytorch_prints_is_what_it_runs(folder: Path) -> None:
    """The network of the printed text is that of the module: layers, sizes, parameters."""
    nn: Any = pytest.importorskip("torch", reason="PyTorch is not installed").nn
    chains = {
        "3x32x32": nn.Sequential(
            nn.Conv2d(3, 8, 3, padding="same", bias=False), nn.BatchNorm2d(8, 0.1), nn.GroupNorm(2, 8, 0.1), nn.PReLU(),
            nn.Sequential(nn.ConvTranspose2d(8, 4, 3, 2, output_padding=1), nn.InstanceNorm2d(4), nn.ELU()),
            nn.Sequential(), nn.MaxPool2d(3, 2), nn.AvgPool2d(2), nn.ZeroPad2d((1, 2, 0, 1)), nn.ConstantPad2d(1, 2.0),
            nn.ReflectionPad2d(1), nn.ReplicationPad2d(2), nn.CircularPad2d(1),
            nn.Upsample(scale_factor=2), nn.PixelShuffle(2), nn.LocalResponseNorm(5),
            nn.Conv2d(1, 4, (3, 5), (1, 2), dilation=2), nn.ChannelShuffle(2), nn.Conv2d(4, 8, 1, groups=4),
            nn.LeakyReLU(0.2), nn.GELU(), nn.SiLU(), nn.Hardswish(), nn.Softplus(), nn.Dropout2d(0.3),
            nn.AdaptiveAvgPool2d((3, 1)), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 5), nn.Softmax(1),
        ),
        "2x24": nn.Sequential(
            nn.Conv1d(2, 6, 3), nn.BatchNorm1d(6, affine=False), nn.ReLU6(), nn.AvgPool1d(2), nn.PReLU(6),
            nn.LayerNorm((6, 11), 0.1), nn.InstanceNorm1d(6, 0.1, affine=True), nn.Flatten(),
            nn.Linear(66, 3, bias=False),
            nn.LayerNorm(3, elementwise_affine=False), nn.Identity(), nn.LogSoftmax(-1),
        ),
        "2x6x6x6": nn.Sequential(nn.Conv3d(2, 4, 3), nn.BatchNorm3d(4), nn.MaxPool3d(2), nn.AdaptiveAvgPool3d(1)),
    }  # fmt: skip
    for size, module in chains.items():
        (folder / "net.txt").write_text(f"{module}\n")
        printed, traced = cnncalc.load("net.txt", input=size), cnncalc.from_torch(module, size)
        assert [(node.layer, node.inputs, node.output) for node in printed.nodes] == [
            (node.layer, node.inputs, node.output) for node in traced.nodes
        ]
        own = sum(each.numel() for each in module.parameters())
        assert read("net.txt", inputs=[size]).require_report().totals.parameters == own


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_text_ends_in_a_network_or_in_messages_of_ours(folder: Path, seed: int) -> None:
    """Characters, and parts of lines, of a printed chain are dropped, doubled and exchanged."""
    rng = Random(seed)
    parts = [
        *"()[]{},=:.-'\"\\\t\n0123456789e ",
        "None",
        "True",
        "1e999",
        "kernel_size",
        "Sequential(",
        "(0): ReLU()",
        "é",
        "\0",
    ]
    for _ in range(60):
        text = PRINTED
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text))
            end = at + rng.choice((0, 0, 1, 3, 12, 60))
            text = text[:at] + rng.choice((*parts, text[at:end] * 2, "")) + text[end:]
        (folder / "net.txt").write_text(text, encoding="utf-8")
        found = read("net.txt", inputs=["3x32x32"])
        assert found.problems or found.network is not None
        assert all(problem.message and "Traceback" not in problem.message for problem in found.problems)
