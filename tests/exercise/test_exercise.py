"""Exercises: nothing tells what a blank hides, solutions get full marks, and typical mistakes are recognized.

The mistakes are computed by hand: AlexNet's conv1 is 11×11 of 3 channels, 96 kernels, stride 4, on 227×227; its conv2
5×5 with padding 2 on 96×27×27, behind a field of 19 in steps of 8.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cnncalc import limits
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Report
from cnncalc.cli.app import run
from cnncalc.errors import CnncalcError, Source, SpecError, UsageError
from cnncalc.exercise.marking import Marked, mark, read_answers
from cnncalc.exercise.mistakes import list_mistakes
from cnncalc.exercise.questions import ASKED, Question, draw_questions, find_asked
from cnncalc.reading import read
from cnncalc.render.exercise import describe_exercise, format_answer, write_sheet
from cnncalc.render.plain import write_plain
from cnncalc.render.view import View

NETWORKS = [
    "lenet5", "alexnet", "vgg11", "resnet18", "inception_v1", "mobilenet_v2", "unet", "c3d", "wavenet",
    "dcgan_generator",
]  # fmt: skip
ALL = ",".join(ASKED)


def report(name: str) -> Report:
    return read(name).require_report()


def one(found: Report, path: str, asked: str, text: str) -> Marked:
    """The mark of one answer, all others being right."""
    questions = draw_questions(found, find_asked(asked))
    wanted = next(each for each in questions if found.layers[each.layer].path == path)
    answers = {each.number: format_answer(each.asked, each.answer) for each in questions} | {wanted.number: text}
    return next(each for each in mark(questions, answers, found) if each.question == wanted)


@pytest.mark.parametrize("name", NETWORKS)
def test_solutions_get_full_marks(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for more in ([], ["--seed", "7"]):
        asked = [name, "--blank", ALL, *more]
        assert run(["exercise", *asked, "--solutions", "-o", "solved.csv"]) == 0
        assert run(["exercise", *asked, "--check", "solved.csv", "-f", "json"]) == 0
        marks = json.loads(capsys.readouterr().out)["marks"]
        assert {each["mark"] for each in marks} == {"right"}
        assert run(["exercise", *asked, "-o", "empty.csv"]) == 0
        assert run(["exercise", *asked, "--check", "empty.csv", "-f", "json"]) == 1
        assert {each["mark"] for each in json.loads(capsys.readouterr().out)["marks"]} == {"without an answer"}


@pytest.mark.parametrize("name", NETWORKS)
def test_each_mistake_is_recognized(name: str) -> None:
    """A value that comes of a mistake is wrong and explained, unless it follows from nothing else."""
    found = report(name)
    questions = draw_questions(found, find_asked(ALL))
    seen = set()
    for question in questions:
        for mistake in list_mistakes(question, found):
            text = "x".join(map(str, mistake.value))
            (marked,) = mark([question], {question.number: text}, found)
            if question.asked.name == "output" and (*mistake.value[-1:], *mistake.value[:-1]) == question.answer:
                continue  # channels last
            assert not marked.right
            assert marked.reasons
            seen.add(mistake.reason)
    assert len(seen) > 4


@pytest.mark.parametrize(
    ("path", "asked", "answer", "reason"),
    [
        ("conv2", "output", "256×23×23", "the padding was left out"),  # 27 − 5 + 1
        ("conv2", "output", "256×25×25", "the padding is on both sides: 2·P"),  # 27 − 5 + 2 + 1
        ("conv1", "output", "96x217x217", "the stride was left out"),  # 227 − 11 + 1
        ("conv1", "output", "96×54×54", "the + 1 was left out"),  # 216/4
        ("conv1", "output", "55×55", "the number of channels was left out"),
        ("conv1", "output", "290400", "the sizes are asked, not their product"),
        ("conv1", "output", "?", "write the sizes, e.g. 3x224x224"),
        ("conv1", "params", "35 k", "write one number with all its digits"),
        ("conv1", "output", "3×55×55", "the channels are those of the input, not of the kernels"),
        ("conv1", "params", "34,848", "the biases were left out"),  # 11·11·3·96
        ("conv1", "params", "11 712", "the channels of the input were left out: a kernel has as many"),  # 11·11·96 + 96
        ("conv1", "params", "364", "the number of kernels was left out"),  # 11·11·3 + 1
        ("conv1", "params", "3264", "the kernel has K·K weights for each channel, not K"),  # 11·3·96 + 96
        ("conv1", "params", "105705600", "all positions share the weights of a kernel"),  # 34,944·55·55
        ("conv1", "macs", "210830400", "a multiplication and its addition are one mac"),  # 2·105,415,200
        ("conv1", "macs", "34848", "each weight is used at every output position"),
        ("conv1", "macs", "1795682592", "the kernel is applied at each output position: O, not I"),  # 34,848·227·227
        ("conv1", "macs", "105705600", "biases are not counted in macs"),  # 105,415,200 + 96·55·55
        ("conv2", "field", "23", "the step was left out: (K − 1)·j, with the strides of the layers before"),  # 19 + 4
        ("conv2", "field", "59", "a window adds K − 1 steps, not K"),  # 19 + 5·8
        ("conv2", "field", "5x5", "that is the window of this layer alone"),
        ("conv2", "field", "19", "this layer enlarges the field as well"),
        ("max_pool1", "field", "27", "the step j is that before this layer, without its own stride"),  # 11 + 2·8
    ],
)
def test_what_was_forgotten_in_alexnet(path: str, asked: str, answer: str, reason: str) -> None:
    marked = one(report("alexnet"), path, asked, answer)
    assert not marked.right
    assert reason in marked.reasons


@pytest.mark.parametrize(
    ("path", "asked", "answer"),
    [
        ("conv1", "output", "(96, 55, 55)"), ("conv1", "output", "96 x 55 x 55"), ("conv1", "output", "55×55×96"),
        ("conv1", "output", "[96,55,55]"), ("conv1", "params", "34'944"), ("conv1", "params", "34.944"),
        ("conv1", "macs", "105,415,200"), ("conv1", "field", "11×11"), ("conv1", "field", "11"),
        ("conv1", "params", "34944.0"), ("conv1", "params", "34.944,00"), ("conv1", "output", "96х55х55"),
        ("conv1", "output", "96，55，55"), ("conv1", "output", "96*55*55"),
    ],
)  # fmt: skip
def test_answers_are_written_in_several_ways(path: str, asked: str, answer: str) -> None:
    assert one(report("alexnet"), path, asked, answer).right


def test_what_follows_from_a_wrong_answer_is_carried_on() -> None:
    """With 54 in place of 55, the pool of 3 and stride 2 gives (54 − 3)//2 + 1 = 26, and conv2 keeps 26."""
    found = report("alexnet")
    questions = draw_questions(found, find_asked("output"))
    paths = [found.layers[each.layer].path for each in questions]
    answers = {1: "96×54×54", 2: "96×26×26", paths.index("conv2") + 1: "256x26x26"}
    marks = mark(questions, answers, found)
    assert [(each.right, each.carried) for each in marks[:4]] == [
        (False, False), (False, True), (False, True), (False, False),  # the last has no answer
    ]  # fmt: skip


