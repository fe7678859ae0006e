"""Problems as text: the position, the source line with the span underlined, and the likely repair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnncalc.errors import Note, Problem, Span, failed
from cnncalc.render.document import BLANK, Block, Paragraph, Piece, make_paragraph
from cnncalc.render.show import show
from cnncalc.render.text import count_cells, elide_message, split_line
from cnncalc.render.view import View

LONGEST = 100  # cells of a source line; of a longer one the part around the span is shown
MARGIN = 10  # cells of a line number, the bar, and the marks of a line that is cut


def format_problems(problems: Iterable[Problem], *, color: bool = False, width: int | None = None) -> str:
    """Format problems, one after another; source lines are cut to the width, if there is one."""
    return show(_separate(describe_problem(problem, width) for problem in problems), View(color=color))


def format_problem(problem: Problem, *, color: bool = False, width: int | None = None) -> str:
    """Format one problem."""
    return format_problems([problem], color=color, width=width)


def _separate(parts: Iterable[Iterable[Block]]) -> Iterator[Block]:
    for number, part in enumerate(parts):
        if number:
            yield BLANK
        yield from part


def describe_problem(problem: Problem, width: int | None) -> Iterator[Block]:
    """The position and the message, the line of the source with the span underlined, notes and the repair."""
    span = problem.span
    message: list[Piece] = [
        (f"{problem.severity}[{problem.code}]", problem.severity),
        (f": {elide_message(problem.message)}", ""),
    ]
    if span is None:
        yield Paragraph(message, wrapped=False)
    else:
        line, column = span.source.position(span.start)
        position = f"{elide_message(span.source.name)}:{line}:{column}:"
        yield Paragraph([(position, "title"), (" ", ""), *message], wrapped=False)
        shown, below = cut_excerpt(span, min(LONGEST, max(width - MARGIN, 20)) if width else LONGEST)
        blanks = " " * max(len(str(line)), 4)
        yield Paragraph([(f" {line:>4} |", "faint"), (f" {shown}", "")], wrapped=False)
        yield Paragraph([(f" {blanks} |", "faint"), (f" {below}", problem.severity)], wrapped=False)
    notes = [("note", format_note(note, span), "faint") for note in problem.notes]
    for name, text, style in (("path", problem.path, "faint"), *notes, ("help", problem.help, "good")):
        if text:
            yield Paragraph([(f"   {name}:", style), (f" {text}", "")], wrapped=False)


def format_note(note: Note, span: Span | None) -> str:
    """A note with its position; the file is named if it differs from that of the problem."""
    if note.span is None:
        return note.text
    line, column = note.span.source.position(note.span.start)
    name = "" if span and span.source is note.span.source else f"{note.span.source.name}:"
    return f"{note.text}: {name}{line}:{column}: {note.span.text}"


def cut_excerpt(span: Span, longest: int = LONGEST) -> tuple[str, str]:
    """The source line, and the line of `^` below its span.

    A span of several lines is underlined to the end of the first, an empty one gets a single mark.
    """
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    start, end = column - 1, column - 1 + span.end - span.start
    first, last = _choose_window(text, start, min(end, len(text)), longest)
    shown = before = under = ""
    for at, (piece, width) in enumerate(split_line(text[first:last]), first):
        shown += piece
        if at < start:
            before += " " * width
        elif at < end:
            under += "^" * width
    left = "…" if first else ""
    return left + shown + ("…" if last < len(text) else ""), " " * len(left) + before + (under or "^")


def _choose_window(text: str, start: int, end: int, longest: int) -> tuple[int, int]:
    """The part of a line that is shown: all of it, or the span with as much around it as fits.

    The number of characters is limited too, since a line can be full of characters of width 0.
    """
    most = 2 * longest
    if len(text) <= most and sum(width for _, width in split_line(text)) <= longest:
        return 0, len(text)
    widths = [width for _, width in split_line(text[start : start + longest])]
    last = start
    room = longest
    for width in widths[: max(end - start, 1)]:
        room -= width
        if room < 0:
            break
        last += 1
    margin = max(room // 2, 0)
    first = start
    while first and start - first < most and margin >= (width := count_cells(next(split_line(text[first - 1]))[0])):
        first -= 1
        margin -= width
    room = longest - sum(width for _, width in split_line(text[first:last]))
    while last < len(text) and last - start < most and room >= (width := count_cells(next(split_line(text[last]))[0])):
        last += 1
        room -= width
    return first, last


def describe_files(
    files: Sequence[tuple[str, Sequence[Problem]]], view: View, *, strict: bool = False
) -> Iterator[Block]:
    """The report of `validate`: all problems, a line for each file without errors, and their numbers.

    If `strict`, warnings count as errors.
    """
    for name, problems in files:
        if problems:
            yield from _separate(describe_problem(problem, view.width) for problem in problems)
            yield BLANK
        if not failed(problems) and not (strict and problems):
            yield Paragraph(((f"{name}: ", ""), ("ok", "good")), wrapped=False)
        elif not failed(problems):
            yield Paragraph(((f"{name}: ", ""), ("not ok: warnings count as errors", "warning")), wrapped=False)
    severities = [problem.severity for _, problems in files for problem in problems]
    if len(files) > 1 or severities:
        counts = (severities.count("error"), "error"), (severities.count("warning"), "warning"), (len(files), "file")
        yield make_paragraph(", ".join(count(number, noun) for number, noun in counts))


def count(number: int, noun: str) -> str:
    """Format a count: `1 error`, `2 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
