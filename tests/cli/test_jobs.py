"""`--jobs`: several processes, the same output in the same order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnncalc.cli import jobs
from cnncalc.errors import UsageError

from .running import cnncalc


def name_process(item: int) -> tuple[int, int]:
    return item, os.getpid()


def fail(item: int) -> int:
    if item == 3:
        raise UsageError("3 is wrong")
    return item


@pytest.mark.parametrize(("wanted", "count", "processes"), [(1, 100, 1), (3, 100, 3), (None, 10, 1), (8, 2, 2)])
def test_results_are_in_order_whoever_makes_them(wanted: int | None, count: int, processes: int) -> None:
    found = list(jobs.map_in_order(name_process, range(count), wanted))
    assert [item for item, _ in found] == list(range(count))
    makers = {maker for _, maker in found}
    assert len(makers) <= processes
    assert (os.getpid() in makers) == (processes == 1)


def test_all_cores_are_used_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for count, weight, alone in ((jobs.MANY - 1, 1, True), (jobs.MANY, 1, False), (5, 10, False), (4, 10, True)):
        found = list(jobs.map_in_order(name_process, range(count), None, weight=weight))
        assert ({maker for _, maker in found} == {os.getpid()}) == alone


def test_an_error_is_that_of_the_work() -> None:
    for wanted in (1, 2):
        with pytest.raises(UsageError, match="3 is wrong"):
            list(jobs.map_in_order(fail, range(20), wanted))


def test_without_processes_all_is_done_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_make_pool", lambda count: None)
    found = list(jobs.map_in_order(name_process, range(60), 4))
    assert found == [(item, os.getpid()) for item in range(60)]


@pytest.mark.parametrize("format", ["text", "json", "github"])
def test_validate_says_the_same(format: str, tmp_path: Path) -> None:
    for number in range(12):
        extra = "\nexpect: {macs: 1}" if number % 3 == 0 else "\n  - rellu" if number % 3 == 1 else ""
        text = f"params: {{width: {number + 1}}}\ninput: [3, 8, 8]\nlayers:\n  - conv(width, 3){extra}\n"
        (tmp_path / f"net{number:02}.yaml").write_text(text)
    arguments = ("validate", str(tmp_path), "--format", format, "--set", "width=2", "--limit", "macs <= 100 k")
    alone, several = (cnncalc(*arguments, "--jobs", number) for number in ("1", "3"))
    assert alone.returncode == several.returncode == 1
    assert (alone.stdout, alone.stderr) == (several.stdout, several.stderr)
    assert alone.stderr.count("exact figures") == 4


def test_standard_input_is_read_among_others() -> None:
    text = "input: [3, 8, 8]\nlayers: [relu]\n"
    ran = cnncalc("validate", "-", "lenet5", "--jobs", "2", stdin=text)
    assert (ran.returncode, ran.stdout) == (0, "<standard input>: ok\nlenet5: ok\n0 errors, 0 warnings, 2 files\n")
