"""The codes of problems: a listing with a line wrong and right for each, and a page about one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from cnncalc.errors import Problem
from cnncalc.errors.codes import Code
from cnncalc.render.paint import Line, paint
from cnncalc.render.problems import problem_text
from cnncalc.render.text import clean, wrap

TITLES = {"error": "Errors", "warning": "Warnings, each of which `allow: {code: reason}` silences"}


def codes_text(codes: Sequence[Code], width: int | None, *, color: bool) -> str:
    """The listing of all."""
    return paint(_listing(codes, width), color=color)


def code_text(code: Code, told: Sequence[Problem], width: int | None, *, color: bool) -> str:
    """The page about one; `told` is what is said of its bad example."""
    text = paint(_page(code, width), color=color)
    if code.bad:
        shown = "".join(problem_text(problem, color=color, width=width) for problem in told)
        text += paint(_example("wrong", code.bad), color=color)
        text += "\n" + shown if shown else ""
        text += paint(_example("right", code.good), color=color)
    return text


def codes_json(codes: Sequence[Code]) -> str:
    """For scripts."""
    from cnncalc.render.json import FORMAT, dump

    return dump({"format": FORMAT, "codes": [code._asdict() for code in codes]})


def _listing(codes: Sequence[Code], width: int | None) -> Iterator[Line]:
    for number, (severity, group) in enumerate(groupby(codes, key=lambda code: code.severity)):
        if number:
            yield [("", "")]
        yield [(TITLES[severity], "head")]
        for code in group:
            yield [(f"  {code.code}", "bar")]
            yield from ([(line, "")] for line in wrap(f"      {code.sentence}", width, 6))
            wrong, right = difference(code.bad, code.good)
            if wrong:
                yield [("      wrong  ", "faint"), (clean(wrong), "")]
            if right:
                yield [("      right  ", "faint"), (clean(right), "")]


def difference(bad: str, good: str) -> tuple[str, str]:
    """The first line in which two files differ, as it is in each, "" where it is in one alone."""
    before, after = bad.splitlines(), good.splitlines()
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            return (before[a].strip() if a < b else ""), (after[c].strip() if c < d else "")
    return "", ""


def _page(code: Code, width: int | None) -> Iterator[Line]:
    yield [(code.code, "large"), (f"  {code.severity}", "faint")]
    yield from ([(line, "title")] for line in wrap(code.sentence, width))
    yield [("", "")]
    yield from ([(line, "")] for line in wrap(code.explanation, width or 100))


def _example(title: str, text: str) -> Iterator[Line]:
    yield [("", "")]
    yield [(title, "head")]
    yield from ([("    " + clean(line), "")] for line in text.splitlines())
