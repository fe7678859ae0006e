"""Checking a file takes time in proportion to its length: declarations are not iterated over for each use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cnncalc import limits
from cnncalc.errors import Problems, Source, Span
from cnncalc.spec import document, top_keys
from cnncalc.spec.check import Checker
from cnncalc.spec.family import read_family
from cnncalc.spec.nodes import YamlNode


class Counted(dict[str, Any]):
    """A dictionary that counts how often it is iterated over."""

    passes = 0

    def __iter__(self) -> Iterator[str]:
        self.passes += 1
        return super().__iter__()


def passes(text: str, section: str) -> int:
    """How often the check iterates over a section of a file."""
    problems = Problems()
    description = read_family(Source("net.yaml", text), "-", problems)
    assert description is not None
    counted = Counted(getattr(description, section))
    setattr(description, section, counted)
    Checker(description, problems, []).check()
    return counted.passes


@pytest.mark.parametrize("section", ["blocks", "params"])
def test_declarations_are_not_iterated_over_for_each_body_or_call(section: str) -> None:
    def text(count: int) -> str:
        params = "".join(f"  p{number}: 1\n" for number in range(count))
        blocks = "".join(f"  b{number}:\n    - c = conv(p{number}, 1) -> relu\n" for number in range(count))
        calls = "".join(f"  - b{number}\n" for number in range(count))
        return f"input: [3, 8, 8]\nparams:\n{params}blocks:\n{blocks}layers:\n{calls}"

    assert passes(text(40), section) == passes(text(4), section)


def test_repairs_of_unknown_warnings_are_only_searched_while_problems_are_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []

    def rename(_span: Span, name: str, _names: list[str]) -> tuple[()]:
        looked.append(name)
        return ()

    monkeypatch.setattr(document, "rename", rename)
    allow = "".join(f"  x{number}: because\n" for number in range(3 * limits.PROBLEMS))
    read_family(Source("net.yaml", f"input: [3, 8, 8]\nallow:\n{allow}layers: [relu]\n"), "-", Problems())
    assert len(looked) == limits.PROBLEMS + 1


def test_params_beside_layers_are_found_once_for_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """One repair moves them all; it was made anew for each, from the words of the whole file."""
    looked: list[YamlNode] = []
    holds_numbers = top_keys._holds_numbers

    def counted(node: YamlNode) -> bool:
        looked.append(node)
        return holds_numbers(node)

    monkeypatch.setattr(top_keys, "_holds_numbers", counted)
    names = [f"a{number}" for number in range(200)]
    keys = "".join(f"{name}: 1\n" for name in names)
    layers = "".join(f"  - relu if {name} > 0\n" for name in names)
    problems = Problems()
    read_family(Source("net.yaml", f"input: [3, 8, 8]\n{keys}layers:\n{layers}"), "-", problems)
    moved = {fix for problem in problems.found for fix in problem.fixes if problem.code == "unknown-key"}
    assert len(moved) == 1
    assert len(looked) < 4 * len(names)
