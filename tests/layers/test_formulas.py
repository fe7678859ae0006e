"""The formulas that are shown are those that are computed, for every kind and seeded random arguments."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import pytest

from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.term import Term, gcd, maximum
from cnncalc.layers.trace import derive_formulas

from .cases import random_cases

CASES = 40
SIGNS = str.maketrans({"·": "*", "−": "-"})
BRACKETS = {"⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")"}


def evaluate(text: str) -> Fraction:
    """The value of a printed formula, evaluated with exact fractions and independent of the program."""
    for sign, python in BRACKETS.items():
        text = text.replace(sign, python)
    names = {
        "F": Fraction,
        "floor": lambda x: Fraction(math.floor(x)),
        "ceil": lambda x: Fraction(math.ceil(x)),
        "max": max,
        "min": min,
        "gcd": lambda a, b: Fraction(math.gcd(int(a), int(b))),
    }
    result = eval(re.sub(r"\d+(\.\d+)?(e-\d+)?", r"F('\g<0>')", text.translate(SIGNS)), {"__builtins__": {}}, names)
    assert isinstance(result, Fraction)
    return result


def counted(layer: Layer, inputs: Shapes) -> dict[str, int]:
    """The nonzero quantities by the rules applied to plain numbers."""
    output = layer.output_shape(inputs)
    weights = layer.weights(inputs)
    found = dict(layer.work(inputs, output)._asdict())
    for role, label in (("weight", "weights"), ("bias", "biases"), ("buffer", "buffers")):
        found[label] = sum(math.prod(weight.shape) for weight in weights if weight.role == role)
    found["output elements" if len(output) == 1 else "output channels"] = output[0]
    return {label: value for label, value in found.items() if value}


def sizes(found: dict[str, int], axes: int) -> Shape:
    """The output's spatial sizes by the formulas."""
    names = {0: (), 1: ("size",), 2: ("height", "width"), 3: ("depth", "height", "width")}.get(axes, ())
    names = names or tuple(f"axis {number}" for number in range(1, axes + 1))
    return tuple(found.get(f"output {name}", found.get("output size", -1)) for name in names)


@pytest.mark.parametrize("kind", KINDS)
def test_formulas_have_the_computed_values(kind: str) -> None:
    examples = [(kind_class(kind)(**example.settings), example.inputs) for example in kind_class(kind).examples()]
    for layer, inputs in [*examples, *random_cases(kind, CASES)]:
        shown = derive_formulas(layer, inputs)
        for label, formula in shown.items():
            assert evaluate(formula.numbers) == formula.value, (layer, inputs, label)
        values = {label: formula.value for label, formula in shown.items()}
        output = layer.output_shape(inputs)
        assert sizes(values, len(output) - 1) == output[1:], (layer, inputs)
        rest = {label: value for label, value in values.items() if label in counted(layer, inputs)}
        assert rest == counted(layer, inputs), (layer, inputs)
        assert all("padding" in label or "output" in label for label in set(values) - set(rest))


def test_a_word_may_pad_a_dilated_pool_by_more_than_its_numbers_may() -> None:
    """Half of what 4 elements 2 apart extend over: 3, more than half of 4; (20 + 6 − 6 − 1)/4 + 1 = 5."""
    pool = kind_class("max_pool")(kernel=4, dilation=2, padding="half")
    found = derive_formulas(pool, ((1, 20),))
    assert (found["padding"].value, found["output size"].value) == (3, 5)
    with pytest.raises(LayerError, match="2·3 > 4"):
        pool.replace(padding=3).output_shape(((1, 20),))


@pytest.mark.parametrize("kind", KINDS)
def test_invariants_of_all_kinds(kind: str) -> None:
    for layer, inputs in random_cases(kind, CASES):
        output = layer.output_shape(inputs)
        assert all(size >= 1 for size in output)
        assert all(size >= 1 for weight in layer.weights(inputs) for size in weight.shape)
        names = [weight.name for weight in layer.weights(inputs)]
        assert len(set(names)) == len(names)
        work = layer.work(inputs, output)
        assert min(work) >= 0
        assert work.multiplications >= work.macs
        reach = layer.reach(inputs, output)
        assert not isinstance(reach, tuple) or len(reach) == len(output) - 1 == len(inputs[0]) - 1
        assert read_back(repr(layer)) == layer


