"""What is written of gradients: every kind has its rules, and the facts of functions are those of the functions."""

from __future__ import annotations

import re
from math import inf

import pytest

from cnncalc.layers import FAMILIES, KINDS, kind_class
from cnncalc.layers.derivatives import FUNCTIONS, RULES, describe_array, describe_input
from cnncalc.render.functions import describe_layers, evaluate
from cnncalc.render.kinds import describe_kind
from cnncalc.render.show import show
from cnncalc.render.view import View

from .cases import random_cases

POINTS = [at / 100 for at in range(-4000, 4001)]
ACTIVATIONS = [kind for kind in KINDS if FAMILIES[kind] == "activation"]
VALUES = {"alpha": 1.0, "slope": 0.01, "1/6": 1 / 6, "∞": inf, "−∞": -inf, "−alpha": -1.0}


def number(text: str) -> float:
    return VALUES[text] if text in VALUES else float(text.replace("−", "-"))


def test_every_kind_has_rules() -> None:
    assert RULES.keys() == set(KINDS)
    assert FUNCTIONS.keys() == set(ACTIVATIONS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_input_and_every_array_has_a_rule(kind: str) -> None:
    used = set()
    for layer, inputs in random_cases(kind, 40):
        assert bool(describe_input(layer)) == bool(inputs)
        for weight in layer.weights(inputs):
            if weight.role != "buffer":
                assert describe_array(layer, weight.name).startswith("dL/d")
                used.add(max((start for start in RULES[kind].arrays if weight.name.startswith(start)), key=len))
    assert used == RULES[kind].arrays.keys(), "a rule without an array"


@pytest.mark.parametrize("kind", [kind for kind in ACTIVATIONS if kind != "prelu"])
def test_ranges_are_those_of_the_function(kind: str) -> None:
    """From −40 to 40 a function comes close to the ends of its range, unless these are infinite."""
    layer = kind_class(kind)()
    for values, text in zip(
        evaluate(layer, POINTS), (FUNCTIONS[kind].range, FUNCTIONS[kind].derivative_range), strict=True
    ):
        if text.startswith("{"):
            found = {round(value, 6) for x, value in zip(POINTS, values, strict=True) if x not in (0.0, 6.0, 3.0, -3.0)}
            assert found == {round(number(each), 6) for each in text.strip("{}").split(", ")}
            continue
        low, high = map(number, text[1:-1].split(", "))
        assert min(values) >= low - 6e-4
        assert max(values) <= high + 6e-4
        assert min(values) == pytest.approx(low, abs=4e-3) or (low == -inf and min(values) < -0.1)
        assert max(values) == pytest.approx(high, abs=4e-3) or (high == inf and max(values) > 30)


@pytest.mark.parametrize("kind", [kind for kind in ACTIVATIONS if kind != "prelu"])
def test_steepest_and_odd(kind: str) -> None:
    layer, facts = kind_class(kind)(), FUNCTIONS[kind]
    values, slopes = evaluate(layer, POINTS)
    assert max(map(abs, slopes)) == pytest.approx(facts.steepest, abs=4e-3 if kind == "hard_swish" else 2e-4)
    assert facts.odd == all(abs(a + b) < 1e-12 for a, b in zip(values, values[::-1], strict=True))


def test_ten_layers_of_sigmoids() -> None:
    assert describe_layers(FUNCTIONS["sigmoid"]) == (
        "a gradient is multiplied by at most 0.25¹⁰ ≈ 9.5·10⁻⁷, apart from the weights"
    )
    assert "1¹⁰ = 1, and by 0 where a unit is dead" in describe_layers(FUNCTIONS["relu"])


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_the_page_of_a_function_has_a_plot(kind: str) -> None:
    page = show(describe_kind(kind), View(width=80))
    assert re.search(r"^ +range +[\[({]", page, re.MULTILINE)
    assert "line: f(x); dots: f′(x)" in page
    assert max(map(len, page.splitlines())) <= 80


def test_the_page_of_the_convolution() -> None:
    page = " ".join(show(describe_kind("conv"), View(width=100)).split())
    assert "cross-correlation" in page
    assert "`full` is K − 1" in page
