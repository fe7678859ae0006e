"""Runs command lines, each in a fork of a process that has loaded the program, which saves most of the time of most.

A job is a line of JSON on standard input: `args`, the folder `cwd`, the environment `env`, the `umask`, and the paths
of the files that are its `streams`: standard input, output and error. The answer is a line with the exit code, as
`subprocess` has it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
from typing import Any

import cnncalc
from cnncalc.__main__ import main as program

LONGEST = 600  # seconds after which a fork is ended


def main() -> None:
    """Read jobs and answer them, until the end of standard input. Each fork leaves as a process of its own would."""
    for module in pkgutil.walk_packages(cnncalc.__path__, "cnncalc."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.freeze()
    jobs, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    while line := jobs.readline():
        pid = os.fork()
        if pid == 0:
            signal.alarm(LONGEST)
            jobs.close()
            answers.close()
            become(json.loads(line))
            program()
            return
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def become(job: dict[str, Any]) -> None:
    """Take what a job says of the process."""
    for stream, name in enumerate(job["streams"]):
        opened = os.open(name, os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, stream)
        os.close(opened)
    os.chdir(job["cwd"])
    os.umask(job["umask"])
    os.environ.clear()
    os.environ.update(job["env"])
    sys.argv[1:] = job["args"]


if __name__ == "__main__":
    main()