def read_back(text: str) -> Layer:
    """The layer of a call in the form of `repr`."""
    kind, _, arguments = text.removesuffix(")").partition("(")
    cls = kind_class(kind)
    pieces = re.findall(r"(?:(\w+)=)?(\w+\([^)]*\)|\[(?:\[[^]]*\]|[^][])*\]|[^,\s]+)", arguments)
    names = iter(cls.settings)
    return cls(**{name or next(names): python_value(value) for name, value in pieces})


def python_value(text: str) -> Any:
    if text.startswith("["):
        return tuple(map(python_value, re.findall(r"\[[^]]*\]|[^,\s]+", text[1:-1])))
    if text.endswith(")"):
        return read_back(text)
    words = {"true": True, "false": False}
    if re.fullmatch(r"-?[\d.]+(e-?\d+)?", text):
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return words.get(text, text)


@pytest.mark.parametrize(
    ("kind", "settings", "shape", "label", "symbols", "numbers"),
    [
        ("conv", {"out": 96, "kernel": 11, "stride": 4}, (3, 227, 227), "output size",
         "(I − K + 2·P)/S + 1", "(227 − 11 + 2·0)/4 + 1"),
        ("conv", {"out": 64, "kernel": 7, "stride": 2, "padding": 3}, (3, 224, 224), "output size",
         "⌊(I − K + 2·P)/S⌋ + 1", "⌊(224 − 7 + 2·3)/2⌋ + 1"),
        ("upsample", {"factor": 1 / 3}, (2, 3, 3), "output size", "⌊I·F⌋", "⌊3·1/3⌋"),
        ("upsample", {"factor": 1 / 49}, (2, 98, 98), "output size", "⌊I·F⌋", "⌊98·0.02040816326530612⌋"),
        ("upsample", {"factor": 0.7}, (2, 10, 10), "output size", "⌊I·F⌋", "⌊10·0.7⌋"),
        ("conv", {"out": 96, "kernel": 11, "stride": 4}, (3, 227, 227), "weights", "K·K·C_in·C_out", "11·11·3·96"),
        ("conv", {"out": 96, "kernel": 11, "stride": 4}, (3, 227, 227), "macs",
         "K·K·C_in·C_out·O·O", "11·11·3·96·55·55"),
        ("conv", {"out": 8, "kernel": 1}, (4, 5, 5), "weights", "K·K·C_in·C_out", "1·1·4·8"),
        ("conv", {"out": 8, "kernel": 3, "groups": 4}, (4, 5), "weights", "K·(C_in/G)·C_out", "3·(4/4)·8"),
        ("conv", {"out": 8, "kernel": 3, "dilation": 2, "stride": 2}, (4, 9), "output size",
         "(I + 2·P − D·(K − 1) − 1)/S + 1", "(9 + 2·0 − 2·(3 − 1) − 1)/2 + 1"),
        ("conv", {"out": 8, "kernel": (3, 1)}, (4, 9, 9), "output height", "I − K_h + 2·P + 1", "9 − 3 + 2·0 + 1"),
        ("conv", {"out": 8, "kernel": 3, "padding": "half"}, (4, 9, 9), "padding", "(K − 1)/2", "(3 − 1)/2"),
        ("conv", {"out": 8, "kernel": 4, "padding": "half"}, (4, 9, 9), "padding", "⌊(K − 1)/2⌋", "⌊(4 − 1)/2⌋"),
        ("conv", {"out": 8, "kernel": 3, "padding": "same", "stride": 2}, (4, 8), "padding after",
         "⌈max((⌈I/S⌉ − 1)·S + K − I, 0)/2⌉", "⌈max((⌈8/2⌉ − 1)·2 + 3 − 8, 0)/2⌉"),
        ("transposed_conv", {"out": 8, "kernel": 2, "stride": 2}, (4, 9), "output size",
         "(I − 1)·S − 2·P + K + P_out", "(9 − 1)·2 − 2·0 + 2 + 0"),
        ("max_pool", {"kernel": 3, "stride": 2, "ceil": True}, (4, 8), "output size",
         "⌈(I − K + 2·P)/S⌉ + 1", "⌈(8 − 3 + 2·0)/2⌉ + 1"),
        ("adaptive_avg_pool", {"size": 6}, (4, 13), "additions",
         "C·(I + O − gcd(I, O) − O)", "4·(13 + 6 − gcd(13, 6) − 6)"),
        ("linear", {"out": 10}, (84,), "weights", "N_in·N_out", "84·10"),
        ("pixel_shuffle", {"factor": 2}, (8, 3, 3), "output channels", "C/(F·F)", "8/(2·2)"),
    ],
)  # fmt: skip
def test_formula_texts(
    kind: str, settings: dict[str, Any], shape: Shape, label: str, symbols: str, numbers: str
) -> None:
    formula = derive_formulas(kind_class(kind)(**settings), (shape,))[label]
    assert (formula.symbols, formula.numbers) == (symbols, numbers)


