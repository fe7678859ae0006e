"""Marks of a file of answers: what is right, what follows from an earlier answer, and what was probably forgotten."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from cnncalc import limits
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.errors import Problem, Source, Span, SpecError
from cnncalc.exercise.mistakes import count_parameters, list_mistakes
from cnncalc.exercise.questions import Answer, Question
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Shape, Shapes
from cnncalc.records import NamedTuple

NUMBER, ANSWER = "blank", "answer"  # the columns that are read; others are for people
NAMES = (NUMBER, "layer", "asked", ANSWER)
REASONS = 2  # for one wrong value
FOLLOWS = "it follows from an answer before"
TIMES = "×xX*·∗＊✕хХ,;，；"  # between sizes: signs that look alike, two of them Cyrillic, and commas
_SIZES = re.compile(rf"[\[(]?\s*(\d+(?:\s*[{TIMES}\s]\s*\d+)*)\s*[\])]?")
_GROUPED = re.compile(r"(\d{1,3}(?:[,._'\u2019\s]\d{3})+|\d+)(?:[.,]0{1,2})?")  # a cell may show decimals
UNREAD = {True: "write one number with all its digits", False: "write the sizes, e.g. 3x224x224"}


class Marked(NamedTuple):
    """An answer, its mark, and what explains a wrong one; `text` is "" if there is none."""

    question: Question
    text: str
    right: bool
    carried: bool = False  # it follows from an earlier answer that is wrong
    reasons: tuple[str, ...] = ()


def read_answers(source: Source, blanks: Sequence[tuple[str, str]]) -> dict[int, str]:
    """The answers in a CSV file by the number of their blank, given the layer of each and what is asked.

    Raises SpecError with all problems.
    """
    lines = source.text.splitlines()
    start = 1 if lines and lines[0].startswith("sep=") else 0  # as Excel begins a file
    lines[:start] = []
    if len(lines) > limits.ANSWER_LINES:
        raise SpecError([_problem(source, 1, f"there are more than {limits.ANSWER_LINES:,} lines")])
    delimiter = ";" if lines and ";" in lines[0] else "\t" if lines and "\t" in lines[0] else ","
    problems: list[Problem] = []
    found: dict[int, str] = {}
    said: dict[int, tuple[str, ...]] = {}
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise SpecError([_problem(source, 1, f"this is no CSV: {error}")]) from None
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if NUMBER not in header or ANSWER not in header:
        text = f"the first line must name the columns `{NUMBER}` and `{ANSWER}`"
        raise SpecError([_problem(source, 1, text, "`cnncalc exercise … -f csv` writes a sheet to fill in")])
    numbers, answers = header.index(NUMBER), header.index(ANSWER)
    about = [header.index(name) if name in header else -1 for name in NAMES[1:3]]
    for line, row in enumerate(rows[1:], 2 + start):
        if not any(cell.strip() for cell in row):
            continue
        text = row[numbers].strip() if numbers < len(row) else ""
        number = int(text) if text.isdecimal() and len(text) < 9 else 0
        if not 1 <= number <= len(blanks):
            problems.append(_problem(source, line, f"there is no blank {text[:40]!r}: they are 1 to {len(blanks)}"))
        elif number in found:
            problems.append(_problem(source, line, f"blank {number} is answered twice"))
        else:
            found[number] = row[answers].strip() if answers < len(row) else ""
            said[number] = tuple(row[at].strip() if 0 <= at < len(row) else "" for at in about)
    if not problems and _is_of_another(said, blanks):
        text = "this is the sheet of another exercise"
        problems.append(_problem(source, 1, text, "give --check the options that the sheet was made with"))
    if problems:
        raise SpecError(problems)
    return found


def _is_of_another(said: dict[int, tuple[str, ...]], blanks: Sequence[tuple[str, str]]) -> bool:
    """Whether rows name other cells: anything else that is asked, or most layers, as a spreadsheet makes a date of one.

    Rows that name nothing fit.
    """
    pairs = [(layer, asked, *blanks[number - 1]) for number, (layer, asked) in said.items()]
    others = sum(layer not in ("", own) for layer, _, own, _ in pairs)
    return any(asked not in ("", own) for _, asked, _, own in pairs) or 2 * others > len(pairs)


def _problem(source: Source, line: int, message: str, help: str = "") -> Problem:
    start = sum(len(each) for each in source.text.splitlines(keepends=True)[: line - 1])
    return Problem("bad-answers", message, Span(source, start, start), help)


def parse_answer(text: str, number: bool) -> Answer | None:
    """The sizes, or the one number, that an answer is; None for other text.

    >>> parse_answer("96 x 55 x 55", False), parse_answer("[96,55,55]", False), parse_answer("34,944", True)
    ((96, 55, 55), (96, 55, 55), (34944,))
    >>> parse_answer("34 944", True), parse_answer("35k", True), parse_answer("?", False)
    ((34944,), None, None)
    >>> parse_answer("34,944.00", True), parse_answer("96 х 55 х 55", False)  # Cyrillic
    ((34944,), (96, 55, 55))
    """
    text = text[: limits.NUMERAL_CHARACTERS].strip()
    if number:
        grouped = _GROUPED.fullmatch(text)
        return (int(re.sub(r"\D", "", grouped[1])),) if grouped else None
    sizes = _SIZES.fullmatch(text)
    return tuple(int(each) for each in re.findall(r"\d+", sizes[1])) if sizes else None


def mark(questions: Sequence[Question], answers: dict[int, str], report: Report) -> list[Marked]:
    """The mark of each blank, in order."""
    given: dict[int, Answer | None] = {}
    outputs: dict[int, Shape] = {}  # as they were answered, by the index of the layer
    for question in questions:
        text = answers.get(question.number, "")
        answer = parse_answer(text, _is_number(question)) if text else None
        given[question.number] = answer = None if answer is None else _complete(answer, question)
        if answer is not None and question.asked.name == "output":
            outputs[question.layer] = answer
    inputs = _find_inputs(report, outputs)
    fields = _find_fields(report, {each.layer: given[each.number] for each in questions if each.asked.name == "field"})
    marks = (_mark(each, answers.get(each.number, ""), given[each.number], inputs, report) for each in questions)
    return [
        each._replace(carried=True, reasons=(FOLLOWS,))
        if each.question.asked.name == "field" and not each.right and _is_carried(each.question, given, fields)
        else each
        for each in marks
    ]


def _is_number(question: Question) -> bool:
    return question.asked.name in ("params", "macs")


def _is_carried(question: Question, given: dict[int, Answer | None], fields: dict[int, Answer]) -> bool:
    """Whether a field is right for that which was answered for the layer before."""
    answer = given[question.number]
    return answer is not None and answer == fields.get(question.layer)


def _find_fields(report: Report, answered: dict[int, Answer | None]) -> dict[int, Answer]:
    """The fields that follow from those that were answered before: each layer adds what it does add."""
    here: dict[int, Answer] = {}  # as it was answered, else as it follows
    found: dict[int, Answer] = {}
    for index, layer in enumerate(report.layers):
        source = layer.sources[0] if len(layer.sources) == 1 else -1
        before = report.layers[source].receptive_field if source >= 0 else None
        after = layer.receptive_field
        if source in here and before and after and len(before.size) == len(after.size) == len(here[source]):
            sizes = zip(here[source], before.size, after.size, strict=True)
            found[index] = here[index] = tuple(own + wide - size for own, size, wide in sizes)
        if answer := answered.get(index):
            here[index] = answer
    return found


def _find_inputs(report: Report, outputs: dict[int, Shape]) -> dict[int, Shapes]:
    """The inputs of the layers that follow from the outputs that were answered, where these are wrong.

    The outputs of layers that were not asked for are computed from them.
    """
    assumed: dict[int, Shape] = {}
    found: dict[int, Shapes] = {}
    for index, layer in enumerate(report.layers):
        sources = zip(layer.sources, layer.inputs, strict=False)
        inputs = tuple(assumed.get(source, shape) for source, shape in sources)
        if inputs != layer.inputs and inputs:
            found[index] = inputs
        if index in outputs:
            assumed[index] = outputs[index]
        elif index in found and (output := _apply(layer, inputs)):
            assumed[index] = output
    return found


def _apply(layer: LayerReport, inputs: Shapes) -> Shape | None:
    """The output of a layer for other inputs, None if they do not fit."""
    if max(max(shape) for shape in inputs) > limits.SIZE or min(min(shape) for shape in inputs) < 1:
        return None
    try:
        return layer.layer.output_shape(inputs)
    except LayerError:
        return None


def _complete(answer: Answer, question: Question) -> Answer:
    """One number for a square field; sizes in the order of the table where they are given with the channels last."""
    right = question.answer
    if question.asked.name == "field" and len(answer) == 1:
        return answer * len(right)
    if question.asked.name == "output" and answer != right and (*answer[-1:], *answer[:-1]) == right:
        return right
    return answer


def _mark(question: Question, text: str, answer: Answer | None, inputs: dict[int, Shapes], report: Report) -> Marked:
    if answer is None:
        return Marked(question, text, False, reasons=(UNREAD[_is_number(question)],) if text else ())
    if answer == question.answer:
        return Marked(question, text, True)
    if question.layer in inputs and _follows(question, answer, inputs[question.layer], report):
        return Marked(question, text, False, True, (FOLLOWS,))
    reasons = dict.fromkeys(each.reason for each in list_mistakes(question, report) if each.value == answer)
    return Marked(question, text, False, reasons=tuple(reasons)[:REASONS])


def _follows(question: Question, answer: Answer, inputs: Shapes, report: Report) -> bool:
    """Whether an answer is right for the sizes that were answered for its inputs."""
    layer = report.layers[question.layer]
    output = _apply(layer, inputs)
    if output is None:
        return False
    if question.asked.name == "output":
        return answer == output
    if question.asked.name == "params":
        return answer == (count_parameters(layer.layer, inputs),)
    return question.asked.name == "macs" and answer == (layer.layer.work(inputs, output).macs,)
