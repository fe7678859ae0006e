"""The program runs unchanged under Pyodide, a CPython in WebAssembly, as notebooks in a browser have it.

Node runs it. Fetched are the npm package `pyodide` and, from PyPI, the wheels that cnncalc needs; PyYAML's extension in
C is for another machine and stays aside.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from cnncalc.cli.app import run
from cnncalc.guide import page

from .. import processes
from ..cli.running import BAD, GOOD, ROOT, environment
from ..documents import blocks

pytestmark = pytest.mark.pyodide

PYODIDE = "pyodide@314.0.7"  # CPython 3.14
DEEP = "input: [1, 4, 4]\nlayers: " + "[" * 1_500 + "]" * 1_500
FILES = {"good.yaml": GOOD, "bad.yaml": BAD, "deep.yaml": DEEP, "sign.yaml": "name: Größe\ninput: [1, 4, \x01]\n"}
COMMANDS = [
    ["summary", "alexnet"], ["summary", "resnet50", "-f", "json"], ["summary", "good.yaml", "--color", "always"],
    ["summary", "bad.yaml"], ["validate", "alexnet", "good.yaml", "bad.yaml", "deep.yaml", "sign.yaml"],
    ["calc", "conv(96, 11, stride=4)", "--input", "3x227x227", "--explain"],
    ["calc", "conv(96, 11, stride=4)", "--input", "3x224x224", "--want", "55x55"],
    ["explain", "vgg16"], ["explain", "bad.yaml"], ["run", "lenet5"], ["run", "two_conv", "--at", "conv1", "--picture"],
    ["run", "good.yaml", "--seed", "7"], ["run", "no-such-file"], ["verify", "two_conv"],
    ["kernel", "gauss"], ["list"], ["layers", "conv"],
    ["codes"], ["compare", "vgg16", "vgg19"], ["compare", "alexnet", "--separable", "depthwise"],
    ["show", "good.yaml", "--expand"], ["memory", "good.yaml"], ["import", "good.yaml"], ["draw", "resnet50"],
    ["draw", "alexnet", "-f", "svg"], ["report", "lenet5"], ["reconcile", "vgg16"], ["reconcile", "vgg16", "15.3G"],
    ["exercise", "lenet5", "--solutions"],
    ["export", "good.yaml", "--to", "pytorch"],
    ["export", "good.yaml", "--to", "keras"],
    ["sweep", "alexnet", "--vary", "input=195,227"], ["summary", "alexnet", "--nonsense"], ["guide"],
]  # fmt: skip


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of all commands under Pyodide."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("Node is not installed")
    folder = tmp_path_factory.mktemp("pyodide")
    site = folder / "site"
    processes.run([npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), PYODIDE], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(site), str(ROOT)]
    processes.run(pip, check=True, env=environment())
    shutil.copy(Path(__file__).with_name("commands.mjs"), folder)
    examples = "\n".join(block.body for block in blocks(page("jupyterlite"), "pycon"))
    job = json.dumps({"files": FILES, "commands": COMMANDS, "examples": examples})
    command = [node, "commands.mjs", str(site)]
    done = processes.run(command, input=job, cwd=folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_is_another_python(answer: dict[str, Any]) -> None:
    assert answer["platform"] == "emscripten"
    assert answer["libyaml"] is False


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=lambda number: " ".join(COMMANDS[number]))
def test_a_command_prints_the_same(
    number: int, answer: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(COMMANDS[number])
    assert answer["runs"][number] == [code, out.getvalue(), err.getvalue()]


def test_known_numbers(answer: dict[str, Any]) -> None:
    """So that it is not the same nothing everywhere."""
    outputs = [out for _, out, _ in answer["runs"]]
    assert "62,378,344" in outputs[0]
    assert json.loads(outputs[1])["totals"]["parameters"] == 25557032
    assert "padding=2" in outputs[6]


def test_the_page_on_jupyterlite_is_true(answer: dict[str, Any]) -> None:
    assert answer["examples"] == ""
