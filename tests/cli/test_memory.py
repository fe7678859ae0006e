"""`cnncalc memory`: the peak first, what is alive there, and every format."""

from __future__ import annotations

import csv
import io
import json

import pytest

from .running import cnncalc


def test_the_peak_comes_first_with_what_is_alive_there() -> None:
    shown = cnncalc("memory", "resnet50").stdout.splitlines()
    assert "9,633,792 bytes = 9.19 MiB at conv2_x.bottleneck1.0.add1.shortcut.conv_bn1.batch_norm1" in shown[1]
    assert sum(line.count("3,211,264") for line in shown[3:8]) == 3


def test_json_has_the_keys_of_the_contract() -> None:
    found = json.loads(cnncalc("memory", "lenet5", "-f", "json").stdout)
    assert found["format"] == 1
    assert found["peak"]["elements"] == 9408
    assert found["peak"]["bytes"] == 4 * 9408
    assert found["peak"]["at"] == "tanh1"
    assert found["modes"]["in_place"]["elements"] == 5880
    assert max(step["elements"] for step in found["steps"]) == 9408
    assert sum(each["elements"] for each in found["peak"]["alive"]) == 9408
    # 60,000 + 1,706 parameters of LeNet-5
    assert (
        found["weights_memory"]
        == 4 * json.loads(cnncalc("summary", "lenet5", "-f", "json").stdout)["totals"]["parameters"]
    )


def test_bytes_follow_the_data_types() -> None:
    found = json.loads(
        cnncalc("memory", "conv(4, 3)", "--input", "3x8x8", "--dtype", "activations=int8,weights=int8,biases=int32",
                "-f", "json").stdout
    )  # fmt: skip
    assert found["peak"]["bytes"] == 3 * 64 + 4 * 36
    assert found["weights_memory"] == 3 * 3 * 3 * 4 + 4 * 4
    assert (
        json.loads(cnncalc("memory", "lenet5", "--dtype", "float16", "-f", "json").stdout)["peak"]["bytes"] == 2 * 9408
    )


def test_the_input_is_a_line_of_the_totals() -> None:
    """1920 × 1080 pixels of three bytes."""
    shown = cnncalc("memory", "conv(1, 1)", "--input", "3x1080x1920", "--dtype", "uint8").stdout
    assert "6,220,800 bytes = 5.93 MiB" in shown


@pytest.mark.parametrize(
    ("dtype", "reason"),
    [
        ("flot32", "there is no data type 'flot32', did you mean `float32`? the types are float64, float32,"),
        ("activation=int8", "--dtype has no part 'activation', did you mean `activations`? the parts are activations,"),
        ("weights=int8,weights=int8", "--dtype gives weights twice"),
    ],
)
def test_a_data_type_that_is_not_there_is_wrong_usage(dtype: str, reason: str) -> None:
    done = cnncalc("memory", "lenet5", "--dtype", dtype)
    assert done.returncode == 2
    assert reason in done.stderr


def test_csv_has_a_row_for_each_layer() -> None:
    rows = list(csv.DictReader(io.StringIO(cnncalc("memory", "lenet5", "-f", "csv").stdout)))
    assert len(rows) == 13
    assert max(int(row["alive_elements"]) for row in rows) == 9408
    assert max(int(row["in_place_bytes"]) for row in rows) == 4 * 5880


def test_a_group_has_the_most_of_its_layers() -> None:
    deep = json.loads(cnncalc("memory", "resnet50", "-f", "json").stdout)["steps"]
    most = max(step["bytes"] for step in deep if step["path"].startswith("conv3_x.bottleneck1.0."))
    folded = cnncalc("memory", "resnet50", "--depth", "3").stdout
    (line,) = [line for line in folded.splitlines() if line.startswith("conv3_x.bottleneck1.0 ")]
    assert f"{most:,}" in line


@pytest.mark.parametrize("format", ["markdown", "latex"])
def test_pages_have_the_whole_table(format: str) -> None:
    shown = cnncalc("memory", "lenet5", "-f", format).stdout
    assert "37,632" in shown
    assert "linear2" in shown


