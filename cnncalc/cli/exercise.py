"""`cnncalc exercise`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.formats import FOR_PROGRAMS, TableFormat, write_table
from cnncalc.cli.output import emit, emit_page, make_view
from cnncalc.cli.reading import read
from cnncalc.cli.relations import Reads, Without

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.errors import Source
    from cnncalc.exercise.questions import Question
    from cnncalc.network import Network
    from cnncalc.render.document import Block
    from cnncalc.render.view import View


class ExerciseFormat(StrEnum):
    """Output formats of exercises: those of tables, and a page."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"
    html = "html"


UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # with which a file of this encoding begins
Blank = Annotated[
    str, typer.Option("--blank", metavar="A,B", help="What is asked: output, params, macs, field, comma-separated.")
]
Seed = Annotated[
    int | None,
    options.option("--seed", metavar="N", help="Leave half of the cells blank, drawn by N (default: all)."),
]
Solutions = Annotated[
    bool, typer.Option("--solutions", help="The answers with their arithmetic, not the exercise."), Without("--check")
]
Check = Annotated[
    str | None,
    options.option("--check", metavar="FILE", help="Mark the answers in a CSV file, the filled-in sheet of -f csv."),
    Reads(),
]
Format = Annotated[ExerciseFormat, options.FORMAT]
Lang = Annotated[options.Language, options.LANGUAGE, Without("--check", *(f"--format {name}" for name in FOR_PROGRAMS))]


def exercise(
    arch: options.Arch,
    blank: Blank = "output,params,field",
    seed: Seed = None,
    solutions: Solutions = False,
    check: Check = None,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    format: Format = ExerciseFormat.table,
    output: options.Output = None,
    lang: Lang = options.Language.en,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Make an exercise of a network: its table with blanks, the solutions with their arithmetic, marks of answers.

    The same options make the same blanks: `-f csv` writes the sheet to fill in, --check marks it and says what was
    probably forgotten; then the exit code is 1 if an answer is not right.
    """
    from cnncalc.exercise.questions import draw_questions, find_asked

    asked = find_asked(blank)
    view = make_view(output, width, color)._replace(language=lang)
    reading = read(arch, inputs, settings)
    report = reading.require_report()
    questions = draw_questions(report, asked, seed)
    if check is not None:
        return _check(check, report, questions, format, view, output)
    text = _write_exercise(reading.require_network(), report, questions, format, view, solutions=solutions)
    _emit(text, format, output)
    return 0


def _emit(text: str, format: ExerciseFormat, output: str | None) -> None:
    (emit_page if format is ExerciseFormat.html else emit)(text, output)


def _write_exercise(
    network: Network,
    report: Report,
    questions: Sequence[Question],
    format: ExerciseFormat,
    view: View,
    *,
    solutions: bool,
) -> str:
    """The exercise or its solutions in a format."""
    from cnncalc.render import exercise as render

    def describe(view: View) -> Iterable[Block]:
        if not solutions:
            return render.describe_exercise(report, questions, view)
        from cnncalc.analysis.explain import explain_layer

        asked = dict.fromkeys(question.layer for question in questions)
        found = [explain_layer(network, report, index, chain=False) for index in asked]
        return render.describe_solutions(report, questions, found)

    return _write(
        format, view, report.name, describe,
        json=lambda: render.dump_exercise(report, questions, solved=solutions),
        csv=lambda: render.write_sheet(report, questions, solved=solutions),
    )  # fmt: skip


def _check(
    file: str, report: Report, questions: Sequence[Question], format: ExerciseFormat, view: View, output: str | None
) -> int:
    """Mark the answers in a file; 1 if not all are right."""
    from cnncalc.cli.data import read_data
    from cnncalc.exercise.marking import mark, read_answers
    from cnncalc.render import exercise as render

    blanks = [(report.layers[each.layer].path, each.asked.name) for each in questions]
    answers = read_answers(_decode_sheet(file, read_data(file)), blanks)
    marked = mark(questions, answers, report)
    text = _write(
        format, view, report.name, lambda _: render.describe_marks(report, marked),
        json=lambda: render.dump_marks(report, marked), csv=lambda: render.write_marks(report, marked),
    )  # fmt: skip
    _emit(text, format, output)
    return 0 if all(each.right for each in marked) else 1


def _decode_sheet(file: str, data: bytes) -> Source:
    """The text of a sheet, in the encodings that spreadsheets mark. Raises CnncalcError."""
    from cnncalc.errors import CnncalcError, Source

    try:
        return Source(file, data.decode("utf-16" if data[:2] in UTF_16 else "utf-8-sig"))
    except UnicodeDecodeError:
        raise CnncalcError(f"{file} is no text in UTF-8: save the sheet as CSV, with that encoding") from None


def _write(
    format: ExerciseFormat,
    view: View,
    title: str,
    document: Callable[[View], Iterable[Block]],
    *,
    json: Callable[[], str],
    csv: Callable[[], str],
) -> str:
    if format is ExerciseFormat.html:
        from cnncalc.render.exercise import write_page
        from cnncalc.render.languages import translate

        return write_page(title, translate(document(view), view.language), view.language)
    return write_table(TableFormat(format), view, document=document, json=json, csv=csv)
