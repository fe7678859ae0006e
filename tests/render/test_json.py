"""JSON is what RFC 8259 says: no command writes NaN or an infinity, and what is not written is named."""

from __future__ import annotations

import ast
import json
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import cnncalc
from cnncalc import analyze, load
from cnncalc.analysis.figures import Dtype
from cnncalc.cli.app import make_app, run
from cnncalc.layers import kind_class
from cnncalc.render.json import dump, dump_summary

COMMANDS: dict[str, Any] = get_command(make_app()).commands  # type: ignore[attr-defined]
FILE = "net.yaml"
# A factor of 1e308/√1e-300 is beyond the largest double; times 0 it is no number.
OVERFLOWING = """\
input: [1, 1, 2]
layers:
  - batch_norm(epsilon=0)
  - relu
weights:
  batch_norm1: {weight: [1e308], bias: [0], running_mean: [0], running_var: [1e-300]}
"""
WRITERS = [
    ["summary", FILE], ["validate", FILE], ["verify", FILE], ["run", FILE], ["run", FILE, "--all"],
    ["run", FILE, "--explain", "--through", "9"], ["run", FILE, "--precision", "bfloat16"],
    ["run", FILE, "--matrix", "--at", "batch_norm1"], ["compare", FILE, "lenet5"], ["compare", FILE, FILE, "lenet5"],
    ["compare", FILE, "--separable", "depthwise"], ["compare", FILE, "--dense"], ["calc", "relu", "--input", "1x2x2"],
    ["sweep", FILE, "--vary", "input=1x1x2"],
    ["calc", "conv(1, 3)", "--input", "1x9x9", "--want", "4x4"], ["list"],
    ["kernel", "laplace"], ["layers"], ["layers", "conv"], ["codes"],
    ["memory", FILE], ["memory", FILE, "--arena"], ["memory", FILE, "--training"],
    ["sweep", FILE, "--vary", "input=2,3"], ["reconcile", FILE], ["reconcile", FILE, "9"],
    ["sweep", FILE, "--vary", "input=2,3"],
    ["exercise", FILE], ["exercise", FILE, "--solutions"],
    ["memory", FILE, "--compute", "1T", "--bandwidth", "1G"],
]  # fmt: skip


def strict(text: str) -> Any:
    """The document; NaN and Infinity, which Python would read, are not JSON."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_every_command_with_json_is_tried() -> None:
    written = {name for name, command in COMMANDS.items() for option in command.params if option.name == "format"
               and "json" in getattr(option.type, "choices", ())}  # fmt: skip
    assert written - {args[0] for args in WRITERS} == {"explain"} & written


@pytest.mark.parametrize("args", WRITERS, ids=" ".join)
def test_every_command_writes_json(
    args: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE).write_text(OVERFLOWING)
    run([*args, "--format", "json"])
    out, err = capsys.readouterr()
    document = strict(out)
    assert document["format"] == 1
    assert ("null is written for" in err) == (args[0] == "run")


def test_the_note_names_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The factor is infinite: of the input 1 and 0 it makes inf and NaN, and relu passes both on."""
    (tmp_path / FILE).write_text(OVERFLOWING)
    (tmp_path / "data.json").write_text("[[[1, 0]]]")
    given = [str(tmp_path / FILE), "--input-data", str(tmp_path / "data.json")]
    assert run(["run", *given, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert strict(out)["outputs"] == {"relu1": {"shape": [1, 1, 2], "values": [[[None, None]]]}}
    assert err == (
        "cnncalc: note: JSON has no infinities and no NaN: null is written for outputs.relu1.values[0][0][0]"
        " (and for 1 more)\n"
    )


def test_only_what_is_not_finite_is_left_out() -> None:
    made = dump({"a": 1, "b": [{"c d": (2.5, nan)}, {"e": [[-inf]]}]})
    assert strict(made) == {"a": 1, "b": [{"c d": [2.5, None]}, {"e": [[None]]}]}
    assert made.note.endswith('b[0]["c d"][1] (and for 1 more)')
    assert dump({"a": [1.5]}).note == ""


def test_json_is_made_in_one_place() -> None:
    """`json` writes NaN unless `allow_nan=False`."""
    root = Path(cnncalc.__file__).parent
    users = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ("dumps", "dump", "JSONEncoder")
        and ast.unparse(node.value) == "json"
    }
    assert users == {"render/json.py"}


@pytest.mark.parametrize(
    "name", ["resnet50", "googlenet", "unet", "mobilenet_v3_small", "c3d", "wavenet", "shufflenet_v2_x0_5"]
)
def test_sources_and_arguments_rebuild_the_network(name: str) -> None:
    """Every input is the output of its source, and a layer made of its arguments does the same."""
    report = analyze(load(name))
    found = json.loads(dump_summary(report, Dtype.float32))
    shapes = {"input": found["input"], **{layer["path"]: layer["output"] for layer in found["layers"]}}
    for layer, record in zip(report.layers, found["layers"], strict=True):
        assert [shapes[source] for source in record["sources"]] == record["inputs"]
        assert [*record["arguments"]] == [*layer.layer.settings]
        made = kind_class(record["kind"])(**{name: to_tuple(value) for name, value in record["arguments"].items()})
        assert list(made.output_shape(layer.inputs)) == record["output"]
        assert made.weights(layer.inputs) == layer.layer.weights(layer.inputs)


def to_tuple(value: Any) -> Any:
    return tuple(map(to_tuple, value)) if isinstance(value, list) else value


def test_arguments_are_given_for_each_axis() -> None:
    first = json.loads(dump_summary(analyze(load("alexnet")), Dtype.float32))["layers"][0]
    assert first["arguments"]["kernel"] == [11, 11]
    assert first["arguments"]["stride"] == [4, 4]
    assert first["sources"] == ["input"]
