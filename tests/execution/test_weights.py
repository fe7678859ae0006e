"""Given and random weights, inputs, pictures, and which path is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnncalc import limits
from cnncalc.cli.app import run as run_command
from cnncalc.errors import Problem
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.netpbm import PictureError, format_pgm, is_picture, read_picture, to_greys
from cnncalc.execution.run import find_needed, run
from cnncalc.execution.weights import (
    FlatArray,
    NestedError,
    Weights,
    check_weights,
    flatten_array,
    list_omitted,
    nest,
    sample_input,
)
from cnncalc.given import GivenArray
from cnncalc.layers.ops import Map
from cnncalc.paths import PathError, find_path

from ..networks import network

NET = network("layers: ['conv(4, 3) -> batch_norm -> relu', 'again = conv(4, 1)', 'reuse(again)']")


def test_nested_lists() -> None:
    assert flatten_array([[1, 2.5], [3, 4]]) == FlatArray((2, 2), [1.0, 2.5, 3.0, 4.0])
    assert nest((2, 1, 2), [1, 2, 3, 4]) == [[[1, 2]], [[3, 4]]]
    assert flatten_array(7) == FlatArray((), [7.0])


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ([[1], [1, 2]], "depth 2 are not equally long"),
        ([1, [2]], "lists of different depth"),
        ([[1, [2]], [1, 2]], "lists of different depth"),
        ([], "a list is empty"),
        ([["a"]], "found 'a'"),
        ([True], "found 'True'"),
    ],
)
def test_what_is_no_array(value: object, what: str) -> None:
    with pytest.raises(NestedError, match=what):
        flatten_array(value)


def test_sampled_arrays_depend_only_on_the_seed_and_the_path() -> None:
    conv = NET.nodes[0]
    one = Weights(NET, {}, 3)(conv, "weight", (4, 3, 3, 3))
    assert one == Weights(NET, {}, 3)(conv, "weight", (4, 3, 3, 3))
    assert one != Weights(NET, {}, 4)(conv, "weight", (4, 3, 3, 3))
    assert max(map(abs, one)) <= 1 / 27**0.5
    norm = NET.nodes[1]
    assert all(0.5 <= value < 1.5 for value in Weights(NET, {}, 0)(norm, "running_var", (4,)))
    assert all(abs(value) <= 0.5 for value in Weights(NET, {}, 0)(norm, "running_mean", (4,)))
    assert all(0 <= value < 1 for value in sample_input(0, (1, 5, 5)).values)


def test_a_layer_applied_again_has_the_same_weights() -> None:
    *_, first, again = NET.nodes
    weights = Weights(NET, {}, 0)
    assert again.shares == first.index
    assert weights(first, "weight", (4, 4, 1, 1)) == weights(again, "weight", (4, 4, 1, 1))


def test_problems_of_what_is_given() -> None:
    given = {
        "conv1": {"weight": GivenArray([[1.0]]), "bias": GivenArray([1, 2, 3, 4]), "biass": GivenArray(1)},
        "relu1": {"weight": GivenArray([1])},
        "batch_norm": {"mean": GivenArray([0] * 4)},
    }
    found, problems = check_weights(NET, given, complete=False)
    assert list(found) == [("conv1", "bias")]
    assert [problem.message for problem in problems] == [
        "`weight` of conv1 is [1, 1], but [4, 3, 3, 3] is needed",
        "the conv conv1 has no array `biass`",
        "`weights`: there is no layer with weights 'relu1'",
        "`weights`: there is no layer with weights 'batch_norm'",
    ]
    assert problems[3].help == "did you mean `batch_norm1`?"


def given_norm(**arrays: list[float]) -> list[Problem]:
    """What is wrong with these arrays of the batch norm of `NET`, which has four channels."""
    return check_weights(
        NET, {"batch_norm1": {name: GivenArray(array) for name, array in arrays.items()}}, complete=False
    )[1]


def test_a_variance_that_cannot_be() -> None:
    zero = network("layers: ['batch_norm(epsilon=0)']")
    assert given_norm(running_var=[0, 1e-300, 2, 3], running_mean=[-1, -2, -3, -4], weight=[-1, 0, 0, 0]) == []
    [problem] = given_norm(running_var=[1, 2, -1e-9, 4])
    assert (problem.code, problem.path) == ("bad-value", "batch_norm1")
    assert problem.message == "`running_var` of batch_norm1 is -1e-9 at index 2, but a variance must be 0 or more"
    _, [problem] = check_weights(zero, {"batch_norm1": {"running_var": GivenArray([1, 0, 1])}}, complete=False)
    assert problem.message == (
        "`running_var` of batch_norm1 is 0 at index 1, but with epsilon=0 a variance must be more than 0"
    )


VARIANCES = "input: [1, 2, 2]\nlayers: [batch_norm{}]\nweights:\n  batch_norm1: {{running_var: [{}]}}\n"


@pytest.mark.parametrize(("argument", "value", "code"), [("", -1, 1), ("(epsilon=0)", 0, 1), ("", 0, 0)])
@pytest.mark.parametrize("command", ["validate", "verify", "run", "summary", "explain"])
def test_every_command_reports_a_variance_that_cannot_be(
    command: str, argument: str, value: int, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its position, and exit code 1."""
    path = tmp_path / "net.yaml"
    path.write_text(VARIANCES.format(argument, value))
    assert run_command([command, str(path)]) == code
    out, err = capsys.readouterr()
    assert (f"{path}:4:30: error[bad-value]: `running_var`" in out + err) == bool(code)


