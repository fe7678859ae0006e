"""Exported code as text: formatted, typed by mypy where both are installed, valid for any names."""

from __future__ import annotations

import ast
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from cnncalc.errors import Source
from cnncalc.export.about import A_LAYER_A_LINE
from cnncalc.export.axes import Layout
from cnncalc.export.keras_helpers import helper_text
from cnncalc.export.keras_helpers_convolutions import CONVOLUTIONS
from cnncalc.export.keras_helpers_layers import LAYERS
from cnncalc.export.keras_helpers_views import FUNCTIONS
from cnncalc.export.layout import WIDTH
from cnncalc.reading import read, read_text
from cnncalc.spec.files import bundled

from .. import processes
from . import keras_models
from .keras_models import code_or_reason
from .modules import code_of

NAMES = bundled()
SHORT = {"resnet50": 75, "unet": 65, "inception_v1": 110, "mobilenet_v3_large": 110, "mobilenet_v3_small": 110}  # lines


def texts(name: str) -> dict[str, str]:
    """The code of a bundled network for each target and order of axes, without those that it cannot be written for."""
    reading = read(name)
    found = {f"keras_{layout}": code_or_reason(reading, layout)[0] for layout in Layout}
    return {"pytorch": code_of(reading), **{target: text for target, text in found.items() if text}}


@pytest.mark.sample(30)
@pytest.mark.parametrize("name", NAMES)
def test_code_is_python_of_narrow_lines(name: str) -> None:
    for text in texts(name).values():
        assert_narrow(text)


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", NAMES)
def test_code_is_the_same_each_time(name: str) -> None:
    assert texts(name) == texts(name)


