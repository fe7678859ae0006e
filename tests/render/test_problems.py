"""Problems with an excerpt of the source at their position."""

from __future__ import annotations

import pytest

from cnncalc.errors import Problem, Source, Span
from cnncalc.render.problems import LONGEST, cut_excerpt, describe_files, format_problem
from cnncalc.render.show import show
from cnncalc.render.text import count_cells
from cnncalc.render.view import View


def span(text: str, marked: str) -> Span:
    start = text.index(marked)
    return Span(Source("net.yaml", text), start, start + len(marked))


def test_a_problem_in_full() -> None:
    text = "layers:\n  - conv(64, 3, strid=2)\n"
    problem = Problem("unknown-argument", "no such argument", span(text, "strid"), "did you mean `stride`?", "conv1")
    assert format_problem(problem) == (
        "net.yaml:2:17: error[unknown-argument]: no such argument\n"
        "    2 |   - conv(64, 3, strid=2)\n"
        "      |                 ^^^^^\n"
        "   path: conv1\n"
        "   help: did you mean `stride`?\n"
    )


def test_a_problem_without_a_position() -> None:
    assert format_problem(Problem("unreadable", "x: no such file")) == "error[unreadable]: x: no such file\n"


@pytest.mark.parametrize(
    ("text", "marked", "shown", "below"),
    [
        ("\t- conv\n", "conv", "    - conv", "      ^^^^"),
        ("a\tb", "b", "a   b", "    ^"),
        ("網路: conv", "conv", "網路: conv", "      ^^^^"),
        ("a: 網路", "網路", "a: 網路", "   ^^^^"),
        ("e\u0301: x", "x", "e\u0301: x", "   ^"),
        ("\x1b[31m x", "x", "\\x1b[31m x", "         ^"),
        ("a\u202eb x", "x", "a\\u202eb x", "         ^"),
        ("one\ntwo\nthree", "two\nthree", "two", "^^^"),
    ],
)
def test_the_span_is_underlined(text: str, marked: str, shown: str, below: str) -> None:
    assert cut_excerpt(span(text, marked)) == (shown, below)


def test_an_empty_span_gets_one_mark() -> None:
    source = Source("a", "abc")
    assert cut_excerpt(Span(source, 3, 3)) == ("abc", "   ^")
    assert cut_excerpt(Span(Source("a", ""), 0, 0)) == ("", "^")


@pytest.mark.parametrize("before", [0, 3, 60, 500, 100_000])
@pytest.mark.parametrize("after", [0, 60, 100_000])
@pytest.mark.parametrize("letter", ["x", "網", "\t"])
def test_of_a_long_line_the_part_around_the_span_is_shown(before: int, after: int, letter: str) -> None:
    shown, below = cut_excerpt(span(letter * before + "HERE" + letter * after, "HERE"))
    assert count_cells(shown) <= LONGEST + 2 + 3 * (letter == "\t")
    column = count_cells(shown.partition("HERE")[0])
    assert below == " " * column + "^^^^"


def test_a_long_span_is_cut_too() -> None:
    shown, below = cut_excerpt(span("a" * 50 + "b" * 5000, "b" * 5000))
    assert count_cells(shown) <= LONGEST + 2
    assert count_cells(below) <= count_cells(shown)
    assert "^" in below


def test_verdicts_count() -> None:
    error, warning = Problem("syntax", "x"), Problem("idle-branch", "y")
    assert show(describe_files([("a", [])], View()), View()) == "a: ok\n"
    text = show(describe_files([("a", [error, warning]), ("b", [warning])], View()), View())
    assert text.endswith("b: ok\n1 error, 2 warnings, 2 files\n")
    assert "a: ok" not in text


def test_colour_only_when_asked() -> None:
    problem = Problem("syntax", "x\x1b", span("abc", "b"))
    assert "\x1b" not in format_problem(problem)
    assert "\x1b[1;31merror[syntax]\x1b[0m: x\\x1b" in format_problem(problem, color=True)
