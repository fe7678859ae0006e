"""`run --unit` and `run --explain`: the examples of the texts that the project grew from, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnncalc import limits
from cnncalc.cli.app import run

GRID = "1 2 3 4; 5 6 7 8; 9 10 11 12"
ONE_TO_NINE = "1 2 3; 4 5 6; 7 8 9"
NET = """\
input: [2, 3, 3]
layers: ['conv(1, 2, padding=1)']
weights:
  conv1: {weight: [[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]], bias: [0.5]}
"""
MERGE = """\
input: [1, 2, 2]
layers:
  - add: {a: relu, b: identity}
  - max_pool(2)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "merge.yaml").write_text(MERGE)
    return tmp_path


def show(capsys: pytest.CaptureFixture[str], *args: str) -> list[str]:
    assert run(["run", *args]) == 0, capsys.readouterr().err
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def dump(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    assert run(["run", *args, "--format", "json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)["numbers"]


def test_one_value_of_a_convolution_is_393(capsys: pytest.CaptureFixture[str]) -> None:
    found = show(
        capsys, "conv(1, 3, bias=false)", "--kernel", ONE_TO_NINE, "--input-data", GRID, "--unit", "0,0,1"
    )  # fmt: skip
    assert found == [
        "conv1 unit 0,0,1 of 1×1×2, conv",
        "2·1 + 3·2 + 4·3 + 6·4 + 7·5 + 8·6 + 10·7 + 11·8 + 12·9 = 393",
        "reads input 1×3×4: 9 units, channel 0, rows 0 to 2, columns 1 to 3",
        "[ ] is read",
        "1 [2] [3] [4]",
        "5 [6] [7] [8]",
        "9 [10][11][12]",
    ]


def test_channels_are_apart_and_so_is_the_bias_and_padding_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """Channel 0 has 1 to 9, channel 1 has 10 to 18; the first window has only its last place on the input."""
    found = show(capsys, "net.yaml", "--input-data", "ramp", "--unit", "0,0,1")
    assert found[1:5] == [
        "channel 0 0·1 + 0·2 + 1·3 + 2·4 = 11",
        "channel 1 0·5 + 0·6 + 10·7 + 11·8 = 158",
        "bias 0.5",
        "sum 11 + 158 + 0.5 = 169.5",
    ]
    assert found[6:] == [
        "channel 0 of 2, [ ] is read, · is padding",
        "[·][·] ·", "[1][2] 3", "4 5 6", "7 8 9"
    ]  # fmt: skip


def test_a_window_on_three_axes_is_drawn_by_its_depths(capsys: pytest.CaptureFixture[str]) -> None:
    """Of 1 to 8 the first unit reads all, and padding before the first depth."""
    found = show(capsys, "conv(1, 3, padding=1)", "--input", "1x2x2x2", "--input-data", "ramp", "--unit", "0,0,0,0")
    assert found[-9:] == [
        "depth -1 of 2, all is padding",
        *("depth 0, [ ] is read, · is padding", "[·][·][·]", "[·][1][2]", "[·][3][4]"),
        *("depth 1, [ ] is read, · is padding", "[·][·][·]", "[·][5][6]", "[·][7][8]"),
    ]


def test_a_wide_window_has_fewer_digits(capsys: pytest.CaptureFixture[str]) -> None:
    found = show(capsys, "alexnet", "--at", "conv1", "--unit", "0,0,0", "--width", "72")
    assert found[-12] == "channel 0 of 3, [ ] is read"
    assert all(line.count("[0.") == 11 and len(line) <= 72 for line in found[-11:])


def test_through_several_layers_and_a_merge(capsys: pytest.CaptureFixture[str]) -> None:
    """Units of the pool, of the sum that it reads, and of its branches; what passes an input on is itself."""
    found = dump(capsys, "merge.yaml", "--input-data", "1 -2; 3 -4", "--unit", "0,0,0", "--through", "3")
    texts = {(each["path"], tuple(each["unit"])): each["steps"][-1]["lines"][0]["text"] for each in found}
    assert texts["max_pool1", (0, 0, 0)] == "max(2.0, -2.0, 6.0, -4.0)"
    assert texts["add1", (0, 0, 1)] == "0.0 + (-2.0)"
    assert texts["add1.a.relu1" if ("add1.a.relu1", (0, 1, 0)) in texts else "add1.a", (0, 1, 0)] == "max(3.0, 0.0)"
    assert [each["path"] for each in found][:2] == ["max_pool1", "add1"]


def test_what_a_pool_has_found_is_where_its_values_are_put_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The largest of four is at the second place, so that only there is a number, which comes from the first unit."""
    (folder / "unpool.yaml").write_text("input: [1, 2, 2]\nlayers: ['p = max_pool(2)', relu, max_unpool(p)]\n")
    for unit, text in (("0,0,1", "9"), ("0,0,0", "0")):
        assert show(capsys, "unpool.yaml", "--input-data", "1 9; 2 3", "--unit", unit, "--through", "9")[1] == text


def test_the_softmax_is_written_with_its_largest_input(capsys: pytest.CaptureFixture[str]) -> None:
    found = show(capsys, "softmax", "--input-data", "2 1 0.1", "--unit", "0")
    assert found[1:4] == [
        "t1 max(2, 1, 0.1) = 2", "t2 exp(2 − t1) = 1", "t2/(t2 + exp(1 − t1) + exp(0.1 − t1)) = 0.659"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chain", "data", "unit", "text"),
    [
        ("max_pool(2)", GRID, "0,0,1", "max(3, 4, 7, 8) = 8"),
        ("max_pool(3, padding=1)", ONE_TO_NINE, "0,0,0", "max(1, 2, 4, 5) = 5"),
        ("avg_pool(2)", GRID, "0,0,0", "(1 + 2 + 5 + 6)/4 = 3.5"),
        ("relu", "-3 4", "0", "max(-3, 0) = 0"),
        ("relu6", "-3 8", "1", "min(max(8, 0), 6) = 6"),
        ("leaky_relu(0.5)", "-3 4", "0", "(-3 if -3 > 0 else (-3)/2) = -1.5"),
        ("sigmoid", "0 1", "0", "1/(exp(-0) + 1) = 0.5"),
        ("tanh", "0 1", "1", "tanh(1) = 0.76159"),
        ("flatten", ONE_TO_NINE, "5", "6"),
        ("dropout", "1 2 3", "2", "3"),
        ("global_avg_pool", "1 2; 3 6", "0,0,0", "(1 + 2 + 3 + 6)/4 = 3"),
        ("upsample(2)", "1 2; 3 6", "0,1,2", "2"),
    ],
)
def test_kinds_in_their_own_terms(
    chain: str, data: str, unit: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(capsys, chain, "--input-data", data, "--unit", unit)[1] == text


def test_all_units_or_the_first_of_many(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(dump(capsys, "relu", "--input-data", "1 2 3", "--explain")) == 3
    monkeypatch.setattr(limits, "WRITTEN_UNITS", 2)
    found = show(capsys, "relu", "--input-data", "1 2 3", "--explain")
    assert found[-1] == "1 more units of relu1 are not written out; choose one with --unit and --at"
    assert sum("unit" in line and line.startswith("relu1") for line in found) == 2
    monkeypatch.setattr(limits, "WRITTEN_UNITS", 3)
    assert "not written out" not in show(capsys, "relu", "--input-data", "1 2 3", "--explain")[-1]


@pytest.mark.parametrize(
    ("name", "most", "net", "unit", "words"),
    [
        (
            *("RECORDED_OPERATIONS", 4, ["linear(4)", "--input", "9"], "1"),
            "linear1 takes 5 records, and numbers are written out of layers with at most 4",
        ),
        (
            *("WRITTEN_NUMBERS", 9, ["conv(1, 3)", "--kernel", "blur", "--input", "1x4x4"], "0,0,1"),
            "the unit 0,0,1 of conv1 cannot be written out: it is computed of more than 9 numbers",
        ),
    ],
)
def test_what_is_too_much_is_refused(
    name: str,
    most: int,
    net: list[str],
    unit: str,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """4 units, which share 9 numbers: 36/(8·4) and 4 records; one unit is computed of 9 numbers, and is the tenth."""
    assert (limits.RECORDED_OPERATIONS, limits.WRITTEN_NUMBERS) == (150_000, 50_000)
    monkeypatch.setattr(limits, name, most)
    assert run(["run", *net, "--unit", unit]) in (1, 2)
    assert words in capsys.readouterr().err
    monkeypatch.setattr(limits, name, most + 1)
    assert run(["run", *net, "--unit", unit]) == 0


def test_one_unit_of_a_large_layer_takes_only_its_window(capsys: pytest.CaptureFixture[str]) -> None:
    """AlexNet's first convolution has 105,415,200 products, and one unit 11·11·3 = 363 of them."""
    found = dump(capsys, "alexnet", "--at", "relu1", "--unit", "3,10,20", "--through", "2")
    assert [each["path"] for each in found] == ["relu1", "conv1"]
    (reads,) = found[1]["reads"]
    rows, columns = range(40, 51), range(80, 91)
    assert reads["units"] == [[channel, y, x] for channel in range(3) for y in rows for x in columns]


SMALL_NETS = {
    "conv(4, 3, stride=2, padding=1) -> batch_norm -> relu -> max_pool(3, 2, padding=1) -> conv(2, 2)": "1,1,0",
    "conv(4, 3, padding=same, dilation=2) -> avg_pool(3, 2, ceil=true) -> depthwise_conv(2) -> prelu": "3,2,2",
    "conv(4, 3, padding=1) -> local_response_norm -> upsample(2) -> conv(2, 3)": "0,5,9",
}


@pytest.mark.parametrize("chain", SMALL_NETS)
def test_a_unit_is_the_same_from_its_cone_alone(
    chain: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    args = [chain, "--input", "3x12x13", "--unit", SMALL_NETS[chain], "--through", "9"]
    whole = dump(capsys, *args)
    monkeypatch.setattr(limits, "SHOWN_OPERATIONS", 0)
    assert dump(capsys, *args) == whole


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--unit", "0,9,0"], "conv1 has no unit 0,9,0: its units are 0,0,0 to 0,3,3"),
        (["--unit", "0,1"], "--unit takes channel, y, x of a unit of conv1 (1×4×4), e.g. 0,0,0, not '0,1'"),
        (["--unit", "a,b,c"], "not 'a,b,c'"),
        (["--unit", "-1,0,0"], "not '-1,0,0'"),
        (["--unit", "²,0,0"], "not '²,0,0'"),
        (["--through", "2"], "`--through` has an effect only with `--unit` or `--explain`"),
        (["--unit", "0,0,0", "--explain"], "`--explain` has no effect with `--unit`"),
        (["--explain", "--all"], "`--explain` has no effect with `--all`"),
    ],
)
def test_problems_are_reported(args: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "net.yaml", *args]) == 2
    assert words in capsys.readouterr().err


def test_a_layer_of_one_unit_has_only_this(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "global_avg_pool", "--input", "1x3x3", "--unit", "0,0,1"]) == 2
    assert "global_avg_pool1 has no unit 0,0,1: it has only 0,0,0" in capsys.readouterr().err


@pytest.mark.parametrize("data", ["1e308 1e308; 1e308 -1e308", "-1e308 0; 0 0"])
def test_the_largest_numbers_pass_through(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    for chain in ("conv(1, 2)", "avg_pool(2)", "layer_norm", "softmax", "gelu", "flatten -> linear(2)"):
        unit = "0" if "linear" in chain else "0,0,0"
        assert run(["run", chain, "--input-data", data, "--unit", unit]) == 0
        assert " = " in capsys.readouterr().out
