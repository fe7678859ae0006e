"""`show --expand` and `new`: files that give the same network as the bundled one they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Report
from cnncalc.cli.new import merge_family
from cnncalc.cli.show import expand_network
from cnncalc.errors import LINE_BREAK, Source
from cnncalc.reading import load, read, read_text
from cnncalc.spec.document import KEYS
from cnncalc.spec.files import bundled, bundled_path
from cnncalc.spec.merged import LESSONS

from .running import cnncalc


def clean_report(text: str) -> Report:
    """The report of a file without problems, expectations included."""
    found = read_text(Source("mynet.yaml", text), check_expect=True)
    assert [(problem.code, problem.message) for problem in found.problems] == []
    assert found.report
    return found.report


def check_same(original: Report, again: Report) -> None:
    assert (again.name, again.source, again.input) == (original.name, original.source, original.input)
    assert (again.totals, again.output) == (original.totals, original.output)
    for one, other in zip(original.layers, again.layers, strict=True):
        figures = ("kind", "inputs", "output", "parameters", "work", "receptive_field")
        assert [getattr(one, name) for name in figures] == [getattr(other, name) for name in figures]


@pytest.mark.sample(16)
@pytest.mark.parametrize("name", bundled())
def test_an_expanded_network_has_the_same_numbers(name: str) -> None:
    text = expand_network(read(name))
    check_same(analyze(load(name)), clean_report(text))
    assert not any(line.startswith(("blocks:", "params:", "extends:")) for line in text.splitlines())


@pytest.mark.sample(16)
@pytest.mark.parametrize("name", bundled())
def test_a_new_file_has_the_same_numbers_and_stands_alone(name: str) -> None:
    text = merge_family(str(bundled_path(name)), "mynet.yaml")
    original, again = analyze(load(name)), clean_report(text)
    check_same(original, again)
    assert [layer.path for layer in again.layers] == [layer.path for layer in original.layers]
    assert "\nextends:" not in text
    assert "$schema" not in text
    assert text.startswith(f"# Started from the bundled {name}. ")
    assert "  cnncalc summary mynet.yaml " in text


def test_a_new_file_keeps_comments_and_only_what_is_used() -> None:
    text = merge_family(str(bundled_path("seresnet50")), "-")
    assert "# 25,557,032 + (2·C·C/16 + C/16 + C for each block of C channels)" in text
    assert text.index("  squeeze_excite:") < text.index("  bottleneck(") < text.index("  stage(")
    assert "bottleneck" not in merge_family(str(bundled_path("resnet34")), "-")
    assert "  group_width: 4    # the width of a group in the first stage" in merge_family(
        str(bundled_path("resnext50_32x4d")), "-"
    )


def test_every_key_but_extends_has_its_place_in_a_new_file() -> None:
    assert set(LESSONS) == {*KEYS} - {"extends"}
    assert max(len(line) for lesson in LESSONS.values() for line in LINE_BREAK.split(lesson)) <= 118


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    first = cnncalc("new", "mynet.yaml", "--like", "resnet18", cwd=tmp_path)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    assert cnncalc("validate", "mynet.yaml", "--strict", cwd=tmp_path).returncode == 0
    text = (tmp_path / "mynet.yaml").read_text(encoding="utf-8")
    again = cnncalc("new", "mynet.yaml", "--like", "vgg16", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "cnncalc: 'mynet.yaml' already exists and is not overwritten\n"
    assert (tmp_path / "mynet.yaml").read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["mynet.yaml"]


def test_new_by_a_wrong_name(tmp_path: Path) -> None:
    done = cnncalc("new", "mynet.yaml", "--like", "resnt18", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean `resnet18`?" in done.stderr
    assert cnncalc("new", "mynet.yaml", cwd=tmp_path).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_expand_writes_a_file_and_reports_problems(tmp_path: Path) -> None:
    assert cnncalc("show", "two_conv", "--expand", "-o", "flat.yaml", cwd=tmp_path).returncode == 0
    assert cnncalc("validate", "flat.yaml", "--strict", cwd=tmp_path).returncode == 0
    (tmp_path / "bad.yaml").write_text("input: [1, 4, 4]\nlayers:\n  - convv(4, 3)\n")
    done = cnncalc("show", "bad.yaml", "--expand", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "unknown-kind" in done.stderr


def test_what_is_too_large_to_be_read_again_is_not_expanded(tmp_path: Path) -> None:
    """28,000 layers, each with a long name on a line, are over a mebibyte; with a short one they have many words."""
    conv = "conv: {out: 3, kernel: 3, padding: 1}"
    for layer, name, said in (("tanh", "b" * 40, "1,024 KiB"), (conv, "b", "words and operators")):
        text = f"input: [3, 4, 4]\nblocks:\n  {name}: [{layer}, relu]\nlayers: ['{name} * 14000']\n"
        (tmp_path / "net.yaml").write_text(text)
        done = cnncalc("show", "net.yaml", "--expand", "-o", "flat.yaml", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "the expanded file " in done.stderr
        assert said in done.stderr
        assert not (tmp_path / "flat.yaml").exists()
