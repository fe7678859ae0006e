"""Processes that tests start. Each has a bound, so that no test waits forever, which `tests/test_waits.py` checks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import Any

LONGEST = 600  # seconds, far more than any test takes: a test that is stopped after this time hangs


def run(command: Sequence[str], *, check: bool = False, **options: Any) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run` with a bound. Raises `subprocess.TimeoutExpired`."""
    return subprocess.run(command, check=check, timeout=LONGEST, **options)


@contextmanager
def bounded(process: subprocess.Popen[Any]) -> Iterator[None]:
    """Kill a process after too long a time, so that reading from it ends."""
    timer = Timer(LONGEST, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process beside the test, which waits for it at the end and kills it if it fails."""
    process = subprocess.Popen(command, **options)
    with bounded(process), process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