def test_a_field_that_follows_from_a_wrong_one_is_carried_on() -> None:
    """A pool without the step: 11 + 2 = 13, not 19. Then 13 + 4·8 = 45, + 2·8 = 61 and + 2·16 = 93 follow."""
    found = report("alexnet")
    questions = draw_questions(found, find_asked("field"))
    numbers = {found.layers[each.layer].path: each.number for each in questions}
    given = {
        "conv1": "11",
        "max_pool1": "13",
        "conv2": "45",
        "max_pool2": "61",
        "conv3": "93",
        "conv4": "131",
        "conv5": "163",
    }
    marks = mark(questions, {numbers[path]: text for path, text in given.items()}, found)
    assert [(each.right, each.carried) for each in marks[:7]] == [
        (True, False), (False, False), (False, True), (False, True), (False, True), (True, False), (True, False),
    ]  # fmt: skip


def test_cells_around_a_blank_do_not_tell_it() -> None:
    found = report("alexnet")
    questions = draw_questions(found, find_asked(ALL))
    text = write_plain(describe_exercise(found, questions, View()), None)
    hidden = {format_answer(each.asked, each.answer) for each in questions}
    rows = [line.split() for line in text.splitlines()[3:]]
    shown = {cell for row in rows for cell in row if re.search(r"\d", cell)}
    assert not {cell for cell in shown & hidden if "×" in cell or "," in cell}
    assert text.count("____ ") + text.count("____\n") == len(questions)


def test_a_seed_draws_half_of_the_blanks_the_same_each_time() -> None:
    found = report("alexnet")
    whole = draw_questions(found, find_asked(ALL))
    first, again, other = (draw_questions(found, find_asked(ALL), seed) for seed in (1, 1, 2))
    assert first == again
    assert [each[1:] for each in first] != [each[1:] for each in other]
    assert len(first) == len(whole) // 2
    assert {each[1:] for each in first} < {each[1:] for each in whole}


