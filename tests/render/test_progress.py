"""How far the work has come is shown on a terminal, late and not too often, and wiped in the end."""

from __future__ import annotations

import sys
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from cnncalc.render import progress
from cnncalc.render.progress import Progress

from .. import processes


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class GoneTerminal(Terminal):
    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return now


def test_on_a_terminal(clock: list[float]) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.report("conv1", 1, 4)
    assert stream.getvalue() == ""
    clock[0] = 1.0
    shown.report("conv2[red]", 2, 4)
    text = stream.getvalue()
    assert "conv2[red]" in text
    assert "50%" in text
    shown.report("conv3", 3, 4)
    assert stream.getvalue() == text  # too soon after the last
    clock[0] = 2.0
    shown.report("conv4\x1b[2J", 4, 4)
    assert "100%" in stream.getvalue()
    assert "conv4\\x1b" in stream.getvalue()
    shown.clear()
    assert stream.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # the cursor is shown, the line above erased


def test_a_name_that_the_terminal_cannot_write(clock: list[float]) -> None:
    stream = TextIOWrapper(BytesIO(), encoding="cp1252")
    stream.isatty = lambda: True  # type: ignore[method-assign]
    shown = Progress(stream)
    clock[0] = 1.0
    shown.report("網路", 1, 2)
    shown.clear()
    stream.flush()
    assert b"?? " in stream.buffer.getvalue()


def test_elsewhere_nothing_is_written(clock: list[float]) -> None:
    stream = StringIO()
    shown = Progress(stream)
    clock[0] = 9.0
    shown.report("conv1", 1, 2)
    shown.clear()
    assert stream.getvalue() == ""


def test_a_terminal_that_goes_away_is_no_error(clock: list[float]) -> None:
    shown = Progress(GoneTerminal())
    clock[0] = 9.0
    shown.report("conv1", 1, 2)
    shown.report("conv1", 2, 2)
    shown.clear()


def test_rich_is_imported_only_where_work_lasts() -> None:
    code = (
        "import sys\nfrom cnncalc.render.progress import Progress\nclass T:\n    isatty = lambda self: True\n"
        "shown = Progress(T())\nshown.report('a', 1, 2)\nshown.clear()\nassert 'rich' not in sys.modules"
    )
    done = processes.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
