"""What `run` and `verify` take on: exactly so much is done, more is refused, and the message says what for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cnncalc import limits, load
from cnncalc.cli.app import run
from cnncalc.execution import effort


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """5·7 outputs of 3·3 inputs each: 315 multiplications."""
    path = tmp_path / "net.yaml"
    path.write_text("input: [1, 7, 9]\nlayers:\n  - conv(1, 3)\n")
    return path


def test_multiplications_of_a_run(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(net), "--max-multiplications", "315"]) == 0
    capsys.readouterr()
    assert run(["run", str(net), "--max-multiplications", "314"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "needs 315 multiplications, more than the limit of 314;" in err
    assert "or --max-multiplications 315" in err


@pytest.mark.parametrize(
    ("layers", "refused"),
    [
        ("max_pool(20000, stride=1)", "10,001 outputs of 19,999 comparisons: 200,009,999 comparisons"),
        ("avg_pool(20000, stride=1)", "200,009,999 additions"),
        ("conv(1, 1, stride=10000, padding=100000000)",
         "200,000,000 zeros, 30,000 inputs, 20,003 outputs and 2 weights: 200,050,005 numbers to compute"),
        ("max_pool(3, 10**9, dilation=4 * 10**8, ceil=true)",
         "a window of 800,000,001, all but the input hanging over, and 1 output: 800,000,002 numbers to compute"),
        ("adaptive_avg_pool(30000)", "30,000 parts, 30,000 inputs: 900,000,000 positions to examine"),
    ],
)  # fmt: skip
def test_other_work_of_a_run(layers: str, refused: str, net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net.write_text(f"input: [1, 30000]\nlayers:\n  - {layers}\n")
    for option in ([], ["--matrix"] if "conv" in layers else []):
        assert run(["run", str(net), *option]) == 2
        assert (
            f"needs {refused.split(': ')[-1]}, more than the limit of {limits.RUN_OPERATIONS:,};"
            in capsys.readouterr().err
        )


def steps(path: Path) -> int:
    """What `verify` would weigh, with each layer by itself."""
    network = load(str(path))
    return effort.total_steps(effort.estimate_efforts(network, network.nodes, limits.VERIFIED_AT_MOST))


def test_steps_of_a_verification(
    net: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With nothing narrow enough; one channel and a bias, so that the layer by itself is the network."""
    monkeypatch.setattr("cnncalc.execution.verify.narrow", lambda *_: None)
    most = steps(net)
    monkeypatch.setattr(limits, "VERIFIED_AT_MOST", most)
    assert run(["verify", str(net)]) == 0
    capsys.readouterr()
    monkeypatch.setattr(limits, "VERIFIED_AT_MOST", most - 1)
    assert run(["verify", str(net)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"needs {most:,} steps" in err
    assert f"more than the limit of {most - 1:,}; use a smaller --input" in err


def test_steps_by_hand(net: Path) -> None:
    """63 inputs and 35 outputs, 50 each; 315 products and 315 sums.

    On either axis 7 or 9 inputs and 5 or 7 units, 20 each, and 4 for each of the 3 inputs that one of these reads.
    """
    assert steps(net) == (63 + 35) * 50 + 2 * 315 + (7 + 9 + 5 + 7) * 20 + (5 + 7) * 3 * 4


ENDLESS = {
    "a giant kernel": ("1000000000", "conv(1, 900000000, padding=half)", "conv1", "a smaller kernel there"),
    "a giant kernel, no padding": ("1000000000", "conv(1, 900000000)", "conv1", "a smaller kernel there"),
    "a giant kernel on little": ("8", "conv(1, 900000000, padding=half)", "conv1", "a smaller kernel there"),
    "a giant pool": ("1000000000", "max_pool(900000000, stride=1)", "max_pool1", "a smaller kernel there"),
    "a giant mean": ("1000000000", "avg_pool(900000000, stride=1)", "avg_pool1", "a smaller kernel there"),
    "a giant map": ("8, 8", "upsample(1000000)", "upsample1", "a smaller factor there"),
    "a giant border": ("8", "pad(400000000)", "pad1", "a smaller amount there"),
    "a giant padding": ("1", "conv(1, 1, stride=10000000, padding=1000000000)", "conv1", "a smaller padding there"),
    "a giant dilation": ("8", "conv(1, 3, padding=half, dilation=100000000)", "conv1", "a smaller dilation there"),
    "a window that hangs over": ("5", "max_pool(3, 10**9, dilation=400000000, ceil=true)", "max_pool1", "a smaller"),
    "many channels at once": ("8, 8", "local_response_norm(900000000)", "local_response_norm1", "a smaller size there"),
    "a transposed giant": ("8", "transposed_conv(1, 900000000, padding=450000000)", "transposed_conv1",
                           "a smaller kernel there"),
    "what is cut off": ("1", "transposed_conv(1, 2, dilation=500000000, padding=250000000)", "transposed_conv1",
                        "a smaller dilation there"),
    "a transposed stride": ("8", "transposed_conv(1, 100000, stride=1000000)", "transposed_conv1",
                            "a smaller stride there"),
    "strides that multiply": ("8", "conv(1, 3, stride=10, padding=1) * 9", "conv1",
                              "a smaller stride there: its windows extend far beyond the input"),
    "strides beyond all numbers": ("8", "conv(1, 3, stride=10, padding=1) * 999", "conv1", "a smaller stride there"),
}  # fmt: skip


@pytest.mark.sample(6)
@pytest.mark.parametrize("endless", ENDLESS)
def test_a_verification_that_would_not_end(endless: str, net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes, layer, path, help = ENDLESS[endless]
    net.write_text(f"input: [1, {sizes}]\nlayers:\n  - {layer}\n")
    assert run(["verify", str(net)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    reported = re.match(
        r"cnncalc: even with few channels net needs .* steps, .* of them for (\S+) \(.*limit of .*; use (.*)\n", err
    )
    assert reported, err
    assert reported[1] == path
    assert reported[2].startswith(help)


def test_elements_of_a_matrix(net: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(limits, "MATRIX_ELEMENTS", 35 * 63)
    assert run(["run", str(net), "--matrix"]) == 0
    capsys.readouterr()
    monkeypatch.setattr(limits, "MATRIX_ELEMENTS", 35 * 63 - 1)
    assert run(["run", str(net), "--matrix"]) == 2
    assert "has 35 × 63 elements, and more than 2,204 are not shown" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--input-data", "--weights"])
def test_bytes_of_inputs_and_weights(
    option: str, net: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = net.with_name("data.json")
    numbers = [[[0] * 9] * 7] if option == "--input-data" else {"conv1": {"weight": [[[[0] * 3] * 3]], "bias": [0]}}
    data.write_text(json.dumps(numbers))
    monkeypatch.setattr(limits, "DATA_BYTES", data.stat().st_size)
    assert run(["run", str(net), option, str(data)]) == 0
    data.write_text(data.read_text() + " ")
    capsys.readouterr()
    assert run(["run", str(net), option, str(data)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"cnncalc: {data} is larger than ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1", "the input is [1], but the network takes 1×7×9"),
        ("[[[1e999]]]", "finite numbers are expected, found one that is infinite"),
        ("[[[NaN]]]", "finite numbers are expected, found one that is infinite or not a number"),
        ("[" * 5_000, "lists and mappings are nested more than 100 levels deep"),
        ("[[[" + "9" * 5_000 + "]]]", "finite numbers are expected, found one that is infinite"),
        ("P2 9 7 255 " + "9" * 5_000, "not an integer of at most 9 digits"),
        ("P5 99999 99999 255 ", "a picture of 99999×99999 pixels"),
        ("", "expected nested lists of numbers, found nothing"),
    ],
)
def test_inputs_that_mean_harm(content: str, words: str, net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = net.with_name("data")
    data.write_text(content)
    assert run(["run", str(net), "--input-data", str(data)]) == 1
    assert words in capsys.readouterr().err
