"""`--help`: panels, and every description whole."""

from __future__ import annotations

import re
from typing import Any

import pytest
from typer.main import get_command

from cnncalc.cli.app import PANELS, make_app

from .running import cnncalc

COMMANDS: dict[str, Any] = get_command(make_app()).commands  # type: ignore[attr-defined]


def unboxed(text: str) -> str:
    """A help text on one line, without its boxes."""
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


@pytest.mark.parametrize("width", [60, 77, 78])
@pytest.mark.parametrize("command", ["run", "compare"])
def test_no_option_is_cut_on_a_narrow_terminal(command: str, width: int) -> None:
    """These have the longest names. Rich's boxes have room for them from some width on."""
    text = cnncalc(command, "--help", COLUMNS=str(width)).stdout
    assert max(map(len, text.splitlines())) <= width
    words = set(unboxed(text).replace(",", " ").split())
    for param in COMMANDS[command].params:
        names = [*param.opts, *param.secondary_opts] if param.param_type_name == "option" else []
        assert set(names) <= words, param.name
