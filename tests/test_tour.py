"""The tour: the same steps in both languages, and every number that the texts print, found in its step.

`test_documents.py` runs the commands and compares their outputs with the pages; here the outputs are held against
numbers from outside: the texts (`reference/worked-examples.yaml`), or arithmetic that is written out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnncalc.cli.app import run
from cnncalc.guide import page
from cnncalc.render.text import count_cells

from .documents import CHINESE, TOURS, blocks, examples

STEP = re.compile(r"^## (\d+)\. (.*)$", re.MULTILINE)
WORKED: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "reference" / "worked-examples.yaml").read_text(encoding="utf-8")
)
# What each step prints, from the texts; the last of a sum is written out.
NUMBERS: dict[int, list[str]] = {
    1: ["28×28", "6,220,800"],  # 1,920·1,080·3
    2: ["2·1 + 3·2 + 4·3 + 6·4 + 7·5 + 8·6 + 10·7 + 11·8 + 12·9 = 393"],
    3: ["5 − 3 + 2·0 + 1 = 3"],
    4: ["4 − 3 + 2·1 + 1 = 4", "padding=2"],  # (224 − 11 + 4)/4 + 1 = 55.25, rounded down
    5: ["(52 − 12 + 2·0)/2 + 1 = 21", "17×17×11"],  # (21 − 5)/1 + 1 = 17; the text slips to 16×16×11
    6: ["4  5", "2  3"],  # (1 + 3 + 5 + 7)/4 = 4, (2 + 4 + 6 + 8)/4 = 5, (1 + 1 + 3 + 3)/4 = 2, (2 + 2 + 4 + 4)/4 = 3
    7: ["1 + (11 − 1)·1 = 11", "131 + (3 − 1)·16 = 163"],
    8: ["0.25", "0.25¹⁰ ≈ 9.5·10⁻⁷"],  # 0.25 to the tenth is 9.537e-7
    9: ["576", "144", " 9 ", "64.0", "1,000,000"],
    10: ["12×21×21", "180"],  # 15·12
    11: ["[1 2 1]ᵀ · [1 0 -1]", "144 → 72 + 48 = 120", "69,984", "8,748"],
    12: ["1×4×4"],
    13: ["62,378,344", "62,367,776", "34,944", "6.0%", "96×55×55", "256×13×13", "256×6×6", "1,135,256,096"],
    14: ["138 M", "64×112×112", "512×7×7"],
    15: ["256×28×28", "480×28×28", "832×14×14", "1024×7×7"],
    16: ["25,557,032", "11,689,512", "1×1, 64 → 3×3, 64 → 1×1, 256", "2048"],
    17: ["0.659", "0.24243", "0.098566"],  # e² = 7.389, e = 2.718, e^0.1 = 1.105; their sum 11.212
}


def steps(text: str) -> dict[int, str]:
    """The steps of a page by their numbers."""
    parts = STEP.split(text)
    return {int(number): body for number, body in zip(parts[1::3], parts[3::3], strict=True)}


def commands(text: str) -> list[str]:
    return [example.command for block in blocks(text, "console") for example in examples(block.body)]


@pytest.mark.parametrize("language", TOURS)
def test_every_step_prints_the_numbers_of_the_texts(language: str) -> None:
    found = steps(page("tour", language))
    assert list(found) == list(NUMBERS)
    for number, wanted in NUMBERS.items():
        shown = "\n".join(block.body for block in blocks(found[number], "console"))
        assert [each for each in wanted if each not in shown] == [], number


def test_the_numbers_are_those_of_the_texts() -> None:
    """Some of them, by what the texts say of them."""
    by_what = {
        each["what"]: each for group in WORKED.values() if isinstance(group, list) for each in group if "what" in each
    }
    assert by_what["1920x1080 colour"]["correct"] == 6_220_800
    assert by_what["conv (3D)"]["correct"] == [17, 17, 11]
    assert by_what["fully connected"]["printed"] == 576
    assert by_what["the same depthwise separable (one 3x3 a channel, then 1x1)"]["printed"] == 8748
    assert by_what["AlexNet total"]["correct"] == 62_367_776
    assert [round(each, 3) for each in by_what["softmax(2, 1, 0.1)"]["correct"]] == [0.659, 0.242, 0.099]


def test_both_languages_have_the_same_steps_and_commands() -> None:
    ours, theirs = (steps(page("tour", language)) for language in ("en", "zh"))
    assert list(ours) == list(theirs)
    for number, step in ours.items():
        plain = [command.replace(" --lang zh", "") for command in commands(theirs[number])]
        assert plain == commands(step), number
        assert commands(step)
        prose = re.sub(r"```.*?```", "", theirs[number], flags=re.DOTALL)
        assert len(re.findall(r"[\u4e00-\u9fff]", prose)) > 12


@pytest.mark.parametrize("language", TOURS)
def test_outputs_are_whole_lines_of_a_terminal_of_80_columns(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["guide", "tour", "--lang", language, "--width", "80", "--color", "always"]) == 0
    shown = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    for block in blocks(page("tour", language), "console"):
        for example in examples(block.body):
            lines = [line.rstrip() for line in example.shown.splitlines()]
            assert max(map(count_cells, lines), default=0) <= 80
            assert [line for line in lines if line not in shown] == []


def test_the_glossary_has_the_words_of_the_texts() -> None:
    text = CHINESE.read_text(encoding="utf-8")
    words = ["卷积核", "步长", "填充", "感受野", "特征图", "池化", "全连接层", "可分离卷积", "转置卷积"]
    assert [word for word in words if f"| {word} |" not in text] == []


def test_the_language_of_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["guide", "tour", "--lang", "zh"]) == 0
    assert capsys.readouterr().out == page("tour", "zh")
    assert run(["guide", "counting", "--lang", "zh"]) == 2
    assert "`cnncalc guide tour --lang zh`" in capsys.readouterr().err
    assert run(["guide", "--lang", "zh"]) == 2
