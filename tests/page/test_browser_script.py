"""The types of the page's script, which its comments state, are checked by TypeScript."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cnncalc.render.page import document

from .. import processes
from .npm import TYPESCRIPT, install

pytestmark = pytest.mark.chromium

SCRIPT = Path(document.__file__).with_name("report.js")
OPTIONS = [
    "--noEmit", "--allowJs", "--checkJs", "--strict", "--noUnusedLocals", "--noUnusedParameters", "--noImplicitReturns",
    "--target", "es2023", "--lib", "es2023,dom,dom.iterable",
]  # fmt: skip


def check(script: Path, folder: Path) -> str:
    """The faults that TypeScript finds, "" for none."""
    tool = install(TYPESCRIPT, folder) / "bin" / "tsc"
    node = shutil.which("node")
    assert node
    done = processes.run([node, str(tool), *OPTIONS, str(script)], capture_output=True, text=True)
    return str(done.stdout) + str(done.stderr)


def test_the_types_of_the_script_are_right(tmp_path: Path) -> None:
    assert check(SCRIPT, tmp_path) == ""
    wrong = tmp_path / "wrong.js"
    wrong.write_text(SCRIPT.read_text("utf-8").replace("row.layer", "row.leyer", 1), "utf-8")
    assert "leyer" in check(wrong, tmp_path)


def test_the_script_makes_no_code_and_no_markup_of_texts() -> None:
    text = SCRIPT.read_text("utf-8")
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "</script",
        "<!--",
    ):
        assert word not in text
