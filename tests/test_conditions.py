"""The grammar of conditions: the bounds of each form, computed by hand, and strings that are not conditions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnncalc.conditions import ConditionError, is_condition, parse_condition

M = 10**6

FORMS: dict[str, tuple[object, object]] = {
    "<= 300 M": (None, 300 * M),
    "≤300M": (None, 300 * M),
    "< 3.5 k": (None, 3500),
    ">= 0.5 G": (500 * M, None),
    "> 7": (7, None),
    "= 61,706": (61706, 61706),
    "== 61_706": (61706, 61706),
    "4 M": (4 * M, 4 * M),
    "200..": (200, None),
    "..300 M": (None, 300 * M),
    "100 M .. 300 M": (100 * M, 300 * M),
    "1.5..3 M": (1.5 * M, 3 * M),  # the unit is that of both
    "4 G ± 5%": (3800 * M, 4200 * M),
    "4 G +- 5 %": (3800 * M, 4200 * M),
    "<= 1 MiB": (None, 1024 * 1024),
    "<= 1.5 KiB": (None, 1536),
    "<= 1 MB": (None, M),
    "100 B..": (100, None),
}


@pytest.mark.parametrize("text", FORMS)
def test_forms(text: str) -> None:
    found = parse_condition(text)
    bounds = tuple(bound.value if bound else None for bound in (found.least, found.most))
    assert is_condition(text)
    assert bounds == FORMS[text]
    assert found.strict is (text[0] in "<>" and text[1] != "=")
    assert (found.of, found.is_relative) == ("", False)


@pytest.mark.parametrize(
    ("text", "least", "most", "of"),
    [
        ("<= 105% of mobilenet_v2", None, "105/100", "mobilenet_v2"),
        (">= 90 % of the other.yaml", "9/10", None, "the other.yaml"),
        ("<= +5%", None, "105/100", ""),
        (">= -12.5%", "875/1000", None, ""),
        ("95%..105% of net", "95/100", "105/100", "net"),
        ("100% ± 1% of net", "99/100", "101/100", "net"),
    ],
)
def test_shares(text: str, least: str | None, most: str | None, of: str) -> None:
    found = parse_condition(text)
    shares = tuple(bound.number if bound else None for bound in (found.least, found.most))
    assert shares == (least and Fraction(least), most and Fraction(most))
    assert (found.of, found.is_relative) == (of, True)


@pytest.mark.parametrize(
    "text", ["1000", "[10]", "2 * width", "width", "conv_bn", "[3, 224, 224]", "2 ** 10", "x if y"]
)
def test_expressions_are_not_conditions(text: str) -> None:
    assert not is_condition(text)


WRONG = {
    "<=": "no condition",
    "..": "has no end",
    "<= x": "no condition",
    "5 M .. 3 M": "backwards",
    "<= 5 m": "unknown unit `m`",
    "<= +5": "a sign needs a share",
    "<= 5 of lenet5": "needs a share",
    "1..2..3": "no condition",
    "<= 1e9999999": "no condition",
    "<= " + "9" * 4000: "no condition",
    "± 5%": "no condition",
}


@pytest.mark.parametrize("text", WRONG)
def test_invalid_conditions_are_rejected(text: str) -> None:
    with pytest.raises(ConditionError, match=WRONG[text]):
        parse_condition(text)


@pytest.mark.parametrize(
    ("text", "repair"), [("<= 5 m", "<= 5 M"), ("<= 3 mib", "<= 3 MiB"), ("5 M .. 3 M", "3 M .. 5 M")]
)
def test_a_repair_is_a_condition(text: str, repair: str) -> None:
    with pytest.raises(ConditionError) as raised:
        parse_condition(text)
    assert raised.value.repair == repair
    parse_condition(repair)
