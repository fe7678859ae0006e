"""YAML, read as 1.2 by our own reading."""

from __future__ import annotations

import pytest
import yaml

from cnncalc.spec import nodes

from ..networks import layers, problems

LOADERS = [yaml.BaseLoader, *([yaml.CBaseLoader] if yaml.__with_libyaml__ else [])]


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


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML's loader in C, from 6.0.4 on with libyaml's own limit of 1,000 levels, and its loader in Python."""
    monkeypatch.setattr(nodes, "LOADER", request.param)


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize("levels", [101, 1001])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("[ ", " ]")])
@pytest.mark.parametrize("closed", [True, False])
def test_what_is_too_deep_is_not_called_unclosed(levels: int, opening: str, closing: str, closed: bool) -> None:
    """The 101st level is reported, of which `layers` itself is the first."""
    text = "layers: " + opening * levels + (closing * levels if closed else "")
    assert problems(text) == [("too-large", 2, len("layers: " + opening * 99) + 1)]
