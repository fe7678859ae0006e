"""`list`, `show` and `layers`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cnncalc.layers import FAMILIES, KINDS, kind_class
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.render.kinds import describe_kind, dump_kinds, list_kinds
from cnncalc.render.show import show
from cnncalc.render.view import View
from cnncalc.spec.files import bundled, bundled_folder

from .running import cnncalc


def test_every_bundled_architecture_is_listed() -> None:
    found = json.loads(cnncalc("list", "--format", "json").stdout)
    assert sorted(each["name"] for each in found["architectures"]) == bundled()
    alexnet = found["architectures"][0]
    wanted = {"title": "AlexNet", "year": 2012, "input": [3, 227, 227], "parameters": 62378344, "macs": 1135256096}
    assert wanted.items() <= alexnet.items()


def test_a_file_of_the_same_name_is_not_listed_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "alexnet").write_text("no architecture")
    done = cnncalc("list", "--family", "alexnet", "--format", "csv", cwd=tmp_path)
    assert done.returncode == 0
    assert "62378344" in done.stdout


def test_networks_are_listed_by_family() -> None:
    found = json.loads(cnncalc("list", "--family", "resnet18", "--format", "json").stdout)["architectures"]
    assert {each["family"] for each in found} == {"resnet50"}
    assert {"resnet18", "resnet152", "resnext50_32x4d", "wide_resnet101_2"} <= {each["name"] for each in found}
    found = json.loads(cnncalc("list", "--family", "mobilenet", "--format", "json").stdout)["architectures"]
    assert {"mobilenet_v2", "mobilenet_v3_large"} <= {each["family"] for each in found}


def test_networks_are_sorted() -> None:
    done = cnncalc("list", "--sort", "macs", "--family", "vgg16", "--format", "json")
    macs = [each["macs"] for each in json.loads(done.stdout)["architectures"]]
    assert macs == sorted(macs)


def test_a_mistyped_family_has_a_hint() -> None:
    done = cnncalc("list", "--family", "resnt")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean `resnet50`?" in done.stderr


def test_a_file_is_shown_as_it_is_written() -> None:
    text = (bundled_folder() / "resnet50.yaml").read_text(encoding="utf-8")
    assert cnncalc("show", "resnet50").stdout == text
    painted = cnncalc("show", "resnet50.yaml", "--color", "always").stdout
    assert "\x1b[36mconv\x1b[0m(out, kernel, stride, padding=half, bias=false)" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == text


def test_a_file_that_is_not_there_has_a_hint() -> None:
    done = cnncalc("show", "alexnt")
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean the bundled `alexnet`?" in done.stderr


def test_every_kind_is_listed_with_its_signature() -> None:
    lines = [line.strip() for line in show(list_kinds(), View()).splitlines()]
    for kind in KINDS:
        assert kind_class(kind).signature() in lines
    for signature, sentence in STRUCTURE_WORDS.values():
        assert lines[lines.index(signature) + 1] == sentence


def test_every_family_has_one_heading() -> None:
    headings = [line for line in show(list_kinds(), View()).splitlines() if line and not line.startswith(" ")]
    assert len(set(headings)) == len(headings) == len(set(FAMILIES.values())) + 1  # and the structure


def test_every_kind_has_a_page() -> None:
    for kind in KINDS:
        text = show(describe_kind(kind), View(width=80))
        assert text.startswith(kind)
        assert all(f"  {name}" in text for name in kind_class(kind).settings)
        assert "".join(kind_class(kind).reference.split()) in "".join(text.split())
    for word in STRUCTURE_WORDS:
        assert STRUCTURE_WORDS[word][0] in show(describe_kind(word), View())


def test_the_page_of_the_convolution_has_its_arithmetic() -> None:
    text = cnncalc("layers", "conv").stdout
    assert "(I − K + 2·P)/S + 1 = (227 − 11 + 2·0)/4 + 1 = 55" in text
    assert "105,415,200" in text


def test_kinds_as_json() -> None:
    found = json.loads(dump_kinds(None))["kinds"]
    assert [each["kind"] for each in found] == [*KINDS, *STRUCTURE_WORDS]
    assert found[0]["formulas"]["weights"]["value"] == 34848
