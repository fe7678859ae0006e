"""Every code is explained, with a file that gets it and the same put right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnncalc.codes import GROUPS, Code, all_entries, every_code
from cnncalc.errors import CODES
from cnncalc.render.codes import code_text
from cnncalc.review import review

from .cli.running import cnncalc

ENTRIES = all_entries()
WITHOUT_EXAMPLE = {"unreadable"}  # there is no file to show


def test_every_code_has_an_entry_and_every_entry_a_code() -> None:
    assert set(ENTRIES) == set(CODES)
    assert [code.code for code in every_code()] == list(CODES)


def test_every_module_of_codes_is_a_group() -> None:
    folder = Path(__file__).parent.parent / "cnncalc" / "codes"
    assert {path.stem for path in folder.glob("*.py")} == {"__init__", *GROUPS}


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained(code: str) -> None:
    entry = ENTRIES[code]
    assert entry.explanation.endswith(".")
    assert len(entry.explanation) > len(CODES[code][1])
    assert bool(entry.bad) is bool(entry.good) is (code not in WITHOUT_EXAMPLE)


@pytest.mark.parametrize("code", [code for code in CODES if code not in WITHOUT_EXAMPLE])
def test_the_bad_example_gets_this_code_alone_and_the_good_one_none(code: str, tmp_path: Path) -> None:
    entry = ENTRIES[code]
    for text, wanted in ((entry.bad, [code]), (entry.good, [])):
        file = tmp_path / "net.yaml"
        file.write_text(text, encoding="utf-8")
        assert [problem.code for problem in review(str(file)).problems] == wanted


def test_the_listing_has_every_code_wrong_and_right() -> None:
    ran = cnncalc("codes")
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    for code, (_, sentence) in CODES.items():
        assert lines[lines.index(f"  {code}") + 1] == f"      {sentence}"
    at = lines.index("  unknown-argument")
    assert lines[at + 2 : at + 4] == ["      wrong  - conv(4, kernel_size=3)", "      right  - conv(4, kernel=3)"]


def test_the_page_of_a_code_says_what_validate_says() -> None:
    text = cnncalc("codes", "shape-mismatch").stdout
    assert text.startswith("shape-mismatch  error\nShapes that must agree do not.\n\n")
    assert "net.yaml:5:7: error[shape-mismatch]: the branches of `add` disagree" in text
    assert "    shortcut: conv(16, 1)" in text


@pytest.mark.parametrize("code", every_code(), ids=lambda code: code.code)
def test_an_explanation_fits_a_narrow_terminal(code: Code) -> None:
    text = code_text(code, [], 60, color=False).partition("\nwrong\n")[0]
    assert all(len(line) <= 60 for line in text.splitlines())
    assert " ".join(code.explanation.split()) in " ".join(text.split())


def test_codes_as_json() -> None:
    found = json.loads(cnncalc("codes", "--format", "json").stdout)
    assert found["format"] == 1
    assert [code["code"] for code in found["codes"]] == list(CODES)
    (one,) = json.loads(cnncalc("codes", "bad-count", "--format", "json").stdout)["codes"]
    assert one["bad"] == ENTRIES["bad-count"].bad
    assert set(one) == {"code", "severity", "sentence", "explanation", "bad", "good"}


def test_a_code_that_is_none() -> None:
    ran = cnncalc("codes", "shape-missmatch")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "did you mean `shape-mismatch`?" in ran.stderr
