"""`--help`: panels, and every description whole."""

from __future__ import annotations

import re
from typing import Any

import pytest
from typer.main import get_command

from cnncalc.cli.app import PANELS, application

from .running import cnncalc

COMMANDS: dict[str, Any] = get_command(application()).commands  # type: ignore[attr-defined]


def unboxed(text: str) -> str:
    """What a help text says, on one line: without its boxes, and without the names that stand beside descriptions."""
    return " ".join(text.translate(dict.fromkeys(map(ord, "│╭╮╰╯─"), " ")).split())


def test_the_help_has_panels_and_cuts_no_description() -> None:
    text = cnncalc("--help").stdout
    for panel, names in PANELS.items():
        (box,) = re.findall(rf"^╭─ {panel} ─.*?^╰", text, re.MULTILINE | re.DOTALL)
        assert re.findall(r"^│ (\w+) ", box, re.MULTILINE) == [*names]
        for name in names:
            first = COMMANDS[name].help.partition("\n")[0]
            assert first in unboxed(box), name
    assert max(map(len, text.splitlines())) == 80
    assert max(map(len, cnncalc("--help", COLUMNS="60").stdout.splitlines())) == 60


@pytest.mark.sample(5)
@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_is_whole(command: str) -> None:
    text = cnncalc(command, "--help", COLUMNS="100").stdout
    assert COMMANDS[command].help.replace("\n\n", " ") in unboxed(text)
    for param in COMMANDS[command].params:
        assert param.help, param.name
        words = set(unboxed(text).split())
        assert set(param.help.split()) <= words, param.name
