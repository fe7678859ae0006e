"""Helpers that read an architecture from a string, for all tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import dedent
from typing import Any

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Report
from cnncalc.errors import Source
from cnncalc.network import Network
from cnncalc.spec.load import Loaded, load_source, parse_overrides


def read(text: str, *, input: str | None = None, settings: Sequence[str] = ()) -> Loaded:
    """Read an architecture from a string; without `input`, it is 3×8×8."""
    text = dedent(text).lstrip("\n")
    if not re.search(r"^(input|extends):|\"input\"", text, re.MULTILINE):
        text = "input: [3, 8, 8]\n" + text
    return load_source(Source("test.yaml", text), "-", parse_overrides([] if input is None else [input], settings))


def network(text: str, **how: Any) -> Network:
    """The network of an architecture without errors."""
    loaded = read(text, **how)
    assert [problem.message for problem in loaded.problems if problem.severity == "error"] == []
    assert loaded.network is not None
    return loaded.network


def report(text: str, **how: Any) -> Report:
    """The report of an architecture without errors."""
    return analyze(network(text, **how))


def layers(text: str, **how: Any) -> list[str]:
    """Every layer as its path and its call."""
    return [f"{node.path}: {node.layer!r}" for node in network(text, **how).nodes]


def problems(text: str, **how: Any) -> list[tuple[str, int, int]]:
    """Every problem by code, line and column."""
    return [(p.code, p.span.line, p.span.column) if p.span else (p.code, 0, 0) for p in read(text, **how).problems]