def assert_narrow(text: str) -> None:
    ast.parse(text)
    long = [line for line in text.splitlines() if len(line) > WIDTH]
    assert all(re.search(r'"[^"]{60,}"', line) for line in long)  # a path, which cannot be broken
    assert not re.search(r"^\s*(import|from)\s+cnncalc", text, re.MULTILINE)


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed: it is a tool of development")
def test_ruff_finds_and_changes_nothing(tmp_path: Path) -> None:
    for name in NAMES:
        for target, text in texts(name).items():
            (tmp_path / f"{name}_{target}.py").write_text(text, encoding="utf-8")
    for command in (["format", "--diff"], ["check", "--quiet"]):
        found = processes.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", str(tmp_path)], capture_output=True, text=True
        )
        assert found.stdout == ""


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed: it is a tool of development")
def test_helpers_are_formatted(tmp_path: Path) -> None:
    for name in {**LAYERS, **CONVOLUTIONS, **FUNCTIONS}:
        for layout in Layout:
            text = helper_text(name.replace("{n}", "2"), layout)
            (tmp_path / f"{name}_{layout}.py").write_text(f"{text}\n", encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--diff", "--isolated", str(tmp_path)]
    assert processes.run(command, capture_output=True, text=True).stdout == ""


@pytest.mark.parametrize("name", SHORT)
def test_code_is_short(name: str) -> None:
    assert len(code_of(read(name)).splitlines()) <= SHORT[name]
    assert len(keras_models.code_of(read(name)).splitlines()) <= SHORT[name]


HOSTILE = """
name: 'x\"\"\"; import os; os.abort() #'
source: 'a \"\"\" b \\ c'
input: [3, 8, 8]
params: {lambda: 4, self: 1, nn: 2}
blocks:
  class(x, torch=1, index_=2): conv(x, torch, bias=false) -> relu
layers:
  - forward = conv(lambda, 3, padding=self)
  - training = class(nn, index_=2)
  - type = from(forward) -> conv(2, 1)
  - ünï = from(training)
  - concat: {1: from(type), values: from(ünï)}
"""


@pytest.mark.parametrize(
    "call", ["slice(0, 0, channels // 2)", "split(channels // 2, 0)", "channel_split(channels // 4, 0)"]
)
def test_a_call_that_reads_the_size_of_its_input_runs_it_once(call: str) -> None:
    text = f"input: [4, 8, 8]\nlayers:\n  - conv(8, 3) -> {call} -> relu\n"
    assert code_of(read_text(Source("once.yaml", text))).count("self.conv1(") == 1


def test_names_cannot_leave_their_place() -> None:
    """Keywords, names of PyTorch, quotes and other scripts become identifiers; text stays in its string."""
    reading = read_text(Source("hostile.yaml", HOSTILE))
    assert not reading.failed, reading.problems
    tree = ast.parse(code_of(reading))
    assert [type(node).__name__ for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not any("os." in call or "abort" in call for call in calls)


HOSTILE_KERAS = """
name: 'layers \"\"\"; import os; os.abort() #'
source: 'a \"\"\" b \\ c {x} \n d'
input: [3, 8, 8]
params: {lambda: 4, name: 3, keras: 2, pad: 1}
blocks:
  fit(x, layers=1, index_=2): conv(x, 3, padding=pad, bias=false) -> relu
  input_layer(name): (conv(name, 3, padding=half) -> sum_over(0) -> conv(lambda, 1)) * keras
layers:
  - ops = conv(lambda, 3, padding=1)
  - get_item = fit(keras, index_=2)
  - model = from(ops) -> conv(2, 1)
  - ünï = from(get_item) -> input_layer(name)
  - np = from(model) -> affine(2) -> slice(0, 0, 1)
  - concat: {1: from(np), values: from(ünï), class: from(model) -> fit(2) * keras}
"""


UNDERSCORES = """
input: [8, 16, 16]
params: {_w: 4, __n: 3}
blocks:
  _b(_w, __n): reshape([_w, rest, 16]) -> conv(_w, 3, padding=1) * __n -> reshape([8, 16, rest])
layers:
  - _a = relu
  - __init__ = conv(8, 1)
  - _b(_w, __n)
  - (relu -> conv(8, 3, padding=1)) * __n
  - reshape([_w, rest, 16]) if __n > 2
"""


def test_names_with_underscores_are_written() -> None:
    """Modules of PyTorch have no attributes of others that begin with one."""
    text = code_of(read_text(Source("underscores.yaml", UNDERSCORES)))
    assert "self._" not in text
    assert not re.search(r"self\.__(?!init__\(\))", text)
    ast.parse(text)


def test_names_in_keras_cannot_leave_their_place() -> None:
    """Names of Keras and of the file are not taken; braces in text are not filled in."""
    reading = read_text(Source("hostile.yaml", HOSTILE_KERAS))
    assert not reading.failed, reading.problems
    text = keras_models.code_of(reading)
    tree = ast.parse(text)
    assert A_LAYER_A_LINE not in text
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not any(call.startswith(("os.", "import")) for call in calls)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_hostile_names_are_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("torch", reason="PyTorch is not installed, on which Keras runs here")
    pytest.importorskip("keras", reason="Keras is not installed")
    reading = read_text(Source("hostile.yaml", HOSTILE_KERAS))
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(keras_models.code_of(reading), "hostile.py", "exec"), names)


@pytest.mark.torch
@pytest.mark.sample(1)
@pytest.mark.parametrize("part", range(4))
def test_types_of_keras_hold(tmp_path: Path, part: int) -> None:
    """mypy passes by its defaults, though Keras has no types; a wrong type fails."""
    mypy = pytest.importorskip("mypy.api", reason="mypy is not installed: it is a tool of development")
    pytest.importorskip("keras", reason="Keras is not installed")
    for name in NAMES[part::4]:
        for target, text in texts(name).items():
            if target != "pytorch":
                (tmp_path / f"{name}_{target}.py").write_text(text, encoding="utf-8")
    options = ["--config-file=", f"--cache-dir={tmp_path / 'cache'}", "--no-error-summary"]
    assert mypy.run([*options, *(str(path) for path in sorted(tmp_path.glob("*.py")))]) == ("", "", 0)
    wrong = tmp_path / "wrong.py"
    wrong.write_text(keras_models.code_of(read("resnet50")).replace("(3, 4, 6, 3)", "(3, 4, 6, '3')"))
    assert mypy.run([*options, str(wrong)])[2] == 1


@pytest.mark.torch
@pytest.mark.sample(1)
@pytest.mark.parametrize("part", range(4))
def test_types_hold(tmp_path: Path, part: int) -> None:
    """mypy passes by its defaults; a name that is not there fails."""
    mypy = pytest.importorskip("mypy.api", reason="mypy is not installed: it is a tool of development")
    pytest.importorskip("torch", reason="PyTorch is not installed")
    for name in NAMES[part::4]:
        (tmp_path / f"{name}.py").write_text(code_of(read(name)), encoding="utf-8")
    options = ["--config-file=", f"--cache-dir={tmp_path / 'cache'}", "--no-error-summary"]
    assert mypy.run([*options, *(str(path) for path in sorted(tmp_path.glob("*.py")))]) == ("", "", 0)
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from torch import nn\n\nnn.Conv(1, 1, 1)\n")
    assert mypy.run([*options, str(wrong)])[2] == 1
