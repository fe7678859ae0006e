"""Runs command lines, each in a fork of its own, so that a hang or a crash ends that one and nothing else.

The fork costs a millisecond where a process of its own costs a hundred; the memory and the time are the fork's own.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import sys
import traceback
from pathlib import Path

import cnncalc
from cnncalc.cli.app import run

MEMORY = 2**30  # a bound for the machine's sake, far above the one that is asserted
WAIT = 120  # seconds of the clock, for one that waits instead of working
CRASHED = 99  # the exit code of one that raised


def main() -> None:
    """Read jobs, one on a line, and answer each with a line."""
    for module in pkgutil.walk_packages(cnncalc.__path__, "cnncalc."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.disable()  # as the program itself does
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(_forked(job["args"], job["out"], job["err"], job["seconds"])), flush=True)


def _forked(args: list[str], out: str, err: str, seconds: float) -> dict[str, float]:
    """How a command line ended: exit code, signal, processor time and peak memory of its fork."""
    pid = os.fork()
    if pid == 0:
        _run(args, out, err, seconds)
    _, status, used = os.wait4(pid, 0)
    return {
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "seconds": used.ru_utime + used.ru_stime,
        "bytes": used.ru_maxrss * 1024,
    }


def _run(args: list[str], out: str, err: str, seconds: float) -> None:
    """What the fork does; it does not return."""
    code = CRASHED
    try:
        for name, stream in ((os.devnull, 0), (out, 1), (err, 2)):
            opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(opened, stream)
            os.close(opened)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        faulthandler.register(signal.SIGPROF, chain=True)  # where it hangs; then the signal ends it
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.alarm(WAIT)
        code = run(args)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        text = traceback.format_exc()
        Path(err).write_text(text[:4000] + "\n…\n" + text[-4000:] if len(text) > 8000 else text)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
