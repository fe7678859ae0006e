"""What tests of several rooms need."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from random import Random

import pytest
import yaml

from cnncalc.spec import nodes

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


def pytest_report_header(config: pytest.Config) -> str:
    if config.getoption("full"):
        return "sampled tests: all cases"
    return f"sampled tests: --sample-seed={config.getoption('sample_seed')}, all cases with --full"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the cases of a test with the marker `sample(n)`, n are run, drawn by the seed and the test's name."""
    if config.getoption("full"):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sample"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left_out: set[pytest.Item] = set()
    for name, all_cases in cases.items():
        marker = all_cases[0].get_closest_marker("sample")
        count = min(marker.args[0], len(all_cases)) if marker else 0
        drawn = Random(f"{config.getoption('sample_seed')} {name}").sample(all_cases, count)
        left_out |= {*all_cases} - {*drawn}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


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
