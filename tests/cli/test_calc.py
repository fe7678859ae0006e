"""`calc`."""

from __future__ import annotations

import json

import pytest

from .running import cnncalc

STEM = "conv(64, 7, stride=2, padding=3) -> relu -> max_pool(3, stride=2, padding=1)"


def test_a_chain_without_a_file() -> None:
    text = cnncalc("calc", STEM, "--input", "3x224x224").stdout
    assert "64×56×56" in text
    assert "118,013,952" in text
    found = json.loads(cnncalc("calc", STEM, "--input", "3x224x224", "--format", "json").stdout)
    assert (found["output"], found["totals"]["parameters"]) == ([64, 56, 56], 9472)


def test_with_the_arithmetic() -> None:
    text = cnncalc("calc", STEM, "--input", "3x224x224", "--explain").stdout
    assert "receptive field   r + (K − 1)·j = 7 + (3 − 1)·2 = 11;  step j·S = 2·2 = 4" in text
    assert "### conv1" in cnncalc("calc", STEM, "--input", "3x8x8", "--explain", "--format", "markdown").stdout


def test_the_search_for_an_output_size() -> None:
    args = ("calc", "conv(96, 11, stride=4)", "--input", "3x224x224", "--want")
    done = cnncalc(*args, "55x55")
    assert done.returncode == 0
    assert "padding=2" in done.stdout
    none = cnncalc(*args, "5x5")
    assert none.returncode == 1
    assert "no value tried gives 5×5" in none.stdout
    assert "padding=0 gives 54×54" in none.stdout
    free = json.loads(cnncalc(*args, "55x55", "--free", "kernel,stride,padding", "--format", "json").stdout)
    assert {"kernel": 11, "stride": 4, "padding": 2} in [answer["settings"] for answer in free["answers"]]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--free", "kernel"), "--want"),
        (("--want", "55"), "55x55"),
        (("--want", "0x5"), "55x55"),
        (("--want", "5x5", "--free", "bias"), "kernel, stride, padding"),
        (("--want", "5x5", "--explain"), "`--want` has no effect with `--explain`"),
        (("--explain", "--format", "csv"), "markdown"),
    ],
)
def test_wrong_usage(args: tuple[str, ...], message: str) -> None:
    done = cnncalc("calc", "conv(8, 3)", "--input", "3x9x9", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_mistake_in_the_chain_is_shown() -> None:
    done = cnncalc("calc", "conv(8, 3) -> rellu", "--input", "3x9x9")
    assert done.returncode == 1
    assert "relu" in done.stderr


@pytest.mark.parametrize(
    ("chain", "input", "more", "answer"),
    [
        ("conv(8, 5)", "3x3x3", ["--want", "3x3"], "padding=2"),  # 3 + 2·2 − 5 + 1 = 3
        ("conv(4, 20)", "3x8x8", ["--want", "4x4", "--free", "kernel"], "kernel=5"),  # 8 − 5 + 1 = 4
        ("conv(96, 11, stride=4)", "3x224x224", ["--want", "500x500"], "padding=892"),  # ⌊(224 + 1784 − 11)/4⌋ + 1
    ],
)
def test_what_does_not_fit_as_it_is_written_can_be_asked_about(
    chain: str, input: str, more: list[str], answer: str
) -> None:
    done = cnncalc("calc", chain, "--input", input, *more)
    assert done.returncode == 0
    assert answer in done.stdout.split()


@pytest.mark.parametrize(
    ("input", "meant"),
    [
        ("160x320x3", "[3, 160, 320]"), ("1x150x150x3", "[3, 150, 150]"), ("32x32x1", "[1, 32, 32]"),
        ("224x224x4", "[4, 224, 224]"), ("1x3x32x32", "[3, 32, 32]"),
        ("3x160x320", ""), ("512x8x8", ""), ("3x16x112x112", ""), ("64x16000x1", ""), ("4x64x64", ""), ("1x224x3", ""),
    ],
)  # fmt: skip
def test_an_input_in_another_order_is_reported(input: str, meant: str) -> None:
    done = cnncalc("calc", "relu", "--input", input)
    assert done.returncode == 0
    assert (meant in done.stderr and "warning[" in done.stderr) if meant else done.stderr == ""


@pytest.mark.parametrize(("input", "noted"), [("4x4", True), ("28x28", True), ("480x640", True), ("1x16000", False)])
def test_two_sizes_are_channels_and_a_length(input: str, noted: bool) -> None:
    done = cnncalc("calc", "relu", "--input", input)
    channels, length = input.split("x")
    note = f"cnncalc: note: --input {input} is {channels} channels of length {length}; an image has its channels first"
    assert done.stderr.startswith(note) if noted else done.stderr == ""


@pytest.mark.parametrize(
    ("chain", "input", "code"),
    [
        ("conv(10, 5, padding=2)", "32x32x3", "channels-last"), ("conv(10, 5)", "1x3x32x32", "batch-in-input"),
        ("max_pool(2)", "64x7x7", "unseen-edge"), ("conv(3, 8, 3)", "3x32x32", "input-channels-first"),
    ],
)  # fmt: skip
def test_every_command_gives_the_warnings_of_validate(chain: str, input: str, code: str) -> None:
    expected = cnncalc("validate", chain, "--input", input).stdout
    assert f"warning[{code}]" in expected
    for command in (
        ["calc", chain],
        ["compare", chain, "relu"],
        ["explain", chain],
        ["run", chain],
        ["summary", chain],
    ):
        reported = cnncalc(*command, "--input", input).stderr
        assert f"warning[{code}]" in reported, command
        assert next(line for line in reported.splitlines() if "help:" in line) in expected
