"""Tests with the marker `sample(n)` run n of their cases, drawn by a seed, and with `--full` all of them."""

from __future__ import annotations

import sys
from functools import cache

from . import processes
from .cli.running import ROOT, environment

SAMPLED = "tests/compare/test_separable.py::test_what_is_written_gives_these_very_totals"
SIZE = 40


@cache
def collected(*options: str) -> tuple[set[str], set[str]]:
    """The cases of a test that is sampled, and the others of its file."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", SAMPLED.partition("::")[0], *options]
    done = processes.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment(PYTEST_ADDOPTS="")
    )
    found = {line for line in done.stdout.splitlines() if "::" in line}
    sampled = {line for line in found if line.startswith(f"{SAMPLED}[")}
    return sampled, found - sampled


def test_a_sample_is_drawn_by_the_seed() -> None:
    (everything, others), (first, _), (second, _) = collected("--full"), collected(), collected("--sample-seed=1")
    assert first < everything
    assert second < everything
    assert len(first) == len(second) == SIZE < len(everything)
    assert first != second
    assert collected("--sample-seed=0")[0] == first
    assert collected()[1] == others != set()
