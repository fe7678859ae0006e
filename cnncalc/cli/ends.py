"""Runs that are ended from outside: by Ctrl-C, by `kill`, by a terminal that goes away."""

from __future__ import annotations

import signal
from types import FrameType

from cnncalc.cli.output import message

_ENDS = {
    "SIGINT": "interrupted",
    "SIGTERM": "terminated",
    "SIGHUP": "terminated, the terminal is gone",  # POSIX only
    "SIGBREAK": "terminated",  # Windows only: Ctrl-Break, or its console is closed
}
TOLD = {signal.Signals[name]: text for name, text in _ENDS.items() if hasattr(signal, name)}
INTERRUPTED = 128 + signal.SIGINT  # as shells count


class Ended(BaseException):
    """A signal asks for the end; it passes through the whole program, so that nothing is left half-written."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def listen() -> None:
    """Let the signals that end a program raise Ended; one that is ignored, as by nohup, stays so."""
    for number in TOLD:
        if number != signal.SIGINT and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    raise Ended(number)


def told(number: int) -> int:
    """Say in a line what ended the run; its exit code. Who presses Ctrl-C again gets no more than that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    message(f"cnncalc: {TOLD[signal.Signals(number)]}\n")
    return 128 + number
