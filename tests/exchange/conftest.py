"""What holds for all files that are read in these tests."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from cnncalc.exchange.arrangement import Malformed


@pytest.fixture(autouse=True)
def nets_used(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """How often the last net under a node caught an error of ours: never, or it would hide what a good file shows.

    A test of the net itself takes the fixture, and clears the list.
    """
    used: list[str] = []

    def note(self: Malformed, *args: object) -> None:
        used.append(str(args))

    monkeypatch.setattr(Malformed, "__init__", note)
    yield used
    assert used == []


@pytest.fixture
def torch() -> Iterator[Any]:
    """PyTorch, in one thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pytest.importorskip("torch", reason="PyTorch is not installed")
    before = found.get_num_threads()
    found.set_num_threads(1)
    yield found
    found.set_num_threads(before)


@pytest.fixture(scope="module")
def keras() -> Any:
    """Keras on PyTorch."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("torch", reason="PyTorch is not installed")
        return pytest.importorskip("keras", reason="keras is not installed")
