"""What all benchmarks share: runs in turn, whole processes with their peak memory, and tables of ratios."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from tests import processes
from tests.cli.running import ROOT

FLOOR = "import yaml, typer, rich.console, rich.table"
MIB = 2**20
# The peak that the system tells of a child is at least what its parent held when it started it: the parent is a small
# process of its own.
LAUNCH = """
import os, sys, time
null = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=null)
_, status, used = os.wait4(child, 0)
unit = 1 if sys.platform == "darwin" else 1024
print(time.perf_counter() - start, used.ru_maxrss * unit, os.waitstatus_to_exitcode(status))
"""


class Usage(NamedTuple):
    """What a whole process took."""

    seconds: float
    peak: float  # bytes in memory


class Section(NamedTuple):
    """A part of the printed table."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """Byte code is written, as it is where a package is installed, and to a folder of its own."""
    unset = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    with TemporaryDirectory() as cache:
        yield {**kept, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": cache}


def printed(command: Sequence[str], env: Mapping[str, str], cwd: str | None = None) -> str:
    """What a command prints; its messages are shown where it fails."""
    done = processes.run(command, env=env, cwd=cwd, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return str(done.stdout)


def launched(command: Sequence[str], env: Mapping[str, str]) -> Usage:
    """Run a process whose output goes nowhere."""
    words = printed([sys.executable, "-I", "-S", "-c", LAUNCH, *command], env).split()
    if words[2] != "0":
        raise RuntimeError(f"{' '.join(command)} ends with {words[2]}")
    return Usage(float(words[0]), float(words[1]))


def in_turn(commands: Mapping[str, Sequence[str]], rounds: int, env: Mapping[str, str]) -> dict[str, list[Usage]]:
    """Run all commands, then all again: what else the machine does falls on all of them alike."""
    used: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            used[name].append(launched(command, env))
    return used


def medians(used: Mapping[str, Sequence[Usage]]) -> dict[str, Usage]:
    """The median run, of time and of memory."""
    return {name: Usage(*map(median, zip(*runs, strict=True))) for name, runs in used.items()}


def best(call: Callable[[], object], runs: int = 5, least: float = 0) -> float:
    """The shortest of some runs, in seconds; more of them until they took `least` seconds together."""
    times: list[float] = []
    while len(times) < runs or sum(times) < least:
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)


def judged(ratio: float, *, most: float | None = None, least: float | None = None) -> str:
    """A ratio, and whether it is what is aimed at.

    >>> judged(1.4, most=1.5), judged(30.0, least=31), judged(1.234)
    ('1.40 ✓', '30.0 ✗', '1.23  ')
    """
    good = (most is None or ratio <= most) and (least is None or ratio >= least)
    mark = " " if most is None and least is None else "✓" if good else "✗"
    return f"{number(ratio)} {mark}"


def number(value: float) -> str:
    """Three digits.

    >>> number(0.1234), number(12.34), number(1234.5)
    ('0.12', '12.3', '1,234')
    """
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def table(section: Section) -> str:
    """The rows under their heads, all columns but the first to the right."""
    rows = [section.heads, *section.rows]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
    lines.insert(1, "─" * (sum(widths) + 2 * len(widths) - 2))
    return "\n".join([*lines, *section.notes])