def test_statistics_by_the_other_name() -> None:
    """Textbooks say mean and variance; whichever it is, the array is the one of PyTorch's name."""
    given = {"batch_norm1": {"mean": GivenArray([1, 2, 3, 4]), "variance": GivenArray([1, 1, 1, 1])}}
    found, problems = check_weights(NET, given, complete=False)
    assert problems == []
    assert set(found) == {("batch_norm1", "running_mean"), ("batch_norm1", "running_var")}
    [problem] = given_norm(mean=[0, 0, 0, 0], running_mean=[0, 0, 0, 0])
    assert (problem.code, problem.message) == (
        "duplicate-key",
        "`running_mean` of batch_norm1 is given twice, also as `mean`",
    )
    [problem] = given_norm(variance=[1, 1, 1, -1])
    assert problem.message == "`variance` of batch_norm1 is -1 at index 3, but a variance must be 0 or more"


def test_no_more_problems_are_looked_for_than_are_reported() -> None:
    """To look for the path or the name that may be meant costs time for each."""
    tried: list[str] = []

    class Noting(dict[str, GivenArray]):
        def items(self) -> Any:
            for name, array in super().items():
                tried.append(name)
                yield name, array

    names = Noting({f"x{number}": GivenArray(1) for number in range(5_000)})
    _, problems = check_weights(NET, {"conv1": names}, complete=True)
    assert len(problems) == limits.PROBLEMS + 1
    assert len(tried) <= limits.PROBLEMS + 2
    _, problems = check_weights(NET, {f"x{number}": {} for number in range(5_000)}, complete=True)
    assert len(problems) == limits.PROBLEMS + 1


def test_what_is_left_out() -> None:
    _, problems = check_weights(NET, {"conv1": {"bias": GivenArray([1, 2, 3, 4])}}, complete=True)
    assert [problem.message for problem in problems] == [
        "`weight` [4, 3, 3, 3] of conv1 is not given, nor 6 other arrays"
    ]


def test_only_what_is_needed_runs_and_is_kept() -> None:
    assert find_needed(NET, {1}) == {0, 1}
    visited: list[str] = []
    start = Map(*sample_input(0, NET.input))
    made = run(NET, [start], Weights(NET, {}, 0), Numbers(), keep={1}, visit=lambda node, _: visited.append(node.path))
    assert visited == ["conv1", "batch_norm1"]
    assert set(made) == {1}
    assert set(run(NET, [start], Weights(NET, {}, 0), Numbers())) == {-1, 0, 1, 2, 3, 4}


