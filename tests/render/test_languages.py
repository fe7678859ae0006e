"""Headings and totals in Chinese: all of them are there, and every number stays."""

from __future__ import annotations

import re

import pytest

from cnncalc.analysis.figures import FIGURES
from cnncalc.cli.app import run
from cnncalc.reading import read
from cnncalc.render.catalogue import Entry, list_architectures
from cnncalc.render.columns import COLUMNS
from cnncalc.render.document import Block, Pairs, Table
from cnncalc.render.languages import FROM_FILES, LANGUAGES, translate
from cnncalc.render.published import Row, list_published
from cnncalc.render.summary import describe
from cnncalc.render.text import count_cells
from cnncalc.render.view import View
from cnncalc.spec.files import bundled

NAMES = LANGUAGES["zh"][0]
ENGLISH = re.compile(r"[A-Za-z]{2,}")
KEPT = re.compile(r"^all |float32|[KMGT]?iB|[kMGT]?FLOPs|softmax")  # units, and terms


def blocks(name: str, language: str, view: View = View()) -> list[Block]:  # noqa: B008
    return [*translate(describe(read(name).require_report(), view), language)]


def test_every_column_and_figure_has_a_name() -> None:
    wanted = {column.title for column in COLUMNS.values()} | {column.short for column in COLUMNS.values()}
    wanted |= {figure.title for figure in FIGURES.values() if figure.is_column}
    assert wanted - {*NAMES} == set()


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", bundled())
def test_headings_and_totals_are_chinese_with_the_same_numbers(name: str) -> None:
    report = read(name).require_report()
    own = {word for layer in report.layers for word in (layer.kind, layer.path)} | {*report.inputs, *report.outputs}
    for ours, theirs in zip(blocks(name, "en"), blocks(name, "zh"), strict=True):
        if isinstance(theirs, Table):
            assert isinstance(ours, Table)
            assert not [column.header for column in theirs.columns if ENGLISH.search(column.header)]
            assert [column.cells for column in theirs.columns[1:]] == [column.cells for column in ours.columns[1:]]
        elif isinstance(theirs, Pairs):
            assert isinstance(ours, Pairs)
            for (key, text), (name_of, words) in zip(ours.pairs, theirs.pairs, strict=True):
                assert re.findall(r"[0-9]+", text) == re.findall(r"[0-9]+", words) or "2 per" in text
                if key in FROM_FILES:
                    assert words == text
                    continue
                left = f"{name_of} {words}"
                for word in sorted(own, key=len, reverse=True):
                    left = left.replace(word, "") if word else left
                left = KEPT.sub("", left)
                assert not ENGLISH.findall(left), (name_of, words)


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_a_table_fits_its_width_in_every_language(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Headings differ in width; `vgg16` has folded groups that are shown by what they hold where there is room."""
    for name in ("inception_v1", "vgg16", "resnet50"):
        for width in (70, 80, 90):
            assert run(["summary", name, "--depth", "1", "--width", str(width), "--lang", language]) == 0
            lines = capsys.readouterr().out.splitlines()
            assert max(map(count_cells, lines)) <= width


LISTED = Entry("vgg11", "vgg11", "VGG-11", 2015, ((3, 224, 224),), 132_863_336, 7_609_090_048)


@pytest.mark.parametrize(
    "table",
    [list_architectures([LISTED], True, View()), list_published([Row("vgg11", 1)], View())],
    ids=["list", "published"],
)
def test_the_list_has_headings_in_chinese(table: Table) -> None:
    (translated,) = translate([table], "zh")
    assert isinstance(translated, Table)
    assert not [column.header for column in translated.columns if ENGLISH.search(column.header)]


def test_messages_and_json_stay(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["summary", "lenet5", "--lang", "zh", "-f", "json"]) == 2
    assert "--lang" in capsys.readouterr().err
    assert run(["summary", "lenet5", "--lang", "zh", "-f", "markdown"]) == 0
    assert "| 层 | 设置 | 输入 | 输出 | 参数 |" in capsys.readouterr().out
    assert run(["summary", "no-such-file", "--lang", "zh"]) == 1
