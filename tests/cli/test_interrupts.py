"""Runs that are cut short: by a signal, a reader that goes away, a closed stream, a full disk, a locked folder.

Each time a short message, the right exit code, and nothing half-written. The processes are real; those that get a
signal say when they are in the midst of their work, and wait there.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .. import processes
from .running import BAD, GOOD, cnncalc, environment

SIGNALS = {
    signal.SIGINT: (130, b"cnncalc: interrupted\n"),
    signal.SIGTERM: (143, b"cnncalc: terminated\n"),
    signal.SIGHUP: (129, b"cnncalc: terminated, the terminal is gone\n"),
}
# Where a run waits for its signal: the owner of a function, and its name.
POINTS = {
    "while it reads": ("cnncalc.spec.files", "read_bytes"),
    "while it parses": ("cnncalc.spec.nodes", "parse"),
    "between two layers": ("cnncalc.render.progress.Progress", "report"),
    "before the file is in its place": ("pathlib.Path", "replace"),
    "while it is loaded": ("cnncalc.spec.family", "__getattr__"),
}
# What was ignored stays ignored in a process: SIGINT in a job in the background, SIGHUP under nohup.
HEARING = """
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""
WAITING = """
from importlib import import_module

def wait(*arguments, **options):
    os.write({ready}, b".")
    signal.pause()

module, _, owner = {owner!r}.rpartition(".")
place = getattr(import_module(module), owner) if owner[0].isupper() else import_module({owner!r})
setattr(place, {name!r}, wait)
from cnncalc.__main__ import main
sys.argv = ["cnncalc", *{args!r}]
main()
"""
LOADING = """
class Wait:
    def find_spec(self, name, path=None, target=None):
        if name == "cnncalc.cli.app":
            os.write({ready}, b".")
            signal.pause()

sys.meta_path.insert(0, Wait())
from cnncalc.__main__ import main
main()
"""


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return str(path)


def ended(number: int, code: str, **where: object) -> tuple[int, bytes, bytes]:
    """Exit code and streams of a piece of Python that got a signal as soon as it said that it waits for one."""
    read, ready = os.pipe()
    command = [sys.executable, "-c", HEARING + code.format(ready=ready, **where)]
    pipe = subprocess.PIPE
    with processes.started(command, stdout=pipe, stderr=pipe, env=environment(), pass_fds=[ready]) as running:
        os.close(ready)
        assert os.read(read, 1) == b".", running.communicate(timeout=processes.LONGEST)[1]
        os.close(read)
        running.send_signal(number)
        out, err = running.communicate(timeout=processes.LONGEST)
    return running.returncode, out, err


