"""No test waits without a bound: processes are started and waited for in `tests/processes.py` only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Waits with a bound that the call does not show.
BOUNDED = {
    "processes.py": {"subprocess.run", "subprocess.Popen"},  # a timeout, a timer
    "cli/running.py": {"subprocess.Popen"},  # each answer has a timer
    "cli/warm.py": {"os.fork", "os.waitpid"},  # the fork sets an alarm
    "fuzz/driver.py": {"subprocess.Popen"},  # each answer has a timer
    "fuzz/server.py": {"os.fork", "os.wait4"},  # the fork sets an alarm
}
# Calls that wait, or start something to wait for.
WAITING = {
    "subprocess": {"run", "call", "check_call", "check_output", "getoutput", "getstatusoutput", "Popen"},
    "os": {
        "system",
        "popen",
        "fork",
        "forkpty",
        "wait",
        "wait3",
        "wait4",
        "waitid",
        "waitpid",
        "spawnv",
        "posix_spawn",
    },
    "pty": {"fork", "spawn"},
    "signal": {"pause", "sigwait", "sigwaitinfo"},
    "time": {"sleep"},
    "asyncio": {"run", "sleep"},
    "select": {"select", "poll", "epoll"},
    "threading": {"Thread"},
    "multiprocessing": {"Process", "Pool"},
    "socket": {"socket", "create_connection"},
    "urllib.request": {"urlopen"},
}
METHODS = {"communicate", "wait", "join", "acquire", "get", "result"}  # without arguments they wait forever


def waits(source: str) -> Iterator[str]:
    """The calls of a file that may wait without a bound."""
    tree = ast.parse(source)
    names = {module: module for module in WAITING}  # by which it calls a module, or something in it
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        owner, dot, name = called.rpartition(".")
        module = names.get(owner, owner) if dot else names.get(name, "").rpartition(".")[0]
        if not dot:
            name = names.get(name, name).rpartition(".")[2]
        if name in WAITING.get(module, ()) and not (module == "select" and len(node.args) > 3):
            yield f"{module}.{name}"
        elif dot and name in METHODS and not node.args and not node.keywords:
            yield called


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_waits_without_a_bound(path: Path) -> None:
    bounded = BOUNDED.get(path.relative_to(TESTS).as_posix(), set())
    assert set(waits(path.read_text(encoding="utf-8"))) - bounded == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import subprocess\nsubprocess.run(['x'], timeout=3)", "subprocess.run"),
        ("import subprocess as s\ns.Popen(['x'])", "subprocess.Popen"),
        ("from subprocess import run as go\ngo(['x'])", "subprocess.run"),
        ("def f(running):\n    return running.communicate()[1]", "running.communicate"),
        ("worker.thread.join()", "worker.thread.join"),
        ("import os\nos.waitpid(3, 0)", "os.waitpid"),
        ("import time\ntime.sleep(0.1)", "time.sleep"),
        ("import select\nselect.select([], [], [])", "select.select"),
    ],
)
def test_a_wait_without_a_bound_is_found(code: str, found: str) -> None:
    assert list(waits(code)) == [found]


@pytest.mark.parametrize(
    "code",
    [
        "from ..processes import run\nrun(['x'])", "running.communicate(timeout=3)", "', '.join(names)",
        "import select\nselect.select([], [], [], 3)", "import os\nos.read(3, 1)", "options.get('a')",
    ],
)  # fmt: skip
def test_a_wait_with_a_bound_is_allowed(code: str) -> None:
    assert list(waits(code)) == []
