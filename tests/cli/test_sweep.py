"""`cnncalc sweep`, as a program: rows are what `summary` says at each point, formats, plots, problems and Ctrl-C."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from io import StringIO
from pathlib import Path

import pytest

from cnncalc import limits
from cnncalc.reading import read
from cnncalc.sweeping import Evaluation

from .running import cnncalc

NET = """\
name: Net
params: {width: 4, kernel: 3, pad: 0}
input: [3, 12, 12]
layers:
  - conv(width, kernel, padding=pad) -> relu -> conv(2 * width, kernel, 2)
  - flatten -> linear(10)
"""


@pytest.fixture
def net(tmp_path: Path) -> str:
    file = tmp_path / "net.yaml"
    file.write_text(NET)
    return str(file)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "unet", "siamese"])
def test_each_point_is_what_summary_says(name: str) -> None:
    """Read once, or anew at each point: the same figures."""
    params = {"mobilenet_v2": "width=0.5,1.25", "resnet18": "classes=10,100"}.get(name)
    sizes = {"siamese": "105,128", "unet": "572,188"}.get(name, "96,224")
    axes = ["--vary", f"input={sizes}", *(["--vary", params] if params else [])]
    columns = "parameters,macs,multiplications,activations,receptive_field,output,depth"
    ran = cnncalc("sweep", name, *axes, "--columns", columns, "--format", "json")
    assert ran.returncode == 0, ran.stderr
    points = json.loads(ran.stdout)["points"]
    assert len(points) == 2 * (2 if params else 1)
    for point in points:
        several = isinstance(point["input"][0], list)
        shapes = point["input"] if several else [point["input"]]
        names = list(read(name).require_network().inputs)
        inputs = ["x".join(map(str, shape)) for shape in shapes]
        given = [f"{one}={text}" for one, text in zip(names, inputs, strict=True)] if several else inputs
        settings = [f"{one}={value}" for one, value in point["params"].items()]
        alone = cnncalc(
            "summary", name, *(part for text in given for part in ("--input", text)),
            *(part for text in settings for part in ("--set", text)), "--format", "json",
        )  # fmt: skip
        report = json.loads(alone.stdout)
        assert point["output"] == report["output"]
        for figure in ("parameters", "macs", "multiplications", "activations"):
            assert point["totals"][figure] == report["totals"][figure]


def test_a_problem_is_a_row_and_the_others_go_on(net: str) -> None:
    ran = cnncalc("sweep", net, "--vary", "kernel=3,13", "--vary", "pad=0,halff", "--format", "json")
    assert ran.returncode == 0
    first, *others = json.loads(ran.stdout)["points"]
    assert first["totals"]["parameters"] == 3 * 9 * 4 + 4 + 4 * 9 * 8 + 8 + 8 * 4 * 4 * 10 + 10
    assert [each["totals"] for each in others] == [None, None, None]
    assert {each["problem"]["code"] for each in others} >= {"kernel-too-large"}
    table = cnncalc("sweep", net, "--vary", "kernel=3,13")
    assert "line 5: " in table.stdout
    assert "1 point with errors" in table.stdout
    assert cnncalc("sweep", net, "--vary", "kernel=13,14").returncode == 1


@pytest.mark.parametrize("goal", [None, "macs"])
def test_ctrl_c_shows_what_is_done(
    net: str, goal: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cnncalc.cli.sweep import SweepFormat, sweep
    from cnncalc.compare.sweep import Point, parse_axis

    evaluate = Evaluation.__call__

    def interrupt(self: Evaluation, values: tuple[str, ...]) -> Point:
        if values == ("4",):
            raise KeyboardInterrupt
        return evaluate(self, values)

    monkeypatch.setattr(Evaluation, "__call__", interrupt)
    axis = parse_axis("width=1..9:1")
    assert sweep(net, [axis], maximize=goal, columns="parameters", format=SweepFormat.csv) == 130
    shown = capsys.readouterr()
    assert {row["width"] for row in csv.DictReader(StringIO(shown.out))} == {"1", "2", "3"}
    assert "3 of 9 points were computed" in shown.err


def test_limits_keep_and_goals_sort(net: str) -> None:
    """61·w + 72·w² + 1290 parameters·: 4 → 3·9·4+4 = 112, 4·9·8+8 = 296, 1290: 1698; 8: 224 + 1168 + 2570 = 3962."""
    arguments = ("sweep", net, "--vary", "width=2,4,8", "--format", "csv", "--columns", "parameters")
    rows = list(csv.DictReader(StringIO(cnncalc(*arguments, "--limit", "parameters <= 2 k").stdout)))
    assert [(row["width"], row["parameters"]) for row in rows][1:] == [("4", "1698")]
    rows = list(csv.DictReader(StringIO(cnncalc(*arguments, "--maximize", "parameters").stdout)))
    assert [row["width"] for row in rows] == ["8", "4", "2"]
    rows = list(csv.DictReader(StringIO(cnncalc(*arguments, "--pareto", "parameters,width").stdout)))
    assert [row["width"] for row in rows] == ["2", "4", "8"]  # each wider one costs more
    none = cnncalc(*arguments, "--limit", "parameters <= 2")
    assert (none.returncode, none.stdout) == (1, "width,parameters,problem\n")


def test_the_widest_that_fits(net: str) -> None:
    """width 8 takes 3,962 parameters, width 9 takes 28·9 + (81·9 + 9)·2 + … more than 4 k."""
    ran = cnncalc("sweep", net, "--vary", "width=1..64", "--limit", "parameters <= 4 k", "--format", "json")
    (point,) = json.loads(ran.stdout)["points"]
    assert point["params"] == {"width": 8}
    missed = cnncalc("sweep", net, "--vary", "width=1..64", "--limit", "parameters <= 4")
    assert missed.returncode == 1


def test_whole_shapes_are_the_input_of_what_has_none() -> None:
    found = cnncalc("sweep", "conv(4, 3)", "--vary", "input=3x8x8,3x8x16", "--format", "csv", "--columns", "output")
    assert found.stdout.splitlines()[1:] == ["3x8x8,4x6x6,", "3x8x16,4x6x14,"]
    compared = cnncalc("compare", "conv(4, 3)", "--vary", "input=3x8x8,3x8x16", "--format", "json")
    assert [each["output"] for each in json.loads(compared.stdout)["architectures"]] == [[4, 6, 6], [4, 6, 14]]


def test_whole_numbers_go_by_ones(net: str) -> None:
    """The file has `width: 4`."""
    ran = cnncalc("sweep", net, "--vary", "width=1..4", "--format", "csv", "--columns", "parameters")
    assert [line.split(",")[0] for line in ran.stdout.splitlines()] == ["width", "1", "2", "3", "4"]


def test_what_is_varied_is_no_set(net: str) -> None:
    """An unknown name is a problem of the option, on no line of the file."""
    ran = cnncalc("sweep", net, "--vary", "width=wide,4")
    assert "--vary width: unknown name `wide`" in ran.stdout
    ran = cnncalc("sweep", net, "--vary", "width=wide,4", "--format", "json")
    assert json.loads(ran.stdout)["points"][0]["problem"]["line"] is None


def test_a_chain_is_swept_too() -> None:
    chain = "conv(width, 3) -> relu"
    ran = cnncalc("sweep", chain, "--input", "3x8x8", "--vary", "width=4,8", "--vary", "input=8,16", "--format", "json")
    totals = [point["totals"]["macs"] for point in json.loads(ran.stdout)["points"]]
    assert totals == [27 * 4 * 36, 27 * 4 * 196, 27 * 8 * 36, 27 * 8 * 196]


def test_formats(net: str, tmp_path: Path) -> None:
    varied = ("--vary", "width=2..8:2", "--vary", "input=12,16")
    assert cnncalc("sweep", net, *varied, "--format", "markdown").stdout.count("\n|") >= 9
    assert "\\begin{tabular}" in cnncalc("sweep", net, *varied, "--format", "latex").stdout
    picture = tmp_path / "sweep.svg"
    assert cnncalc("sweep", net, *varied, "--output", str(picture)).returncode == 0
    root = ET.fromstring(picture.read_text("utf-8"))
    space = "{http://www.w3.org/2000/svg}"
    circles = [(float(each.get("cx", "")), float(each.get("cy", ""))) for each in root.iter(f"{space}circle")]
    assert len(circles) == 8 + 2  # a point each, and the two of the legend
    assert all(0 <= x <= 640 and 0 <= y <= 400 for x, y in circles)
    assert len(list(root.iter(f"{space}polyline"))) == 2
    lines = picture.read_text("utf-8")
    assert cnncalc("sweep", net, *varied, "--format", "svg").stdout == lines


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_a_plot_is_as_wide_as_the_terminal_and_higher_costs_are_higher_up(net: str, width: int) -> None:
    ran = cnncalc("sweep", net, "--vary", "width=2..8:2", "--vary", "input=12,16", "-f", "plot", "--width", str(width))
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert max(map(len, lines)) <= max(width, 40)
    rows = {
        letter: [at for at, line in enumerate(lines[2:18]) if letter in line.split("│")[-1].split("┤")[-1]]
        for letter in "ab"
    }
    assert min(rows["b"]) < min(rows["a"])  # 16×16 takes more macs than 12×12
    assert re.search(r"a  input 12\n  b  input 16", ran.stdout)


def test_what_is_asked_for_alone_is_computed(net: str) -> None:
    from cnncalc.compare.sweep import parse_axis

    axis = parse_axis("width=2,4")
    assert not Evaluation(net, [axis], (), (), ("macs",)).needs_fields
    point = Evaluation(net, [axis], (), (), ("macs", "receptive_field"))(("2",))
    assert point.figures["receptive_field"] == (5, 5)  # 3 + (3 − 1)·1


def test_each_point_has_the_limits_alone(net: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is evaluated for one point does not count for the next."""
    from cnncalc.compare.sweep import parse_axis

    evaluation = Evaluation(net, [parse_axis("width=2,4")], (), (), ("macs",))
    monkeypatch.setattr(limits, "EVALUATION_STEPS", 40)
    monkeypatch.setattr(limits, "EXPANSION_STEPS", 40)
    monkeypatch.setattr(limits, "LAYERS", 12)
    for _ in range(50):
        assert evaluation(("4",)).problem is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name what varies"),
        (("--vary", "widht=1"), "did you mean `width`?"),
        (("--vary", "width=1", "--set", "width=2"), "both give 'width'"),
        (("--vary", "input=9", "--input", "3x9x9"), "both give the input size"),
        (("--vary", "input=0.5"), "whole sizes"),
        (("--vary", "input=0,8"), "not '0'"),
        (("--vary", "input=-3"), "not '-3'"),
        (("--vary", "input=big"), "not 'big'"),
        (("--vary", "input=3x0x8"), "3x0x8"),
        (("--vary", "width=1.0..2"), "needs a step, e.g. width=1..2:0.1;"),
        (("--vary", "width=1,(,2"), "--vary width: expected a value"),
        (("--vary", "width=1..1e9"), "in decimal numbers"),
        (("--vary", "width=1", "--minimize", "maks"), "did you mean `macs`?"),
        (("--vary", "width=1", "--limit", "macs <= 5%"), "a share of nothing"),
        (("--vary", "width=1", "--limit", "maks <= 5"), "did you mean `macs`?"),
        (("--vary", "width=1", "--pareto", "depth,macs"), "neither less nor more"),
        (("--vary", "width=1", "--minimize", "macs", "--maximize", "macs"), "no effect"),
        (("--vary", "width=1..100000:0.1"), "more than 100,000"),
    ],
)
def test_wrong_usage(net: str, arguments: tuple[str, ...], said: str) -> None:
    ran = cnncalc("sweep", net, *arguments)
    assert ran.returncode == 2, ran.stdout
    assert said in ran.stderr


def test_errors_of_the_file_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("params: {width: 4}\ninput: [3, 8, 8]\nlayers: ['convv(width, 3)']\n")
    ran = cnncalc("sweep", str(file), "--vary", "width=1,2")
    assert ran.returncode == 1
    assert "unknown-kind" in ran.stderr
    assert cnncalc("sweep", "nothing", "--vary", "width=1").returncode == 1
