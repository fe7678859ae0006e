"""How far long work has come, on standard error."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TextIO

PATIENCE = 0.5  # seconds before anything is shown, and between two steps
WIDTH = 24


class Progress:
    """A line on a terminal that is overwritten as the work goes on, and wiped in the end; elsewhere nothing."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.shows = self.stream is not None and self.stream.isatty()
        self.next = monotonic() + PATIENCE
        self.written = 0

    def tell(self, what: str, done: float, total: float) -> None:
        """So much of the work is done."""
        if not self.shows or monotonic() < self.next or not total:
            return
        self.next = monotonic() + PATIENCE / 5
        share = min(done / total, 1.0)
        text = f"{what}  {'#' * int(WIDTH * share):·<{WIDTH}} {share:4.0%}"
        self._write("\r" + text.ljust(self.written))
        self.written = len(text)

    def clear(self) -> None:
        """Wipe what was shown."""
        if self.written:
            self._write("\r" + " " * self.written + "\r")
            self.written = 0

    def _write(self, text: str) -> None:
        from cnncalc.cli.output import write

        try:
            write(text, self.stream)
        except OSError:
            self.shows = False
