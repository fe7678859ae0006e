"""What tests of several rooms need."""

from __future__ import annotations

import pytest
import yaml

from cnncalc.spec import nodes

LOADERS = [yaml.BaseLoader, *([yaml.CBaseLoader] if yaml.__with_libyaml__ else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def yaml_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runs with each of PyYAML's loaders: the one in Python, and the one in C where it was built."""
    monkeypatch.setattr(nodes, "LOADER", request.param)
