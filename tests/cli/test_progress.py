"""How far the work has come is shown on a terminal, late and not too often, and wiped in the end."""

from __future__ import annotations

from io import StringIO

import pytest

from cnncalc.cli import progress
from cnncalc.cli.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    monkeypatch.setattr(progress, "monotonic", lambda: clock)
    stream = Terminal()
    shown = Progress(stream)
    shown.tell("conv1", 1, 4)
    assert stream.getvalue() == ""
    clock = 1.0
    shown.tell("conv2", 2, 4)
    shown.tell("conv3", 3, 4)
    assert stream.getvalue() == "\rconv2  " + "#" * 12 + "·" * 12 + "  50%"
    shown.clear()
    assert stream.getvalue().endswith("\r" + " " * 36 + "\r")


def test_elsewhere_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    monkeypatch.setattr(progress, "monotonic", lambda: clock)
    stream = StringIO()
    shown = Progress(stream)
    clock = 9.0
    shown.tell("conv1", 1, 2)
    shown.clear()
    assert stream.getvalue() == ""
