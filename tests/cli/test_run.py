"""`cnncalc run` and `cnncalc verify` from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cnncalc.cli.app import run
from cnncalc.execution.png import read_png

from .running import cnncalc

SOBEL = """\
name: Sobel
input: [1, 4, 4]
layers:
  - edge = conv(1, 3, bias=false)
  - relu
weights:
  edge:
    weight: [[[[1, 0, -1], [2, 0, -2], [1, 0, -1]]]]
"""
IMAGE = "[[[0, 1, 2, 3], [0, 1, 2, 3], [0, 0, 0, 0], [9, 0, 0, 9]]]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sobel.yaml").write_text(SOBEL)
    (tmp_path / "image.json").write_text(IMAGE)
    return tmp_path


def outputs(text: str) -> dict[str, object]:
    found = json.loads(text)
    assert found["format"] == 1
    return {path: made["values"] for path, made in found["outputs"].items()}


def test_weights_of_the_file_and_a_given_input(folder: Path) -> None:
    """Rows 0 to 2: 1·(0 − 2) + 2·(0 − 2) + 0 = −6 in both columns; rows 1 to 3: −2 + 0 + (9 − 0), −2 + (0 − 9)."""
    done = cnncalc("run", "sobel.yaml", "--input-data", "image.json", "--format", "json", "--all", cwd=folder)
    assert done.stderr == ""
    assert outputs(done.stdout) == {"edge": [[[-6.0, -6.0], [7.0, -11.0]]], "relu1": [[[0.0, 0.0], [7.0, 0.0]]]}


def test_yaml_and_pictures_say_the_same(folder: Path) -> None:
    (folder / "image.yaml").write_text(
        "-\n  - [0, 1/9, 2/9, 3/9]\n  - [0, 1/9, 2/9, 3/9]\n  - [0, 0, 0, 0]\n  - [1, 0, 0, 1]\n"
    )
    (folder / "image.pgm").write_text("P2 4 4 9\n0 1 2 3\n0 1 2 3\n0 0 0 0\n9 0 0 9\n")
    found = [
        cnncalc("run", "sobel.yaml", "--input-data", name, "--format", "json", cwd=folder).stdout
        for name in ("image.yaml", "image.pgm")
    ]
    assert found[0] == found[1] != ""


def test_text_is_laid_out(folder: Path) -> None:
    done = cnncalc("run", "sobel.yaml", "--at", "edge", "--input-data", "image.json", cwd=folder)
    assert done.stdout == "edge  1×2×2\n  -6   -6\n   7  -11\n"


def test_large_whole_numbers_have_all_their_digits(folder: Path) -> None:
    """5·1,000,001 + 15,000,000, and 1,000,001/8 = 125,000.125, of which no more than the whole part is shown."""
    (folder / "sum.yaml").write_text(
        "input: [1, 1, 2]\nlayers: ['flatten -> linear(2)']\n"
        "weights: {linear1: {weight: [[5, 1], [0.125, 0]], bias: [0, 0]}}\n"
    )
    (folder / "data.json").write_text("[[[1000001, 15000000]]]")
    done = cnncalc("run", "sum.yaml", "--input-data", "data.json", cwd=folder)
    assert done.stdout == "linear1  [2]\n  20000005    125000\n"


def test_the_index_of_a_vector_is_not_taken_for_a_value(folder: Path) -> None:
    """Only where there are several lines, and in brackets."""
    (folder / "vector.yaml").write_text("input: [1, 3, 4]\nlayers: [flatten]\n")
    (folder / "data.json").write_text("[[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]]")
    done = cnncalc("run", "vector.yaml", "--input-data", "data.json", cwd=folder)
    assert done.stdout.splitlines()[1:] == [
        "   [0]   0   1   2   3   4   5   6   7   8   9", "  [10]  10  11"
    ]  # fmt: skip
    done = cnncalc("run", "vector.yaml", "--input-data", "data.json", "--width", "20", cwd=folder)
    assert done.stdout.splitlines()[1:4] == ["   [0]   0   1   2", "   [3]   3   4   5", "   [6]   6   7   8"]
    (folder / "short.yaml").write_text("input: [1, 3]\nlayers: [flatten]\n")
    (folder / "short.json").write_text("[[0.5, 0, 7]]")
    done = cnncalc("run", "short.yaml", "--input-data", "short.json", cwd=folder)
    assert done.stdout == "flatten1  [3]\n  0.5    0    7\n"


def test_the_legend_of_several_channels(folder: Path) -> None:
    """Each has all the shades, the numbers are those of all together; what is infinite is in none."""
    (folder / "two.yaml").write_text("input: [2, 1, 2]\nlayers: [relu6]\n")
    (folder / "two.json").write_text("[[[0, 1]], [[5, 6]]]")
    done = cnncalc("run", "two.yaml", "--input-data", "two.json", "--picture", cwd=folder)
    assert done.stdout.splitlines()[1:] == [
        "  ██    ██", "blank is the smallest and █ the largest of each channel; overall 0 to 6"
    ]  # fmt: skip


def test_a_picture(folder: Path) -> None:
    done = cnncalc("run", "sobel.yaml", "--at", "edge", "--input-data", "image.json", "--picture", cwd=folder)
    assert done.stdout == "edge  1×2×2\n░░░░\n██\nblank -11 … █ 7\n"
    done = cnncalc("run", "sobel.yaml", "--input-data", "image.json", "--save-image", "out.pgm", cwd=folder)
    assert (done.stdout, done.stderr) == ("", "")
    assert (folder / "out.pgm").read_text() == "P2\n2 2\n255\n0 0\n255 0\n"
    done = cnncalc("run", "sobel.yaml", "--input-data", "image.json", "--save-image", "out.PNG", cwd=folder)
    assert (done.stdout, done.stderr) == ("", "")
    assert read_png((folder / "out.PNG").read_bytes()) == ((1, 2, 2), [0.0, 0.0, 1.0, 0.0])
    done = cnncalc("run", "sobel.yaml", "--input-data", "image.json", "--save-image", "out.jpg", cwd=folder)
    assert (done.returncode, list(folder.glob("*.jpg"))) == (2, [])
    assert done.stderr == "cnncalc: --save-image writes PGM and PNG pictures, not .jpg: write out.png\n"


def test_a_matrix(folder: Path) -> None:
    done = cnncalc("run", "sobel.yaml", "--at", "edge", "--matrix", cwd=folder)
    assert done.stdout.splitlines()[0] == "edge  4 × 16, output × input"
    assert " ".join(done.stdout.splitlines()[3].split()) == "1 1 · -1 · 2 · -2 · 1 · -1 · · · · ·"
    done = cnncalc("run", "sobel.yaml", "--at", "relu1", "--matrix", cwd=folder)
    assert (done.returncode, done.stderr) == (
        2,
        "cnncalc: relu1 is a relu, not a linear layer, so it has no matrix\n",
    )


def test_the_seed_decides(folder: Path) -> None:
    first, same, other = (
        cnncalc("run", "lenet5", "--seed", seed, "--format", "json").stdout for seed in ("1", "1", "2")
    )
    assert first == same != other
    [values] = outputs(first).values()
    assert sum(values) == pytest.approx(1)  # type: ignore[call-overload]


def test_weights_from_a_file(folder: Path) -> None:
    weight = [[[[0, 0, 0], [0, 1, 0], [0, 0, 0]]]]
    (folder / "w.json").write_text(json.dumps({"edge": {"weight": weight}}))
    done = cnncalc(
        "run", "sobel.yaml", "--weights", "w.json", "--input-data", "image.json", "--format", "json", cwd=folder
    )
    assert outputs(done.stdout) == {"relu1": [[[1.0, 2.0], [0.0, 0.0]]]}


@pytest.mark.parametrize(
    ("arguments", "code", "reported"),
    [
        (["--at", "egde"], 2, "there is no layer 'egde'; did you mean `edge`?"),
        (["--input-data", "none.json"], 1, "cannot read none.json: No such file or directory"),
        (
            ["--input-data", "small.json"],
            1,
            "small.json: the input is 1×1×2, but the network takes 1×4×4; use --input 1x1x2",
        ),
        (["--input-data", "ragged.json"], 1, "ragged.json: the lists at depth 2 are not equally long"),
        (["--weights", "wrong.json"], 1, "wrong.json: `weight` of edge is [1, 2], but [1, 1, 3, 3] is needed"),
        (["--weights", "wrong.yaml"], 1, "wrong.yaml:1:16: error[shape-mismatch]: `weight` of edge is [1, 2]"),
        (["--weights", "empty.json"], 1, "`weight` [2, 1, 1, 1] of conv1 is not given"),
        (["--all", "--at", "edge"], 2, "`--at` has no effect with `--all`"),
        (["--picture", "--format", "json"], 2, "`--picture` has an effect only with `--format text`"),
        (["--save-image", "x.pgm", "--channel", "1"], 2, "relu1 has no channel 1: its channels are 0 to 0"),
        (["--max-multiplications", "10"], 2, "needs 36 multiplications, more than the limit of 10;"),
    ],
)
def test_wrong_usage_and_problems_are_reported(folder: Path, arguments: list[str], code: int, reported: str) -> None:
    (folder / "small.json").write_text("[[[1, 2]]]")
    (folder / "ragged.json").write_text("[[1, 2], [3]]")
    (folder / "wrong.json").write_text('{"edge": {"weight": [[1, 2]]}}')
    (folder / "wrong.yaml").write_text("edge: {weight: [[1, 2]]}\n")
    (folder / "empty.json").write_text("{}")
    arch = "sobel.yaml"
    if "empty.json" in arguments:
        arch = "bare.yaml"
        (folder / arch).write_text("input: [1, 4, 4]\nlayers: ['conv(2, 1)']\nweights: {conv1: {bias: [1, 2]}}\n")
    done = cnncalc("run", arch, *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (code, "")
    assert reported in done.stderr


def test_a_wrong_array_in_the_architecture_is_shown_with_its_position(folder: Path) -> None:
    (folder / "bad.yaml").write_text(SOBEL.replace("[1, 0, -1]]]]", "[1, 0]]]]"))
    done = cnncalc("run", "bad.yaml", cwd=folder)
    assert done.returncode == 1
    assert "bad.yaml:8:13: error[bad-value]: `weight` of edge: the lists at depth 4 are not equally long" in done.stderr


def test_too_much_work_is_refused_with_the_figure() -> None:
    done = cnncalc("run", "vgg16")
    assert done.returncode == 2
    assert "VGG-16 needs 15,470,264,320 multiplications" in done.stderr
    assert "or --max-multiplications 15470264320" in done.stderr
    done = cnncalc("run", "vgg16", "--input", "3x30000x30000", "--at", "max_pool1", "--max-multiplications", "0")
    assert done.returncode == 2


def test_at_takes_any_unique_ending_and_a_block() -> None:
    done = cnncalc("run", "resnet18", "--input", "3x8x8", "--at", "conv3_x", "--format", "json")
    [(path, _)] = outputs(done.stdout).items()
    assert path.startswith("conv3_x.")
    short = cnncalc("run", "resnet18", "--input", "3x8x8", "--at", "*" + path[3:], "--format", "json")
    assert outputs(short.stdout) == outputs(done.stdout)


def test_verify_one() -> None:
    done = cnncalc("verify", "two_conv")
    assert (done.returncode, done.stderr) == (0, "")
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"9 layers, [1-9]\d\d figures: all as declared", last)
    assert done.stdout.count("✓") == 10


def test_verify_as_json() -> None:
    found = json.loads(cnncalc("verify", "two_conv", "--format", "json").stdout)
    assert (found["format"], found["held"]) == (1, True)
    first = found["networks"][0]["layers"][0]
    assert first["differences"] == []
    assert first["corner"] == {"declared": [[0, 1], [0, 1]], "traced": [[0, 1], [0, 1]], "exact": True}


def test_verify_all_takes_no_settings() -> None:
    done = cnncalc("verify", "--input", "3x64x64")
    assert (done.returncode, done.stderr) == (2, "cnncalc: `--input` has an effect only with `ARCH`\n")


def test_a_kernel_alone_is_run_without_a_random_bias(tmp_path: Path) -> None:
    path = tmp_path / "sobel.yaml"
    kernel = "{weight: [[[[1, 0, -1], [2, 0, -2], [1, 0, -1]]]]}"
    path.write_text(f"input: [1, 3, 4]\nlayers: ['conv(1, 3)']\nweights: {{conv1: {kernel}}}\n")
    (tmp_path / "step.json").write_text("[[[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]]")
    done = cnncalc("run", str(path), "--input-data", str(tmp_path / "step.json"), "--format", "json")
    assert json.loads(done.stdout)["outputs"]["conv1"]["values"] == [[[-4, -4]]]
    assert "conv1.bias" in done.stderr


def test_columns_that_are_left_out_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    args = ["run", "conv(1, 3)", "--kernel", "sobel_x", "--input-data", "digit", "--width"]
    assert run([*args, "80"]) == 0
    *rows, hint = capsys.readouterr().out.splitlines()[1:]
    assert len(rows) == 26
    assert all(" … " in row and len(row) <= 80 for row in rows)
    assert hint.startswith("columns are left out: --picture shows all of them")
    assert run([*args, "1000"]) == 0
    assert "left out" not in capsys.readouterr().out


def test_lines_are_rows_on_the_command_line_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "relu", "--input-data", "1 -2\n3 4;\n5 6\n"]) == 0
    assert capsys.readouterr().out == "relu1  1×3×2\n  1  0\n  3  4\n  5  6\n"
