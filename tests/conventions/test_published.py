"""Figures as papers and READMEs print them: the convention that an entry names gives it, to the digits written."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnncalc import analyze, load
from cnncalc.analysis.report import Report
from cnncalc.conventions import PAPERS, named
from cnncalc.conventions.published import explain, resize
from cnncalc.given import Published
from cnncalc.reading import read
from cnncalc.spec.files import bundled

from ..cli.running import cnncalc

# Network, what is printed, convention, input, and the number that another program has computed by that convention.
PUBLICATIONS: list[Any] = json.loads((Path(__file__).parent / "publications.json").read_text("utf-8"))
# Those that nothing known gives, as far as has been searched; the file says so.
UNEXPLAINED = {
    ("convnext_base", "45.0 G"), ("convnext_base", "47.0 G"), ("efficientnet_b1", "0.70 G"),
    ("efficientnet_b4", "4.2 G"), ("inception_v1", "1550 M"), ("mnasnet1_0", "315 M"), ("mobilenet_v3_large", "219 M"),
    ("regnet_y_8gf", "8.0 G"), ("shufflenet_v2_x0_5", "41 M"), ("shufflenet_v2_x2_0", "591 M"),
}  # fmt: skip


@cache
def report_at(name: str, input: tuple[int, ...] | int) -> Report:
    return analyze(load(name, input=resize(input, load(name).input)), fields=False)


@cache
def published(name: str) -> tuple[Published, ...]:
    description = read(name).description
    assert description
    return description.published


@pytest.mark.parametrize(
    ("name", "text", "convention", "input", "expected"), PUBLICATIONS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_conventions_of_publications(name: str, text: str, convention: str, input: int, expected: int) -> None:
    counted = named(convention).apply(report_at(name, input)).operations
    assert counted
    assert counted.theirs == expected * named(convention).per_mac


def test_each_convention_of_a_publication_is_tested() -> None:
    assert {convention for _, _, convention, _, _ in PUBLICATIONS} == {*PAPERS}


@pytest.mark.parametrize("name", [name for name in bundled() if published(name)])
def test_an_entry_is_given_by_the_convention_that_it_names(name: str) -> None:
    for entry in published(name):
        for each in explain(entry, report_at(name, entry.input or load(name).input)):
            explained = (name, each.figure.text) not in UNEXPLAINED
            assert (each.fit is not None) == explained, each.figure.text
            assert explained or (entry.notes and not entry.convention)


def test_those_without_an_explanation_are_there() -> None:
    for name, text in UNEXPLAINED:
        assert text in [figure.text for entry in published(name) for figure in entry.figures.values()]


def test_the_list_has_a_dash_where_nothing_is_published() -> None:
    lines = cnncalc("list", "--published", "--family", "vgg").stdout.splitlines()
    cells = {line.split()[0]: line.split()[1:] for line in lines[2:]}
    assert cells["vgg11_bn"][0] == "–"
    assert cells["vgg11"][:2] == ["7.63", "G"]
    document = json.loads(cnncalc("list", "--published", "--format", "json").stdout)
    found = {entry["name"]: entry for entry in document["architectures"]}
    assert found.keys() == {*bundled()}
    assert found["vgg11_bn"]["published"] == []
    for entry in found.values():
        for each in entry["published"]:
            if each["ledger"]:
                per_mac = named(each["convention"]).per_mac
                assert each["ours"] + sum(line["amount"] for line in each["ledger"]) == each["computed"] * per_mac


def test_ledgers_of_publications_say_what_differs() -> None:
    """VGG-16's linear layers are 25,088 × 4,096 + 4,096 × 4,096 + 4,096 × 1,000 macs."""
    (entry,) = (entry for entry in published("vgg16") if entry.convention and entry.convention.value == "convolutions")
    (explained,) = explain(entry, report_at("vgg16", 224))
    assert explained.ledger
    (line,) = explained.ledger.lines
    assert (line.what, line.amount) == ("linear layers", -(25088 * 4096 + 4096 * 4096 + 4096 * 1000))


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_list_fits_the_width(width: int) -> None:
    lines = cnncalc("list", "--published", "--width", str(width)).stdout.splitlines()
    assert max(map(len, lines)) <= max(width, 50)