def test_formulas_of_branches() -> None:
    assert derive_formulas(kind_class("concat")(), ((64, 8), (32, 8)))["output channels"].symbols == "C_1 + C_2"


A, B, ONE, ZERO = Term.of("A", 7), Term.of("B", 3), Term.of("S", 1, quiet=True), Term.of("P", 0)


@pytest.mark.parametrize(
    ("term", "symbols"),
    [
        (A + B - 2, "A + B − 2"),
        (A - (B - 2), "A − (B − 2)"),
        (A - (B + A), "A − (B + A)"),
        (A + (B - 2), "A + B − 2"),
        (A + -B, "A − B"),
        (A - -B, "A + B"),
        (-A + B, "−A + B"),
        (5 - A, "5 − A"),
        (0 - A, "−A"),
        (A * (B + 1), "A·(B + 1)"),
        (2 * A * B, "2·A·B"),
        (A * (B * 2), "A·B·2"),
        (A * ONE, "A"),
        (ONE * A, "A"),
        (A * 1, "A"),
        (A // ONE, "A"),
        (A + 0, "A"),
        (A + ZERO, "A + P"),
        (A - 1 + 1, "A"),
        (A + 1 - 3, "A − 2"),
        (A // B, "⌊A/B⌋"),
        (Term.of("A", 9) // B, "A/B"),
        (A // (B * 2), "⌊A/(B·2)⌋"),
        ((A * 2) // B, "⌊A·2/B⌋"),
        ((A // B) // 2, "⌊A/B⌋/2"),
        ((A // B) // 3, "⌊⌊A/B⌋/3⌋"),
        (2 * (Term.of("A", 9) // B), "2·(A/B)"),
        (-(A // -B), "⌈A/B⌉"),
        (-(A // -3), "⌈A/3⌉"),
        (-(A // -ONE), "A"),
        (A % B, "(A mod B)"),
        (20 // A, "⌊20/A⌋"),
        (20 % A, "(20 mod A)"),
        (-A, "−A"),
        (-(A + B), "−(A + B)"),
        (math.prod((A, B, A)), "A·B·A"),
        (sum((A, B)), "A + B"),
        (gcd(A, B), "gcd(A, B)"),
        (maximum(A - B, 0), "max(A − B, 0)"),
    ],
)
def test_terms_have_the_parentheses_they_need(term: int, symbols: str) -> None:
    assert isinstance(term, Term)
    assert term.symbols == symbols


def test_terms_that_vanish() -> None:
    assert [A * 0, 0 * A, A // A, gcd(6, 4), maximum(2, 5)] == [0, 0, 1, 2, 5]
    assert not isinstance(A * 0, Term)
    assert not isinstance(A // A, Term)


def test_a_wrong_formula_is_detected() -> None:
    assert evaluate("⌊(227 + 2·0 − 11)/4⌋ + 1") == 55
    assert evaluate("⌊(227 + 2·0 − 10)/4⌋ + 1 − 1") != 55
