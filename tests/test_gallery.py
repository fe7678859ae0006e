"""Every mistake is reported well: the gallery of bad files, in which the expected problems are marked by hand.

`marks.py` describes the marks. The files under `good` have no problems, not even warnings.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from cnncalc.errors import Fix, Problem, Source
from cnncalc.errors.codes import all_codes
from cnncalc.reading import Reading, read, read_text
from cnncalc.spec import nodes
from cnncalc.spec.files import bundled, read_source
from cnncalc.spec.repairs import HIDING

from .cli.running import cnncalc
from .marks import GALLERY, Mark, found, marks

FILES = sorted(path for path in GALLERY.rglob("*") if path.suffix in (".yaml", ".json"))
GOOD = [path for path in FILES if path.is_relative_to(GALLERY / "good")]
BAD = [path for path in FILES if path not in GOOD and marks(path)]
# Codes that no architecture file can have.
WITHOUT_FILE = {"bad-answers", "no-counterpart", "no-layer-kind", "unreadable"}

# The traps that the specification of the language names, and a file with each.
TRAPS = {
    "a comma inside a call in a flow list": "yaml/comma_splits_a_list",
    "a comma inside a call in a flow mapping": "yaml/comma_splits_a_mapping",
    "- relu followed by name:": "yaml/name_below_a_text",
    "- relu:": "yaml/kind_with_a_colon",
    "-relu": "yaml/dash_without_space",
    "-relu, first": "yaml/dash_without_space_first",
    "a colon-space in an unquoted title": "yaml/colon_in_a_title",
    "a comment inside a folded chain": "yaml/comment_in_a_folded_chain",
    "a comment line inside a folded chain": "yaml/comment_line_in_a_folded_chain",
    "3x3": "grammar/three_by_three",
    "(3, 3)": "grammar/tuple",
    "True": "grammar/true_with_a_capital",
    "'same'": "grammar/word_in_quotes",
    "50%": "grammar/percent",
    "= for ==": "grammar/equals_for_compare",
    "Conv2d": "names/conv2d",
    "kernel_size=": "arguments/kernel_size",
    "in_channels written first": "arguments/pytorch_order",
    "in_channels written first, and it fits": "advice/input_channels_first",
    "a batch size in input": "advice/batch_in_input",
    "a batch size in a volume's input": "shapes/batch_of_five",
    "linear without flatten": "shapes/linear_on_a_map",
    "a repeat that shrinks the map to nothing": "shapes/shrinks_to_nothing",
    "positional YAML lists": "grammar/arguments_as_a_list",
    "scalar arguments": "grammar/argument_as_a_scalar",
    "name: beside a kind": "grammar/name_beside_a_kind",
    "if: beside a kind": "grammar/if_beside_a_kind",
    "a wrong stride found three calls later": "shapes/wrong_stride_three_calls_later",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(GALLERY).with_suffix(""))


def test_the_gallery_is_large_enough() -> None:
    assert len(BAD) >= 120
    assert len(GOOD) >= 20
    assert sum(bool(mark.repair) for path in BAD for mark in marks(path)) >= 40


def test_every_bad_file_has_marks() -> None:
    assert {name_of(path) for path in FILES if path not in GOOD and path not in BAD} == {"extends/good_base"}
    assert [mark for path in GOOD for mark in marks(path)] == []


def test_every_code_is_in_the_gallery() -> None:
    assert {mark.code for path in BAD for mark in marks(path)} == set(all_codes()) - WITHOUT_FILE


@pytest.mark.parametrize("trap", TRAPS)
def test_every_known_trap_is_in_the_gallery(trap: str) -> None:
    assert GALLERY / f"{TRAPS[trap]}.yaml" in BAD


@pytest.mark.usefixtures("yaml_loader")
@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_a_bad_file_has_these_problems_and_no_others(path: Path) -> None:
    problems = read(str(path), check_expect=True).problems
    if nodes.LOADER is yaml.BaseLoader and name_of(path) == "encoding/tab_between_words":
        assert sorted(map(found, problems)) == [
            (path.name, 3, 12, "yaml-syntax")
        ]  # the first tab, which this loader rejects
    else:
        assert sorted(map(found, problems)) == [mark.problem for mark in marks(path)]


@pytest.mark.parametrize("path", [path for path in BAD if any(mark.repair for mark in marks(path))], ids=name_of)
def test_the_marked_repair_is_offered(path: Path) -> None:
    problems = {found(problem): problem for problem in read(str(path), check_expect=True).problems}
    for mark in marks(path):
        if mark.repair:
            assert offers(problems[mark.problem], mark)


def offers(problem: Problem, mark: Mark) -> bool:
    """Whether the marked repair is among those offered, which are one and its alternatives; the help lists all."""
    assert all(fix.alternative for fix in problem.fixes[1:])
    lists_all = problem.help == "; or ".join(fix.help for fix in problem.fixes)
    return lists_all and any(f"`{mark.repair}`" in fix.help or fix.text == mark.repair for fix in problem.fixes)


@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_every_offered_repair_works(path: Path) -> None:
    """The repaired file, read again, no longer has the problem, and no new ones except those that it hid."""
    before = read(str(path), check_expect=True).problems
    for problem in before:
        for fix in problem.fixes:
            assert unexpected(problem, before, repair(path, fix).problems) == []


def repair(path: Path, fix: Fix) -> Reading:
    """Read the repaired file."""
    source = Source(str(path), fix.apply())
    return read_text(source, str(path), check_expect=True)


def unexpected(problem: Problem, before: list[Problem], after: list[Problem]) -> list[Problem]:
    """The problems that should not be there after a repair: errors hide warnings, and some hide other errors."""
    left = Counter(other.code for other in before if other is not problem)
    news = []
    for other in after:
        if left[other.code]:
            left[other.code] -= 1
            continue
        hidden = problem.code in HIDING if other.severity == "error" else problem.severity == "error"
        if not hidden or found(other) == found(problem):
            news.append(other)
    return news


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_a_good_file_has_no_problems(path: Path) -> None:
    assert [problem.message for problem in read(str(path), check_expect=True).problems] == []


@pytest.mark.parametrize("name", bundled())
def test_a_bundled_architecture_has_no_problems(name: str) -> None:
    assert [problem.message for problem in read(name, check_expect=True).problems] == []


def test_every_file_of_many_gets_its_own_problems() -> None:
    """One run over the folder reports the marked problems of every file, whatever came before it."""
    ran = cnncalc("validate", str(GALLERY), "--format", "json")
    assert (ran.returncode, ran.stderr) == (1, "")
    reported = {entry["file"]: entry["problems"] for entry in json.loads(ran.stdout)["files"]}
    assert set(reported) == {str(path) for path in FILES if path.suffix == ".yaml"}
    for path in map(Path, reported):
        positions = [(problem["code"], problem["line"], problem["column"]) for problem in reported[str(path)]]
        assert sorted(positions) == sorted((mark.code, mark.line, mark.column) for mark in marks(path))


def test_mistakes_in_the_second_file_of_two() -> None:
    good, bad = str(GALLERY / "good/u_net.yaml"), str(GALLERY / "several/two_typos.yaml")
    ran = cnncalc("validate", good, bad)
    assert ran.returncode == 1
    assert ran.stdout.startswith(f"{good}: ok\n{bad}:3:16: error[unknown-argument]: ")
    assert ran.stdout.endswith("2 errors, 0 warnings, 2 files\n")


def test_strict_counts_warnings() -> None:
    file = str(GALLERY / "advice/unseen_edge.yaml")
    lax, strict = (cnncalc("validate", file, *more) for more in ((), ("--strict",)))
    assert (lax.returncode, strict.returncode) == (0, 1)
    assert f"{file}: ok\n" in lax.stdout
    assert ": ok\n" not in strict.stdout
    assert f"{file}: not ok: warnings count as errors\n" in strict.stdout
    good = cnncalc("validate", str(GALLERY / "good/u_net.yaml"), "--strict")
    assert (good.returncode, good.stdout) == (0, f"{GALLERY / 'good/u_net.yaml'}: ok\n")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for name in (str(tmp_path / "nowhere.yaml"), str(tmp_path)):
        (problem,) = read(name, check_expect=True).problems
        assert (problem.code, problem.span) == ("unreadable", None)


def test_the_bytes_are_as_they_were_written() -> None:
    """Line ends, byte-order marks and tabs, which an editor or git may have changed."""
    for name in ("encoding/windows_line_ends", "encoding/windows_folded_chain", "encoding/byte_order_mark_and_windows"):
        data = (GALLERY / f"{name}.yaml").read_bytes()
        assert data.count(b"\r\n") == data.count(b"\n")
    assert (GALLERY / "encoding/byte_order_mark.yaml").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "\t" in read_source(str(GALLERY / "encoding/tab_between_words.yaml")).text
    assert b"\xf6" in (GALLERY / "encoding/latin_1.yaml").read_bytes()