@pytest.mark.sample(4)
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    ("point", "args"),
    [
        ("while it reads", ["summary"]),
        ("while it parses", ["validate"]),
        ("between two layers", ["run"]),
        ("between two layers", ["verify"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_signal_ends_in_one_line(number: int, point: str, args: list[str], good: str) -> None:
    owner, name = POINTS[point]
    code, out, err = ended(number, WAITING, owner=owner, name=name, args=[*args, good])
    assert (code, err) == SIGNALS[signal.Signals(number)]
    assert out == b""


def test_an_interrupt_while_the_program_is_loaded() -> None:
    assert ended(signal.SIGINT, LOADING) == (130, b"", b"cnncalc: interrupted\n")


WRITERS: dict[str, list[str]] = {
    "summary": ["summary", "alexnet", "--output"],
    "validate": ["validate", "alexnet", "--format", "json", "--output"],
    "run": ["run", "two_conv", "--output"],
    "picture": ["run", "two_conv", "--at", "conv1", "--save-image"],
    "rewritten": ["compare", "alexnet", "--separable", "depthwise", "--write"],
    "schema": ["schema", "-o"],
    "show": ["show", "resnet50", "--expand", "-o"],
}


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("writer", ["summary", "rewritten"])
def test_a_signal_while_a_file_is_written_leaves_the_old_one(number: int, writer: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")
    owner, name = POINTS["before the file is in its place"]
    code, _, err = ended(number, WAITING, owner=owner, name=name, args=[*WRITERS[writer], str(path)])
    assert (code, err) == SIGNALS[signal.Signals(number)]
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_leaves_no_new_file(number: int, tmp_path: Path) -> None:
    owner, name = POINTS["before the file is in its place"]
    args = ["new", str(tmp_path / "mine.yaml"), "--like", "alexnet"]
    code, _, err = ended(number, WAITING, owner=owner, name=name, args=args)
    assert (code, err) == SIGNALS[signal.Signals(number)]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def _ignored() -> Iterator[None]:
    """Signals are ignored, as they are under `nohup pytest &`."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_ignored")
@pytest.mark.parametrize("number", SIGNALS)
def test_signals_are_heard_where_the_tests_ignore_them(number: int, good: str) -> None:
    test_a_signal_ends_in_one_line(number, "while it reads", ["summary"], good)


def test_a_hangup_that_is_ignored_stays_so() -> None:
    """`nohup cnncalc …` goes on when the terminal goes away."""
    code = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from cnncalc.cli import ends
ends.install_handlers()
assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
assert signal.getsignal(signal.SIGTERM) not in (signal.SIG_IGN, signal.SIG_DFL)
"""
    assert processes.run([sys.executable, "-c", code], env=environment()).returncode == 0


# pipes

PRINTERS: list[list[str]] = [
    ["summary", "resnet152", "--depth", "9"], ["summary", "resnet152", "-f", "json"], ["validate", "alexnet", "vgg16"],
    ["run", "two_conv", "--all"], ["list"], ["explain", "vgg16"], ["compare", "vgg16", "vgg19"], ["show", "resnet50"],
    ["layers"], ["codes"], ["schema"], ["verify", "two_conv"], ["new", "-", "--like", "resnet50"], ["--help"],
    ["summary", "--help"], ["--version"], ["summary", "alexnet", "-o", "/dev/stdout"],
]  # fmt: skip


def piped(args: list[str], lines: int, **more: str) -> tuple[int, bytes]:
    """Exit code and messages of a run whose reader takes so many lines and goes away."""
    read, write = os.pipe()
    if not lines:
        os.close(read)
    command = [sys.executable, "-m", "cnncalc", *args]
    with processes.started(command, stdout=write, stderr=subprocess.PIPE, env=environment(**more)) as running:
        os.close(write)
        if lines:
            with os.fdopen(read, "rb", buffering=0) as reader:
                assert all(reader.readline().endswith(b"\n") for _ in range(lines))
        _, err = running.communicate(timeout=processes.LONGEST)
    return running.returncode, err


@pytest.mark.sample(8)
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.parametrize("args", PRINTERS, ids=" ".join)
def test_a_reader_that_goes_away_is_no_error(args: list[str], lines: int, unbuffered: str) -> None:
    assert piped(args, lines, PYTHONUNBUFFERED=unbuffered) == (0, b"")


def test_a_reader_that_goes_away_does_not_hide_problems(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    assert piped(["validate", str(path)], 0) == (1, b"")
    assert piped(["validate", str(path)], 1) == (1, b"")


# streams that are closed, or lie on a full disk


def shell(command: str, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A run by the shell; `$@` stands for the program and its arguments."""
    line = ["sh", "-c", command, "sh", sys.executable, "-m", "cnncalc", *args]
    return processes.run(line, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL, env=environment(**more))


def test_closed_streams(good: str) -> None:
    done = shell('"$@" >&-', "summary", good)
    assert (done.returncode, done.stderr) == (1, "cnncalc: cannot write standard output: it is closed\n")
    done = shell('"$@" 2>&-', "summary", "no-such-file")
    assert (done.returncode, done.stdout) == (1, "")
    done = shell('"$@" 2>&-', "nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert shell('"$@" <&-', "summary", good).stdout == cnncalc("summary", good).stdout
    done = shell('"$@" <&-', "summary", "-")
    assert (done.returncode, done.stderr) == (1, "error[unreadable]: <standard input>: it is closed\n")
    done = shell('"$@" <&-', "run", good, "--input-data", "-")
    assert (done.returncode, done.stderr) == (1, "cnncalc: cannot read -: it is closed\n")
    assert shell('"$@" >&- 2>&- <&-', "summary", good).returncode == 1


@pytest.mark.sample(6)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("args", PRINTERS, ids=" ".join)
def test_a_full_disk_is_reported_in_one_line(args: list[str]) -> None:
    done = shell('"$@" >/dev/full', *args)
    assert done.returncode == 1
    assert done.stderr.startswith("cnncalc: ")
    assert done.stderr.endswith("No space left on device\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_messages_that_cannot_be_written_change_no_exit_code(good: str) -> None:
    assert shell('"$@" 2>/dev/full', "nonsense").returncode == 2
    assert shell('"$@" 2>/dev/full', "summary", "no-such-file").returncode == 1
    assert shell('"$@" 2>/dev/full', "summary", good).returncode == 0
    assert shell('"$@" -o /dev/full', "list").stderr == "cnncalc: cannot write '/dev/full': No space left on device\n"


def little_room() -> None:
    """No file of the process may have more than a few bytes, as if the disk were full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))


def with_little_room(*args: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-B", "-m", "cnncalc", *args]
    return processes.run(
        command, capture_output=True, env=environment(**more), preexec_fn=little_room
    )  # fmt: skip


@pytest.mark.sample(5)
@pytest.mark.parametrize("before", ["", "what was there"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_disk_that_fills_up_leaves_the_old_file(writer: str, before: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    if before:
        path.write_text(before)
    done = with_little_room(*WRITERS[writer], str(path))
    assert done.returncode == 1
    assert done.stderr.decode() == f"cnncalc: cannot write {str(path)!r}: File too large\n"
    assert list(tmp_path.iterdir()) == ([path] if before else [])
    assert not before or path.read_text() == before


def test_a_disk_that_fills_up_gets_no_new_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    done = with_little_room("new", str(path), "--like", "alexnet")
    assert (done.returncode, done.stderr.decode()) == (1, f"cnncalc: cannot write {str(path)!r}: File too large\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_disk_that_takes_a_part_of_standard_output(unbuffered: str, tmp_path: Path) -> None:
    """Python itself loses the rest without a word where its output is not buffered."""
    with (tmp_path / "out").open("wb") as out:
        done = processes.run(
            [sys.executable, "-B", "-m", "cnncalc", "list"], stdout=out, stderr=subprocess.PIPE,
            env=environment(PYTHONUNBUFFERED=unbuffered), preexec_fn=little_room,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"cnncalc: cannot write standard output: File too large\n")


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that takes no files, also from root."""
    if os.geteuid() == 0:
        if not Path("/sys/kernel").is_dir():
            pytest.skip("root may write anywhere, and there is no /sys")
        yield Path("/sys/kernel")
        return
    tmp_path.chmod(0o555)
    yield tmp_path
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_locked_folder_is_reported(writer: str, locked: Path) -> None:
    path = locked / "cnncalc-out"
    done = cnncalc(*WRITERS[writer], str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"cnncalc: cannot write {str(path)!r}: ")
    assert done.stderr.count("\n") == 1
    assert not path.exists()


@pytest.mark.parametrize("prepare", [Path.mkdir, lambda path: path.symlink_to(path)], ids=["folder", "loop"])
def test_what_is_no_file_is_not_written_over(prepare: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "out"
    prepare(path)
    for args in (["list", "-o", str(path)], ["new", str(path), "--like", "alexnet"]):
        done = cnncalc(*args)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]
    assert not path.is_file()


def test_the_name_of_a_folder_makes_no_file(tmp_path: Path) -> None:
    done = cnncalc("list", "-o", f"{tmp_path}/out/")
    assert (done.returncode, done.stderr) == (
        1,
        f"cnncalc: cannot write '{tmp_path}/out/': it is the name of a folder\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_imported_before_ctrl_c_is_handled() -> None:
    """The package is imported before its program: it is done in no time."""
    look = "import sys; known = {*sys.modules}; import cnncalc; print(sorted({*sys.modules} - known))"
    done = processes.run([sys.executable, "-c", look], env=environment(), capture_output=True, encoding="utf-8")
    assert done.stdout == "['__future__', 'cnncalc']\n"
