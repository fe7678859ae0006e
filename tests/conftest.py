"""What tests of several rooms need."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import yaml

from cnncalc.spec import nodes

from .processes import LONGEST

LOADERS = [yaml.BaseLoader, *([yaml.CBaseLoader] if yaml.__with_libyaml__ else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def yaml_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runs with each of PyYAML's loaders: the one in Python, and the one in C where it was built."""
    monkeypatch.setattr(nodes, "LOADER", request.param)


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
