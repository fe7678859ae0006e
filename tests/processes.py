"""Processes that tests start. Each has a bound, so that no test waits for ever: `tests/test_waits.py` sees to it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import Any

LONGEST = 600  # seconds of the clock, far more than any takes: a test that is cut off by it hangs


def run(command: Sequence[str], *, check: bool = False, **options: Any) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run` with a bound. Raises `subprocess.TimeoutExpired`."""
    return subprocess.run(command, check=check, timeout=LONGEST, **options)


@contextmanager
def bounded(process: subprocess.Popen[Any]) -> Iterator[None]:
    """Kills a process that is waited for too long: what reads from it comes to an end."""
    timer = Timer(LONGEST, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process beside the test, waited for at the end, and killed where the test fails before."""
    process = subprocess.Popen(command, **options)
    with bounded(process), process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
