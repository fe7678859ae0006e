"""`compare`."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from .running import cnncalc

SIDES = {"parameters", "macs", "multiplications", "output", "receptive_field"}


def test_a_layer_on_the_command_line() -> None:
    text = cnncalc("compare", "conv(72, 3)", "--input", "3x8x8", "--separable", "depthwise").stdout
    assert "69,984  8,748" in text
    assert "1/72 + 1/9" in text


def test_dense() -> None:
    found = json.loads(cnncalc("compare", "conv(1, 3)", "--input", "1x6x6", "--dense", "--format", "json").stdout)
    (row,) = found["rows"]
    assert (found["format"], row["dense"], row["sparse"], row["weights"]) == (1, 576, 144, 9)


def test_json_as_it_is_documented() -> None:
    found = json.loads(cnncalc("compare", "vgg16", "--separable", "depthwise", "--format", "json").stdout)
    assert found["format"] == 1
    assert len(found["rows"]) == 13
    for row in [*found["rows"], found["totals"]]:
        assert set(row["before"]) >= SIDES
        assert set(row["after"]) >= SIDES
    assert found["totals"]["before"]["parameters"] == 138_357_544
    assert found["rows"][0]["closed_form"] == {"text": "1/64 + 1/9", "value": "73/576"}


@pytest.mark.parametrize("form", ["depthwise", "spatial"])
def test_the_written_file_gives_these_very_totals(form: str, tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    done = cnncalc("compare", "resnet18", "--separable", form, "--write", str(file), "--format", "json")
    totals = json.loads(done.stdout)["totals"]["after"]
    assert cnncalc("validate", str(file)).returncode == 0
    summary = json.loads(cnncalc("summary", str(file), "--format", "json").stdout)["totals"]
    assert all(totals[key] == summary[key] for key in ("parameters", "macs", "multiplications", "activations"))


def test_only_and_least_saving() -> None:
    args = ("compare", "vgg16", "--separable", "depthwise", "--format", "csv")
    rows = list(csv.DictReader(cnncalc(*args, "--only", "vgg3*").stdout.splitlines()))
    assert [row["path"][:4] for row in rows] == ["vgg3"] * 3
    rows = list(csv.DictReader(cnncalc(*args, "--least-saving", "88.5%").stdout.splitlines()))
    assert {bool(row["note"]) for row in rows} == {True, False}


def test_two_side_by_side() -> None:
    found = json.loads(cnncalc("compare", "vgg16", "vgg19", "--format", "json").stdout)
    assert [each["depth"] for each in found["architectures"]] == [16, 19]
    added = [row for row in found["rows"] if row["before"] is None]
    assert len(added) == 6
    assert all(set(row["after"]) >= SIDES for row in added)
    assert found["totals"]["after"]["parameters"] - found["totals"]["before"]["parameters"] == sum(
        row["after"]["parameters"] for row in added
    )


def test_one_at_several_inputs_and_settings() -> None:
    text = cnncalc("compare", "resnet50", "--input", "3x160x160", "--input", "3x224x224").stdout
    assert "resnet50 3x160x160" in text
    found = json.loads(
        cnncalc(
            "compare", "vgg11", "--set", "depths=[1, 1, 1, 1, 1]", "--set", "depths=[2, 2, 2, 2, 2]", "--set",
            "depths=[3, 3, 3, 3, 3]", "--format", "json",
        ).stdout
    )  # fmt: skip
    assert len(found["architectures"]) == 3
    assert [row["path"] for row in found["rows"]] == ["vgg11 depths=[2, 2, 2, 2, 2]", "vgg11 depths=[3, 3, 3, 3, 3]"]


def labels(*args: str) -> list[str]:
    found = json.loads(cnncalc("compare", *args, "--format", "json").stdout)
    return [each["label"] for each in found["architectures"]]


def test_what_is_varied() -> None:
    """As by --set and --input: each value is compared with the first."""
    assert labels("mobilenet_v2", "--vary", "width=0.5..1:0.25") == [
        "mobilenet_v2 width=0.5", "mobilenet_v2 width=0.75", "mobilenet_v2 width=1",
    ]  # fmt: skip
    assert labels("lenet5", "alexnet", "--vary", "input=227,256") == [
        "lenet5 1x227x227", "lenet5 1x256x256", "alexnet 3x227x227", "alexnet 3x256x256",
    ]  # fmt: skip
    assert labels("siamese", "--vary", "input=105,113") == [
        "siamese left=1x105x105 right=1x105x105", "siamese left=1x113x113 right=1x113x113",
    ]  # fmt: skip
    chain = ("conv(w, 3)", "--input", "3x9x9", "--vary", "w=2..3")
    assert labels(*chain) == ["conv(w, 3) w=2", "conv(w, 3) w=3"]
    assert labels(*chain, "--vary", "input=3x9x9,7") == [
        f"conv(w, 3) {size} w={width}" for size in ("3x9x9", "3x7x7") for width in (2, 3)
    ]
    by_set = cnncalc("compare", "mobilenet_v2", "--set", "width=0.5", "--set", "width=1")
    assert cnncalc("compare", "mobilenet_v2", "--vary", "width=0.5,1").stdout == by_set.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--vary", "width=0.5..1"), "needs a step, e.g. width=0.5..1:0.05"),
        (("--vary", "widht=1,2"), "did you mean `width`?"),
        (("--vary", "width=1,2", "--set", "width=1"), "--set and --vary both give 'width'"),
        (("--vary", "width=1,("), "--vary width: expected a value"),
        (("--vary", "width=1,2", "--vary", "width=3"), "more than once"),
        (("--vary", "input=96,128", "--input", "3x64x64"), "both give the input size"),
        (("--vary", "input=big,128"), "whole sizes"),
        (("--vary", "width=1"), "name two architectures"),
        (("--vary", "width=1..101"), "at most 100 networks; `cnncalc sweep` shows more"),
        (("--vary", "width=1,2", "--separable", "depthwise"), "`--vary` has no effect with `--separable`"),
    ],
)
def test_what_cannot_be_varied(args: tuple[str, ...], message: str) -> None:
    ran = cnncalc("compare", "mobilenet_v2", *args)
    assert ran.returncode == 2
    assert message in ran.stderr


def test_a_value_with_an_error_is_reported_with_the_option() -> None:
    ran = cnncalc("compare", "mobilenet_v2", "--vary", "width=1,wide")
    assert ran.returncode == 1
    assert "--vary width:1:1: error[unknown-name]: unknown name `wide`" in ran.stderr
    assert "note: with --vary width=wide" in ran.stderr


def test_of_two_networks_nothing_is_cut_where_it_is_narrow() -> None:
    lines = cnncalc("compare", "vgg16", "vgg19", "--width", "60").stdout.splitlines()
    assert max(map(len, lines)) <= 60
    assert any(line.startswith("=  16 the same ") for line in lines)


@pytest.mark.parametrize(
    "args",
    [
        ("resnet50", "resnet50_v1"),
        ("resnet50", "--separable", "depthwise"),
        ("alexnet", "vgg11", "resnet18", "--input", "3x227x227"),
        ("resnet18", "--dense"),
    ],
)
def test_tables_fit_80_columns(args: tuple[str, ...]) -> None:
    assert max(map(len, cnncalc("compare", *args, "--width", "80").stdout.splitlines())) <= 80
    markdown = cnncalc("compare", *args, "--format", "markdown").stdout.splitlines()
    assert any(line.startswith("| :---") for line in markdown)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("alexnet",), "name two"),
        (("alexnet", "--write", "x"), "--separable"),
        (("alexnet", "--separable", "depthwise", "--write", "-"), "standard output"),
        (("alexnet", "--dense", "--separable", "spatial"), "`--dense` has no effect with `--separable`"),
        (("alexnet", "vgg11", "--dense"), "one architecture"),
        (("alexnet", "--separable", "depthwise", "--least-saving", "much"), "30%"),
        (("alexnet", "--separable", "depthwise", "--only", "cnv1"), "conv1"),
        (("conv(1, 3)", "--dense"), "--input"),
    ],
)
def test_wrong_usage(args: tuple[str, ...], message: str) -> None:
    done = cnncalc("compare", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_chain_with_a_mistake_is_shown() -> None:
    done = cnncalc("compare", "convv(1, 3)", "--input", "1x6x6", "--dense")
    assert done.returncode == 1
    assert "convv" in done.stderr


def test_totals_alone() -> None:
    """Of two architectures the table without layers; of separable forms a line of sums. ResNet-18 has 11,689,512."""
    two = cnncalc("compare", "resnet18", "resnet34", "--totals").stdout
    assert cnncalc("compare", "resnet18", "resnet34").stdout.startswith(two)
    assert "conv1" not in two
    separable = cnncalc("compare", "resnet18", "--separable", "depthwise", "--totals").stdout
    assert separable.splitlines()[1].startswith("layer")
    assert separable.splitlines()[3].split()[:2] == ["total", "11,689,512"]
    record = cnncalc("compare", "resnet18", "--separable", "depthwise", "--totals", "-f", "json").stdout
    assert json.loads(record)["rows"] == []
    for args in (["resnet34"], ["--separable", "depthwise"]):
        header, *lines = cnncalc("compare", "resnet18", *args, "--totals", "-f", "csv").stdout.splitlines()
        found = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
        assert "11689512" in found[0].values()
        assert len(found) == 3 - len(args)


def test_groups_one_part_and_columns() -> None:
    groups = cnncalc("compare", "resnet18", "resnet34", "--depth", "1").stdout
    assert re.search(r"^~  conv2_x +stage", groups, re.MULTILINE)
    part = cnncalc("compare", "resnet18", "resnet34", "--at", "conv2_x", "--columns", "parameters").stdout
    assert "conv3_x" not in part
    assert "macs" not in part
    assert "36,864" in part  # 64·64·3·3, a convolution that ResNet-34 has more
    assert cnncalc("compare", "alexnet", "--separable", "depthwise", "--at", "conv[12]").stdout.count("\nconv") == 2
    assert cnncalc("compare", "alexnet", "--separable", "depthwise", "--only", "conv2").stdout.count("\nconv") == 1
    assert cnncalc("compare", "alexnet", "--dense", "--at", "conv2").stdout.count("\nconv") == 1


def test_memory_by_data_type() -> None:
    """A float64 has 8 bytes: 11,689,512 · 8 = 93,516,096."""
    args = ("compare", "resnet18", "resnet34", "--totals", "--columns", "parameter_bytes", "--exact")
    for dtype, size in (("float64", 93_516_096), ("int8", 11_689_512)):
        assert f"{size:,}" in cnncalc(*args, "--dtype", dtype).stdout


def test_a_failing_sweep_says_which_input_and_value_failed(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("input: [3, 32, 32]\nparams: {k: 3}\nlayers:\n  - conv(4, k)\n  - conv(4, 20)\n", encoding="utf-8")
    done = cnncalc("compare", str(file), "--input", "3x32x32", "--input", "3x20x20", "--input", "3x8x8")
    assert (done.returncode, done.stdout) == (1, "")
    failing = [line.strip() for line in done.stderr.splitlines() if "--input" in line]
    assert failing == ["note: with --input 3x20x20", "note: with --input 3x8x8"]  # 20 − 2 = 18 < 20 and 8 − 2 = 6 < 20
    done = cnncalc("compare", str(file), "--set", "k=3", "--set", "k=15")
    assert done.returncode == 1
    assert "note: with --set k=15" in done.stderr  # 32 − 14 = 18 < 20
    assert "k=3\n" not in done.stderr


def test_a_warning_at_several_inputs_is_reported_once() -> None:
    done = cnncalc("compare", "conv(8, 1) -> conv(8, 1)", "--input", "3x32x32", "--input", "3x16x16")
    assert done.returncode == 0
    assert done.stderr.count("linear-pair") == 1
