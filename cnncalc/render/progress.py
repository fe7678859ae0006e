"""Progress of long work, by Rich on standard error: only on a terminal, and only after a while."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

PATIENCE = 0.5  # seconds before anything is shown, and Rich is imported
BETWEEN = 0.1  # seconds between two updates


class Progress:
    """A progress bar on a terminal, which is cleared at the end; nothing on other streams."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.shows = self.stream is not None and self.stream.isatty()
        self.next = monotonic() + PATIENCE
        self.shown: RichProgress | None = None
        self.task: TaskID | None = None

    def report(self, what: str, done: float, total: float) -> None:
        """Show that `done` of `total` is done, and what is being worked on."""
        if not self.shows or monotonic() < self.next or not total:
            return
        self.next = monotonic() + BETWEEN
        try:
            self._update(what, min(done / total, 1.0))
        except OSError:  # the terminal is gone
            self.shows = False

    def clear(self) -> None:
        """Clear the progress bar."""
        if self.shown is not None and self.shows:
            try:
                self.shown.stop()
            except OSError:
                self.shows = False
        self.shown = None

    def _update(self, what: str, share: float) -> None:
        from rich.text import Text

        from cnncalc.render.text import clean

        if self.shown is None:
            self.shown, self.task = self._make()
        assert self.task is not None
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        name = clean(what).encode(encoding, "replace").decode(encoding)
        self.shown.update(self.task, completed=share, name=Text(name))
        self.shown.start()  # has an effect only once
        self.shown.refresh()

    def _make(self) -> tuple[RichProgress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        console = Console(file=self.stream, legacy_windows=False)
        columns = (
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(24, complete_style="cyan", finished_style="cyan"),
            TaskProgressColumn(),
        )
        shown = Progress(*columns, console=console, transient=True, auto_refresh=False, redirect_stdout=False,
                         redirect_stderr=False)  # fmt: skip
        task = shown.add_task("", total=1.0, name="")
        return shown, task
