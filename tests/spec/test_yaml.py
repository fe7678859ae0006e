"""YAML, read as 1.2 by our own reading."""

from __future__ import annotations

import pytest

from ..networks import layers, problems


@pytest.mark.parametrize(
    ("text", "value"), [("010", 10), ("8", 8), ("1e1", 10), ("0.5e1", 5), ("2 ** 3", 8), ("'8'", 8)]
)
def test_numbers(text: str, value: int) -> None:
    assert layers(f"layers: [{{conv: {{out: {text}, kernel: 1}}}}]") == [f"conv1: conv({value}, 1)"]


def test_keys_are_text_always() -> None:
    assert layers("layers: [{concat: {on: relu, 1x1: tanh, 3: elu}}]") == [
        "concat1.on.relu1: relu", "concat1.1x1.tanh1: tanh", "concat1.3.elu1: elu", "concat1: concat"
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "True", "null", "~"])
def test_only_true_and_false_are_booleans(word: str) -> None:
    (found,) = problems(f"layers: [{{conv: {{out: 4, kernel: 1, bias: {word}}}}}]")
    assert found[0] in ("unknown-name", "syntax")
