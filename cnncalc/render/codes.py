"""The codes of problems: the list, with a wrong and a right line for each, and the page of one code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from cnncalc.errors import Problem
from cnncalc.errors.codes import Code
from cnncalc.render.document import BLANK, Block, Paragraph, make_paragraph
from cnncalc.render.problems import describe_problem
from cnncalc.render.text import wrap
from cnncalc.render.view import View

PROSE = 100  # characters of a line of prose where no width is given

TITLES = {"error": "Errors", "warning": "Warnings, each of which `allow: {code: reason}` silences"}


def list_codes(codes: Sequence[Code]) -> Iterator[Block]:
    """The list of all codes."""
    for number, (severity, group) in enumerate(groupby(codes, key=lambda code: code.severity)):
        if number:
            yield BLANK
        yield make_paragraph(TITLES[severity], "head")
        for code in group:
            yield make_paragraph(f"  {code.code}", "bar")
            yield make_paragraph(f"      {code.sentence}", indent=6)
            for label, line in zip(("wrong", "right"), find_difference(code.bad, code.good), strict=True):
                if line:
                    yield Paragraph(((f"      {label}  ", "faint"), (line, "")), wrapped=False)


def describe_code(code: Code, reported: Sequence[Problem], view: View) -> Iterator[Block]:
    """The page of one code; `reported` are the problems in its bad example."""
    yield Paragraph(((code.code, "large"), (f"  {code.severity}", "faint")))
    yield make_paragraph(code.sentence, "title")
    yield BLANK
    yield from map(make_paragraph, wrap(code.explanation, view.width or PROSE))
    if code.bad:
        yield from _describe_example("wrong", code.bad)
        if reported:
            yield BLANK
        for problem in reported:
            yield from describe_problem(problem, view.width)
        yield from _describe_example("right", code.good)


def dump_codes(codes: Sequence[Code]) -> str:
    """The codes as JSON."""
    from cnncalc.render.json import FORMAT, dump

    return dump({"format": FORMAT, "codes": [code._asdict() for code in codes]})


def find_difference(bad: str, good: str) -> tuple[str, str]:
    """The first line in which two files differ, from each of them; "" if it is only in the other."""
    before, after = bad.splitlines(), good.splitlines()
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            return (before[a].strip() if a < b else ""), (after[c].strip() if c < d else "")
    return "", ""


def _describe_example(title: str, text: str) -> Iterator[Block]:
    yield BLANK
    yield make_paragraph(title, "head")
    yield from (Paragraph((("    " + line, ""),), wrapped=False) for line in text.splitlines())
