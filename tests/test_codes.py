"""Every code is explained, with a file that has the problem and the corrected file."""

from __future__ import annotations

import ast
import json
from importlib import import_module
from pathlib import Path

import pytest

from cnncalc.errors.codes import GROUPS, Code, all_codes
from cnncalc.reading import read
from cnncalc.render.codes import describe_code
from cnncalc.render.show import show
from cnncalc.render.view import View

from .cli.running import cnncalc

CODES = all_codes()
ROOT = Path(__file__).parent.parent / "cnncalc"
MAKERS = {"Problem", "Mistake", "LayerError", "warn"}
WITHOUT_EXAMPLE = {"bad-answers", "no-counterpart", "no-layer-kind", "unreadable"}  # no architecture file has it


def test_every_module_of_codes_is_a_group() -> None:
    folder = ROOT / "errors" / "codes"
    assert {path.stem for path in folder.glob("*.py")} == {"__init__", *GROUPS}


def test_each_code_is_in_one_group_and_warnings_are_together() -> None:
    modules = {group: import_module(f"cnncalc.errors.codes.{group}").CODES for group in GROUPS}
    assert len(CODES) == sum(map(len, modules.values()))
    for group, codes in modules.items():
        assert {code.severity for code in codes} == {"warning" if group == "warnings" else "error"}


def test_every_code_in_the_program_is_in_the_catalogue() -> None:
    """The codes in all calls that create a problem, if they are literals."""
    given = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                given |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    assert len(given) > 30
    assert given <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained(code: str) -> None:
    entry = CODES[code]
    assert entry.code == code
    assert entry.explanation.endswith(".")
    assert len(entry.explanation) > len(entry.sentence)
    assert bool(entry.bad) is bool(entry.good) is (code not in WITHOUT_EXAMPLE)


@pytest.mark.parametrize("code", [code for code in CODES if code not in WITHOUT_EXAMPLE])
def test_the_bad_example_has_only_this_problem_and_the_good_one_none(code: str, tmp_path: Path) -> None:
    entry = CODES[code]
    for text, wanted in ((entry.bad, [code]), (entry.good, [])):
        file = tmp_path / "net.yaml"
        file.write_text(text, encoding="utf-8")
        assert [problem.code for problem in read(str(file), check_expect=True).problems] == wanted


def test_the_listing_has_every_code_with_examples() -> None:
    ran = cnncalc("codes")
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    for code in CODES.values():
        assert lines[lines.index(f"  {code.code}") + 1] == f"      {code.sentence}"
    at = lines.index("  unknown-argument")
    assert lines[at + 2 : at + 4] == ["      wrong  - conv(4, kernel_size=3)", "      right  - conv(4, kernel=3)"]


def test_the_page_of_a_code_contains_the_message() -> None:
    text = cnncalc("codes", "shape-mismatch").stdout
    assert text.startswith("shape-mismatch  error\nShapes that must be equal differ.\n\n")
    assert "net.yaml:5:7: error[shape-mismatch]: the branches of `add` have different shapes" in text
    assert "    shortcut: conv(16, 1)" in text


@pytest.mark.parametrize("code", list(CODES.values()), ids=lambda code: code.code)
def test_an_explanation_fits_a_narrow_terminal(code: Code) -> None:
    text = show(describe_code(code, [], View(width=60)), View(width=60)).partition("\nwrong\n")[0]
    assert all(len(line) <= 60 for line in text.splitlines())
    assert " ".join(code.explanation.split()) in " ".join(text.split())


def test_codes_as_json() -> None:
    found = json.loads(cnncalc("codes", "--format", "json").stdout)
    assert found["format"] == 1
    assert [code["code"] for code in found["codes"]] == list(CODES)
    (one,) = json.loads(cnncalc("codes", "bad-count", "--format", "json").stdout)["codes"]
    assert one["bad"] == CODES["bad-count"].bad
    assert set(one) == {"code", "severity", "sentence", "explanation", "bad", "good"}


def test_an_unknown_code() -> None:
    ran = cnncalc("codes", "shape-missmatch")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "did you mean `shape-mismatch`?" in ran.stderr
