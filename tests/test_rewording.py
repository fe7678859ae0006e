"""No logic depends on prose: with messages reworded at random, the program finds the same codes, positions and repairs.

`rewording.py` rewords it, in a separate process.
"""

from __future__ import annotations

import ast
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnncalc.errors import Source
from cnncalc.reading import read
from cnncalc.spec import yaml_mistakes

from . import processes, rewording
from .marks import GALLERY

Findings = dict[str, list[dict[str, Any]]]
PACKAGE = rewording.ROOT / "cnncalc"
SEED = 12


@pytest.fixture(scope="module")
def as_written() -> Findings:
    found: Findings = json.loads(json.dumps(rewording.findings()))
    return found


@pytest.mark.sample(1)
@pytest.mark.parametrize("way", ["source", "carried"])
def test_the_reworded_program_finds_the_same(way: str, as_written: Findings) -> None:
    command = [sys.executable, "-m", "tests.rewording", way, str(SEED)]
    ran = processes.run(command, cwd=rewording.ROOT, capture_output=True, text=True)
    assert ran.stderr == ""
    reworded: Findings = json.loads(ran.stdout)
    assert set(reworded) == set(as_written)
    for file, problems in reworded.items():
        assert list(map(without_sentences, problems)) == list(map(without_sentences, as_written[file])), file
    pairs = [
        (before, after)
        for file, problems in reworded.items()
        for old, new in zip(as_written[file], problems, strict=True)
        for before, after in zip(old["sentences"], new["sentences"], strict=True)
        if before
    ]
    assert len(pairs) > 500
    assert [before for before, after in pairs if before == after] == []  # all are reworded


def without_sentences(finding: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in finding.items() if key != "sentences"}


READERS = """
def message(count):
    return f"the count must be a whole number, found {count}"

def is_whole(count):
    return "whole number" in message(count)

def is_nothing(what):
    return what == "nothing at all"
"""


def test_logic_that_depends_on_prose_changes_when_it_is_reworded() -> None:
    tree = ast.parse(READERS)
    rewording.Rewording(random.Random(SEED), frozenset()).visit(tree)
    names: dict[str, Any] = {}
    exec(compile(ast.fix_missing_locations(tree), "readers", "exec"), names)
    assert not names["is_whole"](3)
    assert not names["is_nothing"]("nothing at all")


# Names of prose, and operations whose result depends on its words.
PROSE = {"message", "help", "help_text", "sentence", "detail", "summary"}
READING = {
    "startswith", "endswith", "find", "index", "count", "split", "partition", "rpartition", "strip", "removeprefix",
    "removesuffix", "lower", "search", "match", "fullmatch", "findall", "finditer", "sub",
}  # fmt: skip
LAYOUT = {"render", "cli"}  # the rooms that cut and wrap what is shown


def readings(source: str) -> list[str]:
    """The expressions of a file that depend on the words of a message or a help."""
    found = []
    for node in ast.walk(ast.parse(source)):
        asked: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READING:
            asked = [node.func.value, *node.args]
        found += [ast.unparse(node) for one in asked if name_of(one) in PROSE]
    return found


def name_of(expression: ast.expr) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def test_no_code_depends_on_the_words_of_a_message() -> None:
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in LAYOUT]
    assert len(files) > 60
    assert {file: found for file in files if (found := readings(file.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize(
    "source", ["'flatten' in error.help", "re.search('x', message)", "help_text.startswith('did')", "a.message == b"]
)
def test_code_that_depends_on_words_is_found(source: str) -> None:
    assert readings(source)


# PyYAML's messages

SYNTAX = sorted(
    path for path in GALLERY.rglob("*.yaml") if "yaml-syntax" in path.read_bytes().decode("utf-8", "replace")
)


@pytest.mark.parametrize("path", SYNTAX, ids=lambda path: path.stem)
def test_other_messages_of_pyyaml_lose_the_help_but_not_the_position(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_mistakes, "PHRASES", {})
    (problem,) = [problem for problem in read(str(path), check_expect=True).problems if problem.code == "yaml-syntax"]
    assert problem.span
    assert 0 <= problem.span.start <= problem.span.end <= len(problem.span.source.text)


def test_an_error_without_a_message_is_reported() -> None:
    text = "layers: [relu\n"
    mark = yaml.Mark("net.yaml", len(text), 1, 0, None, 0)
    problem = yaml_mistakes.explain(Source("net.yaml", text), yaml.MarkedYAMLError(None, None, None, mark))
    assert (problem.code, problem.fixes) == ("yaml-syntax", ())
