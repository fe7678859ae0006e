"""Expressions: values computed by hand, and everything that must not be possible."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnncalc.errors import Mistake, Source, Span
from cnncalc.spec.grammar import read_expression
from cnncalc.spec.nodes import YamlString
from cnncalc.spec.scope import ParamScope
from cnncalc.spec.values import Word

from ..networks import layers, problems


def evaluate(text: str, **params: object) -> object:
    source = Source("expression", text)
    string = YamlString(text, Span(source, 0, len(text)), None)
    return read_expression(string).evaluate(ParamScope(params, source.amount))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-2 ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("6 / 2", 3),
        ("7 / 2", 3.5),
        ("1 - 2 - 3", -4),
        ("2 < 3 <= 3", True),
        ("1 < 3 < 2", False),
        ("not 1 == 2 and true", True),
        ("true or false and false", True),
        ("1 if false else 2 if false else 3", 3),
        ("[1, 2, [3]][2][0]", 3),
        ("[1, 2][-1]", 2),
        ("min(3, 1, 2)", 1),
        ("max([3, 1])", 3),
        ("ceil(2.1)", 3),
        ("floor(-2.1)", -3),
        ("round(2.5)", 2),
        ("round(3.5)", 4),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("10 ** 17 * 9 / 3", 3 * 10**17),
        ("w * 2", 128),
        ("act == relu", True),
        ("true == false", False),
    ],
)
def test_values(text: str, value: object) -> None:
    found = evaluate(text, w=64, act=Word("relu"))
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("x", "value"), [(32 * 0.75, 24), (33, 32), (36, 40), (12, 16), (11, 16), (8, 8), (3, 8), (18 * 0.35, 8)]
)
def test_divisible_rounds_as_mobilenet_s_code(x: float, value: int) -> None:
    """By hand: ⌊(x + 4)/8⌋·8, at least 8, and 8 more if that is below 90 % of x (11 → 8 < 9.9 → 16)."""
    assert evaluate("divisible(x, 8)", x=x) == value
    nearest = max(8, int(Fraction(x) + 4) // 8 * 8)
    assert value in (nearest, nearest + 8)


@pytest.mark.parametrize("text", ["0x10", "1_000", "1x30", "ten", "os", "True"])
def test_other_words_are_names(text: str) -> None:
    assert problems(f"layers: ['conv({text}, 1)']") == [("unknown-name", 2, 16)]


def test_a_float_is_an_integer_only_if_it_is_integral() -> None:
    assert layers("layers: ['conv(64 * 0.5, 1)']") == ["conv1: conv(32, 1)"]
    assert problems("layers: ['conv(64 * 0.3, 1)']") == [("bad-argument", 2, 16)]


@pytest.mark.parametrize(
    "text",
    ["1 if 1 else 2", "not 1", "1 and true", "true + 1", "[1] + [2]", "[1] * 2", "-true", "relu + 1", "1 < relu",
     "1 == true", "[1][1]", "[1][true]", "1[0]", "1 / 0", "1 % 0", "0 ** -1", "min(relu)", "divisible(8, 0)",
     "(-8) ** 0.5", "min([])", "[1][0.5]"],
)  # fmt: skip
def test_nothing_is_truthy_and_types_do_not_mix(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        evaluate(text)
    assert caught.value.problem.code in ("bad-value", "too-large")


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "().__class__", "1 .real", "open(1)", "eval(1)", "x for x in y", "lambda: 1", "f'{1}'", "`a`",
     "{1: 2}", "a := 1", "1; 2", "print(1)", "[x for x in [1]]", "1 @ 2", "1 & 2", "1 << 2", "~1", "a.b.c()", "'text'",
     "$x", "3x + ", "", "min(", "1 +", "[1, 2", ")", "1 2", "a b", "not", "if", "1 if 2"],
)  # fmt: skip
def test_everything_else_is_a_mistake(text: str) -> None:
    with pytest.raises(Mistake):
        evaluate(text)


@pytest.mark.parametrize(
    "text",
    ["9 ** 9 ** 9", "10 ** 10 ** 10", "2 ** 1000000000", "10 ** 18 + 1", "1e19", "1e400", "10 ** 18 * 10 ** 18",
     "9" * 5000, "-(10 ** 18) * 2", "(((2 ** 60) ** 60) ** 60)", "1e308 * 10", "0.5 ** -99999"],
)  # fmt: skip
def test_numbers_do_not_grow_without_bound(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        evaluate(text)
    assert caught.value.problem.code == "too-large"


@pytest.mark.parametrize(
    "text",
    ["(" * 5000 + "1" + ")" * 5000, "[" * 2000 + "]" * 2000, "-" * 3000 + "1", "not " * 2000 + "true",
     "+".join(["1"] * 4000), "2" + "**1" * 2000, "1 if true else " * 500 + "1", "1" + "[0]" * 3000, "a" + ".b" * 3000,
     "x" * 20_000],
)  # fmt: skip
def test_depth_and_length_are_bounded(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        evaluate(text)
    assert caught.value.problem.code in ("too-large", "bad-value", "unknown-name")


def test_lists_do_not_grow_without_bound() -> None:
    lines = ["params:", "  p0: [1, 1]", *(f"  p{n}: [p{n - 1}, p{n - 1}]" for n in range(1, 40))]
    text = "\n".join([*lines, "layers:", "  - relu if p39 == p38"])
    assert problems(text) == [("too-large", 16, 8)]  # p13 has 2^14 elements; line 1 is the input