BLANKS = [("conv1", "output")] * 5


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["the first line must name the columns `blank` and `answer`"]),
        ("number,answer\n1,2\n", ["the first line must name the columns `blank` and `answer`"]),
        ("blank,answer\n0,2\n1,2\n1,3\nx,1\n", [
            "there is no blank '0': they are 1 to 5", "blank 1 is answered twice",
            "there is no blank 'x': they are 1 to 5",
        ]),
        ("blank,answer\n1,\"\n", []),
    ],
)  # fmt: skip
def test_files_that_are_no_answers(text: str, messages: list[str]) -> None:
    source = Source("answers.csv", text)
    if not messages:
        assert read_answers(source, BLANKS) == {1: ""}
        return
    with pytest.raises(SpecError) as raised:
        read_answers(source, BLANKS)
    assert [problem.message for problem in raised.value.problems] == messages
    assert all(problem.span is not None for problem in raised.value.problems)


def test_a_sheet_of_another_exercise_is_refused() -> None:
    """Asked by other options. A spreadsheet that has made a date of the layer `dec1` is forgiven."""
    found = report("unet")
    whole = draw_questions(found, find_asked("output,params"))
    blanks = [(found.layers[each.layer].path, each.asked.name) for each in whole]
    assert read_answers(Source("a.csv", write_sheet(found, whole)), blanks) == dict.fromkeys(
        range(1, len(blanks) + 1), ""
    )
    for other in (draw_questions(found, find_asked("output,params"), 1), draw_questions(found, find_asked("params"))):
        with pytest.raises(SpecError, match="another exercise"):
            read_answers(Source("a.csv", write_sheet(found, other)), blanks)
    cells = [("dec1", "output"), ("conv2", "output")]
    sheet = "blank,layer,asked,answer\n1,1. Dec.,output,3x4\n2,conv2,output,\n"
    assert read_answers(Source("a.csv", sheet), cells) == {1: "3x4", 2: ""}


def test_sheets_of_other_spreadsheets_are_read() -> None:
    assert read_answers(Source("a.csv", "sep=;\nblank;answer\n1;7\n"), BLANKS) == {1: "7"}
    assert read_answers(Source("a.csv", "Blank;layer;Answer\n2;conv1; 3×4\n\n"), BLANKS) == {2: "3×4"}
    assert read_answers(Source("a.csv", "answer\tblank\n7\t1\n"), BLANKS) == {1: "7"}


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    found = report("lenet5")
    count = len(draw_questions(found, find_asked("output")))
    monkeypatch.setattr(limits, "EXERCISE_BLANKS", count)
    draw_questions(found, find_asked("output"))
    monkeypatch.setattr(limits, "EXERCISE_BLANKS", count - 1)
    with pytest.raises(CnncalcError, match="blanks"):
        draw_questions(found, find_asked("output"))
    lines = ["blank,answer", "1,2", "2,3"]
    monkeypatch.setattr(limits, "ANSWER_LINES", 3)
    read_answers(Source("a.csv", "\n".join(lines)), BLANKS[:3])
    with pytest.raises(SpecError, match="lines"):
        read_answers(Source("a.csv", "\n".join([*lines, "3,4"])), BLANKS[:3])


def test_unknown_blanks_and_nothing_to_ask() -> None:
    with pytest.raises(UsageError, match="did you mean `params`"):
        find_asked("parms")
    assert [each.name for each in find_asked("receptive_field, params,field")] == ["field", "params"]
    relu = analyze(read("relu", inputs=["3x4x4"], layers=True).require_network())
    with pytest.raises(CnncalcError, match="anything"):
        draw_questions(relu, find_asked("params"))


def test_a_question_knows_its_answer_from_elsewhere() -> None:
    """LeNet-5 by hand: 32 − 5 + 1 = 28; 5·5·6 + 6 = 156; 1 + 4 = 5."""
    first = draw_questions(report("lenet5"), find_asked("output,params,field"))[:3]
    assert [(each.asked.name, each.answer) for each in first] == [
        ("output", (6, 28, 28)), ("params", (156,)), ("field", (5, 5)),
    ]  # fmt: skip
    assert all(isinstance(each, Question) for each in first)


def test_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("e.md", "e.tex", "e.html"):
        assert run(["exercise", "alexnet", "-o", name]) == 0
        assert run(["exercise", "alexnet", "--solutions", "-o", f"solved_{name}"]) == 0
    assert "| **conv1** | conv(96, 11, stride=4) | 3×227×227 | (1) " in Path("e.md").read_text()
    assert Path("e.html").read_text().count("<tr>") == len(report("alexnet").layers) + 1
    assert "34,848" not in Path("e.tex").read_text()
    for name in ("solved_e.md", "solved_e.tex", "solved_e.html"):
        assert "11·11·3·96" in Path(name).read_text().replace("$\\cdot$", "·")
