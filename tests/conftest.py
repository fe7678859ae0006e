"""Fixtures, options and bounds for all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from random import Random
from tempfile import TemporaryDirectory

import pytest
import yaml

from cnncalc.spec import nodes

from .cli.running import STEERING
from .processes import LONGEST

LOADERS = [yaml.BaseLoader, *([yaml.CBaseLoader] if yaml.__with_libyaml__ else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def yaml_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with each of PyYAML's loaders: the one in Python, and the one in C if it was built."""
    monkeypatch.setattr(nodes, "LOADER", request.param)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("cnncalc")
    group.addoption("--full", action="store_true", help="run all cases of sampled tests")
    group.addoption("--sample-seed", type=int, default=0, metavar="N", help="seed of the samples (default: 0)")


def pytest_configure(config: pytest.Config) -> None:
    """Remove variables that affect colours and widths, also in this process: pytest-xdist, e.g., sets COLUMNS.

    The processes that tests start share byte code, even if PYTHONDONTWRITEBYTECODE is set, which halves their time.
    PyTorch takes one thread: beside other processes its small operations would mostly wait for their second.
    """
    for name in STEERING:
        os.environ.pop(name, None)
    folder = TemporaryDirectory(prefix="cnncalc-byte-code-")
    config.add_cleanup(folder.cleanup)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = folder.name
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_report_header(config: pytest.Config) -> str:
    if config.getoption("full"):
        return "sampled tests: all cases"
    return f"sampled tests: --sample-seed={config.getoption('sample_seed')}, all cases with --full"


def find_deselected(items: Sequence[pytest.Item], seed: int) -> set[pytest.Item]:
    """The cases outside the sample: of n cases for a test with the marker `sample(n)`, by the seed and its name."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    found: set[pytest.Item] = set()
    for name, all_cases in cases.items():
        marker = all_cases[0].get_closest_marker("sample")
        if marker is None:
            continue
        if marker.args[0] and all_cases[0].nodeid == name:
            raise pytest.UsageError(f"{name} has no cases that could be sampled")
        sample = Random(f"{seed} {name}").sample(all_cases, min(marker.args[0], len(all_cases)))
        found |= {*all_cases} - {*sample}
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run only the sample, unless `--full` is given."""
    if config.getoption("full"):
        return
    deselected = find_deselected(items, config.getoption("sample_seed"))
    config.hook.pytest_deselected(items=[item for item in items if item in deselected])
    items[:] = [item for item in items if item not in deselected]


def _cut_off(*_: object) -> None:
    pytest.fail(f"takes more than {LONGEST} s")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Stop a test that waits in its own process, if the system has alarms."""
    if not hasattr(signal, "SIGALRM"):
        return (yield)
    before = signal.signal(signal.SIGALRM, _cut_off)
    signal.alarm(LONGEST)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
