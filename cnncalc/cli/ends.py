"""Runs that are ended from outside: by Ctrl-C, by `kill`, or when the terminal is closed."""

from __future__ import annotations

import signal
from types import FrameType

from cnncalc.cli.output import write_message

_ENDS = {
    "SIGINT": "interrupted",
    "SIGTERM": "terminated",
    "SIGHUP": "terminated, the terminal is gone",  # POSIX only
    "SIGBREAK": "terminated",  # Windows only: Ctrl-Break, or its console is closed
}
MESSAGES = {signal.Signals[name]: text for name, text in _ENDS.items() if hasattr(signal, name)}
INTERRUPTED = 128 + signal.SIGINT  # as shells count


class Ended(BaseException):
    """A signal ended the run. Not an Exception, so that no handler stops it and half-written files are removed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def install_handlers() -> None:
    """Make the signals that end a program raise Ended; ignored signals, as under nohup, stay ignored."""
    for number in MESSAGES:
        if number != signal.SIGINT and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _raise_ended)


def _raise_ended(number: int, frame: FrameType | None) -> None:
    raise Ended(number)


def report_signal(number: int) -> int:
    """Report in one line what ended the run, and return the exit code. A further Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write_message(f"cnncalc: {MESSAGES[signal.Signals(number)]}\n")
    return 128 + number