def test_pictures() -> None:
    assert read_picture(b"P2\n# a comment\n3 2\n10\n0 5 10\n10 0 5") == FlatArray(
        (1, 2, 3), [0.0, 0.5, 1.0, 1.0, 0.0, 0.5]
    )
    assert read_picture(b"P5 2 1 255\n\x00\xff") == FlatArray((1, 1, 2), [0.0, 1.0])
    assert read_picture(b"P5 2 1 510\n\x00\xff\x01\xfe") == FlatArray((1, 1, 2), [0.5, 1.0])
    colour = FlatArray((3, 1, 2), [1.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    assert read_picture(b"P6 2 1 255\n\xff\x00\x00\x00\xff\xff") == colour
    assert read_picture(b"P3 2 1 1 1 0 0 0 1 1") == colour
    assert is_picture(b"P6\n")
    assert not is_picture(b"P1\n")
    assert not is_picture(b"P2: 1")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"P2\n3 2\n10\n0 5", "should have 6 values, but ends after 2"),
        (b"P5 2 1 255\n\x00", "should have 2 values, but ends after 1"),
        (b"P2 1 1 5 9", "value of 9, but its header gives 5"),
        (b"P2 x", "width cannot be read"),
        (b"P2 1 0 5 9", "1×0 pixels"),
        (b"P2 1 1 5 x", "not an integer"),
    ],
)
def test_broken_pictures(data: bytes, what: str) -> None:
    with pytest.raises(PictureError, match=what):
        read_picture(data)


def test_a_written_picture_reads_back() -> None:
    text = format_pgm([float(value) for value in range(60)], 2, 30)
    assert all(len(line) <= 70 for line in text.splitlines())
    found = read_picture(text.encode())
    assert found.shape == (1, 2, 30)
    assert (found.values[0], found.values[-1]) == (0.0, 1.0)
    assert to_greys([2.0, 2.0]) == [255, 255]
    assert to_greys([0.0, float("inf"), 1.0, float("nan")]) == [0, 255, 255, 0]


PATHS = ["conv1", "stage.0.conv1", "stage.1.conv1", "stage.1.relu1", "head.linear1"]


def test_paths() -> None:
    assert find_path("conv1", PATHS) == "conv1"
    assert find_path("0.conv1", PATHS) == "stage.0.conv1"
    assert find_path("head.*", PATHS) == "head.linear1"
    with pytest.raises(PathError, match=r"is ambiguous: stage\.0\.conv1, stage\.1\.conv1; write more"):
        find_path("stage.*.conv1", PATHS)
    with pytest.raises(PathError, match=r"there is no layer 'linaer1'; did you mean `linear1`"):
        find_path("linaer1", PATHS)


def test_what_is_left_out_beside_a_given_array_changes_nothing() -> None:
    """Sobel's kernel alone, its bias 0; a batch norm with nothing but its mean subtracts that and no more."""
    net = network("input: [1, 3, 4]\nlayers: ['conv(1, 3) -> batch_norm(epsilon=0)']")
    kernel = [[[[1, 0, -1], [2, 0, -2], [1, 0, -1]]]]
    given = {"conv1": {"weight": GivenArray(kernel)}, "batch_norm1": {"running_mean": GivenArray([2])}}
    found, problems = check_weights(net, given, complete=True)
    assert problems == []
    assert list_omitted(net, found) == [
        "conv1.bias", "batch_norm1.weight", "batch_norm1.bias", "batch_norm1.running_var",
    ]  # fmt: skip
    start = Map((1, 3, 4), [0, 0, 1, 1] * 3)
    (made,) = run(net, [start], Weights(net, found, 5), Numbers(), keep={1}).values()
    assert made.values == [-6, -6]  # (1 + 2 + 1)·(0 − 1) − 2, twice


def test_a_kernel_that_is_left_out_is_missing() -> None:
    net = network("input: [1, 3, 3]\nlayers: ['conv(1, 3)']")
    _, problems = check_weights(net, {"conv1": {"bias": GivenArray([1])}}, complete=True)
    assert [problem.code for problem in problems] == ["missing-key"]
    assert check_weights(net, {"conv1": {"weight": GivenArray([[[[1] * 3] * 3]])}}, complete=True)[1] == []
