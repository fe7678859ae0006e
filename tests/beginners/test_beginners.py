"""Files as beginners write them are mended by the repairs that are offered alone.

Each file of `written` is in the habit of another program, or has the slips of a first file; the file of the same name
in `right` was written by hand. One repair after another, the first that is offered, must lead to a file that has no
problem and the same totals.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.errors import Source
from cnncalc.reading import read_text

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in (HERE / "written").glob("*.yaml"))
MOST_REPAIRS = 40


def source(folder: str, name: str) -> Source:
    return Source(f"{name}.yaml", (HERE / folder / f"{name}.yaml").read_text(encoding="utf-8"))


def mended(text: Source) -> Source:
    """The text after all repairs that are offered, each the first that is."""
    for _ in range(MOST_REPAIRS):
        repairs = [problem.fixes[0] for problem in read_text(text).problems if problem.fixes]
        if not repairs:
            return text
        text = Source(text.name, repairs[0].apply())
    raise AssertionError(f"after {MOST_REPAIRS} repairs there are more")


def totals(text: Source) -> tuple[object, ...]:
    reading = read_text(text)
    assert [(problem.code, problem.message) for problem in reading.problems] == []
    report = analyze(reading.require_network())
    return (*report.totals, report.layers[0].inputs, report.layers[-1].output)


def test_there_are_enough_of_them() -> None:
    assert len(NAMES) >= 15
    assert sorted(path.stem for path in (HERE / "right").glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_repaired_from_the_messages_alone(name: str) -> None:
    written = source("written", name)
    assert any(problem.severity == "error" for problem in read_text(written).problems)
    assert totals(mended(written)) == totals(source("right", name))
