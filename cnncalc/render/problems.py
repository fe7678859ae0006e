"""Problems as text: the place, the line of the source with the span underlined, and the likely repair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnncalc.errors import Note, Problem, Span, failed
from cnncalc.render.text import brief, clean, count_cells, split_line

LONGEST = 100  # cells of a source line; of a longer one the part around the span is shown
MARGIN = 10  # cells of a line number, the bar, and the marks of a line that is cut
ANSI = {"error": "1;31", "warning": "1;35", "place": "1", "help": "32", "faint": "2"}


def problems_text(problems: Iterable[Problem], *, color: bool = False, width: int | None = None) -> str:
    """All problems, one after another; source lines are cut to a terminal's width, where there is one."""
    return "\n".join(problem_text(problem, color=color, width=width) for problem in problems)


def problem_text(problem: Problem, *, color: bool = False, width: int | None = None) -> str:
    """One problem."""

    def styled(text: str, style: str) -> str:
        return f"\x1b[{ANSI[style]}m{text}\x1b[0m" if color else text

    span = problem.span
    label = styled(f"{problem.severity}[{problem.code}]", problem.severity)
    lines = [f"{label}: {brief(problem.message)}"]
    if span:
        line, column = span.source.place(span.start)
        lines[0] = styled(f"{brief(span.source.name)}:{line}:{column}:", "place") + " " + lines[0]
        shown, below = excerpt(span, min(LONGEST, max(width - MARGIN, 20)) if width else LONGEST)
        margin = len(str(line))
        lines.append(f" {styled(f'{line:>4} |', 'faint')} {shown}".rstrip())
        lines.append(f" {styled(f'{chr(32) * max(margin, 4)} |', 'faint')} {styled(below, problem.severity)}")
    for name, text in (
        ("path", problem.path),
        *(("note", note_text(note, span)) for note in problem.notes),
        ("help", problem.help),
    ):
        if text:
            lines.append(f"   {styled(f'{name}:', 'help' if name == 'help' else 'faint')} {clean(text)}")
    return "\n".join(lines) + "\n"


def note_text(note: Note, span: Span | None) -> str:
    """A note with its place; the file is named where it is another than the problem's."""
    if note.span is None:
        return note.text
    line, column = note.span.source.place(note.span.start)
    name = "" if span and span.source is note.span.source else f"{note.span.source.name}:"
    return f"{note.text}: {name}{line}:{column}: {note.span.text}"


def excerpt(span: Span, longest: int = LONGEST) -> tuple[str, str]:
    """The source line as it is shown, and the line of `^` below its span.

    A span of several lines is underlined to the end of the first, an empty one gets a single mark.
    """
    line, column = span.source.place(span.start)
    text = span.source.line(line)
    start, end = column - 1, column - 1 + span.end - span.start
    first, last = _window(text, start, min(end, len(text)), longest)
    shown = before = under = ""
    for at, (piece, width) in enumerate(split_line(text[first:last]), first):
        shown += piece
        if at < start:
            before += " " * width
        elif at < end:
            under += "^" * width
    left = "…" if first else ""
    return left + shown + ("…" if last < len(text) else ""), " " * len(left) + before + (under or "^")


def _window(text: str, start: int, end: int, longest: int) -> tuple[int, int]:
    """The part of a line that is shown: all of it, or the span with as much around it as there is room for.

    Of characters that take no room, of which a line can be full, there are as many as of the others, and no more.
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


def verdicts(files: Sequence[tuple[str, Sequence[Problem]]], *, color: bool = False, width: int | None = None) -> str:
    """What `validate` says: every problem, a line for each file that is in order, and a sum."""
    text = ""
    for name, problems in files:
        if problems:
            text += problems_text(problems, color=color, width=width) + "\n"
        if not failed(problems):
            word = f"\x1b[{ANSI['help']}mok\x1b[0m" if color else "ok"
            text += f"{clean(name)}: {word}\n"
    severities = [problem.severity for _, problems in files for problem in problems]
    if len(files) > 1 or severities:
        text += ", ".join(
            count(number, noun)
            for number, noun in (
                (severities.count("error"), "error"), (severities.count("warning"), "warning"), (len(files), "file"),
            )
        ) + "\n"  # fmt: skip
    return text


def count(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
