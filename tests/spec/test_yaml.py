"""YAML: the subset of YAML 1.2 that architecture files use."""

from __future__ import annotations

import pytest

from cnncalc.errors import Source, Span
from cnncalc.reading import read_text

from ..networks import layers, problems, read


@pytest.mark.parametrize(
    ("text", "value"), [("010", 10), ("8", 8), ("1e1", 10), ("0.5e1", 5), ("2 ** 3", 8), ("'8'", 8)]
)
def test_numbers(text: str, value: int) -> None:
    assert layers(f"layers: [{{conv: {{out: {text}, kernel: 1}}}}]") == [f"conv1: conv({value}, 1)"]


def test_keys_are_always_strings() -> None:
    assert layers("layers: [{concat: {on: relu, 1x1: tanh, 3: elu}}]") == [
        "concat1.on.relu1: relu", "concat1.1x1.tanh1: tanh", "concat1.3.elu1: elu", "concat1: concat"
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "True", "null", "~"])
def test_only_true_and_false_are_booleans(word: str) -> None:
    (found,) = problems(f"layers: [{{conv: {{out: 4, kernel: 1, bias: {word}}}}}]")
    assert found[0] in ("unknown-name", "syntax")


@pytest.mark.usefixtures("yaml_loader")
@pytest.mark.parametrize("levels", [101, 1001])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("[ ", " ]")])
@pytest.mark.parametrize("closed", [True, False])
def test_too_deep_nesting_is_not_reported_as_unclosed(levels: int, opening: str, closing: str, closed: bool) -> None:
    """The 101st level is reported, of which `layers` itself is the first."""
    text = "layers: " + opening * levels + (closing * levels if closed else "")
    assert problems(text) == [("too-large", 2, len("layers: " + opening * 99) + 1)]


@pytest.mark.usefixtures("yaml_loader")
@pytest.mark.parametrize("character", "\0\a\x7f\x9f\ufffe\ud800")
@pytest.mark.parametrize(
    "before", ["", "e", "é", "☃", "😀", "é☃😀" * 3_000, "\n", "é\r\n", "\ufeff", "\ufeff\ufeffé\ufeff"]
)
def test_a_position_counts_characters(before: str, character: str) -> None:
    """Not bytes, of which é has 2, ☃ 3 and 😀 4; a byte-order mark at the start does not count."""
    text = f"{before}{character}"
    source = Source("test.yaml", text)
    (problem,) = read_text(source).problems
    assert (problem.code, problem.span) == ("not-text", Span(source, len(before.lstrip("\ufeff")), len(source.text)))
    assert problem.message == f"the character U+{ord(character):04X} is not allowed in YAML"


@pytest.mark.usefixtures("yaml_loader")
@pytest.mark.parametrize(
    "escape", ["\\ud800", "\\uDFFF", "\\U0000d83d", "\\U00110000", "\\UFFFFFFFF", "\\q", "\\x1", "\\u12"]
)
def test_an_escape_sequence_without_a_character(escape: str) -> None:
    for text in (f'name: "{escape}"\nlayers: [relu]', f'layers: [{{conv: {{"{escape}": 1}}}}]'):
        loaded = read(text)
        assert [problem.code for problem in loaded.problems][:1] == ["yaml-syntax"]
        assert loaded.problems[0].message == f"`{escape}` is not a valid escape sequence"


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\x85", "\u2028", "\u2029"])
def test_a_dash_without_a_space_after_any_line_break(line_break: str) -> None:
    """All line breaks of YAML, including those that are none for regular expressions."""
    text = line_break.join(("input: [3, 8, 8]", "layers:", "  - conv(4, 3)", "  -relu", "  -tanh", ""))
    found = read_text(Source("test.yaml", text)).problems
    assert [(problem.code, problem.message) for problem in found] == [
        ("yaml-syntax", "a space is missing after the `-` of a list")
    ]
    assert found[0].span
    assert found[0].span.line in (4, 5)
