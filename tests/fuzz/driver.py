"""Hands architecture files to the server, and says what is wrong with how it took them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from cnncalc.errors.codes import all_codes
from tests import processes
from tests.cli.running import environment
from tests.fuzz.server import CRASHED
from tests.marks import GALLERY

# What is demanded of any file up to 1 MiB: that is why a bound on time stands in a test, here and nowhere else.
# It is of processor time.
SECONDS = 2.0
START = 0.15  # what a process of its own takes before it reads a file, which a fork has behind it
BYTES = 300 * 10**6
EXECUTING = ("run", "verify")  # which keep to the bound of memory
BOUNDED = ("validate", "summary", "explain", "show", "compare", "memory", "import", "kernel", "exercise")
HANG = 15  # seconds after which it is killed, whatever the command

FILE = "case.yaml"
DATA = "case.data"  # numbers beside it, for `run`
# The commands that read a file, by turns. Of the last ones a usage error may be the answer.
COMMANDS = (
    ("validate", FILE),
    ("summary", FILE),
    ("validate", FILE, "--format", "json"),
    ("summary", FILE, "--format", "json"),
    ("explain", FILE),
    ("validate", FILE, "--format", "github", "--strict"),
    ("summary", FILE, "--format", "csv"),
    ("show", FILE, "--expand"),
    ("summary", FILE, "--format", "markdown", "--depth", "2"),
    ("explain", FILE, "--format", "latex"),
    ("summary", FILE, "--width", "40", "--human", "--color", "always", "--depth", "1"),
    ("explain", FILE, "--format", "markdown"),
    ("validate", FILE, "--color", "always"),
    ("compare", FILE, "--separable", "depthwise"),
    ("compare", FILE, "--dense", "--format", "json"),
    ("compare", FILE, "resnet18"),
    ("compare", FILE, "resnet18", "--stages"),
    ("explain", FILE, "--gradient"),
    ("run", FILE, "--seed", "1", "--max-multiplications", "20000"),
    ("run", FILE, "--gradient", "--max-multiplications", "20000"),
    ("run", FILE, "--effective-field", "2", "--max-multiplications", "20000"),
    ("run", FILE, "--explain", "--through", "3", "--max-multiplications", "20000"),
    ("kernel", FILE),
    ("calc", FILE, "--input", "3x8x8"),
    ("memory", FILE),
    ("memory", FILE, "--arena", "--format", "json"),
    ("memory", FILE, "--training", "--batch", "2"),
    ("import", FILE),
    ("sweep", FILE, "--vary", "input=7,8"),
    ("export", FILE, "--to", "pytorch"),
    ("export", FILE, "--to", "keras"),
    ("export", FILE, "--to", "onnx", "--random-weights", "-o", "/dev/null"),
    ("draw", FILE, "--format", "dot"),
    ("draw", FILE, "--format", "svg"),
    ("report", FILE),
    ("reconcile", FILE),
    ("reconcile", FILE, "4.1G"),
    ("exercise", FILE, "--seed", "1"),
)
COMMON = 3  # the first so many are what every file is given to first
MAY_MISUSE = (
    *("compare", "run", "calc", "sweep", "memory", "import"),
    *("kernel", "exercise", "reconcile", "report", "export", "explain"),
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Special = Callable[[Path], object]  # puts at a path what is not a plain file
Beside = Mapping[str, bytes | Special]  # what is beside the case, by name
NOTHING: Beside = {}


class Outcome(NamedTuple):
    """How a command line ended."""

    args: tuple[str, ...]
    code: int
    signal: int
    seconds: float
    bytes: int
    out: str
    err: str

    def fault(self, slack: float = 1) -> str:
        """What is wrong with it, "" where nothing is; it may take `slack` times as long."""
        if self.signal:
            return f"killed by signal {self.signal} after {self.seconds:.1f} s, {_place(self.err)}"
        if self.code == CRASHED or "Traceback" in self.err:
            return f"raised {self.err.strip().splitlines()[-1][:200]}, {_place(self.err)}"
        if self.code not in ((0, 1, 2) if self.args[0] in MAY_MISUSE else (0, 1)):
            return f"exit code {self.code}: {self.err[:200]}"
        refused = self.code and self.args[0] not in ("sweep", "verify")
        if (self.args[0] in BOUNDED or refused) and self.seconds + START > SECONDS * slack:
            return f"took {self.seconds:.1f} s"
        if self.args[0] in BOUNDED + EXECUTING and self.bytes > BYTES:
            return f"took {self.bytes / 10**6:.0f} MB"
        return self._wrong_answer()

    def _wrong_answer(self) -> str:
        """What is wrong with what was printed."""
        if "json" in self.args and self.out:
            try:
                told = json.loads(self.out, parse_constant=_no_json)
            except ValueError as error:
                return f"printed what is no JSON: {error}"
            if self.args[0] == "validate":
                codes = {problem["code"] for problem in told["files"][0]["problems"]}
                if self.code != any(all_codes()[code].severity == "error" for code in codes):
                    return f"exit code {self.code} with {codes}"
        elif self.args[0] != "show" and "always" not in self.args and (found := CONTROL.search(self.out + self.err)):
            return f"printed the control character {found[0]!r}"
        if self.code == 1 and not self.out and not self.err:
            return "exit code 1 without a word"
        return ""


def _no_json(word: str) -> None:
    raise ValueError(f"it has no {word}")


def _place(trace: str) -> str:
    """Where it happened: the innermost place within the package."""
    found = re.findall(r'File "[^"]*?(cnncalc/[\w/]+\.py)", line (\d+)', trace)
    if not found:
        return "no place told"
    # a traceback ends with the innermost, faulthandler's begins with it
    file, line = found[0] if "most recent call first" in trace else found[-1]
    return f"{file}:{line}"


def put(folder: Path, beside: Beside) -> None:
    """Put the other files of a family into a folder."""
    for name, content in beside.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            content(folder / name)


def remove(folder: Path, beside: Beside) -> None:
    """Take away what was put there."""
    for name in beside:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)


class Driver:
    """A server, and the folder in which it finds each file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in (*GALLERY.glob("extends/*base.yaml"), *GALLERY.glob("good/family/*.yaml")):
            shutil.copy(path, folder)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.server"],
            cwd=folder,
            env=environment(PYTHONUTF8="1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        content: bytes,
        args: tuple[str, ...],
        *,
        data: bytes = b"",
        beside: Beside = NOTHING,
        seconds: float = HANG,
    ) -> Outcome:
        """Give a file to a command, with data and the rest of its family beside it.

        It is killed if it takes more than so much processor time.
        """
        (self.folder / FILE).write_bytes(content)
        (self.folder / DATA).write_bytes(data)
        try:
            put(self.folder, beside)
            return self._answer(args, seconds)
        finally:
            remove(self.folder, beside)

    def _answer(self, args: tuple[str, ...], seconds: float) -> Outcome:
        """How the server says that a command line ended."""
        streams = {"out": str(self.folder / "out"), "err": str(self.folder / "err")}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"args": args, "seconds": seconds, **streams}) + "\n")
        self.process.stdin.flush()
        with processes.bounded(self.process):
            answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        out, err = (Path(path).read_text(errors="surrogateescape") for path in streams.values())
        return Outcome(args=args, **answer, out=out, err=err)

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(processes.LONGEST)
        self.process.stdout.close()


@contextmanager
def driver() -> Iterator[Driver]:
    """A driver with a folder that goes away."""
    with TemporaryDirectory() as folder:
        made = Driver(Path(folder))
        try:
            yield made
        finally:
            made.close()
