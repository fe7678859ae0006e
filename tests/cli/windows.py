"""Windows, as far as it can be had elsewhere: run as a script, it takes away what only POSIX has, then runs commands.

Standard input is a JSON object with an `encoding` of the console and `runs`, each with `args` and perhaps `stdin` and
`gone` (the reader of standard output has ended) or `screen` (it is a console); standard output is a JSON list of their
exit codes, outputs (bytes, as latin-1) and messages. What differs on Windows comes from Python's documentation
("Availability") and typeshed.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = ["fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"]
FUNCTIONS = [
    "chown", "chroot", "confstr", "copy_file_range", "ctermid", "environb", "eventfd", "fchdir", "fchmod",
    "fchown", "fdatasync", "fork", "forkpty", "fpathconf", "fstatvfs", "fwalk", "get_blocking", "getegid",
    "getenvb", "geteuid", "getgid", "getgrouplist", "getgroups", "getloadavg", "getpgid", "getpgrp", "getpriority",
    "getrandom", "getresgid", "getresuid", "getsid", "getuid", "getxattr", "initgroups", "killpg", "lchown",
    "listxattr", "lockf", "major", "makedev", "memfd_create", "minor", "mkfifo", "mknod", "nice", "openpty",
    "pathconf", "pidfd_open", "pipe2", "posix_fadvise", "posix_fallocate", "posix_spawn", "posix_spawnp", "pread",
    "preadv", "pwrite", "pwritev", "readv", "register_at_fork", "removexattr", "sched_getaffinity",
    "sched_setaffinity", "sched_yield", "sendfile", "set_blocking", "setegid", "seteuid", "setgid", "setgroups",
    "setpgid", "setpgrp", "setpriority", "setregid", "setresgid", "setresuid", "setreuid", "setsid", "setuid",
    "setxattr", "spawnlp", "spawnvp", "splice", "statvfs", "sync", "sysconf", "tcgetpgrp", "tcsetpgrp", "ttyname",
    "uname", "wait", "wait3", "wait4", "waitid", "writev",
]  # fmt: skip
FLAGS = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_APPEND", "O_CREAT", "O_EXCL", "O_TRUNC"}  # those that are everywhere
SIGNALS = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN"}
WAITING = [
    "alarm", "getitimer", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt", "sigpending",
    "sigwait",
]  # fmt: skip
OPEN = "opened-by-another-program"  # in the name of a file that is
DEVICES = ("con", "nul", "aux", "prn", "com1", "lpt1")


def take_away() -> None:
    """Delete the names that do not exist on Windows, and keep its modules from being imported."""
    for name in dir(os):
        if name in FUNCTIONS or (name.startswith("O_") and name not in FLAGS):
            delattr(os, name)
    for name in dir(signal):
        if name in WAITING or (name.startswith("SIG") and name not in SIGNALS):
            delattr(signal, name)
    for module, names in {select: ("poll", "epoll"), time: ("clock_gettime", "tzset"), sys: ("abiflags",)}.items():
        for name in names:
            delattr(module, name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]


def behave() -> None:
    """Let files be opened and replaced as Windows does it: folders, devices, line ends, files that are in use."""

    def opened(real: Callable[..., Any]) -> Callable[..., Any]:
        def instead(file: Any, mode: Any = "r", *more: Any, **named: Any) -> Any:
            name = str(file).replace("\\", "/").rpartition("/")[2]
            assert name.partition(".")[0].lower() not in DEVICES, f"{file} was opened: a program waits there for ever"
            if isinstance(file, str) and Path(file).is_dir():
                raise PermissionError(errno.EACCES, "Permission denied", file)
            if isinstance(mode, str) and "b" not in mode and isinstance(file, (str, os.PathLike)):
                named = dict(zip(("buffering", "encoding", "errors", "newline"), more, strict=False)) | named
                more = ()
                if named.get("encoding") in (None, "locale"):
                    named["encoding"] = "cp1252"
                if named.get("newline") is None and set(mode) & set("wxa"):
                    named["newline"] = "\r\n"
            return real(file, mode, *more, **named)

        return instead

    def replaced(source: Any, target: Any, real: Callable[..., None] = os.replace) -> None:
        if OPEN in str(target):
            raise PermissionError(errno.EACCES, "Access is denied", str(source), 5, str(target))
        real(source, target)

    os.open = opened(os.open)
    io.open = builtins.open = opened(io.open)
    setattr(os, "replace", replaced)  # noqa: B010, mypy knows its signature
    os.cpu_count = lambda: 1  # without os.fork there is nothing here that starts more processes, as Windows would


class Screen(io.BytesIO):
    """A console."""

    def isatty(self) -> bool:
        return True


class Gone(io.FileIO):
    """A pipe whose reader has ended, as the C library of Windows reports it."""

    def __init__(self) -> None:
        reader, writer = os.pipe()
        super().__init__(writer, "wb")
        os.close(reader)
        self.pipe = os.fstat(writer).st_ino

    def write(self, data: Any) -> int:
        if os.fstat(self.fileno()).st_ino == self.pipe:  # and not what the program has put in its place
            raise OSError(errno.EINVAL, "Invalid argument")
        return super().write(data)


def run(
    main: Callable[[], None], encoding: str, args: list[str], stdin: str = "", gone: bool = False, screen: bool = False
) -> list[Any]:
    """Exit code, output and messages of a run at a console of an encoding that ends lines as Windows does."""
    out, err = (Screen(), Screen()) if screen else (io.BytesIO(), io.BytesIO())
    sys.argv = ["cnncalc", *args]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.replace("\n", "\r\n").encode()), encoding=encoding)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(Gone()) if gone else out, encoding=encoding, newline="\r\n")
    sys.stderr = io.TextIOWrapper(err, encoding=encoding, errors="backslashreplace", newline="\r\n")
    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        import traceback

        code = traceback.format_exc()
    sys.stderr.flush()
    if not gone:
        sys.stdout.flush()
    return [code, out.getvalue().decode("latin-1"), err.getvalue().decode(encoding)]


def as_on_windows() -> ModuleType:
    """The program, in surroundings like those of Windows."""
    take_away()
    behave()
    import cnncalc.system

    cnncalc.system.is_windows = lambda: True
    import cnncalc.__main__

    return cnncalc.__main__


if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    answer, main = sys.stdout, as_on_windows().main
    results = [run(main, wanted["encoding"], **each) for each in wanted["runs"]]
    answer.write(json.dumps(results))
    answer.flush()
    os._exit(0)  # the streams of the runs are not to be closed once more
