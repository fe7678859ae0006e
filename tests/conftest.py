"""What tests of several rooms need."""

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
    """The test runs with each of PyYAML's loaders: the one in Python, and the one in C where it was built."""
    monkeypatch.setattr(nodes, "LOADER", request.param)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("cnncalc")
    group.addoption("--full", action="store_true", help="run all cases of the tests that are sampled otherwise")
    group.addoption("--sample-seed", type=int, default=0, metavar="N", help="which cases a sample has (default: 0)")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing from outside steers colours and widths, also within this process: pytest-xdist for one sets COLUMNS.

    The processes that tests start share byte code, also where Python is set to write none: half of their time.
    """
    for name in STEERING:
        os.environ.pop(name, None)
    folder = TemporaryDirectory(prefix="cnncalc-byte-code-")
    config.add_cleanup(folder.cleanup)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = folder.name


def pytest_report_header(config: pytest.Config) -> str:
    if config.getoption("full"):
        return "sampled tests: all cases"
    return f"sampled tests: --sample-seed={config.getoption('sample_seed')}, all cases with --full"


def left_out(items: Sequence[pytest.Item], seed: int) -> set[pytest.Item]:
    """The cases not in the sample: of a test with the marker `sample(n)`, n are chosen by the seed and its name."""
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
        drawn = Random(f"{seed} {name}").sample(all_cases, min(marker.args[0], len(all_cases)))
        found |= {*all_cases} - {*drawn}
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only the sample runs, unless all cases are asked for."""
    if config.getoption("full"):
        return
    out = left_out(items, config.getoption("sample_seed"))
    config.hook.pytest_deselected(items=[item for item in items if item in out])
    items[:] = [item for item in items if item not in out]


def _cut_off(*_: object) -> None:
    pytest.fail(f"takes more than {LONGEST} s")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """A test that waits within its own process is cut off too, where there are alarms."""
    if not hasattr(signal, "SIGALRM"):
        return (yield)
    before = signal.signal(signal.SIGALRM, _cut_off)
    signal.alarm(LONGEST)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
