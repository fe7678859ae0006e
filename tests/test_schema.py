"""The schema for editors: it accepts and rejects the same forms as the program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cnncalc.errors import Problems
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.structure import MERGES
from cnncalc.render.schema import EXPRESSION, describe_argument, dump_schema, make_schema
from cnncalc.render.schema import KEYS as DESCRIBED
from cnncalc.spec.document import KEYS
from cnncalc.spec.files import bundled, bundled_path, read_source
from cnncalc.spec.nodes import YamlList, YamlNode, YamlString, parse

from .cli.running import ROOT, cnncalc
from .marks import marks
from .test_gallery import BAD, GOOD, name_of

KEPT = ROOT / ".github" / "architecture.schema.json"
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# What a schema checks; not strings, names, values, shapes, expectations, warnings.
FORM = {"unknown-key", "missing-key", "wrong-form", "empty-branch"}
# Exceptions that it accepts: what depends on the string of an item or on a condition, and keys that are not strings.
BEYOND = {
    "names/attention",
    "grammar/merge_word_with_arguments", "structure/no_branch_left", "structure/rounds_of_nothing",
    "structure/rounds_as_an_item", "structure/rounds_within_a_branch", "yaml/comma_splits_a_list",
    "yaml/comma_splits_a_mapping", "yaml/comma_splits_branches", "yaml/commas_split_two_calls", "yaml/key_is_a_list",
    "yaml/list_as_the_first_argument_in_braces",
}  # fmt: skip
# Other files that it rejects: calls by name, inputs, the name of a file, a call that YAML reads as a mapping.
BESIDES = {
    "arguments/missing_in_a_call_by_name", "arguments/misspelt_by_name", "extends/by_a_folder",
    "grammar/colon_space_in_a_call", "grammar/question_mark", "several/colons_in_two_calls", "shapes/batch_of_five",
    "shapes/channels_last_volume_in_a_batch", "names/merge_of_keras",
    "shapes/input_is_a_number", "shapes/input_with_a_zero", "shapes/one_of_several_inputs_is_wrong",
}  # fmt: skip


def value_of(node: YamlNode | None) -> Any:
    """The value that an editor checks: YAML 1.2's core types."""
    if isinstance(node, YamlString):
        return scalar(node)
    if isinstance(node, YamlList):
        return [value_of(item) for item in node.items]
    return {key.value: value_of(held) for key, held in node.pairs} if node else None


def scalar(text: YamlString) -> Any:
    if not text.plain:
        return text.value
    if text.value in ("", "~", "null"):
        return None
    if text.value in ("true", "false"):
        return text.value == "true"
    if re.fullmatch("[-+]?[0-9]+", text.value):
        return int(text.value)
    return float(text.value) if NUMBER.fullmatch(text.value) else text.value


def complaints(path: Path) -> list[str]:
    validator = pytest.importorskip("jsonschema").Draft202012Validator(make_schema())
    value = value_of(parse(read_source(str(path)), Problems()))
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def test_it_is_valid() -> None:
    pytest.importorskip("jsonschema").Draft202012Validator.check_schema(make_schema())


def test_it_is_printed_and_kept() -> None:
    done = cnncalc("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == dump_schema() == KEPT.read_text(encoding="utf-8"), (
        "cnncalc schema -o .github/architecture.schema.json updates it"
    )
    assert json.loads(done.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_it_knows_every_key_kind_and_argument() -> None:
    found = make_schema()
    assert set(found["properties"]) == set(DESCRIBED) == set(KEYS)
    assert all(form["description"] for form in found["properties"].values())
    for kind in {*KINDS} - {*MERGES}:
        form = found["$defs"][kind]
        assert list(form["properties"]) == list(kind_class(kind).settings)
        assert form["description"].startswith(kind_class(kind).signature())
        for name, setting in kind_class(kind).settings.items():
            known = describe_argument(setting)
            assert known["description"], (kind, name)
            assert known["anyOf"][0] != EXPRESSION, (kind, name)


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_file_names_the_schema(name: str) -> None:
    first = file_of(name).read_text(encoding="utf-8").partition("\n")[0]
    assert first == "# yaml-language-server: $schema=../.github/architecture.schema.json"
    assert (ROOT / "architectures" / first.partition("=")[2]).resolve() == KEPT


def file_of(name: str) -> Path:
    path = bundled_path(name)
    assert path
    return path


def refused(paths: Iterable[Path]) -> dict[str, list[str]]:
    """The files that the schema rejects, with its errors."""
    found = {str(path): complaints(path) for path in paths}
    return {name: errors for name, errors in found.items() if errors}


def test_every_valid_file_is_accepted() -> None:
    assert refused([*map(file_of, bundled()), *GOOD]) == {}


def readable(path: Path) -> bool:
    """Whether an editor can read the file and check it."""
    problems = {mark.code for mark in marks(path)}
    return not problems & {"yaml-syntax", "yaml-feature", "not-text", "duplicate-key", "foreign-file"}


def test_files_of_a_wrong_form_are_rejected() -> None:
    judged = [path for path in BAD if readable(path)]
    of_form = {path for path in judged if any(mark.code in FORM for mark in marks(path))}
    wanted = {
        str(path) for path in judged if name_of(path) in BESIDES or (path in of_form and name_of(path) not in BEYOND)
    }
    assert set(refused(judged)) == wanted
    assert len(wanted) >= 30


def test_the_exceptions_are_in_the_gallery() -> None:
    assert {name_of(path) for path in BAD if readable(path)} >= BEYOND | BESIDES


@pytest.mark.parametrize(
    ("layer", "taken"),
    [
        ("conv: {out: 64, kernel: 3}", True),
        ("conv: {out: 4 * width, kernel: [3, 1], padding: [[1, 0], [0, 0]]}", True),
        ("stem = conv if deep: {out: 64, kernel: 3, padding: same, bias: false}", True),
        ("stem = conv if deep: {out: 64, kernel: 3, padding: same, bias: 3}", False),
        ("conv: {out: 0, kernel: 3}", False),
        ("conv: {out: 64, kernel: []}", False),
        ("conv: {out: 64, kernel: 3, padding: [[1, 0, 2]]}", False),
        ("dropout: {rate: 1.5}", False),
        ("my_block: {width: 3}", True),
        ("my_block: 3", False),
        ("concat: {a: identity, b: [relu, tanh]}", True),
        ("gate = multiply: [identity, sigmoid]", True),
        ("gate = multiply: []", False),
    ],
)
def test_items_that_are_mappings(tmp_path: Path, layer: str, taken: bool) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(f"input: [3, 8, 8]\nlayers:\n  - {layer}\n")
    assert (complaints(path) == []) == taken
