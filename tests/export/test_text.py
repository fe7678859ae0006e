"""Exported code as text: formatted, typed by mypy where both are installed, valid for any names."""

from __future__ import annotations

import ast
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from cnncalc.errors import Source
from cnncalc.export.axes import Layout
from cnncalc.export.keras_helpers import helper_text
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
SHORT = {"resnet50": 75, "unet": 70, "inception_v1": 110, "mobilenet_v3_large": 114}  # lines at most


def texts(name: str) -> dict[str, str]:
    """The code of a bundled network for each target and order of axes, without those that it cannot be written for."""
    reading = read(name)
    found = {f"keras_{layout}": code_or_reason(reading, layout)[0] for layout in Layout}
    return {"pytorch": code_of(reading), **{target: text for target, text in found.items() if text}}


SHORT_KERAS = {"resnet50": 75, "unet": 65, "inception_v1": 110, "mobilenet_v3_large": 119}


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
    assert "cnncalc" not in text.replace("\n", " ").split('"""', 2)[2]


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
    for name in {**LAYERS, **FUNCTIONS}:
        for layout in Layout:
            text = helper_text(name.replace("{n}", "2"), layout)
            (tmp_path / f"{name}_{layout}.py").write_text(f"{text}\n", encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--diff", "--isolated", str(tmp_path)]
    assert processes.run(command, capture_output=True, text=True).stdout == ""


@pytest.mark.parametrize("name", SHORT)
def test_code_is_short(name: str) -> None:
    assert len(code_of(read(name)).splitlines()) <= SHORT[name]
    assert len(keras_models.code_of(read(name)).splitlines()) <= SHORT_KERAS[name]


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


def test_names_cannot_leave_their_place() -> None:
    """Keywords, names of PyTorch, quotes and other scripts become identifiers; text stays in its string."""
    reading = read_text(Source("hostile.yaml", HOSTILE))
    assert not reading.failed, reading.problems
    tree = ast.parse(code_of(reading))
    assert [type(node).__name__ for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not any("os." in call or "abort" in call for call in calls)


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
