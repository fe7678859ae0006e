"""`cnncalc export --to onnx`: which numbers a file has, where it is written, and what leaves none."""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path

import pytest

from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.execution.weights import sample_array
from cnncalc.reading import read

from .. import processes
from ..export.onnx_models import as_read
from .running import environment

NET = "name: Edges\nsource: by hand\ninput: [1, 4, 4]\nlayers:\n  - conv(1, 2) -> prelu -> flatten -> linear(2)\n"
GIVEN = {
    "conv1": {"weight": [[[[1, 2], [3, 4]]]], "bias": [5]}, "prelu1": {"weight": [0.5]},
    "linear1": {"weight": [list(range(9)), list(range(9, 18))]},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "given.json").write_text(json.dumps(GIVEN))
    return tmp_path


def arrays_of(path: Path) -> dict[str, list[float] | None]:
    """The arrays of a file: their numbers, None for those that have none."""
    return {name: each.load() for name, each in as_read(path.read_bytes(), path.parent).tensors.items()}


def test_arrays_of_a_file_of_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "net.yaml", "--to", "onnx", "-o", "net.onnx", "--weights", "given.json"]) == 0
    found = arrays_of(folder / "net.onnx")
    assert found["conv1.weight"] == [1, 2, 3, 4]
    assert found["conv1.bias"] == [5]
    assert found["prelu1.weight"] == [0.5]
    assert found["linear1.weight"] == [*range(18)]
    assert found["linear1.bias"] == [0, 0]  # as `run` has it
    assert capsys.readouterr() == ("", "cnncalc: note: omitted beside other arrays, so without effect: linear1.bias\n")


def test_arrays_of_the_architecture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of its layers; what no one gives has no numbers, and a note says so."""
    (folder / "net.yaml").write_text(NET + f"weights: {json.dumps({'conv1': GIVEN['conv1']})}\n")
    assert run(["export", "net.yaml", "--to", "onnx", "-o", "net.onnx"]) == 0
    found = arrays_of(folder / "net.onnx")
    assert found["conv1.weight"] == [1, 2, 3, 4]
    assert {name for name, numbers in found.items() if numbers is None} == {
        "prelu1.weight", "linear1.weight", "linear1.bias"
    }  # fmt: skip
    assert "3 arrays have no numbers" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "seed"), [([], 0), (["--seed", "5"], 5)])
def test_random_weights_are_those_of_run(folder: Path, options: list[str], seed: int) -> None:
    assert run(["export", "net.yaml", "--to", "onnx", "-o", "net.onnx", "--random-weights", *options]) == 0
    found = arrays_of(folder / "net.onnx")
    for node in read("net.yaml").require_network().nodes:
        for weight in node.layer.weights(node.input_shapes):
            numbers = sample_array(seed, node, weight.name, weight.shape)
            singles = [struct.unpack("<f", struct.pack("<f", number))[0] for number in numbers]
            assert found[f"{node.path}.{weight.name}"] == singles


def test_a_file_is_the_same_each_time_and_to_a_pipe(folder: Path) -> None:
    command = ["export", "net.yaml", "--to", "onnx", "--random-weights", "-o"]
    for name in ("one.onnx", "two.onnx"):
        assert run([*command, name]) == 0
    data = (folder / "one.onnx").read_bytes()
    assert data == (folder / "two.onnx").read_bytes()
    assert b"Edges" in data
    assert b"by hand" in data
    piped = [sys.executable, "-m", "cnncalc", *command, "-"]
    done = processes.run(piped, capture_output=True, env=environment(), cwd=folder)
    assert (done.returncode, done.stdout) == (0, data)


def assert_no_file(folder: Path, args: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(folder.iterdir())
    assert run(["export", "net.yaml", "--to", "onnx", *args]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ([], 2, "an ONNX file is not text: name it with --output FILE, or - for standard output"),
        (["-o", "missing/net.onnx"], 1, "cannot write 'missing/net.onnx': No such file or directory"),
        (["-o", "net.onnx", "--weights", "nowhere.json"], 1, "cannot read nowhere.json: No such file or directory"),
        (["-o", "net.onnx", "--weights", "part.json"], 1, "`weight` [1] of prelu1 is not given, nor 2 other arrays"),
        (["-o", "net.onnx", "--weights", "wrong.json"], 1, "`weight` of conv1 is [1], but [1, 1, 2, 2] is needed"),
        (["-o", "net.onnx", "--weights", "large.json"], 1, "conv1.weight has a number that single precision cannot"),
        (["-o", "net.onnx", "--seed", "5"], 2, "`--seed` has an effect only with `--random-weights`"),
    ],
)
def test_what_leaves_no_file(
    folder: Path, args: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "part.json").write_text(json.dumps({"conv1": GIVEN["conv1"]}))
    (folder / "wrong.json").write_text(json.dumps({**GIVEN, "conv1": {"weight": [1]}}))
    (folder / "large.json").write_text(json.dumps({**GIVEN, "conv1": {"weight": [[[[1e200, 2], [3, 4]]]]}}))
    assert_no_file(folder, args, code, message, capsys)


def test_weights_are_for_onnx(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--weights", "given.json"], ["--random-weights"]):
        assert run(["export", "net.yaml", "--to", "pytorch", *option]) == 2
        assert f"`{option[0]}` has an effect only with `--to onnx`" in capsys.readouterr().err


def test_what_protobuf_cannot_hold(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(limits, "PROTOBUF_BYTES", 500)
    message = "bytes, but protobuf allows 500; without numbers of its parameters it is small"
    assert_no_file(folder, ["-o", "net.onnx", "--random-weights"], 1, message, capsys)


def test_what_onnx_cannot_say(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.yaml").write_text("input: [1, 4, 4]\nlayers:\n  - max_pool(1, stride=2, ceil=true, dialect=caffe)\n")
    assert_no_file(folder, ["-o", "net.onnx"], 1, "net.yaml:3:5: error[no-counterpart]: ONNX: ", capsys)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = f"cannot write '/dev/full': {os.strerror(28)}"
    assert_no_file(folder, ["-o", "/dev/full", "--random-weights"], 1, message, capsys)
