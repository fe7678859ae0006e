"""Running the command line, within the process and as a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import CompletedProcess

from .. import processes

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
name: Small
input: [3, 8, 8]
layers:
  - conv(4, 3, padding=1) -> relu
  - flatten -> linear(10)
"""
# conv 3·3·3·4 + 4 = 112, linear 256·10 + 10 = 2,570
BAD = """\
name: Broken
input: [3, 8, 8]
layers:
  - conv(4, 3, padding=1)
  - conv(4, 3, strid=2)
  - convv(4, 3)
"""


STEERING = ("NO_COLOR", "COLUMNS", "FORCE_COLOR", "CLICOLOR_FORCE")  # of colours and widths


def environment(**more: str) -> dict[str, str]:
    """The environment without what steers colours and widths."""
    return {
        **{name: value for name, value in os.environ.items() if name not in STEERING},
        "PYTHONPATH": str(ROOT),
        **more,
    }


def cnncalc(*args: str, stdin: str = "", cwd: Path | None = None, **more: str) -> CompletedProcess[str]:
    """`python -m cnncalc` with its output piped."""
    command = [sys.executable, "-m", "cnncalc", *args]
    encoding = more.get("PYTHONIOENCODING", "utf-8").partition(":")[0]
    return processes.run(command, input=stdin, capture_output=True, encoding=encoding, env=environment(**more), cwd=cwd)


def python(code: str) -> str:
    """What a piece of Python prints in a process of its own."""
    command = [sys.executable, "-c", code]
    return str(processes.run(command, capture_output=True, text=True, env=environment(), check=True).stdout)
