"""Chains, data and kernels on the command line of `run`."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.execution.kernels import NAMED, Rows, get_named

NINE = "1 2 3; 4 5 6; 7 8 9"
NETS = {
    "two.yaml": "input: [1, 5, 5]\nlayers: ['conv(2, 3) -> conv(1, 1)']\n",
    "pair.yaml": "input: {left: [2], right: [2]}\nlayers:\n  - add: {a: from(left), b: from(right)}\n",
    "colour.yaml": "input: [3, 2, 2]\nlayers: [identity, 'conv(1, 2)']\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in NETS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def outputs(capsys: pytest.CaptureFixture[str], *args: str) -> list[object]:
    assert run(["run", *args, "--format", "json"]) == 0, capsys.readouterr().err
    return [made["values"] for made in json.loads(capsys.readouterr().out)["outputs"].values()]


def test_a_chain_takes_its_input_from_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    """1·1 + 2·4 + 1·7 − (1·3 + 2·6 + 1·9) = 16 − 24 = −8."""
    assert outputs(capsys, "conv(1, 3)", "--kernel", "sobel_x", "--input-data", NINE) == [[[[-8.0]]]]


def test_the_softmax_of_2_1_and_a_tenth_in_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    """65.9 %, 24.2 %, 9.9 %."""
    [shares] = outputs(capsys, "softmax", "--input-data", "2 1 0.1")
    assert [f"{share:.1%}" for share in shares] == ["65.9%", "24.2%", "9.9%"]  # type: ignore[attr-defined]


def test_a_thousand_inputs_and_a_thousand_outputs_are_a_million_connections(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["calc", "linear(1000, bias=false)", "--input", "1000", "--columns", "parameters"]) == 0
    assert "1,000,000" in capsys.readouterr().out
    assert run(["run", "linear(1000, bias=false)", "--input", "1000", "--input-data", "ones", "--unit", "999"]) == 0
    assert "reads  input [1000]: 1,000 units, elements 0 to 999" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("1,2\n3,-4\n", "a.csv"), ("1;2\r\n3;-4\r\n\r\n", "a.csv"), ("1 2\n 3 -4", "a.txt"), ("1\t2\n3\t-4\n", "data"),
        ("[[1, 2], [3, -4]]", "a.json"), ("- [1, 2]\n- [3, -4]\n", "a.yaml"), ("[[[1, 2], [3, -4]]]", "a.json"),
    ],
)  # fmt: skip
def test_a_matrix_is_one_channel(content: str, name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / name).write_text(content)
    assert outputs(capsys, "relu", "--input-data", name) == [[[[1.0, 2.0], [3.0, 0.0]]]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2; 3 -4", [[[1.0, 2.0], [3.0, 0.0]]]), ("1,2;3,-4;", [[[1.0, 2.0], [3.0, 0.0]]]), ("1/4 2e-1", [0.25, 0.2]),
        ("[[1, 1/4]]", [[[1.0, 0.25]]]), ("1e308", [1e308]), ("7", [7.0]), ("[[[1]], [[2]]]", [[[1.0]], [[2.0]]]),
    ],
)  # fmt: skip
def test_numbers_on_the_command_line(text: str, expected: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert outputs(capsys, "relu", "--input-data", text) == [expected]


def test_patterns_have_names_and_a_file_of_that_name_has_a_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ones").write_text("[[5, 6]]")
    assert outputs(capsys, "relu", "--input", "1x1x2", "--input-data", "ones") == [[[[1.0, 1.0]]]]
    assert outputs(capsys, "relu", "--input", "1x1x2", "--input-data", "./ones") == [[[[5.0, 6.0]]]]
    assert outputs(capsys, "relu", "--input", "2x1x2", "--input-data", "ramp") == [[[[1.0, 2.0]], [[3.0, 4.0]]]]
    assert outputs(capsys, "relu", "--input", "1x2x3", "--input-data", "checker") == [[[[1, 0, 1], [0, 1, 0]]]]
    noise = outputs(capsys, "relu", "--input", "1x2x3", "--input-data", "noise", "--seed", "3")
    assert noise == outputs(capsys, "relu", "--input", "1x2x3", "--seed", "3")


def test_the_bundled_picture_has_a_size_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "relu", "--input-data", "digit"]) == 0
    assert capsys.readouterr().out.startswith("relu1  1×28×28\n")


def test_several_inputs_and_standard_input(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ("pair.yaml", "--input-data", "left=1 2", "--input-data", "right=ones")
    assert outputs(capsys, *given) == [[2.0, 3.0]]


def test_a_kernel_is_that_of_every_pair_of_channels_without_a_bias(capsys: pytest.CaptureFixture[str]) -> None:
    """(1 + … + 4) + (5 + … + 8) + (9 + … + 12) = 78."""
    assert outputs(capsys, "colour.yaml", "--input-data", "ramp", "--kernel", "1 1; 1 1") == [[[[78.0]]]]
    given = ("two.yaml", "--input-data", "ramp", "--kernel", "conv1=identity", "--kernel", "conv2=2")
    assert outputs(capsys, *given) == [[[[28.0, 32.0, 36.0], [48.0, 52.0, 56.0], [68.0, 72.0, 76.0]]]]


def test_a_kernel_of_a_signal_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    given = ("conv(1, 3)", "--input", "1x4", "--input-data", "1 4 9 16", "--kernel", "1 -2 1")
    assert outputs(capsys, *given) == [[[2.0, 2.0]]]


def test_kernels_of_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "k.json").write_text("[[1, 0], [0, 2]]")
    (folder / "k.csv").write_text("1,0\n0,2\n")
    for name in ("k.json", "k.csv", "[[1, 0], [0, 2]]"):
        assert outputs(capsys, "conv(1, 2)", "--kernel", name, "--input-data", "1 2; 3 4") == [[[[9.0]]]]


def flip(rows: Rows) -> Rows:
    return tuple(row[::-1] for row in rows[::-1])


def transpose(rows: Rows) -> Rows:
    return tuple(zip(*rows, strict=True))


def total(name: str) -> Fraction:
    return sum((number for row in get_named(name) for number in row), Fraction(0))


def test_the_named_kernels_are_what_their_names_say() -> None:
    """What finds edges is 0 where there are none; what smooths or sharpens keeps the brightness."""
    assert {name: total(name) for name in NAMED} == {
        **dict.fromkeys(("sobel_x", "sobel_y", "laplace"), 0),
        **dict.fromkeys(("sharpen", "blur", "gauss", "identity", "emboss"), 1),
    }
    assert get_named("sobel_y") == transpose(get_named("sobel_x"))
    for name in ("laplace", "sharpen", "blur", "gauss", "identity"):
        assert get_named(name) == transpose(get_named(name)) == flip(get_named(name))
    pairs = zip(get_named("identity"), get_named("laplace"), strict=True)
    sharpened = tuple(tuple(a - b for a, b in zip(one, other, strict=True)) for one, other in pairs)
    assert get_named("sharpen") == sharpened


@pytest.mark.parametrize(("name", "most"), [("NUMERAL_CHARACTERS", 3), ("KERNEL_ELEMENTS", 4)])
def test_what_is_at_a_limit_is_read(
    name: str, most: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["run", "conv(1, 2)", "--input-data", "1 2; 3 4", "--kernel", "1.5 2; 3 4"]
    assert limits.KERNEL_ELEMENTS == 1_024
    assert limits.NUMERAL_CHARACTERS == 400
    for limit, code in ((most, 0), (most - 1, 1)):
        monkeypatch.setattr(limits, name, limit)
        assert run(args) == code


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["conv(1, 3)", "--input-data", "ramp"], 2, "--input-data ramp fits any input: give its size with --input"),
        (["relu", "--input-data", "1 2; 3"], 1, "1 2; 3: row 1 has 2 numbers, but row 2 has 1"),
        (["relu", "--input-data", "1//2"], 1, "1//2: numbers are expected, found '1//2'"),
        (["relu", "--input-data", "1/0"], 1, "1/0: 1/0 divides by 0"),
        (["relu", "--input-data", "1,,2"], 1, "1,,2: a number is missing"),
        (["relu", "--input-data", "2e308"], 1, "2e308: 2e308 is larger than any float"),
        (["relu", "--input-data", "9" * 401], 1, "numbers are expected, found '9999"),
        (["relu", "--input-data", "a.csv"], 1, "a.csv: numbers are expected, found 'a'"),
        (["relu", "--input-data", "[NaN]"], 1, "finite numbers are expected"),
        (["relu", "--input", "1x3x3", "--input-data", "1 2; 3 4"], 1, "takes 1×3×3; use --input 1x2x2"),
        (["relu", "--input-data", "1 nan"], 1, "1 nan: numbers are expected, found 'nan'"),
        (["relu", "--input-data", "digits"], 2, "there is no pattern and no file 'digits'; did you mean `digit`?"),
        (["relu", "--input-data", "photo"], 2, "no file 'photo'; patterns are ramp, ones, checker, digit, noise"),
        (["relu", "--input-data", "digits.png"], 1, "cannot read digits.png: No such file or directory"),
        (["two.yaml", "--at", "conv#3"], 2, "there is no conv#3; the network has conv#1 to conv#2"),
        (["relu", "--input-data", "digit", "--input", "4"], 1, "digit: it is a picture, and the input [4] has no rows"),
        (["two.yaml", "--kernel", "1"], 2, "two has 2 layers with kernels: write --kernel PATH=1"),
        (["relu", "--input", "1x4x4", "--kernel", "1"], 2, "relu has no convolution to which --kernel could give"),
        (["two.yaml", "--kernel", "conv1=1 2"], 2, "--kernel 1 2 is 1×2, but the kernels of conv1 are 3×3"),
        (["two.yaml", "--kernel", "conv1=lapalce"], 2, "no kernel and no file 'lapalce'; did you mean `laplace`?"),
        (["two.yaml", "--kernel", "conv1=1 x 2"], 1, "1 x 2: numbers are expected, found 'x'"),
        (["two.yaml", "--kernel", "conv1=zzz"], 2, "kernels are sobel_x, sobel_y, laplace"),
        (["two.yaml", "--kernel", "conv3=blur"], 2, "there is no layer with kernels 'conv3'"),
        (["two.yaml", "--kernel", "conv1=[1, 2]"], 1, "a kernel is a matrix, with rows and columns, but this is [2]"),
        (["two.yaml", "--kernel", "conv1=blur", "--kernel", "conv1=blur"], 2, "the kernel of conv1 more than once"),
        (["two.yaml", "--kernel", "conv1=blur", "--weights", "w.json"], 2, "both give conv1.weight"),
        (["two.yaml", "--kernel", f"conv1={'0 ' * 1025}"], 1, "1×1025 numbers is larger than the limit of 1,024"),
    ],
)
def test_problems_are_reported(
    args: list[str], code: int, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.csv").write_text("a,b\n1,2\n")
    ones = {"weight": [[[[1] * 3] * 3]] * 2}
    (folder / "w.json").write_text(json.dumps({"conv1": ones, "conv2": {"weight": [[[[1]], [[1]]]]}}))
    assert run(["run", *args]) == code
    done = capsys.readouterr()
    assert done.out == ""
    assert words in done.err
    assert "Traceback" not in done.err
