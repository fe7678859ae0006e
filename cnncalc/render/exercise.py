"""Exercises as documents, CSV and JSON: the table with blanks, the solutions, the marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cnncalc.analysis.explain import Explained
from cnncalc.analysis.lines import Line
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.exercise.marking import NAMES, Marked
from cnncalc.exercise.questions import ASKED, Answer, Asked, Question
from cnncalc.render.columns import COLUMNS, format_shape, format_shapes
from cnncalc.render.csv import write_csv
from cnncalc.render.document import BLANK, Block, Cell, Column, Pairs, Table, elide_paths, make_paragraph
from cnncalc.render.explain import TOGETHER, format_line
from cnncalc.render.html import write_html
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.markup import escape
from cnncalc.render.numbers import format_digits
from cnncalc.render.view import View

ROOM = "_" * 8  # to write into
# The lines of an explanation that give an answer, by the beginnings of their labels.
LINES = {
    "output": ("output",),
    "params": ("weights", "biases", "parameters"),
    "macs": ("multiplications", "macs"),
    "field": ("receptive field",),
}


def describe_exercise(report: Report, questions: Sequence[Question], view: View) -> Iterator[Block]:
    """The table of a network, with a number and room in each blank."""
    asked = {question.asked.name for question in questions} | {"output"}
    blanks = {(question.layer, question.asked.name): question.number for question in questions}
    hidden = _find_hidden(report, blanks)
    inputs = ", ".join(format_shape(shape) for shape in report.inputs.values())
    yield make_paragraph(f"{report.name}, input {inputs}: {len(questions)} blank{'s' * (len(questions) != 1)}", "title")
    yield BLANK
    layers = report.layers
    columns = [
        Column("layer", [Cell(layer.path, "title") for layer in layers]),
        Column("call", [Cell(repr(layer.layer)) for layer in layers]),
        Column("input", [Cell(_show_input(layer, hidden)) for layer in layers], True),
    ]
    for each in (each for name, each in ASKED.items() if name in asked):
        cells = [_show(layer, each, blanks.get((index, each.name))) for index, layer in enumerate(layers)]
        if each.name == "output":
            numbers = [None if (index, "output") in blanks else hidden.get(index) for index in range(len(layers))]
            cells = [Cell(f"({number})") if number else cell for number, cell in zip(numbers, cells, strict=True)]
        columns.append(Column(COLUMNS[each.figure].title, cells, True))
    yield elide_paths(Table(columns), 0, view.width)


def _find_hidden(report: Report, blanks: dict[tuple[int, str], int]) -> dict[int, int]:
    """The number of the blank that tells the output of each layer whose output is not shown, by the layer's index.

    A layer that works element by element would tell the output before it.
    """
    hidden: dict[int, int] = {}
    for index, layer in enumerate(report.layers):
        number = blanks.get((index, "output"))
        if number is None and layer.output in layer.inputs:
            number = next((hidden[source] for source in layer.sources if source in hidden), None)
        if number is not None:
            hidden[index] = number
    return hidden


def _show_input(layer: LayerReport, hidden: dict[int, int]) -> str:
    """The inputs of a layer; the numbers of blanks in place of those that are asked for."""
    numbers = [hidden.get(source) for source in layer.sources]
    if not any(numbers):
        return format_shapes(layer.inputs)
    shapes = zip(numbers, layer.inputs, strict=False)
    return " + ".join(f"({number})" if number else format_shape(shape) for number, shape in shapes)


def _show(layer: LayerReport, asked: Asked, number: int | None) -> Cell:
    """A blank, or the value of a cell without one."""
    if number is not None:
        return Cell(f"({number}) {ROOM}")
    if asked.name == "output":
        return Cell(format_shape(layer.output))
    found = asked.find(layer)
    return Cell(format_answer(asked, found) if found else "0" if asked.name in ("params", "macs") else "–", "faint")


def format_answer(asked: Asked, answer: Answer) -> str:
    """An answer as the table shows it: sizes, a number with its groups of digits, a square field as one number."""
    if asked.name in ("params", "macs"):
        return format_digits(answer[0])
    if asked.name == "field" and len(set(answer)) == 1:
        return str(answer[0])
    return format_shape(answer)


def describe_solutions(report: Report, questions: Sequence[Question], found: Sequence[Explained]) -> Iterator[Block]:
    """Each answer with its arithmetic; `found` explains the layers of the questions, in order."""
    lines = {each.path: each.lines for each in found}
    yield make_paragraph(f"{report.name}  solutions", "title")
    yield BLANK
    pairs = []
    for question in questions:
        path = report.layers[question.layer].path
        arithmetic = "; ".join(map(format_line, _choose(lines[path], question.asked)))
        answer = format_answer(question.asked, question.answer)
        pairs.append((_name_blank(question, report), f"{answer}: {arithmetic}" if arithmetic else answer))
    yield Pairs(pairs, together=TOGETHER)


def _choose(lines: Iterable[Line], asked: Asked) -> list[Line]:
    """The lines that give an answer; of a sum of others, which is shown by its parts, only these where it has one."""
    return [line for line in lines if line.label.split(", ")[0].startswith(LINES[asked.name])]


def describe_marks(report: Report, marked: Sequence[Marked]) -> Iterator[Block]:
    """The mark of each answer, what was probably forgotten, and how many are right."""
    yield make_paragraph(f"{report.name}  answers", "title")
    yield BLANK
    shown = [each for each in marked if not each.right]
    if shown:
        yield Pairs([(_name_blank(each.question, report), _describe_mark(each)) for each in shown])
        yield BLANK
    counts = count_marks(marked)
    more = [f"{counts[name]} {name}" for name in ("carried on", "wrong", "without an answer") if counts[name]]
    yield make_paragraph(f"{counts['right']} of {len(marked)} right{''.join(f', {each}' for each in more)}", "head")


def _name_blank(question: Question, report: Report) -> str:
    return f"({question.number}) {report.layers[question.layer].path}, {question.asked.name}"


def _describe_mark(each: Marked) -> str:
    """An answer that is not right, and what explains it."""
    if not each.text:
        return "no answer"
    mark = "carried on" if each.carried else "wrong"
    return f"{each.text}: {mark}{', ' * bool(each.reasons)}{'; or '.join(each.reasons)}"


def count_marks(marked: Iterable[Marked]) -> Counter[str]:
    """How many answers are right, carried on, wrong, without an answer."""
    return Counter(_name(each) for each in marked)


def _name(each: Marked) -> str:
    if not each.text:
        return "without an answer"
    return "right" if each.right else "carried on" if each.carried else "wrong"


def write_sheet(report: Report, questions: Iterable[Question], *, solved: bool = False) -> str:
    """A sheet of answers as CSV, empty or solved."""
    rows = [
        [
            question.number, report.layers[question.layer].path, question.asked.name,
            "×".join(map(str, question.answer)) if solved else "",
        ]
        for question in questions
    ]  # fmt: skip
    return write_csv([*NAMES], rows)


def dump_exercise(report: Report, questions: Iterable[Question], *, solved: bool = False) -> str:
    """The blanks as JSON, each with the call of its layer, and with its answer if it is `solved`."""
    records = []
    for question in questions:
        layer = report.layers[question.layer]
        records.append(
            {"blank": question.number, "path": layer.path, "call": repr(layer.layer), "asked": question.asked.figure}
            | ({"answer": [*question.answer]} if solved else {})
        )
    inputs = {name: [*shape] for name, shape in report.inputs.items()}
    return dump({"format": FORMAT, "name": report.name, "inputs": inputs, "blanks": records})


def dump_marks(report: Report, marked: Sequence[Marked]) -> str:
    """The marks as JSON."""
    records = [
        {
            "blank": each.question.number, "path": report.layers[each.question.layer].path,
            "asked": each.question.asked.figure, "answer": each.text, "mark": _name(each), "reasons": [*each.reasons],
        }
        for each in marked
    ]  # fmt: skip
    return dump({"format": FORMAT, "name": report.name, "right": count_marks(marked)["right"], "marks": records})


def write_marks(report: Report, marked: Iterable[Marked]) -> str:
    """The marks as CSV."""
    rows = [
        [
            each.question.number, report.layers[each.question.layer].path, each.question.asked.name, each.text,
            _name(each), "; or ".join(each.reasons),
        ]
        for each in marked
    ]  # fmt: skip
    return write_csv([*NAMES, "mark", "probably"], rows)


STYLE = (
    "body{font:14px/1.5 sans-serif;margin:2em}table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{border-bottom:1px solid #999;padding:.35em .6em;white-space:nowrap}thead{display:table-header-group}"
    "tr{break-inside:avoid}"
)


def write_page(title: str, blocks: Iterable[Block], language: str) -> str:
    """A document as a page to print."""
    head = f'<meta charset="utf-8"/>\n<title>{escape(title)}</title>\n<style>{STYLE}</style>'
    body = write_html(blocks)
    return f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n{head}\n</head>\n<body>\n{body}</body>\n</html>\n'
