"""Running the command line, within the process and as a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

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


class Warm:
    """A process that runs the program in forks (`warm.py`), and the folder of the streams of a run."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory(prefix="cnncalc-streams-")
        self.streams = [Path(self.folder.name) / name for name in ("in", "out", "err")]
        self.steered = steered_python(environment())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.warm"],
            cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        atexit.register(self.close)

    def run(
        self, args: Sequence[str], stdin: str, cwd: str, env: dict[str, str], *, together: bool = False
    ) -> CompletedProcess[str]:
        """Run the program with its output in files, both in one if they are wanted together."""
        assert self.process.stdin
        assert self.process.stdout
        for path, text in zip(self.streams, (stdin, "", ""), strict=True):
            path.write_text(text, encoding="utf-8")
        os.umask(mask := os.umask(0))  # there is no other way to read it
        read, out, err = map(str, self.streams)
        streams = [read, out, out if together else err]
        job = {"args": args, "cwd": cwd, "env": env, "umask": mask, "streams": streams}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        with processes.bounded(self.process):
            code = int(self.process.stdout.readline())
        printed = [path.read_text(encoding="utf-8") for path in self.streams[1:]]
        return CompletedProcess(["cnncalc", *args], code, *printed)

    def close(self) -> None:
        """End the process, which has no job now."""
        self.process.communicate(timeout=processes.LONGEST)
        self.folder.cleanup()


def steered_python(env: dict[str, str]) -> dict[str, str]:
    """The variables that Python itself reads when it starts."""
    return {name: value for name, value in env.items() if name.startswith("PYTHON")}


@cache
def warm() -> Warm:
    """One for all tests of this process."""
    return Warm()


def cnncalc(*args: str, stdin: str = "", cwd: Path | None = None, **more: str) -> CompletedProcess[str]:
    """`python -m cnncalc` with its output piped, or in files, as a fork of a process that has loaded it."""
    env = environment(**more)
    if hasattr(os, "fork") and steered_python(env) == warm().steered:
        return warm().run(args, stdin, str(cwd or Path.cwd()), env)
    command = [sys.executable, "-m", "cnncalc", *args]
    encoding = more.get("PYTHONIOENCODING", "utf-8").partition(":")[0]
    return processes.run(command, input=stdin, capture_output=True, encoding=encoding, env=env, cwd=cwd)


def print_all(*args: str, cwd: Path) -> str:
    """What `cnncalc` prints, standard error among standard output."""
    if hasattr(os, "fork"):
        return warm().run(args, "", str(cwd), environment(), together=True).stdout
    command = [sys.executable, "-m", "cnncalc", *args]
    done = processes.run(
        command, env=environment(), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    return str(done.stdout)


def python(code: str) -> str:
    """What a piece of Python prints in a process of its own."""
    command = [sys.executable, "-c", code]
    return str(processes.run(command, capture_output=True, text=True, env=environment(), check=True).stdout)