def test_the_roofline_of_a_device() -> None:
    """2 · 1,920 macs of `linear(10)` of 192, at 3,840 operations and 8,528 bytes a second: a second either way."""
    command = ["memory", "flatten -> linear(10)", "--input", "3x8x8", "--compute", "3840", "--bandwidth", "8.528k"]
    found = json.loads(cnncalc(*command, "-f", "json").stdout)["roofline"]
    assert (found["operations"], found["bytes_moved"], found["least_time"]) == (3840, 8528, 1.0)
    shown = cnncalc(*command).stdout
    assert "least time  1.00 s, a lower bound" in shown
    assert len(list(csv.reader(io.StringIO(cnncalc(*command, "-f", "csv").stdout)))) == 3


@pytest.mark.parametrize("rate", ["0", "ten", "-5T", "1e9", "10 TB", ""])
def test_a_rate_that_is_none_is_wrong_usage(rate: str) -> None:
    done = cnncalc("memory", "lenet5", "--compute", rate, "--bandwidth", "1G")
    assert done.returncode == 2
    assert "--compute" in done.stderr


def test_training_of_integers_is_wrong_usage() -> None:
    done = cnncalc("memory", "lenet5", "--training", "--dtype", "int8")
    assert done.returncode == 2
    assert "floating-point" in done.stderr


def test_training_has_its_parts() -> None:
    found = json.loads(cnncalc("memory", "lenet5", "--training", "--optimizer", "momentum", "-f", "json").stdout)
    training = found["training"]
    assert training["optimizer_state"] == training["gradients"] == training["parameters"] == 4 * 61_706
    parts = training["parameters"] + training["buffers"] + training["optimizer_state"] + training["step"]["bytes"]
    assert training["bytes"] == parts


def test_memory_is_a_figure_everywhere() -> None:
    totals = json.loads(cnncalc("summary", "resnet50", "-f", "json").stdout)["totals"]
    assert totals["peak_memory"] == 9_633_792
    assert totals["peak_memory_in_place"] == 7_225_344
    assert totals["weights_memory"] == 4 * (25_557_032 + 53_120)
    shown = cnncalc("summary", "resnet50", "--columns", "layer,peak_memory", "--depth", "1").stdout
    assert "9,633,792" in shown.splitlines()[-1] or any(
        line.split() == ["total", "9,633,792"] for line in shown.splitlines()
    )
    done = cnncalc("validate", "resnet50", "--limit", "peak_memory <= 9 MiB")
    assert done.returncode == 1
    assert "`peak_memory` is 9,633,792" in done.stdout


def test_what_is_alive_at_a_layer_of_ones_choice() -> None:
    found = json.loads(cnncalc("memory", "lenet5", "--at", "avg_pool1", "-f", "json").stdout)["at"]
    assert (found["path"], found["elements"]) == ("avg_pool1", 6 * 28 * 28 + 6 * 14 * 14)
    assert "there  23,520 bytes = 23.0 KiB at avg_pool1" in cnncalc("memory", "lenet5", "--at", "avg_pool1").stdout
    group = json.loads(cnncalc("memory", "resnet18", "--at", "conv3_x", "-f", "json").stdout)
    most = max(step["elements"] for step in group["steps"] if step["path"].startswith("conv3_x."))
    assert group["at"]["elements"] == most
    assert cnncalc("memory", "lenet5", "--at", "avgpool1").returncode == 2


def test_a_group_that_ends_in_a_view_shows_the_bytes_that_it_makes() -> None:
    """`down4` of U-Net ends in dropout: its output, 512×64×64 of 4 bytes, is a view of a map that it makes itself."""
    shown = cnncalc("memory", "unet", "--depth", "1").stdout.splitlines()
    (line,) = [line for line in shown if line.startswith("down4 ")]
    assert line.split()[:3] == ["down4", "512×64×64", f"{512 * 64 * 64 * 4:,}"]
    (alone,) = [line for line in shown if line.startswith("dropout1 ")]
    assert alone.split()[2] == "0"


@pytest.mark.parametrize("width", [40, 60])
@pytest.mark.parametrize("options", [("--arena",), ("--training",), ("--compute", "10T", "--bandwidth", "100G"), ()])
def test_no_line_is_wider_than_the_terminal(options: tuple[str, ...], width: int) -> None:
    shown = cnncalc("memory", "alexnet", *options, "--width", str(width)).stdout
    assert max(map(len, shown.splitlines())) <= width
    assert ("norm1" if "--training" in options else "linear1") in shown
